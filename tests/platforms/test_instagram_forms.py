"""Instagram: what is sent for each form of post, its quota, and taking posts down."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest

from sextant.errors import ActOutside, Reconnect, TryLater, WaitUntil
from sextant.http import AccountCall
from sextant.platforms.base import Checkpoint, Complaint, Draft, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.instagram import PLATFORM
from sextant.platforms.instagram.options import InstagramOptions
from sextant.sandbox import facebook, instagram
from sextant.sandbox.instagram.containers import Container
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from tests.calls import call_for, connect
from tests.platforms.adapters import numbers, steps, steps_until_fault
from tests.platforms.instagram_drafts import STORY, clip, drafts, picture
from tests.platforms.relay import Relay


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    world = World()
    world.clock.run_at(200)
    world.processing_s = 0.1
    async with Sandbox(world, [instagram.NETWORK, facebook.NETWORK]) as sandbox:
        yield sandbox


@pytest.fixture(params=["facebook", "instagram"])
async def call(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[AccountCall]:
    login: str = request.param
    owner = sandbox.world.accounts("instagram")[0].id
    [account], grant = await connect(PLATFORM, sandbox, owner, login)
    call = call_for(PLATFORM, sandbox.url, account, account.grant or grant, sandbox.world.clock, login)
    yield call
    await call.wire.close()


async def published(call: AccountCall, draft: Draft) -> Published:
    post = (await steps(call, draft))[-1].published
    assert post is not None
    return post


def containers(sandbox: Sandbox) -> list[dict[str, str]]:
    """The fields of every container made, in order."""
    made = sandbox.world.uploads.values()
    return [dict(each.params) for each in made if isinstance(each, Container)]


# ---- forms ---------------------------------------------------------------------------------------


async def test_a_photo_with_all_its_options(sandbox: Sandbox, call: AccountCall) -> None:
    options = InstagramOptions(
        collaborators=("ada", "grace"),
        alt_texts=("A square",),
        location_id="110",
        is_ai_generated=True,
        is_paid_partnership=True,
    )
    image = picture(sandbox)
    post = await published(call, Draft("p", "Look", (image,), Kind.PHOTO, options))
    assert post.kind is Kind.PHOTO
    assert containers(sandbox) == [
        {
            "image_url": image.url,
            "caption": "Look",
            "alt_text": "A square",
            "collaborators": '["ada", "grace"]',
            "location_id": "110",
            "is_ai_generated": "true",
            "is_paid_partnership": "true",
        }
    ]


async def test_a_reel_with_all_its_options(sandbox: Sandbox, call: AccountCall) -> None:
    video, cover = clip(sandbox), picture(sandbox)
    options = InstagramOptions(
        kind="reel", cover_url=cover.url, share_to_feed=False, audio_name="Rain", trial="SS_PERFORMANCE"
    )
    draft = Draft("r", "", (video,), Kind.VIDEO, options, {"cover_url": cover})
    assert (await published(call, draft)).kind is Kind.REEL
    assert containers(sandbox) == [
        {
            "media_type": "REELS",
            "video_url": video.url,
            "cover_url": cover.url,
            "share_to_feed": "false",
            "audio_name": "Rain",
            "trial_params": '{"graduation_strategy":"SS_PERFORMANCE"}',
        }
    ]


async def test_a_video_for_the_feed_is_a_reel_that_shows_there(sandbox: Sandbox, call: AccountCall) -> None:
    options = InstagramOptions(kind="feed", thumb_offset=5000)
    await published(call, Draft("r", "", (clip(sandbox),), Kind.VIDEO, options))
    [made] = containers(sandbox)
    assert (made["media_type"], made["share_to_feed"], made["thumb_offset"]) == ("REELS", "true", "5000")


async def test_a_carousel_has_its_words_on_the_whole(sandbox: Sandbox, call: AccountCall) -> None:
    image, video = picture(sandbox), clip(sandbox)
    options = InstagramOptions(alt_texts=("One", "", "Three"), collaborators=("ada",))
    draft = Draft("c", "Three of them", (image, video, image), Kind.CAROUSEL, options)
    *_, ready, _, posted = await steps(call, draft)
    children = ready.state["children"].split(",")
    assert containers(sandbox) == [
        {"is_carousel_item": "true", "image_url": image.url, "alt_text": "One"},
        {"is_carousel_item": "true", "video_url": video.url, "media_type": "VIDEO"},
        {"is_carousel_item": "true", "image_url": image.url, "alt_text": "Three"},
        {
            "media_type": "CAROUSEL",
            "children": ",".join(children),
            "caption": "Three of them",
            "collaborators": '["ada"]',
        },
    ]
    [native] = sandbox.world.posts("instagram")
    assert native.facts["children"] == children
    assert posted.published is not None
    assert posted.published.kind is Kind.CAROUSEL


@pytest.mark.parametrize("moving", [True, False])
async def test_a_story_carries_no_text(sandbox: Sandbox, call: AccountCall, moving: bool) -> None:
    medium = clip(sandbox) if moving else picture(sandbox)
    post = await published(call, Draft("s", "", (medium,), Kind.VIDEO, STORY))
    assert post.kind is Kind.STORY
    source = "video_url" if moving else "image_url"
    assert containers(sandbox) == [{"media_type": "STORIES", source: medium.url}]


@pytest.mark.parametrize("form", range(7))
async def test_each_forms_numbers_are_read_by_its_kind(
    sandbox: Sandbox, call: AccountCall, form: int
) -> None:
    post = await published(call, drafts(sandbox, "read")[form])
    sandbox.world.clock.advance(20 * 3600)
    ((reading, found, _),) = await numbers(call, post)
    assert reading.fault is None
    usual = {"views", "shares", "engagement"}
    public = usual | {"likes", "comments", "saves"}
    clicks = {"clicks"} if call.app.login == "facebook" else set()
    expected = {
        Kind.PHOTO: public,
        Kind.CAROUSEL: public,
        Kind.REEL: public | {"video_views", "video_watch_time_ms"},
        Kind.STORY: usual | clicks,
    }
    assert set(found) == expected[post.kind]


# ---- bytes ---------------------------------------------------------------------------------------


async def test_a_video_that_is_not_to_be_fetched_is_sent(sandbox: Sandbox, call: AccountCall) -> None:
    draft = drafts(sandbox, "sent")[4]
    made, sent, ready, *_ = await steps(call, draft)
    assert made.state["upload_uri"].endswith(made.state["container_id"])
    assert [step.step for step in (made, sent, ready)] == ["container", "uploaded", "ready"]
    assert "upload_uri" not in sent.state
    [fields] = containers(sandbox)
    assert fields["upload_type"] == "resumable"
    assert "video_url" not in fields


async def waiting(call: AccountCall, draft: Draft) -> Checkpoint:
    """The process ended with the container made and its bytes not there."""
    walk = PLATFORM.publish(call, draft, None)
    made = await anext(walk)
    await walk.aclose()  # type: ignore[attr-defined]
    return made


async def send(call: AccountCall, sandbox: Sandbox, made: Checkpoint) -> None:
    content = await clip(sandbox).file()
    headers = {"Authorization": f"OAuth {call.grant.access_token}"}
    headers |= {"offset": "0", "file_size": str(content.size)}
    async with (
        aiohttp.ClientSession() as session,
        session.post(made.state["upload_uri"], data=content.read(), headers=headers) as answer,
    ):
        assert answer.status == 200


async def test_an_upload_that_was_whole_is_not_sent_again(sandbox: Sandbox, call: AccountCall) -> None:
    draft = drafts(sandbox, "whole")[4]
    made = await waiting(call, draft)
    await send(call, sandbox, made)
    await call.pause(5)
    sandbox.world.ledger.clear()
    await steps(call, draft, made)
    paths = [row["path"] for row in sandbox.world.ledger.rows()]
    assert not [path for path in paths if "ig-api-upload" in path]
    assert len(containers(sandbox)) == 1


async def test_a_container_that_takes_no_more_bytes_is_replaced(sandbox: Sandbox, call: AccountCall) -> None:
    sandbox.world.processing_s = 3600
    draft = drafts(sandbox, "full")[4]
    made = await waiting(call, draft)
    await send(call, sandbox, made)
    [start], _ = await steps_until_fault(call, draft, TryLater, made)
    assert start.state == {}
    sandbox.world.processing_s = 0.1
    await published(call, draft)
    assert len(list(sandbox.world.posts("instagram"))) == 1


async def test_an_upload_that_breaks_off_is_sent_again(sandbox: Sandbox, call: AccountCall) -> None:
    draft = drafts(sandbox, "broken")[4]
    made = await waiting(call, draft)
    async with Relay(sandbox.url) as relay:
        gone = relay.url
    away = made.state["upload_uri"].replace(sandbox.url, gone)
    broken = Checkpoint(made.step, {**made.state, "upload_uri": away})
    await steps_until_fault(call, draft, TryLater, broken)
    await steps(call, draft, made)
    assert len(containers(sandbox)) == 1
    assert len(list(sandbox.world.posts("instagram"))) == 1


async def test_bytes_go_with_the_token_in_a_header_alone(sandbox: Sandbox, call: AccountCall) -> None:
    seen: list[Any] = []

    class Listening(Relay):
        async def _pass(self, request: Any) -> Any:
            seen.append((request.path, dict(request.headers), request.query_string))
            return await super()._pass(request)

    async with Listening(sandbox.url) as relay:
        call.wire.upstream = sandbox.world.base_url = relay.url
        video = clip(sandbox)
        await steps(call, Draft("r", "", (video,), Kind.VIDEO, InstagramOptions(upload=True)))
    [(headers, query)] = [(h, q) for path, h, q in seen if "ig-api-upload" in path]
    assert headers["Authorization"] == f"OAuth {call.grant.access_token}"
    assert (headers["offset"], headers["file_size"]) == ("0", headers["Content-Length"])
    assert parse_qs(query) == {}


# ---- the account ---------------------------------------------------------------------------------


async def asked(call: AccountCall, draft: Draft) -> list[Complaint]:
    found: list[Complaint] = await PLATFORM.ask(call, draft)  # type: ignore[attr-defined]
    return found


async def test_the_quota_is_asked_of_the_account(sandbox: Sandbox, call: AccountCall) -> None:
    draft = drafts(sandbox, "quota")[1]
    sandbox.world.accounts("instagram")[0].tier = "2"
    await published(call, draft)
    assert await asked(call, draft) == []
    await published(call, draft)
    said = "All 2 posts that Instagram allows in 24 hours are used; each is free again a day after it."
    assert await asked(call, draft) == [Complaint(("account",), said)]
    sandbox.world.clock.advance(24 * 3600)
    assert await asked(call, draft) == []


@pytest.mark.parametrize("change", [{}, {"data": []}, {"data": [{"quota_usage": "2", "config": 7}]}])
async def test_a_quota_that_is_not_told(sandbox: Sandbox, call: AccountCall, change: Any) -> None:
    async with Relay(sandbox.url) as relay:
        relay.alter = lambda sent: json.dumps(change).encode()
        call.wire.upstream = relay.url
        with pytest.raises(TryLater):
            await asked(call, drafts(sandbox, "quota")[0])


async def taken_down(call: AccountCall, post: Published) -> None:
    await PLATFORM.delete(call, post)  # type: ignore[attr-defined]


@pytest.mark.parametrize("form", range(7))
async def test_deleting_is_for_facebook_login(sandbox: Sandbox, call: AccountCall, form: int) -> None:
    post = await published(call, drafts(sandbox, "deleted")[form])
    if call.app.login == "instagram":
        with pytest.raises(ActOutside, match="Facebook Login"):
            await taken_down(call, post)
        assert len(list(sandbox.world.posts("instagram"))) == 1
        return
    for _ in range(2):
        await taken_down(call, post)
    assert list(sandbox.world.posts("instagram")) == []


async def test_what_instagram_does_not_let_be_deleted(sandbox: Sandbox, call: AccountCall) -> None:
    post = await published(call, drafts(sandbox, "fast")[0])
    [native] = sandbox.world.posts("instagram")
    native.facts["undeletable"] = True
    with pytest.raises(ActOutside):
        await taken_down(call, post)
    assert [kept.id for kept in sandbox.world.posts("instagram")] == [post.id]


async def test_deleting_takes_its_scope(sandbox: Sandbox, call: AccountCall) -> None:
    if call.app.login == "instagram":
        assert "instagram_manage_contents" not in call.scopes
        return
    post = await published(call, drafts(sandbox, "scope")[0])
    account = sandbox.world.accounts("instagram")[0]
    account.scopes = sorted(call.scopes - {"instagram_manage_contents"})
    with pytest.raises(Reconnect):
        await taken_down(call, post)


async def test_a_quota_used_up_since_then_is_waited_for(sandbox: Sandbox, call: AccountCall) -> None:
    account = sandbox.world.accounts("instagram")[0]
    draft = Draft("w", "", (picture(sandbox),), Kind.PHOTO)
    account.tier = "1"
    await published(call, draft)
    reached, full = await steps_until_fault(call, draft, WaitUntil)
    assert full.until > call.now
    account.tier = "2"
    *_, last = await steps(call, draft, reached[-1])
    assert last.published is not None
    assert len(containers(sandbox)) == 2
