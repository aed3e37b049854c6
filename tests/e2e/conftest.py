"""A running Sextant with the six simulated networks, once per database for all of these tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sextant.config import Settings
from sextant.sandboxed import Running, running
from tests.conftest import new_database
from tests.e2e.client import Client


@asynccontextmanager
async def started(directory: Path, database_url: str, *, collect: bool = False) -> AsyncIterator[Running]:
    """Ten simulated seconds in a real one, so that polls and pauses are short.

    Reads have more time than the slowest machine needs; a test about the deadline sets its own (`deadline`).
    Without `collect` nothing is read but what a test asks for, so that it can be counted.
    """
    settings = Settings(
        data_dir=directory,
        database_url=database_url,
        read_deadline_s=60,
        publish_wait_s=2,
        collect=collect,
    )
    async with running(settings, "127.0.0.1", 0, 0, lambda text: None) as up:
        up.sandbox.world.clock.run_at(10)
        yield up


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
async def up(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    url = new_database(request.getfixturevalue("postgres")) if request.param == "postgres" else ""
    async with started(tmp_path_factory.mktemp("sextant"), url) as up:
        yield up


@pytest.fixture
async def client(up: Running) -> AsyncIterator[Client]:
    """Leaves no fault behind, and half a day later: networks take only so many posts of an account a day."""
    async with Client(up) as client:
        yield client
        await client.no_faults()
        await client.advance(43_200)


@pytest.fixture
async def alone(tmp_path: Path, database_url: str) -> AsyncIterator[Client]:
    """A Sextant of its own, for what is counted: nothing else is under way there."""
    async with started(tmp_path, database_url) as up, Client(up) as client:
        yield client
