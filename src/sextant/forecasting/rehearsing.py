"""One account's posts read from now on, rehearsed: which, when and how many at once. Pure: no clock, no I/O.

Nothing is random: every post grows as the planner expects it to, late numbers come in the middle of the time
in which they may. Times are unix seconds.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sextant.collecting.batches import AHEAD
from sextant.collecting.planning import Candidate, Subject, choose, due_at, is_free, worth
from sextant.platforms.freshness import DAY_S, Showing


@dataclass(frozen=True, slots=True)
class Posts:
    """The published destinations of one account: all of them, or a sample.

    `price`: error-seconds per unit of cost, as the loop reckons now. `of`: how many destinations the account
    has, when these are a sample. `accounts`: how many accounts like it this one stands for, itself included.
    """

    account: str
    subjects: Sequence[Subject]
    price: float
    of: int | None = None
    accounts: float = 1.0

    @property
    def each(self) -> float:
        """How many destinations of the account one of these stands for."""
        return 1.0 if self.of is None else self.of / len(self.subjects)

    @property
    def sampled(self) -> bool:
        return self.each != 1.0 or self.accounts != 1.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Posts of one account, by their place in it. `charged`: those the network charges for, if it charges.

    `requests`: how many batches like it this one stands for, where posts are sampled.
    """

    posts: list[int]
    charged: set[int]
    requests: float


class Round:
    """One account's posts, read batch by batch. Moments come in order."""

    def __init__(self, posts: Posts, showing: Showing, price: float, begin: float) -> None:
        self.posts, self._showing, self._price, self._begin = posts, showing, price, begin
        self._room = max(1, round(showing.batch / posts.each))
        # Who may not ride is left out before.
        self._filling = replace(showing, post=0.0)
        self._subjects = list(posts.subjects)
        self._arrives = [_arrives(subject, showing) for subject in self._subjects]
        self._dues = [due_at(subject, showing, price) for subject in self._subjects]
        self._queue = [(due, n) for n, due in enumerate(self._dues)]
        heapq.heapify(self._queue)
        self._is_small = len(self._subjects) <= AHEAD * self._room

    def next_at(self) -> float:
        """When its next post is due."""
        while self._queue:
            due, n = self._queue[0]
            if due == self._dues[n]:
                return due
            heapq.heappop(self._queue)
        return math.inf

    def batch(self, now: float) -> Batch:
        """What the loop would read at this moment, the due ones first; `read` says that it did."""
        due: dict[int, None] = {}
        while self.next_at() <= now:
            due[heapq.heappop(self._queue)[1]] = None
        for n in due:
            heapq.heappush(self._queue, (self._dues[n], n))
        chosen = self._chosen(list(due)[: AHEAD * self._room], now)
        charged = {n for n in chosen if not is_free(self._subjects[n], self._showing, now)}
        return Batch(chosen, charged, self._stands_for(len(due), now))

    def read(self, batch: Iterable[int], now: float) -> None:
        for n in batch:
            self._saw(n, now)
            self._plan(n)

    def _stands_for(self, due: int, now: float) -> float:
        """Posts that are not sampled are due at moments of their own, but for midnight and the beginning."""
        if self.posts.each == 1.0 or self._showing.room_is_free or now == self._begin or now % DAY_S == 0:
            return 1.0
        return max(1.0, due * self.posts.each)

    def _chosen(self, due: list[int], now: float) -> list[int]:
        riders = [n for n in self._near(due) if self._dues[n] > now and self._may_ride(n, now)] if due else []
        if len(due) + len(riders) <= self._room:
            return due + riders
        candidates = [self._candidate(n, now) for n in due + riders]
        return [int(chosen.id) for chosen in choose(candidates, self._room, self._filling)]

    def _near(self, due: list[int]) -> Iterable[int]:
        everything = range(len(self._subjects))
        if self._is_small:
            return everything
        if len(due) >= self._room:
            return ()
        return heapq.nsmallest(AHEAD * self._room, everything, key=self._dues.__getitem__)

    def _may_ride(self, n: int, now: float) -> bool:
        subject = self._subjects[n]
        if now - subject.since < self._showing.least_s:
            return False
        return self._showing.room_is_free or is_free(subject, self._showing, now)

    def _candidate(self, n: int, now: float) -> Candidate:
        return Candidate(str(n), worth(self._subjects[n], self._showing, now), self._dues[n] <= now)

    def _plan(self, n: int) -> None:
        self._dues[n] = due_at(self._subjects[n], self._showing, self._price)
        heapq.heappush(self._queue, (self._dues[n], n))

    def _saw(self, n: int, now: float) -> None:
        subject, showing = self._subjects[n], self._showing
        age, growth = now - subject.published_at, subject.growth
        late_out = age >= self._arrives[n]
        arrived = late_out and not (subject.late_out and subject.read_at is not None)
        if arrived and subject.read_at is not None:
            growth = growth.arrived(subject.read_at - subject.published_at, age, showing)
        self._subjects[n] = Subject(subject.published_at, now, growth, late_out)


def _arrives(subject: Subject, showing: Showing) -> float:
    """The age at which late numbers are reckoned to come: in the middle of the time that is left for it.

    Infinite when that has passed without them.
    """
    if not showing.late:
        return 0.0
    read_s = 0.0 if subject.read_at is None else subject.read_at - subject.published_at
    if subject.read_at is not None and subject.late_out:
        return 0.0
    if read_s >= showing.late_until_s:
        return math.inf
    return (max(read_s, showing.late_from_s) + showing.late_until_s) / 2
