"""Reads of stored analytics against a bare static JSON route, same server, same framework, one core.

Both servers live in one process pinned to one core; the load comes from another core. The static route
answers the very bytes of the analytics answer, with no key to check and nothing to look up.

Then (bench/parallel.py) a thousand readers at once, while nothing else goes on and while `--destinations`
other posts are collected in the same process: p50 and p99, no call to a network for what is read.

    python bench/read.py [--json] [--seconds 2] [--rounds 3] [--destinations 10000] [--times 10]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.load import get, one_answer, throughput
from bench.parallel import parallel, pin
from bench.running import run, workplace
from bench.seeding import Read, seed, strangers
from litestar import Litestar, MediaType, Response
from litestar import get as route

from sextant.api.routes import build_api
from sextant.app import build
from sextant.config import Settings
from sextant.serve import free_address, served
from sextant.services import Services
from sextant.store.migrate import migrate

KEY = "mk_bench_read"


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
    """A post that went to every platform, with a fresh reading of each destination."""
    now = datetime.now(UTC)
    fresh = Read(now + timedelta(hours=1), as_of=now)
    people = strangers(1)
    seeded = await seed(services.store, len(people), people, read=fresh, key=KEY, now=now)
    return seeded.post_ids[0]


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


def stored_and_static(seconds: float, rounds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, __file__, "--serve", directory]
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert server.stdout is not None
        ports = json.loads(server.stdout.readline())
        found = asyncio.run(measure(ports, seconds, rounds))
        server.communicate(timeout=30)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--destinations", type=int, default=10_000)
    parser.add_argument(
        "--times", type=int, default=10, help="that all readers ask, idle and while collecting"
    )
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        pin(0)
        asyncio.run(serve(options.serve))
        return
    pin(1)
    result: dict[str, Any] = stored_and_static(options.seconds, options.rounds)
    with workplace() as directory:
        result["parallel"] = run(parallel(directory, options.destinations, options.times))
    print(json.dumps(result) if options.json else table(result))


def table(result: dict[str, Any]) -> str:
    found = result["parallel"]
    lines = [
        f"static route      {result['static_rps']:>7,.0f} requests/s",
        f"stored analytics  {result['stored_rps']:>7,.0f} requests/s",
        f"ratio             {result['ratio']:>7.2f}",
        "",
        f"{found['readers']:,} readers at once, {found['posts']} posts      reads    p50 ms    p99 ms",
    ]
    for name, words in (("idle", "idle"), ("collecting", f"while {found['destinations']:,} are collected")):
        row = found[name]
        lines.append(f"{words:<34}{row['reads']:>10,}{row['p50_ms']:>10.1f}{row['p99_ms']:>10.1f}")
    return "\n".join([*lines, f"ratio of the p99 {found['p99_ratio']:.2f}"])


if __name__ == "__main__":
    main()
