"""Which posts of an account are read together. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sextant.collecting import batches
from sextant.collecting.batches import Chosen
from sextant.collecting.planning import FIRST_PRICE
from sextant.platforms.freshness import Showing
from sextant.store.readings import Plan

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PER_CALL = Showing(batch=4, request=1, post=0)
PER_POST = Showing(batch=4, request=0, post=1)
PAID_DAILY = Showing(batch=4, request=0, post=1, billed_daily=True)
HOUR = timedelta(hours=1)


def plan(name: str, *, age: timedelta, read: timedelta | None, due: timedelta, failures: int = 0) -> Plan:
    """`age`, `read`: so long ago; `due`: in so long, negative when it has been."""
    as_of = None if read is None else NOW - read
    return Plan(name, NOW - age, as_of, NOW + due, 1.0, None, None, None, True, failures)


def fresh(name: str, minutes: int = 30) -> Plan:
    """Due since a minute."""
    return plan(name, age=2 * HOUR, read=timedelta(minutes=minutes), due=-timedelta(minutes=1))


def choose(plans: list[Plan], showing: Showing = PER_CALL, price: float = FIRST_PRICE) -> Chosen:
    return batches.choose(plans, showing, price, NOW)


def test_nothing_due_is_no_batch() -> None:
    chosen = choose([plan("later", age=HOUR, read=HOUR, due=timedelta(minutes=1))])
    assert (chosen.ids, chosen.cost, chosen.postponed) == ((), 0.0, ())


def test_room_that_costs_nothing_is_filled_with_the_most_stale() -> None:
    others = [plan(f"later {n}", age=3 * HOUR, read=n * HOUR / 10, due=HOUR) for n in range(1, 7)]
    chosen = choose([fresh("due"), *others])
    assert chosen.ids == ("due", "later 6", "later 5", "later 4")
    assert chosen.cost == 1.0


def test_where_each_post_costs_only_the_due_ones_go() -> None:
    chosen = choose([fresh("due"), plan("later", age=3 * HOUR, read=HOUR, due=HOUR)], PER_POST)
    assert chosen.ids == ("due",)
    assert (chosen.cost, chosen.charged) == (1.0, {"due"})


def test_a_post_that_this_day_has_paid_for_is_room_that_costs_nothing() -> None:
    paid = plan("paid", age=30 * HOUR, read=HOUR, due=10 * HOUR)
    unpaid = plan("unpaid", age=60 * HOUR, read=20 * HOUR, due=10 * HOUR)
    due = plan("due", age=60 * HOUR, read=24 * HOUR, due=-HOUR)
    chosen = choose([due, paid, unpaid], PAID_DAILY)
    assert set(chosen.ids) == {"due", "paid"}
    assert (chosen.charged, chosen.cost) == ({"due"}, 1.0)


def test_what_was_just_read_is_not_read_again_to_fill_room() -> None:
    chosen = choose([fresh("due"), plan("just read", age=HOUR, read=timedelta(minutes=4), due=HOUR)])
    assert chosen.ids == ("due",)


def test_of_more_than_a_batch_the_most_informative_go_first() -> None:
    """All are due; a young post that was not looked at for hours tells most."""
    old = [plan(f"old {n}", age=900 * HOUR, read=400 * HOUR, due=-HOUR) for n in range(6)]
    young = plan("young", age=8 * HOUR, read=7 * HOUR, due=-timedelta(minutes=1))
    assert choose([*old, young]).ids[0] == "young"
    assert len(choose([*old, young]).ids) == 4


def test_at_a_higher_price_what_was_due_is_put_off_and_the_rest_is_read() -> None:
    slow = plan("slow", age=900 * HOUR, read=24 * HOUR, due=-HOUR)
    fast = plan("fast", age=12 * HOUR, read=11 * HOUR, due=-HOUR)
    chosen = choose([slow, fast], PER_POST, price=FIRST_PRICE * 10)
    assert chosen.ids == ("fast",)
    ((name, when),) = chosen.postponed
    assert name == "slow"
    assert when > NOW


def test_a_failure_is_made_good_at_any_price() -> None:
    failed = plan("failed", age=900 * HOUR, read=24 * HOUR, due=-HOUR, failures=1)
    assert choose([failed], PER_POST, price=FIRST_PRICE * 1000).ids == ("failed",)


def test_a_batch_is_ranked_by_what_a_unit_of_cost_is_good_for() -> None:
    few, many = choose([fresh("a")], PER_POST), choose([fresh("a", 60), fresh("b", 60)], PER_POST)
    assert many.rank > few.rank > 0
