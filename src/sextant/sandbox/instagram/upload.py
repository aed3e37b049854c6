"""rupload.facebook.com: the bytes of a container (instagram.md §2.3)."""

from __future__ import annotations

from aiohttp import web

from sextant.sandbox.graph import errors
from sextant.sandbox.graph.call import FACEBOOK, INSTAGRAM, Call, Caller, caller_of
from sextant.sandbox.graph.errors import GraphError, invalid
from sextant.sandbox.instagram.containers import Container, fetched, find
from sextant.sandbox.instagram.scopes import need
from sextant.sandbox.network import json
from sextant.sandbox.world import World


async def receive(world: World, request: web.Request) -> web.StreamResponse:
    """The whole file in one body, or `file_url` and no body."""
    try:
        caller = caller_from(world, request)
        need(caller, "content_publish")
        container = find(world, request.match_info["container"])
        if container is None or container.account_id != caller.account.id:
            raise GraphError(24, "The requested resource does not exist", 2207006)
        container.fill(world, await content(world, request, container))
    except GraphError as error:
        return errors.answer(error)
    return json({"success": True, "message": "Upload successful. Continue with publishing."})


def caller_from(world: World, request: web.Request) -> Caller:
    """The token of `Authorization: OAuth …`, of either login path."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "oauth" or not value:
        raise errors.no_token()
    token = world.state.tokens.get(value)
    host = INSTAGRAM if token is not None and token.kind.startswith("ig_") else FACEBOOK
    return caller_of(Call(world, host, "POST", "", (), {"access_token": value}))


async def content(world: World, request: web.Request, container: Container) -> bytes:
    if container.ready_at is not None:
        raise invalid("(#100) The container has its media already")
    if "file_url" in request.headers:
        return await fetched(world, request.headers["file_url"])
    body = await request.read()
    if request.headers.get("offset") != "0" or request.headers.get("file_size") != str(len(body)):
        raise invalid("(#100) offset and file_size do not fit the body")
    return body
