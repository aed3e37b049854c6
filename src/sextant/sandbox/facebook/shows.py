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
    return "mobile_status_update" if scene.node.thing.kind == "text" else "added_video"


def permalink(scene: Scene, field: Field) -> str:
    page_id, _, post_id = scene.node.id.partition("_")
    return f"{WEB}/{page_id}/posts/{post_id}"


def attachments(scene: Scene, field: Field) -> Any:
    video_id = scene.node.thing.facts.get("video_id")
    if video_id is None:
        return None
    url = f"{WEB}/{scene.node.id.partition('_')[0]}/videos/{video_id}/"
    attached = {
        "media_type": "video",
        "type": "video_inline",
        "target": {"id": video_id, "url": url},
        "url": url,
    }
    return {"data": [attached]}


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
        "length": lambda scene, field: 2.0,
        "from": author,
        "views": number("views"),
        "post_views": number("post_views"),
        "likes": summary("likes"),
        "comments": summary("comments"),
    },
    ("description", "updated_time", "id"),
)
VIDEO_NUMBERS = frozenset(["views", "post_views", "likes", "comments"])
