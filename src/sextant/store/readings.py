"""The latest raw reading of each destination, how the last attempt went, and when the next is worth it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.store.rows import many, upserting
from sextant.store.tables import destinations, readings, rounds


@dataclass(frozen=True, slots=True)
class StoredReading:
    """A published destination has one from the start.

    `as_of`: when the numbers were true; None when nothing was ever read. `refused`: {key: [reason, message]}.
    `fault`: {code, message, partial} of the last attempt, None when it went well; `partial` means that
    numbers came all the same. `failures`: failed attempts in a row. `next_refresh_at`: None: it is read no
    more. `pace` to `late_out`: `planning.Growth` and `planning.Subject`. `held_until`: the whole account is
    not read before that; it is kept with the account, not here.
    """

    destination_id: str
    connection_id: str
    as_of: datetime | None
    raw: dict[str, Any]
    url: str | None
    refused: dict[str, list[str]]
    fault: dict[str, Any] | None
    failures: int
    retry_at: datetime | None
    refreshed_at: datetime | None
    next_refresh_at: datetime | None
    pace: float = 1.0
    lag_s: float | None = None
    hour_s: float | None = None
    found_s: float | None = None
    late_out: bool = True
    held_until: datetime | None = None

    @property
    def expected_at(self) -> datetime | None:
        """When it is read next, as far as is known: the account may have to wait for longer than the post."""
        if self.next_refresh_at is None or self.held_until is None:
            return self.next_refresh_at
        return max(self.next_refresh_at, self.held_until)


KEPT = tuple(field.name for field in fields(StoredReading) if field.name != "held_until")


@dataclass(frozen=True, slots=True)
class Plan:
    """What the planner has to know of a destination."""

    destination_id: str
    published_at: datetime
    as_of: datetime | None
    next_refresh_at: datetime
    pace: float
    lag_s: float | None
    hour_s: float | None
    found_s: float | None
    late_out: bool
    failures: int


PLANNED = [
    destinations.c.published_at if field.name == "published_at" else readings.c[field.name]
    for field in fields(Plan)
]


async def of(db: AsyncConnection, destination_ids: Sequence[str]) -> dict[str, StoredReading]:
    query = (
        select(*(readings.c[name] for name in KEPT), rounds.c.held_until)
        .outerjoin(rounds, rounds.c.connection_id == readings.c.connection_id)
        .where(readings.c.destination_id.in_(destination_ids))
    )
    return {reading.destination_id: reading for reading in many(StoredReading, await db.execute(query))}


async def expect(
    db: AsyncConnection, destination_id: str, connection_id: str, at: datetime, **growth: float | None
) -> None:
    """A post is out: its first reading is due at that time. What was read of it before stays."""
    new = {"destination_id": destination_id, "connection_id": connection_id, "next_refresh_at": at}
    insert = upserting(db, readings).values(raw={}, refused={}, failures=0, **new, **growth)
    await db.execute(
        insert.on_conflict_do_update(index_elements=["destination_id"], set_={"next_refresh_at": at})
    )


async def save(db: AsyncConnection, kept: Sequence[StoredReading]) -> None:
    """Keeps readings in the place of those before them; in one order, so that two who save do not lock each
    other out."""
    if not kept:
        return
    insert = upserting(db, readings)
    changing = {name: insert.excluded[name] for name in KEPT if name != "destination_id"}
    query = insert.on_conflict_do_update(index_elements=["destination_id"], set_=changing)
    ordered = sorted(kept, key=lambda reading: reading.destination_id)
    await db.execute(query, [{name: getattr(reading, name) for name in KEPT} for reading in ordered])


async def plan(db: AsyncConnection, connection_id: str, most: int) -> list[Plan]:
    """The destinations of an account that are read next, the first due first."""
    query = (
        select(*PLANNED)
        .join(destinations, destinations.c.id == readings.c.destination_id)
        .where(readings.c.connection_id == connection_id, readings.c.next_refresh_at.is_not(None))
        .order_by(readings.c.next_refresh_at)
        .limit(most)
    )
    return many(Plan, await db.execute(query))


async def postpone(db: AsyncConnection, until: Iterable[tuple[str, datetime]]) -> None:
    """Gives destinations another time for their next reading."""
    for destination_id, moment in until:
        which = readings.c.destination_id == destination_id
        await db.execute(update(readings).where(which).values(next_refresh_at=moment))


async def try_again(db: AsyncConnection, connection_id: str, now: datetime) -> None:
    """What failed of an account is due now, but for posts that are gone."""
    failed = (readings.c.fault.is_not(None), readings.c.next_refresh_at.is_not(None))
    query = update(readings).where(readings.c.connection_id == connection_id, *failed)
    await db.execute(query.values(retry_at=None, next_refresh_at=now))


async def never_again(db: AsyncConnection, destination_id: str) -> None:
    which = readings.c.destination_id == destination_id
    await db.execute(update(readings).where(which).values(next_refresh_at=None))


async def first_due(db: AsyncConnection, connection_id: str) -> datetime | None:
    query = select(func.min(readings.c.next_refresh_at)).where(readings.c.connection_id == connection_id)
    first: datetime | None = (await db.execute(query)).scalar_one()
    return first


async def count_due(
    db: AsyncConnection, now: datetime, *, platform: str | None = None, connection_id: str | None = None
) -> int:
    """Of all, of a network's accounts, or of one account."""
    query = select(func.count()).where(readings.c.next_refresh_at <= now)
    if platform is not None:
        accounts = select(rounds.c.connection_id).where(rounds.c.platform == platform)
        query = query.where(readings.c.connection_id.in_(accounts))
    if connection_id is not None:
        query = query.where(readings.c.connection_id == connection_id)
    return int((await db.execute(query)).scalar_one())
