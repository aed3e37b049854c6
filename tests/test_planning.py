"""The planner's promises, and a small run of the benchmark that compares it with other ways."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from bench import freshness
from hypothesis import assume, given
from hypothesis import strategies as st

from sextant.collecting.growth import PACE_LEAST, PACE_MOST
from sextant.collecting.planning import (
    FIRST_PRICE,
    LAST_CALL_S,
    PRICE_LEAST,
    Candidate,
    Growth,
    Subject,
    changed,
    choose,
    due_at,
    expected_change,
    is_free,
    newborn,
    next_day,
    repriced,
    worth,
)
from sextant.platforms.facebook.limits import SHOWING as FACEBOOK
from sextant.platforms.freshness import DAY_S, HOUR_S, Showing
from sextant.platforms.instagram.limits import SHOWING as INSTAGRAM
from sextant.platforms.linkedin.limits import SHOWING as LINKEDIN
from sextant.platforms.tiktok.limits import SHOWING as TIKTOK
from sextant.platforms.x.limits import SHOWING as X
from sextant.platforms.youtube.limits import SHOWING as YOUTUBE

REAL = (X, LINKEDIN, INSTAGRAM, FACEBOOK, TIKTOK, YOUTUBE)
PLAIN = Showing(batch=50, request=1, post=0)
BORN = 20_000 * DAY_S
CLOSE = 1.01
"""The search for a due time is good to less than one per cent."""

showings = st.sampled_from((*REAL, PLAIN))
ages = st.floats(60, 400 * DAY_S)
paces = st.floats(PACE_LEAST, PACE_MOST)
prices = st.floats(1e-3, 1e7)


def read(age_s: float, pace: float = 1.0, late_out: bool = True) -> Subject:
    return Subject(BORN, BORN + age_s, Growth(pace), late_out)


def wait(subject: Subject, showing: Showing, price: float) -> float:
    return due_at(subject, showing, price) - (subject.read_at or subject.published_at)


# ---- when ------------------------------------------------------------------------------------------


@given(showings, ages, paces, prices, st.booleans())
def test_due_is_never_before_the_smallest_interval_and_never_far_off(
    showing: Showing, age: float, pace: float, price: float, late_out: bool
) -> None:
    for subject in (read(age, pace, late_out), Subject(BORN, None, Growth(pace))):
        # Unix seconds are told apart to a fraction of a microsecond.
        assert wait(subject, showing, price) >= showing.least_s - 1e-3
        assert wait(subject, showing, price) <= showing.most_s * CLOSE + DAY_S


@given(ages, ages, paces, prices)
def test_at_equal_growth_an_older_post_waits_longer(
    one: float, two: float, pace: float, price: float
) -> None:
    young, old = sorted((one, two))
    assert wait(read(young, pace), PLAIN, price) <= wait(read(old, pace), PLAIN, price) * CLOSE


@given(showings, ages, paces, paces, prices)
def test_what_grows_faster_is_read_earlier(
    showing: Showing, age: float, one: float, two: float, price: float
) -> None:
    slow, fast = sorted((one, two))
    assert wait(read(age, fast), showing, price) <= wait(read(age, slow), showing, price) * CLOSE


@given(showings, ages, paces, prices, prices)
def test_a_dearer_call_waits_longer(
    showing: Showing, age: float, pace: float, one: float, two: float
) -> None:
    """What is paid for: the later that is, the more a last free reading of the day before is good for."""
    cheap, dear = sorted((one, two))
    post = read(age, pace)
    assume(not is_free(post, showing, due_at(post, showing, dear)))
    assert wait(post, showing, cheap) <= wait(post, showing, dear) * CLOSE


def test_a_post_that_did_not_grow_is_read_later_but_read() -> None:
    still, lively = Growth(), Growth()
    for n in range(1, 30):
        still = still.after(0.0, n * HOUR_S, (n + 1) * HOUR_S, PLAIN)
        lively = lively.after(0.3, n * HOUR_S, (n + 1) * HOUR_S, PLAIN)
    assert still.pace < 0.5 < 2 < lively.pace
    waits = [wait(read(30 * HOUR_S, growth.pace), PLAIN, 1000) for growth in (lively, Growth(), still)]
    assert waits == sorted(set(waits))
    assert waits[-1] < 14 * DAY_S


def test_minutes_when_new_and_days_when_old() -> None:
    assert wait(Subject(BORN), PLAIN, 300) < 20 * 60
    assert wait(read(HOUR_S), PLAIN, 300) < HOUR_S
    assert DAY_S < wait(read(30 * DAY_S), PLAIN, 300) < 10 * DAY_S


@given(showings, ages, paces, st.floats(0, 400 * DAY_S), st.floats(0, 400 * DAY_S))
def test_the_worth_of_a_reading_only_grows(
    showing: Showing, age: float, pace: float, one: float, two: float
) -> None:
    subject = read(age, pace)
    soon, later = (BORN + age + after for after in sorted((one, two)))
    assert 0 <= expected_change(subject, showing, soon) <= 1
    assert expected_change(subject, showing, soon) <= expected_change(subject, showing, later) + 1e-9
    if not showing.billed_daily:
        assert worth(subject, showing, soon) <= worth(subject, showing, later) * (1 + 1e-9)


# ---- a day that is paid for ------------------------------------------------------------------------


@given(st.floats(0, 30 * DAY_S), st.floats(1, DAY_S))
def test_a_day_is_paid_for_until_its_end(age: float, after: float) -> None:
    subject = read(age)
    now = BORN + age + after
    same_day = math.floor(now / DAY_S) == math.floor((BORN + age) / DAY_S)
    assert is_free(subject, X, now) == same_day
    assert not is_free(subject, PLAIN, now)
    assert not is_free(Subject(BORN), X, now)


def test_the_second_reading_of_a_day_comes_earlier_than_where_each_one_costs() -> None:
    every_time = Showing(batch=100, request=0, post=1)
    at_noon = read(3 * DAY_S + 12 * HOUR_S)
    assert due_at(at_noon, X, 1000) < next_day(at_noon.read_at or 0) < due_at(at_noon, every_time, 1000)


@given(ages, paces, prices)
def test_a_new_day_is_paid_for_only_when_that_is_worth_it(age: float, pace: float, price: float) -> None:
    subject = read(age, pace)
    due = due_at(subject, X, price)
    if not is_free(subject, X, due):
        assert worth(subject, X, due) >= price or due >= BORN + age + X.most_s


@given(ages, paces, prices)
def test_a_day_is_paid_for_at_its_beginning(age: float, pace: float, price: float) -> None:
    subject = read(age, pace)
    due = due_at(subject, X, price)
    assert is_free(subject, X, due) or due % DAY_S == 0


def test_a_paid_reading_is_worth_more_the_more_of_its_day_is_left() -> None:
    subject = read(11.5 * DAY_S)
    morning, evening = (worth(subject, X, BORN + 12 * DAY_S + hour * HOUR_S) for hour in (1, 23))
    assert morning > 1.2 * evening


def test_a_post_of_the_last_minutes_of_a_day_is_read_first_on_the_next() -> None:
    late = BORN + DAY_S - 60 * 7
    assert due_at(Subject(late), X, FIRST_PRICE) == late + X.least_s
    assert due_at(Subject(late), X, 2000) == BORN + DAY_S


def test_the_last_free_reading_before_days_without_one_is_at_the_end_of_the_day() -> None:
    subject = read(20 * DAY_S + 20 * HOUR_S, pace=0.3)
    due = due_at(subject, X, 100)
    assert due == BORN + 21 * DAY_S - LAST_CALL_S
    assert due_at(Subject(BORN, due, Growth(0.3)), X, 100) >= BORN + 23 * DAY_S


# ---- numbers that come late ------------------------------------------------------------------------


def test_late_numbers_are_looked_for_when_they_can_be_there() -> None:
    before = expected_change(read(40 * HOUR_S, late_out=False), YOUTUBE, BORN + 47 * HOUR_S)
    within = expected_change(read(40 * HOUR_S, late_out=False), YOUTUBE, BORN + 60 * HOUR_S)
    after = expected_change(read(40 * HOUR_S, late_out=False), YOUTUBE, BORN + 72 * HOUR_S)
    assert before < 0.05
    assert within == pytest.approx(before + YOUTUBE.late / 2, abs=0.05)
    assert after > YOUTUBE.late


def test_numbers_that_did_not_come_in_time_are_not_run_after() -> None:
    lacking, there = (read(5 * DAY_S, late_out=out) for out in (False, True))
    assert expected_change(lacking, YOUTUBE, BORN + 6 * DAY_S) < expected_change(
        there, YOUTUBE, BORN + 6 * DAY_S
    )


def test_while_the_late_numbers_lack_the_error_is_that_of_the_others() -> None:
    live = expected_change(read(2 * HOUR_S), PLAIN, BORN + 4 * HOUR_S)
    assert expected_change(read(2 * HOUR_S, late_out=False), TIKTOK, BORN + 4 * HOUR_S) == pytest.approx(live)


def out_at(hour: float, born: float = BORN) -> Subject:
    """A post whose late numbers came at this hour of the second day."""
    came = BORN + DAY_S + hour * HOUR_S
    return Subject(born, came, Growth(lag_s=came - born))


def test_late_numbers_are_looked_for_at_the_hour_of_the_account() -> None:
    siblings = [out_at(hour, BORN + n * HOUR_S) for n, hour in enumerate((4.0, 5.0, 4.5, 5.5))]
    growth = newborn(siblings, FACEBOOK)
    assert growth.hour_s == pytest.approx(4.75 * HOUR_S, abs=HOUR_S / 2)

    def come(born: float, begin: float, end: float) -> float:
        """The error expected between these hours, the posts' ages apart."""
        post = Subject(BORN + born * HOUR_S, BORN + begin * HOUR_S, growth, late_out=False)
        live = expected_change(replace(post, late_out=True), PLAIN, BORN + end * HOUR_S)
        return (expected_change(post, FACEBOOK, BORN + end * HOUR_S) - live) / (1 - live)

    most = 0.8 * FACEBOOK.late
    assert come(-6, 1, 9) > most, "at the first such hour"
    assert come(-6, 9, 22) < FACEBOOK.late / 10, "and not for the rest of that day"
    assert come(-6, 22, 33) > most, "when they lacked then, at the next"
    assert come(12, 13, 23) < FACEBOOK.late / 10 < most < come(12, 23, 33)


