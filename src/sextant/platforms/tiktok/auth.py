"""TikTok: two unrelated APIs, each with its own login, header and envelope (tiktok.md, «Read first»).

`business` is the API for Business (Accounts API), `display` the Open API v2. The app's login says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from sextant.errors import Reconnect, TryLater
from sextant.platforms import oauth
from sextant.platforms.base import Account, Answer, App, Grant, OAuthSpec, Request, Send

WEB = "https://www.tiktok.com"
OPEN_API = "https://open.tiktokapis.com/v2"
BUSINESS_API = "https://business-api.tiktok.com/open_api"

BUSINESS = OAuthSpec(
    authorize_url=f"{WEB}/v2/auth/authorize/",
    token_url=f"{BUSINESS_API}/v1.3/tt_user/oauth2/token/",
    revoke_url=f"{BUSINESS_API}/v1.3/tt_user/oauth2/revoke/",
    scopes=(
        "user.info.basic",
        "user.info.username",
        "user.info.profile",
        "video.list",
        "video.insights",
        "video.publish",
    ),
    scope_separator=",",
    client_id_name="client_key",
    token_json=True,
)
REFRESH_URL = f"{BUSINESS_API}/v1.3/tt_user/oauth2/refresh_token/"

# A web app sends no PKCE parameters: TikTok was seen to refuse them (tiktok.md §1.1).
DISPLAY = OAuthSpec(
    authorize_url=f"{WEB}/v2/auth/authorize/",
    token_url=f"{OPEN_API}/oauth/token/",
    revoke_url=f"{OPEN_API}/oauth/revoke/",
    scopes=("user.info.basic", "user.info.profile", "video.list", "video.publish"),
    scope_separator=",",
    client_id_name="client_key",
)


def is_business(app: App) -> bool:
    return app.login == "business"


def business_url(app: App, path: str) -> str:
    """Every path of both APIs ends with a slash."""
    return f"{BUSINESS_API}/{app.api_version}/{path}/"


def data_of(answer: Answer) -> dict[str, Any]:
    """The object under `data`; TryLater when the answer has none."""
    data = answer.json.get("data") if isinstance(answer.json, dict) else None
    if not isinstance(data, dict):
        raise TryLater("The answer holds no data.")
    return data


def sign(request: Request, token: str, app: App) -> Request:
    credentials = {"Access-Token": token} if is_business(app) else {"Authorization": f"Bearer {token}"}
    return replace(request, headers={**request.headers, **credentials})


# ---- tokens --------------------------------------------------------------------------------------


async def exchange(
    send: Send, app: App, code: str, redirect_uri: str, verifier: str | None, now: datetime
) -> Grant:
    """What was granted may be less than was asked: see `Grant.scopes`."""
    if not is_business(app):
        return await oauth.exchange(DISPLAY, send, app, code, redirect_uri, verifier, now)
    fields = {"grant_type": "authorization_code", "auth_code": code, "redirect_uri": redirect_uri}
    return business_grant(await send(business_token(app, BUSINESS.token_url, fields)), now)


async def refresh(send: Send, app: App, grant: Grant, now: datetime) -> Grant:
    """A new refresh token comes with every refresh, and the old one stops working (tiktok.md §1.1)."""
    if not is_business(app):
        return await oauth.refresh(DISPLAY, send, app, grant, now)
    fields = {"grant_type": "refresh_token", "refresh_token": grant.refresh_token or ""}
    fresh = business_grant(await send(business_token(app, REFRESH_URL, fields)), now)
    return replace(
        fresh,
        refresh_token=fresh.refresh_token or grant.refresh_token,
        refresh_expires_at=fresh.refresh_expires_at or grant.refresh_expires_at,
        scopes=fresh.scopes or grant.scopes,
        subject=fresh.subject or grant.subject,
    )


async def revoke(send: Send, app: App, grant: Grant) -> None:
    """Both APIs take the access token. A grant that is dead already counts as revoked."""
    if is_business(app):
        fields = {"access_token": grant.access_token}
        request = business_token(app, str(BUSINESS.revoke_url), fields)
    else:
        request = oauth.token_request(DISPLAY, app, {"token": grant.access_token}, url=DISPLAY.revoke_url)
    with suppress(Reconnect):
        await send(request)


def business_token(app: App, url: str, fields: Mapping[str, str]) -> Request:
    """Called `client_key` on the consent page, the app's id is `client_id` here (tiktok.md §1.5)."""
    return Request(
        "POST", url, json={**fields, "client_id": app.client_id, "client_secret": app.client_secret}
    )


def business_grant(answer: Answer, now: datetime) -> Grant:
    return oauth.grant_from(answer, now, data_of(answer))


# ---- the account ---------------------------------------------------------------------------------


async def identify(send: Send, app: App, grant: Grant) -> list[Account]:
    """The one account of a token; `id` is its open_id, which the Business API calls business_id."""
    fields = user_fields(grant.scopes, business=is_business(app))
    if is_business(app):
        params = {"business_id": grant.subject or "", "fields": compact(fields)}
        request = Request("GET", business_url(app, "business/get"), params=params)
    else:
        request = Request("GET", f"{OPEN_API}/user/info/", params={"fields": ",".join(fields)})
    data = data_of(await send(sign(request, grant.access_token, app)))
    user = data if is_business(app) else data.get("user") or {}
    open_id = user.get("open_id") or grant.subject
    if not open_id:
        raise TryLater("The answer names no account.")
    return [account(str(open_id), user, app.login)]


def user_fields(scopes: frozenset[str], *, business: bool) -> list[str]:
    """One field without its scope fails the whole call (tiktok.md §1.3)."""
    if business:
        return [
            "display_name",
            "profile_image",
            *(["username"] if "user.info.username" in scopes else []),
        ]
    fields = ["open_id", "display_name", "avatar_url", "avatar_large_url"]
    return fields + (["username", "profile_web_link"] if "user.info.profile" in scopes else [])


def account(open_id: str, user: Mapping[str, Any], login: str) -> Account:
    username = user.get("username") or None
    return Account(
        id=open_id,
        name=user.get("display_name") or username or open_id,
        kind=login,
        username=username,
        profile_url=user.get("profile_web_link") or (f"{WEB}/@{username}" if username else None),
        avatar_url=user.get("avatar_large_url") or user.get("avatar_url") or user.get("profile_image"),
    )


def compact(value: object) -> str:
    """JSON text for a query parameter."""
    return msgspec.json.encode(value).decode()
