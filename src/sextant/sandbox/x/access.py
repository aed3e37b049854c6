"""Who is calling X: bearer tokens, scopes, request bodies, and the rate limits around every endpoint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from sextant.sandbox.network import Handler, bearer
from sextant.sandbox.world import Account, World
from sextant.sandbox.x import errors, quotas

PLATFORM = quotas.PLATFORM

Endpoint = Callable[[World, web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True)
class Caller:
    """The account a token speaks for."""

    account: Account

    @property
    def user_context(self) -> bool:
        return self.account.tier != "app_only"


def account_of(world: World, request: web.Request) -> Account | None:
    token = world.token(bearer(request), "access")
    if token is None or token.platform != PLATFORM:
        return None
    return world.account(PLATFORM, token.account_id)


def caller(world: World, request: web.Request, *scopes: str) -> Caller:
    """The caller, if the token is good, holds all the scopes, and there is money left."""
    account = account_of(world, request)
    if account is None:
        raise errors.Refused(errors.unauthorized())
    held = set(world.state.tokens[bearer(request)].scopes)
    if account.scopes is not None:
        held &= set(account.scopes)
    if not held.issuperset(scopes):
        raise errors.forbidden()
    quotas.check_funds(world)
    return Caller(account)


async def body(request: web.Request, type_: type[Any]) -> Any:
    """The JSON body as `type_`; unknown keys are refused."""
    if request.content_type != "application/json":
        raise errors.invalid("", [], "Requests with bodies must have content-type of application/json.")
    try:
        return msgspec.json.decode(await request.read(), type=type_)
    except msgspec.DecodeError as wrong:
        raise errors.invalid("", [], str(wrong)) from None


# ---- limits and money (x.md §4) ------------------------------------------------------------------


def limited(name: str, endpoint: Endpoint) -> Handler:
    """The endpoint with X's limits around it, and a limit's headers on every answer."""

    async def answer(world: World, request: web.Request) -> web.StreamResponse:
        try:
            window = quotas.admitted(world, name, account_of(world, request))
        except errors.Refused as refused:
            return refused.response
        return quotas.told(await settled(endpoint, world, request), window)

    return answer


def settling(endpoint: Endpoint) -> Handler:
    """The endpoint with its refusals turned into answers."""

    async def answer(world: World, request: web.Request) -> web.StreamResponse:
        return await settled(endpoint, world, request)

    return answer


async def settled(endpoint: Endpoint, world: World, request: web.Request) -> web.Response:
    try:
        return await endpoint(world, request)
    except errors.Refused as refused:
        return refused.response
