"""The simulated LinkedIn takes images and videos as strictly as the real one."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from sextant.sandbox.linkedin import NETWORK
from sextant.sandbox.made_media import Asked, Made
from sextant.sandbox.made_pictures import gif, jpeg, png, webp
from sextant.sandbox.made_video import mov, mp4
from tests.sandbox.linkedin_client import API, PAGE, PERSON, WEB, Client, ada, anybody, draft, enc

__all__ = ["ada", "anybody"]


def content(made: Made) -> bytes:
    return b"".join(made.pieces(0, made.size))


JPEG = content(jpeg(Asked(width=100, height=80)))
GIF = content(gif(Asked(width=64, height=48, seconds=1, fps=3)))
BIG = {"width": 640, "height": 360, "bytes": 200_000}


async def opened(ada: Client, owner: str = PAGE) -> tuple[str, str]:
    """Urn and address."""
    answer = await ada.post("images?action=initializeUpload", {"initializeUploadRequest": {"owner": owner}})
    assert answer.status == 200, answer.body
    return answer.body["value"]["image"], answer.body["value"]["uploadUrl"]


async def image(ada: Client, owner: str = PAGE, sent: bytes = JPEG) -> str:
    """An image that is there and processed."""
    urn, url = await opened(ada, owner)
    assert (await ada.ask("PUT", url, data=sent)).status == 201
    ada.world.clock.advance(ada.world.processing_s)
    return urn


async def status(ada: Client, urn: str) -> str:
    return str((await ada.get(f"images/{enc(urn)}")).body["status"])


def several(*urns: str) -> dict[str, Any]:
    return {"multiImage": {"images": [{"id": urn, "altText": f"alt {n}"} for n, urn in enumerate(urns)]}}


# ---- images ----------------------------------------------------------------------------------------


async def test_an_image_is_opened_sent_processed_and_posted(ada: Client) -> None:
    urn, url = await opened(ada)
    assert await status(ada, urn) == "WAITING_UPLOAD"
    early = await ada.post("posts", draft("early", content={"media": {"id": urn}}))
    assert (early.status, "media not ready" in early.body["message"]) == (400, True)
    await ada.ask("PUT", url, data=JPEG)
    assert await status(ada, urn) == "PROCESSING"
    early = await ada.post("posts", draft("early", content={"media": {"id": urn}}))
    assert (early.status, early.body["message"]) == (403, "Unable to obtain activity")
    ada.world.clock.advance(ada.world.processing_s)
    assert (await ada.get(f"images/{enc(urn)}")).body["downloadUrl"]
    posted = await ada.post("posts", draft("now", content={"media": {"id": urn, "altText": "A hill"}}))
    read = (await ada.get(f"posts/{enc(posted.headers['x-restli-id'])}")).body
    assert read["content"] == {"media": {"id": urn, "altText": "A hill"}}
    [kept] = ada.world.posts("linkedin")
    assert (kept.kind, kept.id.split(":")[2]) == ("photo", "share")


@pytest.mark.parametrize(
    ("sent", "good"),
    [
        (JPEG, True),
        (content(png(Asked(width=30, height=20))), True),
        (GIF, True),
        (content(webp(Asked(width=30, height=20))), False),
        (content(mp4(Asked())), False),
        (b"no image", False),
        (content(jpeg(Asked(width=6007, height=6018))), True),
        (content(jpeg(Asked(width=6008, height=6018))), False),
    ],
    ids=["jpg", "png", "gif", "webp", "mp4", "text", "below the pixels", "above the pixels"],
)
async def test_an_image_is_judged_by_its_content(ada: Client, sent: bytes, good: bool) -> None:
    urn = await image(ada, sent=sent)
    assert await status(ada, urn) == ("AVAILABLE" if good else "PROCESSING_FAILED")
    posted = await ada.post("posts", draft("judged", content={"media": {"id": urn}}))
    assert posted.status == (201 if good else 400)


async def test_a_put_overwrites_the_one_before(ada: Client) -> None:
    urn, url = await opened(ada)
    await ada.ask("PUT", url, data=JPEG[:50])
    await ada.ask("PUT", url, data=JPEG[50:])
    ada.world.clock.advance(1)
    assert await status(ada, urn) == "PROCESSING_FAILED", "two parts are no image"
    await ada.ask("PUT", url, data=JPEG)
    ada.world.clock.advance(1)
    assert await status(ada, urn) == "AVAILABLE"


async def test_an_upload_address_wants_the_token_and_ends(ada: Client) -> None:
    _, url = await opened(ada)
    assert (await ada.ask("PUT", url, {}, data=JPEG)).status == 401
    unknown = f"{WEB}/dms-uploads/C4E10AQnone/uploaded-image/0"
    assert (await ada.ask("PUT", unknown, data=JPEG)).status == 404
    ada.world.clock.advance(86401)
    assert (await ada.ask("PUT", url, data=JPEG)).status == 403


async def test_opening_an_image_is_checked(ada: Client) -> None:
    for request in (None, {}, {"owner": PAGE, "size": 1}):
        body = {"initializeUploadRequest": request}
        assert (await ada.post("images?action=initializeUpload", body)).status == 400
    other = {"initializeUploadRequest": {"owner": "urn:li:organization:99"}}
    assert (await ada.post("images?action=initializeUpload", other)).status == 403
    await ada.switch(scopes=["r_organization_social"])
    refused = await ada.post("images?action=initializeUpload", {"initializeUploadRequest": {"owner": PAGE}})
    assert refused.body["code"] == "ACCESS_DENIED"


async def test_members_may_write_images_but_not_read_them(ada: Client) -> None:
    urn = await image(ada, PERSON)
    assert (await ada.get(f"images/{enc(urn)}")).status == 403
    assert (await ada.post("posts", draft("mine", PERSON, {"media": {"id": urn}}))).status == 201
    assert (await ada.get(f"images/{enc('urn:li:image:none')}")).status == 404


async def test_several_images(ada: Client) -> None:
    urns = [await image(ada, sent=sent) for sent in (JPEG, GIF)]
    posted = await ada.post("posts", draft("two", content=several(*urns)))
    assert posted.status == 201, posted.body
    read = (await ada.get(f"posts/{enc(posted.headers['x-restli-id'])}")).body
    assert read["content"] == several(*urns)
    assert (await ada.post("posts", draft("one", content=several(urns[0])))).status == 400
    assert (await ada.post("posts", draft("20", content=several(*urns * 10)))).status == 201
    assert (await ada.post("posts", draft("21", content=several(*urns * 10, urns[0])))).status == 400


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({"altText": "x" * 4086}, True),
        ({"altText": "x" * 4087}, False),
        ({"altText": 7}, False),
        ({"title": "an image has none"}, False),
        ({"id": "urn:li:image:none"}, False),
        ({"id": "urn:li:document:1"}, False),
    ],
)
async def test_an_image_in_a_post_is_checked(ada: Client, change: dict[str, Any], good: bool) -> None:
    urn = await image(ada)
    posted = await ada.post("posts", draft("checked", content={"media": {"id": urn, **change}}))
    assert posted.status == (201 if good else 400)


async def test_media_of_another_owner_are_refused(ada: Client) -> None:
    mine, film = await image(ada, PERSON), await ada.uploaded(PERSON)
    ada.world.clock.advance(1)
    for urn in (mine, film):
        answer = await ada.post("posts", draft("theirs", PAGE, {"media": {"id": urn}}))
        assert (answer.status, "another owner" in answer.body["message"]) == (400, True)


@pytest.mark.parametrize(
    "shape", [{}, {"media": {}}, {"article": {}}, {"multiImage": {"images": 1}}, {"media": {"id": 1}}, []]
)
async def test_content_of_another_shape_is_refused(ada: Client, shape: Any) -> None:
    answer = await ada.post("posts", draft("shape") | {"content": shape})
    assert (answer.status, "/content" in answer.body["message"]) == (400, True)


# ---- video -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "good"),
    [
        (mp4(Asked(**BIG, seconds=3)), True),
        (mp4(Asked(**BIG, seconds=2.9)), False),
        (mp4(Asked(**BIG, seconds=1800, fps=1)), True),
        (mp4(Asked(**BIG, seconds=1801, fps=1)), False),
        (mov(Asked(**BIG)), False),
    ],
    ids=["3 s", "2.9 s", "30 min", "30 min and a second", "mov"],
)
async def test_a_video_is_judged_by_its_content(ada: Client, made: Made, good: bool) -> None:
    urn = await ada.uploaded(content=content(made))
    ada.world.clock.advance(1)
    answer = (await ada.get(f"videos/{enc(urn)}")).body
    assert answer["status"] == ("AVAILABLE" if good else "PROCESSING_FAILED")
    assert ("processingFailureReason" in answer) is not good


@pytest.mark.parametrize(
    ("request_", "good"),
    [
        ({"fileSizeBytes": 75_000}, True),
        ({"fileSizeBytes": 74_999}, False),
        ({"fileSizeBytes": 500_000_000}, True),
        ({"fileSizeBytes": 500_000_001}, False),
        ({"fileSizeBytes": 80_000, "name": "a.mp4"}, False),
    ],
)
async def test_opening_a_video_is_checked(ada: Client, request_: dict[str, Any], good: bool) -> None:
    body = {"initializeUploadRequest": {"owner": PAGE, **request_}}
    answer = await ada.post("videos?action=initializeUpload", body)
    assert answer.status == (200 if good else 400)


async def test_parts_may_come_in_any_order_and_again(ada: Client) -> None:
    film = content(mp4(Asked(bytes=9_000_000)))
    request = {"owner": PAGE, "fileSizeBytes": len(film)}
    value = (await ada.post("videos?action=initializeUpload", {"initializeUploadRequest": request})).body[
        "value"
    ]
    etags: dict[int, str] = {}
    for part in (2, 0, 0, 1):
        row = value["uploadInstructions"][part]
        chunk = film[row["firstByte"] : row["lastByte"] + 1]
        etags[part] = (await ada.ask("PUT", row["uploadUrl"], {}, data=BytesIO(chunk))).headers["ETag"]
    body = {"video": value["video"], "uploadToken": "", "uploadedPartIds": [etags[n] for n in range(3)]}
    assert (await ada.post("videos?action=finalizeUpload", {"finalizeUploadRequest": body})).status == 200
    again = await ada.post("videos?action=finalizeUpload", {"finalizeUploadRequest": body})
    assert (again.status, "finalized" in again.body["message"]) == (400, True)
    ada.world.clock.advance(1)
    assert (await ada.get(f"videos/{enc(value['video'])}")).body["status"] == "AVAILABLE"


async def test_a_videos_title_reads_back(ada: Client) -> None:
    urn = await ada.uploaded()
    ada.world.clock.advance(1)
    wrong = await ada.post("posts", draft("alt", content={"media": {"id": urn, "altText": "has none"}}))
    assert wrong.status == 400
    posted = await ada.post("posts", draft("titled", content={"media": {"id": urn, "title": "A title"}}))
    read = (await ada.get(f"posts/{enc(posted.headers['x-restli-id'])}")).body
    assert read["content"] == {"media": {"id": urn, "title": "A title"}}


# ---- options, quotas, deleting ---------------------------------------------------------------------


@pytest.mark.parametrize("author", [PAGE, PERSON])
async def test_who_may_see_and_reshare(ada: Client, author: str) -> None:
    for visibility in ("PUBLIC", "LOGGED_IN", "CONNECTIONS"):
        body = draft(f"seen by {visibility}", author) | {"visibility": visibility}
        allowed = visibility != "CONNECTIONS" or author == PERSON
        assert (await ada.post("posts", body)).status == (201 if allowed else 400)
    body = draft("not to be reshared", author) | {"isReshareDisabledByAuthor": True}
    posted = await ada.post("posts", body)
    found = NETWORK.find(ada.world, posted.headers["x-restli-id"])
    assert found is not None
    assert found.facts["isReshareDisabledByAuthor"] is True
    assert (await ada.post("posts", body | {"isReshareDisabledByAuthor": "yes"})).status == 400


async def test_150_posts_of_a_member_a_day(ada: Client) -> None:
    for n in range(150):
        await ada.text(f"number {n}", PERSON)
    refused = await ada.post("posts", draft("one more", PERSON))
    assert (refused.status, "MEMBER DAY" in refused.body["message"]) == (429, True)
    assert await ada.text("a page's", PAGE)
    ada.world.clock.advance(86400)
    assert await ada.text("next day", PERSON)


async def test_deleting_wants_the_right_to_write(ada: Client) -> None:
    urn = await ada.text("stays")
    await ada.switch(scopes=["r_organization_social"])
    assert (await ada.ask("DELETE", f"{API}/rest/posts/{enc(urn)}")).status == 403
    await ada.switch(scopes=["w_organization_social"], role="")
    assert (await ada.ask("DELETE", f"{API}/rest/posts/{enc(urn)}")).status == 403
    assert [post.id for post in ada.world.posts("linkedin")] == [urn]
