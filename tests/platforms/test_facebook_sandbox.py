"""Facebook: the adapter against the simulated network: connect and read."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from sextant.errors import Gone, TryLater
from sextant.http import AccountCall
from sextant.metrics import Reason
from sextant.platforms.base import Draft, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.facebook import PLATFORM
from sextant.sandbox.facebook import NETWORK
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import Post, World
from tests.calls import call_for, connect
from tests.platforms.adapters import numbers, steps, text_draft
from tests.platforms.scene import Clip

TRUTH = {
    "insights": {
        "post_media_view": 420,
        "post_clicks": 12,
        "post_reactions_by_type_total": {"like": 4, "love": 1},
        "post_activity_by_action_type": {"comment": 2, "share": 1, "like": 5},
        "post_video_views": 193,
        "post_video_view_time": 2149995,
    },
    "video_insights": {"total_video_views": 190},
    "shares": 1,
}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    world = World()
    world.clock.rate = 20
    async with Sandbox(world, [NETWORK]) as sandbox:
        yield sandbox


@pytest.fixture
async def call(sandbox: Sandbox) -> AsyncIterator[AccountCall]:
    owner = sandbox.world.accounts("facebook")[0].id
    [account], _ = await connect(PLATFORM, sandbox, owner)
    call = call_for(PLATFORM, sandbox.url, account, clock=sandbox.world.clock)
    yield call
    await call.wire.close()


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


def clip(sandbox: Sandbox, text: str = "A clip") -> Draft:
    return Draft("draft-1", text, (Clip(sandbox),), Kind.VIDEO)


async def test_the_page_is_connected_with_a_token_that_stays(call: AccountCall) -> None:
    assert (call.account.id, call.account.username) == ("100000000000001", "mosaicso")
    assert call.grant.expires_at is None
    assert call.scopes >= {"pages_manage_posts", "read_insights"}


async def test_a_text(sandbox: Sandbox, call: AccountCall) -> None:
    post = await published(call, text_draft("Grüße & more"))
    assert [kept.text for kept in sandbox.world.posts("facebook")] == ["Grüße & more"]
    await control(sandbox, "PUT", f"facebook/posts/{post.id}", TRUTH)
    ((reading, found, missing),) = await numbers(call, post)
    assert found == {"likes": 5, "comments": 2, "shares": 1, "views": 420, "clicks": 12}
    assert missing["video_views"] is Reason.NOT_APPLICABLE
    assert reading.fault is None
    assert reading.url == post.url


async def test_a_video(sandbox: Sandbox, call: AccountCall) -> None:
    post = await published(call, clip(sandbox))
    assert post.kind is Kind.VIDEO
    await control(sandbox, "PUT", f"facebook/posts/{post.id}", TRUTH)
    ((reading, found, _),) = await numbers(call, post)
    assert (found["video_views"], found["video_watch_time_ms"]) == (193, 2149995)
    assert reading.raw["totalVideoViews"] == 190


async def test_a_reel(sandbox: Sandbox, call: AccountCall) -> None:
    owner, now = sandbox.world.accounts("facebook")[0].id, sandbox.world.now()
    truth = {
        "video_insights": {
            "fb_reels_total_plays": 17358,
            "blue_reels_play_count": 12707,
            "post_video_view_time": 5000,
            "post_video_likes_by_reaction_type": {"REACTION_LIKE": 4, "REACTION_LOVE": 1},
            "post_video_social_actions": {"COMMENT": 5},
        }
    }
    facts = {"video_id": "1388"}
    sandbox.world.add_post(Post("facebook", f"{call.account.id}_77", owner, "reel", now, "", facts, truth))
    reel = Published(f"{call.account.id}_77", Kind.REEL, None, call.now, "1388")
    ((reading, found, _),) = await numbers(call, reel)
    assert found == {
        "likes": 5,
        "comments": 5,
        "shares": 0,
        "views": 17358,
        "video_views": 12707,
        "video_watch_time_ms": 5000,
    }
    assert reading.url == "https://www.facebook.com/reel/1388/"
    assert reading.fault is None


async def test_a_set_zero_is_zero_and_what_is_left_out_is_null(sandbox: Sandbox, call: AccountCall) -> None:
    post = await published(call, clip(sandbox))
    insights = {"post_media_view": 0, "post_activity_by_action_type": {}, "post_video_view_time": 0}
    await control(sandbox, "PUT", f"facebook/posts/{post.id}", {"insights": insights})
    ((reading, found, missing),) = await numbers(call, post)
    zero = ("likes", "comments", "shares", "views", "video_watch_time_ms")
    assert found == dict.fromkeys(zero, 0)
    assert missing["clicks"] is missing["video_views"] is Reason.NOT_YET_AVAILABLE
    assert reading.fault is None


async def test_growing_numbers(sandbox: Sandbox, call: AccountCall) -> None:
    text, video = await published(call, text_draft("growing")), await published(call, clip(sandbox))
    await control(sandbox, "POST", "clock", {"advance_s": 7 * 86400})
    (_, found, _), (_, moving, missing) = await numbers(call, text, video)
    assert found["views"] > 0
    assert moving["video_watch_time_ms"] > 0
    assert set(missing.values()) == {Reason.UNSUPPORTED}


async def test_a_missing_task_is_not_authorized(sandbox: Sandbox, call: AccountCall) -> None:
    post = await published(call, text_draft("hello"))
    owner = sandbox.world.accounts("facebook")[0].id
    await control(sandbox, "PUT", f"facebook/accounts/{owner}", {"role": "no_analyze"})
    ((reading, _, missing),) = await numbers(call, post)
    assert missing["views"] is missing["clicks"] is Reason.NOT_AUTHORIZED
    assert reading.fault is None


async def test_a_missing_scope_is_not_authorized(sandbox: Sandbox, call: AccountCall) -> None:
    post = await published(call, text_draft("hello"))
    owner = sandbox.world.accounts("facebook")[0].id
    scopes = ["pages_show_list", "pages_manage_posts", "pages_read_engagement"]
    await control(sandbox, "PUT", f"facebook/accounts/{owner}", {"scopes": scopes})
    ((_, _, missing),) = await numbers(call, post)
    assert missing["views"] is missing["clicks"] is Reason.NOT_AUTHORIZED


async def test_a_deleted_post_is_gone(sandbox: Sandbox, call: AccountCall) -> None:
    post = await published(call, text_draft("hello"))
    await control(sandbox, "DELETE", f"facebook/posts/{post.id}")
    ((reading, _, _),) = await numbers(call, post)
    assert isinstance(reading.fault, Gone)


@pytest.mark.parametrize("kind", ["not_json", "status"])
async def test_a_failed_read(sandbox: Sandbox, call: AccountCall, kind: str) -> None:
    post = await published(call, text_draft("hello"))
    await control(sandbox, "POST", "faults", {"platform": "facebook", "on": "read", "kind": kind})
    with pytest.raises(TryLater):
        await PLATFORM.read(call, [post])


async def test_a_read_is_one_request_and_counts_its_posts(sandbox: Sandbox, call: AccountCall) -> None:
    posts = [await published(call, text_draft(f"post {n}")) for n in range(3)]
    sandbox.world.ledger.clear()
    await numbers(call, *posts)
    assert sandbox.world.ledger.totals() == {"facebook": {"requests": 1, "items": 3}}


def requests(sandbox: Sandbox) -> int:
    made = sandbox.world.ledger.totals().get("facebook", {"requests": 0})["requests"]
    sandbox.world.ledger.clear()
    return made


def older(world: World, page: str, number: int) -> list[Published]:
    """Texts and videos of ten days ago."""
    owner, at = world.accounts("facebook")[0].id, world.now() - 10 * 86400
    found = []
    for n in range(number):
        kind = Kind.VIDEO if n % 2 else Kind.TEXT
        facts = {"video_id": f"138{n}"} if kind is Kind.VIDEO else {}
        world.add_post(Post("facebook", f"{page}_8{n}", owner, kind.value, at, "", facts))
        published_at = datetime.fromtimestamp(at, UTC)
        found.append(Published(f"{page}_8{n}", kind, None, published_at, facts.get("video_id")))
    return found


async def test_fifty_posts_are_one_request(sandbox: Sandbox, call: AccountCall) -> None:
    posts = older(sandbox.world, call.account.id, 50)
    sandbox.world.ledger.clear()
    found = await numbers(call, *posts)
    assert sandbox.world.ledger.totals()["facebook"] == {"requests": 1, "items": 50}
    assert all({"likes", "comments", "shares", "views", "clicks"} <= set(row) for _, row, _ in found)
    assert all(row["video_watch_time_ms"] > 0 for _, row, _ in found[1::2])


async def test_a_withdrawal_in_the_middle_of_a_run(sandbox: Sandbox, call: AccountCall) -> None:
    """Halving would cost log2(6) + 1 requests more, once; then none."""
    posts = older(sandbox.world, call.account.id, 50)[::2]
    await numbers(call, *posts)
    await control(sandbox, "PUT", "facebook/withdrawn", {"metrics": ["post_clicks", "post_clicks_by_type"]})
    requests(sandbox)
    hit = await numbers(call, *posts)
    assert requests(sandbox) - 1 <= 2 <= math.log2(6) + 1
    after = await numbers(call, *posts)
    assert requests(sandbox) == 1
    for reading, found, missing in [*hit, *after]:
        assert set(found) == {"likes", "comments", "shares", "views"}
        assert missing["clicks"] is Reason.UNSUPPORTED
        assert reading.fault is None


async def test_a_metric_that_comes_back_is_noticed(sandbox: Sandbox, call: AccountCall) -> None:
    [post] = older(sandbox.world, call.account.id, 1)
    await control(sandbox, "PUT", "facebook/withdrawn", {"metrics": ["post_clicks"]})
    await numbers(call, post)
    await control(sandbox, "PUT", "facebook/withdrawn", {"metrics": []})
    await control(sandbox, "POST", "clock", {"advance_s": 86401})
    ((_, found, _),) = await numbers(call, post)
    assert found["clicks"] > 0


async def test_a_role_without_analyze_costs_no_number(sandbox: Sandbox, call: AccountCall) -> None:
    posts = older(sandbox.world, call.account.id, 50)
    owner = sandbox.world.accounts("facebook")[0].id
    await control(sandbox, "PUT", f"facebook/accounts/{owner}", {"role": "no_analyze"})
    for reading, found, missing in await numbers(call, *posts):
        assert set(found) == {"likes", "comments", "shares"}
        assert missing["views"] is Reason.NOT_AUTHORIZED
        assert reading.fault is None
