"""Instagram Login: consent on Instagram itself, short and long tokens (instagram.md §1.1)."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from sextant.sandbox.consent import Ask, consent, refused
from sextant.sandbox.graph import errors
from sextant.sandbox.graph.call import call_of, caller_of
from sextant.sandbox.graph.errors import GraphError, invalid
from sextant.sandbox.graph.login import LONG_LIFE_S, listed, token_body, with_reason
from sextant.sandbox.instagram.scopes import INSTAGRAM_LOGIN
from sextant.sandbox.network import json
from sextant.sandbox.world import Token, World

CODE_LIFE_S = 3600
SHORT_LIFE_S = 3600
REFRESHABLE_AFTER_S = 24 * 3600
SCOPES = frozenset(INSTAGRAM_LOGIN.values())


async def authorize(world: World, request: web.Request) -> web.StreamResponse:
    """GET and POST /oauth/authorize."""
    scopes = listed(request.query.get("scope", ""))
    complaint = wrong_ask(world, scopes, request.query)
    if complaint:
        return refused(complaint)
    ask = Ask(
        "instagram",
        request.query["client_id"],
        request.query["redirect_uri"],
        scopes,
        request.query.get("state"),
        CODE_LIFE_S,
        tail="#_",
    )
    return with_reason(await consent(world, request, ask))


def wrong_ask(world: World, scopes: list[str], query: Mapping[str, str]) -> str:
    """Why the consent page is not shown; empty when it is."""
    if query.get("client_id") != world.app("instagram").client_id:
        return "Invalid request: Request parameters are invalid: Invalid platform app"
    if not query.get("redirect_uri") or query.get("response_type") != "code":
        return "Invalid request: redirect_uri and response_type=code are required"
    if "instagram_business_basic" not in scopes or not SCOPES.issuperset(scopes):
        return "Invalid scope: " + " ".join(scopes)
    return ""


async def exchange(world: World, request: web.Request) -> web.StreamResponse:
    """POST api.instagram.com/oauth/access_token. Answers the flat shape that working clients read."""
    params = (await call_of(world, request)).params
    app = world.app("instagram")
    if params.get("client_id") != app.client_id:
        return refusal("Invalid platform app")
    if params.get("client_secret") != app.client_secret:
        return refusal("Error validating client secret.")
    if params.get("grant_type") != "authorization_code":
        return refusal("Invalid grant_type")
    code = world.take_code(params.get("code", ""))
    if code is None or code.platform != "instagram":
        return refusal("This authorization code has been used")
    if params.get("redirect_uri") != code.redirect_uri:
        return refusal("Error validating verification code. Please make sure your redirect_uri is identical.")
    token = world.issue("instagram", code.account_id, "ig_short", code.scopes, SHORT_LIFE_S, prefix="IG")
    return json({"access_token": token.value, "user_id": user_id(world, token), "permissions": code.scopes})


def user_id(world: World, token: Token) -> int:
    """The network sends it as a bare number beyond 2^53."""
    account = world.account("instagram", token.account_id)
    return int(account.facts["instagram"]["id"]) if account else 0


def refusal(message: str, status: int = 400) -> web.Response:
    """The envelope of this host (§5.1, unconfirmed)."""
    return json({"error_type": "OAuthException", "code": status, "error_message": message}, status)


def failure(status: int) -> web.Response:
    return refusal("Please retry your request later." if status >= 500 else "Invalid request", status)


async def lengthen(world: World, request: web.Request) -> web.StreamResponse:
    """GET graph.instagram.com/access_token: a long token for a short one."""
    try:
        call = await call_of(world, request)
        if call.params.get("grant_type") != "ig_exchange_token":
            raise invalid("(#100) grant_type must be ig_exchange_token")
        if call.params.get("client_secret") != world.app("instagram").client_secret:
            raise GraphError(1, "Error validating client secret.")
        short = caller_of(call).token
        if short.kind != "ig_short":
            raise GraphError(
                452, "Session key invalid. This could be because the session key has an incorrect format."
            )
    except GraphError as error:
        return errors.answer(error)
    long = world.issue(
        "instagram", short.account_id, "ig_long", short.scopes, LONG_LIFE_S, prefix="IG", family=short.family
    )
    return json(token_body(world, long))


async def refresh(world: World, request: web.Request) -> web.StreamResponse:
    """GET graph.instagram.com/refresh_access_token: the same token string lives another 60 days."""
    try:
        call = await call_of(world, request)
        if call.params.get("grant_type") != "ig_refresh_token":
            raise invalid("(#100) grant_type must be ig_refresh_token")
        caller = caller_of(call)
        check_refreshable(world, caller.token)
        if "instagram_business_basic" not in caller.scopes:
            raise errors.not_permitted()
    except GraphError as error:
        return errors.answer(error)
    token = caller.token
    token.issued_at, token.expires_at = world.now(), world.now() + LONG_LIFE_S
    world.save()
    return json({**token_body(world, token), "permissions": ",".join(sorted(caller.scopes))})


def check_refreshable(world: World, token: Token) -> None:
    """Long, and at least a day old; how the network words the refusal is not documented."""
    if token.kind != "ig_long" or world.now() - token.issued_at < REFRESHABLE_AFTER_S:
        raise GraphError(452, "Session key invalid. The token is not a long-lived one of at least 24 hours.")
