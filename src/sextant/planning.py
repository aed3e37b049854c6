"""When the next reading of a post is worth its cost, and which posts share a batch. Pure: no clock, no I/O.

Times are unix seconds, ages and intervals seconds. The model, its parameters and their reasons are in
docs/planning.md. In short: a reading is worth the relative error it removes times half the time since the
last one (error-seconds); it is due when that reaches the price of a call, and the price follows the budget.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sextant.metrics import Number
from sextant.platforms.freshness import DAY_S, Showing

TURN_S = 8 * 3600.0
"""The age at which a typical post begins to slow down."""
BEND = 0.7
"""A typical post's relative growth falls with age ** -(1 + BEND) once it slows down."""
REVIVAL = 0.04
"""Relative growth while the age grows e times, whatever the pace: posts of any age are found again."""
NOISE = 0.06
"""Relative growth too small to learn a post's pace from."""
LEARNING = 0.6
"""How much of the pace a clear observation decides; the rest is what was known before."""
PACE_LEAST, PACE_MOST = 0.05, 30.0
INTEREST_S = 2 * DAY_S
INTEREST_LEAST = 0.1
"""Readers ask for young posts most: by 1 / (1 + age / INTEREST_S), and never less than this part."""
AGAIN = 0.05
"""What a reading that is not charged still costs, as a part of one that is: it takes a request."""
STEPS = 18
"""Halvings of the search for the due time, which is then good to a tenth of a per mille."""
FIRST_PRICE = 100.0
PRICE_LEAST, PRICE_MOST = 1e-3, 1e9
GIVE = 0.25
"""How far the price follows one look at the budget."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What a post's own readings have told.

    `pace`: how fast it grows beside a typical post of its age (1: the same). `lag_s`: the age at which its
    late numbers came, None while that is not known.
    """

    pace: float = 1.0
    lag_s: float | None = None

    def after(
        self, change: float, young_s: float, old_s: float, showing: Showing, late_out: bool = True
    ) -> Growth:
        """With one more pair of readings, at these two ages: the numbers changed by `change` (`changed`).

        `late_out`: the earlier one had the late numbers too.
        """
        if young_s <= 0 or old_s <= young_s:
            return self
        late = showing.late if late_out else 0.0
        seen = -math.log1p(-min(abs(change), 0.999))
        usual = (1 - late) * _growth(young_s, old_s, 1.0) + late * _late_growth(
            young_s, old_s, replace(self, pace=1.0), showing
        )
        usual = -math.log1p(-min(usual, 0.999))
        clear = max(seen, usual)
        weight = LEARNING * clear / (clear + NOISE)
        ratio = (seen + NOISE / 10) / (usual + NOISE / 10)
        pace = math.exp((1 - weight) * math.log(self.pace) + weight * math.log(ratio))
        return replace(self, pace=min(max(pace, PACE_LEAST), PACE_MOST))

    def arrived(self, young_s: float, old_s: float, showing: Showing) -> Growth:
        """The late numbers lacked at the younger age and were there at the older.

        Where they are renewed at an hour of the network's own, that hour is surely past at the older.
        """
        return replace(self, lag_s=old_s if showing.renewed_s else (young_s + old_s) / 2)


@dataclass(frozen=True, slots=True)
class Subject:
    """A published destination as the planner sees it.

    `read_at`: its last reading, None when there is none; `late_out`: that had the numbers that come late.
    """

    published_at: float
    read_at: float | None = None
    growth: Growth = Growth()
    late_out: bool = True


@dataclass(frozen=True, slots=True)
class Candidate:
    """A destination that could go into a batch. `worth` in error-seconds; `due`: worth its cost by itself;
    `free`: its reading is not charged."""

    id: str
    worth: float
    due: bool
    free: bool = False


def changed(before: Mapping[str, Number | None], after: Mapping[str, Number | None]) -> float:
    """The mean relative change of the numbers that both readings have, 0 to 1."""
    changes = [
        min(1.0, abs(new - old) / max(abs(new), abs(old)))
        for key, new in after.items()
        if new is not None and (old := before.get(key)) is not None and (new or old)
    ]
    return sum(changes) / len(changes) if changes else 0.0


def expected_change(subject: Subject, showing: Showing, now: float) -> float:
    """The relative error, 0 to 1, that the last reading is expected to have by now."""
    if subject.read_at is None:
        return 1.0
    young_s, old_s = subject.read_at - subject.published_at, now - subject.published_at
    live = _growth(young_s, old_s, subject.growth.pace)
    if not showing.late:
        return live
    if subject.late_out:
        late = _late_growth(young_s, old_s, subject.growth, showing)
    else:
        late = _arrival(young_s, old_s, showing)
    return (1 - showing.late) * live + showing.late * late


