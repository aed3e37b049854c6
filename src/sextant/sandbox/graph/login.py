"""Facebook Login, for both platforms: consent, code, long and Page tokens, permissions (facebook.md §1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sextant.sandbox.consent import Ask, consent, refused
from sextant.sandbox.graph import errors
from sextant.sandbox.graph.call import PLATFORMS, Call, Caller, call_of, check_alive, in_force
from sextant.sandbox.graph.errors import GraphError, invalid
from sextant.sandbox.graph.scene import Scene
from sextant.sandbox.network import json
from sextant.sandbox.world import Account, Code, Token, World

CODE_LIFE_S = 600
SHORT_LIFE_S = 5400
LONG_LIFE_S = 5183944
SCOPES = frozenset(
    [
        "public_profile", "email", "business_management", "ads_read", "ads_management", "publish_video",
        "pages_show_list", "pages_manage_posts", "pages_read_engagement", "pages_manage_engagement",
        "pages_read_user_content", "pages_manage_metadata", "read_insights", "instagram_basic",
        "instagram_content_publish", "instagram_manage_insights", "instagram_manage_comments",
        "instagram_manage_contents", "instagram_manage_engagement", "instagram_manage_messages",
    ]
)  # fmt: skip


def platform_of(world: World, client_id: str) -> str | None:
    return next((name for name in PLATFORMS if world.app(name).client_id == client_id), None)


async def authorize(world: World, request: web.Request) -> web.StreamResponse:
    """GET and POST /{V}/dialog/oauth."""
    platform = platform_of(world, request.query.get("client_id", ""))
    scopes = listed(request.query.get("scope", "public_profile"))
    complaint = wrong_ask(platform, scopes, request.query)
    if platform is None or complaint:
        return refused(complaint)
    ask = Ask(
        platform,
        request.query["client_id"],
        request.query["redirect_uri"],
        scopes,
        request.query.get("state"),
        CODE_LIFE_S,
    )
    return with_reason(await consent(world, request, ask))


def wrong_ask(platform: str | None, scopes: list[str], query: Mapping[str, str]) -> str:
    """Why the consent page is not shown; empty when it is."""
    if platform is None:
        return "Invalid App ID: The provided app ID does not look like a valid app ID."
    if not query.get("redirect_uri"):
        return "The parameter redirect_uri is required."
    if query.get("response_type", "code") != "code":
        return "The parameter response_type must be code."
    unknown = sorted(set(scopes) - SCOPES)
    return f"Invalid Scopes: {', '.join(unknown)}. This message is only shown to developers." * bool(unknown)


def listed(scope: str) -> list[str]:
    return scope.replace(",", " ").split()


def with_reason(response: web.Response) -> web.Response:
    """A refusal carries `error_reason` too."""
    location = response.headers.get("Location", "")
    if "error=access_denied" in location:
        both = "error=access_denied&error_reason=user_denied"
        response.headers["Location"] = location.replace("error=access_denied", both)
    return response


async def token(world: World, request: web.Request) -> web.Response:
    """GET /{V}/oauth/access_token: a code, or a short user token, for a token."""
    try:
        call = await call_of(world, request)
        platform = authenticated(world, call.params)
        match call.params.get("grant_type", "authorization_code"):
            case "authorization_code":
                issued = exchange(call, platform)
            case "fb_exchange_token":
                issued = lengthen(call, platform)
            case other:
                raise invalid(f"Invalid grant_type: {other}")
    except GraphError as error:
        return errors.answer(error)
    return json(token_body(world, issued))


def authenticated(world: World, params: Mapping[str, str]) -> str:
    """The platform whose app this is; raises when id or secret are wrong."""
    platform = platform_of(world, params.get("client_id", ""))
    if platform is None:
        text = "Error validating application. Cannot get application info due to a system error."
        raise GraphError(101, text)
    if params.get("client_secret") != world.app(platform).client_secret:
        raise GraphError(1, "Error validating client secret.")
    return platform


def exchange(call: Call, platform: str) -> Token:
    code = taken(call.world, call.params, platform)
    return call.world.issue(platform, code.account_id, "short", code.scopes, SHORT_LIFE_S, prefix="EAA")


def taken(world: World, params: Mapping[str, str], platform: str) -> Code:
    """The code, used up; raises when it is not good for this app and address."""
    code = world.take_code(params.get("code", ""))
    if code is None or code.platform != platform:
        raise invalid("This authorization code has been used.", 36009)
    if params.get("redirect_uri") != code.redirect_uri:
        text = (
            "Error validating verification code. Please make sure your redirect_uri is identical to the one "
            "you used in the OAuth dialog request"
        )
        raise invalid(text, 36008)
    return code


def lengthen(call: Call, platform: str) -> Token:
    """A live user token, short or long, for a long one of the same consent."""
    old = call.world.state.tokens.get(call.params.get("fb_exchange_token", ""))
    if old is None or old.platform != platform or old.kind not in ("short", "long"):
        raise errors.unknown_token()
    check_alive(call.world, old)
    return call.world.issue(
        platform, old.account_id, "long", old.scopes, LONG_LIFE_S, prefix="EAA", family=old.family
    )


def token_body(world: World, issued: Token) -> dict[str, Any]:
    life = round((issued.expires_at or world.now()) - world.now())
    return {"access_token": issued.value, "token_type": "bearer", "expires_in": life}


def page_token(world: World, caller: Caller) -> str:
    """The Page's token: endless when taken with a long token, else ending with the short one (§1.2)."""
    if caller.is_page:
        return caller.token.value
    ends = None if caller.token.kind == "long" else caller.token.expires_at
    known = (token for token in world.state.tokens.values() if token.family == caller.token.family)
    for token in known:
        if token.kind == "page" and token.expires_at == ends and not token.dead:
            return token.value
    life = None if ends is None else ends - world.now()
    mine = caller.token
    fresh = world.issue(
        caller.platform, mine.account_id, "page", mine.scopes, life, prefix="EAA", family=mine.family
    )
    fresh.expires_at = ends
    return fresh.value


