"""What a forecast starts from: how many posts are read of which account, and what reading took lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Float, Select, case, cast, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.store.connections import CONNECTED
from sextant.store.readings import PLANNED, Plan
from sextant.store.rows import many
from sextant.store.tables import EPOCH, calls, connections, destinations, readings, tallies

PAUSE = timedelta(seconds=10)
"""Requests for one account that are further apart belong to different batches."""
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Held:
    """An account's destinations that are read; `demand` as in samples.py."""

    connection_id: str
    platform: str
    posts: int
    demand: float


@dataclass(frozen=True, slots=True)
class Taken:
    """What reading took of a network: requests that asked for numbers, and in how many batches."""

    platform: str
    requests: int
    batches: int


async def accounts(db: AsyncConnection, now: datetime, young_s: float) -> list[Held]:
    """Of all accounts that are connected; `young_s` as in samples.py."""
    published = type_coerce(destinations.c.published_at, BigInteger)
    age_s = cast((now - EPOCH) // MICROSECOND - published, Float) / 1e6
    demand = (1 + 3 * readings.c.pace) / (3 + readings.c.pace) / (1 + age_s / young_s)
    totals = (func.count().label("posts"), func.sum(demand).label("demand"))
    query = (
        select(readings.c.connection_id, connections.c.platform, *totals)
        .join(destinations, destinations.c.id == readings.c.destination_id)
        .join(connections, connections.c.id == readings.c.connection_id)
        .where(readings.c.next_refresh_at.is_not(None), connections.c.status == CONNECTED)
        .group_by(readings.c.connection_id, connections.c.platform)
        .order_by(readings.c.connection_id)
    )
    return many(Held, await db.execute(query))


async def plans(db: AsyncConnection, connection_id: str, take: int, of: int) -> list[Plan]:
    """So many of an account's destinations, `of` in all, evenly by their time of publishing."""
    query = _of(connection_id)
    if take < of:
        order = (destinations.c.published_at, destinations.c.id)
        place = (func.row_number().over(order_by=order) - 1).label("place")
        numbered = query.add_columns(place).subquery()
        wanted = [(2 * n + 1) * of // (2 * take) for n in range(take)]
        named = [column for column in numbered.c if column.name != "place"]
        query = select(*named).where(numbered.c.place.in_(wanted))
    return many(Plan, await db.execute(query))


def _of(connection_id: str) -> Select[tuple[object, ...]]:
    return (
        select(*PLANNED)
        .join(destinations, destinations.c.id == readings.c.destination_id)
        .where(readings.c.connection_id == connection_id, readings.c.next_refresh_at.is_not(None))
    )


async def taken(db: AsyncConnection, since: datetime) -> list[Taken]:
    """By platform, as the ledger has it."""
    before = func.lag(type_coerce(calls.c.at, BigInteger)).over(
        partition_by=calls.c.connection_id, order_by=(calls.c.at, calls.c.id)
    )
    gap = (type_coerce(calls.c.at, BigInteger) - before).label("gap")
    asked = select(calls.c.platform, gap).where(calls.c.at >= since, calls.c.posts > 0).subquery()
    pause_ms = PAUSE // timedelta(milliseconds=1)
    begins = case((asked.c.gap <= pause_ms, 0), else_=1)
    query = select(
        asked.c.platform, func.count().label("requests"), func.sum(begins).label("batches")
    ).group_by(asked.c.platform)
    return many(Taken, await db.execute(query))


async def spent(db: AsyncConnection, since: datetime) -> dict[tuple[str, str], int]:
    """By platform and allowance, of all accounts, in windows that began since then."""
    query = (
        select(tallies.c.platform, tallies.c.allowance, func.sum(tallies.c.spent))
        .where(tallies.c.begins >= since)
        .group_by(tallies.c.platform, tallies.c.allowance)
    )
    return {(platform, name): int(count) for platform, name, count in await db.execute(query)}


async def used_up(
    db: AsyncConnection, platform: str, begins: Sequence[tuple[str, datetime]]
) -> dict[tuple[str, str], int]:
    """What is spent by now of each allowance's window, by allowance and account (empty for the app's)."""
    found: dict[tuple[str, str], int] = {}
    for name, begin in begins:
        query = select(tallies.c.scope, tallies.c.spent).where(
            tallies.c.platform == platform, tallies.c.allowance == name, tallies.c.begins == begin
        )
        found |= {(name, scope): int(count) for scope, count in await db.execute(query)}
    return found
