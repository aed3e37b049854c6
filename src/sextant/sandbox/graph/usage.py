"""The limits of the Graph and their headers (facebook.md §4, instagram.md §4).

Page and Instagram tokens have the limit of the business they act for, user tokens of Facebook that of the
app. Every call counts, one that is refused too: calling on while throttled keeps it throttled.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import msgspec

from sextant.sandbox.graph.call import Caller
from sextant.sandbox.graph.errors import GraphError
from sextant.sandbox.quotas import Bucket, Charge, Standing
from sextant.sandbox.windows import HOUR, LAST_DAY
from sextant.sandbox.world import World

CALLS_PER_PERSON = 4800
CALLS_PER_USER = 200
APP_HEADER, HEADER = "x-app-usage", "x-business-use-case-usage"
REGAIN_MIN = 5
"""What an ordered 429 tells."""
PAGES = Bucket("pages", "page", LAST_DAY)
INSTAGRAM = Bucket("instagram", "account", LAST_DAY)
APP = Bucket("app", "app", HOUR)
"""The limits depend on who calls."""


def throttled(platform: str) -> GraphError:
    if platform == "instagram":
        return GraphError(80002, "(#80002) There have been too many calls to this Instagram account.")
    return GraphError(80001, "(#80001) There have been too many calls to this Page account.")


def app_throttled() -> GraphError:
    return GraphError(4, "(#4) Application request limit reached")


def count(world: World, caller: Caller) -> tuple[dict[str, str], GraphError | None]:
    """Counts one call (those of a batch one by one): the header that tells of it, and the refusal if any."""
    standing = world.quotas.count(caller.platform, world.now(), charge_of(world, caller))
    used = percent(standing)
    full = used > 100 or standing.limit == 0
    if by_app(caller):
        return {APP_HEADER: encoded(shares(used))}, app_throttled() if full else None
    minutes = math.ceil((standing.resets_at - world.now()) / 60) if used >= 100 else 0
    header = business(caller.platform, caller.account.facts["limited_id"], used, minutes)
    return header, throttled(caller.platform) if full else None


def by_app(caller: Caller) -> bool:
    return caller.platform == "facebook" and not caller.is_page


def charge_of(world: World, caller: Caller) -> Charge:
    if by_app(caller):
        users = len(world.accounts(caller.platform))
        bucket = replace(APP, limit=CALLS_PER_USER * users)
        return Charge(bucket, world.app(caller.platform).client_id)
    facts = caller.account.facts
    usual = PAGES if caller.platform == "facebook" else INSTAGRAM
    return Charge(replace(usual, limit=CALLS_PER_PERSON * facts["engaged_users"]), facts["limited_id"])


def percent(standing: Standing) -> int:
    """100 from the last call on that is answered; 0 only when there is no limit."""
    if standing.limit is None:
        return 0
    return math.ceil(100 * standing.used / standing.limit) if standing.limit else 100


def shares(used: int) -> dict[str, Any]:
    """Calls here are light: their number is what fills first."""
    return {"call_count": used, "total_cputime": used // 4, "total_time": used // 3}


def business(platform: str, limited_id: str, used: int, minutes: int = REGAIN_MIN) -> dict[str, str]:
    """`limited_id`: the Page or Instagram account that the limit belongs to."""
    kind = "pages" if platform == "facebook" else "instagram"
    row = {"type": kind, **shares(used), "estimated_time_to_regain_access": minutes}
    return {HEADER: encoded({limited_id: [row]})}


def encoded(value: object) -> str:
    return msgspec.json.encode(value).decode()
