"""X: the adapter against the simulated network: connect, publish, read, lose an answer."""

from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources

import aiohttp
import pytest

from sextant.errors import FixContent, Gone, OutcomeUnknown
from sextant.metrics import Reason
from sextant.platforms.base import Checkpoint, Draft
from sextant.platforms.catalogue import Kind
from sextant.platforms.x import PLATFORM, uploads
from sextant.platforms.x.options import XOptions
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import Post, World
from sextant.sandbox.x import NETWORK
from tests.calls import call_for, connect
from tests.platforms.adapters import LocalMedia, numbers, steps, steps_until_fault, text_draft, video_draft
from tests.platforms.x_media import MadeMedium, made_gif

OWNER = "2244994945"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SAMPLE = (resources.files("sextant.sandbox") / "media" / "sample.mp4").read_bytes()


@pytest.fixture
async def sandbox():
    world = World()
    world.clock.run_at(200)
    world.processing_s = 2
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


@pytest.mark.parametrize(
    "text",
    [
        "Tom & Jerry <3: https://example.com/a and foo.bar",
        "plain",
        "https://example.com/a",
        "foo.bar",
        "😀 e\u0301 https://example.com/a",
        "https://example.nosuchdomain/a 日本https://Example.com/Ab/ (foo.bar)",
        "Ünïcode ﬁ 👩‍👧 日本… \n\n two  lines",
    ],
)
async def test_lost_answer_is_found(sandbox, call, text):
    draft, ready = await lost(sandbox, call, text_draft(text))
    found = await PLATFORM.find_published(call, draft, ready, LONG_AGO)
    assert [post.id for post in sandbox.world.posts("x")] == [found.id]


async def lost(sandbox, call, draft):
    """Publishes, and the answer does not come; the last checkpoint."""
    await control(sandbox, "POST", "faults", {"platform": "x", "on": "publish", "kind": "drop_after_commit"})
    reached, _ = await steps_until_fault(call, draft, OutcomeUnknown)
    return draft, reached[-1]


async def test_two_lost_posts_that_differ_in_their_link_alone(sandbox, call):
    drafts = [text_draft(f"New: https://example.com/{n}") for n in range(3)]
    ready = [(await lost(sandbox, call, draft))[1] for draft in drafts]
    found = [
        await PLATFORM.find_published(call, draft, done, LONG_AGO)
        for draft, done in zip(drafts, ready, strict=True)
    ]
    assert [post.id for post in found] == [post.id for post in sandbox.world.posts("x")]


async def test_a_lost_long_text_is_found(sandbox, call):
    await control(sandbox, "PUT", f"x/accounts/{OWNER}", {"role": "Premium"})
    draft, ready = await lost(sandbox, call, text_draft("Long & good " * 100 + "https://example.com/a"))
    found = await PLATFORM.find_published(call, draft, ready, LONG_AGO)
    assert [post.id for post in sandbox.world.posts("x")] == [found.id]


async def test_a_lost_post_beyond_the_first_page(sandbox, call):
    draft, ready = await lost(sandbox, call, text_draft("lost"))
    for n in range(3):
        for m in range(70):
            account = NETWORK.accounts()[0].id
            sandbox.world.add_post(
                Post("x", f"9{n}{m:03}", account, "text", sandbox.world.now(), f"other {n} {m}")
            )
    found = await PLATFORM.find_published(call, draft, ready, LONG_AGO)
    assert sandbox.world.state.posts[0].id == found.id


async def test_killed_between_announcing_and_sending(sandbox, call):
    """Surely absent, so it is sent; once more killed and asked, it is there."""
    draft = text_draft("killed")
    walk = PLATFORM.publish(call, draft, None)
    ready = await anext(walk)
    await walk.aclose()
    assert await PLATFORM.find_published(call, draft, ready, LONG_AGO) is None
    (posted,) = await steps(call, draft, ready)
    found = await PLATFORM.find_published(call, draft, ready, LONG_AGO)
    assert [found.id] == [posted.published.id] == [post.id for post in sandbox.world.posts("x")]


async def test_sent_again_although_it_is_there(sandbox, call):
    """A listing that lags: X refuses the second one, and the first is found."""
    draft, ready = await lost(sandbox, call, text_draft("lagging"))
    (posted,) = await steps(call, draft, ready)
    assert [post.id for post in sandbox.world.posts("x")] == [posted.published.id]


async def test_the_same_text_of_another_post_of_ours(sandbox, call):
    first = await published(call, text_draft("twice"))
    draft = replace(text_draft("twice"), taken=frozenset({first.id}))
    ready = Checkpoint("ready", {"announced_at": str(int(sandbox.world.now()))}, announces=True)
    assert await PLATFORM.find_published(call, draft, ready, LONG_AGO) is None
    reached, fault = await steps_until_fault(call, draft, FixContent, ready)
    assert (reached, [post.id for post in sandbox.world.posts("x")]) == ([], [first.id])
    assert "duplicate content" in fault.message


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


# ---- every medium ----------------------------------------------------------------------------------


def native(sandbox):
    return [(post.kind, post.text, post.facts) for post in sandbox.world.posts("x")]


