"""A running Sextant with the six simulated networks, once per database for all of these tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sextant.config import Settings
from sextant.sandboxed import Running, running
from tests.conftest import new_database
from tests.e2e.client import Client


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
async def up(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    directory: Path = tmp_path_factory.mktemp("sextant")
    url = ""
    if request.param == "postgres":
        url = new_database(request.getfixturevalue("postgres"))
    settings = Settings(data_dir=directory, database_url=url, read_deadline_s=1.5, publish_wait_s=2)
    async with running(settings, "127.0.0.1", 0, 0, lambda text: None) as up:
        up.sandbox.world.processing_s = 0.1
        yield up


@pytest.fixture
async def client(up: Running) -> AsyncIterator[Client]:
    """Leaves no fault behind."""
    async with Client(up) as client:
        yield client
        await client.no_faults()
