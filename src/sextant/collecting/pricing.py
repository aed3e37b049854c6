"""The price of a call follows what is spent and what waits: one for each app and account with a ceiling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.collecting.budgets import LOOP_PART, Budgets
from sextant.collecting.planning import FIRST_PRICE, repriced
from sextant.platforms.allowances import Allowance
from sextant.platforms.freshness import Showing
from sextant.store import prices, readings, tallies
from sextant.store.prices import Price
from sextant.store.tallies import Purse

LOOK_EVERY = timedelta(hours=3)
"""Long enough to hold many readings; a ceiling for a shorter time is a matter of waiting, not of price."""
MOST_STEPS = 8
"""A day without a look moves the price as often as a day of looks."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was spent of an allowance since the last look, and what an even pace would have spent."""

    spent: float
    planned: float

    def price(self, before: float, waiting: float, steps: int) -> float:
        """`waiting`: what would have been spent as well, had there been enough."""
        price = before
        for _ in range(steps):
            price = repriced(price, self.spent + waiting, self.planned)
        return price


def price_of(known: Sequence[Price]) -> float:
    """The app's or the account's, whichever is scarcer."""
    return max((price.price for price in known), default=FIRST_PRICE)


async def reprice(
    db: AsyncConnection,
    budgets: Budgets,
    showing: Showing,
    platform: str,
    connection_id: str,
    known: Sequence[Price],
) -> None:
    """Looks at what was spent since the last look, where that is long enough ago.

    Where reading costs money a high ceiling makes it no cheaper than the first price: it is a limit, no goal.
    """
    now, by_scope = budgets.clock.now(), {price.scope: price for price in known}
    for scope, per in (("", "app"), (connection_id, "account")):
        allowances = [a for a in budgets.limited(platform).values() if a.per == per and is_long(a)]
        before = by_scope.get(scope)
        if not allowances or (before is not None and now - before.priced_at < LOOK_EVERY):
            continue
        purses = {a.name: budgets.purse(platform, connection_id, a, now) for a in allowances}
        spent = await tallies.spent(db, list(purses.values()))
        price = FIRST_PRICE
        if before is not None:
            whose = {"connection_id": connection_id} if scope else {"platform": platform}
            waiting = cost_of(await readings.count_due(db, now, **whose), showing)
            looks = [await _look(db, before, a, purses[a.name], spent, now) for a in allowances]
            steps = min(MOST_STEPS, max(1, (now - before.priced_at) // LOOK_EVERY))
            price = max(look.price(before.price, waiting, steps) for look in looks)
        if any(allowance.usd for allowance in allowances):
            price = max(price, FIRST_PRICE)
        marks = {name: [purse.begins.isoformat(), spent[purse]] for name, purse in purses.items()}
        await prices.save(db, Price(platform, scope, price, now, marks))


def is_long(allowance: Allowance) -> bool:
    return timedelta(seconds=allowance.window.seconds) >= LOOK_EVERY


def cost_of(posts: int, showing: Showing) -> float:
    """What reading so many posts takes, in full batches."""
    return posts * (showing.post + showing.request / showing.batch)


async def _look(
    db: AsyncConnection,
    before: Price,
    allowance: Allowance,
    purse: Purse,
    spent: Mapping[Purse, int],
    now: datetime,
) -> Look:
    """Where a window has begun since, the rest of the earlier one counts as well."""
    assert allowance.ceiling is not None  # noqa: S101 - see Budgets.limited
    begins, marked = before.marks.get(allowance.name) or [purse.begins.isoformat(), 0]
    since = spent[purse] - int(marked)
    if begins != purse.begins.isoformat():
        earlier = Purse(purse.platform, purse.scope, purse.allowance, datetime.fromisoformat(begins))
        since += (await tallies.spent(db, [earlier]))[earlier]
    length = (allowance.window.end(now) - purse.begins).total_seconds()
    passed = (now - before.priced_at).total_seconds()
    return Look(max(0.0, since), max(1e-9, allowance.ceiling * LOOP_PART * passed / length))
