"""Publishing on YouTube chunk by chunk, restarted anywhere, and with a lost answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sextant.clock import Clock
from sextant.errors import ActOutside, Fault, FixContent, Gone, OutcomeUnknown, TryLater
from sextant.platforms.base import Account, Checkpoint, Draft, Grant, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.media import MediaFacts, MediaFile
from sextant.platforms.youtube import PLATFORM, metadata, upload
from tests.calls import call_for
from tests.wire import Scripted

UPLOAD = "/www.googleapis.com/upload/youtube/v3/videos"
VIDEOS = "/youtube.googleapis.com/youtube/v3/videos"
CHANNEL = Account("UC_x5XG1OV2P6uZZ5FSM9Ttw", "Google for Developers", "channel")
LOCATION = (
    "https://www.googleapis.com/upload/youtube/v3/videos"
    "?uploadType=resumable&upload_id=xa298sd_f&part=snippet,status"
)
SIZE = 524_293
FINAL = {
    "kind": "youtube#video",
    "etag": "e",
    "id": "dQw4w9WgXcQ",
    "snippet": {"publishedAt": "2026-11-20T10:00:00Z", "channelId": "UC_x5XG1OV2P6uZZ5FSM9Ttw"},
    "status": {"uploadStatus": "uploaded", "privacyStatus": "public"},
}
REJECTED = {
    "kind": "youtube#videoListResponse",
    "etag": "e",
    "pageInfo": {"totalResults": 1, "resultsPerPage": 1},
    "items": [
        {
            "kind": "youtube#video",
            "etag": "e",
            "id": "dQw4w9WgXcQ",
            "status": {
                "uploadStatus": "rejected",
                "rejectionReason": "duplicate",
                "privacyStatus": "public",
            },
            "processingDetails": {"processingStatus": "terminated"},
        }
    ],
}
NOTHING: dict[str, Any] = {"kind": "x", "items": []}
QUOTA = {"error": {"code": 403, "message": "q", "errors": [{"reason": "quotaExceeded"}]}}


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
def draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Draft:
    monkeypatch.setattr(upload, "CHUNK", 262_144)
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"\x01" * SIZE)
    media = OnDisk("https://media.example/my%20clip.mp4?sig=1", path)
    return Draft("d-1", "\nMy <first> video\nAnd more.", (media,), Kind.VIDEO)


def status(upload_status: str, **more: str) -> dict[str, Any]:
    return {"kind": "x", "items": [{"id": "dQw4w9WgXcQ", "status": {"uploadStatus": upload_status, **more}}]}


def opened(peer: Scripted) -> Scripted:
    return peer.on("POST", UPLOAD, "", headers={"Location": LOCATION})


def stored(peer: Scripted, upto: int | None) -> Scripted:
    headers = None if upto is None else {"Range": f"bytes=0-{upto}"}
    return peer.on("PUT", UPLOAD, "", 308, headers)


def whole() -> Scripted:
    peer = stored(stored(opened(Scripted()), 262_143), 524_287).on("PUT", UPLOAD, FINAL)
    return peer.on("GET", VIDEOS, status("uploaded")).on("GET", VIDEOS, status("processed"))


async def steps(
    peer: Scripted, draft: Draft, done: Checkpoint | None = None, clock: Clock | None = None
) -> list[Checkpoint]:
    call = call_for(PLATFORM, peer.url, CHANNEL, Grant("t0ken"), clock or Hasty())
    try:
        return [step async for step in PLATFORM.publish(call, draft, done)]
    finally:
        await call.wire.close()


async def find(peer: Scripted, draft: Draft) -> Published | None:
    call = call_for(PLATFORM, peer.url, CHANNEL, Grant("t0ken"), Hasty())
    try:
        return await PLATFORM.find_published(call, draft, sent(), datetime.now(UTC))
    finally:
        await call.wire.close()


def sent() -> Checkpoint:
    return Checkpoint("sent", {"upload": LOCATION, "size": str(SIZE)}, announces=True)


def ranges(peer: Scripted) -> list[str]:
    return [asked.headers["Content-Range"] for asked in peer.asked if asked.method == "PUT"]


async def test_a_video(draft: Draft) -> None:
    clock = Hasty()
    async with whole() as peer:
        found = await steps(peer, draft, clock=clock)
    assert [(step.step, step.announces) for step in found] == [
        ("opened", False),
        ("sent", True),
        ("uploaded", False),
        ("published", False),
    ]
    assert ranges(peer) == [
        "bytes 0-262143/524293",
        "bytes 262144-524287/524293",
        "bytes 524288-524292/524293",
    ]
    assert [len(asked.body) for asked in peer.asked[1:4]] == [262_144, 262_144, 5]
    assert clock.slept == [0.5]
    published = found[-1].published
    assert published is not None
    assert (published.id, published.kind) == ("dQw4w9WgXcQ", Kind.VIDEO)
    assert published.url == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


async def test_what_is_asked_when_an_upload_is_opened(draft: Draft) -> None:
    async with whole() as peer:
        await steps(peer, draft)
    opening = peer.asked[0]
    assert opening.query == {"uploadType": "resumable", "part": "snippet,status"}
    assert opening.headers["X-Upload-Content-Length"] == "524293"
    assert opening.headers["X-Upload-Content-Type"] == "video/mp4"
    assert json.loads(opening.body) == {
        "snippet": {"title": "My first video", "description": "\nMy <first> video\nAnd more."},
        "status": {"privacyStatus": "public", "selfDeclaredMadeForKids": False},
    }
    assert "Authorization" not in peer.asked[1].headers


@pytest.mark.parametrize(
    ("text", "title"), [("", "my clip"), ("x" * 200, "x" * 100), (" \n<>\nthird", "third")]
)
def test_titles(draft: Draft, text: str, title: str) -> None:
    assert metadata.title(Draft("d", text, draft.media, Kind.VIDEO)) == title


async def test_no_title_at_all(tmp_path: Path) -> None:
    nameless = OnDisk("https://media.example/", tmp_path)
    async with Scripted() as peer:
        with pytest.raises(FixContent, match="title"):
            await steps(peer, Draft("d", "", (nameless,), Kind.VIDEO))
    assert peer.asked == []


@pytest.mark.parametrize("step", ["opened", "sent"])
@pytest.mark.parametrize(
    ("upto", "rest"),
    [
        (None, ["bytes 0-262143/524293", "bytes 262144-524287/524293", "bytes 524288-524292/524293"]),
        (262_143, ["bytes 262144-524287/524293", "bytes 524288-524292/524293"]),
        (524_287, ["bytes 524288-524292/524293"]),
    ],
)
async def test_an_upload_goes_on_where_it_stopped(
    draft: Draft, step: str, upto: int | None, rest: list[str]
) -> None:
    peer = stored(Scripted(), upto)
    for done in (262_143, 524_287)[-(len(rest) - 1) :] if len(rest) > 1 else ():
        stored(peer, done)
    peer.on("PUT", UPLOAD, FINAL).on("GET", VIDEOS, status("processed"))
    async with peer:
        last = (await steps(peer, draft, Checkpoint(step, sent().state)))[-1]
    assert ranges(peer) == ["bytes */524293", *rest]
    assert peer.asked[0].body == b""
    assert peer.asked[0].headers["Content-Length"] == "0"
    assert last.published is not None


async def test_after_the_upload_only_processing_is_left(draft: Draft) -> None:
    async with Scripted().on("GET", VIDEOS, status("processed")) as peer:
        [last] = await steps(peer, draft, Checkpoint("uploaded", {"video": "dQw4w9WgXcQ"}))
    assert last.published is not None


async def test_an_expired_upload_is_opened_again(draft: Draft) -> None:
    peer = opened(Scripted().on("PUT", UPLOAD, "", 404))
    stored(stored(peer, 262_143), 524_287).on("PUT", UPLOAD, FINAL).on("GET", VIDEOS, status("processed"))
    async with peer:
        found = await steps(peer, draft, Checkpoint("opened", sent().state))
    assert [step.step for step in found] == ["opened", "sent", "uploaded", "published"]


async def test_bytes_that_are_not_kept_are_left_for_later(draft: Draft) -> None:
    async with stored(opened(Scripted()), None) as peer:
        with pytest.raises(TryLater):
            await steps(peer, draft)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (REJECTED, FixContent),
        (status("failed", failureReason="codec"), FixContent),
        (status("rejected", rejectionReason="uploaderAccountSuspended"), ActOutside),
        (status("rejected", rejectionReason="uploaderAccountClosed"), ActOutside),
        (status("deleted"), Gone),
    ],
)
async def test_final_refusals(draft: Draft, answer: Any, fault: type[Fault]) -> None:
    async with Scripted().on("GET", VIDEOS, answer) as peer:
        with pytest.raises(fault):
            await steps(peer, draft, Checkpoint("uploaded", {"video": "dQw4w9WgXcQ"}))


@pytest.mark.parametrize(("answer", "fault"), [(status("uploaded"), TryLater), (NOTHING, Gone)])
async def test_processing_that_takes_too_long_is_left_for_later(
    draft: Draft, answer: Any, fault: type[Fault]
) -> None:
    """A video that the owner's list never shows is not there any more."""
    clock = Hasty()
    async with Scripted().on("GET", VIDEOS, answer) as peer:
        with pytest.raises(fault):
            await steps(peer, draft, Checkpoint("uploaded", {"video": "dQw4w9WgXcQ"}), clock)
    assert max(clock.slept) == 30.0


