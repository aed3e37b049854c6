"""X: the adapter against the simulated network: connect, publish, read, lose an answer."""

from datetime import UTC, datetime
from importlib import resources

import aiohttp
import pytest

from sextant.errors import FixContent, Gone, OutcomeUnknown
from sextant.metrics import Reason
from sextant.platforms.base import Checkpoint
from sextant.platforms.x import PLATFORM
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from sextant.sandbox.x import NETWORK
from tests.calls import call_for, connect
from tests.platforms.adapters import LocalMedia, numbers, steps, steps_until_fault, text_draft, video_draft

OWNER = "2244994945"
SAMPLE = (resources.files("sextant.sandbox") / "media" / "sample.mp4").read_bytes()


@pytest.fixture
async def sandbox():
    world = World()
    world.clock.rate = 20
    async with Sandbox(world, [NETWORK]) as sandbox:
        yield sandbox


@pytest.fixture
async def call(sandbox):
    (account,), grant = await connect(PLATFORM, sandbox, OWNER)
    call = call_for(PLATFORM, sandbox.url, account, grant, sandbox.world.clock)
    yield call
    await call.wire.close()


async def control(sandbox, method, path, body=None):
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{sandbox.url}/_control/{path}", json=body) as answer,
    ):
        assert answer.status < 300, await answer.text()


async def published(call, draft):
    return (await steps(call, draft))[-1].published


async def test_text(sandbox, call):
    assert (call.account.id, call.account.username) == (OWNER, "mosaic_so")
    post = await published(call, text_draft("Hello, see foo.bar and https://example.com/a"))
    assert post.url == f"https://x.com/mosaic_so/status/{post.id}"
    counters = {"like_count": 42, "reply_count": 0, "repost_count": 5, "view_count": 9120}
    truth = {"public_metrics": counters, "non_public_metrics": {"engagements": 345, "url_link_clicks": 0}}
    await control(sandbox, "PUT", f"x/posts/{post.id}", truth)
    ((reading, found, missing),) = await numbers(call, post)
    assert found == {"likes": 42, "comments": 0, "shares": 5, "views": 9120, "engagement": 345, "clicks": 0}
    assert missing["impressions"] is Reason.NOT_YET_AVAILABLE
    assert reading.fault is None


async def test_video(sandbox, call, tmp_path):
    post = await published(call, video_draft("A clip", LocalMedia(tmp_path / "clip.mp4", SAMPLE)))
    video = {"view_count": 120, "playback_0_count": 130, "playback_25_count": 90}
    await control(sandbox, "PUT", f"x/posts/{post.id}", {"public_metrics": {"like_count": 1}, "video": video})
    ((reading, found, _),) = await numbers(call, post)
    assert found == {"likes": 1, "video_views": 120}
    assert reading.raw["video"] == {"viewCount": 120, "playback0Count": 130, "playback25Count": 90}


async def test_growing_numbers(sandbox, call):
    post = await published(call, text_draft("growing"))
    await control(sandbox, "POST", "clock", {"advance_s": 5400})
    ((_, found, missing),) = await numbers(call, post)
    assert found["impressions"] == found["views"] > 0
    assert found["engagement"] > 0
    assert set(missing.values()) == {Reason.NOT_APPLICABLE, Reason.UNSUPPORTED}


async def test_private_numbers_without_user_context(sandbox, call):
    post = await published(call, text_draft("private"))
    await control(sandbox, "PUT", f"x/accounts/{OWNER}", {"tier": "app_only"})
    ((reading, found, missing),) = await numbers(call, post)
    assert found.keys() == {"likes", "comments", "shares", "impressions", "views", "bookmarks", "quotes"}
    assert missing["engagement"] is missing["clicks"] is Reason.NOT_AUTHORIZED
    assert reading.fault is None


async def test_private_numbers_after_thirty_days(sandbox, call):
    post = await published(call, text_draft("old"))
    await control(sandbox, "POST", "clock", {"advance_s": 31 * 86400})
    call.grant = await call.renew(call.grant)
    ((_, found, missing),) = await numbers(call, post)
    assert missing["engagement"] is missing["clicks"] is Reason.EXPIRED
    assert found["likes"] >= 0


async def test_deleted(sandbox, call):
    gone, alive = await published(call, text_draft("one")), await published(call, text_draft("two"))
    await control(sandbox, "DELETE", f"x/posts/{gone.id}")
    readings = await PLATFORM.read(call, [gone, alive])
    assert isinstance(readings[0].fault, Gone)
    assert readings[1].fault is None


async def test_expired_token_is_renewed(sandbox, call):
    post = await published(call, text_draft("renewed"))
    first = call.grant
    await control(sandbox, "POST", "clock", {"advance_s": 3 * 3600})
    call.grant = await call.renew(first)
    ((reading, _, _),) = await numbers(call, post)
    assert reading.fault is None
    assert call.grant.refresh_token != first.refresh_token


async def test_duplicate(call):
    await published(call, text_draft("twice"))
    await steps_until_fault(call, text_draft("twice"), FixContent)


@pytest.mark.parametrize("text", ["Tom & Jerry <3: https://example.com/a and foo.bar", "plain"])
async def test_lost_answer_is_found(sandbox, call, text):
    since = datetime.fromtimestamp(sandbox.world.now(), UTC)
    await control(sandbox, "POST", "faults", {"platform": "x", "on": "publish", "kind": "drop_after_commit"})
    (ready,), _ = await steps_until_fault(call, text_draft(text), OutcomeUnknown)
    found = await PLATFORM.find_published(call, text_draft(text), ready, since)
    assert [post.id for post in sandbox.world.posts("x")] == [found.id]


async def test_lost_video_is_found(sandbox, call, tmp_path):
    draft = video_draft("", LocalMedia(tmp_path / "clip.mp4", SAMPLE))
    since = datetime.fromtimestamp(sandbox.world.now(), UTC)
    await control(sandbox, "POST", "faults", {"platform": "x", "on": "publish", "kind": "drop_after_commit"})
    reached, _ = await steps_until_fault(call, draft, OutcomeUnknown)
    found = await PLATFORM.find_published(call, draft, reached[-1], since)
    assert [post.id for post in sandbox.world.posts("x")] == [found.id]


async def test_nothing_was_sent(sandbox, call):
    since = datetime.fromtimestamp(sandbox.world.now(), UTC)
    await published(call, text_draft("another"))
    ready = Checkpoint("ready", announces=True)
    assert await PLATFORM.find_published(call, text_draft("never sent"), ready, since) is None
