"""Whether an account, or a whole app, is left alone after a read, and until when. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sextant.collecting.budgets import Spent
from sextant.collecting.keeping import OUTSIDE, retry
from sextant.collecting.reading import Asked
from sextant.errors import ActOutside, Fault, Gone, Reconnect

RECONNECTS = timedelta(hours=6)
ENOUGH = 80.0
"""Percent of what a network allows: what is left is for publishing and for those who ask."""
PAUSE = timedelta(minutes=10)
"""Where a network tells that much is used, and not until when."""


@dataclass(frozen=True, slots=True)
class Hold:
    """`account_only`: of the account, and not of the whole app. `ceiling`: one of ours is reached."""

    until: datetime
    account_only: bool = True
    ceiling: bool = False


def hold_after(asked: Asked, failures: int, now: datetime) -> Hold | None:
    """After a read of an account, the `failures`th in a row to fail if it did; None: it may be read again."""
    for reading in asked.readings.values():
        if isinstance(reading.fault, Spent):
            return hold_of(reading.fault)
    if asked.usage is not None and asked.usage.percent >= ENOUGH:
        return Hold(asked.usage.until or now + PAUSE, asked.usage.account_only)
    until = alone_until(asked.fault, failures, now)
    return None if until is None else Hold(until)


def hold_of(spent: Spent) -> Hold:
    return Hold(spent.until, spent.account_only, ceiling=True)


def alone_until(fault: Fault | None, failures: int, now: datetime) -> datetime | None:
    """Until when an account is left alone whose whole read failed; None: for no time."""
    match fault:
        case None | Gone():
            return None
        case Reconnect():
            return now + RECONNECTS
        case ActOutside():
            return now + OUTSIDE
        case _:
            return retry(fault, failures, now)
