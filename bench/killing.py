"""Processes are killed in the middle of reading: what is lost, what is twice, does a ceiling give way.

The simulated networks are a process of their own (watched.py) that lives on and counts what it is asked for.
On SQLite one `sextant serve` is killed and comes back. On Postgres there are an API without a worker and two
workers: one is killed at a time, and some come back only later. Ceilings are low enough to be reached. When
nothing more can be read, all stop, the networks' time moves on to where half of the accounts are due again,
and all start: so every window of an allowance begins while nobody reads, and counts are exact.

Most kills wait until the process has an account in hand (`rounds.holder`), and then for a random part of a
call, or until just after an answer, when it is being kept (`aimed`). `in_batch`: kills that left an account
in the hand of the dead. Where they have most accounts, they are made to have been silent for long.

After each kill: every row and reading that was there is there, none is older. lost: what is not, or a number
without its history. doubled: rows of the history that say nothing new, or come twice in the feed of changes.
exceeded: windows in which the networks counted more than the plan may spend (nine tenths of the ceiling), or
more than Sextant has on paper. stuck: what is due and not read, or still in the hand of a dead one, some time
after the last kill; then, all ceilings lifted, every post that was not read.

    python bench/killing.py [--kills 50] [--posts 480] [--postgres | --database-url URL] [--seed 1] [--json]

Exit status 1 when one of the four is not 0.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import kept, running, watched
from bench.kept import Look, Purse
from bench.running import NETWORKS, Client, Process, Stage
from bench.seeding import SECRET, Read, consenting, fill, owner_of, placed, stand
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.clock import iso
from sextant.metrics import KEYS
from sextant.sandbox.clock import SandboxClock
from sextant.sandbox.world import World
from sextant.store import Store, tables
from sextant.store.migrate import migrate

ACCOUNTS = 2
"""Of each network."""
OLDEST = timedelta(days=3)
SLOW_MS = 300.0
"""How long each network takes for an answer."""
AIMED = 0.85
"""The part of the kills that wait for a batch."""
KEEPING = 0.5
"""The part of those that comes just after an answer."""
KEPT_S = 0.08
"""In which most answers are kept."""
ANY_MOMENT_S = 2.5
"""The others come at most so long after the one before."""
APART = 12
"""Most requests that the networks get between two kills, of those that wait."""
AWAY = 0.3
"""The part of the killed workers that come back only after some more kills."""
QUARTER_S = 900.0
SILENT_S = 30.0
"""What the hand of a worker holds is free when it has not been heard of for so long (docs/operations.md)."""
LAST_WORDS_S = 0.05
"""In which a database does what it was told just before its client stood still."""
PATIENCE_S = 600.0
WRONG = ("lost", "doubled", "exceeded", "stuck")
FAULTS = ("status", "timeout", "drop_after_commit")


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def ceilings(posts: int) -> dict[str, dict[str, int]]:
    """By network, for so many posts on each: less than reading all of them again and again takes."""
    return {
        "x": {"posts_per_day": max(2, posts * 6 // 10), "lookups_per_15_minutes": 12},
        "linkedin": {"calls_per_day": 30},
        "instagram": {"calls_per_hour": 20 + posts * 3 // 2},
        "facebook": {"calls_per_hour": 20 + posts * 3 // 2},
        "tiktok": {"business_calls_per_day": 10 + posts // 4},
        "youtube": {"stats_per_day": 14, "units_per_day": 14, "reports_per_day": 14},
    }


# ---- the scene -----------------------------------------------------------------------------------


@dataclass
class Scene:
    """`connections`: by network and the network's id of the account. `ahead_s`: the networks' clock before
    the machine's. `away`: killed workers, by name, that come back only after so many more kills. `waited`:
    how often an account was seen waiting for a ceiling. `feed`: the changes that a client has been given.
    """

    stage: Stage
    client: Client
    store: Store
    connections: Mapping[tuple[str, str], str]
    ceilings: Mapping[str, Mapping[str, int]]
    chance: Random
    ahead_s: float = 0.0
    away: dict[str, int] = field(default_factory=dict)
    before: Look | None = None
    counts: Counter[str] = field(default_factory=Counter)
    waited: int = 0
    feed: list[tuple[Any, ...]] = field(default_factory=list)
    cursor: str = ""
    told: set[str] = field(default_factory=set)

    @property
    def victims(self) -> list[Process]:
        return self.stage.workers or [*self.stage.apis]

    @property
    def now(self) -> datetime:
        """The networks' time."""
        return datetime.fromtimestamp(time.time() + self.ahead_s, UTC)

    def wrong(self, what: str, found: Iterable[str]) -> None:
        """Counts each thing once, and tells it."""
        for text in found:
            if text not in self.told:
                self.told.add(text)
                self.counts[what] += 1
                tell(f"{what}: {text}")


