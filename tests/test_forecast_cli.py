"""The forecast from a database: what it starts from, and the command. On both databases."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from bench.seeding import Read, Seeded, seed, strangers

from sextant.collecting.batches import planned
from sextant.collecting.planning import FIRST_PRICE
from sextant.forecasting.command import forecast_of
from sextant.forecasting.forecast import Cost
from sextant.forecasting.samples import YOUNG_S, Pick, size_of
from sextant.forecasting.samples import taken as taken_evenly
from sextant.platforms import PLATFORMS
from sextant.platforms.allowances import Allowance, measured
from sextant.store import Store, connections, forecasts, ledger, prices, readings, tallies
from sextant.store.ledger import Called
from sextant.store.prices import Price
from sextant.store.tallies import Purse

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ALLOWANCES = {name: measured(platform).allowances for name, platform in PLATFORMS.items()}


async def seeded(store: Store, count: int, accounts: int = 1, now: datetime = NOW) -> Seeded:
    read = Read(now, as_of=now - timedelta(hours=1))
    return await seed(store, count, strangers(accounts), read=read, now=now)


async def test_accounts_have_the_size_that_their_posts_make(store: Store) -> None:
    await seeded(store, 60, accounts=2)
    async with store.read() as db:
        held = await forecasts.accounts(db, NOW, YOUNG_S)
        assert [one.posts for one in held] == [5] * 12
        for one in held:
            plans = await forecasts.plans(db, one.connection_id, 5, 5)
            size = size_of([planned(plan) for plan in plans], NOW.timestamp())
            assert one.posts == size.posts
            assert one.demand == pytest.approx(size.demand)


async def test_what_is_read_no_more_and_who_is_gone_cost_nothing(store: Store) -> None:
    found = await seeded(store, 12)
    gone, kept = found.owner.connection_ids[:2]
    async with store.write() as db:
        [first, _] = await readings.plan(db, kept, 2)
        await readings.never_again(db, first.destination_id)
        await connections.forget(db, gone, NOW)
    async with store.read() as db:
        held = {one.connection_id: one.posts for one in await forecasts.accounts(db, NOW, YOUNG_S)}
    assert gone not in held
    assert held[kept] == 1


async def test_a_part_of_an_accounts_posts_is_taken_evenly(store: Store) -> None:
    await seeded(store, 120)
    async with store.read() as db:
        account = (await forecasts.accounts(db, NOW, YOUNG_S))[0].connection_id
        everything = [planned(plan) for plan in await forecasts.plans(db, account, 20, 20)]
        pick = Pick(account, 7, 20, 3.0)
        some = [planned(plan) for plan in await forecasts.plans(db, pick.account, pick.take, pick.of)]
    some.sort(key=lambda subject: subject.published_at)
    assert some == list(taken_evenly(pick, everything, 1.0).subjects)


async def test_a_batch_ends_where_an_account_pauses(store: Store) -> None:
    found = await seeded(store, 6, accounts=2)
    one, other = found.owner.connection_ids[0], found.owner.connection_ids[6]

    def called(seconds: float, connection_id: str, posts: int = 5) -> Called:
        at = NOW - timedelta(hours=1) + timedelta(seconds=seconds)
        return Called(at, "x", connection_id, "GET", "api.x.com/2/tweets", posts, 1, "ok", 20)

    async with store.write() as db:
        await ledger.append(db, [called(0, one), called(0.4, one), called(5, other), called(300, one)])
        await ledger.append(db, [called(301, one), called(302, one, posts=0), called(-90_000, one)])
    async with store.read() as db:
        [taken] = await forecasts.taken(db, NOW - timedelta(days=1))
    assert (taken.platform, taken.requests, taken.batches) == ("x", 5, 3)


async def test_the_forecast_reads_what_the_loop_would(store: Store) -> None:
    await seeded(store, 60, accounts=2)
    found = await forecast_of(store, PLATFORMS, ALLOWANCES, NOW)
    assert (found.destinations, found.sampled, found.until) == (60, None, datetime(2026, 12, 1, tzinfo=UTC))
    assert list(found.platforms) == sorted(PLATFORMS)
    charged = {name: one.cost.charged for name, one in found.platforms.items() if one.cost.charged}
    assert list(charged) == ["x"]
    # No post is charged more than once on each of the six days that are left, nor on the one it was read.
    assert 10 <= charged["x"] <= 50
    assert found.total().usd == pytest.approx(0.005 * charged["x"])
    assert all(one.cost.readings >= 10 for one in found.platforms.values())


async def test_what_was_measured_and_spent_counts(store: Store) -> None:
    found = await seeded(store, 6)
    account = found.owner.connection_ids[list(PLATFORMS).index("linkedin")]
    begins = NOW.replace(hour=0)
    asked = [
        Called(NOW - timedelta(minutes=9, seconds=n), "linkedin", account, "GET", "api", 1, 1, "ok", 9)
        for n in range(3)
    ]
    used = Allowance("calls_per_day", "app", ALLOWANCES["linkedin"][0].window, 30)
    unused = Allowance("development_calls_per_day", "app", used.window, 1)
    async with store.write() as db:
        await ledger.append(db, asked)
        purse = Purse("linkedin", "", used.name, begins)
        assert await tallies.take(db, purse, 3, 3, 30) == 3
    result = await forecast_of(store, PLATFORMS, {**ALLOWANCES, "linkedin": (used, unused)}, NOW)
    expected = result.platforms["linkedin"]
    by_name = {use.allowance.name: use for use in expected.uses}
    assert expected.wanted.requests % 3 == 0
    assert by_name["development_calls_per_day"].busiest == 0
    assert by_name["calls_per_day"].busiest >= 3
    assert by_name["calls_per_day"].busiest % 3 == 0


async def test_an_empty_database_costs_nothing(store: Store) -> None:
    found = await forecast_of(store, PLATFORMS, ALLOWANCES, NOW)
    assert (found.total(), found.destinations, dict(found.platforms)) == (Cost(), 0, {})


async def test_at_a_higher_price_less_is_read(store: Store) -> None:
    await seeded(store, 6)
    before = (await forecast_of(store, PLATFORMS, ALLOWANCES, NOW)).platforms["x"]
    async with store.write() as db:
        await prices.save(db, Price("x", "", 1000 * FIRST_PRICE, NOW, {}))
    after = (await forecast_of(store, PLATFORMS, ALLOWANCES, NOW)).platforms["x"]
    assert after.cost.readings < before.cost.readings
    assert after.wanted == before.wanted == before.cost


# ---- the command -----------------------------------------------------------------------------------

COMMAND = [sys.executable, "-c", "from sextant.cli import app; app(prog_name='sextant')"]
Forecast = Callable[..., str]


@pytest.fixture
def forecast(tmp_path: Path, database_url: str) -> Forecast:
    """Runs `sextant forecast` to its end."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("SEXTANT_")}
    plain: Mapping[str, str] = {"NO_COLOR": "1", "TERM": "dumb", "SEXTANT_DATABASE_URL": database_url}

    def run(*arguments: str, **variables: str) -> str:
        done = subprocess.run(
            [*COMMAND, "forecast", *arguments],
            env={**bare, **plain, **variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        return done.stdout

    return run


async def test_the_table_names_each_network_and_its_nearest_ceiling(store: Store, forecast: Forecast) -> None:
    await seeded(store, 60, now=datetime.now(UTC))
    shown = forecast(SEXTANT_X_CEILINGS="posts_per_day=0")
    assert "60 published destinations" in shown
    for platform in PLATFORMS.values():
        assert platform.title in shown
    assert "by posts_per_day" in shown


async def test_one_json_object(store: Store, forecast: Forecast) -> None:
    await seeded(store, 12, now=datetime.now(UTC))
    found = json.loads(forecast("--json"))
    assert found["destinations"] == 12
    assert set(found["platforms"]) == set(PLATFORMS)
    assert found["platforms"]["x"]["allowances"]["posts_per_month"]["ceiling"] == 3_000_000
