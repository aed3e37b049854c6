"""The page where a user approves the app, and Login Kit's tokens (sections 1.1 and 1.2)."""

from __future__ import annotations

import hmac
import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from sextant.sandbox.consent import Ask, consent, refused
from sextant.sandbox.network import json
from sextant.sandbox.tiktok.errors import oauth_error
from sextant.sandbox.world import Code, Token, World

CODE_LIFE_S = 600
ACCESS_LIFE_S = 2 * 3600
REFRESH_LIFE_S = 180 * 86400

OPEN_SCOPES = {
    "user.info.basic",
    "user.info.profile",
    "user.info.stats",
    "video.list",
    "video.publish",
    "video.upload",
}
BUSINESS_ONLY_SCOPES = {
    "user.info.username",
    "user.insights",
    "user.account.type",
    "video.insights",
    "comment.list",
    "comment.list.manage",
    "biz.creator.info",
}

Form = Mapping[str, Any]


async def authorize(world: World, request: web.Request) -> web.StreamResponse:
    """The same page for both kinds of app; the sandbox's one app is of both kinds."""
    query = request.query
    scopes = [scope for scope in query.get("scope", "").split(",") if scope]
    complaint = complaint_about(world, query, scopes)
    if complaint:
        return refused(complaint)
    ask = Ask(
        "tiktok",
        query["client_key"],
        query["redirect_uri"],
        scopes,
        query["state"],
        CODE_LIFE_S,
        beside=lambda granted: {"scopes": ",".join(granted)},
    )
    return await consent(world, request, ask)


def complaint_about(world: World, query: Form, scopes: list[str]) -> str | None:
    """What is wrong with the app's request; the page is then not shown."""
    if query.get("client_key") != world.app("tiktok").client_id:
        return "client_key"
    if query.get("response_type") != "code":
        return "response_type"
    if not scopes or set(scopes) - OPEN_SCOPES - BUSINESS_ONLY_SCOPES:
        return "scope"
    if "code_challenge" in query:
        # Web apps have no PKCE; challenge parameters were reported as an error (2026-08).
        return "code_challenge"
    if not query.get("state"):
        return "state"
    business = bool(set(scopes) & BUSINESS_ONLY_SCOPES)
    return None if fit_for_redirect(query.get("redirect_uri", ""), business) else "redirect_uri"


def fit_for_redirect(uri: str, business: bool) -> bool:
    """https without query or fragment; a business app's ends with a slash and has no port.

    A loopback address may be http and have a port, so that the sandbox serves a local Sextant.
    """
    parts = urlsplit(uri)
    local = parts.hostname in ("localhost", "127.0.0.1")
    plain = not parts.query and not parts.fragment and len(uri) <= 512 and bool(parts.hostname)
    if not plain or (business and not uri.endswith("/")):
        return False
    return local or (parts.scheme == "https" and not (business and parts.port))


async def token(world: World, request: web.Request) -> web.StreamResponse:
    form = await request.post()
    if not known_app(world, form.get("client_key"), form.get("client_secret")):
        return oauth_error(401, "invalid_client", "Client key or secret is incorrect.")
    match form.get("grant_type"):
        case "authorization_code":
            return exchange(world, form)
        case "refresh_token":
            return refresh(world, form)
    return oauth_error(400, "unsupported_grant_type", "The grant type is not supported.")


def known_app(world: World, client_id: Any, secret: Any) -> bool:
    app = world.app("tiktok")
    same = hmac.compare_digest(str(secret).encode(), app.client_secret.encode())
    return bool(client_id == app.client_id) and same


def exchange(world: World, form: Form) -> web.Response:
    if "code_verifier" in form:
        return oauth_error(400, "invalid_request", "Code verifier or code challenge is invalid.")
    code = taken_code(world, form.get("code"))
    if code is None:
        return oauth_error(400, "invalid_grant", "Authorization code is expired.")
    if code.redirect_uri != form.get("redirect_uri"):
        text = "Redirect_uri is not matched with the uri when requesting code."
        return oauth_error(400, "invalid_grant", text)
    return granted(world, code.account_id, code.scopes)


def taken_code(world: World, value: Any) -> Code | None:
    code = world.take_code(str(value))
    return code if code is not None and code.platform == "tiktok" else None


def refresh(world: World, form: Form) -> web.Response:
    """A new pair; the previous refresh token stops working (2026-11-02)."""
    old = world.token(str(form.get("refresh_token")), "open_refresh")
    if old is None:
        # Seen with HTTP 200 (2026-09-02).
        return oauth_error(200, "invalid_grant", "Refresh token is invalid or expired.")
    old.dead = True
    return granted(world, old.account_id, old.scopes, old.family)


def granted(world: World, account_id: str, scopes: list[str], family: str = "") -> web.Response:
    refresh = world.issue(
        "tiktok", account_id, "open_refresh", scopes, REFRESH_LIFE_S, prefix="rft.", family=family
    )
    access = world.issue(
        "tiktok", account_id, "open", scopes, ACCESS_LIFE_S, prefix="act.", family=refresh.family
    )
    return json(
        {
            "access_token": access.value,
            "expires_in": remaining(world, access),
            "open_id": account_id,
            "refresh_expires_in": remaining(world, refresh),
            "refresh_token": refresh.value,
            "scope": ",".join(scopes),
            "token_type": "Bearer",
        }
    )


def remaining(world: World, token: Token) -> int:
    """Whole seconds left; a token just issued has all of them."""
    return math.ceil((token.expires_at or world.now()) - world.now())


async def revoke(world: World, request: web.Request) -> web.StreamResponse:
    form = await request.post()
    if not known_app(world, form.get("client_key"), form.get("client_secret")):
        return oauth_error(401, "invalid_client", "Client key or secret is incorrect.")
    access = world.token(str(form.get("token")), "open")
    if access is None:
        return oauth_error(400, "invalid_request", "The access token is invalid.")
    world.kill_family(access.family)
    return web.Response()
