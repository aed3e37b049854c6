"""Publishing to a Page: which way a draft goes out, how it is found again and taken down (facebook.md §2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from sextant.errors import Gone, TryLater
from sextant.platforms.base import Call, Checkpoint, Draft, Published, Request
from sextant.platforms.facebook import feed, video
from sextant.platforms.graph import member, url


async def publish(call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
    """One video goes its own way; text, link and photos become a post of the Page's feed."""
    walk = video.publish if await goes_as_video(draft, done) else feed.publish
    async for step in walk(call, draft, done):
        yield step


async def goes_as_video(draft: Draft, done: Checkpoint | None) -> bool:
    """What was begun decides, else what the first medium is."""
    if done is not None and done.state:
        return "video_id" in done.state
    if not draft.media:
        return False
    facts = draft.media[0].facts or (await draft.media[0].file()).facts
    return facts.is_video


async def find_published(call: Call, draft: Draft, done: Checkpoint, since: datetime) -> Published | None:
    """A video by its id, which is older than the request that publishes it; the rest in the Page's posts."""
    if "video_id" in done.state:
        return await video.find(call, draft, done.state)
    return await feed.look(call, draft, done.state, since)


async def delete(call: Call, post: Published) -> None:
    """A video is deleted as such, and its post with it (§2.9)."""
    try:
        answer = await call.send(Request("DELETE", url(call.app, post.video_id or post.id)))
    except Gone:
        return
    if member(answer.json, "success") is not True:
        raise TryLater("Facebook did not say that the post is deleted.")
