"""Time ranges of queries, and their days and months in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sextant.sandbox.linkedin.errors import invalid
from sextant.sandbox.linkedin.restli import Value

Span = tuple[float, float]
"""Start and end, unix seconds."""


def milliseconds(value: Value | None) -> Span:
    """`(start:<ms>,end:<ms>)`."""
    start, end = ends(value)
    if not (isinstance(start, str) and start.isdigit() and isinstance(end, str) and end.isdigit()):
        raise invalid("A time range needs 'start' and 'end' in milliseconds")
    return checked(int(start) / 1000, int(end) / 1000)


def dates(value: Value) -> Span:
    """`(start:(day:4,month:5,year:2024),end:(…))`; the end day is left out of the range."""
    start, end = ends(value)
    return checked(midnight(start).timestamp(), midnight(end).timestamp())


def ends(value: Value | None) -> tuple[Value, Value]:
    if not isinstance(value, dict) or set(value) != {"start", "end"}:
        raise invalid("A range needs 'start' and 'end'")
    return value["start"], value["end"]


def midnight(value: Value) -> datetime:
    try:
        day, month, year = (int(str(value[name])) for name in ("day", "month", "year"))  # type: ignore[call-overload,index]
        return datetime(year, month, day, tzinfo=UTC)
    except (KeyError, TypeError, ValueError):
        raise invalid("A date needs 'day', 'month' and 'year'") from None


def checked(start: float, end: float) -> Span:
    if start >= end:
        raise invalid("A range must start before it ends")
    return start, end


def pieces(span: Span, granularity: str) -> Iterator[Span]:
    """The UTC days (`DAY`) or months (`MONTH`) that a span touches, cut to it; any other word: the span."""
    start, end = span
    while start < end:
        stop = min(end, following(start, granularity, end))
        yield start, stop
        start = stop


def following(moment: float, granularity: str, otherwise: float) -> float:
    today = datetime.fromtimestamp(moment, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match granularity:
        case "DAY":
            return (today + timedelta(days=1)).timestamp()
        case "MONTH":
            return (today.replace(day=1) + timedelta(days=32)).replace(day=1).timestamp()
    return otherwise
