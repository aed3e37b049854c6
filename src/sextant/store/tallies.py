"""What reading has spent, per window: counted before the call, so that a crash never makes it too little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.store.tables import tallies


@dataclass(frozen=True, slots=True)
class Purse:
    """An allowance in one window, of the app (`scope` empty) or of one account."""

    platform: str
    scope: str
    allowance: str
    begins: datetime


def _is(purse: Purse) -> list[object]:
    names = ("platform", "scope", "allowance", "begins")
    return [tallies.c[name] == getattr(purse, name) for name in names]


async def take(db: AsyncConnection, purse: Purse, least: int, wish: int, ceiling: int) -> int:
    """Counts `wish`, or what is left of the ceiling if that is at least `least`; 0: not even that is."""
    new = (sqlite if db.dialect.name == "sqlite" else postgresql).insert(tallies)
    named = {name: getattr(purse, name) for name in ("platform", "scope", "allowance", "begins")}
    await db.execute(new.values(spent=0, **named).on_conflict_do_nothing())
    found = await db.execute(select(tallies.c.spent).where(*_is(purse)).with_for_update())  # type: ignore[arg-type]
    spent = int(found.scalar_one())
    taken = min(max(wish, least), ceiling - spent)
    if taken < least or taken <= 0:
        return 0
    await db.execute(update(tallies).where(*_is(purse)).values(spent=spent + taken))  # type: ignore[arg-type]
    return taken


async def add(db: AsyncConnection, purse: Purse, count: int) -> None:
    """Counts what is spent in any case, also beyond a ceiling."""
    new = (sqlite if db.dialect.name == "sqlite" else postgresql).insert(tallies)
    named = {name: getattr(purse, name) for name in ("platform", "scope", "allowance", "begins")}
    keys = ["platform", "scope", "allowance", "begins"]
    added = {"spent": tallies.c.spent + count}
    await db.execute(new.values(spent=count, **named).on_conflict_do_update(index_elements=keys, set_=added))


async def give_back(db: AsyncConnection, purse: Purse, unspent: int) -> None:
    if unspent > 0:
        which = _is(purse)
        await db.execute(update(tallies).where(*which).values(spent=tallies.c.spent - unspent))  # type: ignore[arg-type]


async def spent(db: AsyncConnection, purses: Sequence[Purse]) -> dict[Purse, int]:
    found = {}
    for purse in purses:
        value = (await db.execute(select(tallies.c.spent).where(*_is(purse)))).scalar()  # type: ignore[arg-type]
        found[purse] = int(value or 0)
    return found


async def most_spent(db: AsyncConnection, platform: str, allowance: str, begins: datetime) -> int:
    """By the app, or by the account that spent most, in that window."""
    query = select(func.max(tallies.c.spent)).where(
        tallies.c.platform == platform, tallies.c.allowance == allowance, tallies.c.begins == begins
    )
    return int((await db.execute(query)).scalar() or 0)


async def prune(db: AsyncConnection, before: datetime) -> None:
    """Windows that began before that."""
    await db.execute(delete(tallies).where(tallies.c.begins < before))
