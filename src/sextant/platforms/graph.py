"""What Instagram and Facebook share: Meta's Graph API.

Source: shared/platforms/facebook.md §1 (login), §4 (throttling), §5 (errors). Each network's own error table
is in its folder; reading posts is in graph_reading.py.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sextant.errors import ActOutside, Fault, NoValue, OutcomeUnknown, Revoked, TryLater, WaitUntil
from sextant.metrics import Reason
from sextant.platforms import oauth
from sextant.platforms.answers import retry_after
from sextant.platforms.base import Answer, App, Grant, Json, Request, Send

GRAPH = "https://graph.facebook.com"
WEB = "https://www.facebook.com"
API_VERSION = "v26.0"
AUTHORIZE_URL = f"{WEB}/{API_VERSION}/dialog/oauth"
TOKEN_URL = f"{GRAPH}/{API_VERSION}/oauth/access_token"

THROTTLED_PAUSE = timedelta(minutes=5)
"""For a throttled answer without a time: calls made while throttled keep it throttled (§4)."""


# ---- requests --------------------------------------------------------------------------------------


def url(app: App, path: str) -> str:
    return f"{GRAPH}/{app.api_version}/{path}"


def sign(request: Request, token: str, app: App) -> Request:
    """Token and proof (§1.4) as parameters: in the form of a POST that has one, else in the query."""
    proof = hmac.new(app.client_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    return with_fields(request, {"access_token": token, "appsecret_proof": proof})


def with_fields(request: Request, fields: Mapping[str, str]) -> Request:
    if request.method == "POST" and request.multipart is None and request.body is None:
        return replace(request, form={**(request.form or {}), **fields})
    return replace(request, params={**request.params, **fields})


# ---- Facebook Login --------------------------------------------------------------------------------


async def exchange(send: Send, app: App, code: str, redirect_uri: str, now: datetime) -> Grant:
    """Code → short → long user token, with what the owner really granted (§1.1)."""
    short = await _token(send, app, {"redirect_uri": redirect_uri, "code": code}, now)
    fields = {"grant_type": "fb_exchange_token", "fb_exchange_token": short.access_token}
    long = await _token(send, app, fields, now)
    return replace(long, scopes=await granted(send, app, long.access_token))


async def _token(send: Send, app: App, fields: Mapping[str, str], now: datetime) -> Grant:
    credentials = {"client_id": app.client_id, "client_secret": app.client_secret}
    request = Request("GET", url(app, "oauth/access_token"), params={**credentials, **fields})
    return oauth.grant_from(await send(request), now)


async def granted(send: Send, app: App, token: str) -> frozenset[str]:
    """The scopes the owner did not decline."""
    answer = await send(sign(Request("GET", url(app, "me/permissions")), token, app))
    return frozenset(
        row["permission"]
        for row in rows(answer.json)
        if row.get("status") == "granted" and "permission" in row
    )


async def pages(send: Send, app: App, token: str, fields: str) -> list[dict[str, Any]]:
    """The Pages of a user with their tokens; paged by cursor, because `paging.next` holds the token."""
    found: list[dict[str, Any]] = []
    params = {"fields": fields, "limit": "100"}
    while True:
        answer = await send(sign(Request("GET", url(app, "me/accounts"), params=params), token, app))
        found += rows(answer.json)
        after = next_cursor(answer.json)
        if after is None:
            return found
        params = {**params, "after": after}


def page_grant(page: Mapping[str, Any], grant: Grant) -> Grant:
    """A Page's own token; it has no expiry date when taken with a long-lived user token (§1.2)."""
    return Grant(access_token=page["access_token"], scopes=grant.scopes)


# ---- reading JSON ----------------------------------------------------------------------------------


def member(body: Json, *names: str) -> Json:
    """What lies at a path of object members, or None."""
    for name in names:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def rows(body: Json) -> list[dict[str, Any]]:
    """The objects of an edge's `data`."""
    data = member(body, "data")
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []


def next_cursor(body: Json) -> str | None:
    """The `after` cursor; the last page has cursors but no `next`."""
    after = member(body, "paging", "cursors", "after")
    return after if isinstance(after, str) and member(body, "paging", "next") else None


def id_in(answer: Answer, request: Request, name: str = "id") -> str:
    """An id of a good answer; without it nobody can tell what the request did."""
    found = member(answer.json, name)
    if isinstance(found, str | int) and found:
        return str(found)
    words = f"The answer holds no {name}."
    raise OutcomeUnknown(words) if request.commits else TryLater(words)


def permalink(body: Json) -> str | None:
    """A post's address; Facebook gives that of a reel without a host (§2.8)."""
    link = member(body, "permalink_url") or member(body, "permalink")
    if not isinstance(link, str):
        return None
    return WEB + link if link.startswith("/") else link


