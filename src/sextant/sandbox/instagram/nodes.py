"""Instagram's part of the Graph: people, Pages, professional accounts, containers, media."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sextant.sandbox.faults import Purpose
from sextant.sandbox.graph import fields, people
from sextant.sandbox.graph.call import Call, Caller
from sextant.sandbox.graph.fields import Field
from sextant.sandbox.graph.scene import Node, Operation, Scene, Type, show_node, shown
from sextant.sandbox.instagram import containers, insights, media
from sextant.sandbox.instagram.containers import IG_CONTAINER
from sextant.sandbox.instagram.scopes import need, scope_of
from sextant.sandbox.instagram.shows import IG_MEDIA, IG_USER, NUMBERS
from sextant.sandbox.world import Account, Post, World


def ig_node(account: Account) -> Node:
    return Node("ig", account.facts["instagram"]["id"], account, account)


def me_node(account: Account) -> Node:
    """`/me` of the Instagram host; its `id` is app-scoped and finds nothing in a path."""
    return Node("ig", account.facts["instagram"]["app_scoped_id"], account, account)


def business_account(scene: Scene, field: Field) -> dict[str, Any] | None:
    """The Page's Instagram account, to an app that may see it."""
    if scope_of(scene.caller, "basic") not in scene.caller.scopes:
        return None
    return shown(scene.at(ig_node(scene.node.account)), IG_USER, field.fields)


PAGE = people.page_type(business_account)


def own(type_: Type) -> Callable[[Scene], Awaitable[dict[str, Any]]]:
    show = show_node(type_)

    async def act(scene: Scene) -> dict[str, Any]:
        need(scene.caller)
        return await show(scene)

    return act


def asking(call: Call) -> Purpose:
    """A read when numbers are asked for, else a question about publishing."""
    return "read" if fields.names(call.params) & NUMBERS else "publish"


class InstagramGraph:
    types: Mapping[str, Type] = {
        "user": people.USER,
        "page": PAGE,
        "ig": IG_USER,
        "container": IG_CONTAINER,
        "media": IG_MEDIA,
    }
    operations: Mapping[tuple[str, str, str], Operation] = {
        **people.operations(PAGE),
        ("GET", "ig", ""): Operation(own(IG_USER)),
        ("GET", "ig", "media"): Operation(media.listing, asking),
        ("GET", "ig", "stories"): Operation(media.stories, asking),
        ("POST", "ig", "media"): Operation(containers.create, "publish"),
        ("POST", "ig", "media_publish"): Operation(media.publish, "publish", commits=True),
        ("GET", "ig", "content_publishing_limit"): Operation(media.limit, "publish"),
        ("GET", "container", ""): Operation(own(IG_CONTAINER), "publish"),
        ("GET", "media", ""): Operation(own(IG_MEDIA), asking),
        ("GET", "media", "insights"): Operation(insights.of_media, "read"),
        ("DELETE", "media", ""): Operation(media.delete, "publish"),
    }

    def node(self, world: World, node_id: str) -> Node | None:
        post = by_id(world, node_id)
        if post is not None:
            return media.media_node(world, post)
        accounts = (ig_node(account) for account in world.accounts("instagram"))
        account = next((node for node in accounts if node.id == node_id), None)
        return account or containers.node(world, node_id) or people.find(world, "instagram", node_id)

    def me(self, caller: Caller) -> Node:
        login = caller.token.kind.startswith("ig_")
        return me_node(caller.account) if login else people.me(caller)


def by_id(world: World, media_id: str) -> Post | None:
    return world.post("instagram", media_id)


def find(world: World, native_id: str) -> Post | None:
    """A live post by its media id or the container it came from."""
    return world.named("instagram", native_id)


GRAPH = InstagramGraph()
