"""TikTok: the adapter against the simulated network, through either API."""

from datetime import UTC, datetime

import aiohttp
import pytest

from sextant.errors import NoValue, OutcomeUnknown, Reconnect
from sextant.metrics import Reason
from sextant.platforms.base import Draft
from sextant.platforms.catalogue import Kind
from sextant.platforms.tiktok import PLATFORM
from sextant.sandbox.server import Sandbox
from sextant.sandbox.tiktok import NETWORK
from sextant.sandbox.world import World
from tests.calls import call_for, connect
from tests.platforms.adapters import numbers, steps, steps_until_fault

TRUTH = {
    "like_count": 10,
    "comment_count": 0,
    "share_count": 1,
    "view_count": 1234,
    "business": {"favorites": 3, "reach": 90, "total_time_watched": 999.5},
}


class Hosted:
    """A video at a public address, for networks that pull."""

    def __init__(self, url):
        self.url = url

    async def file(self):
        raise AssertionError("TikTok pulls by itself")


@pytest.fixture
async def sandbox():
    world = World()
    world.clock.rate = 20
    async with Sandbox(world, [NETWORK]) as sandbox:
        yield sandbox


@pytest.fixture(params=["business", "display"])
async def call(sandbox, request):
    (account,), grant = await connect(PLATFORM, sandbox, owner(), request.param)
    assert (account.kind, account.username) == (request.param, NETWORK.accounts()[0].username)
    call = call_for(PLATFORM, sandbox.url, account, grant, sandbox.world.clock, request.param)
    yield call
    await call.wire.close()


def owner():
    return NETWORK.accounts()[0].id


def clip(sandbox, text="A clip"):
    return Draft("draft-1", text, (Hosted(f"{sandbox.url}/_control/media/sample.mp4"),), Kind.VIDEO)


async def control(sandbox, method, path, body=None):
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{sandbox.url}/_control/{path}", json=body) as answer,
    ):
        assert answer.status < 300, await answer.text()


async def published(sandbox, call):
    return (await steps(call, clip(sandbox)))[-1].published


async def test_publish_and_read(sandbox, call):
    post = await published(sandbox, call)
    assert post.url == f"https://www.tiktok.com/@{call.account.username}/video/{post.id}"
    await control(sandbox, "PUT", f"tiktok/posts/{post.id}", TRUTH)
    ((reading, found, missing),) = await numbers(call, post)
    common = {"likes": 10, "comments": 0, "shares": 1, "views": 1234, "video_views": 1234}
    business = {"video_viewers": 90, "video_watch_time_ms": 999500, "saves": 3}
    assert reading.url == post.url
    if call.app.login == "business":
        assert found == common | business
    else:
        assert found == common
        assert {missing[key] for key in business} == {Reason.NOT_AUTHORIZED}


async def test_deleted(sandbox, call):
    post = await published(sandbox, call)
    await control(sandbox, "DELETE", f"tiktok/posts/{post.id}")
    (reading,) = await PLATFORM.read(call, [post])
    assert isinstance(reading.fault, NoValue)


async def test_grown_numbers(sandbox, call):
    post = await published(sandbox, call)
    await control(sandbox, "POST", "clock", {"advance_s": 3 * 86400})
    call.grant = await call.renew(call.grant)
    ((_, found, missing),) = await numbers(call, post)
    assert found["views"] > 0
    assert ("video_viewers" in found) == (call.app.login == "business")
    assert Reason.UPSTREAM_ERROR not in missing.values()


async def test_lost_answer_is_found(sandbox, call):
    since = datetime.fromtimestamp(sandbox.world.now(), UTC)
    lose = {"platform": "tiktok", "on": "publish", "kind": "drop_after_commit"}
    await control(sandbox, "POST", "faults", lose)
    (ready,), _ = await steps_until_fault(call, clip(sandbox), OutcomeUnknown)
    found = await PLATFORM.find_published(call, clip(sandbox), ready, since)
    assert [post.id for post in sandbox.world.posts("tiktok")] == [found.id]


async def test_revoked(call):
    async def send(request):
        return await call.wire.send(PLATFORM, request)

    await PLATFORM.revoke(send, call.app, call.grant)
    with pytest.raises(Reconnect):
        await call.renew(call.grant)


async def test_insights_that_were_not_granted(sandbox):
    granted = ["user.info.basic", "user.info.username", "video.list", "video.publish"]
    await control(sandbox, "PUT", f"tiktok/accounts/{owner()}", {"scopes": granted})
    (account,), grant = await connect(PLATFORM, sandbox, owner())
    call = call_for(PLATFORM, sandbox.url, account, grant, sandbox.world.clock)
    post = await published(sandbox, call)
    await control(sandbox, "PUT", f"tiktok/posts/{post.id}", TRUTH)
    ((reading, found, missing),) = await numbers(call, post)
    await call.wire.close()
    assert found.keys() >= {"likes", "comments", "shares", "views", "video_views"}
    assert missing["video_viewers"] is missing["video_watch_time_ms"] is Reason.NOT_AUTHORIZED
    assert reading.fault is None
