"""Publishing on YouTube: one resumable upload, processing, a thumbnail (youtube.md §2)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sextant.errors import FixContent, Gone, OutcomeUnknown, TryLater, WaitUntil
from sextant.platforms.base import Call, Checkpoint, Draft, Published, Request
from sextant.platforms.youtube import thumbnail
from sextant.platforms.youtube.auth import DATA
from sextant.platforms.youtube.errors import UploadExpired
from sextant.platforms.youtube.metadata import title
from sextant.platforms.youtube.playlist import listed
from sextant.platforms.youtube.processing import processed, published
from sextant.platforms.youtube.quota import CHANGE
from sextant.platforms.youtube.upload import is_last, open_upload, probe, put_chunk

SETTLED = timedelta(seconds=60)
"""So long after the announcement a video that arrived is in the channel's list of uploads."""
CLOCKS = timedelta(minutes=5)
"""So far may our clock and YouTube's be apart."""


async def publish(call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
    """The last byte makes the video exist; it is published when processing has let it through.

    The thumbnail comes last: for a Short it is taken only after processing (2026-11-03).
    """
    state = {} if done is None else done.state
    if "video" not in state:
        async for step in uploaded(call, draft, done):
            yield step
            state = step.state
    post = await processed(call, state["video"])
    if thumbnail.wanted(draft):
        if "processed" not in state:
            state = {**state, "processed": "yes"}
            yield Checkpoint("processed", state)
        post = await pictured(call, draft, post)
    yield Checkpoint("published", state, published=post)


async def find_published(call: Call, draft: Draft, done: Checkpoint, since: datetime) -> Published | None:
    """The upload address knows: before the last byte nothing exists on the channel, and one upload makes at
    most one video (§2.2). Where the address has expired, the channel's list of uploads knows."""
    state = {"opened": since.isoformat(), "announced": since.isoformat(), **done.state}
    try:
        video = await arrived(call, draft, state)
        return None if video is None else await seen(call, draft, video)
    except (TryLater, WaitUntil) as unsure:
        raise OutcomeUnknown(unsure.message) from None


async def seen(call: Call, draft: Draft, video: str) -> Published:
    """A video that was there and is gone again was published: sending it anew would be a second post."""
    try:
        post = await processed(call, video)
    except Gone:
        return published(video, {}, call.now)
    return await pictured(call, draft, post) if thumbnail.wanted(draft) else post


async def pictured(call: Call, draft: Draft, post: Published) -> Published:
    return replace(post, note=await thumbnail.set_thumbnail(call, draft, post.id))


async def delete(call: Call, post: Published) -> None:
    """50 units of quota. Needs `youtube.force-ssl`; uploading alone is not enough (§1.3)."""
    try:
        params = {"id": post.id}
        await call.send(Request("DELETE", f"{DATA}/youtube/v3/videos", params=params, spends=CHANGE))
    except Gone:
        return


# ---- the upload --------------------------------------------------------------------------------------


async def uploaded(call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
    """Ends with a checkpoint that holds the id of the video."""
    state, stands = await resumed(call, draft, done)
    while isinstance(stands, int):
        file = await draft.media[0].file()
        if state.get("size") != str(file.size):
            # Nothing is under way, or the file behind the address is no longer the one that was begun.
            state, stands = await opened(call, draft), 0
            yield Checkpoint("opened", state)
        if is_last(file, stands):
            state = {**state, "announced": call.now.isoformat()}
            yield Checkpoint("sent", state, announces=True)
        stands = await put_chunk(call, state["upload"], file, stands)
    yield Checkpoint("uploaded", {"video": stands})


async def opened(call: Call, draft: Draft) -> dict[str, str]:
    if not title(draft).strip():
        raise FixContent("A YouTube video needs a title: write a first line.")
    file = await draft.media[0].file()
    address = await open_upload(call, draft, file)
    return {"upload": address, "size": str(file.size), "opened": call.now.isoformat()}


async def resumed(call: Call, draft: Draft, done: Checkpoint | None) -> tuple[dict[str, str], int | str]:
    """The state of an upload under way, and how far it came; nothing where one has to be opened."""
    if done is None or "upload" not in done.state:
        return {}, 0
    state = dict(done.state)
    try:
        return state, await probe(call, state["upload"], int(state["size"]))
    except UploadExpired:
        video = await listed_since(call, draft, state) if "announced" in state else None
        return {}, 0 if video is None else video


async def arrived(call: Call, draft: Draft, state: Mapping[str, str]) -> str | None:
    """The id of the video that an announced upload made, None when it surely made none."""
    try:
        found = await probe(call, state["upload"], int(state["size"]))
    except UploadExpired:
        return await listed_since(call, draft, state)
    return found if isinstance(found, str) else None


async def listed_since(call: Call, draft: Draft, state: Mapping[str, str]) -> str | None:
    """Searched since the upload was opened; a video that is not in the list counts only once it would be."""
    began, announced = (datetime.fromisoformat(state[name]) for name in ("opened", "announced"))
    found = await listed(call, draft, began - CLOCKS)
    if found is None and call.now < announced + SETTLED:
        raise OutcomeUnknown("The upload address is no longer good, and the channel does not list the video.")
    return found
