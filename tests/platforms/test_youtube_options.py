"""YouTube: what goes with a video (options, thumbnail), deleting it, and reading a Short's numbers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sextant.errors import ActOutside, FixContent, OutcomeUnknown, Reconnect, TryLater
from sextant.http import AccountCall
from sextant.platforms.base import Account, Checkpoint, Draft, Grant, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.media import MediaFile
from sextant.platforms.youtube import PLATFORM
from sextant.platforms.youtube.options import YouTubeOptions
from sextant.sandbox.faults import Fault
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from sextant.sandbox.youtube import NETWORK
from tests.calls import call_for, connect
from tests.platforms.adapters import StillClock, numbers, steps, steps_until_fault
from tests.platforms.youtube_files import OnDisk, picture, video
from tests.wire import Scripted

CHANNEL = Account("UC_x5XG1OV2P6uZZ5FSM9Ttw", "Google for Developers", "channel")
UPLOAD = "/www.googleapis.com/upload/youtube/v3/videos"
SET = "/www.googleapis.com/upload/youtube/v3/thumbnails/set"
VIDEOS = "/youtube.googleapis.com/youtube/v3/videos"
LOCATION = "https://www.googleapis.com/upload/youtube/v3/videos?upload_id=1"
ID = "dQw4w9WgXcQ"
PROCESSED = {"items": [{"id": ID, "status": {"uploadStatus": "processed"}}]}
AT = Checkpoint("processed", {"video": ID, "processed": "yes"})


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    world = World()
    world.processing_s = 0.0
    async with Sandbox(world, [NETWORK]) as sandbox:
        yield sandbox


@pytest.fixture
async def call(sandbox: Sandbox) -> AsyncIterator[AccountCall]:
    (account,), grant = await connect(PLATFORM, sandbox, NETWORK.accounts()[0].id)
    call = call_for(PLATFORM, sandbox.url, account, grant, sandbox.world.clock)
    yield call
    await call.wire.close()


@pytest.fixture
def own(tmp_path: Path) -> OnDisk:
    return picture(tmp_path / "own.jpg")


@pytest.fixture
def draft(tmp_path: Path, own: OnDisk) -> Draft:
    """A Short with a thumbnail of its own."""
    clip = video(tmp_path / "clip.mp4", seconds=61, width=1080, height=1920)
    options = YouTubeOptions(title="A Short", thumbnail_url=own.url)
    return Draft("d-1", "Words", (clip,), Kind.VIDEO, options, {"thumbnail_url": own})


async def published(call: AccountCall, draft: Draft) -> Published:
    post = (await steps(call, draft))[-1].published
    assert post is not None
    return post


async def scripted(
    peer: Scripted, draft: Draft, done: Checkpoint | None = None
) -> tuple[Published, list[float]]:
    """Published against a scripted peer, and the pauses made."""
    clock = StillClock()
    async with peer:
        call = call_for(PLATFORM, peer.url, CHANNEL, Grant("t"), clock)
        try:
            last = (await steps(call, draft, done))[-1].published
        finally:
            await call.wire.close()
    assert last is not None
    return last, clock.slept


def because(reason: str) -> dict[str, Any]:
    return {"error": {"message": "Words.", "errors": [{"reason": reason, "message": "Words."}]}}


# ---- options -----------------------------------------------------------------------------------------


async def test_every_option_reaches_the_network(draft: Draft) -> None:
    chosen = YouTubeOptions(
        title="A title",
        tags=("one", "two words"),
        category="27",
        privacy="private",
        publish_at=datetime(2027, 1, 1, 12, tzinfo=timezone(timedelta(hours=1))),
        made_for_kids=True,
        synthetic_media=True,
        embeddable=False,
        license="creativeCommon",
        notify_subscribers=False,
    )
    peer = Scripted().on("POST", UPLOAD, "", headers={"Location": LOCATION}).on("PUT", UPLOAD, {"id": ID})
    await scripted(peer.on("GET", VIDEOS, PROCESSED), replace(draft, options=chosen))
    opening = peer.asked[0]
    assert opening.query["notifySubscribers"] == "false"
    assert json.loads(opening.body) == {
        "snippet": {
            "title": "A title",
            "description": "Words",
            "tags": ["one", "two words"],
            "categoryId": "27",
        },
        "status": {
            "privacyStatus": "private",
            "publishAt": "2027-01-01T11:00:00Z",
            "selfDeclaredMadeForKids": True,
            "license": "creativeCommon",
            "embeddable": False,
            "containsSyntheticMedia": True,
        },
    }


async def test_the_network_shows_what_was_chosen(sandbox: Sandbox, call: AccountCall, draft: Draft) -> None:
    chosen = YouTubeOptions(title="T", tags=("a", "b c"), category="27", privacy="unlisted", embeddable=False)
    await published(call, replace(draft, options=chosen, extra={}))
    [post] = sandbox.world.posts("youtube")
    assert (post.text, post.facts["snippet"]["tags"]) == ("T", ["a", "b c"])
    assert (post.facts["snippet"]["categoryId"], post.facts["snippet"]["description"]) == ("27", "Words")
    assert (post.facts["status"]["privacyStatus"], post.facts["status"]["embeddable"]) == ("unlisted", False)


# ---- the thumbnail -----------------------------------------------------------------------------------


async def test_a_thumbnail_follows_the_processed_video(
    sandbox: Sandbox, call: AccountCall, draft: Draft, own: OnDisk
) -> None:
    reached = await steps(call, draft)
    assert [step.step for step in reached] == ["opened", "sent", "uploaded", "processed", "published"]
    last = reached[-1].published
    assert last is not None
    assert last.note is None
    [post] = sandbox.world.posts("youtube")
    assert post.facts["thumbnail"] == own.facts.size


async def test_a_video_that_was_looked_for_gets_its_thumbnail_too(
    sandbox: Sandbox, call: AccountCall, draft: Draft
) -> None:
    sandbox.world.faults.order(Fault(kind="drop_after_commit", platform="youtube", on="publish"))
    reached, _ = await steps_until_fault(call, draft, OutcomeUnknown)
    found = await PLATFORM.find_published(call, draft, reached[-1], call.now)
    assert found is not None
    [post] = sandbox.world.posts("youtube")
    assert (post.id, "thumbnail" in post.facts) == (found.id, True)


async def test_what_is_sent_for_a_thumbnail(draft: Draft, own: OnDisk) -> None:
    peer = Scripted().on("GET", VIDEOS, PROCESSED).on("POST", SET, {"kind": "k", "items": []})
    last, _ = await scripted(peer, draft, AT)
    [asked] = [asked for asked in peer.asked if asked.path == SET]
    assert asked.query == {"videoId": ID, "uploadType": "media"}
    assert asked.headers["Content-Type"] == "image/jpeg"
    assert asked.headers["Content-Length"] == str(own.facts.size)
    assert asked.body == (await own.file()).read()
    assert last.note is None


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "invalidImage"),
        (400, "mediaBodyRequired"),
        (403, "forbidden"),
        (403, "quotaExceeded"),
        (403, "insufficientPermissions"),
        (404, "videoNotFound"),
    ],
)
async def test_a_refused_thumbnail_does_not_fail_the_post(draft: Draft, status: int, reason: str) -> None:
    peer = Scripted().on("GET", VIDEOS, PROCESSED).on("POST", SET, because(reason), status)
    last, slept = await scripted(peer, draft, AT)
    assert last.id == ID
    assert last.note == f"The video is published; its thumbnail was not set. Words. ({reason})"
    assert slept == []


@pytest.mark.parametrize(("status", "reason"), [(429, "uploadRateLimitExceeded"), (503, "backendError")])
async def test_a_passing_failure_of_a_thumbnail_is_tried_again_and_then_let_be(
    draft: Draft, status: int, reason: str
) -> None:
    once = Scripted().on("GET", VIDEOS, PROCESSED).on("POST", SET, because(reason), status)
    last, slept = await scripted(once.on("POST", SET, {"kind": "k", "items": []}), draft, AT)
    assert (last.note, slept) == (None, [2.0])
    always = Scripted().on("GET", VIDEOS, PROCESSED).on("POST", SET, because(reason), status)
    last, slept = await scripted(always, draft, AT)
    assert last.note is not None
    assert slept == [2.0, 10.0]


class Unreadable:
    """A thumbnail whose address no longer holds it."""

    url, facts = "https://media.example/gone.jpg", None

    async def file(self) -> MediaFile:
        raise FixContent("The address answered 404.")


async def test_a_thumbnail_that_cannot_be_fetched_does_not_fail_the_post(draft: Draft) -> None:
    peer = Scripted().on("GET", VIDEOS, PROCESSED)
    last, _ = await scripted(peer, replace(draft, extra={"thumbnail_url": Unreadable()}), AT)
    assert last.note is not None
    assert "404" in last.note
    last, _ = await scripted(Scripted().on("GET", VIDEOS, PROCESSED), replace(draft, extra={}), AT)
    assert last.note is not None
    assert "file" in last.note


async def test_a_channel_that_is_not_verified_sets_none(
    sandbox: Sandbox, call: AccountCall, draft: Draft
) -> None:
    sandbox.world.accounts("youtube")[0].role = "unverified"
    post = await published(call, draft)
    assert post.note is not None
    assert "permissions" in post.note
    assert [found.id for found in sandbox.world.posts("youtube")] == [post.id]


# ---- what the channel is let do ------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["limited", "suspended"])
async def test_a_channel_that_may_not_upload(
    sandbox: Sandbox, call: AccountCall, draft: Draft, role: str
) -> None:
    sandbox.world.accounts("youtube")[0].role = role
    with pytest.raises(ActOutside):
        await steps(call, draft)


async def test_a_long_video_of_an_unverified_channel(
    sandbox: Sandbox, call: AccountCall, draft: Draft, tmp_path: Path
) -> None:
    sandbox.world.accounts("youtube")[0].role = "unverified"
    long = replace(draft, media=(video(tmp_path / "long.mp4", seconds=901),))
    with pytest.raises(FixContent, match="length"):
        await steps(call, long)


# ---- deleting ----------------------------------------------------------------------------------------


async def test_deleting_twice_is_deleting_once(sandbox: Sandbox, call: AccountCall, draft: Draft) -> None:
    post = await published(call, draft)
    for _ in range(2):
        await PLATFORM.delete(call, post)
        assert list(sandbox.world.posts("youtube")) == []


async def test_deleting_what_one_may_not(sandbox: Sandbox, call: AccountCall, draft: Draft) -> None:
    post = await published(call, draft)
    owner = sandbox.world.accounts("youtube")[0]
    [native] = sandbox.world.posts("youtube")
    native.account_id = "UCsomebodyelse0000000000"
    with pytest.raises(ActOutside):
        await PLATFORM.delete(call, post)
    native.account_id, owner.scopes = owner.id, ["youtube.upload", "youtube.readonly"]
    with pytest.raises(Reconnect):
        await PLATFORM.delete(call, post)
    assert list(sandbox.world.posts("youtube")) == [native]


async def test_a_lost_answer_to_deleting_is_tried_again() -> None:
    post = Published(ID, Kind.VIDEO, None, datetime.now().astimezone())
    async with Scripted().on("DELETE", VIDEOS, because("backendError"), 503) as peer:
        call = call_for(PLATFORM, peer.url, CHANNEL, Grant("t"))
        with pytest.raises(TryLater):
            await PLATFORM.delete(call, post)
        await call.wire.close()
    assert peer.asked[0].query == {"id": ID}


# ---- numbers -----------------------------------------------------------------------------------------


async def test_a_shorts_numbers_and_address(sandbox: Sandbox, call: AccountCall, draft: Draft) -> None:
    post = await published(call, draft)
    assert (post.kind, post.url) == (Kind.VIDEO, f"https://www.youtube.com/watch?v={post.id}")
    [native] = sandbox.world.posts("youtube")
    assert (native.id, native.facts["short"], native.facts["duration_s"]) == (post.id, True, 61)
    truth = {"viewCount": 12, "likeCount": 3, "commentCount": 0, "shares": 1, "estimatedMinutesWatched": 2}
    async with aiohttp.ClientSession() as session:
        await session.put(f"{sandbox.url}/_control/youtube/posts/{post.id}", json=truth)
    ((_, found, _),) = await numbers(call, post)
    assert found["views"] == found["video_views"] == 12
    assert found["video_watch_time_ms"] == 120_000
