"""Whether publishing waits behind collecting: how late posts go out while nothing and while much is read.

One Sextant with its simulated networks, accounts on all six, each with posts from before. In turns, in one
run: quiet: nothing is read (SEXTANT_COLLECT=false). busy: the readings of all `--destinations` posts are due
at once, and as soon as fewer than half are left all are due again, until the turn ends. In each turn the same
posts fall due at moments spread over `--seconds`, on the accounts of the networks that take plain text.
Lateness is the time at which the post appeared at its network − scheduled_at, in seconds.

`read`: posts read between the first and the last of these moments. `least_due`: the fewest readings that were
due meanwhile. `pause_s`: the longest time without a request for numbers under way. `quiet` and `busy`: the
median of their turns' p50 and p95, and the greatest of all. `ratio`: busy / quiet.

    python bench/beside.py [--posts 50] [--seconds 20] [--rounds 4] [--destinations 10000] [--accounts 10]
                           [--database-url URL | --postgres] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import aiohttp
from bench import running
from bench.lateness import beginning, read, schedule, until
from bench.running import NETWORKS, Client, Stage
from bench.seeding import Read, consenting, seed
from sqlalchemy import ColumnElement, func, select, update

from sextant.sandbox.clock import SandboxClock
from sextant.sandbox.world import World
from sextant.store import Store
from sextant.store.migrate import migrate
from sextant.store.tables import calls, readings, rounds

PLAIN = ("x", "linkedin", "facebook")
"""They take a text alone, and show it at once: what is late is late for reasons of ours."""
TURNS = ("quiet", "busy")
LOOK_EVERY_S = 0.5
LATER = timedelta(days=2)
PATIENCE_S = 600.0
READ_POSTS = re.compile(r'^sextant_collector_posts_total\{.*result="read".*\} (\S+)$', re.MULTILINE)


async def prepare(stage: Stage, destinations: int, accounts: int) -> None:
    """Posts from before, of which no reading is due, in the store and in the networks' file."""
    data = stage.directory / "data"
    data.mkdir(parents=True, exist_ok=True)
    world = World(SandboxClock(), data / "sandbox.json")
    world.clock.advance(-accounts * len(NETWORKS))  # connecting takes a second each: it ends at the real time
    people = await consenting(world, accounts)
    world.state.serial = destinations  # what comes out later gets ids that no seeded post has
    store = Store(stage.database_url)
    await migrate(store)
    later = Read(world.clock.now() + LATER)
    await seed(store, destinations, people, world=world, read=later, key=stage.key)
    world.write()
    await store.close()


# ---- what is due to be read --------------------------------------------------------------------------


@dataclass
class Readings:
    """The readings that are due, set and watched in the database, an account at a time: like any other
    short writer."""

    store: Store
    destinations: int
    fewest: int = field(init=False, default=0)

    async def due(self) -> int:
        return await self._count(readings.c.next_refresh_at <= datetime.now(UTC))

    async def _count(self, which: ColumnElement[bool]) -> int:
        async with self.store.read() as db:
            return int((await db.execute(select(func.count()).where(which))).scalar_one())

    async def set(self, at: datetime) -> None:
        """Those of all accounts that are not being read just now."""
        async with self.store.read() as db:
            names = list((await db.execute(select(rounds.c.connection_id))).scalars())
        for name in names:
            free = (rounds.c.connection_id == name, rounds.c.holder.is_(None))
            async with self.store.write(quiet=True) as db:
                if (await db.execute(update(rounds).where(*free).values(due_at=at))).rowcount:
                    mine = update(readings).where(readings.c.connection_id == name)
                    await db.execute(mine.values(next_refresh_at=at))

    async def keep_due(self) -> None:
        """Without end; `fewest` is what was left at the worst."""
        while True:
            left = await self.due()
            self.fewest = min(self.fewest, left)
            if left < self.destinations / 2:
                await self.set(datetime.now(UTC))
            await asyncio.sleep(LOOK_EVERY_S)

    @asynccontextmanager
    async def all_due(self) -> AsyncIterator[None]:
        await self.set(datetime.now(UTC))
        self.fewest = await self.due()
        feeding = asyncio.create_task(self.keep_due())
        try:
            yield
        finally:
            feeding.cancel()
            with suppress(asyncio.CancelledError):
                await feeding
            self.fewest = 0

    async def longest_pause(self, first: datetime, last: datetime) -> float:
        """Seconds in that span without a request for numbers under way, by the ledger."""
        begin, end = first.timestamp() * 1000, last.timestamp() * 1000
        query = select(calls.c.at, calls.c.took_ms).where(calls.c.posts > 0).order_by(calls.c.at)
        async with self.store.read() as db:
            rows = [(int(row[0].timestamp() * 1000), row[1]) for row in await db.execute(query)]
        longest, free = 0.0, begin
        for left, took in rows:
            if left + took >= begin and left <= end:
                longest, free = max(longest, left - free), max(free, left + took)
        return max(longest, end - free) / 1000


