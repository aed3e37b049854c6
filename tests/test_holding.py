"""How long an account, or an app, is left alone after a read. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sextant.collecting.budgets import Spent
from sextant.collecting.holding import Hold, hold_after
from sextant.collecting.reading import Asked
from sextant.errors import ActOutside, Fault, Gone, Reconnect, TryLater, WaitUntil
from sextant.platforms.allowances import DAY, Allowance, Usage
from sextant.platforms.base import Reading

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        (None, None),
        (Gone(), None),
        (WaitUntil(NOW + 2 * HOUR), 2 * HOUR),
        (WaitUntil(NOW - HOUR), SECOND),
        (Reconnect(), 6 * HOUR),
        (ActOutside(), HOUR),
        (TryLater(), SECOND),
    ],
    ids=lambda value: type(value).__name__,
)
def test_after_a_whole_read(fault: Fault | None, wait: timedelta | None) -> None:
    assert hold_after(Asked({}, fault), 1, NOW) == (None if wait is None else Hold(NOW + wait))


def test_after_failures_in_a_row_for_longer_and_longer() -> None:
    holds = [hold_after(Asked({}, TryLater()), failures, NOW) for failures in range(1, 15)]
    waits = [hold.until - NOW for hold in holds if hold is not None]
    assert waits == sorted(waits)
    assert (waits[1], waits[-1]) == (2 * SECOND, timedelta(minutes=15))


@pytest.mark.parametrize(("per", "account_only"), [("app", False), ("account", True)])
def test_a_ceiling_of_ours_holds_whom_it_is_for(per: str, account_only: bool) -> None:
    allowance = Allowance("calls", per, DAY, 5)  # type: ignore[arg-type]
    readings = {"a": Reading("a", raw={"n": 1}), "b": Reading("b", fault=Spent(allowance, NOW + HOUR))}
    assert hold_after(Asked(readings), 1, NOW) == Hold(NOW + HOUR, account_only, ceiling=True)


@pytest.mark.parametrize(
    ("usage", "hold"),
    [
        (Usage(79.9, NOW + HOUR, True), None),
        (Usage(80.0, NOW + HOUR, True), Hold(NOW + HOUR, True)),
        (Usage(95.0, None, False), Hold(NOW + timedelta(minutes=10), False)),
    ],
)
def test_when_the_network_says_how_much_is_used(usage: Usage, hold: Hold | None) -> None:
    assert hold_after(Asked({}, usage=usage), 1, NOW) == hold
