"""OAuth (section 1.1): authorization page, tokens, introspection. No PKCE: the secret is used."""

from __future__ import annotations

import hmac
import math
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sextant.sandbox.consent import Ask, back, consent, refused
from sextant.sandbox.linkedin.errors import answer, oauth_error
from sextant.sandbox.linkedin.gate import effective
from sextant.sandbox.world import Account, Code, Token, World

CODE_LIFE_S = 30 * 60
ACCESS_LIFE_S = 60 * 86400
REFRESH_LIFE_S = 365 * 86400

# Section 1.4. r_member_social is closed to new apps, so asking for it is refused.
SCOPES = {
    "openid",
    "profile",
    "email",
    "r_basicprofile",
    "w_member_social",
    "r_member_postAnalytics",
    "r_member_profileAnalytics",
    "w_organization_social",
    "r_organization_social",
    "r_organization_admin",
    "rw_organization_admin",
    "r_organization_social_feed",
    "w_organization_social_feed",
    "r_member_social_feed",
    "w_member_social_feed",
}

Form = Mapping[str, Any]


async def authorize(world: World, request: web.Request) -> web.StreamResponse:
    query = request.query
    if query.get("client_id") != world.app("linkedin").client_id:
        return refused("The passed in client_id is invalid.")
    redirect_uri = query.get("redirect_uri", "")
    if "://" not in redirect_uri:
        return refused("The redirect_uri does not match the registered value.")
    scopes = query.get("scope", "").replace(",", " ").split()
    ask = Ask("linkedin", query["client_id"], redirect_uri, scopes, query.get("state"), CODE_LIFE_S)
    if query.get("response_type") != "code":
        return back(ask, {"error": "invalid_request", "error_description": "response_type must be code"})
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        text = f'Scope "{" ".join(unknown)}" is not authorized for your application'
        return back(ask, {"error": "unauthorized_scope_error", "error_description": text})
    return await consent(world, request, ask)


async def access_token(world: World, request: web.Request) -> web.StreamResponse:
    form = await request.post()
    match form.get("grant_type"):
        case "authorization_code" if known_app(world, form):
            return exchange(world, form)
        case "refresh_token" if known_app(world, form):
            return refresh(world, form)
        case "authorization_code" | "refresh_token":
            return oauth_error(401, "invalid_client", "Client authentication failed")
    return oauth_error(400, "invalid_request", "A required parameter 'grant_type' is missing or invalid")


def known_app(world: World, form: Form) -> bool:
    app = world.app("linkedin")
    secret = str(form.get("client_secret", "")).encode()
    return form.get("client_id") == app.client_id and hmac.compare_digest(secret, app.client_secret.encode())


def exchange(world: World, form: Form) -> web.Response:
    code = world.take_code(str(form.get("code", "")))
    account = world.account("linkedin", code.account_id) if code else None
    if code is None or account is None or not fits(code, form):
        text = (
            "Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization "
            "code. Or authorization code expired. Or external member binding exists"
        )
        return oauth_error(400, "invalid_request", text)
    end_other_consents(world, code)
    if account.tier == "self_serve":
        return answer(granted(world, issue(world, account, code.scopes, ACCESS_LIFE_S)))
    refresh = world.issue("linkedin", account.id, "refresh", code.scopes, REFRESH_LIFE_S, prefix="AQW")
    return answer(granted(world, issue(world, account, code.scopes, ACCESS_LIFE_S, refresh.family), refresh))


def fits(code: Code, form: Form) -> bool:
    own = code.platform == "linkedin" and code.client_id == form.get("client_id")
    return own and code.redirect_uri == form.get("redirect_uri")


def end_other_consents(world: World, code: Code) -> None:
    """Asking for another set of scopes makes earlier tokens invalid (section 1.1)."""
    for token in list(world.state.tokens.values()):
        own = token.platform == "linkedin" and token.account_id == code.account_id
        if own and not token.dead and set(token.scopes) != set(code.scopes):
            world.kill_family(token.family)


def issue(world: World, account: Account, scopes: list[str], life_s: float, family: str = "") -> Token:
    return world.issue("linkedin", account.id, "access", scopes, life_s, prefix="AQX", family=family)


def refresh(world: World, form: Form) -> web.Response:
    """A new access token; the refresh token is repeated and lives no longer for it."""
    token = world.token(str(form.get("refresh_token", "")), "refresh")
    account = world.account("linkedin", token.account_id) if token else None
    if token is None or account is None or account.tier == "self_serve":
        text = "The provided authorization grant or refresh token is invalid, expired or revoked."
        return oauth_error(400, "invalid_grant", text)
    life_s = min(ACCESS_LIFE_S, remaining(world, token))
    return answer(granted(world, issue(world, account, token.scopes, life_s, token.family), token))


def granted(world: World, access: Token, refresh: Token | None = None) -> dict[str, Any]:
    body = {
        "access_token": access.value,
        "expires_in": remaining(world, access),
        "scope": ",".join(access.scopes),
    }
    if refresh is None:
        return body
    return {**body, "refresh_token": refresh.value, "refresh_token_expires_in": remaining(world, refresh)}


def remaining(world: World, token: Token) -> int:
    """Whole seconds left; a token just issued has all of them."""
    return math.ceil((token.expires_at or world.now()) - world.now())


async def introspect(world: World, request: web.Request) -> web.StreamResponse:
    form = await request.post()
    if not known_app(world, form):
        return oauth_error(401, "invalid_client", "Client authentication failed")
    token = world.state.tokens.get(str(form.get("token", "")))
    if token is None or token.platform != "linkedin":
        return answer({"active": False})
    return answer(introspected(world, token))


def introspected(world: World, token: Token) -> dict[str, Any]:
    alive = world.token(token.value) is not None
    account = world.account("linkedin", token.account_id)
    scopes = sorted(effective(account, set(token.scopes))) if account else []
    return {
        "active": alive,
        "status": "active" if alive else "revoked" if token.dead else "expired",
        "client_id": world.app("linkedin").client_id,
        "authorized_at": int(token.issued_at),
        "created_at": int(token.issued_at),
        "expires_at": int(token.expires_at or 0),
        "scope": ",".join(scopes),
        "auth_type": "3L",
    }
