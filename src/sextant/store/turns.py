"""Taking turns across all processes on one database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sextant.store import Store


@asynccontextmanager
async def turn(store: Store, number: int) -> AsyncIterator[None]:
    """Held by one process at a time, and free again when that process ends in whatever way.

    No transaction is open meanwhile, so outside calls are allowed. SQLite has one process, and no waiting.
    """
    if store.is_sqlite:
        yield
        return
    async with store.engine.connect() as connection:
        held = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await held.exec_driver_sql("SELECT pg_advisory_lock(%s)", (number,))
        try:
            yield
        finally:
            await held.exec_driver_sql("SELECT pg_advisory_unlock(%s)", (number,))
