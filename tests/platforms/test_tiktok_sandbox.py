"""TikTok: the adapter against the simulated network, through either API."""

from dataclasses import replace
from datetime import UTC, datetime

import aiohttp
import msgspec
import pytest

from sextant.errors import ActOutside, FixContent, NoValue, OutcomeUnknown, Reconnect, TryLater, WaitUntil
from sextant.metrics import Reason
from sextant.platforms.base import Complaint, Draft
from sextant.platforms.catalogue import Kind
from sextant.platforms.tiktok import PLATFORM
from sextant.platforms.tiktok.options import TikTokOptions
from sextant.sandbox.server import Sandbox
from sextant.sandbox.tiktok import NETWORK
from sextant.sandbox.world import Post, World
from tests.calls import call_for, connect
from tests.platforms.adapters import numbers, steps, steps_until_fault
from tests.platforms.scene import Clip
from tests.platforms.tiktok_media import Picture

TRUTH = {
    "like_count": 10,
    "comment_count": 0,
    "share_count": 1,
    "view_count": 1234,
    "business": {"favorites": 3, "reach": 90, "total_time_watched": 999.5},
}


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


def clip(sandbox, text="A clip", **options):
    return Draft("draft-1", text, (Clip(sandbox),), Kind.VIDEO, TikTokOptions(**options))


def wanted(sandbox, call, text="A clip"):
    """With the privacy that the Open API demands."""
    public = {"privacy": "PUBLIC_TO_EVERYONE"} if call.app.login == "display" else {}
    return clip(sandbox, text, **public)


async def control(sandbox, method, path, body=None):
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{sandbox.url}/_control/{path}", json=body) as answer,
    ):
        assert answer.status < 300, await answer.text()


async def published(sandbox, call):
    return (await steps(call, wanted(sandbox, call)))[-1].published


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
    draft = wanted(sandbox, call)
    (*_, announced), _ = await steps_until_fault(call, draft, OutcomeUnknown)
    found = await PLATFORM.find_published(call, draft, announced, since)
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


# ---- what the account may do -----------------------------------------------------------------------


def switch(sandbox, **switches):
    for name, value in switches.items():
        setattr(sandbox.world.accounts("tiktok")[0], name, value)


async def test_asking_an_account_that_may_post(sandbox, call):
    assert await PLATFORM.ask(call, wanted(sandbox, call)) == []


@pytest.mark.parametrize(
    ("role", "options", "places"),
    [
        ("private", {"privacy": "PUBLIC_TO_EVERYONE"}, [("options", "privacy")]),
        ("private", {"privacy": "FOLLOWER_OF_CREATOR"}, []),
        (
            "quiet",
            {"allow_comments": True, "allow_duets": True, "allow_stitches": True},
            [("options", "allow_comments"), ("options", "allow_duets"), ("options", "allow_stitches")],
        ),
        ("quiet", {"allow_comments": False}, []),
    ],
)
async def test_asking_about_options(sandbox, call, role, options, places):
    switch(sandbox, role=role)
    found = await PLATFORM.ask(call, clip(sandbox, **options))
    assert [complaint.at for complaint in found] == places


@pytest.mark.parametrize(("seconds", "complaints"), [(60.0, 0), (60.5, 1)])
async def test_asking_how_long_a_video_may_be(sandbox, call, seconds, complaints):
    switch(sandbox, role="short")
    draft = wanted(sandbox, call)
    draft.media[0].facts = msgspec.structs.replace(draft.media[0].facts, duration_s=seconds)
    found = await PLATFORM.ask(call, draft)
    said = "It lasts 60.5 seconds; this account may post at most 60."
    assert found == [Complaint(("media_urls", 0), said)] * complaints


async def test_the_days_posts_are_used_up(sandbox, call):
    switch(sandbox, tier="capped")
    for _ in range(14):
        sandbox.world.add_post(older_post(sandbox))
    assert await PLATFORM.ask(call, wanted(sandbox, call)) == []
    await published(sandbox, call)
    if call.app.login == "display":
        (complaint,) = await PLATFORM.ask(call, wanted(sandbox, call))
        assert complaint.at == ("account",)
    with pytest.raises((TryLater, WaitUntil)):
        await published(sandbox, call)
    assert len(list(sandbox.world.posts("tiktok"))) == 15
    sandbox.world.clock.advance(86400)
    call.grant = await call.renew(call.grant)
    await published(sandbox, call)


def older_post(sandbox):
    facts = {"publish_id": "", "privacy": "PUBLIC_TO_EVERYONE", "public_at": 0.0, "duration": 2.0}
    now = sandbox.world.now()
    return Post("tiktok", str(sandbox.world.serial()), owner(), "video", now - 60, "older", facts)


async def test_a_banned_account(sandbox, call):
    switch(sandbox, role="banned")
    with pytest.raises((ActOutside, Reconnect)):
        await published(sandbox, call)
    if call.app.login == "display":
        (complaint,) = await PLATFORM.ask(call, wanted(sandbox, call))
        assert complaint.at == ("account",)


async def test_asking_without_the_scope(sandbox, call):
    switch(sandbox, scopes=["user.info.basic", "video.list"])
    if call.app.login == "business":
        assert await PLATFORM.ask(call, wanted(sandbox, call)) == [], "its settings may want another scope"
    else:
        with pytest.raises(Reconnect):
            await PLATFORM.ask(call, wanted(sandbox, call))


async def test_an_app_that_was_not_audited(sandbox, call):
    switch(sandbox, tier="unaudited")
    if call.app.login == "display":
        with pytest.raises(ActOutside):
            await published(sandbox, call)


