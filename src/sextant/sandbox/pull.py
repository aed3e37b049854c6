"""How the simulated networks fetch media: really, but only from the sandbox itself."""

from __future__ import annotations

import aiohttp
from yarl import URL

from sextant.sandbox.received import Received
from sextant.sandbox.world import World

PIECE = 1 << 18
TIMEOUT = aiohttp.ClientTimeout(total=600, connect=10, sock_read=20)


async def pulled(world: World, url: str) -> Received | None:
    """What is behind a public address; None when it cannot be read, or is not the sandbox's own."""
    received = Received()
    try:
        if URL(url).origin() != URL(world.base_url).origin():
            return None
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                return None
            async for chunk in answer.content.iter_chunked(PIECE):
                received.add(chunk)
    except (ValueError, aiohttp.ClientError, TimeoutError):
        return None
    return received if received.size else None
