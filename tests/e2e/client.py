"""A client of a running Sextant and of its simulated networks' switches, over real HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Self
from urllib.parse import quote

import aiohttp

from sextant.sandboxed import Running


class Client:
    def __init__(self, up: Running, api_key: str | None = None) -> None:
        self.up = up
        self.key = api_key or up.api_key
        self.video = f"{up.sandbox.url}/_control/media/sample.mp4"

    async def __aenter__(self) -> Self:
        headers = {"Authorization": f"Bearer {self.key}"}
        connector = aiohttp.TCPConnector(limit=0)
        self.api = aiohttp.ClientSession(self.up.url, headers=headers, connector=connector)
        self.switches = aiohttp.ClientSession(self.up.sandbox.url)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.api.close()
        await self.switches.close()

    # ---- Sextant ----

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        async with self.api.request(method, path, **options) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def get(self, path: str) -> Any:
        status, body = await self.call("GET", path)
        assert status == 200, (status, body)
        return body

    async def accounts(self, *platforms: str) -> list[str]:
        """Connection ids: of these platforms, or all; each platform's own order."""
        found = (await self.get("/social/connections"))["connected_accounts"]
        return [a["social_connection_id"] for a in found if not platforms or a["platform"] in platforms]

    async def publish(self, *platforms: str, text: str = "Hello", video: bool = True) -> dict[str, Any]:
        """Publishes to every account of these platforms and waits until it rests; the post's view."""
        body = {
            "post": text,
            "destinations": [{"social_connection_id": c} for c in await self.accounts(*platforms)],
            "media_urls": [self.video] if video else [],
        }
        status, made = await self.call("POST", "/social/post", json=body)
        assert status == 200, made
        return await self.settled(made["post_id"])

    async def settled(self, post_id: str) -> dict[str, Any]:
        for _ in range(1200):
            view: dict[str, Any] = await self.get(f"/social/post/{post_id}")
            if view["status"] != "processing":
                return view
            await asyncio.sleep(0.1)
        raise AssertionError(f"still processing: {view}")

    async def analytics(self, post_id: str, **query: str) -> dict[str, Any]:
        joined = "&".join(f"{name}={value}" for name, value in query.items())
        found: dict[str, Any] = await self.get(f"/social/post/{post_id}/analytics?{joined}")
        return found

    # ---- the simulated networks' switches ----

    async def truth(self, platform: str, native_id: str, truth: dict[str, Any]) -> None:
        path = f"/_control/{platform}/posts/{quote(native_id, safe='')}"
        async with self.switches.put(path, json=truth) as answer:
            assert answer.status == 200, await answer.text()

    async def fault(self, platform: str, on: str, kind: str, **more: Any) -> None:
        body = {"platform": platform, "on": on, "kind": kind, **more}
        async with self.switches.post("/_control/faults", json=body) as answer:
            assert answer.status == 201, await answer.text()

    async def no_faults(self) -> None:
        async with self.switches.delete("/_control/faults") as answer:
            assert answer.status == 204

    async def advance(self, seconds: float) -> None:
        async with self.switches.post("/_control/clock", json={"advance_s": seconds}) as answer:
            assert answer.status == 200

    async def clear_ledger(self) -> None:
        async with self.switches.delete("/_control/ledger") as answer:
            assert answer.status == 204

    async def ledger(self) -> Any:
        async with self.switches.get("/_control/ledger") as answer:
            return await answer.json()

    async def native_posts(self, platform: str) -> list[dict[str, Any]]:
        async with self.switches.get(f"/_control/{platform}/posts") as answer:
            found: list[dict[str, Any]] = (await answer.json())["posts"]
            return found

    async def switch(self, platform: str, account_id: str, **switches: Any) -> None:
        path = f"/_control/{platform}/accounts/{quote(account_id, safe='')}"
        async with self.switches.put(path, json=switches) as answer:
            assert answer.status == 200, await answer.text()


def by_platform(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The first destination of each platform."""
    found: dict[str, dict[str, Any]] = {}
    for row in view["destinations"]:
        found.setdefault(row["platform"], row)
    return found


def entry(answer: dict[str, Any], platform: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first entry of a platform, and its facts."""
    analytics = answer["analytics"]
    pairs = zip(analytics["platforms"], analytics["metadata"]["destinations"], strict=True)
    return next((e, f) for e, f in pairs if e["platform"] == platform)
