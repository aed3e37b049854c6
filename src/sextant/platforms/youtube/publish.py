"""Publishing on YouTube: one resumable upload, then processing (youtube.md §2)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from sextant.errors import ActOutside, FixContent, Gone, OutcomeUnknown, TryLater
from sextant.platforms.base import Answer, Call, Checkpoint, Draft, Json, Published, Request
from sextant.platforms.media import MediaFile
from sextant.platforms.shape import mapping, objects
from sextant.platforms.youtube.auth import DATA, WEB
from sextant.platforms.youtube.errors import UploadExpired

UPLOAD = "https://www.googleapis.com/upload/youtube/v3/videos"
CHUNK = 32 * 262_144
"""8 MiB; every chunk but the last has to be a multiple of 256 KiB (§2.2)."""

UPLOAD_TIMEOUT_S = 120.0
POLL_FIRST_S, POLL_MOST_S, POLL_FOR_S = 0.5, 30.0, 300.0
TITLE_MAX = 100
RECEIVED = re.compile(r"bytes=0-(\d+)")
ACCOUNT_TROUBLE = frozenset({"uploaderAccountSuspended", "uploaderAccountClosed"})


async def publish(call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
    """The last byte makes the video exist; it is published when processing has let it through."""
    state = {} if done is None else done.state
    if "video" not in state:
        async for step in uploaded(call, draft, done):
            yield step
            state = step.state
    yield Checkpoint("published", state, published=await processed(call, draft, state["video"]))


async def find_published(call: Call, draft: Draft, done: Checkpoint, since: datetime) -> Published | None:
    """The upload address knows: before the last byte nothing exists on the channel (§2.2)."""
    try:
        arrived = await probe(call, done.state["upload"], int(done.state["size"]))
    except UploadExpired as expired:
        raise OutcomeUnknown(f"The upload address is no longer good. {expired.message}") from None
    return await processed(call, draft, arrived) if isinstance(arrived, str) else None


# ---- the upload --------------------------------------------------------------------------------------


async def uploaded(call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
    """Ends with a checkpoint that holds the id of the video."""
    file = await draft.media[0].file()
    address, arrived = await resumed(call, done)
    if address is None:
        address = await open_upload(call, draft, file)
        yield Checkpoint("opened", {"upload": address, "size": str(file.size)})
    while isinstance(arrived, int):
        last = arrived + CHUNK >= file.size
        if last:
            state = {"upload": address, "size": str(file.size)}
            yield Checkpoint("sent", state, announces=True)
        arrived = await put_chunk(call, address, file, arrived, last)
    yield Checkpoint("uploaded", {"video": arrived})


async def resumed(call: Call, done: Checkpoint | None) -> tuple[str | None, int | str]:
    """The address of an upload under way, and how far it came; None where a new one has to be opened."""
    if done is None or "upload" not in done.state:
        return None, 0
    try:
        return done.state["upload"], await probe(call, done.state["upload"], int(done.state["size"]))
    except UploadExpired as expired:
        if done.announces:
            raise OutcomeUnknown(expired.message) from None
        return None, 0


async def open_upload(call: Call, draft: Draft, file: MediaFile) -> str:
    headers = {"X-Upload-Content-Length": str(file.size), "X-Upload-Content-Type": file.mime}
    params = {"uploadType": "resumable", "part": "snippet,status"}
    answer = await call.send(Request("POST", UPLOAD, params=params, headers=headers, json=resource(draft)))
    if "location" not in answer.headers:
        raise TryLater("YouTube opened no upload.")
    return answer.headers["location"]


def resource(draft: Draft) -> dict[str, Json]:
    """Left out, `privacyStatus` would follow the creator's settings (§2.3)."""
    return {
        "snippet": {"title": title(draft), "description": draft.text},
        "status": {"privacyStatus": "public", "selfDeclaredMadeForKids": False},
    }


def title(draft: Draft) -> str:
    """The text's first line, else the file's name: 1 to 100 characters without < and > (§2.3)."""
    first = next((line for line in draft.text.splitlines() if clean(line)), "")
    name = PurePosixPath(unquote(urlsplit(draft.media[0].url).path)).stem
    found = clean(first) or clean(name)
    if not found:
        raise FixContent("A YouTube video needs a title: write a first line.")
    return found


def clean(text: str) -> str:
    return text.replace("<", "").replace(">", "").strip()[:TITLE_MAX].strip()


async def put_chunk(call: Call, address: str, file: MediaFile, offset: int, last: bool) -> int | str:
    """Where to go on, or the id of the video once it is complete."""
    body = await asyncio.to_thread(file.read, offset, CHUNK)
    headers = {
        "Content-Type": file.mime,
        "Content-Range": f"bytes {offset}-{offset + len(body) - 1}/{file.size}",
    }
    request = Request("PUT", address, headers=headers, body=body, commits=last, timeout_s=UPLOAD_TIMEOUT_S)
    arrived = progress(await call.send_unsigned(request))
    if isinstance(arrived, int) and arrived <= offset:
        raise TryLater("YouTube stored nothing of what was sent.")
    return arrived


async def probe(call: Call, address: str, size: int) -> int | str:
    headers = {"Content-Range": f"bytes */{size}"}
    return progress(await call.send_unsigned(Request("PUT", address, headers=headers, body=b"")))


def progress(answer: Answer) -> int | str:
    """308 tells how much is stored, nothing without `Range`; otherwise the video is complete (§2.2)."""
    if answer.status == 308:
        received = RECEIVED.match(answer.headers.get("range", ""))
        return int(received.group(1)) + 1 if received else 0
    if not isinstance(answer.json, dict) or "id" not in answer.json:
        raise TryLater("YouTube took the video without naming it.")
    return str(answer.json["id"])


# ---- processing --------------------------------------------------------------------------------------


async def processed(call: Call, draft: Draft, video: str) -> Published:
    """A 200 on the upload proves nothing: rejections come later (§2.4)."""
    pause, waited = POLL_FIRST_S, 0.0
    while await upload_status(call, video) != "processed":
        if waited >= POLL_FOR_S:
            raise TryLater("YouTube is still processing the video.")
        await call.pause(pause)
        waited += pause
        pause = min(pause * 1.5, POLL_MOST_S)
    return Published(video, draft.kind, f"{WEB}/watch?v={video}", call.now)


async def upload_status(call: Call, video: str) -> str:
    """`uploaded` also while the list does not know the new video yet. Raises what a final refusal means."""
    params = {"part": "status,processingDetails", "id": video}
    answer = await call.send(Request("GET", f"{DATA}/youtube/v3/videos", params=params))
    status = next((mapping(item.get("status")) for item in objects(answer.json.get("items"))), {})
    found = str(status.get("uploadStatus", "uploaded"))
    if found in ("failed", "rejected", "deleted"):
        raise refusal(found, str(status.get("rejectionReason") or status.get("failureReason") or "no reason"))
    return found


def refusal(status: str, reason: str) -> ActOutside | FixContent | Gone:
    if status == "deleted":
        return Gone("The video was deleted while YouTube processed it.")
    kind = ActOutside if reason in ACCOUNT_TROUBLE else FixContent
    return kind(f"YouTube {status} the video: {reason}")
