"""`sextant forecast`: what reading the posts of now will cost until the month ends."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.collecting.budgets import LOOP_PART
from sextant.collecting.keeping import planned
from sextant.collecting.planning import FIRST_PRICE
from sextant.collecting.pricing import price_of
from sextant.forecasting.forecast import Expected, Forecast, Terms, Use, forecast
from sextant.forecasting.metering import Spend
from sextant.forecasting.rehearsing import Posts
from sextant.forecasting.samples import MOST, YOUNG_S, Size, picks, shares
from sextant.platforms.allowances import Allowance, measured
from sextant.platforms.base import Platform
from sextant.platforms.freshness import Showing
from sextant.store import Store, forecasts, prices
from sextant.store.forecasts import Held

LATELY = timedelta(days=2)
"""What a batch takes is measured over so long."""


async def forecast_of(
    store: Store,
    platforms: Mapping[str, Platform],
    allowances: Mapping[str, Sequence[Allowance]],
    now: datetime,
) -> Forecast:
    """Until the end of the month, from what the database holds."""
    async with store.read() as db:
        held = [one for one in await forecasts.accounts(db, now, YOUNG_S) if one.platform in platforms]
        names = sorted({one.platform for one in held})
        terms = {
            name: await _terms(db, measured(platforms[name]).showing, name, allowances[name], now)
            for name in names
        }
        share = shares({name: sum(one.posts for one in _on(name, held)) for name in names}, MOST)
        posts = {name: await _posts(db, name, _on(name, held), share[name]) for name in names}
    return forecast(terms, posts, now)


def _on(name: str, held: Sequence[Held]) -> list[Held]:
    return [one for one in held if one.platform == name]


async def _posts(db: AsyncConnection, name: str, held: Sequence[Held], most: int) -> list[Posts]:
    found = []
    for pick in picks({one.connection_id: Size(one.posts, one.demand) for one in held}, most):
        subjects = [planned(plan) for plan in await forecasts.plans(db, pick.account, pick.take, pick.of)]
        price = price_of(await prices.of(db, name, pick.account))
        of = None if pick.take == pick.of else pick.of
        found.append(Posts(pick.account, subjects, price, of, pick.accounts))
    return found


async def _terms(
    db: AsyncConnection, showing: Showing, name: str, allowances: Sequence[Allowance], now: datetime
) -> Terms:
    begins = [(allowance.name, allowance.window.begin(now)) for allowance in allowances]
    taken = next((one for one in await forecasts.taken(db, now - LATELY) if one.platform == name), None)
    spent = await forecasts.spent(db, now - LATELY)
    return Terms(
        showing,
        allowances,
        requests_per_batch=taken.requests / taken.batches if taken else 1.0,
        spends={
            # An allowance of which nothing was spent is another login's, or another tier's.
            allowance.name: Spend(batch=spent.get((name, allowance.name), 0) / taken.batches)
            for allowance in allowances
            if taken and allowance.ceiling is not None
        },
        spent=await forecasts.used_up(db, name, begins),
        part=LOOP_PART,
        usual_price=FIRST_PRICE,
    )


def show(found: Forecast, titles: Mapping[str, str], out: Console, *, as_json: bool) -> None:
    if as_json:
        out.print(json.dumps(found.as_json()), markup=False, soft_wrap=True)
        return
    table = Table("network", "accounts", "requests", "posts read", "posts charged", "USD", "busiest", "short")
    for name, expected in found.platforms.items():
        accounts = f"{len(expected.accounts):,}"
        table.add_row(
            titles[name], accounts if found.sampled is None else f"{accounts} taken", *_row(expected)
        )
    total = found.total()
    table.add_row("all", "", *_counts(total.requests, total.readings, total.charged), f"{total.usd:,.2f}")
    Console(width=max(out.width, 150), file=out.file).print(table)
    out.print(_said(found), markup=False)


def _row(expected: Expected) -> list[str]:
    cost = expected.cost
    nearest = max((use for use in expected.uses if use.part is not None), key=_part, default=None)
    short = next((use for use in expected.uses if use.is_short), None)
    return [
        *_counts(cost.requests, cost.readings, cost.charged),
        f"{cost.usd:,.2f}",
        "–" if nearest is None else f"{_part(nearest):.0%} of {nearest.allowance.name}",
        "–" if short is None else f"from {short.short_from:%d %b %H:%M} by {short.allowance.name}",
    ]


def _part(use: Use) -> float:
    return use.part or 0.0


def _counts(*counts: float) -> list[str]:
    return [f"{count:,.0f}" for count in counts]


def _said(found: Forecast) -> str:
    whole = f"{found.destinations:,} published destinations"
    of = whole if found.sampled is None else f"a sample of {found.sampled:,} of {whole}"
    end = f"{found.until:%Y-%m-%d %H:%M} UTC"
    return f"From now until {end}, reckoned from {of}. What is published from now on comes on top."
