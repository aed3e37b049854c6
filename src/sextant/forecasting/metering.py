"""What a rehearsal spends of an allowance, window by window. Pure. Times are unix seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from sextant.platforms.allowances import Allowance


@dataclass(frozen=True, slots=True)
class Spend:
    """What a reading counts against an allowance: so much for the batch, and for each post in it."""

    batch: float = 0.0
    post: float = 0.0


class Meter:
    """Counts one allowance of an app or an account; moments come in order.

    `limit`: what may be spent in a window, infinite when only counting. Where the network counts at every
    moment (`rolling`), this window and the one before count together, as in the loop. `spent`: in the window
    that holds `now` so far.
    """

    def __init__(self, allowance: Allowance, limit: float, now: float, spent: float = 0.0) -> None:
        self.allowance, self.limit = allowance, limit
        self._begin, self._end = self._window(now)
        self._spent, self._before = spent, 0.0
        self._queued = 0.0
        self.busiest, self.busiest_at = spent, self._begin if spent else -math.inf
        self.short_from = math.inf
        self.longest_wait_s = 0.0

    def add(self, amount: float, now: float) -> None:
        self._turn(now)
        self._spent += amount
        if self._used > self.busiest:
            self.busiest, self.busiest_at = self._used, self._begin

    def left(self, now: float) -> float:
        self._turn(now)
        return self.limit - self._used

    def put_off(self, amount: float, now: float) -> float:
        """Until when a reading waits that does not fit: for a later window if others wait already."""
        self._turn(now)
        self.short_from = min(self.short_from, now)
        if self.limit <= 0:
            return math.inf
        ahead = self._queued // self.limit
        self._queued += amount
        return self._end + ahead * self.allowance.window.seconds

    def waited(self, seconds: float) -> None:
        self.longest_wait_s = max(self.longest_wait_s, seconds)

    @property
    def _used(self) -> float:
        return self._spent + self._before

    def _turn(self, now: float) -> None:
        if now < self._end:
            return
        begin, end = self._window(now)
        follows = self.allowance.window.rolling and begin == self._end
        self._before, self._spent = self._spent if follows else 0.0, 0.0
        passed = math.ceil((begin - self._begin) / self.allowance.window.seconds)
        self._queued = max(0.0, self._queued - passed * self.limit) if self._queued else 0.0
        self._begin, self._end = begin, end

    def _window(self, now: float) -> tuple[float, float]:
        window, moment = self.allowance.window, datetime.fromtimestamp(now, UTC)
        return window.begin(moment).timestamp(), window.end(moment).timestamp()
