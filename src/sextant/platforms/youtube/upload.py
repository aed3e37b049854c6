"""The resumable upload of a video, piece by piece (youtube.md §2.1, §2.2)."""

from __future__ import annotations

import re

from sextant.errors import OutcomeUnknown, TryLater
from sextant.platforms.base import Answer, Call, Draft, Request
from sextant.platforms.media import MediaFile
from sextant.platforms.shape import mapping, text
from sextant.platforms.youtube.metadata import insert_params, resource

UPLOAD = "https://www.googleapis.com/upload/youtube/v3/videos"
CHUNK = 32 * 262_144
"""8 MiB; every chunk but the last has to be a multiple of 256 KiB (§2.2)."""

UPLOAD_TIMEOUT_S = 120.0
RECEIVED = re.compile(r"bytes=0-(\d+)")


async def open_upload(call: Call, draft: Draft, file: MediaFile) -> str:
    """The address to send the bytes to. It is the permission: the token is not sent there."""
    headers = {"X-Upload-Content-Length": str(file.size), "X-Upload-Content-Type": file.mime}
    request = Request("POST", UPLOAD, params=insert_params(draft), headers=headers, json=resource(draft))
    answer = await call.send(request)
    if "location" not in answer.headers:
        raise TryLater("YouTube opened no upload.")
    return answer.headers["location"]


async def put_chunk(call: Call, address: str, file: MediaFile, offset: int) -> int | str:
    """Where to go on, or the id of the video once it is complete."""
    length = min(CHUNK, file.size - offset)
    headers = {
        "Content-Type": file.mime,
        "Content-Range": f"bytes {offset}-{offset + length - 1}/{file.size}",
    }
    request = Request(
        "PUT",
        address,
        headers=headers,
        body=file.stream(offset, length),
        commits=is_last(file, offset),
        timeout_s=UPLOAD_TIMEOUT_S,
    )
    arrived = progress(await call.send_unsigned(request), file.size)
    if isinstance(arrived, int) and arrived <= offset:
        raise TryLater("YouTube stored nothing of what was sent.")
    return arrived


def is_last(file: MediaFile, offset: int) -> bool:
    return offset + CHUNK >= file.size


async def probe(call: Call, address: str, size: int) -> int | str:
    """How much is stored, or the id of the complete video. Raises UploadExpired."""
    headers = {"Content-Range": f"bytes */{size}"}
    return progress(await call.send_unsigned(Request("PUT", address, headers=headers, body=b"")), size)


def progress(answer: Answer, size: int) -> int | str:
    """308 tells how much is stored, nothing without `Range`; otherwise the video is complete (§2.2)."""
    if answer.status != 308:
        return named(answer)
    received = RECEIVED.match(answer.headers.get("range", ""))
    stored = int(received.group(1)) + 1 if received else 0
    if stored >= size:
        raise OutcomeUnknown("YouTube has every byte, but does not name the video yet.")
    return stored


def named(answer: Answer) -> str:
    video = text(mapping(answer.json).get("id"))
    if video is None:
        raise OutcomeUnknown("YouTube took the video without naming it.")
    return video