async def prepare(stage: Stage, posts: int) -> dict[tuple[str, str], str]:
    """Accounts on all networks, connected, and so many posts that were never read and are all due."""
    data = stage.directory / "data"
    data.mkdir(parents=True, exist_ok=True)
    world = World(SandboxClock(), data / "sandbox.json")
    people = await consenting(world, ACCOUNTS)
    now, store = world.clock.now(), Store(stage.database_url)
    await migrate(store)
    owner = await owner_of(store, people, now, key=stage.key, secret=SECRET)
    rows = list(placed(people, posts, now, oldest=OLDEST))
    stand(world, people, rows)
    await fill(store, owner, people, rows, now, Read(now))
    world.write()
    await store.close()
    pairs = zip(people, owner.connection_ids, strict=True)
    return {(person.platform, person.id): connection_id for person, connection_id in pairs}


def dress(stage: Stage, limits: Mapping[str, Mapping[str, int]]) -> None:
    """Has the networks watched, and every process know the ceilings."""
    stage.sandbox.command = [sys.executable, watched.__file__]
    stage.sandbox.arguments = ["--port", str(stage.sandbox.port)]
    for process in [*stage.apis, *stage.workers]:
        process.environ.update({variable(name): written(each) for name, each in limits.items()})


def variable(network: str) -> str:
    return f"SEXTANT_{network.upper()}_CEILINGS"


def written(limits: Mapping[str, int]) -> str:
    return ",".join(f"{name}={ceiling}" for name, ceiling in limits.items())


# ---- who reads what ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hand:
    """An account, when it can be read, and whose worker has it. `silent`: for so long that it is free."""

    connection_id: str
    due_at: datetime | None
    pid: int | None
    silent: bool


async def hands(db: AsyncConnection) -> list[Hand]:
    rounds, workers = tables.rounds, tables.workers
    query = select(rounds, workers.c.name, workers.c.beat_at).join_from(
        rounds, workers, workers.c.id == rounds.c.holder, isouter=True
    )
    lately = datetime.now(UTC) - timedelta(seconds=SILENT_S)
    return [
        Hand(
            row.connection_id,
            kept.due(row.due_at, row.held_until),
            None if row.holder is None else int((row.name or ":0").rpartition(":")[2]),
            row.beat_at is None or row.beat_at < lately,
        )
        for row in await db.execute(query)
    ]


async def holding(scene: Scene) -> list[Process]:
    """The processes that have an account in hand."""
    async with scene.store.read() as db:
        pids = {hand.pid for hand in await hands(db)}
    return [process for process in scene.victims if process.pid is not None and process.pid in pids]


async def unread(scene: Scene, *, strict: bool = False) -> list[str]:
    """The accounts that are being read or are due. `strict`: also those that nobody can take yet, since the
    dead worker that has them is not known to be dead."""
    living = {process.pid for process in scene.victims} - {None}
    async with scene.store.read() as db:
        found = await hands(db)
    any_hand = strict or scene.store.is_sqlite
    return [
        hand.connection_id
        for hand in found
        if hand.pid in living
        or (hand.due_at and hand.due_at <= scene.now and (hand.pid is None or hand.silent or any_hand))
    ]


async def bury(scene: Scene) -> None:
    """As if half a minute had passed: the last beat of each dead worker's heart is put back."""
    living = {process.pid for process in scene.stage.everything}
    workers, long_ago = tables.workers, datetime.now(UTC) - timedelta(seconds=2 * SILENT_S)
    async with scene.store.write() as db:
        for worker_id, name in (await db.execute(select(workers.c.id, workers.c.name))).all():
            if int(name.rpartition(":")[2]) not in living:
                await db.execute(update(workers).where(workers.c.id == worker_id).values(beat_at=long_ago))


