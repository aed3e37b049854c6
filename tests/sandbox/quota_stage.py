"""All six networks at noon, and their switches for quotas."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from sextant.sandbox.networks import networks
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World

# Far from midnight in UTC (12 h) and in California (4 h), so that no test meets a day's end by chance.
NOON = datetime(2027, 1, 13, 12, tzinfo=UTC).timestamp()
DAY_S = 86_400


@dataclass
class Stage:
    sandbox: Sandbox
    session: aiohttp.ClientSession

    @property
    def world(self) -> World:
        return self.sandbox.world

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.sandbox.url}/_control/{path}"
        async with self.session.request(method, url, json=body) as answer:
            return await answer.json() if answer.status == 200 else answer.status

    async def limit(self, platform: str, bucket: str, limit: float | None, scope: str | None = None) -> None:
        body = {"bucket": bucket, "limit": limit} | ({"scope": scope} if scope else {})
        found = await self.control("PUT", f"{platform}/quotas", body)
        assert isinstance(found, dict), found

    async def used(self, platform: str, bucket: str, scope: str = "") -> list[tuple[str, float, int]]:
        """`(who, used, refused)` of a bucket."""
        rows = (await self.control("GET", "quotas"))["quotas"]
        return [
            (row["who"], row["used"], row["refused"])
            for row in rows
            if (row["platform"], row["bucket"]) == (platform, bucket) and scope in ("", row["scope"])
        ]

    async def charged(self) -> dict[str, dict[str, Any]]:
        """By day."""
        return {row["day"]: row for row in (await self.control("GET", "quotas"))["charges"]}

    def wait(self, seconds: float) -> None:
        self.world.clock.advance(seconds)


@asynccontextmanager
async def stage(path: Path | None = None, at: float = NOON) -> AsyncIterator[Stage]:
    world = World(path=path)
    # Time moves only when a test moves it, so that a slow machine meets the same limits.
    world.clock.run_at(1e-9)
    world.clock.advance(at - world.now())
    async with Sandbox(world, networks()) as sandbox, aiohttp.ClientSession() as session:
        yield Stage(sandbox, session)
