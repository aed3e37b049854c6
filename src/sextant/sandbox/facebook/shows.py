"""Fields of a Page's posts and videos (facebook.md §3.3, §3.4)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sextant.sandbox.facebook import insights
from sextant.sandbox.facebook.numbers import truth
from sextant.sandbox.graph import errors
from sextant.sandbox.graph.fields import Field
from sextant.sandbox.graph.scene import Scene, Show, Type, node_id
from sextant.sandbox.world import Post, World

WEB = "https://www.facebook.com"


def stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def ready(world: World, post: Post) -> bool:
    """A video's post exists once the video is processed."""
    done: float = post.facts.get("ready_at", 0.0)
    return world.now() >= done


def when_ready(show: Show) -> Show:
    return lambda scene, field: show(scene, field) if ready(scene.world, scene.node.thing) else None


# ---- numbers -------------------------------------------------------------------------------------


def figure(scene: Scene, name: str) -> Any:
    scene.call.posts.add(scene.node.thing.id)
    return truth(scene.world, scene.node.thing).get(name)


def number(name: str) -> Show:
    return lambda scene, field: figure(scene, name)


def shares(scene: Scene, field: Field) -> Any:
    count = figure(scene, "shares")
    return None if count is None else {"count": count}


def summary(name: str) -> Show:
    """`name.summary(true).limit(0)`: nobody is named, the total only when asked for."""

    def show(scene: Scene, field: Field) -> Any:
        count = figure(scene, name)
        if count is None:
            return None
        total = {"order": "chronological", "total_count": count, "can_comment": True}
        found = total if name == "comments" else {"total_count": count}
        return {"data": [], "summary": found} if "summary" in field.args else {"data": []}

    return show


def of_readers(name: str) -> Show:
    """Summaries on a post: sources conflict about the scope (§3.3); the stricter one holds here."""
    show = summary(name)

    def guarded(scene: Scene, field: Field) -> Any:
        if "pages_read_user_content" not in scene.caller.scopes:
            raise errors.needs_permission("pages_read_user_content")
        return show(scene, field)

    return guarded


# ---- posts ---------------------------------------------------------------------------------------


def message(scene: Scene, field: Field) -> Any:
    return scene.node.thing.text or None


def created(scene: Scene, field: Field) -> str:
    return stamp(scene.node.thing.created_at)


def status_type(scene: Scene, field: Field) -> str:
    post: Post = scene.node.thing
    if post.kind == "text":
        return "shared_story" if "link" in post.facts else "mobile_status_update"
    return "added_photos" if "photos" in post.facts else "added_video"


def permalink(scene: Scene, field: Field) -> str:
    page_id, _, post_id = scene.node.id.partition("_")
    return f"{WEB}/{page_id}/posts/{post_id}"


def attachments(scene: Scene, field: Field) -> Any:
    """As Meta's StoryAttachment has them; the photos of an album only where they are asked for."""
    facts, page_id = scene.node.thing.facts, scene.node.id.partition("_")[0]
    if "link" in facts:
        shared = {"media_type": "link", "type": "share", "unshimmed_url": facts["link"], "url": facts["link"]}
        return {"data": [shared]}
    if "photos" in facts:
        return {"data": [of_photos(page_id, facts["photos"], field)]}
    if "video_id" not in facts:
        return None
    url = f"{WEB}/{page_id}/videos/{facts['video_id']}/"
    return {"data": [attachment("video", "video_inline", facts["video_id"], url)]}


def attachment(media_type: str, type_: str, target: str, url: str) -> dict[str, Any]:
    return {"media_type": media_type, "type": type_, "target": {"id": target, "url": url}, "url": url}


def of_photos(page_id: str, ids: list[str], field: Field) -> dict[str, Any]:
    each = [attachment("photo", "photo", photo, photo_link(page_id, photo)) for photo in ids]
    if len(each) == 1:
        return each[0]
    album = attachment("album", "album", page_id, f"{WEB}/{page_id}/photos")
    asked = any(member.name == "subattachments" for member in field.fields)
    return {**album, "subattachments": {"data": each}} if asked else album


