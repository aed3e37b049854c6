"""Facebook's part of the Graph: people, Pages, posts, videos."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sextant.sandbox.facebook import insights, photos, posting, publish, uploads, videos
from sextant.sandbox.facebook.shows import PHOTO, POST, POST_NUMBERS, VIDEO, VIDEO_NUMBERS, ready
from sextant.sandbox.faults import Purpose
from sextant.sandbox.graph import errors, fields, people
from sextant.sandbox.graph.call import Call, Caller
from sextant.sandbox.graph.scene import Node, Operation, Scene, Type, show_node
from sextant.sandbox.world import Post, World

# The Page's Instagram account is not shown to an app that has no instagram_basic.
PAGE = people.page_type(lambda scene, field: None)


def asking(numbers: frozenset[str]) -> Callable[[Call], Purpose]:
    """A read when numbers are asked for, else a question about publishing."""
    return lambda call: "read" if fields.names(call.params) & numbers else "publish"


def own(type_: Type) -> Callable[[Scene], Awaitable[dict[str, Any]]]:
    show = show_node(type_)

    async def act(scene: Scene) -> dict[str, Any]:
        if "pages_read_engagement" not in scene.caller.scopes:
            raise errors.needs_permission("pages_read_engagement")
        return await show(scene)

    return act


class FacebookGraph:
    types: Mapping[str, Type] = {
        "user": people.USER,
        "page": PAGE,
        "post": POST,
        "video": VIDEO,
        "upload": uploads.UPLOAD,
        "photo": PHOTO,
    }
    operations: Mapping[tuple[str, str, str], Operation] = {
        **people.operations(PAGE),
        ("POST", "page", "feed"): Operation(publish.feed, "publish", commits=True),
        ("POST", "page", "photos"): Operation(photos.upload, "publish", commits=posting.is_published),
        ("POST", "page", "videos"): Operation(videos.videos, "publish", commits=videos.makes_visible),
        ("POST", "page", "video_reels"): Operation(videos.reels, "publish", commits=videos.makes_visible),
        ("GET", "page", "published_posts"): Operation(publish.published, asking(POST_NUMBERS)),
        ("GET", "page", "posts"): Operation(publish.published, asking(POST_NUMBERS)),
        ("GET", "page", "feed"): Operation(publish.whole_feed, asking(POST_NUMBERS)),
        ("GET", "post", ""): Operation(own(POST), asking(POST_NUMBERS)),
        ("GET", "video", ""): Operation(own(VIDEO), asking(VIDEO_NUMBERS)),
        ("GET", "upload", ""): Operation(own(uploads.UPLOAD), "publish"),
        ("GET", "photo", ""): Operation(own(PHOTO), "publish"),
        ("GET", "post", "insights"): Operation(insights.of_post, "read"),
        ("GET", "video", "video_insights"): Operation(insights.of_video, "read"),
        ("DELETE", "post", ""): Operation(publish.delete, "publish"),
        ("DELETE", "video", ""): Operation(publish.delete, "publish"),
        ("DELETE", "photo", ""): Operation(photos.delete, "publish"),
    }

    def node(self, world: World, node_id: str) -> Node | None:
        post = world.named("facebook", node_id)
        if post is not None and node_id == post.facts.get("video_id"):
            return posting.video_node(world, post)
        if post is not None and ready(world, post):
            return posting.post_node(world, post)
        return (
            uploads.node(world, node_id)
            or photos.node(world, node_id)
            or people.find(world, "facebook", node_id)
        )

    def me(self, caller: Caller) -> Node:
        return people.me(caller)


def find(world: World, native_id: str) -> Post | None:
    """A live post by its own id or its video's."""
    return world.named("facebook", native_id)


GRAPH = FacebookGraph()
