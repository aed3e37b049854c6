"""Reading by plan gives way to posts that are just going out, and still gets on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sextant import engine
from sextant.collecting import loop
from tests.e2e.client import Client
from tests.e2e.conftest import started
from tests.e2e.out import put_out
from tests.e2e.stories import held, remove, take, time_in, to, unique
from tests.e2e.test_collecting import DAY, HOUR, all_read, stored
from tests.waiting import HELD_MS, until


@pytest.fixture
async def reader(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """A Sextant of its own that reads by plan, and takes posts for just begun as long as they are held."""
    monkeypatch.setattr(engine, "JUST_BEGUN_S", HELD_MS)
    async with started(tmp_path, database_url, collect=True) as up, Client(up) as client:
        yield client


async def going_out(client: Client) -> asyncio.Task[dict[str, object]]:
    """A post whose network does not answer yet."""
    await client.fault("linkedin", "publish", "slow", delay_ms=HELD_MS, times=None)
    body = {"post": unique("going out"), "destinations": await to(client, "linkedin")}
    made = asyncio.create_task(take(client, body))
    await held(client, "linkedin")
    return made


async def test_nothing_is_read_while_a_post_is_just_going_out(
    reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "GIVES_WAY", 10**9)
    made = await going_out(reader)
    await until(lambda: reader.up.services.collector._most() == loop.BESIDE, "a collector that waits")
    due = await put_out(reader, "youtube", [DAY, 2 * DAY])
    await reader.no_faults()
    view = await reader.settled(str((await made)["post_id"]))
    await all_read(reader, due)
    assert view["status"] == "posted"
    out = datetime.fromisoformat(view["published_at"].replace("Z", "+00:00"))
    assert all(reading.as_of and reading.as_of >= out for reading in await stored(reader, due))


async def test_reading_waits_for_a_while_only(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "GIVES_WAY", 2)
    made = await going_out(reader)
    due = await put_out(reader, "youtube", [DAY, 2 * DAY])
    await all_read(reader, due)
    assert not made.done() or (await made)["status"] == "processing"
    await reader.no_faults()
    assert (await reader.settled(str((await made)["post_id"])))["status"] == "posted"


async def test_a_post_that_is_due_soon_counts(reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SOON", timedelta(days=1))
    working = reader.up.services.engine
    assert not working.is_pressed()
    body = {"post": unique("later"), "destinations": await to(reader, "x")}
    made = await take(reader, {**body, "schedule_date": time_in(reader, 8 * HOUR)})
    await until(working.is_pressed, "a worker that sees what comes")
    await remove(reader, made["post_id"])
    await until(lambda: not working.is_pressed(), "a worker that has nothing before it")