def test_an_hour_that_differs_from_post_to_post_is_not_taken_for_one() -> None:
    assert newborn([out_at(hour) for hour in (1, 6, 11, 16, 21)], FACEBOOK).hour_s is None
    assert newborn([out_at(hour) for hour in (23, 0, 1, 2)], FACEBOOK).hour_s is not None, "round midnight"
    assert newborn([out_at(4)] * 5, INSTAGRAM).hour_s is None, "not renewed at an hour"
    assert newborn([out_at(4)] * 2, FACEBOOK).hour_s is None, "two may agree by chance"


# ---- what is learned -------------------------------------------------------------------------------


@given(showings, paces, st.floats(0, 1), ages, ages, st.booleans())
def test_the_pace_stays_within_bounds(
    showing: Showing, pace: float, change: float, one: float, two: float, late_out: bool
) -> None:
    found = Growth(pace).after(change, *sorted((one, two)), showing, late_out)
    assert PACE_LEAST <= found.pace <= PACE_MOST


@given(st.floats(0, 1), st.floats(0, 1), ages, st.floats(60, 30 * DAY_S))
def test_more_change_is_a_faster_pace(one: float, two: float, young: float, span: float) -> None:
    found = [Growth().after(change, young, young + span, PLAIN) for change in sorted((one, two))]
    assume(all(growth.found_s is None for growth in found))
    assert found[0].pace <= found[1].pace


