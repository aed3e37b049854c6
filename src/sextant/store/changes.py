"""The history as a feed: from a position onwards, and no row that commits late is passed over.

On Postgres positions are given out in one order and committed in another. Whoever appends therefore first
takes a shared advisory lock that says how far positions were given out; a reader goes no further than the
lowest of those. Nobody waits for anybody, and a process that is stuck holds up the feed alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.metrics import KEYS
from sextant.store.tables import destinations, history, posts, series

WINDOW = 10_000
"""How many rows one look passes over at most, those of other organizations among them."""

LOCKS = 0x5E77 << 48
"""Our advisory locks are this and the position; 48 bits are room enough."""

GIVEN_OUT = "coalesce(pg_sequence_last_value(pg_get_serial_sequence('history', 'position')::regclass), 0)"
ANNOUNCE = text(f"SELECT pg_advisory_xact_lock_shared(:locks + {GIVEN_OUT})")
UNDER_WAY = text(
    "SELECT min((classid::bigint << 32 | objid::bigint) - :locks) FROM pg_locks "
    "WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = :locks >> 48 "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@dataclass(frozen=True, slots=True)
class Changed:
    """A row of the feed. `figures`: the 13 numbers in the order of KEYS."""

    position: int
    at: datetime
    post_id: str
    connection_id: str
    platform: str
    figures: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """`reached`: the position to go on from. `more`: there are further rows already, whosever they are."""

    changed: list[Changed]
    reached: int
    more: bool


async def announce(db: AsyncConnection) -> None:
    """Before rows are appended in this transaction. (SQLite has one writer at a time.)"""
    if db.dialect.name == "postgresql":
        await db.execute(ANNOUNCE, {"locks": LOCKS})


async def settled(db: AsyncConnection) -> int:
    """The position up to which every row is committed or will never be.

    Read the rows in a transaction begun after this one: what was committed meanwhile has to show there.
    """
    if db.dialect.name != "postgresql":
        newest: int | None = (await db.execute(select(func.max(history.c.position)))).scalar()
        return newest or 0
    # In this order: who announces itself after the first question is given positions beyond its answer.
    given_out: int = (await db.execute(text(f"SELECT {GIVEN_OUT}"))).scalar_one()
    under_way: int | None = (await db.execute(UNDER_WAY, {"locks": LOCKS})).scalar()
    return given_out if under_way is None else min(given_out, under_way)


async def after(db: AsyncConnection, organization_id: str, position: int, limit: int, end: int) -> Look:
    """An organization's own rows in (position, end], at most `limit`. `end`: what `settled` said.

    In strides, each twice as long as the one before: mostly the first finds a page, however much follows.
    """
    found: list[Changed] = []
    reached, stride, bound = position, limit, min(end, position + WINDOW)
    while reached < bound and len(found) < limit:
        stop = min(bound, reached + stride)
        query = _between(organization_id, reached, stop).limit(limit - len(found))
        found += [_changed(row) for row in await db.execute(query)]
        reached, stride = stop, stride * 2
    if len(found) == limit:
        reached = found[-1].position
    return Look(found, reached, reached < end)


def _between(organization_id: str, position: int, stop: int) -> Select[Any]:
    # Not a join: a database that begins with the organization's posts goes through all of them.
    owner = select(posts.c.organization_id).where(posts.c.id == destinations.c.post_id).scalar_subquery()
    figures = [history.c[key] for key in KEYS]
    whose = (destinations.c.post_id, destinations.c.connection_id, destinations.c.platform)
    return (
        select(history.c.position, history.c.at, *whose, *figures)
        .join_from(history, series, series.c.id == history.c.series_id)
        .join(destinations, destinations.c.id == series.c.destination_id)
        .where(owner == organization_id)
        .where(history.c.position > position, history.c.position <= stop)
        .order_by(history.c.position)
    )


def _changed(row: Sequence[Any]) -> Changed:
    position, at, post_id, connection_id, platform, *figures = row
    return Changed(position, at, post_id, connection_id, platform, tuple(figures))
