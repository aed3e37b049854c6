"""When the next reading of a post is worth its cost, and which posts share a batch. Pure: no clock, no I/O.

Times are unix seconds, ages and intervals seconds. The model, its parameters and their reasons are in
docs/planning.md. In short: a reading is worth the relative error it removes times half the time since the
last one (error-seconds); it is due when that reaches the price of a call, and the price follows the budget.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sextant.collecting.growth import Growth as Growth
from sextant.collecting.growth import late_part_grown, part_grown
from sextant.metrics import Number
from sextant.platforms.freshness import DAY_S, Showing

INTEREST_S = 2 * DAY_S
INTEREST_LEAST = 0.1
"""Readers ask for young posts most: by 1 / (1 + age / INTEREST_S), and never less than this part."""
AGAIN = 0.05
"""What a reading that is not charged still costs, as a part of one that is: it takes a request."""
LAST_CALL_S = 20 * 60.0
"""The last free reading of a UTC day comes so long before its end."""
HOUR_SPREAD_S = 3 * 3600.0
"""How far from the account's hour late numbers may be renewed."""
HOUR_SURE = 0.85
"""How much is given on that hour; the rest on the network's whole time."""
HOUR_NEEDS = 3
"""So many siblings must agree on an hour, and four fifths of those that are known."""
STRANGERS = 3
"""A new post's pace is reckoned as if so many typical posts were among its siblings."""
STEPS = 10
"""Halvings of the search for a due time; the wait is then good to one per cent."""
PRICE_LEAST, PRICE_MOST = 5.0, 1e9
"""No call is worth less, however many are left: one per cent off for a quarter of an hour, on a new post."""
FIRST_PRICE = 50.0
"""The price before a budget has taught a better one: a post is read about as often as by a table by age."""
GIVE = 0.15
"""How far the price follows one look at the budget."""


TYPICAL = Growth()


@dataclass(frozen=True, slots=True)
class Subject:
    """A published destination as the planner sees it.

    `read_at`: its last reading, None when there is none; `late_out`: that had the numbers that come late.
    """

    published_at: float
    read_at: float | None = None
    growth: Growth = TYPICAL
    late_out: bool = True

    @property
    def since(self) -> float:
        """When its numbers were last right: at the last reading, or when it was published."""
        return self.published_at if self.read_at is None else self.read_at


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
    live = part_grown(young_s, old_s, subject.growth)
    if not showing.late:
        return live
    if subject.late_out:
        return (1 - showing.late) * live + showing.late * late_part_grown(
            young_s, old_s, subject.growth, showing
        )
    # While the late numbers lack, the others are all there is.
    out = showing.late * _arrival(subject, young_s, old_s, showing)
    return (1 - out) * live + out


def worth(subject: Subject, showing: Showing, now: float) -> float:
    """Error-seconds that a reading now is expected to be good for, weighted by how much it is asked for.

    One that pays for the UTC day is good for the free ones in the rest of it too.
    """
    stood = now - subject.since
    if stood <= 0.0:
        return 0.0
    change = expected_change(subject, showing, now)
    gain = change * stood / 2
    if showing.billed_daily and not is_free(subject, showing, now):
        gain += _rest(subject, change, now)
    return _interest(now - subject.published_at) * gain


def due_at(subject: Subject, showing: Showing, price: float) -> float:
    """The first moment at which a reading is worth its cost.

    `price`: error-seconds that must be gained per unit of cost (`repriced`). Between `least_s` and `most_s`
    after the last reading, or after publishing when there is none.
    """
    cost = price * (showing.request + showing.post)
    if not showing.billed_daily:
        return _first(subject, showing, cost)
    if subject.read_at is None:
        return _first_of_all(subject, showing, cost)
    midnight = next_day(subject.read_at)
    again = _first(subject, showing, cost * AGAIN)
    if again < midnight:
        return again
    paid = _paid(subject, showing, midnight, cost)
    last_call = midnight - LAST_CALL_S
    if paid > midnight and last_call - subject.read_at >= showing.least_s:
        change = expected_change(subject, showing, last_call)
        if _interest(last_call - subject.published_at) * change * (paid - midnight) >= cost * AGAIN:
            return last_call
    return paid


def is_free(subject: Subject, showing: Showing, now: float) -> bool:
    """Whether a reading now is not charged, because this UTC day has paid for the post already."""
    return showing.billed_daily and subject.read_at is not None and now < next_day(subject.read_at)


