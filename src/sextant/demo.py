"""`sextant demo`: the main job once, from connecting to the numbers, on the simulated networks."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.table import Table

from sextant.config import Settings
from sextant.errors import SetupError
from sextant.metrics import KEYS
from sextant.sandboxed import Running, running
from sextant.serve import stop_signal

TEXT = "Hello from Sextant: one post, six networks, honest numbers."
HOURS = 72
WIDTH = 150


async def demo(settings: Settings, host: str, port: int, *, once: bool, as_json: bool) -> None:
    """Shows every step on stderr or stdout; with `as_json` stdout holds the analytics body alone."""
    console = Console(stderr=as_json, highlight=False)
    with tempfile.TemporaryDirectory(prefix="sextant-demo-") as scratch:
        fresh = settings.model_copy(update={"data_dir": Path(scratch), "database_url": ""})
        async with running(fresh, host, port, 0, console.print) as up:
            body = await main_job(up, console)
            show(body, console, as_json)
            stop = stop_signal()
            where = "address" if once else "address, until Ctrl-C"
            console.print(f"\n{where}: {up.url}\nAPI pages: {up.url}/docs\nAPI key: {up.api_key}")
            console.print(f"switches of the simulated networks: {up.sandbox.url}/_control/ledger")
            if not once:
                await stop.wait()


async def main_job(up: Running, console: Console) -> bytes:
    """Publishes to everything that is connected, lets time pass, and reads. Returns the body as it came."""
    headers = {"Authorization": f"Bearer {up.api_key}"}
    async with aiohttp.ClientSession(up.url, headers=headers) as session:
        post_id = await publish(session, up, console)
        async with session.post(
            f"{up.sandbox.url}/_control/clock", json={"advance_s": HOURS * 3600}
        ) as answer:
            answer.raise_for_status()
        console.print(f"Let {HOURS} simulated hours pass.")
        async with session.get(f"/social/post/{post_id}/analytics") as answer:
            answer.raise_for_status()
            console.print("Read the analytics of all of them.")
            return await answer.read()


async def publish(session: aiohttp.ClientSession, up: Running, console: Console) -> str:
    async with session.get("/social/connections") as answer:
        accounts = (await answer.json())["connected_accounts"]
    body = {
        "post": TEXT,
        "media_urls": [f"{up.sandbox.url}/_control/media/sample.mp4"],
        "destinations": [{"social_connection_id": a["social_connection_id"]} for a in accounts],
    }
    console.print(f"Publishing one post with a video to {len(accounts)} accounts …")
    async with session.post("/social/post", json=body) as answer:
        answer.raise_for_status()
        post_id: str = (await answer.json())["post_id"]
    for row in await finished(session, post_id):
        said = row["post_url"] or row["error"]
        console.print(f"  {row['platform']}: {row['status']}  {said}", soft_wrap=True)
    return post_id


async def finished(session: aiohttp.ClientSession, post_id: str) -> list[dict[str, Any]]:
    """The destinations once none is under way any more."""
    for _ in range(240):
        async with session.get(f"/social/post/{post_id}") as answer:
            view = await answer.json()
        if view["status"] != "processing":
            rows: list[dict[str, Any]] = view["destinations"]
            return rows
        await asyncio.sleep(0.25)
    raise SetupError("The simulated networks did not finish publishing within a minute.")


def show(body: bytes, console: Console, as_json: bool) -> None:
    answer = json.loads(body)
    wide = Console(stderr=console.stderr, width=max(console.width, WIDTH), highlight=False)
    wide.print(table(answer))
    if as_json:
        sys.stdout.buffer.write(body + b"\n")
        sys.stdout.flush()
    else:
        console.print_json(data=answer)


def table(answer: dict[str, Any]) -> Table:
    """Networks × 13 keys; a dash and its reason where there is no number."""
    analytics = answer["analytics"]
    shown = Table(title=f"analytics: {analytics['status']}", title_justify="left")
    shown.add_column("", no_wrap=True)
    for entry in analytics["platforms"]:
        shown.add_column(entry["platform"], justify="right")
    shown.add_column("total", justify="right", style="bold")
    facts = analytics["metadata"]["destinations"]
    for key in KEYS:
        pairs = zip(analytics["platforms"], facts, strict=True)
        cells = [cell(entry["metrics"][key], fact["missing"].get(key)) for entry, fact in pairs]
        shown.add_row(key, *cells, cell(analytics["totals"][key], None))
    return shown


def cell(value: float | None, reason: str | None) -> str:
    if value is not None:
        return f"{value:,}"
    return f"– [dim]{reason}[/dim]" if reason else "–"
