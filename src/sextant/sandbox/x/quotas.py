"""What X allows in a quarter of an hour or a day, and what it charges (x.md §4)."""

from __future__ import annotations

import math
from collections.abc import Iterable

from aiohttp import web

from sextant.sandbox.quotas import Bucket, Charge, Standing
from sextant.sandbox.windows import DAY_LONG, QUARTER, UTC_MONTH, Window
from sextant.sandbox.world import Account, World
from sextant.sandbox.x import errors

PLATFORM = "x"

# Endpoint: per app and quarter of an hour, per app and 24 hours, per user and quarter of an hour.
LIMITS: dict[str, tuple[int | None, int | None, int | None]] = {
    "GET /2/tweets": (3_500, None, 5_000),
    "GET /2/tweets/{id}": (450, None, 900),
    "GET /2/users/{id}/tweets": (10_000, None, 900),
    "POST /2/tweets": (None, 10_000, 100),
    "DELETE /2/tweets/{id}": (None, None, 50),
    "GET /2/users/me": (None, None, 75),
    "POST /2/media/upload": (None, 50_000, 500),
    "GET /2/media/upload": (None, 100_000, 1_000),
    "POST /2/media/upload/initialize": (None, 180_000, 1_875),
    "POST /2/media/upload/{id}/append": (None, 180_000, 1_875),
    "POST /2/media/upload/{id}/finalize": (None, 180_000, 1_875),
    "POST /2/media/metadata": (None, 50_000, 500),
    "GET /2/tweets/analytics": (300, None, 300),
    # Not in the table; as its sibling.
    "GET /2/media/analytics": (300, None, 300),
}


def buckets_of(endpoint: str) -> list[Bucket]:
    """The user's first: it is the one that the headers speak of while nothing is used up."""
    app, app_day, user = LIMITS[endpoint]
    every = (
        Bucket(endpoint, "user", QUARTER, user),
        Bucket(endpoint, "app", QUARTER, app),
        Bucket(endpoint, "app, 24 h", DAY_LONG, app_day),
    )
    return [bucket for bucket in every if bucket.limit is not None]


POST_READS = Bucket("post reads", "app", UTC_MONTH, 3_000_000)
"""Of a billing cycle; that it is the calendar month is the sandbox's choice."""
SPENDING = Bucket("spending", "app", UTC_MONTH)
"""US dollars of a billing cycle; the limit is the one an operator sets in the console."""
BALANCE = Bucket("balance", "app", Window("ever"))
"""US dollars: what was charged, against what was bought."""
BUCKETS = (*(bucket for endpoint in LIMITS for bucket in buckets_of(endpoint)), POST_READS, SPENDING, BALANCE)

READ_POST, READ_USER, OWNED_READ = "post read", "user read", "owned read"
CREATE, CREATE_WITH_LINK, DELETE, ALT_TEXT = "post created", "post with a link created", "delete", "alt text"
PRICES = {
    READ_POST: 0.005,
    READ_USER: 0.010,
    OWNED_READ: 0.001,
    CREATE: 0.015,
    CREATE_WITH_LINK: 0.200,
    DELETE: 0.010,
    ALT_TEXT: 0.005,
}


# ---- requests ------------------------------------------------------------------------------------


def admitted(world: World, endpoint: str, account: Account | None) -> Standing:
    """Counts a request; raises where a limit is reached. Returns what the headers are to tell."""
    app_id, now = world.app(PLATFORM).client_id, world.now()
    charges = [
        Charge(bucket, (account.id if account else "") if bucket.scope == "user" else app_id)
        for bucket in buckets_of(endpoint)
    ]
    full = world.quotas.take(PLATFORM, now, *charges)
    if full is not None:
        raise errors.Refused(told(errors.too_many(), full))
    # Which of the two limits the headers speak of is not documented: the user's, as others have seen it.
    return world.quotas.look(PLATFORM, now, charges[0])


def told(response: web.Response, window: Standing) -> web.Response:
    if window.limit is None:
        return response
    response.headers["x-rate-limit-limit"] = str(window.limit)
    response.headers["x-rate-limit-remaining"] = str(window.left)
    response.headers["x-rate-limit-reset"] = str(math.ceil(window.resets_at))
    return response


# ---- money ---------------------------------------------------------------------------------------


def check_funds(world: World) -> None:
    """Raises once the balance or the spending limit is used up.

    A balance may go slightly negative: what is asked while something is left is answered in full.
    """
    if exhausted(world, BALANCE):
        raise errors.Refused(errors.credits_depleted())
    # Which envelope a reached spending limit has is not documented; it ends with the cycle as the cap does.
    if exhausted(world, SPENDING):
        raise errors.Refused(errors.usage_capped())


def check_reads(world: World) -> None:
    """Raises once the cycle's post reads are used up."""
    if exhausted(world, POST_READS):
        raise errors.Refused(errors.usage_capped())


def exhausted(world: World, bucket: Bucket) -> bool:
    limit = world.quotas.limit(PLATFORM, bucket)
    if limit is None:
        return False
    return world.quotas.look(PLATFORM, world.now(), charge(world, bucket, 0)).used >= limit


def bill(world: World, action: str, things: Iterable[str]) -> None:
    """Each thing once per UTC day; it is for successful requests only."""
    now, things = world.now(), list(things)
    if not things:
        return
    fresh = len(world.quotas.bill(PLATFORM, now, action, PRICES[action], things))
    if action in (READ_POST, OWNED_READ):
        world.quotas.count(PLATFORM, now, charge(world, POST_READS, fresh))
    for bucket in (SPENDING, BALANCE):
        world.quotas.count(PLATFORM, now, charge(world, bucket, round(PRICES[action] * fresh, 6)))


def charge(world: World, bucket: Bucket, cost: float) -> Charge:
    return Charge(bucket, world.app(PLATFORM).client_id, cost)
