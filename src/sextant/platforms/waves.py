"""Many requests of one read, side by side but not all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from sextant.errors import Fault
from sextant.platforms.base import Answer, Call, Request, together

IN_FLIGHT = 20
"""Calls of one read under way at a time: more than one post ever needs, less than a network minds."""


async def wave(call: Call, requests: Iterable[Request]) -> list[Answer | Fault]:
    """The answers in the order of the requests, each an Answer or the Fault it raised."""
    room = asyncio.Semaphore(IN_FLIGHT)

    async def send(request: Request) -> Answer:
        async with room:
            return await call.send(request)

    return await together(*(send(request) for request in requests))
