"""Publishing on LinkedIn step by step, restarted anywhere, and with lost answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sextant.clock import Clock
from sextant.errors import FixContent, OutcomeUnknown, TryLater
from sextant.platforms.base import Account, Checkpoint, Draft, Grant
from sextant.platforms.catalogue import Kind
from sextant.platforms.linkedin import PLATFORM
from sextant.platforms.linkedin.littletext import little_text
from sextant.platforms.media import MediaFacts, MediaFile
from tests.calls import call_for
from tests.wire import Scripted

REST = "/api.linkedin.com/rest"
PAGE = Account("urn:li:organization:1337", "Example Corp", "organization")
MEMBER = Account("urn:li:person:782bbtaQ", "Ada Example", "member")
VIDEO = "urn:li:video:C5F10AQGKQg_6y2a4sQ"
INITIALIZED = {
    "value": {
        "uploadUrlsExpireAt": 1770541530110,
        "video": "urn:li:video:C5F10AQGKQg_6y2a4sQ",
        "uploadToken": "",
        "uploadInstructions": [
            {
                "uploadUrl": "https://www.linkedin.com/dms-uploads/part-1",
                "firstByte": 0,
                "lastByte": 4194303,
            },
            {
                "uploadUrl": "https://www.linkedin.com/dms-uploads/part-2",
                "firstByte": 4194304,
                "lastByte": 8388607,
            },
        ],
    }
}
DUPLICATE = {"status": 422, "message": "Content is a duplicate of urn:li:share:7001"}
TEXT = Draft("d-1", "Hello (world) #sextant", (), Kind.TEXT)
SIZE = 4194304 + 100


class Hasty(Clock):
    """Pauses are kept, not waited for."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class OnDisk:
    url: str
    path: Path

    async def file(self) -> MediaFile:
        return MediaFile(self.path, MediaFacts("video/mp4", self.path.stat().st_size))


@pytest.fixture
def video(tmp_path: Path) -> Draft:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"\x01" * 4194304 + b"\x02" * 100)
    return Draft("d-2", "A video", (OnDisk("https://media.example/clip.mp4", path),), Kind.VIDEO)


def peer_for_video() -> Scripted:
    soon = int((datetime.now(UTC) + timedelta(hours=1)).timestamp() * 1000)
    opened = {"value": INITIALIZED["value"] | {"uploadUrlsExpireAt": soon}}
    peer = Scripted().on("POST", f"{REST}/videos", opened).on("POST", f"{REST}/videos", "")
    for part in (1, 2):
        path = f"/www.linkedin.com/dms-uploads/part-{part}"
        peer.on("PUT", path, "", headers={"ETag": f"etag{part}"})
    peer.on("GET", f"{REST}/videos/{VIDEO}", {"status": "PROCESSING"})
    peer.on("GET", f"{REST}/videos/{VIDEO}", {"status": "AVAILABLE"})
    return created(peer)


def created(peer: Scripted) -> Scripted:
    return peer.on("POST", f"{REST}/posts", "", 201, {"x-restli-id": "urn:li:share:7001"})


async def steps(
    peer: Scripted, draft: Draft, done: Checkpoint | None = None, clock: Clock | None = None
) -> list[Checkpoint]:
    call = call_for(PLATFORM, peer.url, PAGE, Grant("t0ken"), clock or Hasty())
    try:
        return [step async for step in PLATFORM.publish(call, draft, done)]
    finally:
        await call.wire.close()


def asked(peer: Scripted) -> list[str]:
    return [f"{request.method} {request.path.rpartition('/')[2]}" for request in peer.asked]


async def find(done: Checkpoint, draft: Draft) -> Any:
    """As a member, whose posts cannot be listed: nothing is asked."""
    grant = Grant("t0ken", scopes=frozenset({"w_member_social"}))
    call = call_for(PLATFORM, "http://127.0.0.1:1", MEMBER, grant, Hasty())
    try:
        return await PLATFORM.find_published(call, draft, done, datetime.now(UTC))
    finally:
        await call.wire.close()