def next_day(moment: float) -> float:
    """The next midnight UTC, always after `moment`."""
    return (moment // DAY_S + 1) * DAY_S


def newborn(siblings: Iterable[Subject], showing: Showing) -> Growth:
    """What to believe of a post that was just published: from the latest posts of its account.

    About thirty of them are enough; none give `Growth()`.
    """
    siblings = list(siblings)
    paces = [math.log(s.growth.pace) for s in siblings if s.read_at is not None]
    pace = math.exp(sum(paces) / (len(paces) + STRANGERS))
    return Growth(pace, hour_s=_hour(siblings) if showing.renewed_s else None)


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

    `spent` and `planned` are of the same span of time, best the last day: where a day is what is billed,
    all is spent at its beginning. What was due and had to wait for lack of budget counts as spent: else a
    price that is too low would never rise.
    """
    off = 4.0 if planned <= 0 else min(4.0, max(0.25, spent / planned))
    return min(PRICE_MOST, max(PRICE_LEAST, price * math.pow(off, GIVE)))


def _hour(siblings: list[Subject]) -> float | None:
    """The middle of the shortest part of the day in which most siblings' late numbers came."""
    hours = sorted((s.published_at + s.growth.lag_s) % DAY_S for s in siblings if s.growth.lag_s is not None)
    if len(hours) < HOUR_NEEDS:
        return None
    most = math.ceil(0.8 * len(hours))
    arcs = [((hours[(n + most - 1) % len(hours)] - hours[n]) % DAY_S, hours[n]) for n in range(len(hours))]
    length, begin = min(arcs)
    return (begin + length / 2) % DAY_S if length <= 2 * HOUR_SPREAD_S else None


def _rest(subject: Subject, change: float, now: float) -> float:
    """What the free readings of the rest of the UTC day are good for, in error-seconds.

    With even growth, a day is then paid for when a cycle that is a day longer would cost more in the mean
    (docs/planning.md).
    """
    midnight = next_day(now)
    coming = part_grown(now - subject.published_at, midnight - subject.published_at, subject.growth)
    return (1.5 * change + coming / 2) * (midnight - now)


def _arrival(subject: Subject, young_s: float, old_s: float, showing: Showing) -> float:
    """The chance that late numbers, lacking at the younger age, are there at the older."""
    young, old = (_out(subject, age_s, showing) for age_s in (young_s, old_s))
    return (old - young) / (1 - young) if young < 1 else 0.0


def _out(subject: Subject, age_s: float, showing: Showing) -> float:
    """The chance that the late numbers are there at this age; they are not expected any more at 1.

    Each moment within the network's time is taken to be alike. Where the account's hour is known it is most
    likely the first that comes, or else the same of the next day; the less so the more of it was past.
    """
    begin, end = showing.late_from_s, showing.late_until_s
    hour_s = subject.growth.hour_s
    if hour_s is None:
        return _part(age_s, begin, end)
    width = 2 * HOUR_SPREAD_S
    opens = (hour_s + HOUR_SPREAD_S - subject.published_at) % DAY_S - width
    while opens < begin - width:
        opens += DAY_S
    sure = HOUR_SURE * (1 - _part(begin, opens, opens + width))
    again = HOUR_SURE * _part(age_s, opens + DAY_S, opens + DAY_S + width)
    rest = (1 - HOUR_SURE) * _part(age_s, begin, max(end, opens + DAY_S + width))
    return sure * _part(age_s, max(begin, opens), opens + width) + (1 - sure) * (again + rest)


def _part(age_s: float, begin: float, end: float) -> float:
    return min(1.0, max(0.0, (age_s - begin) / (end - begin)))


def _interest(age_s: float) -> float:
    return max(INTEREST_LEAST, 1 / (1 + age_s / INTEREST_S))


def _first(subject: Subject, showing: Showing, cost: float) -> float:
    """When the reading by itself is worth its cost, by halving on a logarithmic scale."""
    since = subject.since

    def short(wait: float) -> bool:
        now = since + wait
        interest = _interest(now - subject.published_at)
        return interest * expected_change(subject, showing, now) * wait / 2 < cost

    low, high = math.log(showing.least_s), math.log(showing.most_s)
    if not short(showing.least_s):
        return since + showing.least_s
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if short(math.exp(middle)) else (low, middle)
    return since + math.exp(high)


def _first_of_all(subject: Subject, showing: Showing, cost: float) -> float:
    """The first reading of a post that is charged once a day: at once, or when the next day begins."""
    soon = subject.published_at + showing.least_s
    if worth(subject, showing, soon) >= cost:
        return soon
    return min(_first(subject, showing, cost), max(soon, _paid(subject, showing, next_day(soon), cost)))


def _paid(subject: Subject, showing: Showing, midnight: float, cost: float) -> float:
    """The first midnight, from this one on, at which paying for the day is worth it."""
    low, high = -1, math.ceil(showing.most_s / DAY_S)
    while high - low > 1:
        middle = (low + high) // 2
        if worth(subject, showing, midnight + middle * DAY_S) >= cost:
            high = middle
        else:
            low = middle
    return midnight + high * DAY_S
