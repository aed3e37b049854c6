"""Media that are out: published, counted, listed, deleted (instagram.md §2.5, §2.7, §2.8)."""

from __future__ import annotations

from typing import Any

from sextant.sandbox.graph import errors, fields, paging
from sextant.sandbox.graph.call import INSTAGRAM
from sextant.sandbox.graph.errors import GraphError, invalid
from sextant.sandbox.graph.scene import Node, Scene, node_of, shown
from sextant.sandbox.instagram import forms
from sextant.sandbox.instagram.containers import DAY_S, Container, check_ready, own, quota, used_up
from sextant.sandbox.instagram.scopes import need
from sextant.sandbox.instagram.shows import IG_MEDIA
from sextant.sandbox.world import Post, World

STORY_LIVES_S = 24 * 3600


async def publish(scene: Scene) -> dict[str, Any]:
    """POST /{ig-user-id}/media_publish."""
    need(scene.caller, "content_publish")
    container = own(scene, scene.call.params.get("creation_id", ""))
    if not container.form.post:
        raise invalid("(#100) An item of a carousel cannot be published by itself")
    check_ready(container, scene.world.now())
    if used(scene) >= quota(scene.caller.account):
        raise used_up()
    container.media_id = f"1792{scene.world.serial():013d}"
    scene.world.add_post(post_of(container, container.media_id, scene.world.now()))
    return {"id": container.media_id}


def post_of(container: Container, media_id: str, now: float) -> Post:
    """White space around a caption does not show."""
    params = container.params
    facts: dict[str, Any] = {"container_id": container.id, "video": container.video}
    facts |= {name: params[name] for name in ("alt_text", "collaborators", "cover_url") if name in params}
    facts["children"] = container.children
    facts["is_ai_generated"] = forms.flag(params, "is_ai_generated")
    facts["is_shared_to_feed"] = forms.flag({"share_to_feed": "true", **params}, "share_to_feed")
    caption = params.get("caption", "").strip()
    return Post("instagram", media_id, container.account_id, container.form.post, now, caption, facts)


def used(scene: Scene) -> int:
    """Publications of the last 24 hours; deleting a post does not give one back."""
    return published_since(scene, scene.world.now() - DAY_S)


def published_since(scene: Scene, since: float) -> int:
    posts = (post for post in scene.world.state.posts if post.platform == "instagram")
    return sum(post.account_id == scene.caller.account.id and post.created_at > since for post in posts)


async def limit(scene: Scene) -> dict[str, Any]:
    """GET /{ig-user-id}/content_publishing_limit."""
    need(scene.caller, "content_publish")
    asked = fields.names(scene.call.params) or {"quota_usage"}
    config = {"quota_total": quota(scene.caller.account), "quota_duration": DAY_S}
    known = {"quota_usage": published_since(scene, since_of(scene)), "config": config}
    for name in sorted(asked - set(known)):
        raise errors.nonexisting_field(name, "ContentPublishingLimitResponse")
    return {"data": [{name: value for name, value in known.items() if name in asked}]}


def since_of(scene: Scene) -> float:
    """`since`, at most 24 hours ago."""
    day_ago = scene.world.now() - DAY_S
    asked = scene.call.params.get("since", str(day_ago))
    if not asked.replace(".", "", 1).isdecimal() or float(asked) < day_ago:
        raise invalid("(#100) Param since must be a time within the last 24 hours")
    return float(asked)


# ---- listing and deleting ------------------------------------------------------------------------


def media_node(world: World, post: Post) -> Node:
    return node_of(world, "media", post.id, post)


def is_story(post: Post) -> bool:
    return post.kind == "story"


async def listing(scene: Scene) -> dict[str, Any]:
    """GET /{ig-user-id}/media, newest first, without stories."""
    need(scene.caller)
    return listed(scene, [post for post in mine(scene) if not is_story(post)])


async def stories(scene: Scene) -> dict[str, Any]:
    """GET /{ig-user-id}/stories, only while they live."""
    need(scene.caller)
    since = scene.world.now() - STORY_LIVES_S
    return listed(scene, [post for post in mine(scene) if is_story(post) and post.created_at > since])


def mine(scene: Scene) -> list[Post]:
    return [*scene.world.posts_of("instagram", scene.caller.account.id)]


def listed(scene: Scene, posts: list[Post]) -> dict[str, Any]:
    asked = fields.parsed(scene.call.params.get("fields", ""))
    within = [post for post in posts if paging.within(scene.call, post.created_at)]
    nodes = [media_node(scene.world, post) for post in sorted(within, key=lambda p: -p.created_at)]
    ids = [node.id for node in nodes]
    return paging.page(scene.call, ids, lambda place: shown(scene.at(nodes[place]), IG_MEDIA, asked))


async def delete(scene: Scene) -> dict[str, Any]:
    """DELETE /{media}: Facebook Login only. `facts.undeletable` is a type that cannot be deleted."""
    if scene.call.host == INSTAGRAM:
        raise errors.unsupported("delete", scene.node.id)
    need(scene.caller, "manage_contents")
    if scene.node.thing.facts.get("undeletable"):
        said = {"error_user_title": "Media Type Not Supported", "error_user_msg": "It cannot be deleted."}
        raise GraphError(-1, "Fatal", 2207073, more={"is_transient": False, **said})
    scene.node.thing.deleted_at = scene.world.now()
    scene.world.save()
    return {"success": True, "deleted_id": scene.node.id}
