"""What a node is, what can be done with it, and how its fields are shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sextant.sandbox.faults import Purpose
from sextant.sandbox.graph import errors, fields
from sextant.sandbox.graph.call import Call, Caller
from sextant.sandbox.graph.fields import Field
from sextant.sandbox.world import Account, Post, World


@dataclass(frozen=True, slots=True)
class Node:
    """One object of the Graph. `thing` is what its kind is made of (a Post, an Account, a container)."""

    kind: str
    id: str
    account: Account
    thing: Any


@dataclass(frozen=True, slots=True)
class Scene:
    """A call about a node, by a caller who may see it."""

    call: Call
    caller: Caller
    node: Node

    @property
    def world(self) -> World:
        return self.call.world

    def at(self, node: Node) -> Scene:
        return replace(self, node=node)


def node_of(world: World, kind: str, node_id: str, post: Post) -> Node:
    """A node made of a post; its account has to be in the world."""
    account = world.account(post.platform, post.account_id)
    if account is None:
        raise LookupError(f"{post.platform} post {post.id} has no account {post.account_id}")
    return Node(kind, node_id, account, post)


Show = Callable[[Scene, Field], Any]
"""A field's value; None leaves it out of the answer."""


@dataclass(frozen=True, slots=True)
class Type:
    """How one kind of node is shown. `name` is the network's word in error texts."""

    name: str
    shows: Mapping[str, Show]
    default: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """What one method does on a node or an edge of it. `commits`: it makes a post visible (or a question)."""

    act: Callable[[Scene], Awaitable[Any]]
    purpose: Purpose | Callable[[Call], Purpose] = "other"
    commits: bool | Callable[[Call], bool] = False

    def makes_visible(self, call: Call) -> bool:
        return self.commits(call) if callable(self.commits) else self.commits


class Graph(Protocol):
    """One platform's part of the Graph. Operations are found by (method, kind of node, edge)."""

    types: Mapping[str, Type]
    operations: Mapping[tuple[str, str, str], Operation]

    def node(self, world: World, node_id: str) -> Node | None: ...

    def me(self, caller: Caller) -> Node: ...


def shown(scene: Scene, type_: Type, asked: Sequence[Field]) -> dict[str, Any]:
    """The node's asked fields, else its default ones; `id` always."""
    wanted = asked or [Field(name) for name in type_.default]
    found = {field.name: show_of(type_, field)(scene, field) for field in wanted}
    return {**{name: value for name, value in found.items() if value is not None}, "id": scene.node.id}


def show_of(type_: Type, field: Field) -> Show:
    if field.name not in type_.shows:
        raise errors.nonexisting_field(field.name, type_.name)
    return type_.shows[field.name]


def show_node(type_: Type) -> Callable[[Scene], Awaitable[dict[str, Any]]]:
    """The operation of a plain GET."""

    async def act(scene: Scene) -> dict[str, Any]:
        return shown(scene, type_, fields.parsed(scene.call.params.get("fields", "")))

    return act


def node_id(scene: Scene, field: Field) -> str:
    return scene.node.id


def fact(name: str) -> Show:
    """A member of the thing's facts."""
    return lambda scene, field: scene.node.thing.facts.get(name)
