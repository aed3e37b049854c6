"""Work that outlives its request: each unfinished destination is run until it rests.

The truth is in our tables; what runs here may be lost at any moment and is taken up again by the sweep.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from sextant.clock import Clock

log = logging.getLogger("sextant.engine")

SWEEP_S = 5.0
AT_ONCE = 32


class Engine:
    """Runs `advance(id)` for whatever is started or found due, never twice at once for one id."""

    def __init__(
        self,
        clock: Clock,
        advance: Callable[[str], Awaitable[datetime | None]],
        due: Callable[[], Awaitable[list[str]]],
    ) -> None:
        self.clock = clock
        self._advance, self._find_due = advance, due
        self._running: dict[str, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(AT_ONCE)
        self._sweeper: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Takes up what an earlier process left, and goes on looking."""
        await self._sweep()
        self._sweeper = asyncio.create_task(self._sweeping())

    async def close(self) -> None:
        tasks = [*self._running.values(), *([self._sweeper] if self._sweeper else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def start(self, work_id: str) -> None:
        if work_id not in self._running:
            task = asyncio.create_task(self._run(work_id))
            self._running[work_id] = task
            task.add_done_callback(lambda done: self._ended(work_id, done))

    def _ended(self, work_id: str, done: asyncio.Task[None]) -> None:
        del self._running[work_id]
        if not done.cancelled() and (error := done.exception()):
            log.error("work on %s broke off; it is taken up again", work_id, exc_info=error)

    async def settle(self, work_ids: list[str], seconds: float) -> None:
        """Waits until these rest, but no longer than `seconds`."""
        tasks = [self._running[work_id] for work_id in work_ids if work_id in self._running]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    async def _run(self, work_id: str) -> None:
        """Comes back at the time `advance` names, as long as that is soon; the sweep does the rest."""
        while True:
            async with self._places:
                again = await self._advance(work_id)
            if again is None:
                return
            wait = (again - self.clock.now()).total_seconds()
            if wait > SWEEP_S:
                return
            await self.clock.sleep(wait)

    async def _sweeping(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                await self._sweep()
            except Exception:
                log.exception("looking for due work failed; trying again in %s s", SWEEP_S)

    async def _sweep(self) -> None:
        for work_id in await self._find_due():
            self.start(work_id)
