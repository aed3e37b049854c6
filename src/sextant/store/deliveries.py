"""Destinations as work: due, held by one worker at a time, at rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.store import workers
from sextant.store.posts import PROCESSING, REJECTED, SCHEDULED, Destination
from sextant.store.rows import columns
from sextant.store.tables import connections, destinations, posts


@dataclass(frozen=True, slots=True)
class Worker:
    """Who asks. `running`: what it really works on; whatever else it holds was dropped on the way.

    `beats` is the machine's time, by which the living are told from the dead.
    """

    id: str
    running: tuple[str, ...]
    beats: datetime


def due(worker: Worker, now: datetime) -> ColumnElement[bool]:
    """Its time has come, its account is not held back, and nobody who is alive has it."""
    waiting = select(connections.c.id).where(connections.c.publish_after > now)
    free = or_(
        destinations.c.holder.is_(None),
        destinations.c.holder.not_in(workers.alive(worker.beats)),
        destinations.c.holder == worker.id,
    )
    return and_(
        destinations.c.next_attempt_at <= now,
        free,
        destinations.c.id.not_in(worker.running),
        destinations.c.connection_id.not_in(waiting),
    )


async def claim(db: AsyncConnection, worker: Worker, now: datetime, most: int, per_account: int) -> list[str]:
    """Takes up to `most` due destinations for a worker, oldest first, at most `per_account` of each account
    being held at once by anybody.

    The accounts' rows are locked, so that two workers that claim at once see each other's claims.
    """
    ready = due(worker, now)
    wanted = select(destinations.c.connection_id).where(ready).distinct()
    locked = select(connections.c.id).where(connections.c.id.in_(wanted)).order_by(connections.c.id)
    accounts = list((await db.execute(locked.with_for_update(skip_locked=True))).scalars())
    if not accounts:
        return []
    running = await _running(db, accounts, worker.beats)
    picked = [
        row.id
        for row in (await db.execute(_first_of_each(ready, accounts, per_account, most))).all()
        if row.place <= per_account - running.get(row.connection_id, 0)
    ][:most]
    return await _taken(db, worker.id, picked, ready)


async def _running(db: AsyncConnection, accounts: Sequence[str], beats: datetime) -> dict[str, int]:
    query = (
        select(destinations.c.connection_id, func.count())
        .where(destinations.c.connection_id.in_(accounts), destinations.c.holder.in_(workers.alive(beats)))
        .group_by(destinations.c.connection_id)
    )
    return {row[0]: row[1] for row in await db.execute(query)}


def _first_of_each(ready: ColumnElement[bool], accounts: Sequence[str], per_account: int, most: int) -> Any:
    place = func.row_number().over(
        partition_by=destinations.c.connection_id,
        order_by=(destinations.c.next_attempt_at, destinations.c.id),
    )
    ranked = (
        select(
            destinations.c.id,
            destinations.c.connection_id,
            destinations.c.next_attempt_at,
            place.label("place"),
        )
        .where(ready, destinations.c.connection_id.in_(accounts))
        .subquery()
    )
    query = select(ranked).where(ranked.c.place <= per_account)
    return query.order_by(ranked.c.next_attempt_at).limit(most + len(accounts) * per_account)


async def _taken(
    db: AsyncConnection, worker_id: str, picked: Sequence[str], ready: ColumnElement[bool]
) -> list[str]:
    """What could really be taken: a cancellation may have been faster.

    What somebody else changes just now is left for the next look: whoever waits for one row and holds others
    may be waited for, and neither would get on.
    """
    free = select(destinations.c.id).where(destinations.c.id.in_(picked), ready)
    locked = list((await db.execute(free.with_for_update(skip_locked=True))).scalars())
    await db.execute(update(destinations).where(destinations.c.id.in_(locked)).values(holder=worker_id))
    return locked


async def any_due(db: AsyncConnection, worker: Worker, now: datetime) -> bool:
    query = select(destinations.c.id).where(due(worker, now)).limit(1)
    return (await db.execute(query)).first() is not None


async def next_due(db: AsyncConnection, now: datetime) -> datetime | None:
    """When the next work is due that is not due yet."""
    query = select(func.min(destinations.c.next_attempt_at)).where(destinations.c.next_attempt_at > now)
    coming: datetime | None = (await db.execute(query)).scalar_one()
    return coming


async def held(db: AsyncConnection, destination_id: str, worker_id: str) -> Destination | None:
    """The destination, if this worker (still) holds it."""
    query = select(*columns(destinations, Destination)).where(
        destinations.c.id == destination_id, destinations.c.holder == worker_id
    )
    row = (await db.execute(query)).first()
    return None if row is None else Destination(**row._mapping)


async def save(
    db: AsyncConnection, destination_id: str, worker_id: str, now: datetime, **values: Any
) -> bool:
    """Keeps a step of the worker that holds it. False: it was cancelled, or another has taken it over."""
    query = update(destinations).where(
        destinations.c.id == destination_id, destinations.c.holder == worker_id
    )
    return (await db.execute(query.values(updated_at=now, **values))).rowcount == 1


async def begun(db: AsyncConnection, post_id: str) -> None:
    """The first destination of a post is under way: it is no longer only scheduled."""
    await db.execute(
        update(posts).where(posts.c.id == post_id, posts.c.status == SCHEDULED).values(status=PROCESSING)
    )


async def reject(db: AsyncConnection, post_id: str, now: datetime) -> None:
    """Takes back what is not out and not just going out. Who works on it finds it is no longer his."""
    query = update(destinations).where(
        destinations.c.post_id == post_id,
        destinations.c.status.in_((SCHEDULED, PROCESSING)),
        destinations.c.announced.is_(False),
    )
    values = {"status": REJECTED, "holder": None, "next_attempt_at": None, "updated_at": now}
    await db.execute(query.values(**values))


async def reschedule(db: AsyncConnection, post_id: str, **values: Any) -> bool:
    """Changes the destinations of a post of which nobody has begun any; False when somebody has."""
    query = update(destinations).where(
        destinations.c.post_id == post_id,
        destinations.c.status == SCHEDULED,
        destinations.c.holder.is_(None),
    )
    changed = (await db.execute(query.values(**values))).rowcount
    all_ = select(func.count()).where(destinations.c.post_id == post_id)
    return bool(changed == (await db.execute(all_)).scalar_one())


async def taken(db: AsyncConnection, connection_id: str, but: str, since: datetime) -> frozenset[str]:
    """Native ids that other posts of ours have on this account, of those published since then."""
    query = select(destinations.c.native_id).where(
        destinations.c.connection_id == connection_id,
        destinations.c.id != but,
        destinations.c.native_id.is_not(None),
        destinations.c.published_at >= since,
    )
    return frozenset((await db.execute(query)).scalars())


async def started(db: AsyncConnection, connection_id: str, since: datetime) -> list[datetime]:
    """When this account's posts were begun since then, oldest first."""
    query = select(destinations.c.started_at).where(
        destinations.c.connection_id == connection_id, destinations.c.started_at > since
    )
    return sorted((await db.execute(query)).scalars())
