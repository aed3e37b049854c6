"""What a Page's feed takes, lists and deletes (facebook.md §2.1, §2.2, §2.9)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec

from sextant.sandbox.facebook import photos
from sextant.sandbox.facebook.posting import added, created, is_published, may_post, post_node
from sextant.sandbox.facebook.shows import POST, ready
from sextant.sandbox.graph import errors, fields, paging
from sextant.sandbox.graph.errors import GraphError, invalid
from sextant.sandbox.graph.scene import Scene, shown
from sextant.sandbox.world import Post

SAME_TEXT_S = 600
LONGEST = 63_206


class Attached(msgspec.Struct):
    """One member of `attached_media`."""

    media_fbid: str


async def feed(scene: Scene) -> dict[str, Any]:
    """POST /{page-id}/feed."""
    may_post(scene)
    if not is_published(scene.call):
        raise errors.not_simulated()
    params = scene.call.params
    text, link = params.get("message", "").strip(), params.get("link", "")
    ids = media_ids(params.get("attached_media"))
    if not text and not link and not ids:
        raise invalid("(#100) Missing message or attachment", 1349125)
    if len(text) > LONGEST:
        raise invalid("(#100) message is too long")
    check_link(link)
    if link and ids:
        raise invalid("(#100) link cannot be combined with attached_media")
    if text and not ids and repeated(scene, text, link):
        raise GraphError(506, "(#506) Duplicate status message")
    post = (
        with_photos(scene, text, ids) if ids else added(scene, "text", text, {"link": link} if link else {})
    )
    return created(scene, post_node(scene.world, post))


def media_ids(text: str | None) -> list[str]:
    if text is None:
        return []
    try:
        return [one.media_fbid for one in msgspec.json.decode(text, type=list[Attached])]
    except msgspec.DecodeError:
        raise invalid("(#100) param attached_media must be an array.") from None


def with_photos(scene: Scene, text: str, ids: list[str]) -> Post:
    found = photos.attached(scene, ids)
    post = added(scene, "carousel" if len(ids) > 1 else "photo", text, {"photos": ids})
    for photo in found:
        photo.post_id = post.id
    return post


def check_link(link: str) -> None:
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:
        host = ""
    if link and not host:
        raise invalid("(#100) link URL is not properly formatted")
    if host == "facebook.com" or host.endswith(".facebook.com"):
        raise invalid("(#100) Links to facebook.com cannot be shared", 1609008)


def repeated(scene: Scene, text: str, link: str) -> bool:
    since = scene.world.now() - SAME_TEXT_S
    account_id = scene.caller.account.id
    recent = (p for p in scene.world.posts_of("facebook", account_id) if p.created_at > since)
    same = (post for post in recent if post.kind == "text" and post.text == text)
    return any(post.facts.get("link", "") == link for post in same)


# ---- finding again -------------------------------------------------------------------------------


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
    mine = [*scene.world.posts_of("facebook", scene.caller.account.id)]
    posts = [post for post in mine[::-1] if listable(scene, post)]
    nodes = [post_node(scene.world, post) for post in posts]
    ids = [node.id for node in nodes]
    return paging.page(scene.call, ids, lambda place: shown(scene.at(nodes[place]), POST, asked))


def listable(scene: Scene, post: Post) -> bool:
    return ready(scene.world, post) and paging.within(scene.call, post.created_at)


async def delete(scene: Scene) -> dict[str, Any]:
    """DELETE of a post or of its video takes both away."""
    if "pages_manage_posts" not in scene.caller.scopes:
        raise errors.no_role()
    scene.node.thing.deleted_at = scene.world.now()
    scene.world.save()
    return {"success": True}
