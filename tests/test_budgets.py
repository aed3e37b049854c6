"""What reading may cost: never more than a ceiling, whoever asks at once, and no less than was not used."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sextant.clock import Clock
from sextant.collecting.budgets import Budgets, Meter, Spent
from sextant.platforms.allowances import DAY, HOUR, Allowance, Window
from sextant.platforms.base import Request
from sextant.store import Store

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
UNITS = Allowance("units_per_day", "app", DAY, 20)
CALLS = Allowance("calls_per_day", "account", DAY, 5)
PAID = Allowance("posts_per_day", "app", DAY, 10, 0.005, charged_posts=True)
PAID_MONTHLY = Allowance("posts_per_month", "app", DAY, 4, 0.005, charged_posts=True)
ROLLING = Allowance("calls_per_hour", "app", HOUR, 10)
OPEN = Allowance("reports", "app", DAY, None)


class Standing(Clock):
    def __init__(self) -> None:
        self.at = NOON

    def timestamp(self) -> float:
        return self.at.timestamp()


@pytest.fixture
def clock() -> Standing:
    return Standing()


def budgets(store: Store, clock: Clock, *allowances: Allowance) -> Budgets:
    return Budgets(store, clock, {"net": allowances})


def asking(**spends: int) -> Request:
    return Request("GET", "https://net.example/numbers", spends=spends, posts=1)


async def spent_of(store: Store, found: Budgets, connection_id: str = "") -> dict[str, int]:
    async with store.read() as db:
        return {
            left.purse.allowance: left.ceiling - left.left
            for left in await found.left(db, "net", connection_id)
        }


async def settle(store: Store, meter: Meter, *, charged: int = 0) -> None:
    async with store.write() as db:
        await meter.settle(db, charged=charged)


async def test_up_to_the_ceiling_and_not_one_more(store: Store, clock: Standing) -> None:
    found = budgets(store, clock, UNITS)
    meter = found.meter("net", "a")
    for _ in range(20):
        await meter.spend(asking(units_per_day=1))
    with pytest.raises(Spent) as refused:
        await meter.spend(asking(units_per_day=1))
    assert refused.value.until == datetime(2026, 11, 24, tzinfo=UTC)
    assert "units_per_day is 20" in refused.value.sentence()
    assert not refused.value.account_only


async def test_all_who_ask_at_once_together_stay_below_it(
    store: Store, clock: Standing, database_url: str
) -> None:
    """Two processes on one database, fifteen reads each."""
    other = Store(database_url)
    meters = [budgets(of, clock, UNITS).meter("net", f"{n}") for n in range(15) for of in (store, other)]

    async def use(meter: Meter) -> int:
        try:
            await meter.spend(asking(units_per_day=3))
        except Spent:
            return 0
        return 3

    used = sum(await asyncio.gather(*map(use, meters)))
    await other.close()
    assert used == 18, "20 are allowed, and three do not fit into the last two"
    assert await spent_of(store, budgets(store, clock, UNITS)) == {"units_per_day": 18}


async def test_what_was_reserved_and_not_used_is_given_back(store: Store, clock: Standing) -> None:
    found = budgets(store, clock, UNITS)
    meter = found.meter("net", "a")
    for _ in range(5):
        await meter.spend(asking(units_per_day=1))
    before = (await spent_of(store, found))["units_per_day"]
    await settle(store, meter)
    assert before > 5, "it reserves in growing portions"
    assert await spent_of(store, found) == {"units_per_day": 5}


async def test_a_process_that_dies_has_spent_what_it_reserved(store: Store, clock: Standing) -> None:
    found = budgets(store, clock, UNITS)
    await found.meter("net", "a").spend(asking(units_per_day=2))
    assert await spent_of(store, budgets(store, clock, UNITS)) == {"units_per_day": 2}


async def test_each_account_has_its_own(store: Store, clock: Standing) -> None:
    found = budgets(store, clock, UNITS, CALLS)
    both = {"units_per_day": 1, "calls_per_day": 1}
    for name in ("a", "b"):
        meter = found.meter("net", name)
        for _ in range(5):
            await meter.spend(asking(**both))
        with pytest.raises(Spent) as refused:
            await meter.spend(asking(**both))
        assert refused.value.account_only
        await settle(store, meter)
    assert await spent_of(store, found) == {"units_per_day": 10}, (
        "what was refused reserved nothing of the app's"
    )
    assert await spent_of(store, found, "a") == {"calls_per_day": 5}


async def test_the_next_window_begins_anew(store: Store, clock: Standing) -> None:
    found = budgets(store, clock, UNITS)
    meter = found.meter("net", "a")
    await meter.spend(asking(units_per_day=20))
    clock.at += timedelta(hours=12)
    await meter.spend(asking(units_per_day=20))
    assert await spent_of(store, found) == {"units_per_day": 20}


async def test_where_the_last_hour_counts_at_every_moment_the_window_before_counts_too(
    store: Store, clock: Standing
) -> None:
    found = budgets(store, clock, ROLLING)
    await found.meter("net", "a").spend(asking(calls_per_hour=7))
    clock.at += timedelta(minutes=61)
    meter = found.meter("net", "a")
    await meter.spend(asking(calls_per_hour=3))
    with pytest.raises(Spent):
        await meter.spend(asking(calls_per_hour=1))
    clock.at += timedelta(minutes=60)
    await meter.spend(asking(calls_per_hour=7))


async def test_the_plan_leaves_a_part_to_those_who_ask(store: Store, clock: Standing) -> None:
    found = budgets(store, clock, UNITS)
    planned, live = found.meter("net", "a", 0.9), found.meter("net", "a")
    await planned.spend(asking(units_per_day=18))
    with pytest.raises(Spent):
        await planned.spend(asking(units_per_day=1))
    await live.spend(asking(units_per_day=2))


async def test_without_a_ceiling_nothing_is_counted(store: Store, clock: Standing) -> None:
    found = budgets(store, clock, OPEN)
    await found.meter("net", "a").spend(asking(reports=10**9, unknown=1))
    assert await spent_of(store, found) == {}


async def test_as_many_posts_are_paid_as_the_scarcest_ceiling_allows(store: Store, clock: Standing) -> None:
    found = budgets(store, clock, PAID, PAID_MONTHLY)
    meter = found.meter("net", "a")
    async with store.write() as db:
        assert await meter.begin(db, 7) == 4
    assert await spent_of(store, found) == {"posts_per_day": 4, "posts_per_month": 4}
    with pytest.raises(Spent):
        async with store.write() as db:
            await found.meter("net", "b").begin(db, 1)
    assert await spent_of(store, found) == {"posts_per_day": 4, "posts_per_month": 4}
    await settle(store, meter, charged=0)
    assert await spent_of(store, found) == {"posts_per_day": 0, "posts_per_month": 0}


async def test_posts_that_were_read_stay_paid(store: Store, clock: Standing) -> None:
    found = budgets(store, clock, PAID)
    meter = found.meter("net", "a")
    async with store.write() as db:
        assert await meter.begin(db, 7) == 7
        assert await found.meter("net", "b").begin(db, 0) == 0
    await settle(store, meter, charged=7)
    assert await spent_of(store, found) == {"posts_per_day": 7}


async def test_a_window_that_ends_in_a_moment_is_waited_for(store: Store) -> None:
    """By a clock that runs: 3 a second, of which the second before counts as well, and 12 to be sent."""
    second = Allowance("calls_per_second", "app", Window(1, rolling=True), 3)
    found, clock = budgets(store, Clock(), second), Clock()
    begun, meter, sent = clock.now(), found.meter("net", "a"), list[datetime]()
    for _ in range(12):
        await meter.spend(asking(calls_per_second=1))
        sent.append(clock.now())
    assert sent[-1] - begun > timedelta(seconds=4), "at most three in each two seconds"


async def test_reads_that_begin_and_end_at_once_do_not_lock_each_other_out(
    store: Store, clock: Standing, database_url: str
) -> None:
    """Both take several of the app's purses, two processes at a time; on Postgres each purse is a lock."""
    other = Store(database_url)
    several = [Allowance(f"calls_{n}", "app", DAY, 10**6) for n in range(3)]
    charged = replace(PAID, ceiling=10**6)
    places = [budgets(of, clock, charged, *several) for of in (store, other)]
    spends = {f"calls_{n}": 1 for n in range(3)}

    async def reads(found: Budgets, name: str) -> None:
        for turn in range(15):
            meter = found.meter("net", name)
            async with found.store.write() as db:
                await meter.begin(db, 2)
            for _ in range(1 + turn % 2):  # what was usual the last time is often too much
                await meter.spend(asking(**spends))
            async with found.store.write() as db:
                await meter.settle(db, charged=1)

    await asyncio.gather(*(reads(found, f"{n}") for n in range(6) for found in places))
    await other.close()
    spent = dict.fromkeys(spends, 12 * (8 + 2 * 7))
    assert await spent_of(store, places[0]) == {"posts_per_day": 12 * 15, **spent}
