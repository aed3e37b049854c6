"""Holding a transaction where a test wants it, at the database driver."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import event

from sextant.store import Store


class Gate:
    """Holds the first transaction that has read a table, with what it read in hand, until `opened` is set."""

    def __init__(self, store: Store, table: str) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()
        self._asks = f"FROM {table}"
        event.listen(store.engine.sync_engine, "after_cursor_execute", self._after)

    def _after(self, connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if self._asks in statement and not self.reached.is_set():
            self.reached.set()
            connection.connection.dbapi_connection.run_async(lambda _: self.opened.wait())
