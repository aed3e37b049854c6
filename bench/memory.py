"""How much memory Sextant needs to publish a large video: one server process, one network after the other.

The simulated networks run in another process and make the video as they send it. Each network gets as many
bytes as it takes of the size asked for. `grew`: the highest resident memory of the server while it
published (VmHWM) less what it had just before. X and Instagram take smaller videos; Instagram and TikTok
pull from the address where they can.

    python bench/memory.py [--json] [--bytes 1073741824] [--platform youtube …]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

SEXTANT = [sys.executable, "-c", "from sextant.cli import app; app(prog_name='sextant')"]
MIB = 1 << 20
PUBLISH_S = 900


@dataclass(frozen=True)
class Video:
    """What a network takes: at most so many bytes, in a form that it likes."""

    most: int
    query: str = "seconds=60&width=1080&height=1920"


VIDEOS = {
    "youtube": Video(256_000_000_000),
    "tiktok": Video(4_000_000_000),
    "facebook": Video(10_000_000_000),
    "linkedin": Video(500_000_000),
    "x": Video(512_000_000, "seconds=60&width=1280&height=720"),
    "instagram": Video(300_000_000, "seconds=120&width=1080&height=1920"),
}


@contextmanager
def process(*command: str, **environ: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A command that runs until the block ends, and the lines it said until it was ready to be stopped."""
    environment = {**os.environ, **environ}
    with subprocess.Popen(
        [*SEXTANT, *command], env=environment, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        said = []
        try:
            for line in running.stdout:
                said.append(line.strip())
                if "Stop with Ctrl-C" in line:
                    break
            assert running.poll() is None, said
            yield running, said
        finally:
            running.terminate()


def memory(pid: int | str, what: str) -> int:
    """VmRSS or VmHWM of a process («self»: this one), in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what + ":"))


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


async def measure(size: int, platforms: list[str], directory: Path) -> dict[str, dict[str, Any]]:
    data = {"SEXTANT_DATA_DIR": str(directory), "SEXTANT_PUBLISH_WAIT_S": "1"}
    with process("sandbox", "--port", "0", **data) as (networks, said):
        upstream = address_in(said)
        key = "mk_bench_memory"
        more = {"SEXTANT_SANDBOX_URL": upstream, "SEXTANT_SANDBOX_API_KEY": key}
        with process("serve", "--sandbox", "--port", "0", **data, **more) as (server, said):
            headers = {"Authorization": f"Bearer {key}"}
            async with aiohttp.ClientSession(address_in(said[-1:]), headers=headers) as api:
                return {
                    name: await published(api, upstream, name, size, server.pid, networks.pid)
                    for name in platforms
                }


def address_in(said: list[str]) -> str:
    return next(word.rstrip(".") for line in said for word in line.split() if word.startswith("http://"))


async def published(
    api: aiohttp.ClientSession, upstream: str, platform: str, size: int, server: int, networks: int
) -> dict[str, Any]:
    video = VIDEOS[platform]
    size = min(size, video.most)
    forget_peak(server)
    before, began = memory(server, "VmRSS"), time.monotonic()
    post = await posted(api, platform, f"{upstream}/_control/media/made.mp4?{video.query}&bytes={size}")
    peak = memory(server, "VmHWM")
    return {
        "status": post["status"],
        "error": post["destinations"][0]["error"],
        "bytes": size,
        "before": before,
        "peak": peak,
        "grew": peak - before,
        "seconds": round(time.monotonic() - began, 1),
        "networks_peak": memory(networks, "VmHWM"),
    }


async def posted(api: aiohttp.ClientSession, platform: str, url: str) -> dict[str, Any]:
    """The post once it rests. It goes to the platform's first account."""
    async with api.get("/social/connections") as answer:
        known = (await answer.json())["connected_accounts"]
    to = next(one["social_connection_id"] for one in known if one["platform"] == platform)
    body = {"post": "How heavy?", "destinations": [{"social_connection_id": to}], "media_urls": [url]}
    async with api.post("/social/post", json=body) as answer:
        made = await answer.json()
        if answer.status != 200:
            return {"status": f"refused: {answer.status}", "destinations": [{"error": made}]}
    async with asyncio.timeout(PUBLISH_S):
        while True:
            async with api.get(f"/social/post/{made['post_id']}") as answer:
                view: dict[str, Any] = await answer.json()
            if view["status"] != "processing":
                return view
            await asyncio.sleep(0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--bytes", type=int, default=1 << 30)
    parser.add_argument("--platform", action="append", choices=list(VIDEOS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        platforms = options.platform or list(VIDEOS)
        found = asyncio.run(measure(options.bytes, platforms, Path(directory)))
    if options.json:
        print(json.dumps(found))
        return
    print("network        status    sent MiB   before MiB   peak MiB   grew MiB   seconds")
    for name, row in found.items():
        sizes = (row["bytes"], row["before"], row["peak"], row["grew"])
        sent, before, peak, grew = (round(size / MIB) for size in sizes)
        print(f"{name:<12}{row['status']:>9}{sent:>12}{before:>13}{peak:>11}{grew:>11}{row['seconds']:>10}")
        if row["error"]:
            print(f"    {row['error']}")


if __name__ == "__main__":
    main()
