"""Who is calling X: bearer tokens, scopes, request bodies, and the rate limits around every endpoint."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from aiohttp import web

from sextant.sandbox.network import Handler, bearer
from sextant.sandbox.world import Account, World
from sextant.sandbox.x import errors

PLATFORM = "x"
WINDOW_S = 15 * 60

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
    """The caller, if the token is good and holds all the scopes."""
    account = account_of(world, request)
    if account is None:
        raise errors.Refused(errors.unauthorized())
    held = set(world.state.tokens[bearer(request)].scopes)
    if account.scopes is not None:
        held &= set(account.scopes)
    if not held.issuperset(scopes):
        raise errors.forbidden()
    return Caller(account)


async def body(request: web.Request, type_: type[Any]) -> Any:
    """The JSON body as `type_`; unknown keys are refused."""
    if request.content_type != "application/json":
        raise errors.invalid("", [], "Requests with bodies must have content-type of application/json.")
    try:
        return msgspec.json.decode(await request.read(), type=type_)
    except msgspec.DecodeError as wrong:
        raise errors.invalid("", [], str(wrong)) from None


# ---- rate limits (x.md §4) -----------------------------------------------------------------------


@dataclass(slots=True)
class Window:
    """The requests of one account to one endpoint within fifteen minutes."""

    limit: int
    ends_at: float
    used: int = 0

    def headers(self) -> dict[str, str]:
        return {
            "x-rate-limit-limit": str(self.limit),
            "x-rate-limit-remaining": str(max(0, self.limit - self.used)),
            "x-rate-limit-reset": str(math.ceil(self.ends_at)),
        }


@dataclass(slots=True)
class Windows:
    open: dict[tuple[str, str], Window] = field(default_factory=dict)

    def count(self, endpoint: str, account_id: str, limit: int, now: float) -> Window:
        window = self.open.get((endpoint, account_id))
        if window is None or window.ends_at <= now:
            window = self.open[endpoint, account_id] = Window(limit, now + WINDOW_S)
        window.used += 1
        return window


WINDOWS: WeakKeyDictionary[World, Windows] = WeakKeyDictionary()


def limited(limit: int, endpoint: Endpoint) -> Handler:
    """The endpoint with X's limit per user around it, and the limit's headers on every answer."""

    async def answer(world: World, request: web.Request) -> web.StreamResponse:
        account = account_of(world, request)
        windows = WINDOWS.setdefault(world, Windows())
        window = windows.count(endpoint.__qualname__, account.id if account else "", limit, world.now())
        response = errors.too_many() if window.used > limit else await settled(endpoint, world, request)
        response.headers.update(window.headers())
        return response

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
