"""All SQL. One file per noun; each function takes the connection of a transaction that its caller opened."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from sextant.store.line import Line

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
STALE_AFTER_S = 1.0
USER_VERSIONS = 2**31
"""`user_version` is a signed number of 32 bits."""


class Store:
    """A database, of either kind. Never hold a transaction open over an outside call.

    `seconds`: how time passes, for what may be seen late.
    """

    def __init__(self, url: str, seconds: Callable[[], float] = time.monotonic) -> None:
        self.url = make_url(url)
        self.engine = _engine(url)
        self._watch = _SqliteWatch(self.url.database or "") if self.is_sqlite else _TimeWatch(seconds)
        # Who waits for SQLite's own lock sleeps, up to 100 ms at a time, and it is not the first who gets it.
        self._line = Line() if self.is_sqlite else None

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self, quiet: bool = False, *, behind: bool = False) -> AsyncIterator[AsyncConnection]:
        """A transaction that writes; it commits at the end, and on SQLite takes the lock at the start.

        `quiet`: it changes neither an API key nor an analytics answer, but for those that `Reports.forget` is
        told of once it is committed. `behind`: nobody waits for it, so on SQLite others who write go first.
        """
        turn = self._line.turn(behind) if self._line else nullcontext()
        async with turn, self.engine.connect() as connection:
            await connection.execution_options(sextant_writes=True)
            marking = nullcontext() if quiet else self._watch.marking(connection)
            async with connection.begin(), marking:
                yield connection
        if not quiet:
            self._watch.wrote()

    async def ping(self) -> None:
        """Raises SQLAlchemyError or OSError when the database does not answer."""
        async with self.read() as db:
            await db.execute(text("SELECT 1"))

    def generation(self) -> object:
        """A value that changes when anything was written that was not quiet, by this process or another.

        SQLite tells exactly; on Postgres writes of other processes, quiet or not, show within a second.
        """
        return self._watch.generation()

    async def close(self) -> None:
        self._watch.close()
        await self.engine.dispose()


class _TimeWatch:
    """This process's writes that were not quiet, and the second: who else wrote is not known."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._writes = 0

    @asynccontextmanager
    async def marking(self, connection: AsyncConnection) -> AsyncIterator[None]:
        yield

    def wrote(self) -> None:
        self._writes += 1

    def generation(self) -> object:
        return (self._writes, int(self._seconds() / STALE_AFTER_S))

    def close(self) -> None:
        pass


class _SqliteWatch:
    """The number in the file's own header (`PRAGMA user_version`), raised by every write that is not quiet.

    It is part of the transaction, all processes of the file share it, and reading it costs microseconds.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    @asynccontextmanager
    async def marking(self, connection: AsyncConnection) -> AsyncIterator[None]:
        """Raises the number before the commit, if a row was changed."""
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None  # noqa: S101 - it is open
        before = driver.total_changes
        yield
        if driver.total_changes == before:
            return
        number = (await connection.exec_driver_sql("PRAGMA user_version")).scalar_one()
        await connection.exec_driver_sql(f"PRAGMA user_version = {(number + 1) % USER_VERSIONS}")

    def wrote(self) -> None:
        pass

    def generation(self) -> object:
        if self._connection is None:
            self._connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        return self._connection.execute("PRAGMA user_version").fetchone()[0]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _engine(url: str) -> AsyncEngine:
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    driver = parsed.set(drivername=DRIVERS[backend])
    if backend == "postgresql":
        return create_async_engine(driver, pool_size=10, max_overflow=10, pool_pre_ping=True)
    engine = create_async_engine(driver, pool_size=8, max_overflow=8)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    # A transaction that starts as a reader and then writes fails at once under another writer
    # (SQLITE_BUSY_SNAPSHOT); one that takes the lock first waits its turn.
    writes = connection.get_execution_options().get("sextant_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
