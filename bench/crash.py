"""Posts to six networks while processes are killed and answers are dropped: what is lost, what is twice.

On SQLite one `sextant serve` is killed and comes back. On Postgres there are two API processes and three
workers; any of them is killed, and one worker never comes back. The simulated networks are a process of
their own that lives on; at the end their own lists of posts are held against what Sextant says.

    python bench/crash.py [--posts 300] [--kills 40] [--database-url URL | --postgres] [--seed 1] [--json]

What is unknown when all else has come to rest is looked at again after two hours of the simulated clock.

lost: posted by Sextant's word, or accepted, and not there. twice: more than one native post for one
destination. unknown: under way or unknown at the end, or said to have failed and there all the same.
Exit status 1 when one of the three is not 0.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import running
from running import NETWORKS, Client, Process, Stage

TAKERS = {
    "text": ("x", "linkedin", "facebook"),
    "image": ("x", "linkedin", "instagram", "facebook", "tiktok"),
    "carousel": ("x", "linkedin", "instagram", "facebook", "tiktok"),
    "video": NETWORKS,
}
SHARES = {"text": 3, "image": 2, "carousel": 2, "video": 4}
RATE = 20.0
"""How much faster than real the simulated time goes: pauses before a further try are not what is measured."""
PER_ACCOUNT = {"x": 60, "linkedin": 60, "instagram": 25, "facebook": 20, "tiktok": 5, "youtube": 60}
"""Below what the networks allow one account in the time this takes."""
AT_MOST = {"youtube": 60}
"""Of one run: the quota is the project's, not the account's, and openings of uploads that broke off count."""
WORDS = ("launch", "Grüße", "café & crème", "today", "naïve", "new", "日本", "🚀", "100 %", "it's", "soon")
SENDERS = 8
PATIENCE_S = 900.0
SETTLED_S = 2 * 3600
"""A network that is told to fetch a video, and gives no id before, may do so for an hour (tiktok.md §2.4)."""
KEYS = ("posts", "kills", "dropped_answers", "lost", "twice", "unknown")


@dataclass(frozen=True, slots=True)
class Planned:
    """A post to send. `marker` stands in its text and in no other's."""

    marker: str
    text: str
    form: str
    images: int
    networks: tuple[str, ...]


@dataclass
class Progress:
    posts: int
    accepted: int = 0
    kills: int = 0
    ordered: Counter[str] = field(default_factory=Counter)
    planned: dict[str, Planned] = field(default_factory=dict)
    """By the post id that Sextant gave."""


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# ---- what is sent --------------------------------------------------------------------------------


def plan(posts: int, chance: Random, networks: Sequence[str] = NETWORKS) -> Iterator[Planned]:
    left = Counter({network: AT_MOST.get(network, posts) for network in networks})
    for number in range(posts):
        open_ = [name for name in networks if left[name] > 0]
        form = possible(open_, chance)
        able = [name for name in open_ if name in TAKERS[form]]
        chosen = tuple(chance.sample(able, chance.randint(1, len(able))))
        left.subtract(chosen)
        marker = f"run{number:05}x"
        text = " ".join([marker, *chance.choices(WORDS, k=chance.randint(1, 8))])
        images = {"image": 1, "carousel": chance.randint(2, 4)}.get(form, 0)
        yield Planned(marker, text, form, images, chosen)


def possible(networks: Sequence[str], chance: Random) -> str:
    """A form that one of these networks takes."""
    shares = {form: share for form, share in SHARES.items() if set(TAKERS[form]) & set(networks)}
    return chance.choices(list(shares), list(shares.values()))[0]


def accounts_for(planned: Sequence[Planned]) -> dict[str, int]:
    counts = Counter(network for post in planned for network in post.networks)
    return {network: math.ceil(count / PER_ACCOUNT[network]) for network, count in counts.items()}


def bodies(
    planned: Sequence[Planned], accounts: dict[str, list[str]], stage: Stage
) -> Iterator[dict[str, Any]]:
    """The posts' bodies, each network's accounts in turn."""
    turn: Counter[str] = Counter()
    for post in planned:
        chosen = []
        for network in post.networks:
            known = accounts[network]
            chosen.append({"social_connection_id": known[turn[network] % len(known)]})
            turn[network] += 1
        media = [stage.image(number) for number in range(post.images)]
        media += [stage.video] if post.form == "video" else []
        yield {"post": post.text, "destinations": chosen, "media_urls": media}


async def send(client: Client, progress: Progress, waiting: asyncio.Queue[tuple[Planned, Any]]) -> None:
    """As a careful client does: when its connection breaks it asks again with the same key."""
    while True:
        post, body = await waiting.get()
        headers = {"Idempotency-Key": post.marker}
        answer = await client.call("POST", "/social/post", json=body, headers=headers)
        progress.planned[answer["post_id"]] = post
        progress.accepted += 1
        waiting.task_done()


# ---- what goes wrong -----------------------------------------------------------------------------


async def trouble(client: Client, progress: Progress, chance: Random, networks: Sequence[str]) -> None:
    """Orders dropped answers, and now and then another fault, on publishing."""
    for _ in range(3):
        kind = chance.choices(("drop_after_commit", "timeout", "status"), (4, 1, 1))[0]
        fault: dict[str, Any] = {"kind": kind, "platform": chance.choice(networks), "on": "publish"}
        if kind == "timeout":
            fault["delay_ms"] = chance.randint(100, 1500)
        await client.switches.post("faults", fault)
        progress.ordered[kind] += 1


