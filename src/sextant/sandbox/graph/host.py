"""graph.facebook.com and graph.instagram.com: one path for everything, decided by node, edge and method."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from aiohttp import web

from sextant.sandbox.faults import Purpose
from sextant.sandbox.graph import batch, errors, login, usage
from sextant.sandbox.graph.batch import Answered
from sextant.sandbox.graph.call import FACEBOOK, INSTAGRAM, Call, Caller, call_of, caller_of
from sextant.sandbox.graph.errors import GraphError
from sextant.sandbox.graph.scene import Graph, Node, Operation, Scene
from sextant.sandbox.network import Route, count_items, json
from sextant.sandbox.world import World

WEB = "www.facebook.com"


def graph_of(platform: str) -> Graph:
    """The part of the Graph that a platform's tokens see."""
    graph: Graph = import_module(f"sextant.sandbox.{platform}.nodes").GRAPH
    return graph


# ---- answering -----------------------------------------------------------------------------------


async def serve(world: World, request: web.Request) -> web.StreamResponse:
    call = await call_of(world, request)
    status, headers, body = await (whole_batch(call) if is_batch(call) else one(call))
    count_items(request, len(call.posts))
    return json(body, status, headers)


def is_batch(call: Call) -> bool:
    """Batches are a thing of the Facebook host; on Instagram's nothing documents them (instagram.md §1.3)."""
    return call.host == FACEBOOK and call.method == "POST" and not call.path and "batch" in call.params


async def whole_batch(call: Call) -> Answered:
    try:
        caller_of(call)
        return 200, common(call), await batch.run(call, one)
    except GraphError as error:
        return error.status, common(call), error.body()


async def one(call: Call) -> Answered:
    """Status, headers and body of one call; a refusal carries the usage headers too."""
    headers = common(call)
    try:
        caller = caller_of(call)
        told, refusal = usage.count(call.world, caller)
        headers |= told
        if refusal is not None:
            raise refusal
        return 200, headers, await answer(call, caller)
    except GraphError as error:
        return error.status, headers, error.body()


def common(call: Call) -> dict[str, str]:
    trace = secrets.token_urlsafe(8)
    return {
        "facebook-api-version": call.version,
        "x-fb-trace-id": trace,
        "x-fb-rev": "1030000000",
        "x-fb-debug": trace,
    }


async def answer(call: Call, caller: Caller) -> Any:
    if not call.path:
        raise errors.unsupported_root(call.method)
    if len(call.path) > 2:
        raise GraphError(2500, f"Unknown path components: /{'/'.join(call.path[1:])}")
    graph = graph_of(caller.platform)
    node = visible(call, caller, graph)
    operation = graph.operations.get((call.method, node.kind, call.edge))
    if operation is None and call.method == "GET" and call.edge:
        raise errors.nonexisting_field(call.edge, graph.types[node.kind].name)
    if operation is None:
        raise errors.unsupported(call.method, call.node_id)
    return await operation.act(Scene(call, caller, node))


def visible(call: Call, caller: Caller, graph: Graph) -> Node:
    """The node, when it is there and the caller's own."""
    if call.node_id == "me":
        return graph.me(caller)
    node = graph.node(call.world, call.node_id)
    if node is None or node.account.id != caller.account.id:
        raise errors.unsupported(call.method, call.node_id)
    return node


# ---- what a request is, before it is answered ----------------------------------------------------


async def owner(world: World, request: web.Request) -> str:
    call = await call_of(world, request)
    return platform_of(call)


def platform_of(call: Call) -> str:
    token = call.world.state.tokens.get(call.params.get("access_token", ""))
    if token is not None:
        return token.platform
    return "instagram" if call.host == INSTAGRAM else "facebook"


def operation_of(call: Call) -> Operation | None:
    """What a call would do, whether or not it will be allowed to."""
    graph = graph_of(platform_of(call))
    keys = ((call.method, kind, call.edge) for kind in kinds_of(call, graph))
    return next((graph.operations[key] for key in keys if key in graph.operations), None)


def kinds_of(call: Call, graph: Graph) -> Sequence[str]:
    """What the node may be; an id that is not there may be anything."""
    if call.node_id == "me":
        return ("user", "page") if call.host == FACEBOOK else ("ig",)
    node = graph.node(call.world, call.node_id)
    return (node.kind,) if node else tuple(graph.types)


def inner_calls(call: Call) -> list[Call]:
    if not is_batch(call):
        return [call]
    try:
        return batch.calls_in(call)
    except GraphError:
        return []


async def purpose(world: World, request: web.Request) -> Purpose:
    """A batch is a read as soon as one of its calls is."""
    calls = inner_calls(await call_of(world, request))
    purposes = [purpose_of(call) for call in calls]
    return "read" if "read" in purposes else next(iter(purposes), "other")


def purpose_of(call: Call) -> Purpose:
    operation = operation_of(call)
    if operation is None:
        return "other"
    return operation.purpose(call) if callable(operation.purpose) else operation.purpose


async def commits(world: World, request: web.Request) -> bool:
    calls = inner_calls(await call_of(world, request))
    return any(found.makes_visible(call) for call in calls if (found := operation_of(call)) is not None)


METHODS = ("GET", "POST", "DELETE")


def graph_routes(host: str) -> Sequence[Route]:
    return [
        Route(method, host, "/{path:.*}", serve, purpose=purpose, commits=commits, owner=owner)
        for method in METHODS
    ]


VERSIONS = ("", "/{version:v[^/]+}")
SHARED: Sequence[Route] = (
    *(
        Route(method, WEB, f"{version}/dialog/oauth", login.authorize, "page", owner=login.owner)
        for version in VERSIONS
        for method in ("GET", "POST")
    ),
    *(
        Route(method, FACEBOOK, f"{version}/oauth/access_token", login.token, "token", owner=login.owner)
        for version in VERSIONS
        for method in ("GET", "POST")
    ),
    *(
        Route("GET", FACEBOOK, f"{version}/debug_token", login.debug_token, "other", owner=login.owner)
        for version in VERSIONS
    ),
    *graph_routes(FACEBOOK),
)
"""Routes of the hosts that both platforms use; listed by both, the first listing is the one that answers."""