def worth(subject: Subject, showing: Showing, now: float) -> float:
    """Error-seconds that a reading now is expected to be good for, weighted by how much it is asked for."""
    since = subject.published_at if subject.read_at is None else subject.read_at
    stood = max(0.0, now - since)
    if stood == 0.0:
        return 0.0
    return _interest(now - subject.published_at) * expected_change(subject, showing, now) * stood / 2


def due_at(subject: Subject, showing: Showing, price: float) -> float:
    """The first moment at which a reading is worth its cost.

    `price`: error-seconds that must be gained per unit of cost (`repriced`). Between `least_s` and `most_s`
    after the last reading, or after publishing when there is none.
    """
    since = subject.published_at if subject.read_at is None else subject.read_at
    cost = price * (showing.request + showing.post)
    if subject.read_at is None or not showing.billed_daily:
        return since + _wait(subject, showing, since, cost)
    midnight = next_day(subject.read_at)
    again = since + _wait(subject, showing, since, cost * AGAIN)
    if again < midnight:
        return again
    return max(midnight, since + _wait(subject, showing, since, cost))


def is_free(subject: Subject, showing: Showing, now: float) -> bool:
    """Whether a reading now is not charged, because this UTC day has paid for the post already."""
    return showing.billed_daily and subject.read_at is not None and now < next_day(subject.read_at)


def next_day(moment: float) -> float:
    """The next midnight UTC, always after `moment`."""
    return (moment // DAY_S + 1) * DAY_S


def choose(candidates: Iterable[Candidate], room: int, showing: Showing) -> list[Candidate]:
    """At most `room` posts of one account for one batch: the due ones first, each group by worth.

    Posts that are not due fill the room that is left, where that costs nothing. None due: no batch.
    """
    candidates = list(candidates)
    if not any(candidate.due for candidate in candidates):
        return []
    able = (c for c in candidates if c.due or c.free or showing.room_is_free)
    return heapq.nlargest(room, able, key=lambda c: (c.due, c.worth))


def repriced(price: float, spent: float, planned: float) -> float:
    """The price after a look at the budget: dearer when more was spent than planned, else cheaper.

    `spent` and `planned` are of the same span of time, which should hold many readings.
    """
    off = 4.0 if planned <= 0 else min(4.0, max(0.25, spent / planned))
    return min(PRICE_MOST, max(PRICE_LEAST, price * math.pow(off, GIVE)))


def _arrival(young_s: float, old_s: float, showing: Showing) -> float:
    """The chance that late numbers, lacking at the younger age, are there at the older.

    Each moment within the network's time is taken to be alike; after it they are not expected any more.
    """
    begin = max(young_s, showing.late_from_s)
    if old_s <= begin or begin >= showing.late_until_s:
        return 0.0
    return (min(old_s, showing.late_until_s) - begin) / (showing.late_until_s - begin)


def _late_growth(young_s: float, old_s: float, growth: Growth, showing: Showing) -> float:
    """The growth of late numbers that were there at the younger age."""
    lag_s, every = growth.lag_s, showing.renewed_s
    if lag_s is None:
        # The mean of the lags that are still possible.
        lag_s, every = (showing.late_from_s + min(young_s, showing.late_until_s)) / 2, 0.0
    young, old = (_counted(age_s - lag_s, every) for age_s in (young_s, old_s))
    return _growth(young, old, growth.pace)


def _counted(since_s: float, every: float) -> float:
    """The age up to which late numbers count, so long after they came; half a renewal's worth came first."""
    return (since_s // every + 0.5) * every if every else since_s


def _growth(young_s: float, old_s: float, pace: float) -> float:
    """The part of a number at the older age that it did not have at the younger."""
    if old_s <= max(young_s, 0.0):
        return 0.0
    if young_s <= 0.0:
        return 1.0
    return -math.expm1(-pace * (_size(old_s) - _size(young_s)) - REVIVAL * math.log(old_s / young_s))


def _size(age_s: float) -> float:
    """The logarithm of the part of its final numbers that a typical post has at this age."""
    return -math.log1p((TURN_S / age_s) ** BEND) / BEND


def _interest(age_s: float) -> float:
    return max(INTEREST_LEAST, 1 / (1 + age_s / INTEREST_S))


def _wait(subject: Subject, showing: Showing, since: float, cost: float) -> float:
    """Seconds until the worth reaches the cost, found by halving on a logarithmic scale."""
    low, high = math.log(showing.least_s), math.log(showing.most_s)
    if worth(subject, showing, since + showing.least_s) >= cost:
        return showing.least_s
    for _ in range(STEPS):
        middle = (low + high) / 2
        if worth(subject, showing, since + math.exp(middle)) >= cost:
            high = middle
        else:
            low = middle
    return math.exp(high)
