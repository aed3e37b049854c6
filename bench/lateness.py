"""How late scheduled posts go out.

Three runs on one Sextant with its simulated networks, each post to one of 50 accounts:
minute: due at moments spread over one minute. moment: all due at the same moment. down: due while nothing
runs; they go out on return and are marked late. Lateness is published_at − scheduled_at in seconds.

    python bench/lateness.py [--posts 1000] [--accounts 50] [--down-posts 100]
                             [--database-url URL | --postgres] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import running
from bench.running import Client, Stage

NETWORK = "x"
MINUTE = timedelta(seconds=60)
AT_ONCE = 16
PER_SECOND = 25
"""Posts taken in a second, at the least: so long before its time the first post is sent."""
DOWN_S = 75.0
"""More than what Sextant calls late (a minute)."""
PATIENCE_S = 600.0


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


async def schedule(client: Client, name: str, due: Sequence[datetime], accounts: Sequence[str]) -> None:
    """One post for each moment, to the accounts in turn."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        body = {
            "post": f"{name} {number:05}",
            "schedule_date": stamp(due[number]),
            "destinations": [{"social_connection_id": accounts[number % len(accounts)]}],
        }
        async with places:
            await client.call("POST", "/social/post", json=body, headers={"Idempotency-Key": body["post"]})

    await asyncio.gather(*(one(number) for number in range(len(due))))
    tell(f"{name}: {len(due)} posts are scheduled")


async def until(moment: datetime) -> None:
    await asyncio.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))


async def outcome(client: Client, name: str) -> dict[str, Any]:
    """Waits until they rest; the run's figures."""
    await client.idle(PATIENCE_S)
    posts = [post for post in await client.posts() if post["description"].startswith(f"{name} ")]
    out = [post for post in posts if post["status"] == "posted"]
    late = sorted((read(p["published_at"]) - read(p["scheduled_at"])).total_seconds() for p in out)
    twentieths = statistics.quantiles(late, n=20, method="inclusive")
    figures = {"p50_s": statistics.median(late), "p95_s": twentieths[-1], "max_s": late[-1]}
    return {
        "posts": len(posts),
        "posted": len(out),
        "marked_late": sum(row["late_s"] is not None for post in out for row in post["destinations"]),
        "early": sum(seconds < 0 for seconds in late),
        **{key: round(value, 3) for key, value in figures.items()},
    }


def beginning(posts: int) -> datetime:
    """When the first one may be due, so that all are taken before."""
    return datetime.now(UTC) + timedelta(seconds=5 + posts / PER_SECOND)


async def spread(client: Client, posts: int, name: str, over: timedelta) -> dict[str, Any]:
    first, accounts = beginning(posts), (await client.accounts())[NETWORK]
    await schedule(client, name, [first + over * (number / posts) for number in range(posts)], accounts)
    await until(first + over)
    return await outcome(client, name)


async def down(stage: Stage, client: Client, posts: int) -> dict[str, Any]:
    due, accounts = beginning(posts), (await client.accounts())[NETWORK]
    await schedule(client, "down", [due] * posts, accounts)
    for process in [*stage.apis, *stage.workers]:
        process.end()
    tell("down: nothing runs")
    await until(due + timedelta(seconds=DOWN_S))
    back = datetime.now(UTC)
    for process in [*stage.apis, *stage.workers]:
        process.start()
    await asyncio.gather(*(process.ready() for process in [*stage.apis, *stage.workers]))
    return {"down_s": round((back - due).total_seconds(), 3), **await outcome(client, "down")}


async def lateness(stage: Stage, posts: int, accounts: int, down_posts: int) -> dict[str, Any]:
    async with running.staged(stage, {NETWORK: accounts}), Client(stage).open() as client:
        return {
            "accounts": accounts,
            "minute": await spread(client, posts, "minute", MINUTE),
            "moment": await spread(client, posts, "moment", timedelta(0)),
            "down": await down(stage, client, down_posts),
        }


def main() -> None:
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=as_written)
    parser.add_argument("--posts", type=int, default=1000)
    parser.add_argument("--accounts", type=int, default=50)
    parser.add_argument("--down-posts", type=int, default=100)
    parser.add_argument("--database-url", default="", help="sqlite:///new-file or postgresql://…")
    parser.add_argument("--postgres", action="store_true", help="on a Postgres of our own")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with running.stage_for(options.database_url, options.postgres) as stage:
        work = lateness(stage, options.posts, options.accounts, options.down_posts)
        result = running.run(work)
        print(json.dumps(result) if options.json else table(result))


def table(result: dict[str, Any]) -> str:
    lines = [f"{'':<8}{'posts':>7}{'posted':>8}{'late':>6}{'p50':>9}{'p95':>9}{'max':>9}   seconds"]
    for name in ("minute", "moment", "down"):
        run = result[name]
        figures = "".join(f"{run[key]:>9.3f}" for key in ("p50_s", "p95_s", "max_s"))
        lines.append(f"{name:<8}{run['posts']:>7}{run['posted']:>8}{run['marked_late']:>6}{figures}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