def announced(age: timedelta = timedelta(0)) -> Checkpoint:
    since = (datetime.now(UTC) - age).isoformat()
    return Checkpoint("announced", {"since": since}, announces=True)


async def test_a_text_post() -> None:
    async with created(Scripted()) as peer:
        announcement, last = await steps(peer, TEXT)
    assert announcement.announces
    assert last.published is not None
    assert last.published.id == "urn:li:share:7001"
    assert last.published.url == "https://www.linkedin.com/feed/update/urn:li:share:7001/"
    assert json.loads(peer.asked[0].body) == {
        "author": "urn:li:organization:1337",
        "commentary": "Hello \\(world\\) #sextant",
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a\\b", "a\\\\b"),
        ("|{}@[]()<>*_~", "\\|\\{\\}\\@\\[\\]\\(\\)\\<\\>\\*\\_\\~"),
        ("#tag and # alone", "#tag and \\# alone"),
        ("C#7 ##two", "C\\#7 \\##two"),
        ("été #été", "été #été"),
    ],
)
def test_little_text(text: str, escaped: str) -> None:
    assert little_text(text) == escaped


async def test_a_video_post(video: Draft) -> None:
    clock = Hasty()
    async with peer_for_video() as peer:
        found = await steps(peer, video, clock=clock)
    names = ["initialized", "part_sent", "part_sent", "finalized", "announced", "published"]
    assert [step.step for step in found] == names
    assert asked(peer) == [
        "POST videos",
        "PUT part-1",
        "PUT part-2",
        "POST videos",
        f"GET {VIDEO}",
        f"GET {VIDEO}",
        "POST posts",
    ]
    assert json.loads(peer.asked[0].body) == {
        "initializeUploadRequest": {
            "owner": "urn:li:organization:1337",
            "fileSizeBytes": SIZE,
            "uploadCaptions": False,
            "uploadThumbnail": False,
        }
    }
    assert [len(request.body) for request in peer.asked[1:3]] == [4194304, 100]
    assert "Authorization" not in peer.asked[1].headers
    assert json.loads(peer.asked[3].body)["finalizeUploadRequest"] == {
        "video": VIDEO,
        "uploadToken": "",
        "uploadedPartIds": ["etag1", "etag2"],
    }
    assert json.loads(peer.asked[-1].body)["content"] == {"media": {"id": VIDEO}}
    assert clock.slept == [0.5]
    assert found[-1].published is not None
    assert found[-1].published.kind is Kind.VIDEO


@pytest.mark.parametrize(
    ("place", "again"),
    [
        (0, ["PUT part-1", "PUT part-2", "POST videos", f"GET {VIDEO}", "POST posts"]),
        (1, ["PUT part-2", "POST videos", f"GET {VIDEO}", "POST posts"]),
        (2, ["POST videos", f"GET {VIDEO}", "POST posts"]),
        (3, [f"GET {VIDEO}", "POST posts"]),
        (4, ["POST posts"]),
    ],
)
async def test_a_video_goes_on_after_each_checkpoint(video: Draft, place: int, again: list[str]) -> None:
    async with peer_for_video() as peer:
        found = await steps(peer, video)
        peer.asked.clear()
        last = (await steps(peer, video, found[place]))[-1]
    assert asked(peer) == again
    assert last.published is not None


async def test_a_void_announcement_is_made_again(video: Draft) -> None:
    async with peer_for_video() as peer:
        found = await steps(peer, video)
        peer.asked.clear()
        later = await steps(peer, video, Checkpoint("announced", found[4].state))
    assert [step.step for step in later] == ["announced", "published"]
    assert asked(peer) == [f"GET {VIDEO}", "POST posts"]


async def test_an_upload_whose_addresses_ran_out_is_opened_again(video: Draft) -> None:
    async with peer_for_video() as peer:
        opened = (await steps(peer, video))[0]
    stale = dict(opened.state) | {"expires": "2026-01-01T00:00:00+00:00"}
    async with peer_for_video() as peer:
        again = await steps(peer, video, Checkpoint("initialized", stale))
    assert again[0].step == "initialized"


