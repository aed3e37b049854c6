"""Who is at work: a row per running process, and its heartbeat. What a silent one held is free again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.store.tables import destinations, workers

SILENT_AFTER = timedelta(seconds=30)
"""A worker that has not been heard of for so long is taken for dead."""
FORGOTTEN_AFTER = timedelta(days=1)


def alive(now: datetime) -> Select[Any]:
    """The ids of the living, as a subquery."""
    return select(workers.c.id).where(workers.c.beat_at > now - SILENT_AFTER)


async def enter(db: AsyncConnection, worker_id: str, name: str, now: datetime) -> None:
    await db.execute(delete(workers).where(workers.c.beat_at < now - FORGOTTEN_AFTER))
    await db.execute(insert(workers).values(id=worker_id, name=name, started_at=now, beat_at=now))


async def beat(db: AsyncConnection, worker_id: str, now: datetime) -> bool:
    """False when the row is gone: then what this worker held may be somebody else's."""
    query = update(workers).where(workers.c.id == worker_id).values(beat_at=now)
    return (await db.execute(query)).rowcount == 1


async def leave(db: AsyncConnection, worker_id: str) -> None:
    """An orderly end: what it held is free at once. What is being cancelled just now is let go by that."""
    held = select(destinations.c.id).where(destinations.c.holder == worker_id)
    ids = list((await db.execute(held.with_for_update(skip_locked=True))).scalars())
    await db.execute(update(destinations).where(destinations.c.id.in_(ids)).values(holder=None))
    await db.execute(delete(workers).where(workers.c.id == worker_id))


async def bury_all(db: AsyncConnection) -> None:
    """For a database that only this process can use: whoever worked before is gone."""
    await db.execute(update(destinations).where(destinations.c.holder.is_not(None)).values(holder=None))
    await db.execute(delete(workers))
