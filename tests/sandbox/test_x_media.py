"""The simulated X judges media by their content, and what an account may by its subscription."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from typing import Any

import aiohttp
import pytest

from sextant.sandbox.made_media import Asked, Made
from sextant.sandbox.made_pictures import gif, jpeg, png, webp
from sextant.sandbox.made_video import mov, mp4
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from sextant.sandbox.x import NETWORK
from sextant.sandbox.x.media import SEGMENT_MAX, Upload
from tests.sandbox.x_client import JPG, LABS, MP4, Answer, Client

MB = 1024 * 1024
Maker = Callable[[Asked], Made]


class MediaClient(Client):
    async def one_shot(self, content: bytes, category: str = "tweet_image") -> Answer:
        form = aiohttp.FormData({"media_category": category})
        form.add_field("media", BytesIO(content), filename="a")
        return await self.ask("POST", "/2/media/upload", data=form)

    async def open(self, category: str, size: int, media_type: str = "video/mp4") -> Answer:
        body = {"media_type": media_type, "total_bytes": size, "media_category": category}
        return await self.ask("POST", "/2/media/upload/initialize", json=body)

    async def in_chunks(self, category: str, maker: Maker, **asked: Any) -> str:
        """A made medium, whole and processed; its id."""
        made = maker(Asked(**asked))
        content = b"".join(made.pieces(0, made.size))
        media_id = str((await self.open(category, made.size)).body["data"]["id"])
        for index in range(math.ceil(made.size / SEGMENT_MAX)):
            chunk = content[index * SEGMENT_MAX : (index + 1) * SEGMENT_MAX]
            assert (await self.append(media_id, index, chunk)).status == 200
        assert (await self.finalize(media_id)).status == 200
        self.world.clock.advance(1)
        return media_id

    async def finalize(self, media_id: str) -> Answer:
        return await self.ask("POST", f"/2/media/upload/{media_id}/finalize")

    async def post_of(self, *media_ids: str, text: str = "") -> Answer:
        return await self.post(text, media={"media_ids": list(media_ids)})


@pytest.fixture
async def owner() -> AsyncIterator[MediaClient]:
    async with Sandbox(World(), [NETWORK]) as sandbox, aiohttp.ClientSession() as session:
        client = MediaClient(sandbox, session)
        await client.connect()
        yield client


def content(maker: Maker, **asked: Any) -> bytes:
    made = maker(Asked(**asked))
    return b"".join(made.pieces(0, made.size))


# ---- images ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("maker", "mime"), [(jpeg, "image/jpeg"), (png, "image/png"), (webp, "image/webp"), (gif, "image/gif")]
)
async def test_an_image_is_what_its_content_says(owner: MediaClient, maker: Maker, mime: str) -> None:
    image = (await owner.one_shot(content(maker, width=40, height=30, seconds=0.1, fps=10))).body["data"]
    assert image["image"] == {"image_type": mime, "w": 40, "h": 30}
    assert image["expires_after_secs"] == 86400
    assert (await owner.post_of(image["id"])).status == 201


@pytest.mark.parametrize("bad", [b"\xff\xd8\xff", b"BM" + b"a" * 100, b"hello", MP4])
async def test_what_is_no_image_is_refused(owner: MediaClient, bad: bytes) -> None:
    answer = await owner.one_shot(bad)
    assert (answer.status, answer.body["errors"][0]["message"]) == (400, "media type unrecognized.")


async def test_an_image_of_five_megabytes_and_one_byte_more(owner: MediaClient) -> None:
    assert (await owner.one_shot(content(jpeg, bytes=5 * MB))).status == 200
    over = await owner.one_shot(content(jpeg, bytes=5 * MB + 1))
    assert (over.status, list(over.body["errors"][0]["parameters"])) == (400, ["total_bytes"])


async def test_four_images_and_no_fifth(owner: MediaClient) -> None:
    ids = [str((await owner.one_shot(JPG)).body["data"]["id"]) for _ in range(5)]
    assert (await owner.post_of(*ids)).status == 400
    assert (await owner.post_of(*ids[:4])).status == 201
    [post] = owner.world.posts("x")
    assert (post.kind, [medium["media_key"] for medium in post.facts["media"]]) == (
        "photo",
        [f"3_{media_id}" for media_id in ids[:4]],
    )


@pytest.mark.parametrize(("category", "maker"), [("tweet_video", mp4), ("tweet_gif", gif)])
async def test_a_video_or_gif_goes_alone(owner: MediaClient, category: str, maker: Maker) -> None:
    moving = await owner.in_chunks(category, maker, seconds=1, width=64, height=48)
    image = str((await owner.one_shot(JPG)).body["data"]["id"])
    assert (await owner.post_of(moving, image)).status == 400
    assert (await owner.post_of(moving)).status == 201


# ---- video and GIF -----------------------------------------------------------------------------------

SMALL = {"width": 64, "height": 48}


@pytest.mark.parametrize(
    ("maker", "asked"),
    [
        (mp4, {"seconds": 0.5}),
        (mp4, {"seconds": 140}),
        (mp4, {"fps": 60}),
        (mp4, {"width": 32, "height": 32}),
        (mp4, {"width": 1280, "height": 1024}),
        (mp4, {"width": 720, "height": 1280}),
        (mp4, {"width": 300, "height": 100}),
        (mov, {}),
    ],
)
async def test_video_within_the_limits(owner: MediaClient, maker: Maker, asked: dict[str, Any]) -> None:
    media_id = await owner.in_chunks("tweet_video", maker, **{**SMALL, **asked})
    assert (await owner.media_state(media_id))["state"] == "succeeded"
    assert (await owner.post_of(media_id)).status == 201


@pytest.mark.parametrize(
    ("maker", "asked"),
    [
        (mp4, {"seconds": 0.4}),
        (mp4, {"fps": 61}),
        (mp4, {"width": 31, "height": 32}),
        (mp4, {"width": 1281, "height": 1024}),
        (mp4, {"width": 1280, "height": 1025}),
        (mp4, {"width": 302, "height": 100}),
        (jpeg, {}),
    ],
)
async def test_video_past_a_limit_fails_in_processing(
    owner: MediaClient, maker: Maker, asked: dict[str, Any]
) -> None:
    media_id = await owner.in_chunks("tweet_video", maker, **{**SMALL, **asked})
    info = await owner.media_state(media_id)
    assert (info["state"], bool(info["error"]["message"])) == ("failed", True)
    assert (await owner.post_of(media_id)).status == 400


async def test_long_video_needs_premium(owner: MediaClient) -> None:
    media_id = await owner.in_chunks("tweet_video", mp4, seconds=141, **SMALL)
    refused = await owner.post_of(media_id)
    words = "This user is not allowed to post a video longer than 2 minutes"
    assert (refused.status, refused.body["detail"]) == (403, words)
    await owner.switch(role="Premium")
    assert (await owner.post_of(media_id)).status == 201


async def test_sizes_are_held_against_what_is_announced(owner: MediaClient) -> None:
    for category, most in (("tweet_video", 512 * MB), ("tweet_gif", 15 * MB), ("tweet_image", 5 * MB)):
        assert (await owner.open(category, most)).status == 200
        assert (await owner.open(category, most + 1)).status == 400


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"seconds": 35, "fps": 10}, 201),
        ({"seconds": 35.1, "fps": 10}, 400),
        ({"seconds": 1, "fps": 2, "width": 1280, "height": 1080}, 201),
        ({"seconds": 1, "fps": 2, "width": 1281, "height": 1080}, 400),
        ({"seconds": 1, "fps": 2, "width": 1280, "height": 1081}, 400),
        ({"seconds": 30, "fps": 10, "width": 1000, "height": 1000}, 201),
        ({"seconds": 30, "fps": 10, "width": 1001, "height": 1000}, 400),
    ],
)
async def test_a_gif_past_a_limit_fails_when_it_is_posted(
    owner: MediaClient, asked: dict[str, Any], status: int
) -> None:
    media_id = await owner.in_chunks("tweet_gif", gif, **{**SMALL, **asked})
    assert (await owner.media_state(media_id))["state"] == "succeeded"
    assert (await owner.post_of(media_id)).status == status


async def test_what_is_no_gif_fails_in_processing(owner: MediaClient) -> None:
    media_id = await owner.in_chunks("tweet_gif", png, **SMALL)
    assert (await owner.media_state(media_id))["state"] == "failed"


# ---- order of the steps --------------------------------------------------------------------------------


async def test_segments_may_come_twice_and_out_of_order(owner: MediaClient) -> None:
    media_id = str((await owner.open("tweet_video", len(MP4))).body["data"]["id"])
    third = len(MP4) // 3
    parts = [MP4[:third], MP4[third : 2 * third], MP4[2 * third :]]
    for index in (1, 0, 1, 2):
        assert (await owner.append(media_id, index, parts[index])).status == 200
    assert (await owner.append(media_id, 0, b"another size")).status == 400
    assert (await owner.finalize(media_id)).status == 200
    owner.world.clock.advance(1)
    assert (await owner.media_state(media_id))["state"] == "succeeded"


async def test_an_upload_holds_no_more_than_the_ends(owner: MediaClient) -> None:
    media_id = str((await owner.open("tweet_video", 40 * MB)).body["data"]["id"])
    for index in range(8):
        assert (await owner.append(media_id, index, b"a" * SEGMENT_MAX)).status == 200
    upload = owner.world.uploads[media_id]
    assert isinstance(upload, Upload)
    assert (upload.received.size, upload.early) == (40 * MB, {})


async def test_a_segment_over_the_limit_and_one_after_the_end(owner: MediaClient) -> None:
    media_id = str((await owner.open("tweet_video", len(MP4))).body["data"]["id"])
    assert (await owner.append(media_id, 0, b"a" * (SEGMENT_MAX + 1))).status == 400
    assert (await owner.append(media_id, 0, MP4)).status == 200
    assert (await owner.finalize(media_id)).status == 200
    assert (await owner.append(media_id, 1, b"a")).status == 400
    assert (await owner.finalize(media_id)).status == 200


async def test_media_of_another_account_and_expired_media(owner: MediaClient) -> None:
    image = str((await owner.one_shot(JPG)).body["data"]["id"])
    words = {"id": image, "metadata": {"alt_text": {"text": "words"}}}
    await owner.connect(LABS)
    assert (await owner.post_of(image)).status == 400
    assert (await owner.ask("POST", "/2/media/metadata", json=words)).status == 404
    await owner.connect()
    assert (await owner.ask("POST", "/2/media/metadata", json=words)).status == 200
    owner.world.clock.advance(86400)
    await owner.connect()
    assert (await owner.post_of(image)).status == 400
    assert (await owner.ask("POST", "/2/media/metadata", json=words)).status == 404


async def test_alt_text_up_to_a_thousand_characters(owner: MediaClient) -> None:
    image = str((await owner.one_shot(JPG)).body["data"]["id"])
    for length, status in ((1000, 200), (1001, 400)):
        body = {"id": image, "metadata": {"alt_text": {"text": "a" * length}}}
        assert (await owner.ask("POST", "/2/media/metadata", json=body)).status == status
    await owner.post_of(image)
    [post] = owner.world.posts("x")
    assert post.facts["media"][0]["alt_text"] == "a" * 1000


# ---- text, options, subscription ---------------------------------------------------------------------


async def test_text_by_subscription(owner: MediaClient) -> None:
    assert (await owner.post("a" * 281)).status == 403
    await owner.switch(role="Premium")
    asked = {"user.fields": "subscription_type"}
    assert (await owner.ask("GET", "/2/users/me", params=asked)).body["data"][
        "subscription_type"
    ] == "Premium"
    assert (await owner.post("a" * 25_001)).status == 403
    text = "word " * 100 + "https://example.com/a"
    post_id = (await owner.post(text)).body["data"]["id"]
    for vocabulary, note in (("post.fields", "note_post"), ("tweet.fields", "note_tweet")):
        [row] = (await owner.read(post_id, words=vocabulary, fields=note)).body["data"]
        assert row["text"].endswith("…")
        assert row[note]["text"].startswith("word " * 100 + "https://t.co/")
        assert row[note]["entities"]["urls"][0]["expanded_url"] == "https://example.com/a"


async def test_one_cashtag_for_self_serve_apps(owner: MediaClient) -> None:
    assert (await owner.post("$AAPL at $5")).status == 201
    assert (await owner.post("$AAPL and $TSLA")).status == 403
    await owner.switch(tier="enterprise")
    assert (await owner.post("$AAPL and $TSLA")).status == 201


async def test_options_are_kept_and_shown(owner: MediaClient) -> None:
    created = await owner.post("Hello", reply_settings="verified", made_with_ai=True, paid_partnership=True)
    [row] = (await owner.read(created.body["data"]["id"], fields="reply_settings")).body["data"]
    assert row["reply_settings"] == "verified"
    [post] = owner.world.posts("x")
    assert post.facts == {"reply_settings": "verified", "made_with_ai": True, "paid_partnership": True}
    assert (await owner.post("Hello again", reply_settings="everyone")).status == 400


async def test_a_hundred_posts_in_a_quarter_of_an_hour(owner: MediaClient) -> None:
    answers = [await owner.post(f"Post {n}") for n in range(101)]
    assert [answer.status for answer in answers] == [201] * 100 + [429]
    owner.world.clock.advance(901)
    assert (await owner.post("Post 101")).status == 201