async def test_an_upload_address_that_died_is_forgotten(video: Draft) -> None:
    async with peer_for_video() as peer:
        opened = (await steps(peer, video))[0]
    async with Scripted().on("PUT", "/www.linkedin.com/dms-uploads/part-1", "", 403) as peer:
        call = call_for(PLATFORM, peer.url, PAGE, Grant("t0ken"))
        walk = PLATFORM.publish(call, video, opened)
        assert (await anext(walk)).state == {}
        with pytest.raises(TryLater):
            await anext(walk)
        await call.wire.close()


async def test_a_video_that_cannot_be_processed(video: Draft) -> None:
    async with peer_for_video() as peer:
        failed = {"status": "PROCESSING_FAILED", "processingFailureReason": "codec"}
        peer._script["GET", f"{REST}/videos/{VIDEO}"].clear()
        peer.on("GET", f"{REST}/videos/{VIDEO}", failed)
        with pytest.raises(FixContent, match="codec"):
            await steps(peer, video)


async def test_a_video_that_takes_too_long_is_left_for_later(video: Draft) -> None:
    clock = Hasty()
    async with peer_for_video() as peer:
        peer._script["GET", f"{REST}/videos/{VIDEO}"].clear()
        peer.on("GET", f"{REST}/videos/{VIDEO}", {"status": "PROCESSING"})
        with pytest.raises(TryLater):
            await steps(peer, video, clock=clock)
    assert max(clock.slept) == 10.0
    assert sum(clock.slept) >= 300


# ---- lost answers ------------------------------------------------------------------------------------


async def test_soon_after_a_lost_answer_the_repeat_is_the_look() -> None:
    assert await find(announced(), TEXT) is None


@pytest.mark.parametrize(
    ("age", "text", "why"),
    [(timedelta(minutes=46), "words", "too late"), (timedelta(0), "", "no text")],
    ids=["late", "no words"],
)
async def test_otherwise_it_cannot_be_told(age: timedelta, text: str, why: str) -> None:
    with pytest.raises(OutcomeUnknown, match=why):
        await find(announced(age), Draft("d", text, (), Kind.TEXT))


def millis(age: timedelta) -> int:
    return int((datetime.now(UTC) - age).timestamp() * 1000)


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 200), ({"status": 403, "code": "ACCESS_DENIED"}, 403)],
    ids=["created since", "may only write"],
)
async def test_the_duplicate_that_is_named_is_the_post(body: Any, status: int) -> None:
    body = body or {"createdAt": millis(timedelta(0))}
    peer = Scripted().on("POST", f"{REST}/posts", DUPLICATE, 422)
    async with peer.on("GET", f"{REST}/posts/urn:li:share:7001", body, status):
        [last] = await steps(peer, TEXT, announced())
    assert last.published is not None
    assert last.published.id == "urn:li:share:7001"


async def test_a_duplicate_of_an_older_post_is_refused() -> None:
    peer = Scripted().on("POST", f"{REST}/posts", DUPLICATE, 422)
    older = {"createdAt": millis(timedelta(hours=1))}
    async with peer.on("GET", f"{REST}/posts/urn:li:share:7001", older):
        with pytest.raises(FixContent, match="duplicate"):
            await steps(peer, TEXT, announced())


async def test_a_duplicate_at_the_first_attempt_is_refused() -> None:
    async with Scripted().on("POST", f"{REST}/posts", DUPLICATE, 422) as peer:
        with pytest.raises(FixContent, match="duplicate"):
            await steps(peer, TEXT)


async def test_a_create_that_breaks_is_unknown() -> None:
    async with Scripted().on("POST", f"{REST}/posts", {"message": "Internal Server Error"}, 500) as peer:
        with pytest.raises(OutcomeUnknown):
            await steps(peer, TEXT)