def test_an_old_post_that_jumps_is_taken_to_be_found_again_and_read_soon() -> None:
    calm = Growth(0.3)
    jumped = calm.after(0.2, 30 * DAY_S, 30 * DAY_S + 6 * HOUR_S, PLAIN)
    assert jumped.pace == calm.pace
    assert jumped.found_s is not None
    assert jumped.found_s <= 30 * DAY_S + 6 * HOUR_S
    at = BORN + 30 * DAY_S + 6 * HOUR_S
    waits = [due_at(Subject(BORN, at, growth), PLAIN, FIRST_PRICE) - at for growth in (jumped, calm)]
    assert waits[0] < waits[1] / 4


def test_what_was_found_again_and_grows_no_more_is_forgotten() -> None:
    growth = Growth(0.3).after(0.2, 30 * DAY_S, 30 * DAY_S + 6 * HOUR_S, PLAIN)
    for n in range(1, 5):
        growth = growth.after(0.0, 30 * DAY_S + n * 6 * HOUR_S, 30 * DAY_S + (n + 1) * 6 * HOUR_S, PLAIN)
    assert growth.found_s is None


def test_a_new_post_begins_with_the_pace_of_its_siblings() -> None:
    fast = [Subject(BORN, BORN + DAY_S, Growth(6.0))] * 20
    assert 3 < newborn(fast, PLAIN).pace < 6
    assert 1 < newborn(fast[:1], PLAIN).pace < 2, "one says little"
    assert newborn([], PLAIN) == newborn([Subject(BORN, None, Growth(9.0))], PLAIN) == Growth()