async def test_images_with_alt_texts_and_options(sandbox, call, tmp_path):
    images = tuple(MadeMedium(tmp_path, suffix, width=40) for suffix in ("jpg", "png", "webp", "jpg"))
    options = XOptions(alt_texts=("one", "", "three"), reply_settings="following", made_with_ai=True)
    post = await published(call, Draft("draft-1", "Four", images, Kind.CAROUSEL, options))
    [(kind, text, facts)] = native(sandbox)
    assert (kind, text, post.kind) == ("photo", "Four", Kind.CAROUSEL)
    assert [medium["alt_text"] for medium in facts["media"]] == ["one", "", "three", ""]
    assert (facts["reply_settings"], facts["made_with_ai"]) == ("following", True)
    ((reading, found, missing),) = await numbers(call, post)
    assert reading.fault is None
    assert found["likes"] >= 0
    assert missing["video_views"] is Reason.NOT_APPLICABLE


async def test_a_gif(sandbox, call, tmp_path):
    post = await published(call, Draft("draft-1", "Moving", (made_gif(tmp_path),), Kind.VIDEO))
    assert (native(sandbox)[0][0], post.kind) == ("animated_gif", Kind.PHOTO)
    ((reading, _, missing),) = await numbers(call, post)
    assert reading.fault is None
    assert missing["video_views"] is Reason.NOT_APPLICABLE


async def test_a_still_gif_goes_with_other_images(sandbox, call, tmp_path):
    still = made_gif(tmp_path, seconds=0.1, fps=10)
    post = await published(call, Draft("draft-1", "", (still, MadeMedium(tmp_path, "png")), Kind.CAROUSEL))
    assert (native(sandbox)[0][0], post.kind) == ("photo", Kind.CAROUSEL)


async def test_a_video_in_many_chunks(sandbox, call, tmp_path):
    clip = MadeMedium(tmp_path, "mp4", seconds=61, width=720, height=1280, bytes=20_000_000)
    reached = await steps(call, Draft("draft-1", "Upright", (clip,), Kind.VIDEO, XOptions(alt_texts=("a",))))
    assert [step.step for step in reached].count("appended") == -(-20_000_000 // uploads.CHUNK)
    [(kind, _, facts)] = native(sandbox)
    assert (kind, facts["media"][0]["duration_ms"], facts["media"][0]["alt_text"]) == ("video", 61000, "a")


async def test_a_video_that_is_too_long_is_for_the_author(sandbox, call, tmp_path):
    clip = MadeMedium(tmp_path, "mp4", seconds=141, width=64, height=48)
    draft = Draft("draft-1", "Long", (clip,), Kind.VIDEO)
    assert [complaint.at for complaint in PLATFORM.check(draft, call.account, call.scopes)] == [
        ("media_urls", 0)
    ]
    _, fault = await steps_until_fault(call, draft, FixContent)
    assert "longer than 2 minutes" in fault.message
    assert native(sandbox) == []


async def test_a_gif_that_x_does_not_take_is_for_the_author(sandbox, call, tmp_path):
    gif = made_gif(tmp_path, seconds=36, fps=10)
    reached, fault = await steps_until_fault(call, Draft("draft-1", "", (gif,), Kind.PHOTO), FixContent)
    assert "validation of media ids failed" in fault.message
    assert [step.step for step in reached].count("ready") == 2
    assert native(sandbox) == []


@pytest.mark.parametrize("step", ["initialized", "appended", "finalized", "ready"])
async def test_an_upload_that_expired_meanwhile(sandbox, call, tmp_path, monkeypatch, step):
    monkeypatch.setattr(uploads, "CHUNK", len(SAMPLE) // 2 + 1)
    draft = video_draft("Late", LocalMedia(tmp_path / "clip.mp4", SAMPLE))
    walk = PLATFORM.publish(call, draft, None)
    while (done := await anext(walk)).step != step:
        pass
    await walk.aclose()
    sandbox.world.clock.advance(16 * 86400)
    call.grant = await call.renew(call.grant)
    if done.announces:
        assert await PLATFORM.find_published(call, draft, done, LONG_AGO) is None
    reached = await steps(call, draft, done)
    assert [step.step for step in reached].count("initialized") == 1
    assert [post.id for post in sandbox.world.posts("x")] == [reached[-1].published.id]


async def test_uploads_that_x_has_forgotten(sandbox, call, tmp_path):
    draft = Draft("draft-1", "", (MadeMedium(tmp_path, "png"), MadeMedium(tmp_path, "jpg")), Kind.CAROUSEL)
    walk = PLATFORM.publish(call, draft, None)
    while not (done := await anext(walk)).announces:
        pass
    await walk.aclose()
    sandbox.world.uploads.clear()
    reached = await steps(call, draft, done)
    assert [step.step for step in reached] == ["uploaded", "uploaded", "ready", "posted"]
    assert [post.id for post in sandbox.world.posts("x")] == [reached[-1].published.id]


async def test_delete(sandbox, call):
    post = await published(call, text_draft("short-lived"))
    await PLATFORM.delete(call, post)
    assert native(sandbox) == []
    await PLATFORM.delete(call, post)


async def test_premium_is_told_at_connecting(sandbox):
    await control(sandbox, "PUT", f"x/accounts/{OWNER}", {"role": "Premium"})
    (account,), _ = await connect(PLATFORM, sandbox, OWNER)
    assert account.facts == {"subscription_type": "Premium"}
    assert PLATFORM.check(text_draft("a" * 25_000), account, frozenset()) == []
