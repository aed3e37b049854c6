"""`sextant collect --once`, and a worker's own `/metrics`, each as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from bench.running import Process, Server, free_port
from bench.seeding import SECRET, Read, consenting, seed
from sqlalchemy import func, select

from sextant.sandbox.clock import SandboxClock
from sextant.sandbox.world import World
from sextant.store import Store, tables
from sextant.store.migrate import migrate
from tests.e2e.stories import until

POSTS = 30


@dataclass
class Seeded:
    directory: Path
    variables: dict[str, str]
    networks: Server


@pytest.fixture
async def seeded(tmp_path: Path, database_url: str) -> AsyncIterator[Seeded]:
    """Thirty posts that are due on two networks, which are another process."""
    (tmp_path / "data").mkdir()
    world, now = World(SandboxClock(), tmp_path / "data" / "sandbox.json"), datetime.now(UTC)
    people = await consenting(world, 1, ["x", "youtube"])
    store = Store(database_url)
    await migrate(store)
    await seed(store, POSTS, people, world=world, read=Read(now), now=now)
    await store.close()
    world.write()
    networks = Server("networks", ["sandbox"], tmp_path, {}, "/_control/clock")
    networks.start()
    try:
        await networks.ready()
        variables = {
            "SEXTANT_DATABASE_URL": database_url,
            "SEXTANT_SANDBOX_URL": networks.url,
            "SEXTANT_SECRET_KEY": SECRET,
        }
        yield Seeded(tmp_path, variables, networks)
    finally:
        networks.end()


def collect(seeded: Seeded, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = Process("collect", ["collect", *arguments], seeded.directory, seeded.variables)
    line = [*command.command, *command.arguments]
    return subprocess.run(line, env=command.environ, capture_output=True, text=True, timeout=300)


async def test_it_reads_what_is_due_says_so_and_ends(seeded: Seeded, database_url: str) -> None:
    done = collect(seeded, "--once", "--sandbox")
    assert (done.returncode, done.stdout) == (0, "Read 30 posts: 30 with numbers, 0 without.\n"), done.stderr
    store = Store(database_url)
    async with store.read() as db:
        query = select(func.count()).where(tables.readings.c.as_of.is_not(None))
        read = (await db.execute(query)).scalar_one()
        calls = (await db.execute(select(func.sum(tables.calls.c.posts)))).scalar_one()
        held = (await db.execute(select(tables.rounds.c.holder))).scalars().all()
    await store.close()
    assert read == POSTS
    assert calls >= POSTS, "the ledger has every request"
    assert held == [None, None]
    assert collect(seeded, "--once", "--sandbox").stdout == "Read 0 posts: 0 with numbers, 0 without.\n"


def test_without_once_it_says_who_reads_on_and_on() -> None:
    command = [sys.executable, "-c", "from sextant.cli import app; app(prog_name='sextant')", "collect"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2
    assert "--once" in done.stderr


async def test_a_worker_shows_its_progress(seeded: Seeded) -> None:
    address = f"127.0.0.1:{free_port()}"
    variables = {**seeded.variables, "SEXTANT_METRICS_ADDRESS": address}
    worker = Process("worker", ["worker", "--sandbox"], seeded.directory, variables)
    worker.start()
    try:
        await worker.ready()
        async with aiohttp.ClientSession(f"http://{address}") as session:

            async def all_read() -> str:
                async with session.get("/metrics") as answer:
                    text = await answer.text()
                lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
                saved = [
                    float(lines.get(f'sextant_collector_posts_total{{platform="{name}",result="saved"}}', 0))
                    for name in ("x", "youtube")
                ]
                return text if sum(saved) == POSTS and lines["sextant_collector_due"] == "0.0" else ""

            text = await until(all_read, "all posts read")
            async with session.get("/readyz") as answer:
                assert answer.status == 200
        assert 'sextant_budget_ceiling{allowance="units_per_day",platform="youtube"} 10000.0' in text
        assert 'sextant_budget_left{allowance="posts_per_month",platform="x"} 2.999985e+06' in text
    finally:
        worker.end()
