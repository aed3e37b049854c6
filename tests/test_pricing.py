"""The price of a call: it rises where a ceiling is too low for what is due, and falls where it is not."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete

from sextant.collecting import pricing
from sextant.collecting.budgets import Budgets
from sextant.collecting.planning import FIRST_PRICE
from sextant.platforms.allowances import DAY, HOUR, Allowance
from sextant.platforms.base import Request
from sextant.platforms.freshness import Showing
from sextant.store import Store, prices, readings, rounds, tables
from tests.test_budgets import NOON, Standing
from tests.test_history import several

UNITS = Allowance("units_per_day", "app", DAY, 1000)
MINE = Allowance("calls_per_day", "account", DAY, 100)
HOURLY = Allowance("calls_per_hour", "app", HOUR, 10)
SHOWING = Showing(batch=10, request=1, post=0)
PER_POST = Showing(batch=10, request=0, post=1)


class Desk:
    """An account of which something is read, and the clock."""

    def __init__(self, store: Store, *allowances: Allowance, showing: Showing = SHOWING) -> None:
        self.store, self.clock, self.showing = store, Standing(), showing
        self.budgets = Budgets(store, self.clock, {"x": allowances})
        self.connection_id = ""

    async def publish(self, count: int) -> None:
        rows = await several(self.store, count)
        self.connection_id = rows[0].connection_id
        async with self.store.write() as db:
            for row in rows:
                await readings.expect(db, row.id, row.connection_id, NOON - timedelta(hours=1))
            await rounds.expect(db, self.connection_id, "x", NOON)

    async def spend(self, **spends: int) -> None:
        request = Request("GET", "https://net.example", spends=spends, posts=1)
        await self.budgets.meter("x", self.connection_id).spend(request)

    async def look(self, hours: float = 0.0) -> float:
        """The price after so many hours more."""
        self.clock.at += timedelta(hours=hours)
        async with self.store.write() as db:
            known = await prices.of(db, "x", self.connection_id)
            await pricing.reprice(db, self.budgets, self.showing, "x", self.connection_id, known)
            return pricing.price_of(await prices.of(db, "x", self.connection_id))


async def test_before_anything_was_spent_it_is_the_first_price(store: Store) -> None:
    desk = Desk(store, UNITS)
    assert pricing.price_of([]) == FIRST_PRICE
    assert await desk.look() == FIRST_PRICE


async def test_who_spends_faster_than_the_day_allows_pays_more(store: Store) -> None:
    desk = Desk(store, UNITS)
    await desk.look()
    await desk.spend(units_per_day=600)
    dearer = await desk.look(3)
    assert dearer > FIRST_PRICE
    assert await desk.look(1) == dearer, "it looks every three hours"
    await desk.spend(units_per_day=300)
    assert await desk.look(2) > dearer


async def test_who_spends_less_pays_less(store: Store) -> None:
    desk = Desk(store, UNITS)
    await desk.look()
    await desk.spend(units_per_day=900)
    high = await desk.look(3)
    assert await desk.look(9) < high


async def test_what_has_to_wait_counts_as_well(store: Store) -> None:
    """The ceiling itself holds what is spent to the plan: without what waits the price would fall."""
    desk = Desk(store, Allowance("posts_per_day", "app", DAY, 8), showing=PER_POST)
    await desk.publish(20)
    await desk.look()
    await desk.spend(posts_per_day=1)
    assert await desk.look(3) > FIRST_PRICE


async def test_a_new_day_does_not_look_like_a_rush(store: Store) -> None:
    """Nine tenths in a day is what is planned, whenever in the day they were spent."""
    desk = Desk(store, UNITS)
    await desk.look(-12)
    await desk.spend(units_per_day=900)
    desk.clock.at = datetime.fromisoformat("2026-11-24T00:00:00+00:00")
    await desk.spend(units_per_day=1)
    price = await desk.look()
    assert FIRST_PRICE * 0.95 < price < FIRST_PRICE * 1.05


async def test_an_account_that_is_short_pays_its_own_price(store: Store) -> None:
    desk = Desk(store, UNITS, MINE)
    await desk.publish(1)
    await desk.look()
    await desk.spend(units_per_day=90, calls_per_day=90)
    assert await desk.look(3) > FIRST_PRICE
    async with store.read() as db:
        app, mine = sorted(await prices.of(db, "x", desk.connection_id), key=lambda price: price.scope)
        others = await prices.of(db, "x", "another")
    assert mine.price > FIRST_PRICE >= app.price
    assert pricing.price_of(others) == app.price


async def test_a_ceiling_for_an_hour_is_waited_for_and_has_no_price(store: Store) -> None:
    desk = Desk(store, HOURLY)
    await desk.spend(calls_per_hour=10)
    assert await desk.look(0.5) == FIRST_PRICE
    async with store.read() as db:
        assert await prices.of(db, "x", "") == []


async def test_where_reading_costs_money_a_high_ceiling_makes_it_no_cheaper(store: Store) -> None:
    paid = Allowance("posts_per_day", "app", DAY, 10**6, 0.005, charged_posts=True)
    free, costly = Desk(store, UNITS), Desk(store, paid, showing=PER_POST)
    await free.look()
    assert await free.look(24) < FIRST_PRICE
    async with store.write() as db:
        await db.execute(delete(tables.prices))
    await costly.look()
    assert await costly.look(24) == FIRST_PRICE
