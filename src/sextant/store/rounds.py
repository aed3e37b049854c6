"""Accounts as they are read: which is due, who reads it, what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.store import readings, workers
from sextant.store.rows import columns, many, upserting
from sextant.store.tables import rounds


@dataclass(frozen=True, slots=True)
class Round:
    """An account whose posts are read. `failures`: whole reads that failed in a row."""

    connection_id: str
    platform: str
    due_at: datetime
    failures: int


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads. `reading`: the accounts it really has under way. `beats`: the machine's time."""

    id: str
    reading: tuple[str, ...]
    beats: datetime


def _open(reader: Reader, now: datetime) -> ColumnElement[bool]:
    """Due, waiting for nothing, and in nobody's hands who is alive."""
    free = or_(
        rounds.c.holder.is_(None),
        rounds.c.holder.not_in(workers.alive(reader.beats)),
        rounds.c.holder == reader.id,
    )
    waits = and_(rounds.c.held_until.is_not(None), rounds.c.held_until > now)
    return and_(rounds.c.due_at <= now, ~waits, free, rounds.c.connection_id.not_in(reader.reading))


async def due(db: AsyncConnection, reader: Reader, now: datetime, most: int) -> list[Round]:
    """The accounts with something to read, the longest due first."""
    query = select(*columns(rounds, Round)).where(_open(reader, now)).order_by(rounds.c.due_at).limit(most)
    return many(Round, await db.execute(query))


async def next_due(db: AsyncConnection, now: datetime) -> datetime | None:
    """When the next account is due that is not yet."""
    at = case((rounds.c.held_until > rounds.c.due_at, rounds.c.held_until), else_=rounds.c.due_at)
    query = select(at).where(rounds.c.due_at.is_not(None), at > now).order_by(at).limit(1)
    coming: datetime | None = (await db.execute(query)).scalar()
    return coming


async def take(db: AsyncConnection, reader: Reader, connection_id: str, now: datetime) -> bool:
    """Takes an account in hand; False: another was faster, or it waits for something now."""
    query = update(rounds).where(rounds.c.connection_id == connection_id, _open(reader, now))
    return (await db.execute(query.values(holder=reader.id))).rowcount == 1


async def rest(db: AsyncConnection, reader: Reader, connection_id: str, **values: Any) -> None:
    """Lets an account go, if it is still in hand: it is due again when the first of its readings is.

    Its row is locked first, so that a post that comes out meanwhile is not overlooked.
    """
    which = (rounds.c.connection_id == connection_id, rounds.c.holder == reader.id)
    await db.execute(select(rounds.c.connection_id).where(*which).with_for_update())
    due_at = await readings.first_due(db, connection_id)
    await db.execute(update(rounds).where(*which).values(due_at=due_at, holder=None, **values))


async def expect(db: AsyncConnection, connection_id: str, platform: str, at: datetime) -> None:
    """Something of this account is due at that time, if nothing was before."""
    insert = upserting(db, rounds).values(connection_id=connection_id, platform=platform, due_at=at)
    sooner = case((rounds.c.due_at < at, rounds.c.due_at), else_=insert.excluded.due_at)
    await db.execute(insert.on_conflict_do_update(index_elements=["connection_id"], set_={"due_at": sooner}))


async def hold(
    db: AsyncConnection, until: datetime, *, platform: str, connection_id: str | None, ceiling: bool = False
) -> None:
    """Nothing is read before `until`: of one account, or of all of a network. It is never made sooner."""
    which = [rounds.c.platform == platform]
    if connection_id is not None:
        which.append(rounds.c.connection_id == connection_id)
    sooner = or_(rounds.c.held_until.is_(None), rounds.c.held_until < until)
    query = update(rounds).where(*which, sooner)
    await db.execute(query.values(held_until=until, held_by_ceiling=ceiling))


async def let_go(db: AsyncConnection, connection_id: str, now: datetime) -> None:
    """What an account waited for has come: it was connected again. What failed is tried again at once."""
    await readings.try_again(db, connection_id, now)
    query = update(rounds).where(rounds.c.connection_id == connection_id)
    await db.execute(query.values(held_until=None, held_by_ceiling=False, failures=0, due_at=now))


async def forget_ceilings(db: AsyncConnection) -> None:
    """At a start the operator's ceilings may be others."""
    query = update(rounds).where(rounds.c.held_by_ceiling.is_(True))
    await db.execute(query.values(held_until=None, held_by_ceiling=False))


async def overdue_since(db: AsyncConnection) -> datetime | None:
    """Since when the longest due reading has been due."""
    query = select(rounds.c.due_at).where(rounds.c.due_at.is_not(None)).order_by(rounds.c.due_at).limit(1)
    first: datetime | None = (await db.execute(query)).scalar()
    return first
