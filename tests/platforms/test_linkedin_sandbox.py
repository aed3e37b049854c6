"""LinkedIn: the adapter against the simulated network: connect, publish, read, lose an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sextant.errors import FixContent, Gone
from sextant.http import AccountCall
from sextant.metrics import Reason
from sextant.platforms.base import Draft, Published
from sextant.platforms.linkedin import PLATFORM
from sextant.sandbox.linkedin import NETWORK
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from tests.calls import call_for, connect
from tests.platforms.adapters import LocalMedia, numbers, steps, steps_until_fault, text_draft, video_draft

OWNER = "782bbtaQ"
SAMPLE = (resources.files("sextant.sandbox") / "media" / "sample.mp4").read_bytes()
STATISTICS = {
    "impressionCount": 500,
    "uniqueImpressionsCount": 410,
    "clickCount": 12,
    "likeCount": 30,
    "commentCount": 4,
    "shareCount": 0,
    "engagement": 0.096,
}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    world = World()
    world.clock.rate = 20
    async with Sandbox(world, [NETWORK]) as sandbox:
        yield sandbox


async def calls(sandbox: Sandbox) -> dict[str, AccountCall]:
    accounts, grant = await connect(PLATFORM, sandbox, OWNER)
    return {
        account.kind: call_for(PLATFORM, sandbox.url, account, grant, sandbox.world.clock)
        for account in accounts
    }


@pytest.fixture
async def page(sandbox: Sandbox) -> AsyncIterator[AccountCall]:
    found = await calls(sandbox)
    assert list(found) == ["organization", "member"]
    yield found["organization"]
    await found["organization"].wire.close()


@pytest.fixture
async def member(sandbox: Sandbox) -> AsyncIterator[AccountCall]:
    found = await calls(sandbox)
    yield found["member"]
    await found["member"].wire.close()


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


def clip(tmp_path: Path, text: str = "A clip") -> Draft:
    return video_draft(text, LocalMedia(tmp_path / "clip.mp4", SAMPLE))


async def test_a_text_of_a_page(sandbox: Sandbox, page: AccountCall) -> None:
    text = "Mind the (brackets) <3 | and #sextant_2 C#7"
    post = await published(page, text_draft(text))
    assert [kept.text for kept in sandbox.world.posts("linkedin")] == [text]
    truth = {"totalShareStatistics": STATISTICS, "reactions": {"LIKE": 30, "PRAISE": 2}}
    await control(sandbox, "PUT", f"linkedin/posts/{post.id}", truth)
    ((reading, found, missing),) = await numbers(page, post)
    assert found == {"likes": 32, "comments": 4, "shares": 0, "impressions": 500, "clicks": 12}
    assert missing["video_views"] is Reason.NOT_APPLICABLE
    assert reading.raw["engagement"] == 0.096
    assert reading.fault is None


async def test_a_video_of_a_page(sandbox: Sandbox, page: AccountCall, tmp_path: Path) -> None:
    post = await published(page, clip(tmp_path))
    video = {"VIDEO_VIEW": 100, "VIEWER": 0, "TIME_WATCHED": 123456}
    truth = {"totalShareStatistics": STATISTICS, "reactions": {}, "video": video}
    await control(sandbox, "PUT", f"linkedin/posts/{post.id}", truth)
    ((_, found, _),) = await numbers(page, post)
    assert found["likes"] == 0
    assert (found["video_views"], found["video_viewers"], found["video_watch_time_ms"]) == (100, 0, 123456)


async def test_growing_numbers(sandbox: Sandbox, page: AccountCall, tmp_path: Path) -> None:
    text, video = await published(page, text_draft("growing")), await published(page, clip(tmp_path))
    await control(sandbox, "POST", "clock", {"advance_s": 7 * 86400})
    (_, found, _), (_, moving, missing) = await numbers(page, text, video)
    assert found["impressions"] > 0
    assert moving["video_watch_time_ms"] > 0
    assert set(missing.values()) == {Reason.UNSUPPORTED}


async def test_a_new_post_is_zero(sandbox: Sandbox, page: AccountCall) -> None:
    sandbox.world.clock.run_at(0.001)
    post = await published(page, text_draft("brand new"))
    ((_, found, _),) = await numbers(page, post)
    assert found == dict.fromkeys(("likes", "comments", "shares", "impressions", "clicks"), 0)


async def test_below_administrator(sandbox: Sandbox, page: AccountCall, tmp_path: Path) -> None:
    post = await published(page, clip(tmp_path))
    await control(sandbox, "POST", "clock", {"advance_s": 86400})
    await control(sandbox, "PUT", f"linkedin/accounts/{OWNER}", {"role": "CONTENT_ADMINISTRATOR"})
    ((reading, found, missing),) = await numbers(page, post)
    assert found.keys() == {"likes"}
    for key in ("impressions", "comments", "shares", "clicks", "video_views", "video_watch_time_ms"):
        assert missing[key] is Reason.NOT_AUTHORIZED
    assert reading.fault is None


async def test_a_member(sandbox: Sandbox, member: AccountCall, tmp_path: Path) -> None:
    post = await published(member, clip(tmp_path))
    await control(sandbox, "POST", "clock", {"advance_s": 7 * 86400})
    ((reading, found, missing),) = await numbers(member, post)
    assert found["impressions"] > 0
    asked = {"likes", "saves", "clicks", "video_views", "video_watch_time_ms"}
    assert asked <= found.keys() | {key for key, why in missing.items() if why is Reason.NOT_YET_AVAILABLE}
    assert set(missing.values()) <= {Reason.UNSUPPORTED, Reason.NOT_YET_AVAILABLE}, "no data is not 0"
    assert reading.fault is None


async def test_a_self_serve_app_sees_nothing(sandbox: Sandbox, member: AccountCall) -> None:
    post = await published(member, text_draft("mine"))
    await control(sandbox, "PUT", f"linkedin/accounts/{OWNER}", {"tier": "self_serve"})
    ((reading, found, missing),) = await numbers(member, post)
    assert found == {}
    assert missing["impressions"] is Reason.NOT_AUTHORIZED
    assert reading.fault is None


async def test_deleted(sandbox: Sandbox, page: AccountCall) -> None:
    gone, alive = await published(page, text_draft("one")), await published(page, text_draft("two"))
    await control(sandbox, "DELETE", f"linkedin/posts/{gone.id}")
    readings = await PLATFORM.read(page, [gone, alive])
    assert isinstance(readings[0].fault, Gone)
    assert readings[1].fault is None


async def test_the_access_token_is_renewed(sandbox: Sandbox, page: AccountCall) -> None:
    post = await published(page, text_draft("renewed"))
    first = page.grant
    await control(sandbox, "POST", "clock", {"advance_s": 61 * 86400})
    ((reading, _, _),) = await numbers(page, post)
    assert reading.fault is None
    assert page.grant.access_token != first.access_token


async def test_duplicate(page: AccountCall) -> None:
    await published(page, text_draft("twice"))
    await steps_until_fault(page, text_draft("twice"), FixContent)
