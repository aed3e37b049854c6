"""What reading 1,000 posts of one account costs on each network, from the simulated networks' ledger.

The posts lie in the simulated world and are read through each adapter's `read`, `limits.batch` at a time.
`requests` are HTTP requests, `items` the posts whose numbers they asked for, `floor` the fewest requests that
the network's document allows for all of a post's numbers (shared/platforms/*.md §3). `counted` are the
sub-requests of Meta's batches, each of which counts as a call there.

    python bench/cost.py [--json] [--posts 1000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.natives import NATIVES, put
from bench.seeding import SECRET, Placed, Read, consenting, fill, native_id, owner_of, stand
from tests.calls import call_for, connect

from sextant.app import build
from sextant.config import Settings
from sextant.noting import Noted
from sextant.platforms import PLATFORMS
from sextant.platforms.base import Call, Platform, Published
from sextant.platforms.catalogue import Kind
from sextant.sandbox.networks import networks
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from sextant.sandboxed import sandbox_apps
from sextant.services import Services
from sextant.store.migrate import migrate

DAY_S = 86400.0


@dataclass(frozen=True)
class Scenario:
    """Posts of a network's usual kind (natives.py) and one age.

    `per`: most posts in one request; `each`: sources of which all are asked so; `beside`: most posts in one
    request of each further source. `aside`: a case of its own, not the network's usual one.
    """

    name: str
    network: str
    per: int
    each: int = 1
    beside: tuple[int, ...] = ()
    age_s: float = 10 * DAY_S
    aside: bool = False

    def floor(self, posts: int) -> int:
        return self.each * ceil(posts / self.per) + sum(ceil(posts / most) for most in self.beside)


SCENARIOS = (
    # Public and private numbers in a call each: whether the public ones survive the refusal of a private one
    # is not known (§3.1, §3.2). A post is charged once for both.
    Scenario("x", "x", per=100, each=2),
    Scenario("x, older than 30 days", "x", per=100, age_s=40 * DAY_S, aside=True),
    # Statistics of shares and ugcPosts in one call, reactions in another. How many ids one takes is not
    # documented: 50 is what clients use (§3.1).
    Scenario("linkedin", "linkedin", per=50, each=2),
    Scenario("instagram", "instagram", per=50),
    Scenario("facebook", "facebook", per=50),
    Scenario("tiktok", "tiktok", per=20),
    # Counts of 50 videos in a call, reports of 200 (§3.3, §3.4).
    Scenario("youtube", "youtube", per=50, beside=(200,)),
)

Collect = Callable[[Services], Awaitable[object]]


async def cost(scenario: Scenario, posts: int) -> dict[str, int]:
    """Of one scenario, read through the adapter batch after batch."""
    platform, world = PLATFORMS[scenario.network], World()
    async with Sandbox(world, networks()) as sandbox:
        owner = world.accounts(scenario.network)[0]
        accounts, grant = await connect(platform, sandbox, owner.id)
        account = next(a for a in accounts if a.kind != "member")
        call = call_for(platform, sandbox.url, account, account.grant or grant, world.clock)
        counted = [0]

        def note(noted: Noted) -> None:
            counted[0] += len(json.loads((noted.request.form or {}).get("batch", "[]")))

        call.note = note
        published = [added(world, scenario, owner.id, account.id, n) for n in range(posts)]
        world.ledger.clear()
        await read(platform, call, published, world)
        await call.wire.close()
    return spent(world, scenario, posts) | ({"counted": counted[0]} if counted[0] else {})


async def collected(scenario: Scenario, posts: int, directory: Path, collect: Collect) -> dict[str, int]:
    """What the same posts cost through the product: seeded as published, all due, and read by `collect`."""
    world = World()
    people = await consenting(world, 1, [scenario.network])
    now = world.clock.now()
    at = now - timedelta(seconds=scenario.age_s)
    rows = [[Placed(0, native_id(people[0], n), at)] for n in range(posts)]
    stand(world, people, rows)
    async with Sandbox(world, networks()) as near:
        settings = Settings(data_dir=directory, secret_key=SECRET)
        services = build(settings, sandbox_apps(), clock=world.clock, upstream=near.url)
        await migrate(services.store)
        owner = await owner_of(services.store, people, now)
        await fill(services.store, owner, people, rows, now, Read(now))
        world.ledger.clear()
        await collect(services)
        await services.close()
    return spent(world, scenario, posts)


def spent(world: World, scenario: Scenario, posts: int) -> dict[str, int]:
    """What the world's ledger says of the scenario's network, beside the floor."""
    found = world.ledger.totals().get(scenario.network, {"requests": 0, "items": 0})
    return {**found, "floor": scenario.floor(posts)}


def added(world: World, scenario: Scenario, person_id: str, account_id: str, n: int) -> Published:
    native, at = NATIVES[scenario.network], world.now() - scenario.age_s
    post_id = native.id(account_id, n)
    put(world, scenario.network, person_id, account_id, post_id, at)
    return Published(post_id, Kind(native.kind), None, datetime.fromtimestamp(at, UTC))


async def read(platform: Platform, call: Call, posts: Sequence[Published], world: World) -> None:
    """Every post has to be answered in full, or the cost says nothing. One batch a second, by its clock."""
    size = platform.limits.batch
    for start in range(0, len(posts), size):
        world.clock.advance(1)
        for reading in await platform.read(call, posts[start : start + size]):
            assert reading.fault is None, reading
            assert reading.raw, reading


async def measure(posts: int) -> dict[str, dict[str, int]]:
    """By the scenario's name; that of a network's usual case is the network's."""
    return {scenario.name: await cost(scenario, posts) for scenario in SCENARIOS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--posts", type=int, default=1000)
    options = parser.parse_args()
    found = asyncio.run(measure(options.posts))
    if options.json:
        print(json.dumps({s.network: found[s.name] for s in SCENARIOS if not s.aside}))
        return
    print(f"{options.posts:,} posts of one account     requests  items  floor")
    for name, row in found.items():
        beside = f"   {row['counted']} counted sub-requests" if "counted" in row else ""
        print(f"{name:<28}{row['requests']:>10}{row['items']:>7}{row['floor']:>7}{beside}")


if __name__ == "__main__":
    main()