def photo_link(page_id: str, photo_id: str) -> str:
    return f"{WEB}/photo.php?fbid={photo_id}&id={page_id}"


def author(scene: Scene, field: Field) -> dict[str, str]:
    page = scene.node.account.facts["page"]
    return {"name": page["name"], "id": page["id"]}


POST = Type(
    "Post",
    {
        "id": node_id,
        "message": message,
        "created_time": created,
        "updated_time": created,
        "permalink_url": permalink,
        "status_type": status_type,
        "is_published": lambda scene, field: True,
        "attachments": attachments,
        "from": author,
        "shares": shares,
        "reactions": of_readers("reactions"),
        "comments": of_readers("comments"),
        "likes": of_readers("likes"),
        "insights": insights.expanded,
    },
    ("created_time", "message", "id"),
)
POST_NUMBERS = frozenset(["shares", "reactions", "comments", "likes", "insights"])


# ---- videos --------------------------------------------------------------------------------------


def status(scene: Scene, field: Field) -> dict[str, Any]:
    """§2.6; the key is spelled as in the documentation."""
    post: Post = scene.node.thing
    done = ready(scene.world, post)
    publishing: dict[str, Any] = {"status": "not_started"}
    if done:
        time = int(post.facts.get("ready_at", post.created_at))
        publishing = {"status": "completed", "publish_status": "published", "publish_time": time}
    return {
        "video_status": "ready" if done else "processing",
        "uploading_phase": {"status": "completed", "bytes_transfered": post.facts.get("bytes", 0)},
        "processing_phase": {"status": "completed" if done else "in_progress"},
        "publishing_phase": publishing,
    }


def video_permalink(scene: Scene, field: Field) -> str:
    """Relative (§2.8)."""
    post: Post = scene.node.thing
    page_id = post.id.partition("_")[0]
    return f"/reel/{scene.node.id}/" if post.kind == "reel" else f"/{page_id}/videos/{scene.node.id}/"


VIDEO = Type(
    "Video",
    {
        "id": node_id,
        "status": status,
        # Bare digits are one of the two forms that are known (§2.8).
        "post_id": when_ready(lambda scene, field: scene.node.thing.id.partition("_")[2]),
        "permalink_url": video_permalink,
        "published": lambda scene, field: ready(scene.world, scene.node.thing),
        "title": lambda scene, field: scene.node.thing.facts.get("title"),
        "description": message,
        "created_time": created,
        "updated_time": created,
        "length": lambda scene, field: scene.node.thing.facts.get("length_s") or 2.0,
        "from": author,
        "views": number("views"),
        "post_views": number("post_views"),
        "likes": summary("likes"),
        "comments": summary("comments"),
    },
    ("description", "updated_time", "id"),
)
VIDEO_NUMBERS = frozenset(["views", "post_views", "likes", "comments"])


VIDEO_PHASES = {
    "uploading": ("in_progress", "not_started"),
    "upload_complete": ("completed", "not_started"),
    "processing": ("completed", "in_progress"),
    "error": ("completed", "error"),
    "expired": ("error", "not_started"),
}
"""By `video_status`: how far uploading and processing are (§2.6)."""


# ---- photos --------------------------------------------------------------------------------------


def owned_link(scene: Scene, field: Field) -> str:
    return photo_link(scene.node.account.facts["page"]["id"], scene.node.id)


PHOTO = Type(
    "Photo",
    {
        "id": node_id,
        "created_time": created,
        "link": owned_link,
        "width": lambda scene, field: scene.node.thing.shown.width,
        "height": lambda scene, field: scene.node.thing.shown.height,
        "alt_text_custom": lambda scene, field: scene.node.thing.alt_text,
        # Of an unpublished photo nothing documents one.
        "page_story_id": lambda scene, field: scene.node.thing.post_id,
        "from": author,
    },
    ("created_time", "id"),
)
