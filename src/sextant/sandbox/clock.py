"""A clock that can be moved forward and run fast."""

from __future__ import annotations

import asyncio
import time

from sextant.clock import Clock


class SandboxClock(Clock):
    """Real time, plus what it was advanced by, times `rate` since it was made."""

    def __init__(self, rate: float = 1.0, advanced_s: float = 0.0) -> None:
        self.rate = rate
        self.advanced_s = advanced_s
        self._start = time.time()

    def timestamp(self) -> float:
        return self._start + (time.time() - self._start) * self.rate + self.advanced_s

    def advance(self, seconds: float) -> None:
        self.advanced_s += seconds

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self.rate)
