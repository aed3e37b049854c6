"""When a network's counting begins again; pure, on a clock of numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sextant.sandbox.windows import MINUTE, QUARTER, UTC_DAY, UTC_MONTH, Count, Window

PACIFIC = Window("day", zone="America/Los_Angeles")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("window", "now", "end"),
    [
        (UTC_DAY, "2026-11-25T23:59:59", "2026-11-26T00:00:00"),
        (UTC_MONTH, "2026-12-31T12:00:00", "2027-01-01T00:00:00"),
        (UTC_MONTH, "2026-01-31T12:00:00", "2026-02-01T00:00:00"),
        (PACIFIC, "2026-11-25T07:59:59", "2026-11-25T08:00:00"),
        (PACIFIC, "2026-07-25T07:00:00", "2026-07-26T07:00:00"),
        # Clocks go back on this day: it lasts 25 hours.
        (PACIFIC, "2026-11-01T07:00:00", "2026-11-02T08:00:00"),
        (QUARTER, "2026-11-25T12:00:01", "2026-11-25T12:15:01"),
    ],
)
def test_a_window_ends_with_its_calendar_or_its_length(window: Window, now: str, end: str) -> None:
    assert window.end(at(now)) == at(end)


def test_a_fixed_window_begins_with_the_first_thing_counted() -> None:
    count = Count()
    for now in (0.0, 899.0):
        count.settle(QUARTER, now)
        count.add(QUARTER, 1, now)
    assert (count.used, count.ends_at) == (2, 900)
    count.settle(QUARTER, 900)
    assert (count.used, count.ends_at) == (0, None)


def test_a_rolling_window_lets_go_one_by_one() -> None:
    count = Count()
    for now in (0.0, 20.0, 40.0):
        count.add(MINUTE, 1, now)
    assert count.free_at(MINUTE, 3, 40) == pytest.approx(60, abs=0.01)
    assert count.free_at(MINUTE, 2, 40) == pytest.approx(80, abs=0.01)
    left = []
    for now in (59.0, 61.0, 81.0, 101.0):
        count.settle(MINUTE, now)
        left.append(count.used)
    assert left == [3, 2, 1, 0]


def test_however_much_is_counted_a_window_stays_small() -> None:
    day, count = Window("rolling", timedelta(days=1).total_seconds(), slice_s=60), Count()
    for n in range(100_000):
        count.settle(day, n * 10.0)
        count.add(day, 1, n * 10.0)
    assert len(count.slices) <= 1442
    assert count.used == pytest.approx(8640, abs=10)
