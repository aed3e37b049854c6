"""The simulated YouTube: what it makes of the content it receives, thumbnails, and what a channel may."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from sextant.sandbox.made_media import Asked
from sextant.sandbox.made_pictures import gif, jpeg, png
from sextant.sandbox.made_video import mov, mp4
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from sextant.sandbox.youtube import NETWORK
from tests.sandbox.test_youtube import CHANNEL, DATA, MP4, Answer, Client, once

SET = "www.googleapis.com/upload/youtube/v3/thumbnails/set"
CHUNK = 262_144
PUBLIC = {"snippet": {"title": "My video"}, "status": {"privacyStatus": "public"}}


@pytest.fixture
async def owner() -> AsyncIterator[Client]:
    world = World()
    world.processing_s = 0.0
    async with Sandbox(world, [NETWORK]) as sandbox, aiohttp.ClientSession(middlewares=[once]) as session:
        client = Client(sandbox, session)
        await client.connect()
        yield client


def content(maker: Any, **asked: Any) -> bytes:
    made = maker(Asked(**asked))
    return b"".join(made.pieces(0, made.size))


def post(owner: Client, video_id: str) -> Any:
    found = NETWORK.find(owner.world, video_id)
    assert found is not None
    return found


async def item(owner: Client, video_id: str, part: str) -> dict[str, Any]:
    found: dict[str, Any] = (await owner.videos(video_id, part=part)).body["items"][0]
    return found


async def thumbnail(
    owner: Client, video_id: str, picture: bytes, mime: str = "image/jpeg", **query: str
) -> Answer:
    params = {"videoId": video_id} | query
    return await owner.ask(
        "POST", SET, params=params, data=io.BytesIO(picture), headers={"Content-Type": mime}
    )


# ---- content -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "short"),
    [
        ({"seconds": 180, "width": 1080, "height": 1920}, True),
        ({"seconds": 181, "width": 1080, "height": 1920}, False),
        ({"seconds": 61, "width": 1000, "height": 1000}, True),
        ({"seconds": 61, "width": 1001, "height": 1000}, False),
        ({"seconds": 61, "width": 1080, "height": 1920, "turned": True}, True),
    ],
)
async def test_what_makes_a_video_a_short(owner: Client, asked: dict[str, Any], short: bool) -> None:
    video_id = await owner.video(content(mp4, **asked))
    assert post(owner, video_id).facts["short"] is short


@pytest.mark.parametrize(
    ("seconds", "shown"), [(59, "PT59S"), (60, "PT1M"), (3725, "PT1H2M5S"), (0.5, "PT0S")]
)
async def test_the_duration_is_the_contents(owner: Client, seconds: float, shown: str) -> None:
    video_id = await owner.video(content(mov, seconds=seconds, fps=1))
    assert (await item(owner, video_id, "contentDetails"))["contentDetails"]["duration"] == shown


@pytest.mark.parametrize("body", [b"no video at all", content(jpeg), MP4[:100]])
async def test_what_is_no_video_fails(owner: Client, body: bytes) -> None:
    status = (await item(owner, await owner.video(body), "status"))["status"]
    assert (status["uploadStatus"], status["failureReason"]) == ("failed", "invalidFile")


async def test_a_large_video_is_not_held(owner: Client) -> None:
    """What is kept of it is its two ends."""
    size = 64 * CHUNK
    body = content(mp4, bytes=size)
    opened = await owner.open(size=size)
    address = opened.headers["Location"]
    first = await owner.put(address, io.BytesIO(body[: 63 * CHUNK]), f"bytes 0-{63 * CHUNK - 1}/{size}")
    assert (first.status, first.headers["Range"]) == (308, f"bytes=0-{63 * CHUNK - 1}")
    [session] = owner.world.uploads.values()
    assert len(session.content.read(0, size)) < size // 8
    last = await owner.put(address, body[63 * CHUNK :], f"bytes {63 * CHUNK}-{size - 1}/{size}")
    assert last.status == 200
    assert (await item(owner, last.body["id"], "status"))["status"]["uploadStatus"] == "processed"


async def test_two_requests_at_once_store_one_piece(owner: Client) -> None:
    """The second does not go on where the upload stands by then."""
    address = (await owner.open()).headers["Location"]
    piece = (address, MP4[:CHUNK], f"bytes 0-{CHUNK - 1}/{len(MP4)}")
    answers = await asyncio.gather(owner.put(*piece), owner.put(*piece))
    assert sorted(answer.status for answer in answers) == [308, 400]
    [session] = owner.world.uploads.values()
    assert session.content.size == CHUNK


async def test_a_finished_upload_takes_nothing_more(owner: Client) -> None:
    opened = await owner.open()
    first = await owner.put(opened.headers["Location"], MP4)
    again = await owner.put(opened.headers["Location"], MP4)
    assert (again.status, again.body["id"]) == (200, first.body["id"])
    assert len(list(owner.world.posts("youtube"))) == 1


# ---- metadata ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("snippet", "status", "reason"),
    [
        ({"title": "  "}, {}, "invalidTitle"),
        ({"title": "a", "tags": ["a", ""]}, {}, "invalidTags"),
        ({"title": "a", "tags": ["<a"]}, {}, "invalidTags"),
        ({"title": "a", "tags": ["a b" + "c" * 496]}, {}, "invalidTags"),
        ({"title": "a", "description": "a < b"}, {}, "invalidDescription"),
        ({"title": "a"}, {"license": "mit"}, "forbiddenLicenseSetting"),
        ({"title": "a"}, {"privacyStatus": "private", "publishAt": "tomorrow"}, "invalidPublishAt"),
        (
            {"title": "a"},
            {"privacyStatus": "private", "publishAt": "2030-01-01T00:00:00"},
            "invalidPublishAt",
        ),
    ],
)
async def test_wrong_metadata_is_refused(
    owner: Client, snippet: dict[str, Any], status: dict[str, Any], reason: str
) -> None:
    answer = await owner.open({"snippet": snippet, "status": status})
    assert (answer.status, answer.reason) == (403 if "License" in reason else 400, reason)


async def test_the_ends_of_the_metadata_are_taken(owner: Client) -> None:
    snippet = {"title": "é" * 100, "description": "é" * 2500, "tags": ["a b" + "c" * 495]}
    assert (await owner.open({"snippet": snippet})).status == 200
    assert (await owner.open(PUBLIC, notifySubscribers="false")).status == 200
    assert (await owner.open(PUBLIC, notifySubscribers="no")).status == 400


async def test_a_private_video_becomes_public_at_its_time(owner: Client) -> None:
    at = datetime.fromtimestamp(owner.world.now() + 600, UTC).isoformat()
    video_id = await owner.video(privacyStatus="private", publishAt=at)
    assert (await item(owner, video_id, "status"))["status"]["privacyStatus"] == "private"
    owner.world.clock.advance(601)
    assert (await item(owner, video_id, "status"))["status"]["privacyStatus"] == "public"


# ---- thumbnails --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("maker", "mime"), [(jpeg, "image/jpeg"), (png, "image/png"), (png, "application/octet-stream")]
)
async def test_a_thumbnail(owner: Client, maker: Any, mime: str) -> None:
    video_id = await owner.video()
    answer = await thumbnail(owner, video_id, content(maker), mime)
    assert (answer.status, answer.body["kind"]) == (200, "youtube#thumbnailSetResponse")
    assert "maxres" in answer.body["items"][0]
    assert (await item(owner, video_id, "snippet"))["snippet"]["thumbnails"] == answer.body["items"][0]


async def test_a_shorts_thumbnail_has_its_own_shape(owner: Client) -> None:
    owner.world.processing_s = 60.0
    video_id = await owner.video(content(mp4, width=1080, height=1920))
    early = await thumbnail(owner, video_id, content(jpeg))
    assert (early.status, early.reason) == (403, "forbidden")
    owner.world.clock.advance(61)
    assert "shortsAspectRatio" in (await thumbnail(owner, video_id, content(jpeg))).body["items"][0]


@pytest.mark.parametrize(
    ("picture", "mime", "query", "status", "reason"),
    [
        (b"", "image/jpeg", {}, 400, "mediaBodyRequired"),
        (b"no picture", "image/jpeg", {}, 400, "invalidImage"),
        (content(gif), "application/octet-stream", {}, 400, "invalidImage"),
        (content(jpeg), "image/webp", {}, 400, "mediaBodyRequired"),
        (content(jpeg), "image/jpeg", {"videoId": "aaaaaaaaaaa"}, 404, "videoNotFound"),
        (content(jpeg), "image/jpeg", {"videoId": ""}, 400, "missingRequiredParameter"),
        (content(jpeg), "image/jpeg", {"uploadType": "resumable"}, 400, "badRequest"),
        (content(jpeg), "image/jpeg", {"video": "a"}, 400, "badRequest"),
    ],
)
async def test_wrong_thumbnails_are_refused(
    owner: Client, picture: bytes, mime: str, query: dict[str, str], status: int, reason: str
) -> None:
    video_id = await owner.video()
    answer = await thumbnail(owner, video_id, picture, mime, **query)
    assert (answer.status, answer.reason) == (status, reason)
    assert "thumbnail" not in post(owner, video_id).facts


async def test_a_thumbnail_of_50_mb_and_no_more(owner: Client) -> None:
    video_id = await owner.video()
    most = 52_428_800
    assert (await thumbnail(owner, video_id, content(jpeg, bytes=most))).status == 200
    over = await thumbnail(owner, video_id, content(jpeg, bytes=most + 1))
    assert (over.status, over.reason) == (400, "invalidImage")


async def test_a_thumbnail_for_somebody_elses_video(owner: Client) -> None:
    video_id = await owner.video()
    post(owner, video_id).account_id = "UCsomebodyelse0000000000"
    answer = await thumbnail(owner, video_id, content(jpeg))
    assert (answer.status, answer.reason) == (403, "forbidden")


async def test_a_thumbnail_needs_the_upload_scope_and_costs_50_units(owner: Client) -> None:
    video_id = await owner.video()
    for _ in range(200):
        assert (await thumbnail(owner, video_id, content(jpeg, width=8, height=8))).status == 200
    assert (await thumbnail(owner, video_id, content(jpeg))).reason == "quotaExceeded"
    owner.world.clock.advance(86_400)
    await owner.connect()
    await owner.switch("youtube.readonly")
    assert (await thumbnail(owner, video_id, content(jpeg))).reason == "insufficientPermissions"


# ---- what a channel may ------------------------------------------------------------------------------


async def role(owner: Client, name: str) -> None:
    body = {"role": name}
    assert (await owner.ask("PUT", f"_control/youtube/accounts/{CHANNEL}", json=body)).status == 200


async def test_a_channel_that_is_not_verified(owner: Client) -> None:
    await role(owner, "unverified")
    ordinary, long = (
        await owner.video(content(mp4, seconds=900)),
        await owner.video(content(mp4, seconds=901)),
    )
    assert (await item(owner, ordinary, "status"))["status"]["uploadStatus"] == "processed"
    state = await item(owner, long, "status,processingDetails")
    assert (state["status"]["uploadStatus"], state["status"]["rejectionReason"]) == ("rejected", "length")
    assert state["processingDetails"] == {"processingStatus": "terminated"}
    assert (await thumbnail(owner, ordinary, content(jpeg))).reason == "forbidden"


async def test_a_channel_that_uploaded_enough(owner: Client) -> None:
    await role(owner, "limited")
    answer = await owner.open()
    assert (answer.status, answer.reason) == (400, "uploadLimitExceeded")


async def test_a_suspended_channel(owner: Client) -> None:
    video_id = await owner.video()
    await role(owner, "suspended")
    refused = [
        await owner.open(),
        await thumbnail(owner, video_id, content(jpeg)),
        await owner.ask("DELETE", f"{DATA}/videos", params={"id": video_id}),
    ]
    assert [(answer.status, answer.reason) for answer in refused] == [(403, "channelSuspended")] * 3
