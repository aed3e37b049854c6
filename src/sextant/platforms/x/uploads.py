"""X: media on their way, each outside step saved: images in one request, the others in chunks (x.md §2.4).

The state of a checkpoint: `media_ids` of what X has whole, `kind` of the post, `expires_at` (unix seconds) of
the first medium that X forgets, `wait_s` while the last is being processed; of an open upload `media_id`, the
next `segment` and the bytes `sent`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from sextant.errors import FixContent, TryLater
from sextant.platforms.base import Answer, Call, Checkpoint, Draft, Request
from sextant.platforms.catalogue import Kind
from sextant.platforms.media import MediaFacts, MediaFile
from sextant.platforms.shape import text, whole
from sextant.platforms.x.auth import data_of, url
from sextant.platforms.x.limits import is_gif
from sextant.platforms.x.options import alt_text

CHUNK = 4 * 1024 * 1024
CHUNK_TIMEOUT_S = 120.0
PROCESSING_S = 120.0
"""How long one go waits for a medium to be processed."""
MARGIN_S = 300
"""A medium this near to its end is not used any more."""

NEW = Checkpoint("new")

IMAGE, GIF, VIDEO = "tweet_image", "tweet_gif", "tweet_video"

State = Mapping[str, str]


async def uploaded(call: Call, draft: Draft, done: Checkpoint) -> AsyncIterator[Checkpoint]:
    """Takes the media through what is left of their uploads, one after the other."""
    for place in range(len(draft.media)):
        async for step in medium_uploaded(call, draft, place, done):
            done = step
            yield step


async def medium_uploaded(
    call: Call, draft: Draft, place: int, done: Checkpoint
) -> AsyncIterator[Checkpoint]:
    """Sends a medium, waits until X has taken it in, and describes it."""
    if len(media_ids(done.state)) <= place:
        async for step in sent(call, draft, place, done):
            done = step
            yield step
    if len(media_ids(done.state)) > place + 1 or done.step == "described":
        return
    media_id = media_ids(done.state)[place]
    if "wait_s" in done.state:
        await processed(call, media_id, float(done.state["wait_s"]))
    if words := alt_text(draft, place):
        await described(call, media_id, words)
        yield Checkpoint("described", lasting(done.state))


async def sent(call: Call, draft: Draft, place: int, done: Checkpoint) -> AsyncIterator[Checkpoint]:
    file = await draft.media[place].file()
    category = category_of(file.facts)
    kind = kind_of(category, len(draft.media))
    if category == IMAGE:
        yield await in_one(call, file, done.state, kind)
        return
    if "media_id" not in done.state:
        done = await initialized(call, file, category)
        yield done
    async for step in appended(call, file, done):
        done = step
        yield step
    yield await finalized(call, done.state["media_id"], kind)


def category_of(facts: MediaFacts) -> str:
    if facts.is_video:
        return VIDEO
    return GIF if is_gif(facts) else IMAGE


def kind_of(category: str, media: int) -> Kind:
    """An animated GIF has the numbers of a picture: X counts views of video only (x.md §3.1)."""
    if category == VIDEO:
        return Kind.VIDEO
    return Kind.CAROUSEL if media > 1 else Kind.PHOTO


# ---- the requests --------------------------------------------------------------------------------


async def in_one(call: Call, file: MediaFile, state: State, kind: Kind) -> Checkpoint:
    content = await asyncio.to_thread(file.read)
    parts: dict[str, str | bytes] = {"media_category": IMAGE, "media": content}
    request = Request("POST", url(call.app, "/media/upload"), multipart=parts, timeout_s=CHUNK_TIMEOUT_S)
    return Checkpoint("uploaded", taken(await call.send(request), state, kind, call.now))


async def initialized(call: Call, file: MediaFile, category: str) -> Checkpoint:
    body = {"media_type": file.mime, "total_bytes": file.size, "media_category": category}
    answer = await call.send(Request("POST", url(call.app, "/media/upload/initialize"), json=body))
    opened = {"media_id": id_of(answer), "segment": "0", "sent": "0"}
    return Checkpoint("initialized", {**opened, **end_of(answer, {}, call.now)})


async def appended(call: Call, file: MediaFile, done: Checkpoint) -> AsyncIterator[Checkpoint]:
    """Sends the chunks that are missing; each is its own step. One sent again replaces itself."""
    segment, offset = int(done.state["segment"]), int(done.state["sent"])
    address = url(call.app, f"/media/upload/{done.state['media_id']}/append")
    while offset < file.size:
        chunk = await asyncio.to_thread(file.read, offset, CHUNK)
        if not chunk:
            raise TryLater("The media file has become shorter.")
        parts: dict[str, str | bytes] = {"segment_index": str(segment), "media": chunk}
        await call.send(Request("POST", address, multipart=parts, timeout_s=CHUNK_TIMEOUT_S))
        segment, offset = segment + 1, offset + len(chunk)
        yield Checkpoint("appended", {**done.state, "segment": str(segment), "sent": str(offset)})


async def finalized(call: Call, media_id: str, kind: Kind) -> Checkpoint:
    answer = await call.send(Request("POST", url(call.app, f"/media/upload/{media_id}/finalize")))
    return Checkpoint("finalized", taken(answer, {}, kind, call.now))


async def processed(call: Call, media_id: str, seconds: float | None) -> None:
    """Waits until X has taken the medium in; TryLater when that takes long."""
    waited = 0.0
    query = {"command": "STATUS", "media_id": media_id}
    while seconds is not None:
        if waited > PROCESSING_S:
            raise TryLater("X is still processing the media.")
        await call.pause(seconds)
        waited += seconds
        seconds = wait_of(await call.send(Request("GET", url(call.app, "/media/upload"), params=query)))


async def described(call: Call, media_id: str, words: str) -> None:
    body = {"id": media_id, "metadata": {"alt_text": {"text": words}}}
    await call.send(Request("POST", url(call.app, "/media/metadata"), json=body))


# ---- what they answer, and what is kept of it ----------------------------------------------------


def taken(answer: Answer, state: State, kind: Kind, now: datetime) -> dict[str, str]:
    """The state after a medium has arrived whole."""
    ids = [*media_ids(state), id_of(answer)]
    seconds = wait_of(answer)
    wait = {} if seconds is None else {"wait_s": str(seconds)}
    return {"media_ids": ",".join(ids), "kind": kind.value, **end_of(answer, state, now), **wait}


def id_of(answer: Answer) -> str:
    media_id = text(data_of(answer).get("id"))
    if media_id is None:
        raise TryLater("X names no upload.")
    return media_id


def media_ids(state: State) -> list[str]:
    return [media_id for media_id in state.get("media_ids", "").split(",") if media_id]


def lasting(state: State) -> dict[str, str]:
    """What is still of use once all media are there."""
    return {name: value for name, value in state.items() if name != "wait_s"}


def end_of(answer: Answer, state: State, now: datetime) -> dict[str, str]:
    """When X forgets the first of the media; nothing where it does not say."""
    life = whole(data_of(answer).get("expires_after_secs"))
    ends = [int(state["expires_at"])] if "expires_at" in state else []
    ends += [] if life is None else [int(now.timestamp()) + life]
    return {"expires_at": str(min(ends))} if ends else {}


def spent(state: State, now: datetime) -> bool:
    """Whether the uploads are too old to be used."""
    return "expires_at" in state and int(state["expires_at"]) <= now.timestamp() + MARGIN_S


def wait_of(answer: Answer) -> float | None:
    """In how many seconds to ask again; None when ready. A failed medium is FixContent."""
    info = data_of(answer).get("processing_info")
    if not isinstance(info, dict) or info.get("state") == "succeeded":
        return None
    if info.get("state") == "failed":
        raise FixContent(failure(info))
    told = info.get("check_after_secs")
    return max(0.5, float(told)) if isinstance(told, int | float) else 1.0


def failure(info: Mapping[str, Any]) -> str:
    error = info.get("error")
    words = (error.get("message") or error.get("name")) if isinstance(error, dict) else None
    return str(words or "X could not process the media.")
