"""X: from a draft to a post: media first, then the one request that makes it visible; and taking it down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from sextant.errors import FixContent, Gone, OutcomeUnknown, TryLater
from sextant.platforms.base import Answer, Call, Checkpoint, Draft, Published, Request
from sextant.platforms.x.auth import data_of, url
from sextant.platforms.x.finding import ANNOUNCED, as_published, proven
from sextant.platforms.x.options import options_of
from sextant.platforms.x.refusals import Duplicate, LostUpload, RefusedMedia
from sextant.platforms.x.uploads import NEW, lasting, media_ids, spent, uploaded


async def publish(call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
    """Steps: per image uploaded; or initialized, appended (once per chunk), finalized; described where a
    medium has an alt text; ready, posted. Uploads that X no longer has are made anew."""
    start = NEW if done is None or spent(done.state, call.now) else done
    try:
        async for step in taken_through(call, draft, start):
            yield step
    except LostUpload:
        try:
            async for step in taken_through(call, draft, NEW):
                yield step
        except RefusedMedia as again:
            raise FixContent(again.message, request_id=again.request_id) from None


async def taken_through(call: Call, draft: Draft, done: Checkpoint) -> AsyncIterator[Checkpoint]:
    resent = done.announces
    if done.step != "ready":
        async for step in uploaded(call, draft, done):
            done = step
            yield step
    if not resent:
        state = {**lasting(done.state), ANNOUNCED: str(int(call.now.timestamp()))}
        done = Checkpoint("ready", state, announces=True)
        yield done
    yield Checkpoint("posted", published=await created(call, draft, done, resent))


async def created(call: Call, draft: Draft, done: Checkpoint, resent: bool) -> Published:
    """The request that makes the post visible. X has no idempotency key, but refuses the same text twice."""
    request = Request("POST", url(call.app, "/tweets"), json=body_of(draft, done), commits=True)
    try:
        answer = await call.send(request)
    except Duplicate as twice:
        if not resent:
            raise
        return await proven(call, draft, done, twice)
    return as_published(call, draft, done, new_id(answer), call.now)


def body_of(draft: Draft, done: Checkpoint) -> dict[str, Any]:
    options, ids = options_of(draft), media_ids(done.state)
    parts = {
        "text": draft.text,
        "media": {"media_ids": ids} if ids else None,
        "reply_settings": options.reply_settings,
        "made_with_ai": options.made_with_ai,
        "paid_partnership": options.paid_partnership,
    }
    return {name: part for name, part in parts.items() if part}


def new_id(answer: Answer) -> str:
    try:
        return str(data_of(answer)["id"])
    except (TryLater, KeyError):
        raise OutcomeUnknown("the answer names no post") from None


async def delete(call: Call, post: Published) -> None:
    """Returns as well when the post is gone already; X may say nothing at all (x.md §2.6)."""
    try:
        answer = await call.send(Request("DELETE", url(call.app, f"/tweets/{post.id}")))
    except Gone:
        return
    if answer.json is not None and data_of(answer).get("deleted") is not True:
        raise TryLater("X does not say that the post is deleted.")
