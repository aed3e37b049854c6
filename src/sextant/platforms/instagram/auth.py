"""Connecting Instagram accounts: Facebook Login (§1.2) or Instagram Login (§1.1); §1.3 tells them apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sextant.errors import Reconnect, TryLater
from sextant.platforms import graph, oauth
from sextant.platforms.base import Account, Answer, App, Grant, Json, OAuthSpec, Request, Send

FACEBOOK, INSTAGRAM = "facebook", "instagram"
"""The two logins; also the `kind` of an account."""

WEB = "https://www.instagram.com"
IG_GRAPH = "https://graph.instagram.com"

LOGINS: Mapping[str, OAuthSpec] = {
    FACEBOOK: OAuthSpec(
        authorize_url=graph.AUTHORIZE_URL,
        token_url=graph.TOKEN_URL,
        scopes=(
            "instagram_basic",
            "instagram_content_publish",
            "instagram_manage_insights",
            "instagram_manage_contents",
            "pages_show_list",
            "pages_read_engagement",
        ),
        scope_separator=",",
    ),
    INSTAGRAM: OAuthSpec(
        authorize_url=f"{WEB}/oauth/authorize",
        token_url="https://api.instagram.com/oauth/access_token",
        scopes=(
            "instagram_business_basic",
            "instagram_business_content_publish",
            "instagram_business_manage_insights",
        ),
        scope_separator=",",
    ),
}
INSIGHTS_SCOPE = {FACEBOOK: "instagram_manage_insights", INSTAGRAM: "instagram_business_manage_insights"}

RENEW_BEFORE = timedelta(days=30)
"""An Instagram Login token that has expired can no longer be refreshed, so it is renewed long before."""


def url(app: App, path: str) -> str:
    return f"{IG_GRAPH}/{app.api_version}/{path}" if app.login == INSTAGRAM else graph.url(app, path)


def sign(request: Request, token: str, app: App) -> Request:
    """Nothing documents appsecret_proof on graph.instagram.com (§7); bytes go with the token alone (§2.3)."""
    if request.body is not None:
        return replace(request, headers={**request.headers, "Authorization": f"OAuth {token}"})
    if app.login == INSTAGRAM:
        return graph.with_fields(request, {"access_token": token})
    return graph.sign(request, token, app)


async def exchange(send: Send, app: App, code: str, redirect_uri: str, now: datetime) -> Grant:
    if app.login == FACEBOOK:
        return await graph.exchange(send, app, code, redirect_uri, now)
    fields = {
        "grant_type": "authorization_code",
        "redirect_uri": redirect_uri,
        # The redirect ends in `#_`, which is no part of the code.
        "code": code.removesuffix("#_"),
    }
    answer = await send(oauth.token_request(LOGINS[INSTAGRAM], app, fields))
    body = unwrapped(answer.json)
    short = oauth.grant_from(answer, now, body)
    long = await send(long_token_request(app, short.access_token))
    grant = lasting(long, now)
    subject = str(body["user_id"]) if "user_id" in body else None
    return replace(grant, scopes=oauth.scopes_of(body.get("permissions")), subject=subject)


def long_token_request(app: App, short: str) -> Request:
    fields = {
        "grant_type": "ig_exchange_token",
        "client_secret": app.client_secret,
        "access_token": short,
    }
    return Request("GET", f"{IG_GRAPH}/access_token", params=fields)


def unwrapped(body: Json) -> dict[str, Any]:
    """Documented as `{"data": [{…}]}`, seen without the wrapping: both are read (§1.1)."""
    wrapped = graph.rows(body)
    if wrapped:
        return wrapped[0]
    return body if isinstance(body, dict) else {}


def lasting(answer: Answer, now: datetime) -> Grant:
    """A long-lived token: `expires_at` is when to renew it, `refresh_expires_at` when it is dead."""
    grant = oauth.grant_from(answer, now)
    if grant.expires_at is None:
        return grant
    renew = max(grant.expires_at - RENEW_BEFORE, now)
    return replace(grant, expires_at=renew, refresh_expires_at=grant.expires_at)


async def refresh(send: Send, app: App, grant: Grant, now: datetime) -> Grant:
    """Instagram Login: a new 60 days. Facebook Login: a Page token has no expiry and no refresh."""
    if app.login == FACEBOOK:
        raise Reconnect("A Page token cannot be refreshed.")
    fields = {"grant_type": "ig_refresh_token", "access_token": grant.access_token}
    answer = await send(Request("GET", f"{IG_GRAPH}/refresh_access_token", params=fields))
    scopes = oauth.scopes_of(graph.member(answer.json, "permissions"))
    return replace(lasting(answer, now), scopes=scopes or grant.scopes, subject=grant.subject)


# ---- accounts --------------------------------------------------------------------------------------

LINKED = "id,name,access_token,instagram_business_account{id,username,name,profile_picture_url}"
ME = "user_id,username,name,profile_picture_url"


async def identify(send: Send, app: App, grant: Grant) -> list[Account]:
    """Facebook Login: the accounts linked to the user's Pages. Instagram Login: the one account."""
    if app.login == INSTAGRAM:
        request = Request("GET", url(app, "me"), params={"fields": ME})
        answer = await send(sign(request, grant.access_token, app))
        return [account(unwrapped(answer.json), INSTAGRAM, None)]
    pages = await graph.pages(send, app, grant.access_token, LINKED)
    return [
        account(page["instagram_business_account"], FACEBOOK, graph.page_grant(page, grant))
        for page in pages
        if page.get("instagram_business_account") and page.get("access_token")
    ]


def account(fields: Mapping[str, Any], kind: str, grant: Grant | None) -> Account:
    """`user_id` is the professional account; on Instagram Login `id` is something else (§1.1)."""
    native_id = fields.get("user_id") or fields.get("id")
    if native_id is None:
        raise TryLater("The answer names no account.")
    username = fields.get("username")
    return Account(
        id=str(native_id),
        name=str(fields.get("name") or username or native_id),
        kind=kind,
        username=username,
        profile_url=f"{WEB}/{username}/" if username else None,
        avatar_url=fields.get("profile_picture_url"),
        grant=grant,
    )
