"""Who is calling YouTube: tokens, scopes, known parameters, and the project's daily quota."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from zoneinfo import ZoneInfo

from aiohttp import web

from sextant.sandbox.network import Handler, bearer
from sextant.sandbox.quotas import Bucket, Charge
from sextant.sandbox.windows import Window
from sextant.sandbox.world import Account, World
from sextant.sandbox.youtube import errors

PLATFORM = "youtube"
PREFIX = "https://www.googleapis.com/auth/"
PACIFIC = ZoneInfo("America/Los_Angeles")

UPLOAD = ("youtube.upload", "youtube", "youtube.force-ssl", "youtubepartner")
READ = ("youtube.readonly", "youtube", "youtube.force-ssl", "youtubepartner")
WRITE = ("youtube", "youtube.force-ssl", "youtubepartner")
# The reference page asks for youtube.readonly in addition to an Analytics scope (youtube.md §1.3).
ANALYTICS = ("yt-analytics.readonly", "yt-analytics-monetary.readonly")

SYSTEM = frozenset(
    {"alt", "key", "prettyPrint", "fields", "quotaUser", "access_token", "oauth_token", "$.xgafv"}
)

Endpoint = Callable[[World, web.Request], Awaitable[web.Response]]


def caller(world: World, request: web.Request, *needs: Collection[str]) -> Account:
    """The channel a good token speaks for, if it holds one scope of each of the `needs`."""
    value = bearer(request) or request.query.get("access_token", "")
    token = world.token(value, "access")
    account = world.account(PLATFORM, token.account_id) if token and token.platform == PLATFORM else None
    if token is None or account is None:
        if not value and "key" in request.query:
            raise errors.refuse(400, "keyInvalid", "Bad Request", "usageLimits")
        raise errors.Refused(errors.unauthenticated())
    held = {short(scope) for scope in token.scopes}
    if account.scopes is not None:
        held &= {short(scope) for scope in account.scopes}
    if any(held.isdisjoint(need) for need in needs):
        raise errors.scope_missing()
    return account


def short(scope: str) -> str:
    return scope.removeprefix(PREFIX)


def known_only(request: web.Request, *names: str) -> None:
    for name in request.query:
        if name not in SYSTEM and name not in names:
            message = f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.'
            raise errors.refuse(400, "badRequest", message)


def parts(request: web.Request, allowed: Collection[str]) -> list[str]:
    """The values of `part`, comma-separated or repeated."""
    asked = listed(request, "part")
    if not asked:
        raise errors.refuse(400, "missingRequiredParameter", "Required parameter: part")
    for part in asked:
        if part not in allowed:
            raise errors.refuse(400, "unknownPart", f"'{part}'", "youtube.part")
    return asked


def listed(request: web.Request, name: str) -> list[str]:
    return [value for text in request.query.getall(name, []) for value in text.split(",") if value]


# ---- quota (youtube.md §4) -----------------------------------------------------------------------

PACIFIC_DAY = Window("day", zone="America/Los_Angeles")
INSERTS = Bucket("videos.insert", "project", PACIFIC_DAY, 100)
STATS = Bucket("videos.batchGetStats", "project", PACIFIC_DAY, 10_000)
UNITS = Bucket("everything else", "project", PACIFIC_DAY, 10_000)
REPORTS = Bucket("reports.query", "project", PACIFIC_DAY)
"""Of the Analytics API no number is published."""
BUCKETS = (INSERTS, STATS, UNITS, REPORTS)


def metered(bucket: Bucket, cost: int, endpoint: Endpoint) -> Handler:
    """The endpoint, paid for from a bucket: all of its cost, for a request that is refused as well."""

    async def charged(world: World, request: web.Request) -> web.Response:
        charge = Charge(bucket, world.app(PLATFORM).client_id, cost)
        if world.quotas.take(PLATFORM, world.now(), charge) is not None:
            raise errors.quota_exceeded()
        return await endpoint(world, request)

    return settling(charged)


def settling(endpoint: Endpoint) -> Handler:
    """The endpoint with its refusals turned into answers."""

    async def answer(world: World, request: web.Request) -> web.StreamResponse:
        try:
            return await endpoint(world, request)
        except errors.Refused as refused:
            return refused.response

    return answer