async def test_a_video_whose_state_may_not_be_asked_for_is_not_called_failed(draft: Draft) -> None:
    denied = {"error": {"code": 403, "message": "no", "errors": [{"reason": "insufficientPermissions"}]}}
    async with Scripted().on("GET", VIDEOS, denied, 403) as peer:
        with pytest.raises(TryLater, match="uploaded"):
            await steps(peer, draft, Checkpoint("uploaded", {"video": "dQw4w9WgXcQ"}))


async def test_the_time_of_a_post_is_the_uploads(draft: Draft) -> None:
    """Reports count from it, so it may not be the time of a late look."""
    answer = status("processed")
    answer["items"][0]["snippet"] = {"publishedAt": "2026-11-20T10:00:00Z"}
    async with Scripted().on("GET", VIDEOS, answer) as peer:
        [last] = await steps(peer, draft, Checkpoint("uploaded", {"video": "dQw4w9WgXcQ"}))
    assert last.published is not None
    assert last.published.at == datetime(2026, 11, 20, 10, tzinfo=UTC)


# ---- lost answers ------------------------------------------------------------------------------------


async def test_a_lost_final_answer_is_unknown(draft: Draft) -> None:
    peer = stored(stored(opened(Scripted()), 262_143), 524_287).on("PUT", UPLOAD, "", 503)
    async with peer:
        with pytest.raises(OutcomeUnknown):
            await steps(peer, draft)


