"""Hours and days, from changes and from when the numbers were last seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sextant.intervals import Interval, difference, floor, intervals, spans
from sextant.metrics import KEYS
from sextant.store.history import Change, Figures

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
START = datetime(2026, 11, 1, tzinfo=UTC)


def figures(likes: int | None) -> Figures:
    return (likes, *[None] * (len(KEYS) - 1))


def change(day: float, likes: int | None, unseen: float | None = 0) -> Change:
    """`unseen`: days."""
    gap = None if unseen is None else round(unseen * 86400)
    return Change(START + day * DAY, gap, figures(likes))


def days(changes: list[Change], seen: float, begin: float = 0, end: float = 10) -> list[tuple[object, ...]]:
    """(day, likes, delta, as_of, since), the times in days."""
    found = spans(changes, START + seen * DAY)
    return [
        (*place(entry.start), entry.figures[0], entry.deltas[0], *place(entry.as_of), *place(entry.since))
        for entry in intervals(found, START + begin * DAY, START + end * DAY, DAY)
    ]


def place(moment: datetime | None) -> tuple[float | None]:
    return (None if moment is None else (moment - START) / DAY,)


def test_the_value_at_the_end_and_what_was_gained() -> None:
    changes = [change(0.5, 10, None), change(1.2, 15), change(1.8, 14), change(2.5, 20)]
    assert days(changes, seen=2.75) == [
        (0, 10, None, 1, None),
        (1, 14, 4, 2, 1),
        (2, 20, 6, 2.75, 2),
    ]


def test_days_without_a_reading_are_left_out_and_the_next_counts_from_the_last_sight() -> None:
    changes = [change(0.5, 10, None), change(4.5, 16, unseen=3.75), change(5.5, 17)]
    assert days(changes, seen=5.5) == [
        (0, 10, None, 0.75, None),
        (4, 16, 6, 5, 0.75),
        (5, 17, 1, 5.5, 5),
    ]


def test_what_was_the_same_before_and_after_was_the_same_between() -> None:
    changes = [change(0.5, 10, None), change(4.5, 16, unseen=1)]
    assert [(day, likes, delta) for day, likes, delta, *_ in days(changes, seen=4.5)] == [
        (0, 10, None),
        (1, 10, 0),
        (2, 10, 0),
        (3, 10, 0),
        (4, 16, 6),
    ]


def test_nothing_is_said_of_the_time_after_the_last_reading() -> None:
    assert days([change(0.5, 10, None)], seen=2.5, end=10)[-1] == (2, 10, 0, 2.5, 2)
    assert days([change(0.5, 10, None)], seen=2.5, begin=3) == []


def test_nulls_stay_and_have_no_difference() -> None:
    changes = [change(0.5, 10, None), change(1.5, None), change(2.5, 12)]
    shown = [(likes, delta) for _, likes, delta, *_ in days(changes, seen=3)]
    assert shown == [(10, None), (None, None), (12, None), (12, 0)]
    assert (difference(0, 0), difference(3, 5), difference(None, 0)) == (0, -2, None)


def test_the_first_of_a_period_counts_from_what_was_before_it() -> None:
    changes = [change(0.5, 10, None), change(3.5, 16, unseen=0.25)]
    assert days(changes, seen=3.5, begin=3, end=4) == [(3, 16, 6, 3.5, 3)]
    assert days(changes, seen=3.5, begin=2, end=3) == [(2, 10, 0, 3, 2)]


def test_the_last_ends_where_the_period_ends() -> None:
    changes = [change(0.5, 10, None), change(1.75, 16)]
    assert days(changes, seen=4, end=1.5)[-1] == (1, 10, 0, 1.5, 1)
    (last,) = list(intervals(spans(changes[:1], None), START, START + 0.75 * DAY, DAY))
    assert last.end == START + 0.75 * DAY


def test_a_change_at_midnight_belongs_to_the_day_that_begins() -> None:
    assert days([change(0.5, 1, None), change(1, 2)], seen=1, end=3) == [
        (0, 1, None, 1, None),
        (1, 2, 1, 1, 1),
    ]


def test_whole_steps_are_counted_in_utc() -> None:
    moment = datetime(2026, 3, 1, 17, 45, 3, 7, UTC)
    assert floor(moment, DAY) == datetime(2026, 3, 1, tzinfo=UTC)
    assert floor(moment, HOUR) == datetime(2026, 3, 1, 17, tzinfo=UTC)
    assert floor(floor(moment, HOUR), HOUR) == floor(moment, HOUR)


rows = st.lists(
    st.tuples(st.integers(1, 50_000), st.integers(0, 40_000), st.none() | st.integers(0, 99)),
    min_size=1,
    max_size=30,
)


@given(rows, st.integers(0, 500_000), st.sampled_from([HOUR, DAY]))
def test_every_change_counts_once(
    steps: list[tuple[int, int, int | None]], more: int, step: timedelta
) -> None:
    """The deltas lead from each interval's number to the next one's; nothing comes before it was seen."""
    at, changes = START, []
    for wait, unseen, likes in steps:
        at += timedelta(seconds=wait)
        changes.append(Change(at, min(unseen, wait) if changes else None, figures(likes)))
    found: list[Interval] = list(
        intervals(spans(changes, at + timedelta(seconds=more)), START, START + 60 * DAY, step)
    )
    assert {floor(c.at, step) for c in changes} <= {entry.start for entry in found}
    for before, after in pairwise(found):
        assert after.deltas[0] == difference(after.figures[0], before.figures[0])
        assert after.since == before.as_of <= after.start <= after.as_of
    for entry in found:
        assert entry.figures == [c.figures for c in changes if c.at < entry.end][-1]
    assert found[0].since is None