# ---- a turn -----------------------------------------------------------------------------------------


async def turn(client: Client, due: Readings, name: str, posts: int, over: timedelta) -> dict[str, Any]:
    """One of TURNS, with a number behind it; all processes begin anew: none is warmer."""
    busy = name.startswith("busy")
    working = [*client.stage.apis, *client.stage.workers]
    for process in working:
        process.end()
        process.environ["SEXTANT_COLLECT"] = str(busy).lower()
    async with due.all_due() if busy else nullcontext():
        for process in working:
            process.start()
        await asyncio.gather(*(process.ready() for process in working))
        return await published(client, due, name, posts, over)


async def published(client: Client, due: Readings, name: str, posts: int, over: timedelta) -> dict[str, Any]:
    first = beginning(posts)
    accounts = await client.accounts()
    chosen = [
        row[place] for place in range(len(accounts[PLAIN[0]])) for row in map(accounts.get, PLAIN) if row
    ]
    await schedule(client, name, [first + over * (number / posts) for number in range(posts)], chosen)
    await until(first)
    before = await posts_read(client.stage)
    await until(first + over)
    count, fewest = await posts_read(client.stage) - before, due.fewest
    late = await lateness_of(client, name)
    assert len(late) == posts, f"{len(late)} of {posts} posts went out"
    figures = {"read": count, "least_due": fewest, "pause_s": await due.longest_pause(first, first + over)}
    return {"turn": name, "posts": len(late), **figures, "late": late}


async def posts_read(stage: Stage) -> int:
    """By plan, since the process that reads began."""
    worker = stage.workers[0].environ["SEXTANT_METRICS_ADDRESS"] if stage.workers else None
    url = f"http://{worker}" if worker else stage.apis[0].url
    async with aiohttp.ClientSession(url) as session, session.get("/metrics") as answer:
        return round(sum(map(float, READ_POSTS.findall(await answer.text()))))


async def lateness_of(client: Client, name: str) -> list[float]:
    """Of each post of a turn, when all are out: by the networks' own clock."""
    await client.idle(PATIENCE_S)
    shown: dict[str, float] = {}
    for network in PLAIN:
        for native in (await client.switches.get(f"{network}/posts"))["posts"]:
            if native["text"].startswith(f"{name} "):
                shown[native["text"]] = native["created_at"]
    posts = [post for post in await client.posts() if post["description"].startswith(f"{name} ")]
    assert all(post["status"] == "posted" for post in posts), posts
    return [shown[post["description"]] - read(post["scheduled_at"]).timestamp() for post in posts]


# ---- all turns --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    posts: int = 50
    seconds: float = 20.0
    rounds: int = 4
    destinations: int = 10_000
    accounts: int = 10


