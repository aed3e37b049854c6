"""Following the clock of networks in another process."""

from __future__ import annotations

from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sextant.sandbox.clock import SandboxClock
from sextant.sandbox.outside import asked


@pytest.mark.parametrize(
    ("ahead_s", "way_s", "moves_s"),
    [(0, 0, 0), (0, 10, 0), (5, 10, 0), (60, 0, 60), (60, 10, 50), (-60, 10, -60)],
)
async def test_time_is_not_moved_by_the_way_of_an_answer(ahead_s: int, way_s: int, moves_s: int) -> None:
    """The networks' clock is ahead by so much when they say its time, and then the answer is so long on its
    way."""
    clock = SandboxClock(rate=0)  # it stands, so that the machine's own time does not count

    async def tell(_: web.Request) -> web.Response:
        now = datetime.fromtimestamp(clock.timestamp() + ahead_s, UTC)
        clock.advance(way_s)
        return web.json_response({"now": now.isoformat(), "rate": 0})

    app = web.Application()
    app.router.add_get("/_control/clock", tell)
    async with TestServer(app) as server, aiohttp.ClientSession(server.make_url("/")) as session:
        await asked(session, clock)
    moved = clock.advanced_s - way_s
    assert moved == pytest.approx(moves_s, abs=1e-3)
