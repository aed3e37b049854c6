"""How long a network counts before it begins again, and what it has counted by now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

Number = int | float


@dataclass(frozen=True, slots=True)
class Window:
    """`fixed`: `seconds` from the first thing counted on. `rolling`: the last `seconds` at every moment, as
    exact as `slice_s`. `day`, `month`: the calendar's, in `zone`. `ever`: no end.
    """

    kind: Literal["fixed", "rolling", "day", "month", "ever"]
    seconds: float = 0.0
    zone: str = "UTC"
    slice_s: float = 0.001

    @property
    def words(self) -> str:
        """For people: `rolling 60 s`, `day America/Los_Angeles`."""
        timed = self.kind in ("fixed", "rolling")
        return f"{self.kind} {self.seconds:g} s" if timed else f"{self.kind} {self.zone}"

    def end(self, now: float) -> float:
        """When a count that begins now ends; never for a rolling one, whose parts end one by one."""
        match self.kind:
            case "fixed":
                return now + self.seconds
            case "day" | "month":
                zone = ZoneInfo(self.zone)
                following = self._next(datetime.fromtimestamp(now, UTC).astimezone(zone).date())
                return datetime.combine(following, time(), zone).timestamp()
        return float("inf")

    def _next(self, today: date) -> date:
        if self.kind == "day":
            return today + timedelta(1)
        return (today.replace(day=1) + timedelta(32)).replace(day=1)


UTC_DAY, UTC_MONTH = Window("day"), Window("month")
QUARTER, DAY_LONG = Window("fixed", 900), Window("fixed", 86_400)
SECOND, MINUTE = Window("rolling", 1), Window("rolling", 60)
HOUR = Window("rolling", 3600, slice_s=1)
LAST_DAY = Window("rolling", 86_400, slice_s=60)


class Count(msgspec.Struct, omit_defaults=True):
    """What has been counted in a window. Of a rolling one `slices` holds the parts, oldest first."""

    used: Number = 0
    ends_at: float | None = None
    slices: dict[int, Number] = {}

    def settle(self, window: Window, now: float) -> None:
        """Forgets what is over."""
        if self.ends_at is not None and self.ends_at <= now:
            self.used, self.ends_at = 0, None
        if window.kind != "rolling":
            return
        oldest = int((now - window.seconds) / window.slice_s)
        for key in [*self._before(oldest)]:
            self.used -= self.slices.pop(key)

    def _before(self, oldest: int) -> Iterator[int]:
        for key in self.slices:
            if key >= oldest:
                return
            yield key

    def add(self, window: Window, amount: Number, now: float) -> None:
        self.used += amount
        if window.kind == "rolling":
            key = int(now / window.slice_s)
            self.slices[key] = self.slices.get(key, 0) + amount
        elif self.ends_at is None and window.kind != "ever":
            self.ends_at = window.end(now)

    def free_at(self, window: Window, limit: Number, now: float) -> float:
        """When less than the limit is used, if nothing more comes."""
        if self.used < limit:
            return now
        if window.kind != "rolling":
            return window.end(now) if self.ends_at is None else self.ends_at
        left = self.used
        for key, amount in self.slices.items():
            left -= amount
            if left < limit:
                return (key + 1) * window.slice_s + window.seconds
        # A limit of nothing is never free.
        return now + window.seconds
