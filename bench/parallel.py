"""A thousand readers at once, over 200 posts, while nothing else goes on and while collecting runs.

One process is measured: API, store and collecting in one event loop, on one core. The simulated networks
are another process. What is read has been read from the networks before and is not due; what is collected
are other posts, all of them due. `python bench/read.py` runs this.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import aiohttp
from bench.load import Crowd, get
from bench.running import NETWORKS, Server, Switches
from bench.seeding import SECRET, Read, consenting, fill, owner_of, placed, stand

from sextant.api.routes import build_api
from sextant.app import build
from sextant.config import Settings
from sextant.sandbox.clock import SandboxClock
from sextant.sandbox.world import World
from sextant.sandboxed import sandbox_apps
from sextant.serve import free_address, served
from sextant.services import Services
from sextant.store import Store
from sextant.store.migrate import migrate

KEY = "mk_bench_parallel"
READERS, READ_POSTS, DESTINATIONS, ACCOUNTS = 1000, 200, 10_000, 10
WARM_UP = 2
"""Times that all ask and that are not counted."""
PAUSE_S = 0.5
"""Between two times that all ask: readers do not come without end, and collecting has to get on."""
SIDE_BY_SIDE = 20


def pin(core: int) -> None:
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[core % len(cores)]})


def settings_in(directory: Path) -> Settings:
    url = f"sqlite:///{directory}/sextant.sqlite"
    return Settings(data_dir=directory, database_url=url, secret_key=SECRET)


# ---- the process that is measured ------------------------------------------------------------------


async def serve(directory: Path, upstream: str) -> None:
    """Serves, says its port, and collects when it is told a line; the answer is how many it has read."""
    services = build(settings_in(directory), sandbox_apps(), upstream=upstream)
    address = free_address("127.0.0.1", 0)
    loop = asyncio.get_running_loop()
    async with served(build_api(services), address):
        print(json.dumps({"port": address.port}), flush=True)
        while await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps({"collected": await collect(services)}), flush=True)
    await services.close()


async def collect(services: Services) -> int:
    """Reads by plan all that is due, and returns how many posts that were."""
    await services.engine.open(delivers=False)
    await services.collector.begin()
    await services.collector.run_dry()
    return sum(count for (_, result), count in services.collector.counts.items() if result == "read")


# ---- what is there -----------------------------------------------------------------------------------


async def prepare(directory: Path, destinations: int) -> list[str]:
    """Posts to read and posts to collect, in the store and in the networks' file; paths of the first."""
    (directory / "data").mkdir(parents=True, exist_ok=True)
    world = World(SandboxClock(), directory / "data" / "sandbox.json")
    people = await consenting(world, ACCOUNTS)
    now, store = datetime.now(UTC), Store(settings_in(directory).database)
    await migrate(store)
    owner = await owner_of(store, people, now, key=KEY)
    width = len(NETWORKS)
    known = list(placed(people, READ_POSTS * width, now))
    others = list(placed(people, destinations, now, first=READ_POSTS))
    stand(world, people, [*known, *others])
    world.write()
    fresh = Read(now + timedelta(hours=1), as_of=now)
    read = await fill(store, owner, people, known, now, fresh)
    await fill(store, owner, people, others, now, Read(now))
    await store.close()
    return [f"/social/post/{post_id}/analytics" for post_id in read]


# ---- the process that measures -----------------------------------------------------------------------


@asynccontextmanager
async def measured_process(directory: Path, upstream: str) -> AsyncIterator[asyncio.subprocess.Process]:
    command = [sys.executable, __file__, "--serve", str(directory), "--upstream", upstream]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def told(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout is not None
    line = await process.stdout.readline()
    assert line, "the measured process has ended"
    found: dict[str, Any] = json.loads(line)
    return found


async def parallel(directory: Path, destinations: int, times: int) -> dict[str, Any]:
    """p50 and p99 in milliseconds, idle and while collecting runs; what was asked of the networks."""
    paths = await prepare(directory, destinations)
    near = Server("sandbox", ["sandbox"], directory, {}, "/_control/clock")
    near.start()
    try:
        await near.ready()
        async with Switches.of(near.url) as switches, measured_process(directory, near.url) as process:
            port = (await told(process))["port"]
            return await both(process, switches, port, paths, destinations, times)
    finally:
        near.end()


async def both(
    process: asyncio.subprocess.Process,
    switches: Switches,
    port: int,
    paths: Sequence[str],
    destinations: int,
    times: int,
) -> dict[str, Any]:
    requests = [get(path, Authorization=f"Bearer {KEY}") for path in paths]
    before = await bodies(port, paths)
    crowd = await Crowd.of(port, READERS)
    for _ in range(WARM_UP):
        await crowd.ask(requests)
    idle = [seconds for _ in range(times) for seconds in await pausing(crowd, requests)]
    quiet = (await switches.get("ledger"))["totals"]
    assert not any(row["requests"] for row in quiet.values()), quiet
    assert process.stdin is not None
    process.stdin.write(b"collect\n")
    collecting = asyncio.create_task(told(process))
    busy: list[float] = []
    for _ in range(times):
        found = await pausing(crowd, requests)
        if collecting.done():
            break
        busy += found
    assert busy, "collecting was over before all had read once"
    await collecting
    crowd.leave()
    assert await bodies(port, paths) == before, "what was read has been collected as well"
    spent = (await switches.get("ledger"))["totals"]
    return {
        "readers": READERS,
        "posts": len(paths),
        "destinations": destinations,
        **collecting.result(),
        "requests": sum(row["requests"] for row in spent.values()),
        "idle": figures(idle),
        "collecting": figures(busy),
        "p99_ratio": round(p99(busy) / p99(idle), 2),
    }


async def pausing(crowd: Crowd, requests: Sequence[bytes]) -> list[float]:
    await asyncio.sleep(PAUSE_S)
    return await crowd.ask(requests)


async def bodies(port: int, paths: Sequence[str]) -> list[bytes]:
    """All answers: they name the time of each reading."""
    headers = {"Authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as session:
        found = []
        for path in paths:
            async with session.get(path) as answer:
                found.append(await answer.read())
        return found


def p99(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[-1]


def figures(seconds: Sequence[float]) -> dict[str, float]:
    return {
        "reads": len(seconds),
        "p50_ms": round(statistics.median(seconds) * 1000, 1),
        "p99_ms": round(p99(seconds) * 1000, 1),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--serve", type=Path, required=True)
    parser.add_argument("--upstream", required=True)
    options = parser.parse_args()
    pin(0)
    asyncio.run(serve(options.serve, options.upstream))