# ---- what was granted ----------------------------------------------------------------------------


async def permissions(scene: Scene) -> dict[str, Any]:
    """GET /me/permissions."""
    caller = scene.caller
    granted = {"public_profile", *caller.scopes}
    asked = sorted({"public_profile", *caller.token.scopes})
    rows = [{"permission": s, "status": "granted" if s in granted else "declined"} for s in asked]
    return {"data": rows}


async def remove(scene: Scene) -> dict[str, Any]:
    """DELETE /me/permissions takes the whole consent back."""
    scene.world.kill_family(scene.caller.token.family)
    return {"success": True}


async def debug_token(world: World, request: web.Request) -> web.Response:
    """GET /{V}/debug_token, asked with `{app-id}|{app-secret}`."""
    try:
        call = await call_of(world, request)
        client_id, _, secret = call.params.get("access_token", "").partition("|")
        platform = authenticated(world, {"client_id": client_id, "client_secret": secret})
    except GraphError as error:
        return errors.answer(error)
    token = world.state.tokens.get(call.params.get("input_token", ""))
    if token is None or token.platform != platform:
        text = "Invalid OAuth access token - Cannot parse access token"
        return json({"data": {"error": {"code": 190, "message": text}, "is_valid": False, "scopes": []}})
    return json({"data": described(world, token)})


def described(world: World, token: Token) -> dict[str, Any]:
    account = world.account(token.platform, token.account_id)
    return {
        "app_id": world.app(token.platform).client_id,
        "type": "PAGE" if token.kind == "page" else "USER",
        "application": "Sextant",
        "expires_at": int(token.expires_at or 0),
        "data_access_expires_at": int(token.issued_at) + 90 * 86400,
        "is_valid": world.token(token.value) is not None,
        "issued_at": int(token.issued_at),
        "scopes": scopes_of(account, token),
        "granular_scopes": [],
        "user_id": token.account_id,
    }


def scopes_of(account: Account | None, token: Token) -> list[str]:
    return sorted(in_force(account, token)) if account else []


async def owner(world: World, request: web.Request) -> str:
    """Whose app asks at the dialog and token endpoints."""
    client_id = request.query.get("client_id")
    if client_id is None and "dialog" not in request.path:
        params = (await call_of(world, request)).params
        client_id = params.get("client_id") or params.get("access_token", "").partition("|")[0]
    return platform_of(world, client_id or "") or "facebook"