async def beside(stage: Stage, wanted: Wanted) -> dict[str, Any]:
    for worker in stage.workers:
        worker.environ["SEXTANT_METRICS_ADDRESS"] = f"127.0.0.1:{running.free_port()}"
    await prepare(stage, wanted.destinations, wanted.accounts)
    async with running.staged(stage, {}), Client(stage).open() as client:
        store = Store(stage.database_url)
        due, over = Readings(store, wanted.destinations), timedelta(seconds=wanted.seconds)
        turns = []
        for number in range(wanted.rounds):
            for name in TURNS:
                turns.append(await turn(client, due, f"{name}-{number}", wanted.posts, over))
        await store.close()
    return result(turns, wanted)


def result(turns: Sequence[dict[str, Any]], wanted: Wanted) -> dict[str, Any]:
    each = [{**one, **figures(one["late"]), "pause_s": round(one["pause_s"], 3)} for one in turns]
    for one in each:
        del one["late"]
    kinds = {name: [one for one in each if one["turn"].startswith(name)] for name in TURNS}
    found = {name: together(of_it) for name, of_it in kinds.items()}
    return {
        "destinations": wanted.destinations,
        "seconds": wanted.seconds,
        "read": sum(one["read"] for one in kinds["busy"]),
        **found,
        "ratio": {key: round(found["busy"][key] / found["quiet"][key], 2) for key in found["busy"]},
        "turns": each,
    }


def together(turns: Sequence[dict[str, Any]]) -> dict[str, float]:
    """A turn in which the machine had other things to do does not decide."""
    found = {key: round(statistics.median(one[key] for one in turns), 3) for key in ("p50_s", "p95_s")}
    return {**found, "max_s": max(one["max_s"] for one in turns)}


def figures(late: Sequence[float]) -> dict[str, float]:
    twentieths = statistics.quantiles(late, n=20, method="inclusive")
    found = {"p50_s": statistics.median(late), "p95_s": twentieths[-1], "max_s": max(late)}
    return {key: round(value, 3) for key, value in found.items()}


def main() -> None:
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=as_written)
    parser.add_argument("--posts", type=int, default=Wanted.posts)
    parser.add_argument("--seconds", type=float, default=Wanted.seconds)
    parser.add_argument("--rounds", type=int, default=Wanted.rounds)
    parser.add_argument("--destinations", type=int, default=Wanted.destinations)
    parser.add_argument("--accounts", type=int, default=Wanted.accounts, help="of each network")
    parser.add_argument("--database-url", default="", help="sqlite:///new-file or postgresql://…")
    parser.add_argument("--postgres", action="store_true", help="on a Postgres of our own: an API, a worker")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    wanted = Wanted(options.posts, options.seconds, options.rounds, options.destinations, options.accounts)
    apart = (1, 1) if options.postgres or options.database_url.startswith("postgresql:") else (0, 0)
    with running.stage_for(options.database_url, options.postgres, apart) as stage:
        found = running.run(beside(stage, wanted))
        print(json.dumps(found) if options.json else table(found))


def table(found: Mapping[str, Any]) -> str:
    counts = f"{'':<10}{'posts':>6}{'read':>9}{'least due':>11}{'pause':>8}"
    lines = [f"{counts}{'p50':>9}{'p95':>9}{'max':>9}   seconds"]
    for one in found["turns"]:
        counts = f"{one['posts']:>6}{one['read']:>9,}{one['least_due']:>11,}{one['pause_s']:>8.2f}"
        lines.append(f"{one['turn']:<10}{counts}{lateness_row(one)}")
    lines += [f"{name:<10}{'':>34}{lateness_row(found[name])}" for name in TURNS]
    return "\n".join([*lines, f"{'ratio':<10}{'':>34}{lateness_row(found['ratio'])}"])


def lateness_row(row: Mapping[str, float]) -> str:
    return "".join(f"{row[key]:>9.3f}" for key in ("p50_s", "p95_s", "max_s"))


if __name__ == "__main__":
    main()