async def at_rest(scene: Scene, patience_s: float) -> list[str]:
    """Returns when all are up and nothing is left that could be read, or patience is at an end: what is left.

    Who starts forgets what was said of ceilings, so nothing is at rest before.
    """
    until = time.monotonic() + patience_s
    await asyncio.gather(*(process.ready() for process in scene.victims))
    while left := await unread(scene, strict=True):
        for process in scene.stage.everything:
            process.check()
        if time.monotonic() > until:
            break
        await asyncio.sleep(0.1)
    return left


# ---- kills ---------------------------------------------------------------------------------------


async def trouble(scene: Scene) -> None:
    """All networks are slow; half of the time one of them fails once."""
    await scene.client.switches.delete("faults")
    if scene.chance.random() < 0.5:
        platform, kind = scene.chance.choice(NETWORKS), scene.chance.choice(FAULTS)
        fault = {"kind": kind, "platform": platform, "on": "read", "delay_ms": SLOW_MS}
        await scene.client.switches.post("faults", fault)
    for platform in NETWORKS:
        slow = {"kind": "slow", "platform": platform, "on": "read", "delay_ms": SLOW_MS, "times": None}
        await scene.client.switches.post("faults", slow)


class Stuck(Exception):
    """Something is due, and nobody takes it."""


async def stopped_in_batch(scene: Scene, apart: int, patience_s: float) -> Process | None:
    """A process that stands still with an account in hand; None: nothing is left to be read."""
    until, wanted = time.monotonic() + patience_s, scene.chance.randint(0, apart)
    wanted += (await scene.client.switches.get("seen"))["requests"]
    kept_by_now = scene.chance.random() < KEEPING
    while time.monotonic() < until:
        enough = (await scene.client.switches.get("seen"))["requests"] >= wanted
        if enough and (busy := await holding(scene)):
            victim = scene.chance.choice(busy)
            await (just_answered(scene) if kept_by_now else within_a_call(scene))
            victim.check()
            os.killpg(victim.groups[-1], signal.SIGSTOP)
            await asyncio.sleep(LAST_WORDS_S)
            if victim in await holding(scene):
                return victim
            os.killpg(victim.groups[-1], signal.SIGCONT)
        elif not await unread(scene):
            if len(await unread(scene, strict=True)) <= len(scene.connections) // 2:
                return None
            await bury(scene)
        for process in scene.stage.everything:
            process.check()
        await asyncio.sleep(0.01)
    raise Stuck


async def within_a_call(scene: Scene) -> None:
    await asyncio.sleep(scene.chance.uniform(0, SLOW_MS / 1000))


async def just_answered(scene: Scene) -> None:
    """A network has answered a moment ago, or none is asked."""
    before = await scene.client.switches.get("seen")
    seen = before
    while seen["under_way"] and answered(seen) == answered(before):
        await asyncio.sleep(0.003)
        seen = await scene.client.switches.get("seen")
    await asyncio.sleep(scene.chance.uniform(0, KEPT_S))


def answered(seen: Mapping[str, int]) -> int:
    return seen["requests"] - seen["under_way"]


async def any_of_them(scene: Scene) -> Process:
    """Whatever is going on: a start, a batch, or nothing."""
    await asyncio.sleep(scene.chance.uniform(0, ANY_MOMENT_S))
    return scene.chance.choice([process for process in scene.victims if process.pid is not None])


async def kill(scene: Scene, victim: Process) -> None:
    pid = victim.pid
    victim.check()
    victim.kill()
    async with scene.store.read() as db:
        left = sum(hand.pid == pid for hand in await hands(db))
    scene.counts["kills"] += 1
    scene.counts["in_batch"] += left > 0
    await check(scene)
    others = [process for process in scene.victims if process.pid is not None]
    if others and scene.chance.random() < AWAY:
        scene.away[victim.name] = scene.chance.randint(1, 4)
    tell(f"kill {scene.counts['kills']}: {victim.name} with {left} accounts in hand; {progress(scene)}")