@given(ages, ages)
def test_little_is_learned_of_a_pace_where_it_hardly_shows(one: float, two: float) -> None:
    young, old = sorted((one, two))
    assume(old > young * 1.01)
    change = expected_change(read(young), PLAIN, BORN + old)
    assert Growth().after(change, young, old, PLAIN).pace == pytest.approx(1.0, rel=1e-6)


def test_a_reading_just_after_another_teaches_nothing() -> None:
    assert Growth(3.0).after(0.0, 30 * DAY_S, 30 * DAY_S + 60, PLAIN).pace == pytest.approx(3.0, rel=1e-3)


def test_the_change_is_of_the_numbers_that_both_readings_have() -> None:
    before = {"likes": 10, "views": 100, "saves": None, "clicks": 0}
    after = {"likes": 20, "views": 100, "saves": 7, "clicks": 0, "shares": 3}
    assert changed(before, after) == pytest.approx(0.25)
    assert changed(after, before) == pytest.approx(0.25), "a correction downwards is a change too"
    assert changed({}, after) == changed(before, {"likes": None}) == 0


# ---- who goes along --------------------------------------------------------------------------------

candidates = st.lists(st.tuples(st.floats(0, 1e6), st.booleans()), max_size=40).map(
    lambda rows: [Candidate(str(n), worth, due) for n, (worth, due) in enumerate(rows)]
)


@given(candidates, st.integers(1, 30), showings)
def test_a_batch_holds_the_most_worthy_of_the_due_and_then_of_the_rest(
    able: list[Candidate], room: int, showing: Showing
) -> None:
    batch = choose(able, room, showing)
    due = [candidate for candidate in able if candidate.due]
    riders = [candidate for candidate in batch if not candidate.due]
    assert len({c.id for c in batch}) == len(batch) <= room
    assert sum(c.due for c in batch) == min(len(due), room)
    if due and showing.room_is_free:
        assert len(batch) == min(len(able), room)
    else:
        assert not riders
    for left in set(able) - set(batch):
        assert all(taken.worth >= left.worth for taken in batch if taken.due == left.due)


# ---- the budget ------------------------------------------------------------------------------------


@given(st.floats(PRICE_LEAST, 1e7), st.floats(0, 1e6), st.floats(0, 1e6))
def test_the_price_follows_the_budget(price: float, spent: float, planned: float) -> None:
    assume(spent != planned)
    after = repriced(price, spent, planned)
    assert after >= price if spent > planned else after <= price
    assert price / 2 <= after <= price * 2


def readings(price: float, days: float) -> list[float]:
    """The ages at which a typical post is read at this price, with numbers that grow as expected."""
    subject, ages = Subject(BORN), []
    while (due := due_at(subject, PLAIN, price)) < BORN + days * DAY_S:
        ages.append(due - BORN)
        subject = Subject(BORN, due)
    return ages


def test_a_budget_that_is_never_used_up_does_not_poll_every_few_minutes() -> None:
    price = FIRST_PRICE
    for _ in range(200):
        price = repriced(price, 0.0, 1000.0)
    assert price == PRICE_LEAST
    found = readings(price, 30)
    assert len(found) < 300 < 30 * DAY_S / PLAIN.least_s / 25
    assert wait(read(DAY_S), PLAIN, price) > HOUR_S / 4
    assert wait(read(30 * DAY_S), PLAIN, price) > 6 * HOUR_S


def test_the_first_price_reads_a_post_about_as_often_as_a_table_by_age() -> None:
    table = 24 + 6 * 4 + 23
    assert 0.8 * table < len(readings(FIRST_PRICE, 30)) < 1.25 * table


# ---- beside other policies -------------------------------------------------------------------------


def test_the_planner_halves_the_error_of_fixed_polling_for_the_same_calls() -> None:
    options = freshness.arguments(["--posts", "180", "--days", "6", "--seed", "11"])
    found = freshness.measure(options)
    whole = freshness.summary(found)
    assert whole["planner"] <= 0.5 * min(whole["hourly"], whole["daily"]), whole
    assert whole["planner"] <= 1.6 * whole["oracle"], whole
    assert whole["planner"] < whole["age_table"], whole
    for name, row in found.items():
        spent = {policy: calls for policy, (_, calls) in row.items()}
        assert max(spent.values()) <= spent["age_table"] + 1, name
