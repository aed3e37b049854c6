"""OAuth 2.0 of X: consent page, code exchange, refresh with rotation, revocation (x.md §1)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from urllib.parse import unquote

from aiohttp import web

from sextant.sandbox.consent import Ask, consent, refused
from sextant.sandbox.network import json
from sextant.sandbox.world import Code, Token, World
from sextant.sandbox.x.access import PLATFORM
from sextant.sandbox.x.errors import oauth
from sextant.sandbox.x.fields import words

CODE_LIFE_S = 30
ACCESS_LIFE_S = 7200
SCOPES = words(
    "tweet.read tweet.write tweet.moderate.write users.email users.read follows.read follows.write "
    "offline.access space.read mute.read mute.write like.read like.write list.read list.write block.read "
    "block.write bookmark.read bookmark.write media.write dm.read dm.write"
)


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
        state=query["state"],
        code_life_s=CODE_LIFE_S,
        challenge=query["code_challenge"],
        challenge_method=query.get("code_challenge_method", "plain"),
    )
    return await consent(world, request, ask)


def wrong_ask(world: World, query: Mapping[str, str]) -> str | None:
    """Why the consent page is not shown, or None."""
    for name in ("response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge"):
        if not query.get(name):
            return f"Missing required parameter [{name}]."
    if query["response_type"] != "code" or query["client_id"] != world.app(PLATFORM).client_id:
        return "You weren't able to give access to the App. Go back and try logging in again."
    if not SCOPES.issuperset(query["scope"].split()):
        return "The scope parameter holds a value that is not a scope."
    if len(query["state"]) > 500:
        return "The state parameter is longer than 500 characters."
    if query.get("code_challenge_method", "plain") not in ("S256", "plain"):
        return "The code_challenge_method must be S256 or plain."
    return None


async def token(world: World, request: web.Request) -> web.Response:
    form = await form_of(request)
    authenticate(world, request, form)
    match form.get("grant_type"):
        case "authorization_code":
            return exchange(world, form)
        case "refresh_token":
            return refresh(world, form)
    raise oauth(400, "invalid_request", "Value passed for the grant type was invalid.")


def exchange(world: World, form: Mapping[str, str]) -> web.Response:
    require(form, "code", "redirect_uri", "code_verifier")
    code = world.take_code(form["code"])
    # The body of an expired or used code is not documented; this is the refresh token's, with its own noun.
    if code is None or code.platform != PLATFORM:
        raise oauth(400, "invalid_request", "Value passed for the authorization code was invalid.")
    if form["redirect_uri"] != code.redirect_uri:
        raise oauth(400, "invalid_request", "Value passed for the redirect uri did not match.")
    if not proves(code, form["code_verifier"]):
        raise oauth(400, "invalid_request", "Value passed for the code verifier did not match the challenge.")
    return granted(world, code.account_id, code.scopes)


def proves(code: Code, verifier: str) -> bool:
    """PKCE: the verifier belongs to the challenge."""
    if code.challenge_method == "plain":
        return verifier == code.challenge
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == code.challenge


def refresh(world: World, form: Mapping[str, str]) -> web.Response:
    require(form, "refresh_token")
    old = mine(world, form["refresh_token"], "refresh")
    if old is None:
        raise oauth(400, "invalid_request", "Value passed for the token was invalid.")
    old.dead = True
    return granted(world, old.account_id, old.scopes, old.family)


def granted(world: World, account_id: str, scopes: list[str], family: str = "") -> web.Response:
    access = world.issue(PLATFORM, account_id, "access", scopes, ACCESS_LIFE_S, family=family)
    answer = {
        "token_type": "bearer",
        "expires_in": ACCESS_LIFE_S,
        "access_token": access.value,
        "scope": " ".join(scopes),
    }
    if "offline.access" in scopes:
        # The lifetime of a refresh token is not published (x.md §1): here it has no end.
        fresh = world.issue(PLATFORM, account_id, "refresh", scopes, None, family=access.family)
        answer["refresh_token"] = fresh.value
    return json(answer)


async def revoke(world: World, request: web.Request) -> web.Response:
    form = await form_of(request)
    authenticate(world, request, form)
    require(form, "token")
    known = mine(world, form["token"], "access", "refresh")
    if known is not None:
        world.kill_family(known.family)
    # Like RFC 7009: a token that is already dead is no error.
    return json({"revoked": True})


def mine(world: World, value: str, *kinds: str) -> Token | None:
    known = world.token(value, *kinds)
    return known if known is not None and known.platform == PLATFORM else None


async def form_of(request: web.Request) -> dict[str, str]:
    if request.content_type != "application/x-www-form-urlencoded":
        raise oauth(400, "invalid_request", "Content type must be application/x-www-form-urlencoded.")
    return {name: str(value) for name, value in (await request.post()).items()}


def require(form: Mapping[str, str], *names: str) -> None:
    for name in names:
        if not form.get(name):
            raise oauth(400, "invalid_request", f"Missing required parameter [{name}].")


def authenticate(world: World, request: web.Request, form: Mapping[str, str]) -> None:
    """The sandbox's app is a confidential client: id and secret come as Basic, never in the form."""
    scheme, _, pair = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic" or "client_secret" in form:
        raise oauth(401, "unauthorized_client", "Missing valid authorization header")
    app = world.app(PLATFORM)
    if credentials(pair) != (app.client_id, app.client_secret):
        raise oauth(401, "invalid_client", "Invalid client credentials")


def credentials(pair: str) -> tuple[str, str]:
    try:
        name, _, secret = base64.b64decode(pair, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(name), unquote(secret)
