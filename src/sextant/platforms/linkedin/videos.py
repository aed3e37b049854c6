"""A video on LinkedIn: opened, sent in parts to an address each, finalized (linkedin.md §2.5)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping

from sextant.errors import OurBug, TryLater
from sextant.platforms.base import Call, Checkpoint, Json, Request
from sextant.platforms.linkedin.auth import API
from sextant.platforms.linkedin.tier import counted
from sextant.platforms.linkedin.uploads import expiry, initialized, put, status_of, still_open
from sextant.platforms.media import MediaFile
from sextant.platforms.shape import objects, text, whole

VIDEO_MAX = 1 << 32
"""Far above the 500 MB a video may have (observed by others): a part beyond is no part."""


async def uploaded(call: Call, file: MediaFile, state: Mapping[str, str]) -> AsyncIterator[Checkpoint]:
    """The ETags that come back name the parts."""
    if not still_open(state, call.now):
        state = await opened(call, file)
        yield Checkpoint("initialized", state)
    tags = json.loads(state["etags"])
    for url, first, last in json.loads(state["parts"])[len(tags) :]:
        tags.append(await sent(call, file, url, first, last))
        state = {**state, "etags": json.dumps(tags)}
        yield Checkpoint("part_sent", state)
    await finalize(call, state)
    yield Checkpoint("finalized", {"video": state["video"]})


async def opened(call: Call, file: MediaFile) -> dict[str, str]:
    asked = {
        "owner": call.account.id,
        "fileSizeBytes": file.size,
        "uploadCaptions": False,
        "uploadThumbnail": False,
    }
    value = await initialized(call, "videos", asked)
    video, parts = text(value.get("video")), parts_of(value)
    if video is None or not parts:
        raise TryLater("LinkedIn opened no upload.")
    return {
        "video": video,
        "token": text(value.get("uploadToken")) or "",
        "parts": json.dumps(parts),
        "etags": "[]",
        "expires": expiry(value.get("uploadUrlsExpireAt"), call.now).isoformat(),
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


async def sent(call: Call, file: MediaFile, url: str, first: int, last: int) -> str:
    length = max(0, min(last + 1, file.size) - first)  # LinkedIn's own sample names bytes beyond the file.
    answer = await call.send_unsigned(put(url, file.stream(first, length)))
    if "etag" not in answer.headers:
        raise TryLater("LinkedIn took a part of the video without naming it.")
    return answer.headers["etag"]


async def finalize(call: Call, state: Mapping[str, str]) -> None:
    """Refused where an earlier one arrived and only its answer was lost: then the status tells."""
    asked = {
        "video": state["video"],
        "uploadToken": state["token"],
        "uploadedPartIds": json.loads(state["etags"]),
    }
    url = f"{API}/rest/videos?action=finalizeUpload"
    try:
        await call.send(counted(call, Request("POST", url, json={"finalizeUploadRequest": asked})))
    except OurBug:
        if await status_of(call, "videos", state["video"]) not in ("PROCESSING", "AVAILABLE"):
            raise
