"""Bringing a database to the present schema."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from sextant.store import Store


def config() -> Config:
    alembic = Config()
    location = resources.files("sextant.store") / "migrations"
    alembic.set_main_option("script_location", str(location))
    return alembic


async def migrate(store: Store) -> None:
    """Runs every migration that is missing. Safe to run again; on Postgres safe to run at the same time."""

    def upgrade(connection: Connection) -> None:
        alembic = config()
        alembic.attributes["connection"] = connection
        command.upgrade(alembic, "head")

    if store.is_sqlite and store.url.database:
        _make_parent(store.url.database)
    async with store.write() as db:
        if not store.is_sqlite:
            await db.exec_driver_sql("SELECT pg_advisory_xact_lock(7246115)")
        await db.run_sync(upgrade)


def _make_parent(path: str) -> None:

    Path(path).parent.mkdir(parents=True, exist_ok=True)
