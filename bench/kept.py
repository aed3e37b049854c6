"""What the database holds, and what of it may not be so: between two looks at it, and in itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.metrics import KEYS, Reason
from sextant.normalize import normalize
from sextant.platforms import PLATFORMS
from sextant.platforms.base import Refusal
from sextant.platforms.catalogue import Kind
from sextant.store import Store, tables
from sextant.store.history import NOTHING, Figures, whole

PLANS_PART = 0.9
"""The plan stops there; the rest of a ceiling is for those who ask (docs/collecting.md)."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A reading. `figures`: its 13 numbers as the history keeps them."""

    as_of: datetime | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the history."""

    destination_id: str
    at: datetime
    unseen_s: int | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class Account:
    """`due_at`: when it can be read next, as far as the database says; None: never."""

    connection_id: str
    due_at: datetime | None
    holder: str | None
    held_by_ceiling: bool


Purse = tuple[str, str, str, float]
"""Network, connection (empty for the app), allowance, begin of the window in unix seconds."""


@dataclass(frozen=True, slots=True)
class Look:
    """Everything at one moment. `published`: {destination: (post, connection)}; `rows` by position."""

    published: Mapping[str, tuple[str, str]]
    readings: Mapping[str, Stored]
    rows: Mapping[int, Row]
    accounts: Sequence[Account]
    tallies: Mapping[Purse, int]


async def look(store: Store) -> Look:
    """In one transaction that sees one state."""
    async with store.engine.connect() as db:
        if not store.is_sqlite:
            await db.execution_options(isolation_level="REPEATABLE READ")
        return Look(
            await _published(db), await _readings(db), await _rows(db), await accounts(db), await _tallies(db)
        )


async def _published(db: AsyncConnection) -> dict[str, tuple[str, str]]:
    table = tables.destinations
    query = select(table.c.id, table.c.post_id, table.c.connection_id)
    return {name: (post, connection) for name, post, connection in await db.execute(query)}


async def _readings(db: AsyncConnection) -> dict[str, Stored]:
    table, of = tables.readings, tables.destinations
    query = select(table, of.c.platform, of.c.kind).join_from(table, of, of.c.id == table.c.destination_id)
    return {row.destination_id: Stored(row.as_of, figures(row)) for row in await db.execute(query)}


def figures(row: Any) -> Figures:
    refused = {key: Refusal(Reason(why), said) for key, (why, said) in row.refused.items()}
    if row.as_of is None:
        return NOTHING
    metrics, _ = normalize(PLATFORMS[row.platform].catalogue, row.raw, Kind(row.kind), refused)
    return tuple(whole(metrics[key]) for key in KEYS)


async def _rows(db: AsyncConnection) -> dict[int, Row]:
    history, series = tables.history, tables.series
    numbers = [history.c[key] for key in KEYS]
    query = (
        select(history.c.position, series.c.destination_id, history.c.at, history.c.unseen_s, *numbers)
        .join_from(history, series, series.c.id == history.c.series_id)
        .order_by(history.c.position)
    )
    found = await db.execute(query)
    return {position: Row(name, at, unseen_s, tuple(rest)) for position, name, at, unseen_s, *rest in found}


async def accounts(db: AsyncConnection) -> list[Account]:
    rounds = tables.rounds
    found = await db.execute(select(rounds))
    return [
        Account(row.connection_id, due(row.due_at, row.held_until), row.holder, row.held_by_ceiling)
        for row in found
    ]


def due(due_at: datetime | None, held_until: datetime | None) -> datetime | None:
    return due_at if due_at is None or held_until is None else max(due_at, held_until)


async def _tallies(db: AsyncConnection) -> dict[Purse, int]:
    found = await db.execute(select(tables.tallies))
    return {(row.platform, row.scope, row.allowance, row.begins.timestamp()): row.spent for row in found}


# ---- what may not be -----------------------------------------------------------------------------


def lost(before: Look, after: Look) -> Iterator[str]:
    """What was there and is not any more, and numbers that were stored without their history."""
    for name in after.published:
        if name not in after.readings:
            yield f"destination {name} has no reading"
    for name, old in before.readings.items():
        new = after.readings.get(name)
        if new and old.as_of and (new.as_of is None or new.as_of < old.as_of):
            yield f"the reading of {name} was of {old.as_of} and is of {new.as_of}"
    for position, row in before.rows.items():
        if after.rows.get(position) != row:
            yield f"row {position} of the history was {row} and is {after.rows.get(position)}"
    histories = by_destination(after)
    for name, reading in after.readings.items():
        rows = histories.get(name)
        if reading.figures != (rows[-1].figures if rows else NOTHING):
            yield f"the reading of {name} is not the last of its history: {reading}, {rows and rows[-1]}"


def doubled(after: Look) -> Iterator[str]:
    """Neighbours in the history of a destination that say the same."""
    for rows in by_destination(after).values():
        for one, other in pairwise([Row("", rows[0].at, None, NOTHING), *rows]):
            if one.figures == other.figures:
                yield f"two rows of the history say the same: {one}, {other}"


def by_destination(found: Look) -> dict[str, list[Row]]:
    """The history of each, by time."""
    histories: dict[str, list[Row]] = {}
    for row in found.rows.values():
        histories.setdefault(row.destination_id, []).append(row)
    return {name: sorted(rows, key=lambda row: row.at) for name, rows in histories.items()}


# ---- budgets -------------------------------------------------------------------------------------

ROLLING = {"lookups_per_15_minutes": 900, "calls_per_hour": 3600}
"""Where a network counts the last so many seconds: what falls into two windows in a row may be one of its."""


def exceeded(
    ceilings: Mapping[str, Mapping[str, int]], seen: Mapping[Purse, int], found: Look
) -> Iterator[str]:
    """`seen`: what the networks counted, looked at before the database was."""
    for purse, count in seen.items():
        network, scope, allowance, begin = purse
        ceiling = ceilings.get(network, {}).get(allowance)
        if ceiling is None:
            continue
        earlier = seen.get((network, scope, allowance, begin - ROLLING.get(allowance, math.inf)), 0)
        if count + earlier > math.ceil(ceiling * PLANS_PART):
            yield f"{purse}: {count} and {earlier} before, where {ceiling} is the ceiling"
        if count > found.tallies.get(purse, 0):
            yield f"{purse}: {count}, where {found.tallies.get(purse, 0)} is on paper"
