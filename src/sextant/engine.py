"""Work that outlives its request: due work is claimed, run until it rests, and taken over from the dead.

The truth is in the database: what is due, who holds it, whose heart beats. What runs here may be lost at any
moment; another worker, or this one after a restart, goes on from the last saved step.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

from sextant.clock import Clock
from sextant.store import Store, deliveries, workers
from sextant.store.rows import new_id

log = logging.getLogger("sextant.engine")

LOOK_EVERY_S = 1.0
BEAT_EVERY_S = 5.0
AT_ONCE = 32
PER_ACCOUNT = 3
"""Deliveries to one account at once: a long upload does not hold up a text, and no account is flooded."""
JUST_BEGUN_S = 3.0
SOON = timedelta(seconds=0.25)


Advance = Callable[[str, str], Coroutine[Any, Any, None]]


def machine_time() -> datetime:
    """Heartbeats are about processes: the sandbox's fast clock has no say in them."""
    return datetime.now(UTC)


class Engine:
    """Runs `advance(destination_id, worker_id)` for whatever is due, once at a time among all workers."""

    def __init__(self, store: Store, clock: Clock, advance: Advance) -> None:
        self.store, self.clock = store, clock
        self.worker_id = new_id()
        self._advance = advance
        self._running: dict[str, asyncio.Task[None]] = {}
        self._begun: dict[str, float] = {}
        self._coming: datetime | None = None
        self._wake = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []

    async def open(self, *, delivers: bool = True) -> None:
        """Goes to work. On SQLite this is the only process, so what an earlier one held is free.

        Without `delivers` it only lives: for reading, which holds accounts in the same worker's name.
        """
        async with self.store.write(quiet=True) as db:
            if self.store.is_sqlite:
                await workers.bury_all(db)
            await workers.enter(db, self.worker_id, f"{socket.gethostname()}:{os.getpid()}", machine_time())
        self._loops = [asyncio.create_task(self._beating())]
        if delivers:
            self._loops.append(asyncio.create_task(self._looking()))

    async def close(self) -> None:
        """Breaks off; what was under way is free for others at once, and for the next start."""
        if not self._loops:
            return
        await _cancelled([*self._loops, *self._running.values()])
        async with self.store.write(quiet=True) as db:
            await workers.leave(db, self.worker_id)

    def wake(self) -> None:
        """There may be something due."""
        self._wake.set()

    def is_pressed(self) -> bool:
        """Whether a post has just begun to go out, or is due in a moment: what can wait should."""
        since = asyncio.get_running_loop().time() - JUST_BEGUN_S
        if any(begun > since for begun in self._begun.values()):
            return True
        return self._coming is not None and self._coming <= self.clock.now() + SOON

    async def _looking(self) -> None:
        while True:
            self._wake.clear()
            try:
                pause = await self._look()
            except Exception:
                log.exception("looking for due work failed; trying again in %s s", LOOK_EVERY_S)
                pause = LOOK_EVERY_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)

    async def _look(self) -> float:
        """Starts what is due, as far as there is room; how many seconds until the next look."""
        now, room = self.clock.now(), AT_ONCE - len(self._running)
        if room <= 0:
            return LOOK_EVERY_S
        me = deliveries.Worker(self.worker_id, tuple(self._running), machine_time())
        async with self.store.read() as db:
            due = await deliveries.any_due(db, me, now)
            self._coming = coming = await deliveries.next_due(db, now)
        if due:
            async with self.store.write(quiet=True) as db:
                claimed = await deliveries.claim(db, me, now, room, PER_ACCOUNT)
            for destination_id in claimed:
                self._start(destination_id)
        if coming is None:
            return LOOK_EVERY_S
        return min(LOOK_EVERY_S, max(0.01, (coming - now).total_seconds()))

    def _start(self, destination_id: str) -> None:
        task = asyncio.create_task(self._advance(destination_id, self.worker_id))
        self._running[destination_id] = task
        self._begun[destination_id] = asyncio.get_running_loop().time()
        task.add_done_callback(lambda done: self._ended(destination_id, done))

    def _ended(self, destination_id: str, done: asyncio.Task[None]) -> None:
        del self._running[destination_id], self._begun[destination_id]
        if not done.cancelled() and (error := done.exception()):
            log.error("work on %s broke off; it is taken up again", destination_id, exc_info=error)
        else:
            self.wake()  # there is room again, for this account too

    async def _beating(self) -> None:
        while True:
            await asyncio.sleep(BEAT_EVERY_S)
            try:
                async with self.store.write(quiet=True) as db:
                    alive = await workers.beat(db, self.worker_id, machine_time())
                    if not alive:  # silent for very long: what was held is saved no more, see `held`
                        await workers.enter(db, self.worker_id, socket.gethostname(), machine_time())
            except Exception:
                log.exception("the heartbeat failed; trying again in %s s", BEAT_EVERY_S)


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
