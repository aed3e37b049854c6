"""TikTok: a post is handed over by its bytes or its address, and named after review (tiktok.md §2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from sextant.errors import OutcomeUnknown, TryLater
from sextant.platforms.base import Call, Checkpoint, Draft, Published
from sextant.platforms.shape import mapping, text
from sextant.platforms.tiktok.auth import is_business
from sextant.platforms.tiktok.bodies import pulling
from sextant.platforms.tiktok.creator import agreed
from sextant.platforms.tiktok.errors import UploadGone
from sextant.platforms.tiktok.limits import is_photos, options_of
from sextant.platforms.tiktok.native import published
from sextant.platforms.tiktok.settling import settled
from sextant.platforms.tiktok.states import Failed, native_id
from sextant.platforms.tiktok.uploads import next_offset, uploaded


async def publish(call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
    """Steps: those of `uploaded` or `pulled`, then posted; and failed, from which a new attempt starts."""
    try:
        if done is None or done.step != "submitted":
            steps = uploaded(call, draft, done) if by_upload(call, draft) else pulled(call, draft)
            async for step in steps:
                yield step
                done = step
        assert done is not None  # noqa: S101 - both ways end in «submitted»
        post_id = await native_id(call, draft, done.state)
    except (Failed, UploadGone) as over:
        meaning = over.meaning if isinstance(over, Failed) else over
        if isinstance(meaning, TryLater):
            yield Checkpoint("failed")
        raise meaning from None
    if post_id in draft.taken:
        # A post of the same words was lost and given this one; its own is the one still to be found.
        yield Checkpoint("ready", {"at": done.state["at"]}, announces=True)
        raise OutcomeUnknown("the post is taken for another one of the same words")
    yield Checkpoint("posted", published=published(call, draft, post_id, call.now))


async def find_published(call: Call, draft: Draft, done: Checkpoint, since: datetime) -> Published | None:
    """By its publish_id where there is one, else among the account's posts."""
    if "publish_id" not in done.state:
        return await settled(call, draft, done, since)
    try:
        if "size" in done.state and await next_offset(call, done.state) < int(done.state["size"]):
            return None
        return published(call, draft, await native_id(call, draft, done.state), call.now)
    except Failed as failed:
        if failed.of_content:
            raise failed.meaning from None
        return None
    except TryLater as unsure:
        raise OutcomeUnknown(unsure.message, request_id=unsure.request_id) from None


def by_upload(call: Call, draft: Draft) -> bool:
    """The Business API only pulls, and so does photo posting."""
    return not is_business(call.app) and not is_photos(draft) and options_of(draft).transfer != "pull"


async def pulled(call: Call, draft: Draft) -> AsyncIterator[Checkpoint]:
    """Steps: ready (announced, with the time from which a lost answer is looked for), submitted."""
    await agreed(call, draft)
    state = {"at": call.now.isoformat()}
    yield Checkpoint("ready", state, announces=True)
    answer = await call.send(pulling(call, draft))
    named = mapping(answer.json.get("data"))
    publish_id = text(named.get("share_id")) or text(named.get("publish_id"))
    if publish_id is None:
        raise OutcomeUnknown("the answer names no post")
    yield Checkpoint("submitted", {**state, "publish_id": publish_id})
