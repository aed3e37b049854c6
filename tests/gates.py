"""Holding a transaction where a test wants it, at the database driver."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from sextant.store import Store


@dataclass
class Gate:
    """Holds one transaction that has read a table, with what it read in hand, until `opened` is set."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)


def gates(store: Store, table: str, count: int) -> list[Gate]:
    """One for each of the next so many transactions that read this table."""
    made = [Gate() for _ in range(count)]
    waiting = iter(made)

    def after(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if f"FROM {table}" in statement and (gate := next(waiting, None)) is not None:
            gate.reached.set()
            connection.connection.dbapi_connection.run_async(lambda _: gate.opened.wait())

    event.listen(store.engine.sync_engine, "after_cursor_execute", after)
    return made
