"""Who may publish on a Page, and a post that is made (facebook.md §1.3, §2)."""

from __future__ import annotations

from typing import Any

from sextant.sandbox.facebook.shows import PHOTO, POST, VIDEO
from sextant.sandbox.graph import errors, fields
from sextant.sandbox.graph.call import Call
from sextant.sandbox.graph.errors import GraphError
from sextant.sandbox.graph.scene import Node, Scene, Type, node_of, shown
from sextant.sandbox.world import Post, World

TYPES = {"post": POST, "video": VIDEO, "photo": PHOTO}


def may_post(scene: Scene) -> None:
    if not {"pages_manage_posts", "pages_read_engagement"} <= scene.caller.scopes or not scene.caller.is_page:
        text = (
            "(#200) If posting to a page, requires both pages_read_engagement and pages_manage_posts as an "
            "admin with sufficient administrative permission"
        )
        raise GraphError(200, text, status=403)
    if "scheduled_publish_time" in scene.call.params:
        raise errors.not_simulated()


def is_published(call: Call) -> bool:
    return call.params.get("published", "true").lower() not in ("false", "0")


def added(scene: Scene, kind: str, text: str, facts: dict[str, Any]) -> Post:
    native_id = f"{scene.node.id}_9{scene.world.serial():014d}"
    post = Post("facebook", native_id, scene.caller.account.id, kind, scene.world.now(), text, facts)
    scene.world.add_post(post)
    return post


def created(scene: Scene, node: Node) -> dict[str, Any]:
    """The id alone, or the fields asked for in the same call."""
    asked = fields.parsed(scene.call.params.get("fields", ""))
    type_: Type = TYPES[node.kind]
    return shown(scene.at(node), type_, asked) if asked else {"id": node.id}


def post_node(world: World, post: Post) -> Node:
    return node_of(world, "post", post.id, post)


def video_node(world: World, post: Post) -> Node:
    return node_of(world, "video", post.facts["video_id"], post)
