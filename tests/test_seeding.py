"""Posts put straight into the store and the simulated networks: as good as published ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from bench.running import NETWORKS
from bench.seeding import SECRET, Read, consenting, placed, seed, strangers

from sextant.app import build
from sextant.config import Settings
from sextant.sandbox.clock import SandboxClock
from sextant.sandbox.networks import networks
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from sextant.sandboxed import sandbox_apps
from sextant.store import Store, posts, readings
from sextant.store.migrate import migrate

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)


async def test_seeded_posts_are_read_from_networks_that_were_restarted(
    database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "sandbox.json"
    world = World(SandboxClock(), path)
    people = await consenting(world, 2)
    store = Store(database_url)
    await migrate(store)
    seeded = await seed(store, 12, people, world=world)
    world.write()
    await store.close()
    again = World(SandboxClock(), path)
    settings = Settings(data_dir=tmp_path, database_url=database_url, secret_key=SECRET)
    async with Sandbox(again, networks()) as near:
        services = build(settings, sandbox_apps(), clock=again.clock, upstream=near.url)
        for post_id in seeded.post_ids:
            report = await services.reports.get((seeded.owner.organization_id, post_id, None))
            assert b'"analytics":{"status":"success"' in report.body, report.body
        await services.close()
    assert set(again.ledger.totals()) == set(NETWORKS)


async def test_a_count_that_fills_no_whole_post(store: Store) -> None:
    people = strangers(3)
    seeded = await seed(store, 20, people)
    async with store.read() as db:
        rows = [row for post_id in seeded.post_ids for row in await posts.destinations_of(db, post_id)]
    assert len(seeded.post_ids) == 4
    assert len(rows) == 20
    assert {row.status for row in rows} == {"posted"}
    assert [row.platform for row in rows if row.post_id == seeded.post_ids[0]] == list(NETWORKS)


@pytest.mark.parametrize("read_before", [False, True])
async def test_readings_are_stored_when_they_are_wanted(store: Store, read_before: bool) -> None:
    people = strangers(1)
    wanted = Read(NOW + timedelta(hours=1), as_of=NOW if read_before else None)
    seeded = await seed(store, 6, people, read=wanted, now=NOW)
    async with store.read() as db:
        rows = await posts.destinations_of(db, *seeded.post_ids)
        found = await readings.of(db, [row.id for row in rows])
    assert len(found) == 6
    assert {reading.as_of for reading in found.values()} == {wanted.as_of}
    assert {reading.next_refresh_at for reading in found.values()} == {wanted.next_refresh_at}
    assert all(bool(reading.raw) is read_before for reading in found.values())


def test_ages_are_spread_and_no_native_post_comes_twice() -> None:
    people = strangers(2)
    rows = [one for first in (0, 100) for post in placed(people, 600, NOW, first=first) for one in post]
    assert len(rows) == 1200
    assert len({(people[one.place].platform, one.native_id) for one in rows}) == 1200
    ages = sorted((NOW - one.at) / timedelta(days=1) for one in rows)
    assert ages[0] < 1
    assert ages[-1] < 28
    assert 13 < ages[600] < 15
