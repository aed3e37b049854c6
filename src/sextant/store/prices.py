"""What a call has to be worth, in error-seconds per unit of cost (planning.py): of an app or an account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.store.rows import columns, many, upserting
from sextant.store.tables import prices


@dataclass(frozen=True, slots=True)
class Price:
    """`scope`: a connection's id, empty for the app. `marks`: {allowance: [window's begin, spent]} as of
    `priced_at`."""

    platform: str
    scope: str
    price: float
    priced_at: datetime
    marks: dict[str, list[Any]]


async def of(db: AsyncConnection, platform: str, connection_id: str) -> list[Price]:
    """The app's and the account's, as far as there are any."""
    query = select(*columns(prices, Price)).where(
        prices.c.platform == platform, prices.c.scope.in_(("", connection_id))
    )
    return many(Price, await db.execute(query))


async def of_all(db: AsyncConnection, connection_ids: Sequence[str]) -> list[Price]:
    """All apps', and those of these accounts."""
    query = select(*columns(prices, Price)).where(prices.c.scope.in_(("", *connection_ids)))
    return many(Price, await db.execute(query))


async def save(db: AsyncConnection, price: Price) -> None:
    values = {name: getattr(price, name) for name in ("price", "priced_at", "marks")}
    new = upserting(db, prices).values(platform=price.platform, scope=price.scope, **values)
    await db.execute(new.on_conflict_do_update(index_elements=["platform", "scope"], set_=values))
