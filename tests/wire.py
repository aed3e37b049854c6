"""A scripted peer: a real HTTP server that answers what a test wrote down, and keeps what it was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web


@dataclass
class Asked:
    """One request as it arrived. `path` starts with the real host: `/api.x.com/2/tweets`."""

    method: str
    path: str
    query: Mapping[str, str]
    raw_query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Scripted:
    """`peer.on("GET", "/api.x.com/2/tweets", {...})`; answers repeat the last when asked more often."""

    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self._script: dict[tuple[str, str], list[web.Response]] = {}
        self._runner: web.AppRunner | None = None

    def on(
        self,
        method: str,
        path: str,
        body: Any = None,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Self:
        def make() -> web.Response:
            if isinstance(body, bytes | str):
                return web.Response(body=body, status=status, headers=headers)
            return web.json_response(body, status=status, headers=headers)

        self._script.setdefault((method, path), []).append(make)  # type: ignore[arg-type]
        return self

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(
            Asked(
                request.method,
                request.path,
                request.query,
                request.rel_url.raw_query_string,
                request.headers,
                await request.read(),
            )
        )
        answers = self._script.get((request.method, request.path))
        if not answers:
            return web.json_response({"scripted": "nothing"}, status=404)
        make = answers.pop(0) if len(answers) > 1 else answers[0]
        return make()  # type: ignore[operator,no-any-return]

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{tail:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
