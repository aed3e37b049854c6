"""LinkedIn: what goes over the wire for images, how uploads go on, lists of posts, taking a post down."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sextant.errors import ActOutside, FixContent, OurBug, OutcomeUnknown, TryLater
from sextant.http import AccountCall
from sextant.platforms.base import Account, Checkpoint, Grant
from sextant.platforms.catalogue import Kind
from sextant.platforms.linkedin import PLATFORM
from sextant.platforms.linkedin.littletext import little_text, same_text
from sextant.platforms.linkedin.options import LinkedInOptions
from tests.platforms.adapters import NOW, calling, post, steps, steps_until_fault
from tests.platforms.linkedin_files import film, of, picture
from tests.wire import Scripted

REST = "/api.linkedin.com/rest"
UPLOADS = "/www.linkedin.com/dms-uploads"
PAGE = Account("urn:li:organization:1337", "Example Corp", "organization")
MEMBER = Account("urn:li:person:782bbtaQ", "Ada Example", "member")
DENIED = {"status": 403, "code": "ACCESS_DENIED", "message": "Not enough permissions to access: images.GET.1"}
DUPLICATE = {"status": 422, "message": "Content is a duplicate of urn:li:share:7001"}
NOT_FOUND = {"status": 404, "code": "NOT_FOUND", "message": "Not Found"}
SOON = int((NOW + timedelta(hours=1)).timestamp() * 1000)


def opened(n: int, expires: int = SOON) -> dict[str, Any]:
    url = f"https://www.linkedin.com/dms-uploads/{n}/uploaded-image/0"
    return {"value": {"uploadUrlExpiresAt": expires, "uploadUrl": url, "image": f"urn:li:image:{n}"}}


def peer_for(images: int) -> Scripted:
    peer = Scripted().on("POST", f"{REST}/posts", "", 201, {"x-restli-id": "urn:li:share:7001"})
    for n in range(1, images + 1):
        peer.on("POST", f"{REST}/images", opened(n))
        peer.on("PUT", f"{UPLOADS}/{n}/uploaded-image/0", "", 201)
        peer.on("GET", f"{REST}/images/urn:li:image:{n}", {"status": "PROCESSING"})
        peer.on("GET", f"{REST}/images/urn:li:image:{n}", {"status": "AVAILABLE"})
    return peer


@asynccontextmanager
async def against(peer: Scripted, account: Account = PAGE) -> AsyncIterator[AccountCall]:
    async with peer, calling(PLATFORM, peer, account, Grant("t0ken")) as call:
        yield call


def asked(peer: Scripted) -> list[str]:
    return [f"{request.method} {request.path.removeprefix(REST)}" for request in peer.asked]


def body(peer: Scripted, place: int = -1) -> Any:
    return json.loads(peer.asked[place].body)


# ---- images ------------------------------------------------------------------------------------------


async def test_one_image_of_a_page(tmp_path: Path) -> None:
    medium = picture(tmp_path)
    draft = of("A photo", medium, options=LinkedInOptions(alt_texts=("A sextant",), visibility="LOGGED_IN"))
    async with against(peer := peer_for(1)) as call:
        found = await steps(call, draft)
    assert [step.step for step in found] == ["initialized", "image_sent", "announced", "published"]
    upload = f"{UPLOADS}/1/uploaded-image/0"
    status = "GET /images/urn:li:image:1"
    assert asked(peer) == ["POST /images", f"PUT {upload}", status, status, "POST /posts"]
    assert body(peer, 0) == {"initializeUploadRequest": {"owner": "urn:li:organization:1337"}}
    sent = peer.asked[1]
    assert (sent.headers["Authorization"], sent.body) == ("Bearer t0ken", (await medium.file()).read())
    assert sent.headers["Content-Length"] == str(medium.facts.size)
    assert body(peer)["content"] == {"media": {"id": "urn:li:image:1", "altText": "A sextant"}}
    assert body(peer)["visibility"] == "LOGGED_IN"
    assert found[-1].published is not None
    assert found[-1].published.kind is Kind.PHOTO


async def test_several_images_in_their_order(tmp_path: Path) -> None:
    media = [picture(tmp_path, n) for n in (1, 2, 3)]
    draft = of("Photos", *media, options=LinkedInOptions(alt_texts=("", "two"), disable_reshare=True))
    async with against(peer := peer_for(3)) as call:
        found = await steps(call, draft)
    rows = [{"id": "urn:li:image:1"}, {"id": "urn:li:image:2", "altText": "two"}, {"id": "urn:li:image:3"}]
    assert body(peer)["content"] == {"multiImage": {"images": rows}}
    assert body(peer)["isReshareDisabledByAuthor"] is True
    assert found[-1].published is not None
    assert found[-1].published.kind is Kind.CAROUSEL


@pytest.mark.parametrize(
    ("place", "again"),
    [
        (0, ["PUT 1", "POST images", "PUT 2"]),
        (1, ["POST images", "PUT 2"]),
        (2, ["PUT 2"]),
        (3, []),
    ],
)
async def test_images_go_on_where_they_were(tmp_path: Path, place: int, again: list[str]) -> None:
    draft = of("Photos", picture(tmp_path, 1), picture(tmp_path, 2))
    async with against(peer := peer_for(2)) as call:
        found = await steps(call, draft)
        done = found[place]
        peer.asked.clear()
        if place == 0:
            peer._script["POST", f"{REST}/images"].clear()
            peer.on("POST", f"{REST}/images", opened(2))
        await steps(call, draft, done)
    told = [
        f"{request.method} {request.path.split('/')[3]}" for request in peer.asked if request.method != "GET"
    ]
    assert told == [*again, "POST posts"]
    assert [row["id"] for row in body(peer)["content"]["multiImage"]["images"]] == [
        "urn:li:image:1",
        "urn:li:image:2",
    ]


async def test_a_members_images_are_given_a_moment(tmp_path: Path) -> None:
    async with against(peer := peer_for(1), MEMBER) as call:
        await steps(call, of("Mine", picture(tmp_path)))
        assert call.wire.clock.slept == [5.0]  # type: ignore[attr-defined]
    assert not [request for request in peer.asked if request.method == "GET"]


async def test_a_page_that_may_not_ask_waits_as_well(tmp_path: Path) -> None:
    peer = peer_for(1)
    peer._script["GET", f"{REST}/images/urn:li:image:1"].clear()
    peer.on("GET", f"{REST}/images/urn:li:image:1", DENIED, 403)
    async with against(peer) as call:
        await steps(call, of("Ours", picture(tmp_path)))
        assert call.wire.clock.slept == [5.0]  # type: ignore[attr-defined]


async def test_an_image_that_cannot_be_processed(tmp_path: Path) -> None:
    peer = peer_for(1)
    peer._script["GET", f"{REST}/images/urn:li:image:1"].clear()
    peer.on("GET", f"{REST}/images/urn:li:image:1", {"status": "PROCESSING_FAILED"})
    async with against(peer) as call:
        await steps_until_fault(call, of("Broken", picture(tmp_path)), FixContent)


async def test_a_dead_address_costs_only_its_own_image(tmp_path: Path) -> None:
    draft = of("Photos", picture(tmp_path, 1), picture(tmp_path, 2))
    peer = peer_for(2)
    peer._script["PUT", f"{UPLOADS}/2/uploaded-image/0"].clear()
    peer.on("PUT", f"{UPLOADS}/2/uploaded-image/0", "", 403)
    async with against(peer) as call:
        reached, _ = await steps_until_fault(call, draft, TryLater)
    last = reached[-1]
    assert (last.step, last.state) == ("upload_expired", {"images": '["urn:li:image:1"]'})
    fresh = peer_for(2)
    fresh._script["POST", f"{REST}/images"].pop(0)
    async with against(fresh) as call:
        await steps(call, draft, last)
    assert len(body(fresh)["content"]["multiImage"]["images"]) == 2


async def test_an_address_whose_time_is_over_is_opened_again(tmp_path: Path) -> None:
    stale = {"opened": "urn:li:image:0", "url": "https://www.linkedin.com/dms-uploads/0", "images": "[]"}
    stale["expires"] = (NOW - timedelta(seconds=1)).isoformat()
    async with against(peer_for(1)) as call:
        found = await steps(call, of("Late", picture(tmp_path)), Checkpoint("initialized", stale))
    assert found[0].step == "initialized"


async def test_an_answer_that_opens_nothing_is_tried_later(tmp_path: Path) -> None:
    async with against(Scripted().on("POST", f"{REST}/images", {"value": {"image": "x"}})) as call:
        await steps_until_fault(call, of("Nothing", picture(tmp_path)), TryLater)


# ---- a video -----------------------------------------------------------------------------------------

FINALIZING = Checkpoint(
    "part_sent",
    {"video": "urn:li:video:1", "token": "", "parts": "[]", "etags": "[]", "expires": "2026-11-01T00:00:00Z"},
)


@pytest.mark.parametrize(("status", "goes_on"), [("PROCESSING", True), ("WAITING_UPLOAD", False)])
async def test_a_second_finalize_is_refused_where_the_first_arrived(
    tmp_path: Path, status: str, goes_on: bool
) -> None:
    peer = peer_for(0).on("POST", f"{REST}/videos", {"status": 400, "message": "finalized already"}, 400)
    peer.on("GET", f"{REST}/videos/urn:li:video:1", {"status": status})
    peer.on("GET", f"{REST}/videos/urn:li:video:1", {"status": "AVAILABLE"})
    async with against(peer) as call:
        if goes_on:
            assert (await steps(call, of("", film(tmp_path)), FINALIZING))[-1].published is not None
        else:
            await steps_until_fault(call, of("", film(tmp_path)), OurBug, FINALIZING)


async def test_a_video_that_linkedin_forgot_is_uploaded_anew(tmp_path: Path) -> None:
    done = Checkpoint("announced", {"video": "urn:li:video:1", "since": NOW.isoformat()})
    peer = Scripted().on("GET", f"{REST}/videos/urn:li:video:1", NOT_FOUND, 404)
    async with against(peer) as call:
        [last], _ = await steps_until_fault(call, of("", film(tmp_path)), TryLater, done)
    assert (last.step, last.state) == ("upload_expired", {"since": NOW.isoformat()})


# ---- lists of posts ----------------------------------------------------------------------------------

ANNOUNCED = Checkpoint("announced", {"since": NOW.isoformat(), "announced": NOW.isoformat()}, announces=True)
TEXT = of("Hello")


def row(n: int, text: str = "Other", age_s: float = 0) -> dict[str, Any]:
    created = int((NOW.timestamp() - age_s) * 1000)
    return {"id": f"urn:li:share:{n}", "commentary": text, "createdAt": created}


async def found_in(*pages: Any) -> Any:
    peer = Scripted()
    for page in pages:
        peer.on("GET", f"{REST}/posts", page)
    async with against(peer) as call:
        return await PLATFORM.find_published(call, TEXT, ANNOUNCED, NOW), peer


async def test_posts_are_listed_page_by_page() -> None:
    first = {"elements": [row(n) for n in range(90)], "paging": {"total": 120}}
    found, peer = await found_in(first, {"elements": [row(200, "Hello")]})
    assert (found.id, found.at) == ("urn:li:share:200", NOW)
    author = "q=author&author=urn%3Ali%3Aorganization%3A1337"
    assert [request.raw_query for request in peer.asked] == [
        f"{author}&start={start}&count=100&sortBy=CREATED" for start in (0, 100)
    ]
    assert peer.asked[0].headers["X-RestLi-Method"] == "FINDER"


async def test_an_old_post_on_top_does_not_end_the_search() -> None:
    found, _ = await found_in({"elements": [row(1, "Hello", age_s=9000), row(2, "Hello")]})
    assert found.id == "urn:li:share:2"


@pytest.mark.parametrize(
    "page",
    [
        {"elements": []},
        {"elements": [row(1, "Hello", age_s=61)]},
        {"elements": [row(1)], "paging": {"total": 1}},
    ],
)
async def test_absent_after_a_second_look(page: Any) -> None:
    found, peer = await found_in(page)
    assert (found, len(peer.asked)) == (None, 2)


@pytest.mark.parametrize(
    "page",
    [{}, {"elements": None}, {"elements": ["x"]}, {"elements": [{"id": 7}]}, {"elements": [row(1)]}, []],
    ids=["nothing", "null", "no posts", "no urn", "the same page for ever", "no object"],
)
async def test_a_list_that_cannot_be_read_says_nothing(page: Any) -> None:
    async with against(Scripted().on("GET", f"{REST}/posts", page)) as call:
        with pytest.raises(OutcomeUnknown):
            await PLATFORM.find_published(call, TEXT, ANNOUNCED, NOW)


async def test_a_deleted_post_that_is_named_is_not_this_one() -> None:
    peer = Scripted().on("POST", f"{REST}/posts", DUPLICATE, 422)
    async with against(peer.on("GET", f"{REST}/posts/urn:li:share:7001", NOT_FOUND, 404)) as call:
        await steps_until_fault(call, TEXT, FixContent, ANNOUNCED)


async def test_a_named_post_that_cannot_be_looked_at_now_stays_unknown() -> None:
    peer = Scripted().on("POST", f"{REST}/posts", DUPLICATE, 422)
    async with against(peer.on("GET", f"{REST}/posts/urn:li:share:7001", {"status": 503}, 503)) as call:
        await steps_until_fault(call, TEXT, OutcomeUnknown, ANNOUNCED)


@pytest.mark.parametrize("text", ["#tag and # alone (x) \\ _y_", "two\nlines  here ", "C#7 été #été"])
def test_a_text_is_known_as_it_reads_back(text: str) -> None:
    assert same_text(little_text(text), text)
    assert same_text(little_text(text).replace("#tag", "{hashtag|\\#|tag}"), text)
    assert not same_text(little_text(text + "!"), text)


# ---- taking down -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "status"), [("", 204), (NOT_FOUND, 404)])
async def test_delete(answer: Any, status: int) -> None:
    peer = Scripted().on("DELETE", f"{REST}/posts/urn:li:share:1", answer, status)
    async with against(peer) as call:
        await PLATFORM.delete(call, post("urn:li:share:1"))  # type: ignore[attr-defined]
    [request] = peer.asked
    assert (request.headers["X-RestLi-Method"], request.body) == ("DELETE", b"")


async def test_delete_without_the_role() -> None:
    refused = {"status": 403, "message": "Field Value validation failed in REQUEST_BODY: x [/author]"}
    peer = Scripted().on("DELETE", f"{REST}/posts/urn:li:share:1", refused, 403)
    async with against(peer) as call:
        with pytest.raises(ActOutside):
            await PLATFORM.delete(call, post("urn:li:share:1"))  # type: ignore[attr-defined]
