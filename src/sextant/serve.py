"""API, worker and, if wanted, the simulated networks in one process and one event loop."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from litestar import Litestar

from sextant.api.routes import build_api, build_watch
from sextant.app import build
from sextant.clock import Clock
from sextant.config import Settings, apps_for, require_secret_key
from sextant.errors import SetupError
from sextant.platforms import PLATFORMS
from sextant.platforms.base import App
from sextant.services import Services
from sextant.store import readings
from sextant.store.migrate import migrate

log = logging.getLogger("sextant.serve")

AT_ONCE = 4096
"""Connections that may wait for their turn: a thousand readers of one post are an ordinary day."""


class Progress(Protocol):
    """What is shown while posts are read."""

    def begin(self, due: int) -> None: ...

    def step(self, posts: int) -> None: ...

    def end(self, said: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    @property
    def url(self) -> str:
        host = "127.0.0.1" if self.host in ("", "0.0.0.0", "::") else self.host  # noqa: S104
        return f"http://{host}:{self.port}"


def free_address(host: str, port: int) -> Address:
    """The address to serve on (port 0: a free one); SetupError when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            said = f"Cannot serve on {host}:{port} ({error.strerror}). Choose another --port."
            raise SetupError(said) from None
        return Address(host, probe.getsockname()[1])


@contextmanager
def alone(settings: Settings) -> Any:
    """Sees to it that one process at a time works on an SQLite file."""
    if not settings.database.startswith("sqlite:"):
        yield
        return
    path = Path(settings.database.removeprefix("sqlite:///") + ".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SetupError(
                "Another Sextant is using this SQLite file. Stop it, or use Postgres for several processes."
            ) from None
        yield


@asynccontextmanager
async def services_on(
    settings: Settings,
    apps: dict[str, App],
    clock: Clock | None = None,
    upstream: str | None = None,
    *,
    works: bool = True,
) -> AsyncIterator[Services]:
    """Services on a migrated database, with the worker at work unless others do that."""
    services = build(settings, apps, clock=clock, upstream=upstream)
    try:
        await migrate(services.store)
        await services.open(works=works)
        yield services
    finally:
        await services.close()


def listening(services: Services, address: Address) -> AbstractAsyncContextManager[None]:
    """The HTTP API on this address, from entering to leaving."""
    return served(build_api(services), address)


@asynccontextmanager
async def served(api: Litestar, address: Address) -> AsyncIterator[None]:
    """An ASGI application on this address, in this event loop."""
    server = Server(
        api,
        address=address.host,
        port=address.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backlog=AT_ONCE,
        backpressure=AT_ONCE,
        log_enabled=False,
    )
    serving = asyncio.create_task(server.serve())
    try:
        await _reachable(address, serving)
        yield
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.gather(serving, return_exceptions=True)


async def _reachable(address: Address, serving: asyncio.Task[Any]) -> None:
    for _ in range(200):
        if serving.done():
            serving.result()
            raise SetupError(f"The server on {address.url} ended at once.")
        try:
            _, writer = await asyncio.open_connection(address.url.split("//")[1].split(":")[0], address.port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise SetupError(f"The server on {address.url} does not answer.")


async def serve(
    settings: Settings, host: str, port: int, tell: Callable[[str], None], *, works: bool
) -> None:
    """Until a signal comes. Refuses to start without a secret key or any platform app."""
    require_secret_key(settings)
    apps = apps_for(PLATFORMS)
    address = free_address(host, port)
    settings = settings.model_copy(update={"public_url": settings.public_url or address.url})
    with alone(settings):
        async with services_on(settings, apps, works=works) as services, listening(services, address):
            stop = stop_signal()
            tell(f"Sextant serves on {address.url}. API pages: {address.url}/docs. Stop with Ctrl-C.")
            await stop.wait()


async def work(
    settings: Settings,
    apps: dict[str, App],
    tell: Callable[[str], None],
    clock: Clock | None = None,
    upstream: str | None = None,
) -> None:
    """A worker without an API, until a signal comes."""
    require_secret_key(settings)
    with alone(settings):
        async with services_on(settings, apps, clock, upstream) as services, watched(services, tell):
            stop = stop_signal()
            tell(f"Worker {services.engine.worker_id} is at work. Stop with Ctrl-C.")
            await stop.wait()


@asynccontextmanager
async def watched(services: Services, tell: Callable[[str], None]) -> AsyncIterator[None]:
    """A worker's metrics over HTTP, where SEXTANT_METRICS_ADDRESS wants them."""
    host, _, port = services.settings.metrics_address.rpartition(":")
    if not host:
        yield
        return
    address = free_address(host.strip("[]"), int(port))
    async with served(build_watch(services), address):
        tell(f"Metrics: {address.url}/metrics")
        yield


async def collect(
    settings: Settings,
    apps: dict[str, App],
    progress: Progress,
    clock: Clock | None = None,
    upstream: str | None = None,
) -> None:
    """Reads what is due until nothing is left that can be read now."""
    require_secret_key(settings)
    with alone(settings):
        async with services_on(settings, apps, clock, upstream, works=False) as services:
            await services.engine.open(delivers=False)
            async with services.store.read() as db:
                progress.begin(await readings.count_due(db, services.clock.now()))
            services.collector.told = progress.step
            await services.collector.begin()
            await services.collector.run_dry()
            progress.end(summary(services.collector.counts))


def summary(counts: Mapping[tuple[str, str], int]) -> str:
    totals = Counter[str]()
    for (_, result), count in counts.items():
        totals[result] += count
    return f"Read {totals['read']} posts: {totals['saved']} with numbers, {totals['refused']} without."


def stop_signal() -> asyncio.Event:
    """Set by SIGINT or SIGTERM from now on."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    return stop
