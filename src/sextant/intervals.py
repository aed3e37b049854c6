"""From the changes of a destination to hours or days: what it stood at, and what each added. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sextant.store.history import NOTHING, Change, Figures

EPOCH = datetime.fromisoformat("1970-01-01T00:00:00Z")


@dataclass(frozen=True, slots=True)
class Interval:
    """`figures`: the lifetime numbers at `end`, as they were last seen at `as_of`. `deltas`: against those
    of the interval before, last seen at `since`; None where either is."""

    start: datetime
    end: datetime
    as_of: datetime
    since: datetime | None
    figures: Figures
    deltas: Figures


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers that were seen from `at` to `until`, and not looked at between there and the next span."""

    at: datetime
    until: datetime
    figures: Figures


def spans(changes: Sequence[Change], seen_at: datetime | None) -> list[Span]:
    """`seen_at`: when the destination was last read."""
    ends = [change.seen_at for change in changes[1:]] + [seen_at]
    return [
        Span(change.at, max(change.at, end or change.at), change.figures)
        for change, end in zip(changes, ends[: len(changes)], strict=True)
    ]


def intervals(found: Sequence[Span], begin: datetime, end: datetime, step: timedelta) -> Iterator[Interval]:
    """Those between `begin` and `end` in which the numbers were seen, or seen the same before and after.

    They begin at whole steps, in UTC; the last one ends at `end`.
    """
    if not found:
        return
    last, place = None, 0
    start = floor(max(begin, found[0].at), step)
    while start < end and start <= found[-1].until:
        stop = min(start + step, end)
        before = last
        while place < len(found) and found[place].at < stop:
            before = found[place] if found[place].at < start else before
            last, place = found[place], place + 1
        if last is not None and last.until >= start:
            yield _interval(start, stop, last, before)
        start += step


def _interval(start: datetime, stop: datetime, last: Span, before: Span | None) -> Interval:
    since = None if before is None else min(before.until, start)
    deltas = tuple(map(difference, last.figures, before.figures if before else NOTHING))
    return Interval(start, stop, min(last.until, stop), since, last.figures, deltas)


def difference(now: int | None, before: int | None) -> int | None:
    return None if now is None or before is None else now - before


def floor(moment: datetime, step: timedelta) -> datetime:
    """The whole step, counted from 1970, in which a moment lies."""
    return moment - (moment - EPOCH) % step
