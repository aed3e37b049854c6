"""What reading has spent, per window: counted before the call, so that a crash never makes it too little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.store.rows import upserting
from sextant.store.tables import tallies


@dataclass(frozen=True, slots=True)
class Purse:
    """An allowance in one window, of the app (`scope` empty) or of one account."""

    platform: str
    scope: str
    allowance: str
    begins: datetime


KEY = tuple(field.name for field in fields(Purse))


def _is(purse: Purse) -> ColumnElement[bool]:
    return and_(*(tallies.c[name] == getattr(purse, name) for name in KEY))


async def take(db: AsyncConnection, purse: Purse, least: int, wish: int, ceiling: int) -> int:
    """Counts `wish`, or what is left of the ceiling if that is at least `least`; 0: not even that is."""
    wish = max(wish, least)
    if await _added(db, purse, wish, ceiling):
        return wish
    # The row is locked now, also on Postgres, where another may have been there first.
    left = min(wish, ceiling - (await spent(db, [purse]))[purse])
    return left if left >= max(1, least) and await _added(db, purse, left, ceiling) else 0


async def _added(db: AsyncConnection, purse: Purse, count: int, ceiling: int) -> bool:
    if count > ceiling:
        return False
    query = _adding(db, purse, count, where=tallies.c.spent + count <= ceiling)
    return (await db.execute(query.returning(tallies.c.spent))).first() is not None


def _adding(db: AsyncConnection, purse: Purse, count: int, where: Any = None) -> Any:
    new = upserting(db, tallies).values(spent=count, **asdict(purse))
    added = {"spent": tallies.c.spent + count}
    return new.on_conflict_do_update(index_elements=KEY, set_=added, where=where)


async def add(db: AsyncConnection, purse: Purse, count: int) -> None:
    """Counts what is spent in any case, also beyond a ceiling."""
    await db.execute(_adding(db, purse, count))


async def give_back(db: AsyncConnection, purse: Purse, unspent: int) -> None:
    if unspent > 0:
        await db.execute(update(tallies).where(_is(purse)).values(spent=tallies.c.spent - unspent))


async def spent(db: AsyncConnection, purses: Sequence[Purse]) -> dict[Purse, int]:
    found = {}
    for purse in purses:
        value = (await db.execute(select(tallies.c.spent).where(_is(purse)))).scalar()
        found[purse] = int(value or 0)
    return found


async def most_spent(db: AsyncConnection, platform: str, allowance: str, since: datetime) -> int:
    """By the app, or by the account that spent most, in the windows that began since then."""
    total = func.sum(tallies.c.spent)
    query = (
        select(total)
        .where(tallies.c.platform == platform, tallies.c.allowance == allowance, tallies.c.begins >= since)
        .group_by(tallies.c.scope)
        .order_by(total.desc())
        .limit(1)
    )
    return int((await db.execute(query)).scalar() or 0)


async def prune(db: AsyncConnection, before: datetime) -> None:
    """Windows that began before that."""
    await db.execute(delete(tallies).where(tallies.c.begins < before))
