"""A video's bytes: its id is there before the first of them; they go on where they stopped (§2.3, §2.4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from urllib.parse import urlsplit

from sextant.errors import TryLater
from sextant.platforms.answers import count
from sextant.platforms.base import Answer, Call, Checkpoint, Request
from sextant.platforms.facebook.auth import META_UPLOAD
from sextant.platforms.graph import id_in, member, url
from sextant.platforms.media import MediaFile

FB_GRAPH_VIDEO = "https://graph-video.facebook.com"
PIECE = 4 << 20
"""Facebook says how much it wants next, but not how little it takes: less than that at a time has to do."""
PIECE_TIMEOUT_S = 120.0
SLOWEST = 64 << 10
"""Bytes a second at which the upload of a reel, one request, may still go."""


def videos(call: Call) -> str:
    """By chunks: the current guide's upload names the video only when it is published (§2.3)."""
    return f"{FB_GRAPH_VIDEO}/{call.app.api_version}/{call.account.id}/videos"


def reels(call: Call) -> str:
    return url(call.app, f"{call.account.id}/video_reels")


# ---- starting --------------------------------------------------------------------------------------


async def start_video(call: Call, file: MediaFile) -> dict[str, str]:
    form = {"upload_phase": "start", "file_size": str(file.size)}
    request = Request("POST", videos(call), form=form)
    answer = await call.send(request)
    named = {name: id_in(answer, request, name) for name in ("video_id", "upload_session_id")}
    return {"flow": "video", **named, **span(answer)}


async def start_reel(call: Call) -> dict[str, str]:
    request = Request("POST", reels(call), form={"upload_phase": "start"})
    answer = await call.send(request)
    video_id = id_in(answer, request, "video_id")
    return {"flow": "reel", "video_id": video_id, "upload_url": upload_url(call, answer, video_id)}


def upload_url(call: Call, answer: Answer, video_id: str) -> str:
    """The address as it was answered, but the token goes to Meta's own host only."""
    given = member(answer.json, "upload_url")
    own = isinstance(given, str) and given.startswith(f"{META_UPLOAD}/") and not urlsplit(given).fragment
    return str(given) if own else f"{META_UPLOAD}/video-upload/{call.app.api_version}/{video_id}"


def span(answer: Answer) -> dict[str, str]:
    """Which bytes are wanted next; nothing when the answer does not say."""
    start, end = (count(member(answer.json, name)) for name in ("start_offset", "end_offset"))
    return {} if start is None or end is None else {"start": str(int(start)), "end": str(int(end))}


# ---- the bytes -------------------------------------------------------------------------------------


async def send_pieces(call: Call, file: MediaFile, state: Mapping[str, str]) -> AsyncIterator[Checkpoint]:
    """From `start` on, until nothing more is wanted; each piece that arrived is a checkpoint."""
    now = dict(state)
    while (begin := int(now["start"])) < min(int(now["end"]), file.size):
        length = min(PIECE, int(now["end"]) - begin, file.size - begin)
        next_span = span(await call.send(await piece(call, file, now, begin, length)))
        if not next_span or int(next_span["start"]) <= begin:
            raise TryLater("Facebook took a piece of the video and wants it again.")
        now = {**now, **next_span}
        yield Checkpoint("piece", now)


async def piece(call: Call, file: MediaFile, state: Mapping[str, str], begin: int, length: int) -> Request:
    fields: dict[str, str | bytes] = {
        "upload_phase": "transfer",
        "upload_session_id": state["upload_session_id"],
        "start_offset": str(begin),
        "video_file_chunk": await asyncio.to_thread(file.read, begin, length),
    }
    return Request("POST", videos(call), multipart=fields, timeout_s=PIECE_TIMEOUT_S)


async def send_rest(call: Call, file: MediaFile, address: str, begin: int) -> None:
    """Everything from `begin` on in one streamed body."""
    request = Request(
        "POST",
        address,
        headers={
            "offset": str(begin),
            "file_size": str(file.size),
            "Content-Type": "application/octet-stream",
        },
        body=file.stream(begin),
        timeout_s=PIECE_TIMEOUT_S + (file.size - begin) / SLOWEST,
    )
    if member((await call.send(request)).json, "success") is not True:
        raise TryLater("Facebook did not say that the video has arrived.")
