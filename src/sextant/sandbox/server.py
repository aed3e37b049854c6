"""The HTTP server of the simulated networks: routing, faults and the ledger around each handler."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from sextant.sandbox.control import control_routes
from sextant.sandbox.faults import Fault, Purpose
from sextant.sandbox.ledger import Entry
from sextant.sandbox.network import ITEMS, Network, Route
from sextant.sandbox.world import World

SLOW_S = 0.4
HOLD_S = 120.0
WRITTEN_EVERY_S = 0.5
NOT_JSON = "<!doctype html><html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"

AiohttpHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Sandbox:
    """The running sandbox. `async with Sandbox(world, networks) as sandbox: sandbox.url`."""

    def __init__(
        self,
        world: World,
        networks: Sequence[Network],
        host: str = "127.0.0.1",
        port: int = 0,
        public_url: str = "",
    ) -> None:
        self.world = world
        self.networks = {network.name: network for network in networks}
        self._host, self._port, self._public_url = host, port, public_url
        self._runner: web.AppRunner | None = None
        self._writer: asyncio.Task[None] | None = None
        for network in networks:
            for account in network.accounts():
                world.add_account(account)

    @property
    def url(self) -> str:
        return self.world.base_url

    async def __aenter__(self) -> Sandbox:
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port, backlog=1024)
        await site.start()
        port = self._runner.addresses[0][1]
        self.world.base_url = self._public_url or f"http://{self._host}:{port}"
        self._writer = asyncio.create_task(self._writing())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.cancel()
        self.world.faults.clear()
        if self._runner is not None:
            await self._runner.cleanup()
        self.world.write()

    async def _writing(self) -> None:
        while True:
            await asyncio.sleep(WRITTEN_EVERY_S)
            self.world.write()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 40)
        app.add_routes(control_routes(self.world, self.networks))
        for network in self.networks.values():
            for route in network.routes:
                app.router.add_route(
                    route.method, f"/{route.host}{route.path}", self._simulated(network, route)
                )
        for host, network in self._hosts().items():
            app.router.add_route("*", f"/{host}/{{tail:.*}}", self._unknown(network))
        return app

    def _hosts(self) -> dict[str, Network]:
        return {route.host: network for network in self.networks.values() for route in network.routes}

    def _unknown(self, network: Network) -> AiohttpHandler:
        async def handle(world: World, request: web.Request) -> web.StreamResponse:
            return network.unknown_path(request)

        return self._simulated(network, Route("*", "", "", handle))

    def _simulated(self, network: Network, route: Route) -> AiohttpHandler:
        async def answer(request: web.Request) -> web.StreamResponse:
            name = await route.owner(self.world, request) if route.owner else network.name
            owner = self.networks.get(name, network)
            commits = await self._commits(route, request)
            purpose = await self._purpose(route, request)
            fault = self.world.faults.take(owner.name, purpose, commits)
            status = 0
            try:
                response = await self._answer(owner, route, request, fault)
                status = response.status
                return response
            finally:
                if purpose != "page":
                    self._note(owner, request, status)

        return answer

    async def _purpose(self, route: Route, request: web.Request) -> Purpose:
        return await route.purpose(self.world, request) if callable(route.purpose) else route.purpose

    async def _commits(self, route: Route, request: web.Request) -> bool:
        return route.commits if isinstance(route.commits, bool) else await route.commits(self.world, request)

    def _note(self, owner: Network, request: web.Request, status: int) -> None:
        path = "/" + request.path.split("/", 2)[-1]
        items = request.get(ITEMS, 0)
        self.world.ledger.add(Entry(owner.name, request.method, path, status, items))

    async def _answer(
        self, owner: Network, route: Route, request: web.Request, fault: Fault | None
    ) -> web.StreamResponse:
        match fault:
            case None:
                return await route.handler(self.world, request)
            case Fault(kind="slow"):
                await self._held(owner, fault, SLOW_S)
                return await route.handler(self.world, request)
            case Fault(kind="timeout"):
                await self._held(owner, fault, HOLD_S)
                return dropped(request)
            case Fault(kind="drop_after_commit"):
                await route.handler(self.world, request)
                return dropped(request)
            case Fault(kind="not_json"):
                return web.Response(text=NOT_JSON, content_type="text/html", headers=fault.headers)
        await self._held(owner, fault, 0)
        failure = (route.failure or owner.failure)(fault.status)
        failure.headers.update(fault.headers)
        return failure

    async def _held(self, owner: Network, fault: Fault, usual_s: float) -> None:
        seconds = usual_s if fault.delay_ms is None else fault.delay_ms / 1000
        await self.world.faults.hold(owner.name, seconds)


def dropped(request: web.Request) -> web.Response:
    """Closes the connection; what is returned never leaves."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
