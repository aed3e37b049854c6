"""The numbers of each destination over time: one row for every reading that changed one of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Select, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.metrics import KEYS, Metrics, Number
from sextant.store import changes
from sextant.store.tables import history, series

MOST_COUNTED = 2**63 - 1
MOST_UNSEEN_S = 2**31 - 1

Figures = tuple[int | None, ...]
"""The 13 numbers in the order of KEYS, as the history keeps them."""

NOTHING: Figures = (None,) * len(KEYS)


@dataclass(frozen=True, slots=True)
class State:
    """The numbers of a destination as of `at`. `seen_at`: when the numbers before them were last seen."""

    destination_id: str
    at: datetime
    seen_at: datetime | None
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Change:
    """A row. `unseen_s`: whole seconds before `at` in which the numbers before were not seen any more; None
    when nothing was known before."""

    at: datetime
    unseen_s: int | None
    figures: Figures

    @property
    def seen_at(self) -> datetime | None:
        """When the numbers before it were last seen, to the second."""
        return None if self.unseen_s is None else self.at - timedelta(seconds=self.unseen_s)


def whole(value: Number | None) -> int | None:
    """As the history keeps it: a whole number of 64 bits; what no network can have counted is unknown."""
    rounded = None if value is None else round(value)
    return None if rounded is None or rounded > MOST_COUNTED else rounded


async def append(db: AsyncConnection, states: Sequence[State]) -> None:
    """A row for every state that differs from the last row of its destination; one state a destination.

    Call it after `readings.save`, in the same transaction: that keeps other writers off the destination.
    """
    last = await _last(db, [state.destination_id for state in states])
    numbers = {name: number for name, (number, _) in last.items()}
    before = {name: change for name, (_, change) in last.items()}
    pairs = [(state.destination_id, _row(state, before.get(state.destination_id))) for state in states]
    rows = [(name, row) for name, row in pairs if row is not None]
    if not rows:
        return
    numbers |= await _numbers(db, [name for name, _ in rows if name not in numbers])
    await changes.announce(db)
    await db.execute(insert(history), [{"series_id": numbers[name], **row} for name, row in rows])


def _row(state: State, last: Change | None) -> dict[str, Any] | None:
    """What to append, None when nothing changed. It is later than the last row, whatever the clocks say."""
    figures = tuple(whole(state.metrics[key]) for key in KEYS)
    if figures == (last.figures if last else NOTHING):
        return None
    at, unseen_s = state.at, None
    if last is not None:
        at = max(at, last.at + timedelta(milliseconds=1))
        unseen = at - max(last.at, state.seen_at or last.at)
        unseen_s = min(MOST_UNSEEN_S, max(0, unseen // timedelta(seconds=1)))
    return {"at": at, "unseen_s": unseen_s, **dict(zip(KEYS, figures, strict=True))}


async def _last(db: AsyncConnection, destination_ids: Sequence[str]) -> dict[str, tuple[int, Change]]:
    """The last row of each destination that has one, and the number of its series."""
    other = history.alias()
    newest = _of_series(other, func.max(other.c.at))
    query = (
        _rows(series.c.id)
        .join(history, (history.c.series_id == series.c.id) & (history.c.at == newest))
        .where(series.c.destination_id.in_(destination_ids))
    )
    return {row[0]: (row[-1], _change(row[:-1])) for row in await db.execute(query)}


async def _numbers(db: AsyncConnection, destination_ids: Sequence[str]) -> dict[str, int]:
    """The numbers of destinations without a row; a destination gets one with its first row."""
    query = select(series.c.destination_id, series.c.id).where(series.c.destination_id.in_(destination_ids))
    known = _pairs(await db.execute(query)) if destination_ids else {}
    if new := [{"destination_id": name} for name in destination_ids if name not in known]:
        await db.execute(insert(series), new)
        known = _pairs(await db.execute(query))
    return known


def _pairs(rows: Iterable[Any]) -> dict[str, int]:
    return {row[0]: row[1] for row in rows}


async def of(
    db: AsyncConnection, destination_ids: Sequence[str], since: datetime, until: datetime
) -> dict[str, list[Change]]:
    """The changes in [since, until) by time, and with them the one before and the one after, if there are."""
    other = history.alias()
    before = _of_series(other, func.max(other.c.at), other.c.at < since)
    after = _of_series(other, func.min(other.c.at), other.c.at >= until)
    query = (
        _rows()
        .join(history, history.c.series_id == series.c.id)
        .where(series.c.destination_id.in_(destination_ids))
        .where(history.c.at >= func.coalesce(before, _moment(since)))
        .where(history.c.at <= func.coalesce(after, _moment(until)))
        .order_by(series.c.destination_id, history.c.at)
    )
    rows = (await db.execute(query)).all()
    return {name: [_change(row) for row in found] for name, found in groupby(rows, key=lambda row: row[0])}


def _of_series(other: Any, picked: Any, *when: ColumnElement[bool]) -> Any:
    return select(picked).where(other.c.series_id == series.c.id, *when).correlate(series).scalar_subquery()


def _moment(value: datetime) -> Any:
    return literal(value, history.c.at.type)


def _rows(*more: Any) -> Select[Any]:
    figures = [history.c[key] for key in KEYS]
    wanted = (series.c.destination_id, history.c.at, history.c.unseen_s, *figures, *more)
    return select(*wanted).select_from(series)


def _change(row: Sequence[Any]) -> Change:
    _, at, unseen_s, *figures = row
    return Change(at, unseen_s, tuple(figures))
