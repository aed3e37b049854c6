"""Videos and reels: begun, uploaded, finished; the video's id is known before anything is visible (§2.3-2.6).

A finish that is sent twice is one of the same video, so it never makes two posts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from sextant.errors import FixContent, Gone, OurBug, OutcomeUnknown, TryLater
from sextant.platforms.base import Call, Checkpoint, Draft, Published, Request
from sextant.platforms.catalogue import Kind
from sextant.platforms.facebook import uploads
from sextant.platforms.facebook.status import BROKEN_OFF, REJECTED, UPLOADING, VideoState, state_of
from sextant.platforms.graph import growing, member

LONGEST_PAUSE_S = 15.0
PATIENCE_S = 300.0


async def publish(call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
    state = dict(done.state) if done else {}
    if done is None or done.step != "processing":
        async for step in finished(call, draft, state):
            yield step
            state = dict(step.state)
    yield Checkpoint("posted", state, published=await processed(call, state))


async def finished(call: Call, draft: Draft, state: dict[str, str]) -> AsyncIterator[Checkpoint]:
    """Ends with a checkpoint of a video that Facebook publishes by itself."""
    known = await resumed(call, state)
    if known is None or known.published is None:
        async for step in uploaded(call, draft, state if known else {}, known):
            yield step
            state = dict(step.state)
        yield Checkpoint("finish", state, announces=True)
        await finish(call, draft, state)
    yield Checkpoint("processing", state)


async def resumed(call: Call, state: Mapping[str, str]) -> VideoState | None:
    """How far a video came that was begun; None: begin (again). It was not finished, so nothing is out."""
    found = await state_of(call, state["video_id"]) if "video_id" in state else None
    if found is not None and found.status == REJECTED:
        raise FixContent(found.words)
    return None if found is None or found.status in BROKEN_OFF else found


async def uploaded(
    call: Call, draft: Draft, state: dict[str, str], known: VideoState | None
) -> AsyncIterator[Checkpoint]:
    """Sends the bytes that Facebook does not have yet."""
    if known is not None and known.status != UPLOADING:
        return
    file = await draft.media[0].file()
    reel = state["flow"] == "reel" if state else wants_reel(draft)
    if known is None:
        state = await (uploads.start_reel(call) if reel else uploads.start_video(call, file))
        yield Checkpoint("started", state)
    arrived = known.arrived if known else 0
    if reel:
        await uploads.send_rest(call, file, state["upload_url"], arrived)
        yield Checkpoint("uploaded", state)
        return
    if known is not None or "start" not in state:
        state = {**state, "start": str(arrived), "end": str(file.size)}
    async for step in uploads.send_pieces(call, file, state):
        yield step


def wants_reel(draft: Draft) -> bool:
    return draft.options is not None and draft.options.kind == "reel"


async def finish(call: Call, draft: Draft, state: Mapping[str, str]) -> None:
    """The request that publishes. One that is refused because the first try arrived counts as taken."""
    request = finish_request(call, draft, state)
    try:
        answer = await call.send(request)
    except (FixContent, OurBug, Gone):
        seen = await state_of(call, state["video_id"])
        if seen is None or not (seen.under_way or seen.published):
            raise
        return
    if member(answer.json, "success") is not True:
        raise OutcomeUnknown("Facebook did not say whether it took the video.")


def finish_request(call: Call, draft: Draft, state: Mapping[str, str]) -> Request:
    title = draft.options.title if draft.options else None
    words = {"description": draft.text, "title": title or ""}
    form = {"upload_phase": "finish", **{name: text for name, text in words.items() if text}}
    if state["flow"] == "reel":
        form |= {"video_id": state["video_id"], "video_state": "PUBLISHED"}
        return Request("POST", uploads.reels(call), form=form, commits=True)
    form["upload_session_id"] = state["upload_session_id"]
    return Request("POST", uploads.videos(call), form=form, commits=True)


# ---- until it is out -------------------------------------------------------------------------------


async def processed(call: Call, state: Mapping[str, str]) -> Published:
    """Waits until the video is out; TryLater when it takes longer, FixContent when Facebook gives it up."""
    for pause in growing(LONGEST_PAUSE_S, PATIENCE_S):
        seen = await state_of(call, state["video_id"], published_as(state))
        if seen is None:
            raise Gone("The video is no longer there.")
        if seen.published:
            return seen.published
        if seen.status == REJECTED or seen.status in BROKEN_OFF:
            raise FixContent(seen.words)
        await call.pause(pause)
    raise TryLater("Facebook is still processing the video.")


async def find(call: Call, draft: Draft, state: Mapping[str, str]) -> Published | None:
    """After a lost answer to the finish. None: it was not taken, for it would have moved the video on."""
    seen = await state_of(call, state["video_id"], published_as(state))
    if seen is None:
        return None
    if seen.published:
        return None if seen.published.id in draft.taken else seen.published
    if seen.status == REJECTED:
        raise FixContent(seen.words)
    if seen.under_way:
        raise OutcomeUnknown("The video is still being processed.")
    return None


def published_as(state: Mapping[str, str]) -> Kind | None:
    """A reel is one whatever its address; a video may come out as a reel, and its address tells."""
    return Kind.REEL if state.get("flow") == "reel" else None
