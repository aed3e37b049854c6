"""How large the history grows and how fast it is written and read, on SQLite and on Postgres.

Posts gain what a power law gives them, on the numbers that their network reports, and every post is read once
a day, all of a day in an order of its own, in batches of 50. Bytes are those of the whole history with its
indexes (`history` and `series`), per row; `year` is what the rows of 10,000 posts that change daily come to.

    python bench/history.py [--json] [--posts 2000] [--days 60]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.running import embedded_postgres, fresh_database, workplace
from sqlalchemy import insert

from sextant.metrics import KEYS, Metrics
from sextant.platforms import PLATFORMS
from sextant.platforms.catalogue import Source
from sextant.store import Store, changes, connections, history, organizations, tables
from sextant.store.history import State
from sextant.store.migrate import migrate
from sextant.store.rows import new_id

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
BATCH, LOOKS, YEAR_ROWS = 50, 200, 10_000 * 365
REPORTED = [
    [key for key, entry in p.catalogue.items() if isinstance(entry, Source)] for p in PLATFORMS.values()
]

Result = dict[str, float]


class Post:
    """A destination whose numbers grow, each in its measure, ever more slowly."""

    def __init__(self, number: int) -> None:
        self.id = new_id()
        self.seen_at: datetime | None = None
        reach = 50 * random.paretovariate(0.8)
        self.rates = {key: reach * random.choice((1, 0.1, 0.01)) for key in REPORTED[number % len(REPORTED)]}
        self.counts = dict.fromkeys(self.rates, 0.0)

    def after(self, day: int, at: datetime) -> State:
        for key, rate in self.rates.items():
            self.counts[key] += rate / (day + 1) ** 0.8
        first = next(iter(self.counts))
        self.counts[first] = max(self.counts[first], day + 1.0) + 1
        seen_at, self.seen_at = self.seen_at, at
        metrics: Metrics = {key: round(self.counts[key]) if key in self.counts else None for key in KEYS}
        return State(self.id, at, seen_at, metrics)


async def prepare(store: Store, posts: Sequence[Post]) -> str:
    """An organization with these posts, each with one destination."""
    await migrate(store)
    connection_id, made = new_id(), [new_id() for _ in posts]
    account = {"platform": "x", "login": "x", "kind": "user", "native_id": "1", "account_name": "Acme"}
    post = {"text": "", "media_urls": [], "status": "posted", "created_at": START, "body_hash": ""}
    row = {"position": 0, "platform": "x", "kind": "text", "status": "posted", "attempts": 0}
    async with store.write() as db:
        owner = await organizations.create(db, "Acme", "acme", START)
        await connections.save(db, connection_id, START, new=True, organization_id=owner.id, **account)
        posted = [{"id": post_id, "organization_id": owner.id, **post} for post_id in made]
        rows = [
            {"id": p.id, "post_id": post_id, "connection_id": connection_id, "updated_at": START, **row}
            for p, post_id in zip(posts, made, strict=True)
        ]
        await db.execute(insert(tables.posts), posted)
        await db.execute(insert(tables.destinations), rows)
    return owner.id


async def fill(store: Store, posts: list[Post], days: int) -> float:
    """Seconds in which a reading of each post and day was appended."""
    took = 0.0
    for day in range(days):
        random.shuffle(posts)
        for first in range(0, len(posts), BATCH):
            at = START + (day + first / len(posts)) * DAY
            states = [post.after(day, at) for post in posts[first : first + BATCH]]
            began = time.perf_counter()
            async with store.write() as db:
                await history.append(db, states)
            took += time.perf_counter() - began
    return took


async def size(store: Store) -> int:
    """Bytes of the whole database on SQLite, of the tables of the history on Postgres."""
    if store.is_sqlite:
        async with store.read() as db:
            await db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            pages: int = (await db.exec_driver_sql("PRAGMA page_count")).scalar_one()
            return pages * int((await db.exec_driver_sql("PRAGMA page_size")).scalar_one())
    query = "SELECT pg_total_relation_size('history') + pg_total_relation_size('series')"
    async with store.read() as db:
        return int((await db.exec_driver_sql(query)).scalar_one())


async def median_ms(work: Callable[[], Awaitable[int]], least: int) -> float:
    """The median of many looks, each of which has to find something."""
    took = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        found = await work()
        took.append((time.perf_counter() - began) * 1000)
        assert found >= least, found
    return statistics.median(took)


async def measure(url: str, count: int, days: int) -> Result:
    store, posts = Store(url), [Post(n) for n in range(count)]
    owner = await prepare(store, posts)
    before = await size(store)
    took = await fill(store, posts, days)
    rows = count * days

    async def month() -> int:
        end = START + days * DAY
        async with store.read() as db:
            post = random.choice(posts)
            return len((await history.of(db, [post.id], end - 30 * DAY, end))[post.id])

    async def page() -> int:
        async with store.read() as db:
            end = await changes.settled(db)
        async with store.read() as db:
            found = await changes.after(db, owner, random.randrange(rows - 100), 100, end)
        return len(found.changed)

    per_row = (await size(store) - before) / rows
    async with store.read() as db:
        kept = (await db.exec_driver_sql("SELECT count(*) FROM history")).scalar_one()
    assert kept == rows, (kept, rows)
    result = {
        "rows": rows,
        "bytes_per_row": round(per_row, 1),
        "year_mb": round(per_row * YEAR_ROWS / 1e6),
        "appended_per_s": round(rows / took),
        "month_read_ms": round(await median_ms(month, min(30, days)), 2),
        "feed_page_ms": round(await median_ms(page, 100), 2),
    }
    await store.close()
    return result


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    with workplace() as directory, embedded_postgres() as server, fresh_database(server) as postgres:
        yield {"sqlite": f"sqlite:///{directory}/sextant.sqlite", "postgres": postgres}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--posts", type=int, default=2000)
    parser.add_argument("--days", type=int, default=60)
    options = parser.parse_args()
    found: dict[str, Result] = {}
    with databases() as urls:
        for name, url in urls.items():
            random.seed(1)
            found[name] = asyncio.run(measure(url, options.posts, options.days))
    if options.json:
        print(json.dumps(found))
        return
    print(f"{'':<14}" + "".join(f"{name:>16}" for name in next(iter(found.values()))))
    for name, row in found.items():
        print(f"{name:<14}" + "".join(f"{value:>16,}" for value in row.values()))


if __name__ == "__main__":
    main()