def come_back(scene: Scene, *, everybody: bool = False) -> None:
    """Starts who is down, but for those who stay away."""
    scene.away = {} if everybody else {name: n - 1 for name, n in scene.away.items() if n > 1}
    for process in [*scene.stage.apis, *scene.stage.workers]:
        if process.pid is None and process.name not in scene.away:
            process.start()


async def killing(scene: Scene, kills: int, apart: int, patience_s: float) -> None:
    """Which kills are aimed is settled beforehand: everything else depends on how fast things go."""
    aimed = [scene.chance.random() < AIMED for _ in range(kills)]
    while (number := scene.counts["kills"]) < kills:
        await trouble(scene)
        how = stopped_in_batch(scene, apart, patience_s) if aimed[number] else any_of_them(scene)
        victim = await how
        if victim is None:
            await later(scene)
        else:
            scene.counts["aimed"] += aimed[number]
            await kill(scene, victim)
        come_back(scene)


# ---- the networks' time --------------------------------------------------------------------------


async def all_stop(scene: Scene) -> None:
    """In order; and nothing is under way any more at the networks."""
    await asyncio.gather(*(asyncio.to_thread(process.end) for process in scene.victims))
    while (await scene.client.switches.get("seen"))["under_way"]:  # noqa: ASYNC110 - another process's
        await asyncio.sleep(0.02)


