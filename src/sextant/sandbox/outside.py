"""Simulated networks in another process: their clock, followed from here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import aiohttp

from sextant.sandbox.clock import SandboxClock

ASKED_EVERY_S = 1.0
MOVED_S = 0.5
"""A smaller difference is none; time that is not moved never steps back."""
TIMEOUT = aiohttp.ClientTimeout(total=2)


@asynccontextmanager
async def followed(url: str) -> AsyncIterator[SandboxClock]:
    """The machine's time, until somebody moves that of the networks; then within a second theirs."""
    clock = SandboxClock()
    async with aiohttp.ClientSession(url, timeout=TIMEOUT) as session:
        await asked(session, clock)
        following = asyncio.create_task(follow(session, clock))
        try:
            yield clock
        finally:
            following.cancel()


async def follow(session: aiohttp.ClientSession, clock: SandboxClock) -> None:
    while True:
        await asyncio.sleep(ASKED_EVERY_S)
        await asked(session, clock)


async def asked(session: aiohttp.ClientSession, clock: SandboxClock) -> None:
    """Takes over the networks' time and pace; when they do not answer, all stays as it is.

    Their time is as of some moment between question and answer, however long that takes.
    """
    before = clock.timestamp()
    try:
        async with session.get("/_control/clock", raise_for_status=True) as answer:
            told = await answer.json()
    except (aiohttp.ClientError, TimeoutError):
        return
    clock.run_at(told["rate"])
    now = datetime.fromisoformat(told["now"]).timestamp()
    moved = now - min(max(now, before), clock.timestamp())
    if abs(moved) > MOVED_S:
        clock.advance(moved)
