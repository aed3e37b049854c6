"""X: OAuth 2.0 with PKCE, the account behind a token, and the envelope of every answer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from sextant.errors import Reconnect, TryLater
from sextant.platforms import oauth
from sextant.platforms.base import Account, Answer, App, Grant, OAuthSpec, Request, Send

API = "https://api.x.com"
WEB = "https://x.com"

SPEC = OAuthSpec(
    authorize_url=f"{WEB}/i/oauth2/authorize",
    token_url=f"{API}/2/oauth2/token",
    revoke_url=f"{API}/2/oauth2/revoke",
    scopes=("tweet.read", "tweet.write", "users.read", "media.write", "offline.access"),
    pkce=True,
    basic=True,
)


def url(app: App, path: str) -> str:
    """The address of an API path; the version is its first part."""
    return f"{API}/{app.api_version}{path}"


def data_of(answer: Answer) -> dict[str, Any]:
    """The object under `data`; TryLater when the answer has none."""
    data = answer.json.get("data") if isinstance(answer.json, dict) else None
    if not isinstance(data, dict):
        raise TryLater("The answer holds no data.")
    return data


def sign(request: Request, token: str, app: App) -> Request:
    return replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})


async def exchange(
    send: Send, app: App, code: str, redirect_uri: str, verifier: str | None, now: datetime
) -> Grant:
    """The code dies 30 seconds after approval (x.md §1)."""
    return await oauth.exchange(SPEC, send, app, code, redirect_uri, verifier, now)


async def refresh(send: Send, app: App, grant: Grant, now: datetime) -> Grant:
    """The refresh token rotates: the old one is refused from now on (x.md §1)."""
    return await oauth.refresh(SPEC, send, app, grant, now)


async def revoke(send: Send, app: App, grant: Grant) -> None:
    """A grant that is dead already counts as revoked."""
    with suppress(Reconnect):
        await oauth.revoke(SPEC, send, app, grant)


async def identify(send: Send, app: App, grant: Grant) -> list[Account]:
    """The one user a token speaks for."""
    fields = {"user.fields": "profile_image_url,username,name,subscription_type"}
    request = Request("GET", url(app, "/users/me"), params=fields)
    user = data_of(await send(sign(request, grant.access_token, app)))
    if not isinstance(user.get("id"), str) or not isinstance(user.get("username"), str):
        raise TryLater("The answer names no user.")
    return [
        Account(
            id=user["id"],
            name=user.get("name") or user["username"],
            kind="user",
            username=user["username"],
            profile_url=f"{WEB}/{user['username']}",
            avatar_url=user.get("profile_image_url"),
            facts=facts_of(user),
        )
    ]


def facts_of(user: Mapping[str, Any]) -> dict[str, str]:
    """`subscription_type`: with Premium text and video may be longer (x.md §1)."""
    told = user.get("subscription_type")
    return {"subscription_type": told} if isinstance(told, str) else {}
