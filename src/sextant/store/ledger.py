"""The ledger of requests to networks: what was asked of whom, how it ended, and what it counted there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.store.rows import many
from sextant.store.tables import calls

ENDPOINT_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Called:
    """One request that left at `at`. `connection_id` None: the app's own, before there is a connection.

    `endpoint`: host and path without ids, at most ENDPOINT_LENGTH characters. `posts`: whose numbers were
    asked for. `weight`: calls as the network counts them. `outcome`: see `noting.Noted`.
    """

    at: datetime
    platform: str
    connection_id: str | None
    method: str
    endpoint: str
    posts: int
    weight: int
    outcome: str
    took_ms: int


@dataclass(frozen=True, slots=True)
class Total:
    """Of all requests to a platform with one outcome."""

    platform: str
    outcome: str
    calls: int
    posts: int
    weight: int


async def append(db: AsyncConnection, rows: Sequence[Called]) -> None:
    """At least one row."""
    await db.execute(insert(calls), [asdict(row) for row in rows])


async def prune(db: AsyncConnection, before: datetime, most: int) -> int:
    """Deletes at most so many of the rows before a time, oldest first; how many it were.

    What another process is just deleting is left to it.
    """
    oldest = select(calls.c.id).where(calls.c.at < before).order_by(calls.c.at).limit(most)
    chosen = oldest.with_for_update(skip_locked=True)
    return (await db.execute(delete(calls).where(calls.c.id.in_(chosen)))).rowcount


async def totals(db: AsyncConnection, since: datetime) -> list[Total]:
    """Of the requests from `since` on, by platform and outcome."""
    sums = (func.sum(calls.c[name]).label(name) for name in ("posts", "weight"))
    query = (
        select(calls.c.platform, calls.c.outcome, func.count().label("calls"), *sums)
        .where(calls.c.at >= since)
        .group_by(calls.c.platform, calls.c.outcome)
        .order_by(calls.c.platform, calls.c.outcome)
    )
    return many(Total, await db.execute(query))
