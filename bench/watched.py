"""The simulated networks as a process of their own that keeps account of who asked them for what, and when.

What a network allows is reckoned here from its document alone, by the networks' own clock: this is what the
budgets of whoever reads are held against.

    SEXTANT_DATA_DIR=DIR python bench/watched.py --port 8401

`GET /_control/seen`: `{"requests": so many in all, "under_way": of them without an answer yet, "counts":
[[network, account, allowance, window's begin, count]]}`, begins in unix seconds. `account`: the network's
id of it, empty for the app.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web

from sextant.sandbox.clock import SandboxClock
from sextant.sandbox.networks import networks
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import Token, World

PACIFIC = ZoneInfo("America/Los_Angeles")
FOR_TOKENS = re.compile(r"/(oauth|token|revoke)")
"""Addresses for tokens: no network counts them with its data."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Cell = tuple[str, str, str, float]
"""Network, account, allowance, begin of the window."""


class Seen:
    """How often each allowance was drawn on. A post is charged once per UTC day (x.md §4)."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.arrived = self.under_way = 0
        self.counts: dict[Cell, int] = {}
        self._charged: set[tuple[str, float]] = set()

    def requests(self, network: str, account: str, path: str, parts: int) -> None:
        """`parts`: the calls that a batch is made of."""
        for allowance, of_account, begin in drawn_on(network, path, self.world.now()):
            self.add((network, account if of_account else "", allowance, begin), parts)

    def charge(self, network: str, posts: list[str]) -> None:
        day = midnight(self.world.now(), UTC)
        fresh = {(post, day) for post in posts} - self._charged
        self._charged |= fresh
        self.add((network, "", "posts_per_day", day), len(fresh))

    def add(self, cell: Cell, count: int) -> None:
        self.counts[cell] = self.counts.get(cell, 0) + count


def drawn_on(network: str, path: str, now: float) -> Iterator[tuple[str, bool, float]]:
    """Allowances that a request counts against: the name, whether it is an account's, the window's begin."""
    match network:
        case "x" if path.endswith("/2/tweets"):
            yield "lookups_per_15_minutes", False, now // 900 * 900
            yield "account_lookups_per_15_minutes", True, now // 900 * 900
        case "linkedin":
            yield "calls_per_day", False, midnight(now, UTC)
            yield "account_calls_per_day", True, midnight(now, UTC)
        case "facebook" | "instagram":
            yield "calls_per_hour", True, now // 3600 * 3600
            yield "calls_per_day", True, midnight(now, UTC)
        case "tiktok" if "business" in path:
            yield "business_calls_per_day", False, midnight(now, UTC)
        case "youtube":
            yield youtube_unit(path), False, midnight(now, PACIFIC)


def youtube_unit(path: str) -> str:
    """Three counters of the project, by day of the Pacific (youtube.md §4)."""
    if "youtubeanalytics" in path:
        return "reports_per_day"
    return "stats_per_day" if "batchGetStats" in path else "units_per_day"


def midnight(now: float, zone: tzinfo) -> float:
    """Of the day in that zone."""
    local = datetime.fromtimestamp(now, zone)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


# ---- around every request ------------------------------------------------------------------------


class Watched(Sandbox):
    """The sandbox, with every request to a network seen before and after."""

    def __init__(self, world: World, port: int) -> None:
        self.seen = Seen(world)
        super().__init__(world, networks(), port=port)

    def _app(self) -> web.Application:
        app = super()._app()
        app.middlewares.append(self._watch)
        app.router.add_get("/_control/seen", self._show)
        return app

    async def _show(self, request: web.Request) -> web.Response:
        seen, counts = self.seen, [[*cell, count] for cell, count in self.seen.counts.items()]
        told = {"requests": seen.arrived, "under_way": seen.under_way, "counts": counts}
        return web.json_response(told)

    @web.middleware
    async def _watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/_control/") or FOR_TOKENS.search(request.path):
            return await handler(request)
        self.seen.arrived += 1
        self.seen.under_way += 1
        try:
            token = await self._token(request)
            if token is not None:
                parts = json.loads((await request.post()).get("batch", "[0]"))  # type: ignore[arg-type]
                self.seen.requests(token.platform, token.account_id, request.path, len(parts))
            response = await handler(request)
            if token is not None and token.platform == "x" and request.path.endswith("/2/tweets"):
                self.seen.charge("x", charged(request, response))
            return response
        finally:
            self.seen.under_way -= 1

    async def _token(self, request: web.Request) -> Token | None:
        """Whoever calls, dead or alive."""
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        form = await request.post()
        given = (
            bearer
            or request.headers.get("Access-Token")
            or request.query.get("access_token")
            or form.get("access_token")
        )
        return self.world.state.tokens.get(str(given))


def charged(request: web.Request, response: web.StreamResponse) -> list[str]:
    """The posts of a look-up that are paid for: those returned, or asked for where the answer got lost."""
    if response.status == 200 and isinstance(response, web.Response) and response.text:
        return [row["id"] for row in json.loads(response.text).get("data", [])]
    return request.query.get("ids", "").split(",") if response.status == 500 else []


async def serve(directory: Path, port: int) -> None:
    world = World(SandboxClock(), directory / "sandbox.json")
    async with Watched(world, port):
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=8401)
    options = parser.parse_args()
    asyncio.run(serve(Path(os.environ["SEXTANT_DATA_DIR"]), options.port))


if __name__ == "__main__":
    main()
