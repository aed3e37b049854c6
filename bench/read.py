"""Reads of stored analytics against a bare static JSON route, same server, same framework, one core.

Both servers live in one process pinned to one core; the load comes from another core. The static route
answers the very bytes of the analytics answer, with no key to check and nothing to look up.

    python bench/read.py [--json] [--seconds 2] [--rounds 3]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from litestar import Litestar, MediaType, Response
from litestar import get as route

from load import get, one_answer, throughput
from sextant.api.routes import build_api
from sextant.app import build
from sextant.collecting import never_read
from sextant.config import Settings
from sextant.platforms import PLATFORMS
from sextant.serve import free_address, served
from sextant.services import Services
from sextant.store import connections, organizations, posts, readings
from sextant.store.migrate import migrate
from sextant.store.rows import new_id

KEY = "mk_bench_read"


def pin(core: int) -> None:
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[core % len(cores)]})


# ---- the process that is measured ------------------------------------------------------------------


async def serve(directory: Path) -> None:
    """Serves a stored post and the static route; says both ports and the path on stdout."""
    settings = Settings(data_dir=directory, secret_key="bench-secret-bench-secret")
    services = build(settings, {})
    await migrate(services.store)
    path = f"/social/post/{await stored_post(services)}/analytics"
    first, second = free_address("127.0.0.1", 0), free_address("127.0.0.1", 0)
    async with served(build_api(services), first):
        answer = await one_answer(first.port, get(path, Authorization=f"Bearer {KEY}"))
        body = answer.partition(b"\r\n\r\n")[2]

        @route("/static")
        async def static() -> Response[bytes]:
            return Response(body, media_type=MediaType.JSON)

        async with served(Litestar([static], openapi_config=None, logging_config=None), second):
            print(json.dumps({"stored": first.port, "static": second.port, "path": path}), flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await services.close()


async def stored_post(services: Services) -> str:
    """A post that went to every platform an hour ago, with a fresh reading of each destination."""
    now, post_id = datetime.now(UTC), new_id()
    async with services.store.write() as db:
        organization = await organizations.create(db, "Bench", "bench", now)
        await organizations.add_key(db, organization.id, "bench", "full", KEY, now)
        rows = [
            await _destination(db, organization.id, post_id, place, name, now)
            for place, name in enumerate(PLATFORMS)
        ]
        post = {
            "id": post_id,
            "organization_id": organization.id,
            "text": "bench",
            "media_urls": [],
            "status": "posted",
            "created_at": now,
            "body_hash": "",
        }
        await posts.add(db, post, rows)
        for row in rows:
            reading = never_read(row["id"])
            raw = {"likeCount": 42, "commentCount": 7, "viewCount": 9120, "shares": 3}
            await readings.save(
                db, replace(reading, as_of=now, raw=raw, next_refresh_at=now + timedelta(hours=1))
            )
    return post_id


async def _destination(
    db: Any, organization_id: str, post_id: str, place: int, platform: str, now: datetime
) -> dict[str, Any]:
    connection_id = new_id()
    account = {"native_id": "1", "account_name": "Bench", "login": "-", "kind": "-"}
    await connections.save(
        db, connection_id, now, new=True, organization_id=organization_id, platform=platform, **account
    )
    return {
        "id": new_id(),
        "post_id": post_id,
        "connection_id": connection_id,
        "position": place,
        "platform": platform,
        "kind": "video",
        "status": "posted",
        "native_id": "1901625213503277588",
        "post_url": "https://example.org/1901625213503277588",
        "published_at": now - timedelta(hours=1),
        "attempts": 0,
        "updated_at": now,
    }


# ---- the process that measures ---------------------------------------------------------------------


async def measure(ports: dict[str, Any], seconds: float, rounds: int) -> dict[str, float]:
    requests = {
        "static": (ports["static"], get("/static")),
        "stored": (ports["stored"], get(ports["path"], Authorization=f"Bearer {KEY}")),
    }
    found: dict[str, list[float]] = {name: [] for name in requests}
    for _ in range(rounds):
        for name, (port, request) in requests.items():
            found[name].append(await throughput(port, request, seconds))
    static, stored = statistics.median(found["static"]), statistics.median(found["stored"])
    return {"stored_rps": round(stored), "static_rps": round(static), "ratio": round(stored / static, 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        pin(0)
        asyncio.run(serve(options.serve))
        return
    pin(1)
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, __file__, "--serve", directory]
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert server.stdout is not None
        ports = json.loads(server.stdout.readline())
        result = asyncio.run(measure(ports, options.seconds, options.rounds))
        server.communicate(timeout=30)
    if options.json:
        print(json.dumps(result))
        return
    print(f"static route      {result['static_rps']:>7,.0f} requests/s")
    print(f"stored analytics  {result['stored_rps']:>7,.0f} requests/s")
    print(f"ratio             {result['ratio']:>7.2f}")


if __name__ == "__main__":
    main()
