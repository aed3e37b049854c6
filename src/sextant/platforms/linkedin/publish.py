"""Publishing on LinkedIn: a text or one video (linkedin.md §2)."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import quote

from sextant.errors import FixContent, NoValue, OutcomeUnknown, Reconnect, TryLater
from sextant.platforms.base import Answer, Call, Checkpoint, Draft, Json, Published, Request
from sextant.platforms.linkedin.auth import API, WEB
from sextant.platforms.linkedin.errors import UploadExpired
from sextant.platforms.media import MediaFile
from sextant.platforms.shape import mapping, objects, text, unix_time, whole

UPLOAD_TIMEOUT_S = 120.0
POLL_FIRST_S, POLL_MOST_S, POLL_FOR_S = 0.5, 10.0, 300.0

REPEAT_IS_SAFE = timedelta(minutes=10)
"""How far the duplicate check looks back is not known (§7); «soon» (§5) is taken to be this."""

CLOCK_SKEW = timedelta(minutes=1)
VIDEO_MAX = 1 << 32
"""Far above the 500 MB a video may have (observed by others): a part beyond is no part."""
POST_URN = re.compile(r"urn:li:(?:share|ugcPost):\d+")
RESERVED = re.compile(r"[|{}@\[\]()<>\\*_~]|(?<=\w)#|#(?![^\W_])")


async def publish(call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
    """A video is uploaded, finalized and processed first; the create makes the post visible."""
    if done is not None and done.announces:
        urn = await create_again(call, draft, done)
    else:
        state: Mapping[str, str] = {} if done is None else done.state
        async for step in prepared(call, draft, state):
            yield step
            state = step.state
        urn = await create(call, draft, state.get("video"))
    yield Checkpoint("published", {"urn": urn}, published=published(call, draft, urn))


async def find_published(call: Call, draft: Draft, done: Checkpoint, since: datetime) -> Published | None:
    """The same text again soon is refused with the URN of the live post (§2.1): the repeat is the look.

    No listing of an author's posts is documented, and members' posts cannot be read at all (§1.4).
    """
    announced = datetime.fromisoformat(done.state["since"])
    if draft.text.strip() and call.now - announced < REPEAT_IS_SAFE:
        return None
    raise OutcomeUnknown("LinkedIn gives no way to look for the post, and it is too late to send it again.")


def published(call: Call, draft: Draft, urn: str) -> Published:
    return Published(urn, draft.kind, f"{WEB}/feed/update/{urn}/", call.now)


# ---- up to the announcement --------------------------------------------------------------------------


async def prepared(call: Call, draft: Draft, state: Mapping[str, str]) -> AsyncIterator[Checkpoint]:
    if draft.media and ("video" not in state or "parts" in state):
        async for step in uploaded(call, draft, state):
            yield step
            state = step.state
    if draft.media:
        await processed(call, state["video"])
    yield Checkpoint("announced", {**state, "since": call.now.isoformat()}, announces=True)


async def uploaded(call: Call, draft: Draft, state: Mapping[str, str]) -> AsyncIterator[Checkpoint]:
    """Every part goes to its own address; the ETags that come back name the parts."""
    file = await draft.media[0].file()
    if not still_open(state, call.now):
        state = await initialize(call, file)
        yield Checkpoint("initialized", state)
    tags = json.loads(state["etags"])
    for url, first, last in json.loads(state["parts"])[len(tags) :]:
        try:
            tags.append(await put_part(call, file, url, first, last))
        except UploadExpired:
            yield Checkpoint("upload_expired")
            raise
        state = {**state, "etags": json.dumps(tags)}
        yield Checkpoint("part_sent", state)
    await finalize(call, state)
    yield Checkpoint("finalized", {"video": state["video"]})


def still_open(state: Mapping[str, str], now: datetime) -> bool:
    return "parts" in state and now < datetime.fromisoformat(state["expires"])


async def initialize(call: Call, file: MediaFile) -> dict[str, str]:
    asked = {
        "owner": call.account.id,
        "fileSizeBytes": file.size,
        "uploadCaptions": False,
        "uploadThumbnail": False,
    }
    url = f"{API}/rest/videos?action=initializeUpload"
    answer = await call.send(Request("POST", url, json={"initializeUploadRequest": asked}))
    value = mapping(mapping(answer.json).get("value"))
    video, parts = text(value.get("video")), parts_of(value)
    if video is None or not parts:
        raise TryLater("LinkedIn opened no upload.")
    return {
        "video": video,
        "token": text(value.get("uploadToken")) or "",
        "parts": json.dumps(parts),
        "etags": "[]",
        "expires": expiry(value, call.now).isoformat(),
    }


def parts_of(value: Json) -> list[tuple[str, int, int]]:
    """Address, first and last byte of every part; nothing unless all of them can be sent."""
    rows = objects(value.get("uploadInstructions"))
    parts = [part for row in rows if (part := part_of(row)) is not None]
    return parts if len(parts) == len(rows) else []


def part_of(row: Json) -> tuple[str, int, int] | None:
    url, first, last = text(row.get("uploadUrl")), whole(row.get("firstByte")), whole(row.get("lastByte"))
    if url is None or first is None or last is None:
        return None
    return (url, first, last) if first <= last < VIDEO_MAX else None


def expiry(value: Json, now: datetime) -> datetime:
    """Only the number form of `uploadUrlsExpireAt` is relied on (§2.5); else an upload is good an hour."""
    millis = whole(value.get("uploadUrlsExpireAt"))
    told = unix_time(millis // 1000) if millis is not None else None
    return told or now + timedelta(hours=1)


async def put_part(call: Call, file: MediaFile, url: str, first: int, last: int) -> str:
    body = await asyncio.to_thread(file.read, first, last - first + 1)
    headers = {"Content-Type": "application/octet-stream"}
    answer = await call.send_unsigned(
        Request("PUT", url, headers=headers, body=body, timeout_s=UPLOAD_TIMEOUT_S)
    )
    if "etag" not in answer.headers:
        raise TryLater("LinkedIn took a part of the video without naming it.")
    return answer.headers["etag"]


async def finalize(call: Call, state: Mapping[str, str]) -> Answer:
    asked = {
        "video": state["video"],
        "uploadToken": state["token"],
        "uploadedPartIds": json.loads(state["etags"]),
    }
    url = f"{API}/rest/videos?action=finalizeUpload"
    return await call.send(Request("POST", url, json={"finalizeUploadRequest": asked}))


async def processed(call: Call, video: str) -> None:
    """Waits until the video is AVAILABLE; a create before that is refused (§2.5)."""
    pause, waited = POLL_FIRST_S, 0.0
    while (status := await video_status(call, video)) != "AVAILABLE":
        if waited >= POLL_FOR_S:
            raise TryLater(f"LinkedIn is still at work on the video ({status}).")
        await call.pause(pause)
        waited += pause
        pause = min(pause * 1.5, POLL_MOST_S)


async def video_status(call: Call, video: str) -> str:
    answer = await call.send(Request("GET", f"{API}/rest/videos/{quote(video, safe='')}"))
    status = str(mapping(answer.json).get("status"))
    if status == "PROCESSING_FAILED":
        reason = answer.json.get("processingFailureReason") or "no reason given"
        raise FixContent(f"LinkedIn could not process the video: {reason}")
    return status


# ---- making it visible -------------------------------------------------------------------------------


async def create(call: Call, draft: Draft, video: str | None) -> str:
    """The new post's URN; the answer's body is empty (§2.1)."""
    body: dict[str, Json] = {
        "author": call.account.id,
        "commentary": little_text(draft.text),
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }
    if video is not None:
        body["content"] = {"media": {"id": video}}
    answer = await call.send(Request("POST", f"{API}/rest/posts", json=body, commits=True))
    return answer.headers["x-restli-id"]


async def create_again(call: Call, draft: Draft, done: Checkpoint) -> str:
    """After a lost answer a refusal as duplicate is success: it names the live post (§2.1)."""
    try:
        return await create(call, draft, done.state.get("video"))
    except FixContent as refused:
        urn = POST_URN.search(refused.message)
        since = datetime.fromisoformat(done.state["since"]) - CLOCK_SKEW
        if urn is None or not await made_since(call, urn.group(), since):
            raise
        return urn.group()


async def made_since(call: Call, urn: str, since: datetime) -> bool:
    """Whether the post is the one whose answer was lost, and not an older one with the same text.

    A token that may only write cannot tell (§2.8); several programs then take the URN (§2.1).
    """
    try:
        answer = await call.send(Request("GET", f"{API}/rest/posts/{quote(urn, safe='')}"))
    except (NoValue, Reconnect):
        return True
    millis = whole(mapping(answer.json).get("createdAt"))
    created = unix_time(millis // 1000) if millis is not None else None
    return created is None or created >= since


def little_text(text: str) -> str:
    """Escaped; hashtags stay bare. Unescaped reserved characters cut the post off silently (§2.3)."""
    return RESERVED.sub(lambda found: "\\" + found.group(), text)
