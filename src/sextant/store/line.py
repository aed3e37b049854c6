"""Writers stand in line, in one process: those whom nobody waits for let the others go first."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PASSED_MOST = 20
"""So many go ahead of one who lets them; then it is that one's turn."""


class Line:
    """One at a time; within a kind, who came first."""

    def __init__(self) -> None:
        self._busy = False
        self._passed = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._behind: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def turn(self, behind: bool = False) -> AsyncIterator[None]:
        """`behind`: after those who are not."""
        await self._come(self._behind if behind else self._waiting)
        try:
            yield
        finally:
            self._go()

    async def _come(self, line: deque[asyncio.Future[None]]) -> None:
        if not self._busy:
            self._busy = True
            return
        called = asyncio.get_running_loop().create_future()
        line.append(called)
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():  # it was just called
                self._go()
            raise

    def _go(self) -> None:
        while (called := self._next()) is not None:
            if not called.done():
                called.set_result(None)
                return
        self._busy = False

    def _next(self) -> asyncio.Future[None] | None:
        passes = self._behind and self._passed < PASSED_MOST
        if self._waiting and (passes or not self._behind):
            self._passed += bool(self._behind)
            return self._waiting.popleft()
        self._passed = 0
        return self._behind.popleft() if self._behind else None
