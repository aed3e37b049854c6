"""Connecting LinkedIn accounts: three-legged OAuth without PKCE (linkedin.md §1)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

from sextant.errors import ActOutside, Fault, Reconnect
from sextant.platforms import oauth
from sextant.platforms.base import Account, Answer, App, Grant, Json, OAuthSpec, Request, Send, together

API = "https://api.linkedin.com"
AUTH = "https://www.linkedin.com/oauth/v2"
WEB = "https://www.linkedin.com"

FRESH_TOKEN_S = 5.0
"""A brand-new token may answer 401 for a few seconds (§1.1, observed by others)."""

SPEC = OAuthSpec(
    authorize_url=f"{AUTH}/authorization",
    token_url=f"{AUTH}/accessToken",
    scopes=(
        "openid",
        "profile",
        "w_member_social",
        "r_member_postAnalytics",
        "rw_organization_admin",
        "r_organization_social",
        "w_organization_social",
        "r_organization_social_feed",
    ),
)


def sign(request: Request, token: str, app: App) -> Request:
    """There is no default version: every /rest call has to name one (§6)."""
    headers = {**request.headers, "Authorization": f"Bearer {token}"}
    if request.url.startswith(f"{API}/rest/"):
        headers |= {"LinkedIn-Version": app.api_version, "X-Restli-Protocol-Version": "2.0.0"}
    return replace(request, headers=headers)


async def exchange(
    send: Send, app: App, code: str, redirect_uri: str, verifier: str | None, now: datetime
) -> Grant:
    return await oauth.exchange(SPEC, send, app, code, redirect_uri, verifier, now)


async def refresh(send: Send, app: App, grant: Grant, now: datetime) -> Grant:
    """Most apps are given no refresh token: their members authorize again every 60 days (§1.1)."""
    if grant.refresh_token is None:
        raise Reconnect("LinkedIn gave this app no refresh token, and the access token is no longer good.")
    return await oauth.refresh(SPEC, send, app, grant, now)


async def revoke(send: Send, app: App, grant: Grant) -> None:
    """Nothing to call: a member takes an app's access back in LinkedIn's own settings."""


async def identify(send: Send, app: App, grant: Grant) -> list[Account]:
    """The Pages that the member administers, then the member."""
    owner = Owner(send, app, grant)
    userinfo = await owner.userinfo()
    pages = await together(*(owner.get(f"/rest/organizations/{page}") for page in await owner.pages()))
    return [*(organization(page) for page in pages), member(userinfo.json)]


class Owner:
    """Asks with the tokens of a grant that belongs to no connected account yet."""

    def __init__(self, send: Send, app: App, grant: Grant) -> None:
        self.send, self.app, self.grant = send, app, grant

    async def get(self, path: str) -> Answer:
        return await self.send(sign(Request("GET", f"{API}{path}"), self.grant.access_token, self.app))

    async def userinfo(self) -> Answer:
        try:
            return await self.get("/v2/userinfo")
        except Reconnect:
            await asyncio.sleep(FRESH_TOKEN_S)
            return await self.get("/v2/userinfo")

    async def pages(self) -> list[str]:
        """Numbers of the organizations; none where the app or the member has no say over any."""
        path: str | None = "/rest/organizationAcls?q=roleAssignee&role=ADMINISTRATOR&state=APPROVED"
        found: list[str] = []
        while path is not None:
            try:
                answer = await self.get(path)
            except (Reconnect, ActOutside):
                return found
            found += [urn.rpartition(":")[2] for urn in administered(answer.json)]
            path = next_page(answer.json)
        return found


def administered(body: Json) -> list[str]:
    """/rest says `organization`, the older resource `organizationalTarget` (§1.3)."""
    elements = body.get("elements") or []
    return [str(row.get("organization") or row["organizationalTarget"]) for row in elements]


def next_page(body: Json) -> str | None:
    """Rest.li's own way of paging; the document shows the empty `links` of a single page only."""
    links = (body.get("paging") or {}).get("links") or []
    return next((link["href"] for link in links if link.get("rel") == "next"), None)


def organization(page: Answer | Fault) -> Account:
    if isinstance(page, Fault):
        raise page
    name = page.json.get("vanityName")
    return Account(
        id=f"urn:li:organization:{page.json['id']}",
        name=page.json.get("localizedName") or name or str(page.json["id"]),
        kind="organization",
        username=name,
        profile_url=f"{WEB}/company/{name}" if name else None,
    )


def member(info: Json) -> Account:
    """No profile address: the member's public name is not told (§1.2)."""
    return Account(
        id=f"urn:li:person:{info['sub']}",
        name=info.get("name") or info["sub"],
        kind="member",
        avatar_url=info.get("picture"),
    )
