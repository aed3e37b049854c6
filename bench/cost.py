"""What reading 1,000 posts of one account costs on each network, from the simulated networks' ledger.

The posts lie in the simulated world and are read through each adapter's `read`, `limits.batch` at a time.
`requests` are HTTP requests, `items` the posts whose numbers they asked for, `floor` what the network's
document allows at best (shared/platforms/*.md §3). `counted` are the sub-requests of Meta's batches, each
of which counts as a call there.

    python bench/cost.py [--json] [--posts 1000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.calls import call_for, connect

from sextant.platforms import PLATFORMS
from sextant.platforms.base import Call, Platform, Published, Request
from sextant.platforms.catalogue import Kind
from sextant.sandbox.networks import networks
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import Post, World

DAY_S = 86400.0
PAGE = "urn:li:organization:1337"
SHOWN = {"privacyStatus": "public"}
WRITTEN = {"title": "", "description": "", "tags": [], "categoryId": "22"}
PUBLIC = {"privacy": "PUBLIC_TO_EVERYONE", "public_at": 0.0, "duration": 2.0}


@dataclass(frozen=True)
class Scenario:
    """Posts of one kind and age. `per`: most posts in one request; `beside`: requests beside those.

    `id` is a pattern; where a network has two kinds of id they take turns.
    """

    name: str
    network: str
    kind: str
    ids: tuple[str, ...]
    per: int
    each: int = 1
    beside: int = 0
    age_s: float = 10 * DAY_S
    facts: Mapping[str, Any] = field(default_factory=dict)

    def floor(self, posts: int) -> int:
        """`each` requests for every `per` posts, and those beside."""
        return self.each * ceil(posts / self.per) + self.beside


SCENARIOS = (
    Scenario("x", "x", "text", ("185{:016d}",), per=100, each=2),
    Scenario("x, older than 30 days", "x", "text", ("185{:016d}",), per=100, age_s=40 * DAY_S),
    # How many ids one call takes is not documented (§3.1): at most 5 calls for 50 posts, statistics of shares
    # and of ugcPosts, reactions.
    Scenario(
        "linkedin",
        "linkedin",
        "text",
        ("urn:li:share:71{:017d}", "urn:li:ugcPost:71{:017d}"),
        per=50,
        each=5,
        facts={"author": PAGE},
    ),
    Scenario("instagram", "instagram", "reel", ("1792{:013d}",), per=50),
    Scenario("facebook", "facebook", "text", ("100000000000001_9{:014d}",), per=50),
    Scenario("tiktok", "tiktok", "video", ("73{:017d}",), per=20, facts=PUBLIC),
    Scenario(
        "youtube",
        "youtube",
        "video",
        ("v{:010d}",),
        per=50,
        beside=5,
        facts={"snippet": WRITTEN, "status": SHOWN, "duration_s": 2, "invalid": False},
    ),
)


async def cost(scenario: Scenario, posts: int) -> dict[str, int]:
    platform, world = PLATFORMS[scenario.network], World()
    async with Sandbox(world, networks()) as sandbox:
        owner = world.accounts(scenario.network)[0]
        accounts, grant = await connect(platform, sandbox, owner.id)
        account = next(a for a in accounts if a.kind != "member")
        call = call_for(platform, sandbox.url, account, account.grant or grant, world.clock)
        counted = [0]

        def note(request: Request, outcome: str) -> None:
            counted[0] += len(json.loads((request.form or {}).get("batch", "[]")))

        call.note = note
        published = [added(world, scenario, owner.id, n) for n in range(posts)]
        world.ledger.clear()
        await read(platform, call, published)
        await call.wire.close()
    found = world.ledger.totals().get(scenario.network, {"requests": 0, "items": 0})
    return {**found, "floor": scenario.floor(posts), **({"counted": counted[0]} if counted[0] else {})}


def added(world: World, scenario: Scenario, owner_id: str, n: int) -> Published:
    native_id = scenario.ids[n % len(scenario.ids)].format(n)
    at = world.now() - scenario.age_s
    facts = {"publish_id": native_id, **scenario.facts}
    account_id = scenario.facts.get("author", owner_id)
    world.add_post(Post(scenario.network, native_id, account_id, scenario.kind, at, "", facts))
    return Published(native_id, Kind(scenario.kind), None, datetime.fromtimestamp(at, UTC))


async def read(platform: Platform, call: Call, posts: Sequence[Published]) -> None:
    """Every post has to be answered in full, or the cost says nothing."""
    size = platform.limits.batch
    for start in range(0, len(posts), size):
        for reading in await platform.read(call, posts[start : start + size]):
            assert reading.fault is None, reading
            assert reading.raw, reading


async def measure(posts: int) -> dict[str, dict[str, int]]:
    return {scenario.name: await cost(scenario, posts) for scenario in SCENARIOS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--posts", type=int, default=1000)
    options = parser.parse_args()
    found = asyncio.run(measure(options.posts))
    if options.json:
        print(json.dumps(found))
        return
    print(f"{options.posts:,} posts of one account     requests  items  floor")
    for name, row in found.items():
        beside = f"   {row['counted']} counted sub-requests" if "counted" in row else ""
        print(f"{name:<28}{row['requests']:>10}{row['items']:>7}{row['floor']:>7}{beside}")


if __name__ == "__main__":
    main()
