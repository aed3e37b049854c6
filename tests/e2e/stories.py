"""What the stories of posts have in common: posts with a time, the clock, and what the networks show."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sextant.clock import iso
from sextant.sandbox.world import World
from tests.e2e.client import Client
from tests.waiting import PATIENCE_S

HOUR = 3600.0
STILL = 0.001
"""A pace at which no test lives to see a second pass."""


def world(client: Client) -> World:
    found = client.up.sandbox.world
    assert found is not None
    return found


def time_in(client: Client, seconds: float) -> str:
    """A `schedule_date`, so many seconds from now."""
    return iso(client.up.services.clock.now() + timedelta(seconds=seconds)) or ""


def unique(words: str) -> str:
    return f"{words} {uuid4().hex[:8]}"


async def first(client: Client, platform: str) -> str:
    """The connection of a platform's first account."""
    return (await client.accounts(platform))[0]


async def to(client: Client, *platforms: str) -> list[dict[str, Any]]:
    """`destinations`: the first account of each."""
    return [{"social_connection_id": await first(client, name)} for name in platforms]


async def take(client: Client, body: dict[str, Any], query: str = "", **headers: str) -> dict[str, Any]:
    """POST /social/post, which has to be answered 200."""
    options = {"headers": {name.replace("_", "-"): value for name, value in headers.items()}}
    status, made = await client.call("POST", f"/social/post{query}", json=body, **options)
    assert status == 200, made
    return dict(made)


async def refused(client: Client, body: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    """The faults of a 422."""
    status, answer = await client.call("POST", f"/social/post{query}", json=body)
    assert (status, answer["error"]) == (422, "validation_error"), answer
    return list(answer["detail"])


async def change(client: Client, post_id: str, **changes: Any) -> dict[str, Any]:
    """PATCH, which has to be answered 200."""
    status, view = await client.call("PATCH", f"/social/post/{post_id}", json=changes)
    assert status == 200, view
    return dict(view)


async def remove(client: Client, post_id: str) -> dict[str, Any]:
    """DELETE, which has to be answered 200."""
    status, removed = await client.call("DELETE", f"/social/post/{post_id}")
    assert status == 200, removed
    assert (removed["post_id"], removed["status"]) == (post_id, "rejected")
    return dict(removed)


async def until(true: Callable[[], Awaitable[Any]], what: str) -> Any:
    ends = asyncio.get_running_loop().time() + PATIENCE_S
    while not (found := await true()):
        assert asyncio.get_running_loop().time() < ends, f"never came: {what}"
        await asyncio.sleep(0.05)
    return found


async def ended(client: Client, post_id: str) -> dict[str, Any]:
    """The post once it neither waits for its time nor is under way."""

    async def rests() -> dict[str, Any] | None:
        view: dict[str, Any] = await client.get(f"/social/post/{post_id}")
        return view if view["status"] not in ("scheduled", "processing") else None

    return dict(await until(rests, f"the end of {post_id}"))


async def engine_has_looked(client: Client) -> None:
    """Returns when whatever was due when this was called has been begun: something due later is out."""
    made = await take(client, {"post": unique("probe"), "destinations": await to(client, "x")})
    assert (await ended(client, made["post_id"]))["status"] == "posted"


async def at_rest(client: Client) -> None:
    """Returns when this process works on nothing any more."""

    async def idle() -> bool:
        return not client.up.services.engine._running

    await until(idle, "a worker at rest")


async def held(client: Client, *platforms: str) -> None:
    """Returns when faults hold a request to each of these, as many as it is named."""

    async def all_held() -> bool:
        return Counter(platforms) <= Counter(world(client).faults.held)

    await until(all_held, f"requests to {', '.join(platforms)}")


@contextmanager
def deadline(client: Client, seconds: float) -> Iterator[None]:
    """Reads are given up after so long meanwhile."""
    services = client.up.services
    before = services.reports.deadline_s, services.wire.read_timeout_s
    services.reports.deadline_s, services.wire.read_timeout_s = seconds, seconds * 0.9
    try:
        yield
    finally:
        services.reports.deadline_s, services.wire.read_timeout_s = before


def ever(client: Client, platform: str, text: str) -> list[Any]:
    """All native posts with this text that there ever were, also those taken down."""
    posts = world(client).state.posts
    return [post for post in posts if post.platform == platform and text in (post.text, shown(post))]


def shown(post: Any) -> str:
    return str(post.facts.get("title", ""))


async def set_pace(client: Client, rate: float) -> None:
    async with client.switches.post("/_control/clock", json={"rate": rate}) as answer:
        assert answer.status == 200


@asynccontextmanager
async def standing_clock(client: Client) -> AsyncIterator[None]:
    """Time passes only by `advance` meanwhile. Nothing that pauses may be under way."""
    rate = world(client).clock.rate
    await set_pace(client, STILL)
    try:
        yield
    finally:
        await set_pace(client, rate)


async def advance_to(client: Client, moment: str, seconds: float = 0.0) -> None:
    """Moves the clock to so many seconds after a moment."""
    wanted = datetime.fromisoformat(moment) + timedelta(seconds=seconds)
    await client.advance((wanted - client.up.services.clock.now()).total_seconds())
