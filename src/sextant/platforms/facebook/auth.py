"""Connecting Pages: Facebook Login, and the Pages behind a user (facebook.md §1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

from sextant.errors import Reconnect
from sextant.platforms import graph
from sextant.platforms.base import Account, App, Grant, OAuthSpec, Request, Send

SPEC = OAuthSpec(
    authorize_url=graph.AUTHORIZE_URL,
    token_url=graph.TOKEN_URL,
    scopes=(
        "pages_show_list",
        "pages_manage_posts",
        "pages_read_engagement",
        "read_insights",
        # What the reference of video_insights names beside read_insights (§1.3).
        "pages_manage_engagement",
        # For the like and comment counts of Pages too small for insights (§3.3).
        "pages_read_user_content",
    ),
    scope_separator=",",
)
LOGINS: Mapping[str, OAuthSpec] = {"facebook": SPEC}

FIELDS = "id,name,username,link,access_token,tasks,picture.type(large){url}"

META_UPLOAD = "https://rupload.facebook.com"
"""Takes the bytes of reels, with the token in a header (§2.4)."""


def sign(request: Request, token: str, app: App) -> Request:
    if request.url.startswith(f"{META_UPLOAD}/"):
        return replace(request, headers={**request.headers, "Authorization": f"OAuth {token}"})
    return graph.sign(request, token, app)


async def identify(send: Send, app: App, grant: Grant) -> list[Account]:
    """The Pages the user has a role on, each with its own token."""
    pages = await graph.pages(send, app, grant.access_token, FIELDS)
    return [account(page, grant) for page in pages if page.get("access_token")]


def account(page: Mapping[str, Any], grant: Grant) -> Account:
    return Account(
        id=str(page["id"]),
        name=str(page.get("name") or page["id"]),
        kind="page",
        username=page.get("username"),
        profile_url=page.get("link") or f"{graph.WEB}/{page['id']}",
        avatar_url=graph.member(page, "picture", "data", "url"),
        grant=graph.page_grant(page, grant),
    )


def refresh() -> NoReturn:
    """A Page token has no expiry date; when it is refused it died, and only the owner can give another."""
    raise Reconnect("A Page token cannot be refreshed.")
