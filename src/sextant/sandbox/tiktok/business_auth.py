"""Tokens of the Business Accounts API (section 1.5): JSON in and out, codes instead of HTTP statuses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sextant.sandbox.network import Handler
from sextant.sandbox.tiktok import errors, quotas
from sextant.sandbox.tiktok.auth import known_app, remaining, taken_code
from sextant.sandbox.tiktok.errors import BusinessRefused
from sextant.sandbox.tiktok.gate import effective, json_object
from sextant.sandbox.world import Token, World

ACCESS_LIFE_S = 86400
REFRESH_LIFE_S = 365 * 86400

Body = dict[str, Any]


def app_call(respond: Callable[[World, Body], Awaitable[web.Response]]) -> Handler:
    """A call signed by the app's own id and secret in the body."""

    async def handle(world: World, request: web.Request) -> web.StreamResponse:
        try:
            quotas.count_business(world)
            body = await json_object(request, errors.wrong("The body is not a JSON object."))
            return await respond(world, body)
        except BusinessRefused as refused:
            return errors.business_refusal(refused)

    return handle


def check_app(world: World, body: Body, grant_type: str | None = None) -> None:
    if not known_app(world, body.get("client_id"), body.get("client_secret")):
        raise BusinessRefused(40101, "The app id or secret is incorrect.")
    if grant_type is not None and body.get("grant_type") != grant_type:
        raise BusinessRefused(40108, f"The grant type must be {grant_type}.")


async def token(world: World, body: Body) -> web.Response:
    check_app(world, body, "authorization_code")
    known = str(body.get("auth_code")) in world.codes
    code = taken_code(world, body.get("auth_code"))
    if code is None and known:
        raise BusinessRefused(40115, "The authorization code is expired.")
    if code is None:
        raise BusinessRefused(40110, "The authorization code has been used.")
    if code.redirect_uri != body.get("redirect_uri"):
        raise errors.wrong("redirect_uri: does not match the one that was authorized.")
    fresh = world.issue(
        "tiktok", code.account_id, "business_refresh", code.scopes, REFRESH_LIFE_S, prefix="rft."
    )
    return granted(world, fresh)


async def refresh(world: World, body: Body) -> web.Response:
    """The refresh token stays, and its year counts from the first grant (seen 2024-03-04)."""
    check_app(world, body, "refresh_token")
    known = world.state.tokens.get(str(body.get("refresh_token")))
    if known is None or known.kind != "business_refresh" or known.dead:
        raise BusinessRefused(40107, "The refresh token is invalid.")
    if world.token(known.value) is None:
        raise BusinessRefused(40103, "The refresh token is expired.")
    return granted(world, known)


def granted(world: World, refresh: Token) -> web.Response:
    scopes, account_id = refresh.scopes, refresh.account_id
    life_s = min(ACCESS_LIFE_S, remaining(world, refresh))
    access = world.issue(
        "tiktok", account_id, "business", scopes, life_s, prefix="act.", family=refresh.family
    )
    return errors.business_answer(
        {
            "access_token": access.value,
            "expires_in": remaining(world, access),
            "open_id": account_id,
            "refresh_token": refresh.value,
            "refresh_token_expires_in": remaining(world, refresh),
            "scope": ",".join(scopes),
            "token_type": "Bearer",
        }
    )


async def revoke(world: World, body: Body) -> web.Response:
    check_app(world, body)
    world.kill_family(business_token(world, body).family)
    return errors.business_answer({})


async def token_info(world: World, body: Body) -> web.Response:
    if body.get("app_id") != world.app("tiktok").client_id:
        raise BusinessRefused(40101, "The app id is incorrect.")
    access = business_token(world, body)
    account = world.account("tiktok", access.account_id)
    scopes = sorted(effective(account, access.scopes)) if account else []
    info = {"app_id": body["app_id"], "creator_id": access.account_id, "scope": ",".join(scopes)}
    return errors.business_answer(info)


def business_token(world: World, body: Body) -> Token:
    access = world.token(str(body.get("access_token")), "business")
    if access is None:
        raise BusinessRefused(40105, "Access token is incorrect or has been revoked.")
    return access
