"""What is kept after an attempt to read a post, and when it is read again. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sextant.collecting.growth import Growth
from sextant.collecting.keeping import Kept, Terms, kept, never_read, newborn
from sextant.collecting.planning import FIRST_PRICE
from sextant.errors import ActOutside, Fault, Gone, NoValue, Reconnect, TryLater, WaitUntil
from sextant.metrics import KEYS, Reason
from sextant.platforms.base import Reading, Refusal
from sextant.platforms.catalogue import At, Catalogue, Never, Source
from sextant.platforms.freshness import DAY_S, Showing
from sextant.store.posts import Destination
from sextant.store.readings import Plan, StoredReading

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SHOWING = Showing(batch=50, request=1, post=0)
CATALOGUE: Catalogue = {key: Never(reason=Reason.UNSUPPORTED, note="") for key in KEYS} | {
    "likes": Source((At("likeCount"),), note=""),
    "views": Source((At("viewCount"),), absent=Reason.NOT_YET_AVAILABLE, note=""),
}
TERMS = Terms(CATALOGUE, SHOWING, FIRST_PRICE)
ROW = Destination(
    id="d",
    post_id="p",
    connection_id="c",
    position=0,
    platform="net",
    kind="text",
    status="posted",
    native_id="n",
    native_video_id=None,
    post_url=None,
    published_at=NOW - 6 * HOUR,
    checkpoint=None,
    attempts=1,
    next_attempt_at=None,
    error_code=None,
    error_message=None,
)
UNREAD = never_read("d", "c", NOW)
SEEN = replace(UNREAD, as_of=NOW - HOUR, raw={"likeCount": 10, "viewCount": 100}, next_refresh_at=NOW)


def attempt(before: StoredReading, terms: Terms = TERMS, **found: object) -> Kept:
    return kept(before, Reading("n", **found), ROW, NOW, terms)  # type: ignore[arg-type]


def raw(likes: int, views: int | None = 100) -> dict[str, int]:
    return {"likeCount": likes} | ({} if views is None else {"viewCount": views})


def test_numbers_come_with_their_time_and_the_next_one() -> None:
    found = attempt(UNREAD, raw=raw(3))
    assert found.metrics is not None
    assert (found.metrics["likes"], found.metrics["views"]) == (3, 100)
    assert (found.reading.as_of, found.reading.failures, found.reading.fault) == (NOW, 0, None)
    assert found.reading.next_refresh_at is not None
    assert found.reading.next_refresh_at >= NOW + timedelta(seconds=SHOWING.least_s)


def test_what_grows_faster_is_read_again_sooner() -> None:
    slow, fast = attempt(SEEN, raw=raw(10)), attempt(SEEN, raw=raw(40, 400))
    assert fast.reading.pace > slow.reading.pace
    assert fast.reading.next_refresh_at is not None
    assert slow.reading.next_refresh_at is not None
    assert fast.reading.next_refresh_at < slow.reading.next_refresh_at


def test_a_fall_is_kept_as_it_is() -> None:
    found = attempt(SEEN, raw=raw(4))
    assert found.metrics is not None
    assert found.metrics["likes"] == 4


def test_at_a_higher_price_it_is_read_again_later() -> None:
    cheap, dear = (attempt(SEEN, replace(TERMS, price=price), raw=raw(12)) for price in (100.0, 5000.0))
    assert cheap.reading.next_refresh_at is not None
    assert dear.reading.next_refresh_at is not None
    assert dear.reading.next_refresh_at > cheap.reading.next_refresh_at


def test_numbers_that_come_late_are_remembered_as_lacking_and_then_as_come() -> None:
    showing = replace(SHOWING, late=0.5, late_until_s=2 * DAY_S)
    terms = replace(TERMS, showing=showing)
    lacking = attempt(UNREAD, terms, raw=raw(10, None)).reading
    assert (lacking.late_out, lacking.lag_s) == (False, None)
    come = kept(lacking, Reading("n", raw=raw(11)), ROW, NOW + 20 * HOUR, terms).reading
    assert come.late_out
    assert come.lag_s == pytest.approx((6 + 26) / 2 * 3600)


@pytest.mark.parametrize(
    ("fault", "again"),
    [
        (TryLater(), timedelta(seconds=1)),
        (WaitUntil(NOW + 2 * HOUR), 2 * HOUR),
        (WaitUntil(NOW - HOUR), timedelta(seconds=1)),
        (Reconnect(), HOUR),
        (ActOutside(), HOUR),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_failure_leaves_the_numbers_and_says_when_it_is_tried_again(fault: Fault, again: timedelta) -> None:
    found = attempt(SEEN, fault=fault)
    assert found.metrics is None
    reading = found.reading
    assert (reading.as_of, reading.raw, reading.failures) == (SEEN.as_of, SEEN.raw, 1)
    assert reading.fault is not None
    assert (reading.fault["code"], reading.fault["partial"]) == (fault.code, False)
    assert reading.next_refresh_at == NOW + again


def test_failures_in_a_row_are_tried_less_and_less_often() -> None:
    reading, pauses = SEEN, []
    for _ in range(14):
        reading = attempt(reading, fault=TryLater()).reading
        assert reading.next_refresh_at is not None
        pauses.append(reading.next_refresh_at - NOW)
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(minutes=15)
    assert attempt(reading, raw=raw(11)).reading.failures == 0


def test_what_is_gone_is_never_read_again() -> None:
    reading = attempt(SEEN, fault=Gone()).reading
    assert (reading.next_refresh_at, reading.raw) == (None, SEEN.raw)


def test_of_an_answer_in_part_the_new_numbers_count_and_the_time_is_the_oldest() -> None:
    lost = {"views": Refusal(Reason.UPSTREAM_ERROR, "503")}
    found = attempt(SEEN, raw=raw(20, None), refused=lost, fault=TryLater())
    assert found.metrics is not None
    assert (found.metrics["likes"], found.metrics["views"]) == (20, 100)
    reading = found.reading
    assert reading.as_of == SEEN.as_of
    assert reading.fault is not None
    assert reading.fault["partial"]
    assert reading.next_refresh_at == NOW + timedelta(seconds=1)


def test_that_there_are_no_numbers_is_an_answer() -> None:
    found = attempt(SEEN, fault=NoValue(Reason.HIDDEN))
    assert found.reading.fault is None
    assert found.metrics is not None
    assert set(found.metrics.values()) == {None}


def test_every_number_refused_is_a_fault_that_somebody_has_to_mend() -> None:
    refused = {key: Refusal(Reason.NOT_AUTHORIZED, "role") for key in ("likes", "views")}
    found = attempt(SEEN, refused=refused)
    assert found.reading.fault is not None
    assert found.reading.fault["code"] == ActOutside.code


def test_the_first_reading_is_due_minutes_after_publishing() -> None:
    due, growth = newborn([], NOW, SHOWING)
    assert NOW + timedelta(minutes=5) <= due <= NOW + timedelta(minutes=30)
    assert growth == Growth()


def test_a_new_post_begins_with_what_its_siblings_taught() -> None:
    fast = [Plan(f"{n}", NOW - 9 * HOUR, NOW - HOUR, NOW, 8.0, None, None, None, True, 0) for n in range(30)]
    assert newborn(fast, NOW, SHOWING)[1].pace > 4
