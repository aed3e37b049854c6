"""Instagram: the adapter against the simulated network, with either login."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from sextant.errors import FixContent, Gone, OutcomeUnknown, TryLater
from sextant.http import AccountCall
from sextant.metrics import Reason
from sextant.platforms.base import Draft, Published, Request
from sextant.platforms.catalogue import Kind
from sextant.platforms.instagram import PLATFORM
from sextant.platforms.media import MediaFacts, MediaFile
from sextant.sandbox import facebook, instagram
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import Post, World
from tests.calls import call_for, connect
from tests.platforms.adapters import numbers, steps, steps_until_fault

NETWORKS = [instagram.NETWORK, facebook.NETWORK]
TRUTH = {
    "like_count": 76,
    "comments_count": 24,
    "insights": {
        "views": 2257,
        "reach": 1408,
        "likes": 76,
        "comments": 23,
        "saved": 2,
        "shares": 15,
        "total_interactions": 119,
        "ig_reels_avg_watch_time": 11768,
        "ig_reels_video_view_total_time": 18547084,
    },
}


class Hosted:
    """A video at an address of the sandbox."""

    facts = MediaFacts("video/mp4", 305261, 1280, 720, 5.0)

    def __init__(self, url: str) -> None:
        self.url = url

    async def file(self) -> MediaFile:
        raise AssertionError("Instagram fetches the video itself")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    world = World()
    world.clock.rate = 20
    async with Sandbox(world, NETWORKS) as sandbox:
        yield sandbox


@pytest.fixture(params=["facebook", "instagram"])
async def call(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[AccountCall]:
    login: str = request.param
    owner = sandbox.world.accounts("instagram")[0].id
    [account], grant = await connect(PLATFORM, sandbox, owner, login)
    call = call_for(PLATFORM, sandbox.url, account, account.grant or grant, sandbox.world.clock, login)
    yield call
    await call.wire.close()


async def control(sandbox: Sandbox, method: str, path: str, body: Any = None) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{sandbox.url}/_control/{path}", json=body) as answer,
    ):
        assert answer.status < 300, await answer.text()


def clip(sandbox: Sandbox, text: str = "A reel", name: str = "sample.mp4") -> Draft:
    return Draft("draft-1", text, (Hosted(f"{sandbox.url}/_control/media/{name}"),), Kind.VIDEO)


async def published(sandbox: Sandbox, call: AccountCall, text: str = "A reel") -> Published:
    post = (await steps(call, clip(sandbox, text)))[-1].published
    assert post is not None
    return post


async def test_the_professional_account_is_connected(call: AccountCall) -> None:
    assert (call.account.id, call.account.username) == ("17841400000000001", "mosaic_so")
    assert any(scope.endswith("manage_insights") for scope in call.scopes)


async def test_a_reel(sandbox: Sandbox, call: AccountCall) -> None:
    post = await published(sandbox, call)
    assert post.url is not None
    assert [kept.text for kept in sandbox.world.posts("instagram")] == ["A reel"]
    await control(sandbox, "PUT", f"instagram/posts/{post.id}", TRUTH)
    ((reading, found, missing),) = await numbers(call, post)
    assert found == {
        "likes": 76,
        "comments": 24,
        "shares": 15,
        "views": 2257,
        "video_views": 2257,
        "video_watch_time_ms": 18547084,
        "engagement": 119,
        "saves": 2,
    }
    assert set(missing) == {"impressions", "video_viewers", "clicks", "bookmarks", "quotes"}
    assert reading.url == post.url
    assert reading.fault is None


async def test_a_set_zero_is_zero_and_what_is_left_out_is_null(sandbox: Sandbox, call: AccountCall) -> None:
    post = await published(sandbox, call)
    truth = {"like_count": 0, "insights": {"views": 0, "saved": 0}}
    await control(sandbox, "PUT", f"instagram/posts/{post.id}", truth)
    ((_, found, missing),) = await numbers(call, post)
    assert found == {"likes": 0, "views": 0, "video_views": 0, "saves": 0}
    assert missing["comments"] is Reason.HIDDEN
    assert missing["shares"] is missing["engagement"] is Reason.NOT_YET_AVAILABLE


async def test_growing_numbers(sandbox: Sandbox, call: AccountCall) -> None:
    post = await published(sandbox, call)
    await control(sandbox, "POST", "clock", {"advance_s": 7 * 86400})
    ((_, found, missing),) = await numbers(call, post)
    assert found["views"] > 0
    assert found["video_watch_time_ms"] > 0
    assert set(missing.values()) == {Reason.UNSUPPORTED, Reason.NOT_APPLICABLE}


async def test_a_video_that_cannot_be_fetched(sandbox: Sandbox, call: AccountCall) -> None:
    await steps_until_fault(call, clip(sandbox, name="missing.mp4"), FixContent)


async def test_a_missing_scope_leaves_the_counts(sandbox: Sandbox, call: AccountCall) -> None:
    post = await published(sandbox, call)
    await control(sandbox, "PUT", f"instagram/posts/{post.id}", TRUTH)
    scopes = [scope for scope in call.scopes if not scope.endswith("manage_insights")]
    owner = sandbox.world.accounts("instagram")[0].id
    await control(sandbox, "PUT", f"instagram/accounts/{owner}", {"scopes": scopes})
    ((reading, found, missing),) = await numbers(call, post)
    assert (found["likes"], found["comments"]) == (76, 24)
    assert missing["views"] is missing["video_watch_time_ms"] is Reason.NOT_AUTHORIZED
    assert reading.fault is None


async def test_a_deleted_reel_is_gone(sandbox: Sandbox, call: AccountCall) -> None:
    post = await published(sandbox, call)
    await control(sandbox, "DELETE", f"instagram/posts/{post.id}")
    ((reading, _, _),) = await numbers(call, post)
    assert isinstance(reading.fault, Gone)


@pytest.mark.parametrize("kind", ["not_json", "status"])
async def test_a_failed_read(sandbox: Sandbox, call: AccountCall, kind: str) -> None:
    post = await published(sandbox, call)
    fault = {"platform": "instagram", "on": "read", "kind": kind, "times": None}
    await control(sandbox, "POST", "faults", fault)
    with pytest.raises(TryLater):
        await PLATFORM.read(call, [post])


async def test_a_read_counts_its_posts(sandbox: Sandbox, call: AccountCall) -> None:
    posts = [await published(sandbox, call, f"reel {n}") for n in range(2)]
    sandbox.world.ledger.clear()
    await numbers(call, *posts)
    requests = {"facebook": 1, "instagram": 4}[call.app.login]
    assert sandbox.world.ledger.totals()["instagram"]["requests"] == requests


def older(world: World, number: int, kind: Kind = Kind.REEL) -> list[Published]:
    """Media of ten days ago."""
    owner, at = world.accounts("instagram")[0].id, world.now() - 10 * 86400
    ids = [f"1790000000000{n:04}" for n in range(number)]
    for native_id in ids:
        world.add_post(Post("instagram", native_id, owner, kind.value, at))
    return [Published(native_id, kind, None, datetime.fromtimestamp(at, UTC)) for native_id in ids]


def requests(sandbox: Sandbox) -> int:
    made = sandbox.world.ledger.totals()["instagram"]["requests"]
    sandbox.world.ledger.clear()
    return made


async def test_fifty_media_are_one_request_with_facebook_login(sandbox: Sandbox, call: AccountCall) -> None:
    media = older(sandbox.world, 50)
    sandbox.world.ledger.clear()
    found = await numbers(call, *media)
    assert requests(sandbox) == (1 if call.app.login == "facebook" else 50)
    for reading, row, _ in found:
        assert len(row) == 8
        assert reading.fault is None


@pytest.mark.parametrize("withdrawn", [["views"], ["saved", "views"]])
async def test_a_withdrawal_costs_a_request_a_metric_once(
    sandbox: Sandbox, call: AccountCall, withdrawn: list[str]
) -> None:
    [medium] = older(sandbox.world, 1)
    await numbers(call, medium)
    await control(sandbox, "PUT", "instagram/withdrawn", {"metrics": withdrawn})
    requests(sandbox)
    ((reading, found, missing),) = await numbers(call, medium)
    assert requests(sandbox) == 1 + len(withdrawn)
    await numbers(call, medium)
    assert requests(sandbox) == 1
    assert missing["views"] is missing["video_views"] is Reason.UNSUPPORTED
    assert found["engagement"] > 0
    assert found["video_watch_time_ms"] > 0
    assert reading.fault is None


async def test_a_photo_whose_views_are_refused(sandbox: Sandbox, call: AccountCall) -> None:
    [photo] = older(sandbox.world, 1, Kind.PHOTO)
    await control(sandbox, "PUT", "instagram/withdrawn", {"metrics": ["views"]})
    ((_, found, missing),) = await numbers(call, photo)
    assert set(found) == {"likes", "comments", "shares", "saves", "engagement"}
    assert missing["views"] is Reason.UNSUPPORTED


async def test_the_token_lives_on(sandbox: Sandbox, call: AccountCall) -> None:
    post = await published(sandbox, call)
    for _ in range(3):
        await control(sandbox, "POST", "clock", {"advance_s": 40 * 86400})
        host = f"https://graph.{call.app.login}.com/{call.app.api_version}"
        await call.send(Request("GET", f"{host}/{post.id}", params={"fields": "permalink"}))
        ((reading, _, _),) = await numbers(call, post)
        assert reading.fault is None


async def lost(sandbox: Sandbox, call: AccountCall, kind: str) -> Published | None:
    fault = {"platform": "instagram", "on": "publish", "kind": kind, "status": 500, "delay_ms": 0}
    draft, since = clip(sandbox), call.now - timedelta(minutes=5)
    try:
        async for step in PLATFORM.publish(call, draft, None):
            if step.announces:
                await control(sandbox, "POST", "faults", fault)
                announced = step
    except OutcomeUnknown:
        return await PLATFORM.find_published(call, draft, announced, since)
    raise AssertionError("nothing was lost")


async def test_a_reel_whose_answer_was_lost_is_found(sandbox: Sandbox, call: AccountCall) -> None:
    found = await lost(sandbox, call, "drop_after_commit")
    assert found is not None
    assert [post.id for post in sandbox.world.posts("instagram")] == [found.id]


@pytest.mark.parametrize("kind", ["timeout", "status"])
async def test_a_reel_that_never_arrived_is_surely_absent(
    sandbox: Sandbox, call: AccountCall, kind: str
) -> None:
    assert await lost(sandbox, call, kind) is None
