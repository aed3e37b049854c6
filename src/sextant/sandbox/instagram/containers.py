"""Containers: made, filled, polled, published (instagram.md §2). They do not survive a restart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sextant.sandbox.graph import errors, fields, paging
from sextant.sandbox.graph.call import INSTAGRAM
from sextant.sandbox.graph.errors import GraphError, invalid
from sextant.sandbox.graph.scene import Node, Scene, Type, node_id, node_of, shown
from sextant.sandbox.instagram.scopes import need
from sextant.sandbox.instagram.shows import CONTAINER, IG_MEDIA
from sextant.sandbox.pull import pull
from sextant.sandbox.world import Account, Post, World

DAY_S = 24 * 3600
QUOTA = 50
CAPTION_MAX, HASHTAGS_MAX, MENTIONS_MAX = 2200, 30, 20
UPLOAD = "rupload.facebook.com/ig-api-upload"
KNOWN_TYPES = ("", "IMAGE", "STORIES", "CAROUSEL")


@dataclass(slots=True)
class Container:
    """`ready_at` None: the bytes are still missing. `fault`: the subcode its processing ends with."""

    id: str
    account_id: str
    caption: str
    created_at: float
    ready_at: float | None = None
    fault: int | None = None
    media_id: str | None = None

    def fill(self, world: World, content: bytes) -> None:
        """Processing begins; what is no mp4 fails in it."""
        self.ready_at = world.now() + world.processing_s
        self.fault = None if content[4:8] == b"ftyp" else 2207026

    def status(self, now: float) -> str:
        if self.media_id is not None:
            return "PUBLISHED"
        if now - self.created_at > DAY_S:
            return "EXPIRED"
        if self.ready_at is None or now < self.ready_at:
            return "IN_PROGRESS"
        return "ERROR" if self.fault else "FINISHED"


def find(world: World, container_id: str) -> Container | None:
    found: Container | None = world.uploads.get(f"instagram:{container_id}")
    return found


def node(world: World, container_id: str) -> Node | None:
    container = find(world, container_id)
    account = world.account("instagram", container.account_id) if container else None
    return Node("container", container_id, account, container) if account else None


# ---- making --------------------------------------------------------------------------------------


async def create(scene: Scene) -> dict[str, Any]:
    """POST /{ig-user-id}/media, for a reel by address or by bytes."""
    need(scene.caller, "content_publish")
    params = scene.call.params
    check_type(params.get("media_type", ""))
    check_caption(params.get("caption", ""))
    resumable = params.get("upload_type") == "resumable"
    url = params.get("video_url", "")
    if not resumable and not url:
        raise invalid("(#100) The parameter video_url is required")
    content = b"" if resumable else await fetched(scene.world, url)
    container = added(scene.world, scene.caller.account, params.get("caption", ""))
    if resumable:
        address = f"{scene.world.base_url}/{UPLOAD}/{scene.call.version}/{container.id}"
        return {"id": container.id, "uri": address}
    container.fill(scene.world, content)
    return {"id": container.id}


def check_type(media_type: str) -> None:
    if media_type in KNOWN_TYPES:
        raise errors.not_simulated()
    if media_type != "REELS":
        # VIDEO is for children of a carousel only (§2.1).
        raise invalid(f"(#100) media_type {media_type} is not known", 2207023)


def check_caption(caption: str) -> None:
    hashtags, mentions = (len(re.findall(sign + r"\w", caption)) for sign in "#@")
    if len(caption) > CAPTION_MAX or hashtags > HASHTAGS_MAX:
        raise GraphError(36004, "The caption is too long or has too many hashtags.", 2207010)
    if mentions > MENTIONS_MAX:
        raise invalid("More than 20 accounts are mentioned.", 2207040)


async def fetched(world: World, url: str) -> bytes:
    content = await pull(world, url)
    if content is None:
        raise unreadable()
    return content


def unreadable() -> GraphError:
    title = {"error_user_title": "Media upload has failed", "is_transient": False}
    text = "The media could not be fetched from this URI."
    return GraphError(
        9004,
        "Only photo or video can be accepted as media type.",
        2207052,
        more={**title, "error_user_msg": text},
    )


def added(world: World, account: Account, caption: str) -> Container:
    container = Container(f"1788{world.serial():013d}", account.id, caption, world.now())
    world.uploads[f"instagram:{container.id}"] = container
    return container


# ---- polling -------------------------------------------------------------------------------------


def status_code(scene: Scene, field: fields.Field) -> str:
    container: Container = scene.node.thing
    return container.status(scene.world.now())


def status(scene: Scene, field: fields.Field) -> str:
    """The text of an ERROR is not documented; this is the one that clients report."""
    code = status_code(scene, field)
    if code == "ERROR":
        return f"Error: Media upload has failed with error code {scene.node.thing.fault}"
    words = {
        "IN_PROGRESS": "In Progress: Media is still being processed.",
        "FINISHED": "Finished: Media has been uploaded and it is ready to be published.",
        "PUBLISHED": "Published: Media has been published.",
        "EXPIRED": "Expired: Media was not published within 24 hours.",
    }
    return words[code]


IG_CONTAINER = Type(CONTAINER, {"id": node_id, "status_code": status_code, "status": status}, ("id",))


# ---- publishing ----------------------------------------------------------------------------------


async def publish(scene: Scene) -> dict[str, Any]:
    """POST /{ig-user-id}/media_publish."""
    need(scene.caller, "content_publish")
    container = find(scene.world, scene.call.params.get("creation_id", ""))
    if container is None or container.account_id != scene.caller.account.id:
        raise GraphError(24, "The requested resource does not exist", 2207006)
    check_publishable(container, scene.world.now())
    if used(scene) >= QUOTA:
        raise GraphError(9, "Application request limit reached", 2207042)
    container.media_id = f"1792{scene.world.serial():013d}"
    facts = {"container_id": container.id}
    account_id = container.account_id
    now = scene.world.now()
    post = Post("instagram", container.media_id, account_id, "reel", now, container.caption, facts)
    scene.world.add_post(post)
    return {"id": post.id}


def check_publishable(container: Container, now: float) -> None:
    match container.status(now):
        case "IN_PROGRESS":
            raise GraphError(9007, "Media ID is not available", 2207027)
        case "EXPIRED":
            raise GraphError(-2, "The media has expired.", 2207020)
        case "ERROR":
            raise GraphError(
                352, "The video file you selected is in a format that we don't support.", 2207026
            )
        case "PUBLISHED":
            # Undocumented; a container makes one post, so a second asking finds nothing to publish.
            raise GraphError(24, "The requested resource does not exist", 2207006)


def used(scene: Scene) -> int:
    """Publications of the last 24 hours; deleting a post does not give one back."""
    since = scene.world.now() - DAY_S
    posts = (post for post in scene.world.state.posts if post.platform == "instagram")
    return sum(post.account_id == scene.caller.account.id and post.created_at > since for post in posts)


async def limit(scene: Scene) -> dict[str, Any]:
    """GET /{ig-user-id}/content_publishing_limit."""
    need(scene.caller, "content_publish")
    asked = fields.names(scene.call.params) or {"quota_usage"}
    known = {"quota_usage": used(scene), "config": {"quota_total": QUOTA, "quota_duration": DAY_S}}
    for name in sorted(asked - set(known)):
        raise errors.nonexisting_field(name, "ContentPublishingLimitResponse")
    return {"data": [{name: value for name, value in known.items() if name in asked}]}


# ---- media that are out --------------------------------------------------------------------------


def media_node(world: World, post: Post) -> Node:
    return node_of(world, "media", post.id, post)


async def listing(scene: Scene) -> dict[str, Any]:
    """GET /{ig-user-id}/media, newest first, without stories."""
    need(scene.caller)
    asked = fields.parsed(scene.call.params.get("fields", ""))
    mine = (p for p in scene.world.posts("instagram") if p.account_id == scene.caller.account.id)
    posts = [p for p in mine if p.kind != "story" and paging.within(scene.call, p.created_at)]
    nodes = [media_node(scene.world, post) for post in sorted(posts, key=lambda p: -p.created_at)]
    ids = [node.id for node in nodes]
    return paging.page(scene.call, ids, lambda place: shown(scene.at(nodes[place]), IG_MEDIA, asked))


async def delete(scene: Scene) -> dict[str, Any]:
    """DELETE /{media}: Facebook Login only."""
    if scene.call.host == INSTAGRAM:
        raise errors.unsupported("delete", scene.node.id)
    need(scene.caller, "manage_contents")
    scene.node.thing.deleted_at = scene.world.now()
    scene.world.save()
    return {"success": True, "deleted_id": scene.node.id}
