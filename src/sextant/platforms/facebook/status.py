"""What Facebook says of a video that was begun (facebook.md §2.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sextant.errors import Gone
from sextant.platforms.answers import count
from sextant.platforms.base import Call, Json, Published, Request
from sextant.platforms.catalogue import Kind
from sextant.platforms.graph import WEB, member, permalink, url
from sextant.platforms.shape import unix_time

FIELDS = {"fields": "status,post_id,permalink_url,published"}
UPLOADING, REJECTED = "uploading", "error"
BROKEN_OFF = frozenset({"upload_failed", "expired"})


@dataclass(frozen=True, slots=True)
class VideoState:
    """`arrived`: bytes that Facebook has. `words`: why it was given up, where it says so.

    `under_way`: the request that publishes it was taken, and the post is not there yet.
    """

    status: str
    arrived: int
    under_way: bool
    published: Published | None
    words: str


async def state_of(call: Call, video_id: str, kind: Kind | None = None) -> VideoState | None:
    """None: there is no such video. `kind`: what it is published as, where that is known."""
    try:
        body = (await call.send(Request("GET", url(call.app, video_id), params=FIELDS))).json
    except Gone:
        return None
    status = member(body, "status")
    name = str(member(status, "video_status"))
    out = name == "ready" and member(status, "publishing_phase", "publish_status") == "published"
    is_post = out and bool(member(body, "post_id"))
    phase = member(status, "publishing_phase", "status")
    return VideoState(
        name,
        arrived(status),
        not is_post and (name == "processing" or out or (name == "ready" and phase == "in_progress")),
        published(call, video_id, body, kind) if is_post else None,
        words(status),
    )


def arrived(status: Json) -> int:
    """The documentation spells `bytes_transfered`, the field list `bytes_transferred`."""
    phase = member(status, "uploading_phase")
    found = count(member(phase, "bytes_transferred")) or count(member(phase, "bytes_transfered"))
    return int(found or 0)


def words(status: Json) -> str:
    """Facebook's words for a failed video: the message of the phase that failed, else the status."""
    phases = (member(status, name) for name in ("uploading_phase", "processing_phase", "publishing_phase"))
    said = [text for phase in phases if (text := member(phase, "error", "message"))]
    return str(said[0] if said else f"video_status {member(status, 'video_status')}")


def published(call: Call, video_id: str, body: Mapping[str, Any], kind: Kind | None) -> Published:
    """A video's post; `post_id` may come without the Page's id (§2.8), and a video may come out as a reel."""
    post_id = str(body["post_id"])
    post_id = post_id if "_" in post_id else f"{call.account.id}_{post_id}"
    link = permalink(body) or f"{WEB}/{post_id}"
    at = unix_time(member(body, "status", "publishing_phase", "publish_time")) or call.now
    seen = Kind.REEL if "/reel/" in link else Kind.VIDEO
    return Published(post_id, kind or seen, link, at, video_id)