async def later(scene: Scene) -> None:
    """All stop, and it is when half of the accounts are due again, soon after a quarter of an hour began."""
    await follow(scene)
    await all_stop(scene)
    found = await check(scene)
    scene.waited += sum(account.held_by_ceiling for account in found.accounts)
    due = sorted(
        each.due_at for each in found.accounts if each.due_at is not None and each.due_at > scene.now
    )
    await move(scene, due[len(due) // 2].timestamp() if due else 0)
    scene.counts["moves"] += 1
    tell(f"the networks' time is {iso(scene.now)}; {progress(scene)}")


async def move(scene: Scene, to: float) -> None:
    """Into the first quarter of an hour that begins after that; nobody reads at its end for a long time."""
    to = math.ceil(max(to, scene.now.timestamp()) / QUARTER_S) * QUARTER_S + scene.chance.uniform(5, 60)
    await scene.client.switches.post("clock", {"advance_s": to - scene.now.timestamp()})
    await set_clock(scene)


async def set_clock(scene: Scene) -> None:
    told = (await scene.client.switches.get("clock"))["now"]
    scene.ahead_s = datetime.fromisoformat(told).timestamp() - time.time()


# ---- what came of it -----------------------------------------------------------------------------


async def seen(scene: Scene) -> dict[Purse, int]:
    """What the networks have counted, by our connections."""
    rows = (await scene.client.switches.get("seen"))["counts"]
    found = {}
    for network, account, allowance, begin, count in rows:
        scope = scene.connections[network, account] if account else ""
        found[network, scope, allowance, begin] = count
    return found


async def check(scene: Scene, *, limited: bool = True) -> Look:
    """What there is now against what there was, and against what the networks have counted."""
    counted = await seen(scene)
    found = await kept.look(scene.store)
    scene.wrong("lost", kept.lost(scene.before or found, found))
    scene.wrong("doubled", kept.doubled(found))
    if limited:
        scene.wrong("exceeded", kept.exceeded(scene.ceilings, counted, found))
        scene.counts["windows"] = sum(allowance in scene.ceilings[name] for name, _, allowance, _ in counted)
    scene.before = found
    return found


async def follow(scene: Scene) -> None:
    """As a client of the feed does, from where it was."""
    changes, scene.cursor = await feed(scene, scene.cursor)
    scene.feed += changes


async def feed(scene: Scene, cursor: str) -> tuple[list[tuple[Any, ...]], str]:
    changes: list[tuple[Any, ...]] = []
    while True:
        query = {"limit": "500", **({"cursor": cursor} if cursor else {})}
        page = await scene.client.call("GET", "/social/analytics/changes", params=query)
        changes += [
            (row["post_id"], row["social_connection_id"], row["as_of"], *(row["metrics"][k] for k in KEYS))
            for row in page["changes"]
        ]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            return changes, cursor


def hold_feed_against(scene: Scene, changes: Sequence[tuple[Any, ...]], found: Look) -> None:
    rows = Counter(
        (*found.published[row.destination_id], iso(row.at), *row.figures) for row in found.rows.values()
    )
    given = Counter(changes)
    scene.wrong("lost", (f"not in the feed: {row}" for row in rows - given))
    scene.wrong("doubled", (f"too often in the feed: {row}" for row in given - rows))


async def finish(scene: Scene, patience_s: float, hurry: bool) -> float:
    """Everybody is back: all that is due is read, then without ceilings all there is. Returns how long the
    first took, in seconds. `hurry`: the half minute of silence is not waited for."""
    began = time.monotonic()
    if hurry:
        await bury(scene)
    come_back(scene, everybody=True)
    scene.wrong("stuck", (f"account {name}" for name in await at_rest(scene, patience_s)))
    took = time.monotonic() - began
    await all_stop(scene)
    found = await check(scene)
    scene.waited += sum(account.held_by_ceiling for account in found.accounts)
    await scene.client.switches.delete("faults")
    for process in scene.victims:
        for network in NETWORKS:
            del process.environ[variable(network)]
    come_back(scene)
    scene.wrong("stuck", (f"account {name}" for name in await at_rest(scene, patience_s)))
    found = await check(scene, limited=False)
    never = (name for name in found.published if name not in found.readings or not found.readings[name].as_of)
    scene.wrong("stuck", (f"destination {name} was never read" for name in never))
    await follow(scene)
    hold_feed_against(scene, scene.feed, found)
    hold_feed_against(scene, (await feed(scene, ""))[0], found)
    return took


def progress(scene: Scene) -> str:
    found = scene.before
    assert found is not None
    read = sum(reading.as_of is not None for reading in found.readings.values())
    return f"{read} of {len(found.readings)} posts read, {len(found.rows)} rows of history"


async def crash(
    stage: Stage,
    posts: int,
    kills: int,
    seed: int,
    apart: int = APART,
    patience_s: float = PATIENCE_S,
    hurry: bool = False,
) -> dict[str, float]:
    """The table as one object. `apart`: most requests that the networks get between two kills."""
    limits = ceilings(posts // len(NETWORKS))
    dress(stage, limits)
    connections = await prepare(stage, posts)
    store = Store(stage.database_url)
    try:
        stage.sandbox.start()
        await stage.sandbox.ready()
        async with Client(stage).open() as client:
            scene = Scene(stage, client, store, connections, limits, Random(seed))
            await set_clock(scene)
            await move(scene, 0)
            await trouble(scene)
            come_back(scene)
            with suppress(Stuck):
                await killing(scene, kills, apart, patience_s)
            took = await finish(scene, patience_s, hurry)
            return await result(scene, took)
    finally:
        await store.close()
        stage.down()


async def result(scene: Scene, took_s: float) -> dict[str, float]:
    counted, found = await seen(scene), scene.before
    assert found is not None
    return {
        "posts": len(found.published),
        **{name: scene.counts[name] for name in ("kills", "aimed", "in_batch", *WRONG)},
        "history": len(found.rows),
        "feed": len(scene.feed),
        "moves": scene.counts["moves"],
        "windows": scene.counts["windows"],
        "waits_for_ceilings": scene.waited,
        "charged": sum(
            count for (*_, allowance, _), count in counted.items() if allowance == "posts_per_day"
        ),
        "recovered_s": round(took_s, 1),
    }


def main() -> None:
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=as_written)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--posts", type=int, default=480, help="counted once for each network that one is on")
    parser.add_argument("--database-url", default="", help="sqlite:///new-file or postgresql://…")
    parser.add_argument("--postgres", action="store_true", help="on a Postgres of our own")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=PATIENCE_S, help="seconds for the last to rest")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    apart = (1, 2) if options.postgres or options.database_url.startswith("postgresql:") else (0, 0)
    with running.stage_for(options.database_url, options.postgres, apart=apart) as stage:
        work = crash(stage, options.posts, options.kills, options.seed, patience_s=options.patience)
        found = running.run(work)
        print(json.dumps(found) if options.json else table(found))
        if any(found[name] for name in WRONG):
            raise SystemExit(1)


def table(found: Mapping[str, float]) -> str:
    return "\n".join(f"{name.replace('_', ' '):<20}{value:>8g}" for name, value in found.items())


if __name__ == "__main__":
    main()