async def test_the_upload_address_knows_the_video(draft: Draft) -> None:
    async with Scripted().on("PUT", UPLOAD, FINAL).on("GET", VIDEOS, status("processed")) as peer:
        found = await find(peer, draft)
    assert found is not None
    assert found.id == "dQw4w9WgXcQ"
    assert ranges(peer) == ["bytes */524293"]


async def test_before_the_last_byte_there_is_no_video(draft: Draft) -> None:
    async with stored(Scripted(), 524_287) as peer:
        assert await find(peer, draft) is None


@pytest.mark.parametrize(
    ("answer", "code", "headers"),
    [({"kind": "youtube#video"}, 200, None), ("", 308, {"Range": f"bytes=0-{SIZE - 1}"})],
)
async def test_a_complete_upload_without_a_name_is_unknown(
    draft: Draft, answer: Any, code: int, headers: dict[str, str] | None
) -> None:
    """Every byte is there, so nothing may be sent, and nothing may be called absent."""
    async with Scripted().on("PUT", UPLOAD, answer, code, headers) as peer:
        with pytest.raises(OutcomeUnknown):
            await find(peer, draft)
        with pytest.raises(OutcomeUnknown):
            await steps(peer, draft, sent())


async def test_a_video_taken_down_since_was_published(draft: Draft) -> None:
    async with Scripted().on("PUT", UPLOAD, FINAL).on("GET", VIDEOS, status("deleted")) as peer:
        found = await find(peer, draft)
    assert found is not None
    assert found.id == "dQw4w9WgXcQ"


@pytest.mark.parametrize(
    ("answer", "code"), [(status("uploaded"), 200), ({"error": {"code": 503}}, 503), (QUOTA, 403)]
)
async def test_a_video_that_is_not_processed_yet_is_unknown(draft: Draft, answer: Any, code: int) -> None:
    async with Scripted().on("PUT", UPLOAD, FINAL).on("GET", VIDEOS, answer, code) as peer:
        with pytest.raises(OutcomeUnknown):
            await find(peer, draft)