def moment(text: Json) -> datetime | None:
    """`2026-09-01T10:00:00+0000`, as Graph writes times."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC)
    except (TypeError, ValueError):
        return None


def growing(longest_s: float, patience_s: float) -> Iterator[float]:
    """Pauses between looks at something under way, from half a second on, until patience is used up."""
    pause, waited = 0.5, 0.0
    while waited < patience_s:
        yield pause
        waited += pause
        pause = min(pause * 1.5, longest_s)


# ---- errors ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GraphError:
    """The envelope of §5.1; only message, type, code and fbtrace_id are sure to be there."""

    code: int | None
    subcode: int | None
    message: str
    for_user: str
    transient: bool
    trace: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of an error table: all signs that are named have to fit.

    `codes`, `subcodes`: one of these. `says`: part of the message, where the documents know no other sign.
    `for_user`: the error carries a sentence for people. `unsure`: on a request that commits, the post may
    be out nevertheless. `reason` belongs to NoValue, `pause` to a WaitUntil without a time.
    """

    means: type[Fault]
    codes: Collection[int] = ()
    subcodes: Collection[int] = ()
    says: str = ""
    for_user: bool = False
    transient: bool = False
    unsure: bool = False
    reason: Reason = Reason.UNSUPPORTED
    pause: timedelta = THROTTLED_PAUSE

    def fits(self, error: GraphError) -> bool:
        return (
            (not self.codes or error.code in self.codes)
            and (not self.subcodes or error.subcode in self.subcodes)
            and self.says in error.message
            and (error.transient or not self.transient)
            and (bool(error.for_user) or not self.for_user)
        )


Table = Sequence[Row]

TOKEN_ROWS: Table = (
    Row(means=ActOutside, codes={190}, subcodes={459, 464}),
    Row(means=Revoked, codes={190, 102}),
)


def fault_of(table: Table, answer: Answer, request: Request) -> Fault | None:
    """What a Graph answer means; the first row that fits decides. Never raises."""
    error = error_in(answer)
    if error is None:
        good = answer.status < 300 and answer.is_json
        return None if good else _unlisted(answer, request, f"HTTP {answer.status}, not the JSON of the API.")
    words = redacted(" ".join(filter(None, (error.message, error.for_user))), request)
    row = next((row for row in table if row.fits(error)), None)
    if row is None or (row.unsure and request.commits):
        return _unlisted(answer, request, words, error.trace)
    if row.means is WaitUntil:
        return WaitUntil(free_again(answer, row.pause), words, request_id=error.trace)
    if row.means is NoValue:
        return NoValue(row.reason, words, request_id=error.trace)
    return row.means(words, request_id=error.trace)


def _unlisted(answer: Answer, request: Request, words: str, trace: str | None = None) -> Fault:
    if answer.status == 429:
        return WaitUntil(free_again(answer, THROTTLED_PAUSE), words, request_id=trace)
    unsure = OutcomeUnknown if request.commits else TryLater
    return unsure(words, request_id=trace)


def error_in(answer: Answer) -> GraphError | None:
    error = member(answer.json, "error")
    if not isinstance(error, dict):
        return None
    return GraphError(
        code=integer(error.get("code")),
        subcode=integer(error.get("error_subcode")),
        message=str(error.get("message") or ""),
        for_user=str(error.get("error_user_msg") or ""),
        transient=error.get("is_transient") is True,
        trace=error.get("fbtrace_id") or answer.headers.get("x-fb-trace-id"),
    )


def integer(value: Json) -> int | None:
    """A JSON integer, or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


SECRETS = ("access_token", "appsecret_proof", "client_secret", "fb_exchange_token", "code")
TOKEN_LIKE = re.compile(r"\b(?:EA|IG)[A-Za-z0-9_-]{16,}")


def redacted(words: str, request: Request) -> str:
    """Graph repeats a malformed token in its message."""
    sent = {**request.params, **(request.form or {})}
    for secret in filter(None, map(sent.get, SECRETS)):
        words = words.replace(secret, "…")
    return TOKEN_LIKE.sub("…", words)


def free_again(answer: Answer, pause: timedelta) -> datetime:
    """The latest time that the answer's headers name, else after `pause`."""
    named = filter(None, (retry_after(answer), *_regained(answer)))
    return max(named, default=answer.at + pause)


def _regained(answer: Answer) -> Iterator[datetime]:
    """`estimated_time_to_regain_access` of x-business-use-case-usage, in minutes (§4)."""
    for entry in business_usage(answer.headers):
        if until := regained(entry, answer.at):
            yield until


def business_usage(headers: Mapping[str, str]) -> list[dict[str, Any]]:
    """The objects of x-business-use-case-usage, of whatever account and type."""
    usage = header_json(headers, "x-business-use-case-usage")
    groups = usage.values() if isinstance(usage, dict) else ()
    return [
        entry for group in groups if isinstance(group, list) for entry in group if isinstance(entry, dict)
    ]


def header_json(headers: Mapping[str, str], name: str) -> Json:
    """The JSON of a header; None without one, or when it cannot be read."""
    try:
        return json.loads(headers.get(name, "null"))
    except (ValueError, RecursionError):
        return None


def regained(entry: Mapping[str, Any], at: datetime) -> datetime | None:
    """When an account that is throttled may call again; None when it is not, or nothing is told."""
    minutes = integer(entry.get("estimated_time_to_regain_access")) or 0
    return at + timedelta(minutes=min(minutes, 60 * 24 * 7)) if minutes > 0 else None
