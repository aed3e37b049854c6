"""A made-up Internet below the real HTTP client: names, public addresses, and who was connected to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib import resources
from typing import Any

import pytest
from aiohttp import web

VIDEO = (resources.files("sextant.sandbox") / "media" / "sample.mp4").read_bytes()
JPEG = (resources.files("sextant.sandbox") / "media" / "sample.jpg").read_bytes()


@asynccontextmanager
async def counting():
    """A port on both loopbacks (where there are both), and who connected to it."""
    connected = []

    async def note(reader, writer):
        connected.append(writer.get_extra_info("peername"))
        writer.close()

    four = await asyncio.start_server(note, "127.0.0.1", 0)
    port = four.sockets[0].getsockname()[1]
    async with AsyncExitStack() as servers:
        await servers.enter_async_context(four)
        with suppress(OSError):
            await servers.enter_async_context(await asyncio.start_server(note, "::1", port))
        yield port, connected


class Internet:
    """`names`: what the resolver says, one answer a look-up, the last for ever. `pages`: what the one server
    behind all public addresses says. `looked_up`, `connected`, `asked`: what was.
    """

    def __init__(self) -> None:
        self.names: dict[str, list[list[str]]] = {}
        self.pages: dict[str, Callable[[], web.Response]] = {}
        self.looked_up: list[str] = []
        self.connected: list[str] = []
        self.asked: list[web.Request] = []
        self.port = 0
        self.real: Callable[..., Any] = asyncio.get_running_loop().sock_connect

    def lookup(self, host: Any, port: Any, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        """In place of socket.getaddrinfo."""
        self.looked_up.append(host)
        answers = self.names.get(host)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [_addrinfo(address, port) for address in found]

    async def connect(self, sock: socket.socket, address: tuple[Any, ...]) -> None:
        """In place of the event loop's sock_connect: every address leads to the one server."""
        self.connected.append(address[0])
        await self.real(sock, ("127.0.0.1", self.port))

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        page = self.pages.get(f"{request.host}{request.path}")
        return page() if page else web.Response(status=404)


def _addrinfo(address: str, port: Any) -> tuple[Any, ...]:
    if ":" in address:
        return socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address.partition("%")[0], port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)


@asynccontextmanager
async def internet(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Internet]:
    made = Internet()
    app = web.Application()
    app.router.add_get("/{tail:.*}", made.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.port = runner.addresses[0][1]
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(socket, "getaddrinfo", made.lookup)
    monkeypatch.setattr(loop, "sock_connect", made.connect)
    yield made
    monkeypatch.undo()
    await runner.cleanup()
