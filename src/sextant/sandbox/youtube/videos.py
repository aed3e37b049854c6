"""Videos: state, statistics, deletion (youtube.md §2.4, §2.6, §3.2, §3.3)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from sextant.sandbox.network import count_items, json
from sextant.sandbox.world import Account, Post, World
from sextant.sandbox.youtube import roles
from sextant.sandbox.youtube.access import PLATFORM, READ, WRITE, caller, known_only, listed, parts
from sextant.sandbox.youtube.errors import Refused, permission_denied, refuse, video_not_found
from sextant.sandbox.youtube.numbers import statistics

PARTS = (
    "brandPartner",
    "contentDetails",
    "fileDetails",
    "id",
    "liveStreamingDetails",
    "localizations",
    "paidProductPlacementDetails",
    "player",
    "processingDetails",
    "recordingDetails",
    "snippet",
    "statistics",
    "status",
    "suggestions",
    "topicDetails",
)
STATS_PARTS = ("contentDetails", "id", "snippet", "statistics")
OWNER_PARTS = frozenset({"fileDetails", "processingDetails", "suggestions"})
MOST_IDS = 50
STATES = {"processing": "uploaded", "failed": "failed", "terminated": "rejected"}
REASONS = {"failed": ("failureReason",), "rejected": ("rejectionReason",)}
OTHERS = {"default": ("default", 120, 90), "shortsAspectRatio": ("oardefault", 1080, 1920)}
SIZES = {
    "medium": ("mqdefault", 320, 180),
    "high": ("hqdefault", 480, 360),
    "standard": ("sddefault", 640, 480),
    "maxres": ("maxresdefault", 1280, 720),
}


async def listing(world: World, request: web.Request) -> web.Response:
    """GET /youtube/v3/videos?id=."""
    reader = caller(world, request, READ)
    known_only(request, "part", "id", "hl", "maxResults", "pageToken", "onBehalfOfContentOwner")
    asked = parts(request, PARTS)
    if "maxResults" in request.query or "pageToken" in request.query:
        raise refuse(400, "incompatibleParameters", "maxResults and pageToken cannot be used with id.")
    found = seen(world, request, reader)
    if "statistics" in asked:
        count_items(request, len(set(listed(request, "id"))))
    if OWNER_PARTS & set(asked) and any(post.account_id != reader.id for post in found):
        raise Refused(permission_denied())
    items = [resource(world, post, asked, post.account_id == reader.id) for post in found]
    page = {"totalResults": len(items), "resultsPerPage": len(items)}
    return answer(request, {"kind": "youtube#videoListResponse", "items": items, "pageInfo": page})


async def batch_stats(world: World, request: web.Request) -> web.Response:
    """GET /youtube/v3/videos:batchGetStats?id=."""
    reader = caller(world, request, READ)
    known_only(request, "part", "id", "onBehalfOfContentOwner")
    asked = parts(request, STATS_PARTS)
    found = seen(world, request, reader)
    if "statistics" in asked:
        count_items(request, len(set(listed(request, "id"))))
    items = [stats(world, post, asked) for post in found]
    return answer(request, {"kind": "youtube#batchGetStatsResponse", "items": items})


async def delete(world: World, request: web.Request) -> web.Response:
    """DELETE /youtube/v3/videos?id=."""
    account = caller(world, request, WRITE)
    roles.may_write(account)
    known_only(request, "id", "onBehalfOfContentOwner")
    post = find(world, request.query.get("id", ""))
    if post is None:
        raise video_not_found()
    if post.account_id != account.id:
        message = "The video that you are trying to delete cannot be deleted."
        raise refuse(403, "forbidden", message, "youtube.video")
    post.deleted_at = world.now()
    world.save()
    return web.Response(status=204)


def find(world: World, native_id: str) -> Post | None:
    return world.post(PLATFORM, native_id)


def seen(world: World, request: web.Request, reader: Account) -> list[Post]:
    """The asked videos that exist for the reader, not in the order of the question."""
    ids = listed(request, "id")
    if not ids:
        raise refuse(
            400, "missingRequiredParameter", "No filter selected. Expected one of: id, chart, myRating"
        )
    if len(ids) > MOST_IDS:
        raise refuse(400, "invalidFilters", "The request specifies an invalid filter parameter.")
    posts = [post for post in (find(world, native_id) for native_id in sorted(set(ids))) if post is not None]
    return [post for post in posts if visible(world, post, reader)]


def visible(world: World, post: Post, reader: Account) -> bool:
    return post.account_id == reader.id or privacy(world, post) != "private"


def privacy(world: World, post: Post) -> str:
    """A private video becomes public by itself at the time set; a time in the past does so at once."""
    at = post.facts["status"]["publishAt"]
    due = at is not None and datetime.fromisoformat(at).timestamp() <= world.now()
    return "public" if due else str(post.facts["status"]["privacyStatus"])


# ---- resources -----------------------------------------------------------------------------------


def resource(world: World, post: Post, asked: list[str], owner: bool) -> dict[str, Any]:
    """A `youtube#video`, with the parts asked for."""
    known = {
        "snippet": snippet(world, post),
        "contentDetails": {"duration": iso_duration(post.facts["duration_s"]), "definition": "hd"},
        "status": status(world, post),
        "statistics": video_statistics(world, post, owner),
        "processingDetails": {"processingStatus": processing(world, post)},
    }
    return tagged("youtube#video", post.id, {part: known[part] for part in known if part in asked})


def stats(world: World, post: Post, asked: list[str]) -> dict[str, Any]:
    """A `youtube#videoStats`: other names and forms, and no dead counter."""
    counters = video_statistics(world, post, owner=False)
    known = {
        "snippet": {"publishTime": stamp(post.created_at)},
        "statistics": {name: value for name, value in counters.items() if name != "favoriteCount"},
        "contentDetails": {"duration": f"{post.facts['duration_s']}s"},
    }
    return tagged("youtube#videoStats", post.id, {part: known[part] for part in known if part in asked})


def video_statistics(world: World, post: Post, owner: bool) -> dict[str, str]:
    """`dislikeCount` is for the owner."""
    return {name: n for name, n in statistics(world, post).items() if owner or name != "dislikeCount"}


def snippet(world: World, post: Post) -> dict[str, Any]:
    written = post.facts["snippet"]
    account = world.account(PLATFORM, post.account_id)
    return {
        "publishedAt": stamp(post.created_at),
        "channelId": post.account_id,
        "title": written["title"],
        "description": written["description"],
        "thumbnails": thumbnails(post),
        "channelTitle": account.name if account else "",
        **({"tags": written["tags"]} if written["tags"] else {}),
        "categoryId": written["categoryId"],
        "liveBroadcastContent": "none",
        "localized": {"title": written["title"], "description": written["description"]},
    }


def thumbnails(post: Post) -> dict[str, Any]:
    """More sizes where the author set a picture; for a Short also one in its own shape."""
    own = "thumbnail" in post.facts
    names = [
        "default",
        *(SIZES if own else ()),
        *(["shortsAspectRatio"] if own and post.facts.get("short") else []),
    ]
    return {name: thumbnail(post, name) for name in names}


def thumbnail(post: Post, name: str) -> dict[str, Any]:
    file, width, height = SIZES.get(name) or OTHERS[name]
    return {"url": f"https://i.ytimg.com/vi/{post.id}/{file}.jpg", "width": width, "height": height}


def status(world: World, post: Post) -> dict[str, Any]:
    written = {name: value for name, value in post.facts["status"].items() if value is not None}
    state = STATES.get(processing(world, post), "processed")
    facts = {"uploadStatus": state, **written, "madeForKids": bool(written.get("selfDeclaredMadeForKids"))}
    why = {name: post.facts[name] for name in REASONS.get(state, ()) if name in post.facts}
    return facts | {"privacyStatus": privacy(world, post)} | why


def processing(world: World, post: Post) -> str:
    if world.now() < post.created_at + world.processing_s:
        return "processing"
    if "rejectionReason" in post.facts:
        return "terminated"
    return "failed" if "failureReason" in post.facts else "succeeded"


def tagged(kind: str, native_id: str, parts_shown: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "etag": etag(parts_shown), "id": native_id, **parts_shown}


def etag(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()[:27]


def answer(request: web.Request, body: dict[str, Any]) -> web.Response:
    """With an etag; 304 when the client has the same already."""
    tag = etag(body)
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers={"ETag": tag})
    kind = body.pop("kind")
    return json({"kind": kind, "etag": tag, **body}, headers={"ETag": tag})


def iso_duration(seconds: int) -> str:
    """PT1H2M3S; parts that are nothing are left out."""
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    shown = [f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if count]
    return "PT" + ("".join(shown) or "0S")


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
