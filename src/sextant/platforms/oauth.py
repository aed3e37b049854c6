"""The authorization code flow, driven by an `OAuthSpec`. The protocol itself is oauthlib's."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from oauthlib.oauth2 import WebApplicationClient

from sextant.errors import TryLater
from sextant.platforms.base import Answer, App, Grant, Json, OAuthSpec, Request, Send


def new_verifier(spec: OAuthSpec) -> str | None:
    """A fresh PKCE verifier, or None where the network has no PKCE."""
    return str(WebApplicationClient("").create_code_verifier(64)) if spec.pkce else None


def authorize_url(spec: OAuthSpec, app: App, redirect_uri: str, state: str, verifier: str | None) -> str:
    """Where the account's owner is sent to say yes."""
    client = WebApplicationClient(app.client_id)
    challenge = {}
    if verifier is not None:
        challenge = {
            "code_challenge": client.create_code_challenge(verifier, "S256"),
            "code_challenge_method": "S256",
        }
    url = client.prepare_request_uri(
        spec.authorize_url,
        redirect_uri=redirect_uri,
        scope=spec.scope_separator.join(spec.scopes),
        state=state,
        **challenge,
        **spec.authorize,
    )
    return _renamed(url, spec.client_id_name)


def _renamed(url: str, client_id_name: str) -> str:
    parts = urlsplit(url)
    query = [(client_id_name if k == "client_id" else k, v) for k, v in parse_qsl(parts.query)]
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))


async def exchange(
    spec: OAuthSpec,
    send: Send,
    app: App,
    code: str,
    redirect_uri: str,
    verifier: str | None,
    now: datetime,
) -> Grant:
    """Trades the code of the callback for tokens."""
    body = WebApplicationClient(app.client_id).prepare_request_body(
        code=code, redirect_uri=redirect_uri, code_verifier=verifier, include_client_id=False
    )
    answer = await send(token_request(spec, app, dict(parse_qsl(body))))
    return grant_from(answer, now)


async def refresh(spec: OAuthSpec, send: Send, app: App, grant: Grant, now: datetime) -> Grant:
    """New tokens for the old; what the answer leaves out is kept from the old grant."""
    fields = {"grant_type": "refresh_token", "refresh_token": grant.refresh_token or ""}
    fresh = grant_from(await send(token_request(spec, app, fields)), now)
    return Grant(
        access_token=fresh.access_token,
        expires_at=fresh.expires_at,
        refresh_token=fresh.refresh_token or grant.refresh_token,
        refresh_expires_at=fresh.refresh_expires_at or grant.refresh_expires_at,
        scopes=fresh.scopes or grant.scopes,
        subject=fresh.subject or grant.subject,
    )


async def revoke(spec: OAuthSpec, send: Send, app: App, grant: Grant) -> None:
    """Takes the grant back where the network has an address for that."""
    if spec.revoke_url is None:
        return
    fields = {"token": grant.refresh_token or grant.access_token}
    await send(token_request(spec, app, fields, url=spec.revoke_url))


def token_request(spec: OAuthSpec, app: App, fields: Mapping[str, str], url: str | None = None) -> Request:
    """A request to the token endpoint with the app's own credentials on it."""
    if spec.basic:
        return Request("POST", url or spec.token_url, headers=_basic(app), form=fields)
    fields = {**fields, spec.client_id_name: app.client_id, "client_secret": app.client_secret}
    if spec.token_json:
        return Request("POST", url or spec.token_url, json=fields)
    return Request("POST", url or spec.token_url, form=fields)


def _basic(app: App) -> dict[str, str]:
    pair = f"{quote(app.client_id, safe='')}:{quote(app.client_secret, safe='')}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def grant_from(answer: Answer, now: datetime, body: Json = None) -> Grant:
    """The tokens in a token answer (or in `body`, where the network wraps them)."""
    fields = answer.json if body is None else body
    if not isinstance(fields, dict) or not isinstance(fields.get("access_token"), str):
        raise TryLater("The token answer holds no access token.")
    refresh_life = fields.get("refresh_token_expires_in", fields.get("refresh_expires_in"))
    return Grant(
        access_token=fields["access_token"],
        expires_at=_after(now, fields.get("expires_in")),
        refresh_token=fields.get("refresh_token") or None,
        refresh_expires_at=_after(now, refresh_life),
        scopes=scopes_of(fields.get("scope")),
        subject=fields.get("open_id"),
    )


def scopes_of(value: Json) -> frozenset[str]:
    """Scopes as a set, from a list or a text separated by spaces or commas."""
    if isinstance(value, list):
        return frozenset(str(item) for item in value)
    return frozenset(str(value or "").replace(",", " ").split())


def _after(now: datetime, seconds: Json) -> datetime | None:
    if isinstance(seconds, str) and seconds.isdigit():
        seconds = int(seconds)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds <= 0:
        return None
    return now + timedelta(seconds=seconds)
