"""Publishing to a Page: text by /feed, a video by /videos with its address (facebook.md §2)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from sextant.errors import FixContent, OutcomeUnknown, TryLater
from sextant.platforms.base import Call, Checkpoint, Draft, Json, Published, Request
from sextant.platforms.catalogue import Kind
from sextant.platforms.graph import WEB, growing, id_in, member, moment, permalink, rows, url
from sextant.platforms.shape import unix_time

PULL_TIMEOUT_S = 30.0
"""Facebook begins to fetch the video before it answers /videos."""
LONGEST_PAUSE_S = 15.0
PATIENCE_S = 300.0
LISTED = 100
# `attachments` of a post is not in the documents; it is how the network names an attached video.
LISTED_FIELDS = "id,message,created_time,permalink_url,attachments{media_type,target{id}}"
FAILED = {"upload_failed", "expired", "error"}
VIDEO_LINK = re.compile(r"/(?:reel|videos)/(?:[^/]+/)?(\d+)/?$")


async def publish(call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
    """Text is out at once; a video comes out by itself after processing, so it commits when it is sent."""
    if not draft.media:
        yield Checkpoint("feed", announces=True)
        yield Checkpoint("posted", published=await post_text(call, draft))
        return
    video_id = done.state.get("video_id") if done else None
    if video_id is None:
        yield Checkpoint("videos", announces=True)
        video_id = await post_video(call, draft)
        yield Checkpoint("processing", {"video_id": video_id})
    yield Checkpoint("posted", {"video_id": video_id}, published=await processed(call, video_id))


async def post_text(call: Call, draft: Draft) -> Published:
    request = Request(
        "POST",
        url(call.app, f"{call.account.id}/feed"),
        params={"fields": "id,permalink_url"},
        form={"message": draft.text},
        commits=True,
    )
    answer = await call.send(request)
    post_id = id_in(answer, request)
    return Published(post_id, Kind.TEXT, permalink(answer.json) or f"{WEB}/{post_id}", call.now)


async def post_video(call: Call, draft: Draft) -> str:
    request = Request(
        "POST",
        url(call.app, f"{call.account.id}/videos"),
        form={"file_url": draft.media[0].url, "description": draft.text},
        commits=True,
        timeout_s=PULL_TIMEOUT_S,
    )
    return id_in(await call.send(request), request)


async def processed(call: Call, video_id: str) -> Published:
    """Waits until the video is out; TryLater when it takes longer, FixContent when Facebook gives it up."""
    for pause in growing(LONGEST_PAUSE_S, PATIENCE_S):
        if found := await video_state(call, video_id):
            return found
        await call.pause(pause)
    raise TryLater("Facebook is still processing the video.")


async def video_state(call: Call, video_id: str) -> Published | None:
    """The post of a video when it is out, None while it is processed (§2.6)."""
    fields = {"fields": "status,post_id,permalink_url,published"}
    body = (await call.send(Request("GET", url(call.app, video_id), params=fields))).json
    status = member(body, "status")
    if str(member(status, "video_status")) in FAILED:
        raise FixContent(failure(status))
    out = member(status, "publishing_phase", "publish_status") == "published"
    if member(status, "video_status") != "ready" or not out or not member(body, "post_id"):
        return None
    return video_post(call, video_id, body)


def failure(status: Json) -> str:
    """Facebook's words for a failed video: the message of the phase that failed, else the status."""
    phases = (member(status, name) for name in ("uploading_phase", "processing_phase", "publishing_phase"))
    said = [text for phase in phases if (text := member(phase, "error", "message"))]
    return str(said[0] if said else f"video_status {member(status, 'video_status')}")


def video_post(call: Call, video_id: str, body: Mapping[str, Any]) -> Published:
    """A video's post; `post_id` may come without the Page's id (§2.8), and a video may come out as a reel."""
    post_id = str(body["post_id"])
    post_id = post_id if "_" in post_id else f"{call.account.id}_{post_id}"
    link = permalink(body) or f"{WEB}/{post_id}"
    at = unix_time(member(body, "status", "publishing_phase", "publish_time")) or call.now
    return Published(post_id, Kind.REEL if "/reel/" in link else Kind.VIDEO, link, at, video_id)


# ---- after a lost answer ---------------------------------------------------------------------------


async def find_published(call: Call, draft: Draft, done: Checkpoint, since: datetime) -> Published | None:
    """By the video where its id is known, else among the Page's posts (§5.2).

    A video that is still processed is in no list, so only a text is ever surely absent.
    """
    if video_id := done.state.get("video_id"):
        if found := await video_state(call, video_id):
            return found
        raise OutcomeUnknown("The video is still being processed.")
    match = [row for row in await recent(call, since) if row.get("message") == draft.text]
    if len(match) == 1:
        return listed(call, draft, match[0])
    if match or draft.media:
        raise OutcomeUnknown("The Page's posts do not tell whether this one is among them.")
    return None


async def recent(call: Call, since: datetime) -> list[dict[str, Any]]:
    """The Page's own posts since then; raises OutcomeUnknown when they are more than one page."""
    fields = {"fields": LISTED_FIELDS, "limit": str(LISTED)}
    request = Request("GET", url(call.app, f"{call.account.id}/published_posts"), params=fields)
    posts = rows((await call.send(request)).json)
    young = [row for row in posts if (at := moment(row.get("created_time"))) and at >= since]
    if len(young) >= LISTED:
        raise OutcomeUnknown("The Page has too many posts since then.")
    return young


def listed(call: Call, draft: Draft, row: Mapping[str, Any]) -> Published:
    link = permalink(row) or f"{WEB}/{row['id']}"
    kind = Kind.REEL if "/reel/" in link else draft.kind
    at = moment(row["created_time"]) or call.now
    return Published(str(row["id"]), kind, link, at, attached_video(row) or video_in(link))


def attached_video(row: Mapping[str, Any]) -> str | None:
    videos = (a for a in rows(row.get("attachments")) if a.get("media_type") == "video")
    return next((str(id_) for video in videos if (id_ := member(video, "target", "id"))), None)


def video_in(link: str) -> str | None:
    found = VIDEO_LINK.search(link)
    return found[1] if found else None
