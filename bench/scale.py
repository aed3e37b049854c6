"""How size, memory and time grow with the number of published destinations, on SQLite or Postgres.

For each size a database of its own is filled (six destinations a post, 1,000 of an account, each with a
stored reading), and a process of its own looks at it. `bytes`: of the whole database. `memory`: resident
memory of that process in bytes, after all looks. `read_ms`: one analytics answer of a post that is not in
memory; `page_ms`: one page of 100 posts, somewhere in the list; `pick_ms`: choosing the next batch to read,
all accounts being due: medians over 200. `stored_per_s`: readings kept with their history, a batch at a time.

    python bench/scale.py [--json] [--sizes 1000 10000 100000 1000000] [--database-url URL | --postgres]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.memory import memory
from bench.running import embedded_postgres, fresh_database, run, workplace
from bench.seeding import RAW, SECRET, Read, Seeded, seed, strangers
from sqlalchemy import func, select

from sextant.app import build
from sextant.clock import Clock
from sextant.collecting.reading import Asked
from sextant.config import Settings
from sextant.platforms.base import Reading
from sextant.services import Services
from sextant.store import Store, posts, tables
from sextant.store.migrate import migrate

SIZES = (1_000, 10_000, 100_000, 1_000_000)
OF_AN_ACCOUNT = 1_000
LOOKS = 200
BATCHES = 50

Look = Callable[[Services, tuple[str, datetime, str]], Awaitable[object]]
"""Given a post: organization, when it was made, its id."""


# ---- what is looked at ---------------------------------------------------------------------------


async def report(services: Services, post: tuple[str, datetime, str]) -> object:
    organization_id, _, post_id = post
    return await services.reports.get((organization_id, post_id, None))


async def page(services: Services, post: tuple[str, datetime, str]) -> object:
    organization_id, made, post_id = post
    after = made + timedelta(microseconds=1), post_id
    async with services.store.read() as db:
        return await posts.page(db, organization_id, 100, after, None, None, None)


async def pick(services: Services, post: tuple[str, datetime, str]) -> object:
    """The next batch that is worth reading, of all accounts: all of them are due."""
    return await services.collector.pick(1)


MEASURED: Mapping[str, Look] = {"read_ms": report, "page_ms": page, "pick_ms": pick}


class Later(Clock):
    """When all is due."""

    def timestamp(self) -> float:
        return super().timestamp() + 86_400


async def stored_per_s(services: Services) -> float:
    """Readings kept, with their history, in batches as they are read; every one has news."""
    took, count = 0.0, 0
    for number in range(BATCHES):
        (batch,) = await services.collector.pick(1)
        news = {row.id: Reading(row.native_id or "", raw={**RAW, "likeCount": number}) for row in batch.rows}
        began = time.perf_counter()
        async with services.store.write(quiet=True) as db:
            await services.collecting.keep(db, batch.connection, batch.rows, Asked(news), batch.known)
        took, count = took + time.perf_counter() - began, count + len(batch.rows)
    return round(count / took)


# ---- the process that looks ------------------------------------------------------------------------


async def look(url: str, directory: Path) -> dict[str, float]:
    services = build(Settings(data_dir=directory, database_url=url, secret_key=SECRET), {}, clock=Later())
    some = await sample(services.store)
    found = {name: await median_ms(services, measured, some) for name, measured in MEASURED.items()}
    found["stored_per_s"] = await stored_per_s(services)
    found["memory"] = memory("self", "VmRSS")
    await services.close()
    return found


async def sample(store: Store) -> list[tuple[str, datetime, str]]:
    """Posts from anywhere: ids are random."""
    table = tables.posts
    query = select(table.c.organization_id, table.c.created_at, table.c.id).order_by(table.c.id).limit(LOOKS)
    async with store.read() as db:
        return [tuple(row) for row in await db.execute(query)]


async def median_ms(services: Services, measured: Look, some: Sequence[tuple[str, datetime, str]]) -> float:
    took = []
    for one in random.Random(1).sample(some, len(some)):
        began = time.perf_counter()
        assert await measured(services, one)
        took.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(took), 2)


# ---- the process that fills ------------------------------------------------------------------------


async def filled(url: str, size: int) -> dict[str, float]:
    """Fills an empty database; how long it took, and how large it is."""
    store, now = Store(url), datetime.now(UTC)
    await migrate(store)
    people = strangers(-(-size // (6 * OF_AN_ACCOUNT)))
    began = time.perf_counter()
    seeded = await seed(store, size, people, read=Read(now + timedelta(hours=1), as_of=now), now=now)
    took = time.perf_counter() - began
    await counted(store, size, seeded)
    found = await database_bytes(store)
    await store.close()
    return {"destinations": size, "fill_s": round(took, 1), "bytes": found, "bytes_each": round(found / size)}


async def counted(store: Store, size: int, seeded: Seeded) -> None:
    async with store.read() as db:
        rows = (await db.execute(select(func.count()).select_from(tables.readings))).scalar_one()
    assert (rows, len(seeded.post_ids)) == (size, -(-size // 6)), (rows, len(seeded.post_ids))


async def database_bytes(store: Store) -> int:
    if not store.is_sqlite:
        async with store.read() as db:
            await db.exec_driver_sql("ANALYZE")
            found = await db.exec_driver_sql("SELECT pg_database_size(current_database())")
            return int(found.scalar_one())
    async with store.read() as db:
        await db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = int((await db.exec_driver_sql("PRAGMA page_count")).scalar_one())
        return pages * int((await db.exec_driver_sql("PRAGMA page_size")).scalar_one())


async def scale(url: str, size: int, directory: Path) -> dict[str, float]:
    found = await filled(url, size)
    command = [sys.executable, __file__, "--look", url, "--directory", str(directory)]
    said = await asyncio.to_thread(subprocess.run, command, stdout=subprocess.PIPE, check=True)
    return {**found, **json.loads(said.stdout)}


@contextmanager
def databases(database_url: str, postgres: bool) -> Iterator[str]:
    """A server of databases: empty for SQLite files."""
    if not postgres:
        yield database_url
        return
    with embedded_postgres() as url:
        yield url


def main() -> None:
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=as_written)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--database-url", default="", help="postgresql://…; default: SQLite files")
    parser.add_argument("--postgres", action="store_true", help="on a Postgres of our own")
    parser.add_argument("--look", help=argparse.SUPPRESS)
    parser.add_argument("--directory", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.look:
        print(json.dumps(asyncio.run(look(options.look, options.directory))))
        return
    rows = []
    with workplace() as directory, databases(options.database_url, options.postgres) as server:
        for size in options.sizes:
            with fresh_database(server or f"sqlite:///{directory}/{size}.sqlite") as url:
                rows.append(run(scale(url, size, directory)))
            (directory / f"{size}.sqlite").unlink(missing_ok=True)
    print(json.dumps({"rows": rows}) if options.json else table(rows))


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = ["".join(f"{name:>14}" for name in rows[0])]
    lines += ["".join(f"{value:>14,}" for value in row.values()) for row in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
