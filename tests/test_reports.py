"""Which analytics answers are kept, and until when; on both databases."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sextant import reports as reports_module
from sextant.app import build
from sextant.collecting.keeping import never_read
from sextant.config import Settings
from sextant.errors import Gone, TryLater
from sextant.platforms import PLATFORMS
from sextant.reporting import Line
from sextant.reports import Key, Report, Reports, is_fresh
from sextant.store import Store, posts, readings
from sextant.store.posts import Destination
from sextant.store.rows import new_id
from tests.gates import gates
from tests.platforms.adapters import NOW, StillClock
from tests.test_store import connection, organization, written_by_another_process

FRESH = timedelta(minutes=5)


@dataclass
class Stage:
    """Reports on a store where no write of others shows by mere time."""

    store: Store
    clock: StillClock
    reports: Reports
    organization_id: str
    connection_id: str

    async def post(self, likes: int, *more_connections: str) -> Key:
        """A published post that was just read."""
        post_id = new_id()
        accounts = [self.connection_id, *more_connections]
        rows = [
            {
                "id": new_id(),
                "post_id": post_id,
                "connection_id": account,
                "position": place,
                "platform": "x",
                "kind": "text",
                "status": "posted",
                "native_id": new_id(),
                "published_at": NOW,
                "attempts": 0,
                "updated_at": NOW,
            }
            for place, account in enumerate(accounts)
        ]
        values = {
            "id": post_id,
            "organization_id": self.organization_id,
            "text": "",
            "media_urls": [],
            "status": "posted",
            "created_at": NOW,
            "body_hash": "h",
        }
        async with self.store.write() as db:
            await posts.add(db, values, rows)
        await self.read(post_id, likes)
        return (self.organization_id, post_id, None)

    async def read(self, post_id: str, likes: int, quiet: bool = False, **more: Any) -> None:
        """Keeps a reading of each destination, as a collector would."""
        async with self.store.write(quiet=quiet) as db:
            for row in await posts.destinations_of(db, post_id):
                await readings.save(db, [self._reading(row, likes, **more)])

    def _reading(self, row: Destination, likes: int, **more: Any) -> Any:
        now = self.clock.now()
        made = replace(
            never_read(row.id, row.connection_id),
            as_of=now,
            raw={"likeCount": likes},
            next_refresh_at=now + FRESH,
        )
        return replace(made, **more)

    async def answer(self, key: Key) -> Report:
        """As the API does."""
        return self.reports.cached(key) or await self.reports.get(key)


def likes(report: Report) -> int:
    return int(json.loads(report.body)["analytics"]["totals"]["likes"])


def stale(report: Report) -> bool:
    return bool(json.loads(report.body)["analytics"]["metadata"]["destinations"][0]["stale"])


@pytest.fixture
async def stage(still: Store, tmp_path: Path) -> AsyncIterator[Stage]:
    url = still.url.render_as_string(hide_password=False)
    settings = Settings(data_dir=tmp_path, secret_key="secret-secret-secret", database_url=url)
    clock = StillClock()
    services = build(settings, {}, clock=clock)
    reports = Reports(still, clock, services.collecting, PLATFORMS, 1.0)
    organization_id = await organization(still)
    yield Stage(still, clock, reports, organization_id, await connection(still, organization_id))
    await services.close()


async def test_a_write_drops_every_answer(stage: Stage) -> None:
    one, two = await stage.post(1), await stage.post(2)
    for key in (one, two):
        made = await stage.answer(key)
        assert stage.reports.cached(key) is made
    await stage.read(one[1], 10)
    assert [stage.reports.cached(key) for key in (one, two)] == [None, None]
    assert [likes(await stage.answer(key)) for key in (one, two)] == [10, 2]


async def test_a_write_of_another_process_drops_every_answer(stage: Stage, seconds: list[float]) -> None:
    key = await stage.post(1)
    made = await stage.answer(key)
    assert stage.reports.cached(key) is made
    await written_by_another_process(stage.store, "loud")
    seconds.append(1.0)
    assert stage.reports.cached(key) is None


async def test_a_quiet_write_drops_only_what_is_to_be_forgotten(stage: Stage) -> None:
    one, two = await stage.post(1), await stage.post(2)
    first, second = await stage.answer(one), await stage.answer(two)
    await stage.read(one[1], 10, quiet=True)
    assert stage.reports.cached(one) is first
    stage.reports.forget([one[1], new_id()])
    assert stage.reports.cached(one) is None
    assert likes(await stage.answer(one)) == 10
    assert stage.reports.cached(two) is second


async def test_all_answers_of_a_post_are_forgotten(stage: Stage) -> None:
    other = await connection(stage.store, stage.organization_id, "2")
    whole = await stage.post(1, other)
    keys: list[Key] = [whole, (whole[0], whole[1], stage.connection_id), (whole[0], whole[1], other)]
    for key in keys:
        await stage.answer(key)
    assert None not in [stage.reports.cached(key) for key in keys]
    stage.reports.forget([whole[1]])
    assert [stage.reports.cached(key) for key in keys] == [None, None, None]


async def test_an_answer_that_was_being_made_when_it_was_forgotten_is_not_kept(stage: Stage) -> None:
    key = await stage.post(1)
    (gate,) = gates(stage.store, "readings", 1)
    before = asyncio.create_task(stage.answer(key))
    await gate.reached.wait()
    await stage.read(key[1], 2, quiet=True)
    stage.reports.forget([key[1]])
    gate.opened.set()
    assert likes(await before) == 1
    assert stage.reports.cached(key) is None


async def test_who_asks_after_the_forgetting_gets_what_is_new(stage: Stage) -> None:
    key = await stage.post(1)
    first, second = gates(stage.store, "readings", 2)
    before = asyncio.create_task(stage.answer(key))
    await first.reached.wait()
    await stage.read(key[1], 2, quiet=True)
    stage.reports.forget([key[1]])
    after = asyncio.create_task(stage.answer(key))
    await second.reached.wait()
    first.opened.set()
    assert likes(await before) == 1
    second.opened.set()
    assert likes(await after) == 2
    assert stage.reports.cached(key) is await after


async def test_an_answer_that_was_being_made_during_a_write_is_not_kept(stage: Stage) -> None:
    key = await stage.post(1)
    (gate,) = gates(stage.store, "readings", 1)
    before = asyncio.create_task(stage.answer(key))
    await gate.reached.wait()
    await stage.read(key[1], 2)
    assert stage.reports.cached(key) is None
    gate.opened.set()
    assert likes(await before) == 1
    assert stage.reports.cached(key) is None


async def test_whoever_asks_while_an_answer_is_made_gets_the_same(stage: Stage) -> None:
    key = await stage.post(1)
    (gate,) = gates(stage.store, "readings", 1)
    first = asyncio.create_task(stage.answer(key))
    await gate.reached.wait()
    others = [asyncio.create_task(stage.answer(key)) for _ in range(10)]
    gate.opened.set()
    made = await first
    assert all(other is made for other in await asyncio.gather(*others))


async def test_without_room_the_oldest_answer_goes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports_module, "MOST_CACHED", 3)
    keys = [await stage.post(n) for n in range(5)]
    for key in keys:
        await stage.answer(key)
    assert [stage.reports.cached(key) is not None for key in keys] == [False, False, True, True, True]
    stage.reports.forget([keys[3][1]])
    await stage.answer(keys[0])
    assert [stage.reports.cached(key) is not None for key in keys] == [True, False, True, False, True]


async def test_a_kept_answer_grows_stale_when_its_time_is_up(stage: Stage) -> None:
    key = await stage.post(1)
    fresh = await stage.answer(key)
    assert (stale(fresh), fresh.max_age(stage.clock.timestamp())) == (False, 60)
    await stage.clock.sleep(FRESH.total_seconds() - 10)
    assert stage.reports.cached(key) is fresh
    assert fresh.max_age(stage.clock.timestamp()) == 10
    await stage.clock.sleep(10)
    assert stage.reports.cached(key) is None
    late = await stage.answer(key)
    assert (stale(late), late.max_age(stage.clock.timestamp())) == (True, 0)
    assert late.etag != fresh.etag


async def test_a_stale_answer_is_kept_until_it_is_read_again(stage: Stage) -> None:
    key = await stage.post(1)
    await stage.clock.sleep(FRESH.total_seconds())
    late = await stage.answer(key)
    await stage.clock.sleep(86_400)
    assert stage.reports.cached(key) is late
    assert late.max_age(stage.clock.timestamp()) == 0
    await stage.read(key[1], 2, quiet=True)
    stage.reports.forget([key[1]])
    fresh = await stage.answer(key)
    assert (likes(fresh), stale(fresh), fresh.max_age(stage.clock.timestamp())) == (2, False, 60)


async def test_an_answer_with_a_fault_is_kept_and_not_by_the_client(stage: Stage) -> None:
    key = await stage.post(1)
    fault = {"code": "try_later", "message": "Later.", "partial": False}
    await stage.read(key[1], 1, fault=fault, retry_at=stage.clock.now())
    made = await stage.answer(key)
    await stage.clock.sleep(86_400)
    assert stage.reports.cached(key) is made
    assert (stale(made), made.max_age(stage.clock.timestamp())) == (True, 0)


async def test_an_answer_without_a_reading_is_kept_until_the_network_may_be_asked(stage: Stage) -> None:
    key = await stage.post(1)
    fault = {"code": "try_later", "message": "Later.", "partial": False}
    retry_at = stage.clock.now() + timedelta(seconds=30)
    await stage.read(key[1], 0, as_of=None, raw={}, next_refresh_at=None, fault=fault, retry_at=retry_at)
    made = await stage.answer(key)
    assert made.max_age(stage.clock.timestamp()) == 0
    await stage.clock.sleep(29)
    assert stage.reports.cached(key) is made
    await stage.clock.sleep(1)
    assert stage.reports.cached(key) is None


async def test_an_answer_about_a_post_that_is_gone_unread_is_kept(stage: Stage) -> None:
    key = await stage.post(1)
    fault = {"code": Gone.code, "message": "Gone.", "partial": False}
    retry_at = stage.clock.now()
    await stage.read(key[1], 0, as_of=None, raw={}, next_refresh_at=None, fault=fault, retry_at=retry_at)
    made = await stage.answer(key)
    await stage.clock.sleep(86_400)
    assert stage.reports.cached(key) is made


async def test_what_is_still_being_read_is_not_fresh(stage: Stage) -> None:
    key = await stage.post(1)
    async with stage.store.read() as db:
        (row,) = await posts.destinations_of(db, key[1])
        reading = (await readings.of(db, [row.id]))[row.id]
    assert is_fresh(Line(row, reading), stage.clock.now())
    assert not is_fresh(Line(row, reading, late=TryLater("slow")), stage.clock.now())


async def test_an_answer_that_nothing_is_read_for_is_kept(stage: Stage) -> None:
    key = await stage.post(1)
    async with stage.store.write() as db:
        (row,) = await posts.destinations_of(db, key[1])
        await posts.update_destination(db, row.id, NOW, native_id=None)
    made = await stage.answer(key)
    await stage.clock.sleep(86_400)
    assert stage.reports.cached(key) is made
    assert made.max_age(stage.clock.timestamp()) == 0