async def kill(victim: Process, chance: Random, returns: bool) -> None:
    """Kills it after a while; the while may be shorter than its start."""
    if chance.random() < 0.8:
        await victim.ready()
    await asyncio.sleep(chance.uniform(0.05, 2.5))
    victim.check()
    victim.kill()
    if returns:
        await asyncio.sleep(chance.choice((0.0, 0.3, 1.0)))
        victim.start()


async def killing(
    stage: Stage,
    client: Client,
    progress: Progress,
    kills: int,
    chance: Random,
    waiting: asyncio.Queue[Any],
    work: Sequence[tuple[Planned, Any]],
    networks: Sequence[str],
) -> None:
    """Between two kills a share of the posts is let go."""
    victims = [*stage.apis, *stage.workers, *stage.workers]
    gone = stage.workers[-1] if stage.workers else None
    shares = [work[n::kills] for n in range(kills)] if kills else [work]
    for number, share in enumerate(shares):
        await trouble(client, progress, chance, networks)
        for piece in share:
            waiting.put_nowait(piece)
        if not kills:
            break
        for_good = gone is not None and number == kills // 4
        victim = gone if gone is not None and for_good else chance.choice(victims)
        await kill(victim, chance, returns=not for_good)
        if for_good:
            victims = [process for process in victims if process is not gone]
        progress.kills += 1
        tell(f"kill {progress.kills}/{kills}: {victim.name}; accepted {progress.accepted}/{progress.posts}")


# ---- what came of it -----------------------------------------------------------------------------


async def natives(client: Client, network: str) -> list[str]:
    """The network's own posts, each as one text."""
    found = (await client.switches.get(f"{network}/posts"))["posts"]
    return [json.dumps(post, ensure_ascii=False) for post in found]


def judged(status: str, there: int) -> str | None:
    if there > 1:
        return "twice"
    if status == "posted":
        return None if there else "lost"
    if status == "failed":
        return "unknown" if there else "lost"
    return "unknown"


async def compared(client: Client, progress: Progress, posts: Sequence[dict[str, Any]]) -> Counter[str]:
    count: Counter[str] = Counter()
    known = {network: await natives(client, network) for network in NETWORKS}
    for view in posts:
        marker = progress.planned[view["post_id"]].marker
        for row in view["destinations"]:
            there = sum(marker in native for native in known[row["platform"]])
            verdict = judged(row["status"], there)
            if verdict:
                count[verdict] += 1
                tell(f"{verdict}: {row['platform']} {marker} {row['status']} ×{there}: {row['error']}")
    return count


async def crash(
    stage: Stage,
    posts: int,
    kills: int,
    seed: int,
    networks: Sequence[str] = NETWORKS,
    patience_s: float = PATIENCE_S,
    rate: float = RATE,
) -> dict[str, int]:
    """The table as one object (see KEYS); `rate`: how many simulated seconds pass in a real one."""
    chance = Random(seed)
    planned = list(plan(posts, chance, networks))
    progress = Progress(posts)
    async with running.staged(stage, accounts_for(planned)), Client(stage).open() as client:
        await client.switches.post("clock", {"rate": rate})
        tell(f"{posts} posts, {sum(len(p.networks) for p in planned)} destinations; all processes are up")
        work = list(zip(planned, bodies(planned, await client.accounts(), stage), strict=True))
        waiting: asyncio.Queue[tuple[Planned, Any]] = asyncio.Queue()
        senders = [asyncio.create_task(send(client, progress, waiting)) for _ in range(SENDERS)]
        try:
            await killing(stage, client, progress, kills, chance, waiting, work, networks)
            await until_done(waiting, senders)
            left = (await client.switches.get("faults"))["faults"]
            await client.switches.delete("faults")
            await client.rest(patience_s, tell, but="unknown")
            await client.switches.post("clock", {"advance_s": SETTLED_S})
            await client.rest(patience_s, tell)
            views = await client.posts()
            count = await compared(client, progress, views)
        finally:
            for sender in senders:
                sender.cancel()
            await asyncio.gather(*senders, return_exceptions=True)
    dropped = progress.ordered["drop_after_commit"] - sum(f["kind"] == "drop_after_commit" for f in left)
    result = {"posts": len(views), "kills": progress.kills, "dropped_answers": dropped}
    return result | {name: count[name] for name in ("lost", "twice", "unknown")}


async def until_done(waiting: asyncio.Queue[Any], senders: Sequence[asyncio.Task[None]]) -> None:
    """Returns when everything was accepted; a sender that broke off is raised."""
    done = asyncio.create_task(waiting.join())
    await asyncio.wait([done, *senders], return_when=asyncio.FIRST_COMPLETED)
    for sender in senders:
        if sender.done():
            sender.result()
    await done


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--posts", type=int, default=300)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--database-url", default="", help="sqlite:///new-file or postgresql://…")
    parser.add_argument("--postgres", action="store_true", help="on a Postgres of our own")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--patience", type=float, default=PATIENCE_S, help="seconds for the last to rest")
    parser.add_argument("--rate", type=float, default=RATE, help="simulated seconds in a real one")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with running.stage_for(options.database_url, options.postgres) as stage:
        networks = options.networks.split(",")
        work = crash(
            stage, options.posts, options.kills, options.seed, networks, options.patience, options.rate
        )
        result = running.run(work)
        print(json.dumps(result) if options.json else table(result))
        if any(result[name] for name in ("lost", "twice", "unknown")):
            raise SystemExit(1)


def table(result: dict[str, int]) -> str:
    return "\n".join(f"{name.replace('_', ' '):<16}{result[name]:>6}" for name in KEYS)


if __name__ == "__main__":
    main()
