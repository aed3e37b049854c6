"""What a Page publishes, lists and deletes (facebook.md §2)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from sextant.sandbox.facebook.shows import POST, VIDEO, ready
from sextant.sandbox.graph import errors, fields, paging
from sextant.sandbox.graph.errors import GraphError, invalid
from sextant.sandbox.graph.scene import Node, Scene, Type, node_of, shown
from sextant.sandbox.pull import pull
from sextant.sandbox.world import Post, World

SAME_TEXT_S = 600


async def feed(scene: Scene) -> dict[str, Any]:
    """POST /{page-id}/feed."""
    may_post(scene)
    params = scene.call.params
    text, link = params.get("message", "").strip(), params.get("link", "")
    if "attached_media" in params:
        raise errors.not_simulated()
    if not text and not link:
        raise invalid("(#100) Missing message or attachment", 1349125)
    check_link(link)
    if text and repeated(scene, text):
        raise GraphError(506, "(#506) Duplicate status message")
    post = added(scene, "text", text, {"link": link} if link else {})
    return created(scene, post_node(scene.world, post), POST)


async def videos(scene: Scene) -> dict[str, Any]:
    """POST /{page-id}/videos with `file_url`; what is uploaded here stays a video, never a reel."""
    may_post(scene)
    params = scene.call.params
    url = params.get("file_url", "")
    if "upload_phase" in params and url:
        raise invalid("(#100) file_url cannot be combined with upload_phase")
    if not url:
        # Uploads by bytes (§2.3) are not simulated.
        raise errors.not_simulated()
    content = await pull(scene.world, url)
    if content is None:
        raise GraphError(389, "(#389) Unable to fetch video file from URL.")
    if content[4:8] != b"ftyp":
        raise GraphError(6000, "(#6000) There was a problem uploading your video file. Please try again.")
    video_id = f"13{scene.world.serial():014d}"
    facts = {
        "video_id": video_id,
        "bytes": len(content),
        "ready_at": scene.world.now() + scene.world.processing_s,
        "title": params.get("title"),
    }
    post = added(scene, "video", params.get("description", ""), facts)
    return created(scene, video_node(scene.world, post), VIDEO)


def may_post(scene: Scene) -> None:
    if not {"pages_manage_posts", "pages_read_engagement"} <= scene.caller.scopes or not scene.caller.is_page:
        text = (
            "(#200) If posting to a page, requires both pages_read_engagement and pages_manage_posts as an "
            "admin with sufficient administrative permission"
        )
        raise GraphError(200, text, status=403)
    params = scene.call.params
    if params.get("published", "true").lower() in ("false", "0") or "scheduled_publish_time" in params:
        raise errors.not_simulated()


def check_link(link: str) -> None:
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:
        host = ""
    if link and not host:
        raise invalid("(#100) link URL is not properly formatted")
    if host == "facebook.com" or host.endswith(".facebook.com"):
        raise invalid("(#100) Links to facebook.com cannot be shared", 1609008)


def repeated(scene: Scene, text: str) -> bool:
    since = scene.world.now() - SAME_TEXT_S
    account_id = scene.caller.account.id
    recent = (p for p in scene.world.posts("facebook") if p.account_id == account_id and p.created_at > since)
    return any(post.kind == "text" and post.text == text for post in recent)


def added(scene: Scene, kind: str, text: str, facts: dict[str, Any]) -> Post:
    native_id = f"{scene.node.id}_9{scene.world.serial():014d}"
    post = Post("facebook", native_id, scene.caller.account.id, kind, scene.world.now(), text, facts)
    scene.world.add_post(post)
    return post


def created(scene: Scene, node: Node, type_: Type) -> dict[str, Any]:
    """The id alone, or the fields asked for in the same call."""
    asked = fields.parsed(scene.call.params.get("fields", ""))
    return shown(scene.at(node), type_, asked) if asked else {"id": node.id}


# ---- finding again -------------------------------------------------------------------------------


def post_node(world: World, post: Post) -> Node:
    return node_of(world, "post", post.id, post)


def video_node(world: World, post: Post) -> Node:
    return node_of(world, "video", post.facts["video_id"], post)


async def published(scene: Scene) -> dict[str, Any]:
    """GET /{page-id}/published_posts, newest first."""
    return listing(scene, "pages_read_engagement")


async def whole_feed(scene: Scene) -> dict[str, Any]:
    """GET /{page-id}/feed; visitors post nothing in the sandbox."""
    return listing(scene, "pages_read_user_content")


def listing(scene: Scene, scope: str) -> dict[str, Any]:
    if scope not in scene.caller.scopes:
        raise errors.needs_permission(scope)
    asked = fields.parsed(scene.call.params.get("fields", ""))
    posts = [post for post in reversed(list(scene.world.posts("facebook"))) if listable(scene, post)]
    nodes = [post_node(scene.world, post) for post in posts]
    ids = [node.id for node in nodes]
    return paging.page(scene.call, ids, lambda place: shown(scene.at(nodes[place]), POST, asked))


def listable(scene: Scene, post: Post) -> bool:
    own = post.account_id == scene.caller.account.id and ready(scene.world, post)
    return own and paging.within(scene.call, post.created_at)


async def delete(scene: Scene) -> dict[str, Any]:
    """DELETE of a post or of its video takes both away."""
    if "pages_manage_posts" not in scene.caller.scopes:
        raise errors.no_role()
    scene.node.thing.deleted_at = scene.world.now()
    scene.world.save()
    return {"success": True}
