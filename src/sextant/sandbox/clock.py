"""A clock that can be moved forward and run fast."""

from __future__ import annotations

import asyncio
import time

from sextant.clock import Clock


class SandboxClock(Clock):
    """Real time, run at `rate` from the moment it was made or last set, plus what it was advanced by."""

    def __init__(self, rate: float = 1.0) -> None:
        self.rate = rate
        self.advanced_s = 0.0
        self._real = self._simulated = time.time()

    def timestamp(self) -> float:
        return self._simulated + (time.time() - self._real) * self.rate + self.advanced_s

    def ahead_s(self) -> float:
        """How far it is before real time, by being advanced and by having run fast."""
        return self.timestamp() - time.time()

    def advance(self, seconds: float) -> None:
        self.advanced_s += seconds

    def run_at(self, rate: float) -> None:
        """From now on this many simulated seconds pass in a real one; no time is skipped."""
        now = time.time()
        self._simulated += (now - self._real) * self.rate
        self._real, self.rate = now, rate

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self.rate)
