"""A live read of a post on all six networks beside the time of the slowest network alone.

The networks run in a process of their own; each answers with a delay of its own, the slowest after
`--slowest-ms`. Nothing is stored of a post when it is read. In every round a post on each network alone and
one on all six are read, in turns, through the real server.

`alone_ms`: medians by network. `slowest_ms`: the largest of them. `six_ms`: the median of the six-network
read. `one_by_one_ms`: what the six would take one after the other. `ratio`: six_ms / slowest_ms.

    python bench/live.py [--rounds 20] [--slowest-ms 400] [--database-url URL | --postgres] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import aiohttp
from bench import running
from bench.running import NETWORKS, Stage, Switches
from bench.seeding import SECRET, consenting, fill, owner_of, placed, stand

from sextant.sandbox.clock import SandboxClock
from sextant.sandbox.world import World
from sextant.store import Store
from sextant.store.migrate import migrate

ALL = "all six"
PARTS = dict(zip(NETWORKS, (0.5, 0.6, 0.7, 0.8, 0.9, 1.0), strict=True))
"""Each network's delay as a part of the slowest's."""
WARM_UP = 2
"""Rounds that are not counted: connections are opened, code is loaded."""

Paths = Mapping[str, list[str]]
"""Addresses of analytics that nobody has read yet, by what the post is on."""


async def prepare(stage: Stage, rounds: int) -> dict[str, list[str]]:
    """Unread posts, so many on each network alone and as many on all six."""
    data = stage.directory / "data"
    data.mkdir(parents=True, exist_ok=True)
    world = World(SandboxClock(), data / "sandbox.json")
    people = await consenting(world, 1)
    now, store = world.clock.now(), Store(stage.database_url)
    await migrate(store)
    owner = await owner_of(store, people, now, key=stage.key, secret=SECRET)
    posts = list(placed(people, 2 * rounds * len(people), now))
    made = {ALL: posts[:rounds]}
    for place, person in enumerate(people):
        made[person.platform] = [[post[place]] for post in posts[rounds:]]
    paths = {}
    for name, of_it in made.items():
        stand(world, people, of_it)
        ids = await fill(store, owner, people, of_it, now)
        paths[name] = [f"/social/post/{post_id}/analytics" for post_id in ids]
    world.write()
    await store.close()
    return paths


async def slow_down(switches: Switches, slowest_ms: float) -> dict[str, float]:
    delays = {network: part * slowest_ms for network, part in PARTS.items()}
    for network, delay_ms in delays.items():
        fault = {"kind": "slow", "platform": network, "on": "read", "delay_ms": delay_ms, "times": None}
        await switches.post("faults", fault)
    return delays


async def timed(api: aiohttp.ClientSession, path: str) -> float:
    """Milliseconds of one read, which has to bring everything."""
    began = time.perf_counter()
    async with api.get(path) as answer:
        body = await answer.json()
    took = (time.perf_counter() - began) * 1000
    assert answer.status == 200, body
    assert body["analytics"]["status"] == "success", body
    return took


async def live(stage: Stage, rounds: int, slowest_ms: float) -> dict[str, Any]:
    paths = await prepare(stage, rounds + WARM_UP)
    headers = {"Authorization": f"Bearer {stage.key}"}
    async with (
        running.staged(stage, {}),
        Switches.of(stage.sandbox.url) as switches,
        aiohttp.ClientSession(stage.apis[0].url, headers=headers) as api,
    ):
        delays = await slow_down(switches, slowest_ms)
        took = await measured(api, switches, paths, rounds)
    alone = {name: statistics.median(took[name]) for name in NETWORKS}
    slowest, six = max(alone.values()), statistics.median(took[ALL])
    return {
        "rounds": rounds,
        "delay_ms": delays,
        "alone_ms": {name: round(ms, 1) for name, ms in alone.items()},
        "slowest_ms": round(slowest, 1),
        "six_ms": round(six, 1),
        "one_by_one_ms": round(sum(alone.values()), 1),
        "ratio": round(six / slowest, 3),
    }


async def measured(
    api: aiohttp.ClientSession, switches: Switches, paths: Paths, rounds: int
) -> dict[str, list[float]]:
    """All times of the rounds that count; every read has to have asked its networks."""
    took: dict[str, list[float]] = {name: [] for name in paths}
    chance = Random(1)
    for n in range(WARM_UP + rounds):
        if n == WARM_UP:
            await switches.delete("ledger")
        for name in chance.sample(list(paths), len(paths)):
            ms = await timed(api, paths[name][n])
            if n >= WARM_UP:
                took[name].append(ms)
    for name, row in (await switches.get("ledger"))["totals"].items():
        assert row["items"] >= 2 * rounds, (name, row)
    return took


def main() -> None:
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=as_written)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--slowest-ms", type=float, default=400.0)
    parser.add_argument("--database-url", default="", help="sqlite:///new-file or postgresql://…")
    parser.add_argument("--postgres", action="store_true", help="on a Postgres of our own")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    # No worker: it would read the posts before they are asked for.
    with running.stage_for(options.database_url, options.postgres, apart=(1, 0)) as stage:
        result = running.run(live(stage, options.rounds, options.slowest_ms))
        print(json.dumps(result) if options.json else table(result))


def table(result: dict[str, Any]) -> str:
    lines = [f"{'':<22}{'delay':>9}{'median':>9}   milliseconds, {result['rounds']} rounds"]
    for name, ms in result["alone_ms"].items():
        lines.append(f"{name + ' alone':<22}{result['delay_ms'][name]:>9.0f}{ms:>9.1f}")
    lines.append(f"{'one after the other':<22}{'':>9}{result['one_by_one_ms']:>9.1f}")
    lines.append(f"{ALL:<22}{'':>9}{result['six_ms']:>9.1f}")
    lines.append(f"ratio to the slowest alone {result['ratio']:.3f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
