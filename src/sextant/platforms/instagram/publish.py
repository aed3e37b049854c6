"""Publishing one video as a reel: container, wait, publish (instagram.md §2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from sextant.errors import Fault, Gone, OutcomeUnknown, TryLater
from sextant.platforms.base import Answer, Call, Checkpoint, Draft, Published, Request
from sextant.platforms.catalogue import Kind
from sextant.platforms.graph import growing, id_in, member, moment, permalink, rows
from sextant.platforms.instagram.auth import url
from sextant.platforms.instagram.errors import container_fault

LONGEST_PAUSE_S = 60.0
PATIENCE_S = 300.0
"""Meta's advice: once a minute, for at most five minutes (§2.4)."""
LISTED = "25"


class Spoilt(TryLater):
    """The container cannot be published any more, and nothing is wrong with the content."""


async def publish(call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
    state = done.state if done else {}
    media_id = state.get("media_id")
    if media_id is None:
        async for checkpoint in through_container(call, draft, state.get("container_id")):
            media_id = checkpoint.state.get("media_id")
            yield checkpoint
    if media_id is not None:
        yield Checkpoint("posted", {"media_id": media_id}, published=await described(call, media_id))


async def through_container(call: Call, draft: Draft, container: str | None) -> AsyncIterator[Checkpoint]:
    """A spoilt container is forgotten, so that the next go makes a new one."""
    if container is None:
        container = await create(call, draft)
        yield Checkpoint("container", {"container_id": container})
    try:
        already_out = await finished(call, container)
        yield Checkpoint("ready", {"container_id": container}, announces=True)
        if already_out:
            raise OutcomeUnknown("The container is published already.")
        media_id = await make_visible(call, container)
    except (Spoilt, Gone) as spoilt:
        yield Checkpoint("start")
        raise TryLater(spoilt.message, request_id=spoilt.request_id) from None
    yield Checkpoint("media", {"media_id": media_id})


async def create(call: Call, draft: Draft) -> str:
    """A container that Instagram fills from the video's address; an orphan is harmless (§5.2)."""
    form = {"media_type": "REELS", "video_url": draft.media[0].url, "caption": draft.text}
    request = Request("POST", url(call.app, f"{call.account.id}/media"), form=form)
    return id_in(await call.send(request), request)


async def finished(call: Call, container: str) -> bool:
    """Waits until the container can be published; True when it is published already."""
    for pause in growing(LONGEST_PAUSE_S, PATIENCE_S):
        code, words = await status(call, container)
        if code in ("FINISHED", "PUBLISHED"):
            return code == "PUBLISHED"
        if code in ("ERROR", "EXPIRED"):
            raise failure(code, words)
        await call.pause(pause)
    raise TryLater("Instagram is still processing the video.")


async def status(call: Call, container: str) -> tuple[str, str]:
    """`status_code` and the text beside it (§2.4)."""
    fields = {"fields": "status_code,status"}
    body = (await call.send(Request("GET", url(call.app, container), params=fields))).json
    return str(member(body, "status_code")), str(member(body, "status") or "")


def failure(code: str, words: str) -> Fault:
    fault = container_fault(words)
    passing = code == "EXPIRED" or isinstance(fault, TryLater | Gone)
    return Spoilt(words or f"The container is {code}.") if passing else fault


async def make_visible(call: Call, container: str) -> str:
    path = f"{call.account.id}/media_publish"
    request = Request("POST", url(call.app, path), form={"creation_id": container}, commits=True)
    return id_in(await call.send(request), request)


async def described(call: Call, media_id: str) -> Published:
    """The published reel with its address; it is out, so a failure here costs no more than the address."""
    fields = {"fields": "permalink,timestamp"}
    try:
        answer = await call.send(Request("GET", url(call.app, media_id), params=fields))
    except Fault:
        return Published(media_id, Kind.REEL, None, call.now)
    return reel(call, media_id, answer.json)


def reel(call: Call, media_id: str, body: Any) -> Published:
    at = moment(member(body, "timestamp")) or call.now
    return Published(media_id, Kind.REEL, permalink(body), at)


async def find_published(call: Call, draft: Draft, done: Checkpoint, since: datetime) -> Published | None:
    """The container tells for certain whether it went out; which media it became, the caption (§2.4)."""
    code, _ = await status(call, done.state["container_id"])
    if code != "PUBLISHED":
        return None
    listed = await listing(call)
    for row in rows(listed.json):
        at = moment(row.get("timestamp"))
        if at and at >= since and row.get("caption", "") == draft.text:
            return reel(call, str(row["id"]), row)
    raise OutcomeUnknown(
        "The container is published, but the account's newest media do not show which it is."
    )


async def listing(call: Call) -> Answer:
    fields = {"fields": "id,caption,timestamp,permalink", "limit": LISTED}
    return await call.send(Request("GET", url(call.app, f"{call.account.id}/media"), params=fields))
