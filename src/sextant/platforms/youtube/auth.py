"""Connecting YouTube channels through Google (youtube.md §1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sextant.errors import ActOutside, Reconnect
from sextant.platforms import oauth
from sextant.platforms.base import Account, App, Grant, Json, OAuthSpec, Request, Send

DATA = "https://youtube.googleapis.com"
TOKEN = "https://oauth2.googleapis.com"
WEB = "https://www.youtube.com"
SCOPE = "https://www.googleapis.com/auth/"

# reports.query wants youtube.readonly beside the yt-analytics scope; deleting wants force-ssl (§1.3).
SPEC = OAuthSpec(
    authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
    token_url=f"{TOKEN}/token",
    revoke_url=f"{TOKEN}/revoke",
    scopes=(
        f"{SCOPE}youtube.upload",
        f"{SCOPE}youtube.readonly",
        f"{SCOPE}yt-analytics.readonly",
        f"{SCOPE}youtube.force-ssl",
    ),
    pkce=True,
    authorize={"access_type": "offline", "prompt": "consent"},
)


def sign(request: Request, token: str, app: App) -> Request:
    return replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})


async def exchange(
    send: Send, app: App, code: str, redirect_uri: str, verifier: str | None, now: datetime
) -> Grant:
    return await oauth.exchange(SPEC, send, app, code, redirect_uri, verifier, now)


async def refresh(send: Send, app: App, grant: Grant, now: datetime) -> Grant:
    """The answer normally holds no refresh token: the old one is kept (§1.2)."""
    if grant.refresh_token is None:
        raise Reconnect("Google gave no refresh token for this account.")
    return await oauth.refresh(SPEC, send, app, grant, now)


async def revoke(send: Send, app: App, grant: Grant) -> None:
    """The token alone is asked for (§1.2); one that is dead already needs no revoking."""
    fields = {"token": grant.refresh_token or grant.access_token}
    try:
        await send(Request("POST", f"{TOKEN}/revoke", form=fields))
    except Reconnect:
        return


async def identify(send: Send, app: App, grant: Grant) -> list[Account]:
    """The one channel that was picked on the consent page (§1.5). Raises ActOutside where there is none."""
    url = f"{DATA}/youtube/v3/channels"
    params = {"part": "snippet,statistics,contentDetails", "mine": "true"}
    answer = await send(sign(Request("GET", url, params=params), grant.access_token, app))
    items = answer.json.get("items") or []
    if not items:
        raise ActOutside("This Google account has no YouTube channel: create one, then connect again.")
    return [channel(item) for item in items]


def channel(item: Json) -> Account:
    snippet = item.get("snippet") or {}
    handle = snippet.get("customUrl")
    return Account(
        id=item["id"],
        name=snippet.get("title") or item["id"],
        kind="channel",
        username=handle,
        profile_url=f"{WEB}/{handle}" if handle else f"{WEB}/channel/{item['id']}",
        avatar_url=avatar(snippet.get("thumbnails") or {}),
    )


def avatar(thumbnails: Json) -> str | None:
    sizes = (thumbnails.get(size) for size in ("high", "medium", "default"))
    return next((size["url"] for size in sizes if size), None)
