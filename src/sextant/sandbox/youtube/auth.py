"""Google's OAuth 2.0: consent page, code exchange, refresh without rotation, revocation (youtube.md §1)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from aiohttp import web

from sextant.sandbox.consent import Ask, consent, refused
from sextant.sandbox.network import json
from sextant.sandbox.world import Code, Token, World
from sextant.sandbox.youtube.access import PLATFORM, PREFIX, short
from sextant.sandbox.youtube.errors import flat

CODE_LIFE_S = 600
ACCESS_LIFE_S = 3599
UNUSED_LIFE_S = 183 * 86400
SCOPES = frozenset(
    {
        "youtube",
        "youtube.force-ssl",
        "youtube.readonly",
        "youtube.upload",
        "youtubepartner",
        "yt-analytics.readonly",
        "yt-analytics-monetary.readonly",
        "userinfo.email",
        "userinfo.profile",
    }
)
IDENTITY = frozenset({"openid", "email", "profile"})


async def authorize(world: World, request: web.Request) -> web.StreamResponse:
    query = request.query
    complaint = wrong_ask(world, query)
    if complaint:
        return refused(complaint)
    ask = Ask(
        platform=PLATFORM,
        client_id=query["client_id"],
        redirect_uri=query["redirect_uri"],
        scopes=query["scope"].split(),
        state=query.get("state"),
        code_life_s=CODE_LIFE_S,
        challenge=query.get("code_challenge"),
        challenge_method=query.get("code_challenge_method", "plain"),
        beside=lambda scopes: {"scope": " ".join(scopes)},
        facts={name: query.get(name, "") for name in ("access_type", "prompt")},
    )
    return await consent(world, request, ask)


def wrong_ask(world: World, query: Mapping[str, str]) -> str | None:
    """Why the consent page is not shown, or None."""
    for name in ("response_type", "client_id", "redirect_uri", "scope"):
        if not query.get(name):
            return f"Error 400: invalid_request. Missing required parameter: {name}"
    if query["response_type"] != "code":
        return "Error 400: unsupported_response_type"
    if query["client_id"] != world.app(PLATFORM).client_id:
        return "Error 401: invalid_client. The OAuth client was not found."
    for scope in query["scope"].split():
        full = scope.startswith(PREFIX) and short(scope) in SCOPES
        if not full and scope not in IDENTITY:
            return f"Error 400: invalid_scope. {scope} is no scope."
    if query.get("code_challenge_method", "plain") not in ("S256", "plain"):
        return "Error 400: invalid_request. Invalid code_challenge_method"
    return None


async def token(world: World, request: web.Request) -> web.Response:
    form = {name: str(value) for name, value in (await request.post()).items()}
    app = world.app(PLATFORM)
    if form.get("client_id") != app.client_id:
        raise flat(401, "invalid_client", "The OAuth client was not found.")
    if form.get("client_secret") != app.client_secret:
        raise flat(401, "invalid_client", "The provided client secret is invalid.")
    match form.get("grant_type"):
        case "authorization_code":
            return exchange(world, form)
        case "refresh_token":
            return refresh(world, form)
        case None:
            raise flat(400, "invalid_request", "Missing required parameter: grant_type")
    raise flat(400, "unsupported_grant_type", f"Invalid grant_type: {form['grant_type']}")


def exchange(world: World, form: Mapping[str, str]) -> web.Response:
    require(form, "code", "redirect_uri")
    code = world.take_code(form["code"])
    if code is None or code.platform != PLATFORM:
        raise flat(400, "invalid_grant", "Malformed auth code.")
    if form["redirect_uri"] != code.redirect_uri:
        raise flat(400, "redirect_uri_mismatch", "Bad Request")
    check_proof(code, form.get("code_verifier", ""))
    durable = code.facts["access_type"] == "offline" and (
        "consent" in code.facts["prompt"].split() or not granted_before(world, code.account_id)
    )
    access = world.issue(PLATFORM, code.account_id, "access", code.scopes, ACCESS_LIFE_S, prefix="ya29.")
    answer = described(access)
    if durable:
        lasting = world.issue(
            PLATFORM,
            code.account_id,
            "refresh",
            code.scopes,
            UNUSED_LIFE_S,
            prefix="1//",
            family=access.family,
        )
        answer["refresh_token"] = lasting.value
    return json(answer)


def check_proof(code: Code, verifier: str) -> None:
    """PKCE, where the authorize request had a challenge."""
    if code.challenge is None:
        return
    if not verifier:
        raise flat(400, "invalid_grant", "Missing code verifier.")
    digest = hashlib.sha256(verifier.encode()).digest()
    hashed = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if code.challenge != (verifier if code.challenge_method == "plain" else hashed):
        raise flat(400, "invalid_grant", "Invalid code verifier.")


def granted_before(world: World, account_id: str) -> bool:
    """Google gives a refresh token at the first consent only, unless prompted for again."""
    return any(
        token.platform == PLATFORM and token.account_id == account_id and world.token(token.value, "refresh")
        for token in world.state.tokens.values()
    )


def refresh(world: World, form: Mapping[str, str]) -> web.Response:
    require(form, "refresh_token")
    lasting = mine(world, form["refresh_token"], "refresh")
    if lasting is None:
        raise flat(400, "invalid_grant", "Token has been expired or revoked.")
    lasting.expires_at = world.now() + UNUSED_LIFE_S
    access = world.issue(
        PLATFORM,
        lasting.account_id,
        "access",
        lasting.scopes,
        ACCESS_LIFE_S,
        prefix="ya29.",
        family=lasting.family,
    )
    return json(described(access))


def described(access: Token) -> dict[str, str | int]:
    """The order of the scopes is not that of the request."""
    return {
        "access_token": access.value,
        "expires_in": ACCESS_LIFE_S,
        "scope": " ".join(sorted(access.scopes)),
        "token_type": "Bearer",
    }


async def revoke(world: World, request: web.Request) -> web.Response:
    value = str((await request.post()).get("token", request.query.get("token", "")))
    known = mine(world, value, "access", "refresh")
    if known is None:
        raise flat(400, "invalid_token", "Token expired or revoked")
    world.kill_family(known.family)
    return web.Response()


def mine(world: World, value: str, *kinds: str) -> Token | None:
    known = world.token(value, *kinds)
    return known if known is not None and known.platform == PLATFORM else None


def require(form: Mapping[str, str], *names: str) -> None:
    for name in names:
        if not form.get(name):
            raise flat(400, "invalid_request", f"Missing required parameter: {name}")
