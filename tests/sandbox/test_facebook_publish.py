"""The simulated Facebook Pages takes photos, videos and reels as strictly as the network, asked plainly."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sextant.sandbox.facebook import NETWORK
from sextant.sandbox.made_media import Asked
from sextant.sandbox.made_pictures import gif, jpeg, png, webp
from sextant.sandbox.made_video import mp4
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from tests.sandbox.graph_client import FACEBOOK_SCOPES, PAGE, Answer, Client

MIB = 1 << 20
RUPLOAD = "rupload.facebook.com/video-upload"


class Videos(Client):
    host = "graph-video.facebook.com"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Sandbox(World(), [NETWORK]) as sandbox, aiohttp.ClientSession() as session:
        client = Client(sandbox, session, "facebook")
        await client.connect(FACEBOOK_SCOPES)
        yield client


@pytest.fixture
def videos(client: Client) -> Client:
    found = Videos(client.sandbox, client.session, "facebook")
    found.token = client.token
    return found


def content(make: Any, **asked: Any) -> bytes:
    made = make(Asked(**asked))
    return b"".join(made.pieces(0, made.size))


async def sent(client: Client, path: str, name: str, file: bytes, **fields: str) -> Answer:
    form = aiohttp.FormData({"access_token": client.token, **fields})
    form.add_field(name, io.BytesIO(file), filename=name)
    return await client.send("POST", f"{client.host}/v26.0/{path}", data=form)


async def photo(client: Client, file: bytes | None = None, **fields: str) -> Answer:
    file = content(jpeg) if file is None else file
    return await sent(client, f"{PAGE}/photos", "source", file, **fields)


async def unpublished(client: Client) -> str:
    native_id: str = (await photo(client, published="false")).body["id"]
    return native_id


def media(*ids: str) -> str:
    return json.dumps([{"media_fbid": one} for one in ids])


def posts(client: Client) -> list[Any]:
    return list(client.world.posts("facebook"))


# ---- photos --------------------------------------------------------------------------------------


async def test_a_photo_alone_is_a_post_at_once(client: Client) -> None:
    answer = await photo(client, caption="A hill", alt_text_custom="Green")
    [post] = posts(client)
    assert answer.body["post_id"] == post.id
    assert (post.kind, post.text) == ("photo", "A hill")
    fields = "page_story_id,alt_text_custom,width,height,link"
    shown = (await client.get(answer.body["id"], fields=fields)).body
    assert (shown["page_story_id"], shown["alt_text_custom"]) == (post.id, "Green")
    assert (shown["width"], shown["height"]) == (1280, 720)


async def test_a_photo_by_address(client: Client) -> None:
    url = f"{client.sandbox.url}/_control/media/sample.jpg"
    assert "post_id" in (await client.post(f"{PAGE}/photos", url=url)).body
    refused = await client.post(f"{PAGE}/photos", url="https://example.org/1.jpg")
    assert refused.code == (100, 2061006)
    assert (await client.post(f"{PAGE}/photos")).code == (324, None)


async def test_unpublished_photos_are_seen_by_nobody_until_a_post_takes_them(client: Client) -> None:
    ids = [await unpublished(client) for _ in range(3)]
    assert (await client.get(ids[0], fields="page_story_id")).body == {"id": ids[0]}
    assert posts(client) == []
    answer = await client.post(f"{PAGE}/feed", message="Three", attached_media=media(*ids))
    fields = "status_type,attachments{type,subattachments{target{id}}}"
    [row] = (await client.get(f"{PAGE}/published_posts", fields=fields)).body["data"]
    [album] = row["attachments"]["data"]
    assert [one["target"]["id"] for one in album["subattachments"]["data"]] == ids
    assert (row["id"], row["status_type"]) == (answer.body["id"], "added_photos")
    assert (await client.get(ids[0], fields="page_story_id")).body["page_story_id"] == row["id"]
    plain = (await client.get(row["id"], fields="attachments{type}")).body
    assert "subattachments" not in plain["attachments"]["data"][0]


async def test_a_photo_is_attached_once_and_while_it_lasts(client: Client) -> None:
    used, old = await unpublished(client), await unpublished(client)
    assert (await client.post(f"{PAGE}/feed", attached_media=media(used))).status == 200
    assert (await client.post(f"{PAGE}/feed", attached_media=media(used))).code == (100, 1366051)
    assert (await client.post(f"{PAGE}/feed", attached_media=media(old, old))).code == (100, 1366051)
    assert (await client.post(f"{PAGE}/feed", attached_media=media(old, "1"))).code == (100, None)
    client.world.clock.advance(86401)
    assert (await client.post(f"{PAGE}/feed", attached_media=media(old))).code == (100, None)
    assert (await client.get(old)).code == (100, 33)
    assert len(posts(client)) == 1


async def test_a_post_of_photos_that_is_no_list_or_has_a_link(client: Client) -> None:
    one = await unpublished(client)
    assert (await client.post(f"{PAGE}/feed", attached_media=one)).code == (100, None)
    both = await client.post(f"{PAGE}/feed", attached_media=media(one), link="https://example.org")
    assert both.code == (100, None)


@pytest.mark.parametrize("make", [jpeg, png, gif])
async def test_kinds_of_photos(client: Client, make: Any) -> None:
    assert (await photo(client, content(make, seconds=0.1))).status == 200


async def test_what_is_no_photo_is_told_by_its_content(client: Client) -> None:
    for wrong in (content(webp), content(mp4), b"words"):
        assert (await photo(client, wrong)).code == (324, 2069019)
    assert (await photo(client, content(jpeg, bytes=4_000_000))).status == 200
    assert (await photo(client, content(jpeg, bytes=4_000_001))).code == (324, 1366046)
    assert len(posts(client)) == 1


async def test_a_photo_deleted_takes_its_own_post_along(client: Client) -> None:
    native_id = (await photo(client)).body["id"]
    assert (await client.ask("DELETE", native_id)).body == {"success": True}
    assert posts(client) == []
    assert (await client.ask("DELETE", native_id)).code == (100, 33)


async def test_a_photo_goes_with_its_post(client: Client) -> None:
    answer = (await photo(client)).body
    await client.ask("DELETE", answer["post_id"])
    assert (await client.get(answer["id"])).code == (100, 33)


# ---- videos by chunks ----------------------------------------------------------------------------


async def transfer(videos: Client, session: str, start: int, chunk: bytes) -> Answer:
    fields = {"upload_phase": "transfer", "upload_session_id": session, "start_offset": str(start)}
    return await sent(videos, f"{PAGE}/videos", "video_file_chunk", chunk, **fields)


async def phase(videos: Client, name: str, session: str = "", **fields: str) -> Answer:
    given = {"upload_session_id": session} if session else {}
    return await videos.post(f"{PAGE}/videos", upload_phase=name, **given, **fields)


async def video_status(client: Client, video_id: str) -> Any:
    return (await client.get(video_id, fields="status,post_id,permalink_url,published")).body


async def test_a_video_by_chunks(client: Client, videos: Client) -> None:
    file = content(mp4, bytes=5 * MIB)
    begun = (await phase(videos, "start", file_size=str(len(file)))).body
    assert (begun["start_offset"], begun["end_offset"]) == ("0", str(4 * MIB))
    session, video_id = begun["upload_session_id"], begun["video_id"]
    assert (await video_status(client, video_id))["status"]["video_status"] == "uploading"
    next_ = (await transfer(videos, session, 0, file[: 4 * MIB])).body
    assert next_ == {"start_offset": str(4 * MIB), "end_offset": str(5 * MIB)}
    status = (await video_status(client, video_id))["status"]
    assert status["uploading_phase"] == {"status": "in_progress", "bytes_transfered": 4 * MIB}
    last = (await transfer(videos, session, 4 * MIB, file[4 * MIB :])).body
    assert last["start_offset"] == last["end_offset"]
    assert (await video_status(client, video_id))["status"]["video_status"] == "upload_complete"
    assert posts(client) == []
    assert (await phase(videos, "finish", session, description="Moving")).body == {"success": True}
    [post] = posts(client)
    assert (post.kind, post.text, post.facts["video_id"]) == ("video", "Moving", video_id)
    assert (await phase(videos, "finish", session)).code == (100, None)
    assert len(posts(client)) == 1


async def test_the_wrong_order_and_the_wrong_bytes(client: Client, videos: Client) -> None:
    file = content(mp4)
    assert (await phase(videos, "start")).code == (100, None)
    session = (await phase(videos, "start", file_size=str(len(file)))).body["upload_session_id"]
    assert (await phase(videos, "finish", session)).code == (6001, None)
    wrong = await transfer(videos, session, 5, file)
    assert wrong.code == (6001, 1363037)
    assert wrong.body["error"]["error_data"]["start_offset"] == "0"
    assert (await transfer(videos, session, 0, file + b"x")).code == (100, None)
    assert (await transfer(videos, "14", 0, file)).code == (100, None)
    assert (await phase(videos, "transfer", session, start_offset="0")).code == (100, None)
    assert (await phase(videos, "publish", session)).code == (100, None)
    assert (await phase(client, "start", file_size="5")).code == (3, None)
    assert posts(client) == []


async def test_an_upload_that_is_no_video_cancelled_or_expired(client: Client, videos: Client) -> None:
    file = content(jpeg)
    session = (await phase(videos, "start", file_size=str(len(file)))).body["upload_session_id"]
    await transfer(videos, session, 0, file)
    assert (await phase(videos, "finish", session)).code == (6000, None)
    assert (await phase(videos, "cancel", session)).body == {"success": True}
    assert (await phase(videos, "cancel", session)).code == (100, None)
    begun = (await phase(videos, "start", file_size="5")).body
    client.world.clock.advance(86401)
    assert (await video_status(client, begun["video_id"]))["status"]["video_status"] == "expired"
    assert (await transfer(videos, begun["upload_session_id"], 0, b"12345")).code == (100, None)
    assert posts(client) == []


# ---- reels ---------------------------------------------------------------------------------------

UPRIGHT = {"width": 540, "height": 960}


async def begin(client: Client) -> str:
    body = (await client.post(f"{PAGE}/video_reels", upload_phase="start")).body
    assert body["upload_url"] == f"https://{RUPLOAD}/{body['video_id']}"
    video_id: str = body["video_id"]
    return video_id


async def bring(client: Client, video_id: str, body: bytes, **headers: str) -> Answer:
    given = {"Authorization": f"OAuth {client.token}", "offset": "0", "file_size": str(len(body)), **headers}
    return await client.send("POST", f"{RUPLOAD}/v26.0/{video_id}", data=body, headers=given)


async def finish(client: Client, video_id: str, state: str = "PUBLISHED") -> Answer:
    fields = {"upload_phase": "finish", "video_id": video_id, "video_state": state}
    return await client.post(f"{PAGE}/video_reels", description="Up", **fields)


async def test_a_reel(client: Client) -> None:
    video_id = await begin(client)
    assert (await bring(client, video_id, content(mp4, **UPRIGHT))).body == {"success": True}
    assert posts(client) == []
    assert (await finish(client, video_id)).body == {"success": True}
    [post] = posts(client)
    assert (post.kind, post.text) == ("reel", "Up")
    client.world.clock.advance(1)
    assert (await video_status(client, video_id))["permalink_url"] == f"/reel/{video_id}/"
    assert (await finish(client, video_id)).code == (100, None)


async def test_a_reel_in_parts_and_by_address(client: Client) -> None:
    file, size = content(mp4, **UPRIGHT), str(len(content(mp4, **UPRIGHT)))
    parted = await begin(client)
    assert (await bring(client, parted, file[:1000], file_size=size)).status == 200
    status = (await video_status(client, parted))["status"]
    assert (status["video_status"], status["uploading_phase"]["bytes_transfered"]) == ("uploading", 1000)
    assert (await bring(client, parted, file[1000:], file_size=size)).code == (100, None)
    assert (await bring(client, parted, file[1000:], file_size=size, offset="1000")).status == 200
    assert (await finish(client, parted)).status == 200
    pulled = await begin(client)
    address = f"{client.sandbox.url}/_control/media/made.mp4?width=540&height=960&seconds=3"
    assert (await bring(client, pulled, b"", file_url=address)).status == 200
    assert (await finish(client, pulled)).status == 200
    assert len(posts(client)) == 2


async def test_the_upload_address_wants_its_token_its_headers_and_its_video(client: Client) -> None:
    video_id, file = await begin(client), content(mp4, **UPRIGHT)
    assert (await bring(client, video_id, file, Authorization="Bearer x")).code == (104, None)
    assert (await bring(client, video_id, file, Authorization="OAuth x")).code == (190, None)
    assert (await bring(client, "13", file)).code == (100, 33)
    assert (await bring(client, video_id, file, offset="")).code == (100, None)
    assert (await bring(client, video_id, file, file_size="5")).code == (100, None)
    elsewhere = "https://video.xx.fbcdn.net/a.mp4"
    assert (await bring(client, await begin(client), b"", file_url=elsewhere)).code == (100, None)
    missing = f"{client.sandbox.url}/_control/media/missing.mp4"
    assert (await bring(client, await begin(client), b"", file_url=missing)).code == (389, None)


async def test_a_reel_in_the_wrong_order_or_state(client: Client) -> None:
    video_id = await begin(client)
    assert (await finish(client, video_id)).code == (6001, None)
    await bring(client, video_id, content(mp4, **UPRIGHT))
    assert (await finish(client, video_id, "LATER")).code == (100, None)
    assert (await finish(client, video_id, "DRAFT")).code == (3, None)
    assert (await client.post(f"{PAGE}/video_reels")).code == (100, None)
    assert (await finish(client, "13")).code == (100, None)
    client.world.clock.advance(86401)
    assert (await finish(client, video_id)).code == (100, None)
    assert posts(client) == []


@pytest.mark.parametrize(
    ("within", "past"),
    [
        ({}, {"width": 538, "height": 960}),
        ({"width": 544}, {"width": 560}),
        ({"seconds": 3}, {"seconds": 2.9}),
        ({"seconds": 90, "fps": 24}, {"seconds": 90.5, "fps": 24}),
        ({"fps": 60}, {"fps": 61}),
        ({"fps": 24}, {"fps": 23}),
    ],
)
async def test_what_may_become_a_reel(client: Client, within: Any, past: Any) -> None:
    client.world.processing_s = 5
    for asked, becomes in ((within, "ready"), (past, "error")):
        video_id = await begin(client)
        await bring(client, video_id, content(mp4, **{**UPRIGHT, **asked}))
        assert (await finish(client, video_id)).status == 200
        assert (await video_status(client, video_id))["status"]["video_status"] == "processing"
        client.world.clock.advance(6)
        status = (await video_status(client, video_id))["status"]
        assert status["video_status"] == becomes
        assert ("error" in status["processing_phase"]) is (becomes == "error")
    assert len(posts(client)) == 1


async def test_thirty_reels_a_day(client: Client) -> None:
    file = content(mp4, **UPRIGHT, seconds=3)
    for place in range(31):
        video_id = await begin(client)
        await bring(client, video_id, file)
        answer = await finish(client, video_id)
        assert (answer.status == 200) is (place < 30)
    assert answer.code == (613, None)
    client.world.clock.advance(86400)
    late = await begin(client)
    await bring(client, late, file)
    assert (await finish(client, late)).status == 200


# ---- faults and rights ---------------------------------------------------------------------------


async def test_a_dropped_answer_belongs_to_the_request_that_publishes(client: Client, videos: Client) -> None:
    """Neither a start, nor bytes, nor an unpublished photo."""
    await client.fault("drop_after_commit", "publish")
    video_id, one = await begin(client), await unpublished(client)
    assert (await phase(videos, "start", file_size="5")).status == 200
    await bring(client, video_id, content(mp4, **UPRIGHT))
    with pytest.raises(aiohttp.ClientError):
        await finish(client, video_id)
    await client.fault("drop_after_commit", "publish")
    with pytest.raises(aiohttp.ClientError):
        await client.post(f"{PAGE}/feed", attached_media=media(one))
    assert [post.kind for post in posts(client)] == ["reel", "photo"]


async def test_every_way_in_takes_the_scopes_and_a_page_token(client: Client, videos: Client) -> None:
    await client.switch(scopes=["pages_show_list", "pages_read_engagement"])
    assert (await photo(client)).code == (200, None)
    assert (await client.post(f"{PAGE}/video_reels", upload_phase="start")).code == (200, None)
    assert (await phase(videos, "start", file_size="5")).code == (200, None)
    await client.switch(scopes=None)
    client.token = await client.user_token(FACEBOOK_SCOPES)
    assert (await photo(client)).code == (200, None)


async def test_a_link_is_shown_as_it_was_shared(client: Client) -> None:
    await client.post(f"{PAGE}/feed", link="https://example.org/a")
    [row] = (await client.get(f"{PAGE}/published_posts", fields="status_type,attachments")).body["data"]
    assert row["status_type"] == "shared_story"
    assert row["attachments"]["data"][0]["unshimmed_url"] == "https://example.org/a"