# ---- options and kinds -----------------------------------------------------------------------------


async def test_options_arrive(sandbox, call):
    post = await published(sandbox, call)
    shown = NETWORK.find(sandbox.world, post.id).facts["shown"]
    closed = {"disable_comment": True, "disable_duet": True, "disable_stitch": True}
    assert closed.items() <= shown.items() if call.app.login == "display" else shown == {}
    opened = {"allow_comments": True, "allow_duets": True, "allow_stitches": True, "cover_ms": 1500}
    draft = replace(wanted(sandbox, call), text="Open")
    draft = replace(draft, options=msgspec.structs.replace(draft.options, own_brand=True, **opened))
    post = (await steps(call, draft))[-1].published
    shown = NETWORK.find(sandbox.world, post.id).facts["shown"]
    assert [shown[name] for name in closed] == [False] * 3
    assert 1500 in (shown.get("video_cover_timestamp_ms"), shown.get("thumbnail_offset"))
    assert True in (shown.get("brand_organic_toggle"), shown.get("is_brand_organic"))


async def test_a_picture_as_cover(sandbox):
    (account,), grant = await connect(PLATFORM, sandbox, owner(), "business")
    call = call_for(PLATFORM, sandbox.url, account, grant, sandbox.world.clock, "business")
    address = f"{sandbox.url}/_control/media/sample.jpg"
    draft = clip(sandbox, cover_url=address)
    assert draft.options.addresses() == {"cover_url": address}
    draft = replace(draft, extra={"cover_url": Picture(sandbox)})
    assert (await steps(call, draft))[-1].published is not None
    await call.wire.close()


async def test_photos_have_numbers_but_no_video_views(sandbox, call):
    options = TikTokOptions(privacy="PUBLIC_TO_EVERYONE")
    draft = Draft("draft-1", "Pictures", (Picture(sandbox),) * 2, Kind.CAROUSEL, options)
    post = (await steps(call, draft))[-1].published
    assert post.kind is Kind.CAROUSEL
    assert post.url == f"https://www.tiktok.com/@{call.account.username}/photo/{post.id}"
    sandbox.world.clock.advance(3 * 86400)
    call.grant = await call.renew(call.grant)
    ((reading, found, missing),) = await numbers(call, post)
    assert found["views"] > 0
    assert reading.url == post.url
    for key in ("video_views", "video_viewers", "video_watch_time_ms"):
        assert missing[key] in (Reason.NOT_APPLICABLE, Reason.NOT_AUTHORIZED)


async def test_a_post_for_the_account_alone(sandbox):
    (account,), grant = await connect(PLATFORM, sandbox, owner(), "display")
    call = call_for(PLATFORM, sandbox.url, account, grant, sandbox.world.clock, "display")
    post = (await steps(call, clip(sandbox, privacy="SELF_ONLY")))[-1].published
    assert (post.url, NETWORK.find(sandbox.world, post.id).facts["privacy"]) == (None, "SELF_ONLY")
    (reading,) = await PLATFORM.read(call, [post])
    assert isinstance(reading.fault, NoValue)
    await call.wire.close()


async def test_what_tiktok_finds_wrong_is_the_authors_to_fix(sandbox, call):
    draft = wanted(sandbox, call)
    tiny = draft.media[0]
    tiny.url = f"{sandbox.url}/_control/media/made.mp4?seconds=5&width=320&height=240"
    draft = replace(draft, options=msgspec.structs.replace(draft.options, transfer="pull"))
    _, raised = await steps_until_fault(call, draft, FixContent)
    assert raised.message == "picture_size_check_failed"
    assert list(sandbox.world.posts("tiktok")) == []


# ---- lost answers ------------------------------------------------------------------------------------


async def test_a_pull_that_never_began_is_absent_after_an_hour(sandbox, call):
    options = {"transfer": "pull", "privacy": "PUBLIC_TO_EVERYONE"} if call.app.login == "display" else {}
    draft = clip(sandbox, **options)
    sandbox.world.clock.run_at(2000)
    since = datetime.fromtimestamp(sandbox.world.now(), UTC)
    (ready,) = await announced_only(call, draft)
    with pytest.raises(OutcomeUnknown):
        await PLATFORM.find_published(call, draft, ready, since)
    sandbox.world.clock.advance(86400)
    call.grant = await call.renew(call.grant)
    assert await PLATFORM.find_published(call, draft, ready, since) is None
    again = await steps(call, draft, ready)
    assert [post.id for post in sandbox.world.posts("tiktok")] == [again[-1].published.id]
    assert again[0].state["at"] > ready.state["at"]


async def announced_only(call, draft):
    """The process is killed between announcing and sending."""
    walk = PLATFORM.publish(call, draft, None)
    ready = await anext(walk)
    assert ready.announces
    await walk.aclose()
    return [ready]


async def test_two_lost_posts_of_the_same_words_find_one_each(sandbox, call):
    since = datetime.fromtimestamp(sandbox.world.now(), UTC)
    draft = wanted(sandbox, call)
    found = []
    for _ in range(2):
        await control(
            sandbox, "POST", "faults", {"platform": "tiktok", "on": "publish", "kind": "drop_after_commit"}
        )
        reached, _ = await steps_until_fault(call, draft, OutcomeUnknown)
        found.append(reached[-1])
    taken = frozenset[str]()
    for announced in found:
        mine = replace(draft, taken=taken)
        taken |= {(await PLATFORM.find_published(call, mine, announced, since)).id}
    assert taken == {post.id for post in sandbox.world.posts("tiktok")}
    assert len(taken) == 2
