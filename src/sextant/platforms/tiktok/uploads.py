"""TikTok: sending a video's bytes, chunk by chunk (tiktok.md §2.2, §2.3).

The init names the publish_id, and nothing is published before the last byte: whatever gets lost, the status
of that id tells whether the post is coming. Only a publish_id that is surely dead is followed by a new one.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from sextant.errors import OutcomeUnknown, TryLater
from sextant.platforms.base import Answer, Call, Checkpoint, Draft, Request
from sextant.platforms.media import MediaFile
from sextant.platforms.shape import text
from sextant.platforms.tiktok.auth import data_of
from sextant.platforms.tiktok.bodies import video_init
from sextant.platforms.tiktok.creator import agreed
from sextant.platforms.tiktok.errors import UploadGone
from sextant.platforms.tiktok.states import Failed, state_of

CHUNK = 16 << 20
"""Chunks are 5 to 64 MB, the last takes the remainder: a file below two chunks goes as one (§2.3)."""
CHUNK_TIMEOUT_S = 900.0
STORED = re.compile(r"bytes 0-(\d+)/\d+")
LAG_S = 5.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file is cut: the count rounds down."""

    size: int
    chunk: int
    count: int

    @classmethod
    def of(cls, size: int) -> Plan:
        count = max(1, size // CHUNK)
        return cls(size, size if count == 1 else CHUNK, count)

    @classmethod
    def saved(cls, state: Mapping[str, str]) -> Plan:
        size, chunk = int(state["size"]), int(state["chunk"])
        return cls(size, chunk, max(1, size // chunk))

    def is_last(self, offset: int) -> bool:
        return offset >= (self.count - 1) * self.chunk

    def length(self, offset: int) -> int:
        return self.size - offset if self.is_last(offset) else self.chunk

    def next_offset(self, stored: int) -> int:
        """Where to go on after so many bytes; TikTok may also give the place of the last one."""
        if stored + 1 >= self.size:
            return self.size
        return min((stored + 1) // self.chunk, self.count - 1) * self.chunk


async def uploaded(call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
    """Steps: opened, sent (for each chunk), last (announced), submitted."""
    file = await draft.media[0].file()
    if done is None or "upload_url" not in done.state:
        offset = 0
        state: Mapping[str, str] = await opened(call, draft, file)
        yield Checkpoint("opened", state)
    else:
        state = done.state
        offset = await next_offset(call, state)
    plan = Plan.saved(state)
    while offset < plan.size:
        if file.size != plan.size:
            raise Failed(TryLater("The file behind the address has changed."))
        if plan.is_last(offset):
            yield Checkpoint("last", state, announces=True)
            await put_last(call, file, state, offset)
            break
        offset = await put(call, file, state, offset)
        yield Checkpoint("sent", state)
    yield Checkpoint("submitted", {"publish_id": state["publish_id"], "at": call.now.isoformat()})


async def opened(call: Call, draft: Draft, file: MediaFile) -> dict[str, str]:
    """A lost answer loses nothing: without bytes nothing can be published (§5)."""
    await agreed(call, draft)
    plan = Plan.of(file.size)
    source = {
        "source": "FILE_UPLOAD",
        "video_size": plan.size,
        "chunk_size": plan.chunk,
        "total_chunk_count": plan.count,
    }
    data = data_of(await call.send(video_init(draft, source, commits=False)))
    publish_id, upload_url = text(data.get("publish_id")), text(data.get("upload_url"))
    if publish_id is None or upload_url is None:
        raise TryLater("TikTok opened no upload.")
    sizes = {"size": str(plan.size), "chunk": str(plan.chunk)}
    return {"publish_id": publish_id, "upload_url": upload_url, **sizes}


async def next_offset(call: Call, state: Mapping[str, str]) -> int:
    """Where the upload has come to, by TikTok's own word; the file's size when it is complete."""
    plan, found = Plan.saved(state), await state_of(call, state["publish_id"])
    return plan.next_offset(found.stored or 0) if found.wants_bytes else plan.size


async def put(call: Call, file: MediaFile, state: Mapping[str, str], offset: int) -> int:
    """Where to go on."""
    return progress(await call.send_unsigned(chunk(file, state, offset)), Plan.saved(state), offset)


async def put_last(call: Call, file: MediaFile, state: Mapping[str, str], offset: int) -> None:
    """An address that is no longer known may have ended with the upload: the status decides."""
    try:
        complete = await put(call, file, state, offset) >= Plan.saved(state).size
    except UploadGone:
        await call.pause(LAG_S)
        if await next_offset(call, state) < int(state["size"]):
            raise
        return
    if not complete:
        raise TryLater("TikTok has not taken the last chunk.")


def chunk(file: MediaFile, state: Mapping[str, str], offset: int) -> Request:
    plan = Plan.saved(state)
    length = plan.length(offset)
    return Request(
        "PUT",
        state["upload_url"],
        headers={
            "Content-Type": file.mime,
            "Content-Range": f"bytes {offset}-{offset + length - 1}/{plan.size}",
        },
        body=file.stream(offset, length),
        commits=plan.is_last(offset),
        timeout_s=CHUNK_TIMEOUT_S,
    )


def progress(answer: Answer, plan: Plan, offset: int) -> int:
    if answer.status == 201:
        return plan.size
    told = STORED.match(answer.headers.get("content-range", ""))
    if told is None and plan.is_last(offset):
        raise OutcomeUnknown("TikTok does not say whether the upload is complete.")
    reached = plan.next_offset(int(told[1])) if told else offset + plan.length(offset)
    if reached <= offset:
        raise TryLater("TikTok stored nothing of what was sent.")
    return reached
