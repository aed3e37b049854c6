"""Business-use-case limits and their header (facebook.md §4)."""

from __future__ import annotations

import math
from collections import Counter

import msgspec

from sextant.sandbox.graph.call import Caller
from sextant.sandbox.graph.errors import GraphError
from sextant.sandbox.world import World

DAY_S = 24 * 3600
CALLS_PER_PERSON = 4800
HEADER = "x-business-use-case-usage"
REGAIN_MIN = 5


def throttled(platform: str) -> GraphError:
    if platform == "instagram":
        return GraphError(80002, "(#80002) There have been too many calls to this Instagram account.")
    return GraphError(80001, "(#80001) There have been too many calls to this Page account.")


def count(world: World, caller: Caller) -> dict[str, str]:
    """Counts one call (those of a batch one by one) and gives the header that says so."""
    _counter(world)[_key(world, caller)] += 1
    return header(world, caller)


def check(world: World, caller: Caller) -> None:
    """Raises when the day's calls are used up."""
    if percent(world, caller) >= 100:
        raise throttled(caller.platform)


def percent(world: World, caller: Caller) -> int:
    most = CALLS_PER_PERSON * caller.account.facts["engaged_users"]
    return math.ceil(100 * _counter(world)[_key(world, caller)] / most) if most else 100


def header(world: World, caller: Caller) -> dict[str, str]:
    """User tokens have the app's own limit, everything else the business one."""
    used = percent(world, caller)
    if caller.platform == "facebook" and not caller.is_page:
        return {"x-app-usage": encoded({"call_count": used, "total_time": 0, "total_cputime": 0})}
    return business(caller.platform, caller.account.facts["limited_id"], used)


def business(platform: str, limited_id: str, used: int) -> dict[str, str]:
    """`limited_id`: the Page or Instagram account that the limit belongs to."""
    row = {
        "type": "pages" if platform == "facebook" else "instagram",
        "call_count": used,
        "total_cputime": 0,
        "total_time": 0,
        "estimated_time_to_regain_access": REGAIN_MIN if used >= 100 else 0,
    }
    return {HEADER: encoded({limited_id: [row]})}


def encoded(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _counter(world: World) -> Counter[tuple[str, str, int]]:
    counter: Counter[tuple[str, str, int]] = world.uploads.setdefault("graph:calls", Counter())
    return counter


def _key(world: World, caller: Caller) -> tuple[str, str, int]:
    return caller.platform, caller.account.id, int(world.now() // DAY_S)
