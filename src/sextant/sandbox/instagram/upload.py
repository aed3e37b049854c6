"""rupload.facebook.com: the bytes of a container (instagram.md §2.3)."""

from __future__ import annotations

from aiohttp import web

from sextant.sandbox.graph import errors
from sextant.sandbox.graph.call import FACEBOOK, INSTAGRAM, Call, Caller, caller_of
from sextant.sandbox.graph.errors import GraphError, invalid
from sextant.sandbox.instagram.containers import Container, fetched, find, not_found
from sextant.sandbox.instagram.scopes import need
from sextant.sandbox.network import json
from sextant.sandbox.received import Received
from sextant.sandbox.world import World

PIECE = 1 << 18


async def receive(world: World, request: web.Request) -> web.StreamResponse:
    """The whole file in one body, or `file_url` and no body. A body that breaks off leaves nothing behind."""
    received = await body_of(request)
    try:
        caller = caller_from(world, request)
        need(caller, "content_publish")
        container = waiting(world, request, caller)
        if "file_url" in request.headers:
            received = await fetched(world, request.headers["file_url"])
        else:
            check_whole(request, received)
        container.fill(world, received.facts())
    except GraphError as error:
        return errors.answer(error)
    return json({"success": True, "message": "Upload successful. Continue with publishing."})


async def body_of(request: web.Request) -> Received:
    received = Received()
    async for piece in request.content.iter_chunked(PIECE):
        received.add(piece)
    return received


def caller_from(world: World, request: web.Request) -> Caller:
    """The token of `Authorization: OAuth …`, of either login path."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "oauth" or not value:
        raise errors.no_token()
    token = world.state.tokens.get(value)
    host = INSTAGRAM if token is not None and token.kind.startswith("ig_") else FACEBOOK
    return caller_of(Call(world, host, "POST", "", (), {"access_token": value}))


def waiting(world: World, request: web.Request, caller: Caller) -> Container:
    """The caller's container, which still waits for bytes."""
    container = find(world, request.match_info["container"])
    if container is None or container.account_id != caller.account.id:
        raise not_found()
    if container.ready_at is not None or container.media_id is not None:
        raise invalid("(#100) The container has its media already")
    if container.status(world.now()) == "EXPIRED":
        raise GraphError(-2, "The media has expired.", 2207020)
    return container


def check_whole(request: web.Request, received: Received) -> None:
    headers = request.headers
    if headers.get("offset") != "0" or headers.get("file_size") != str(received.size):
        raise invalid("(#100) offset and file_size do not fit the body")
