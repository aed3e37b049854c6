"""YouTube: the adapter against the simulated network: connect, publish, read, lose an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sextant.errors import Gone, OutcomeUnknown
from sextant.http import AccountCall
from sextant.metrics import Reason
from sextant.platforms.base import Draft, Published
from sextant.platforms.youtube import PLATFORM, upload
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from sextant.sandbox.youtube import NETWORK
from tests.calls import call_for, connect
from tests.platforms.adapters import LocalMedia, numbers, steps, steps_until_fault, video_draft

SAMPLE = (resources.files("sextant.sandbox") / "media" / "sample.mp4").read_bytes()
TRUTH = {
    "viewCount": 7920,
    "likeCount": 190,
    "commentCount": 0,
    "shares": 14,
    "estimatedMinutesWatched": 18342,
}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    world = World()
    world.clock.rate = 20
    async with Sandbox(world, [NETWORK]) as sandbox:
        yield sandbox


@pytest.fixture
def owner(sandbox: Sandbox) -> str:
    return sandbox.world.accounts("youtube")[0].id


@pytest.fixture
async def call(sandbox: Sandbox, owner: str) -> AsyncIterator[AccountCall]:
    (account,), grant = await connect(PLATFORM, sandbox, owner)
    assert account.id == owner
    call = call_for(PLATFORM, sandbox.url, account, grant, sandbox.world.clock)
    yield call
    await call.wire.close()


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    return video_draft("A clip\nwith words", LocalMedia(tmp_path / "clip.mp4", SAMPLE))


async def control(sandbox: Sandbox, method: str, path: str, body: Any = None) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{sandbox.url}/_control/{path}", json=body) as answer,
    ):
        assert answer.status < 300, await answer.text()


async def published(call: AccountCall, draft: Draft) -> Published:
    post = (await steps(call, draft))[-1].published
    assert post is not None
    return post


async def test_truth_comes_back(sandbox: Sandbox, call: AccountCall, draft: Draft) -> None:
    post = await published(call, draft)
    assert post.url == f"https://www.youtube.com/watch?v={post.id}"
    await control(sandbox, "PUT", f"youtube/posts/{post.id}", TRUTH)
    ((reading, found, missing),) = await numbers(call, post)
    assert found == {
        "likes": 190,
        "comments": 0,
        "shares": 14,
        "views": 7920,
        "video_views": 7920,
        "video_watch_time_ms": 18342 * 60_000,
    }
    assert set(missing.values()) == {Reason.UNSUPPORTED}
    assert reading.fault is None


async def test_what_is_left_out_is_null(sandbox: Sandbox, call: AccountCall, draft: Draft) -> None:
    post = await published(call, draft)
    await control(sandbox, "PUT", f"youtube/posts/{post.id}", {"viewCount": 0})
    ((_, found, missing),) = await numbers(call, post)
    assert found == {"views": 0, "video_views": 0}
    assert missing["likes"] is missing["comments"] is Reason.HIDDEN
    assert missing["shares"] is missing["video_watch_time_ms"] is Reason.NOT_YET_AVAILABLE


async def test_reports_come_late(sandbox: Sandbox, call: AccountCall, draft: Draft) -> None:
    post = await published(call, draft)
    ((_, _, missing),) = await numbers(call, post)
    assert missing["shares"] is Reason.NOT_YET_AVAILABLE
    await control(sandbox, "POST", "clock", {"advance_s": 7 * 86400})
    ((_, found, _),) = await numbers(call, post)
    assert found["views"] > 0
    assert found["video_watch_time_ms"] > 0
    assert "shares" in found


async def test_without_the_analytics_scope(
    sandbox: Sandbox, owner: str, call: AccountCall, draft: Draft
) -> None:
    post = await published(call, draft)
    prefix = "https://www.googleapis.com/auth/"
    scopes = [f"{prefix}youtube.upload", f"{prefix}youtube.force-ssl"]
    await control(sandbox, "PUT", f"youtube/accounts/{owner}", {"scopes": scopes})
    ((reading, found, missing),) = await numbers(call, post)
    assert "views" in found
    assert missing["shares"] is missing["video_watch_time_ms"] is Reason.NOT_AUTHORIZED
    assert reading.fault is None


async def test_deleted(sandbox: Sandbox, call: AccountCall, draft: Draft) -> None:
    gone, alive = await published(call, draft), await published(call, draft)
    await control(sandbox, "DELETE", f"youtube/posts/{gone.id}")
    readings = await PLATFORM.read(call, [gone, alive])
    assert isinstance(readings[0].fault, Gone)
    assert readings[1].fault is None


async def test_the_access_token_is_renewed(sandbox: Sandbox, call: AccountCall, draft: Draft) -> None:
    post = await published(call, draft)
    first = call.grant
    await control(sandbox, "POST", "clock", {"advance_s": 2 * 3600})
    ((reading, _, _),) = await numbers(call, post)
    assert reading.fault is None
    assert call.grant.access_token != first.access_token
    assert call.grant.refresh_token == first.refresh_token


async def lose(sandbox: Sandbox) -> None:
    fault = {"platform": "youtube", "on": "publish", "kind": "drop_after_commit"}
    await control(sandbox, "POST", "faults", fault)


async def test_a_lost_answer_is_found(sandbox: Sandbox, call: AccountCall, draft: Draft) -> None:
    since = datetime.fromtimestamp(sandbox.world.now(), UTC)
    await lose(sandbox)
    reached, _ = await steps_until_fault(call, draft, OutcomeUnknown)
    found = await PLATFORM.find_published(call, draft, reached[-1], since)
    assert found is not None
    assert [post.id for post in sandbox.world.posts("youtube")] == [found.id]


async def test_an_upload_goes_on_after_a_restart(
    sandbox: Sandbox, call: AccountCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "CHUNK", 262_144)
    draft = video_draft("Long", LocalMedia(tmp_path / "long.mp4", SAMPLE + b"\0" * 600_000))
    walk = PLATFORM.publish(call, draft, None)
    assert (await anext(walk)).step == "opened"
    sent = await anext(walk)
    await walk.aclose()  # type: ignore[attr-defined]
    assert sent.announces
    since = datetime.fromtimestamp(sandbox.world.now(), UTC)
    assert await PLATFORM.find_published(call, draft, sent, since) is None
    last = (await steps(call, draft, sent))[-1]
    assert [post.id for post in sandbox.world.posts("youtube")] == [last.published and last.published.id]
