"""A sandbox for clients that we did not write; only their transport is led to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import resources
from typing import Any

import pytest
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from sextant.sandbox.networks import networks
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World

MP4 = (resources.files("sextant.sandbox") / "media" / "sample.mp4").read_bytes()


class Detour(HTTPAdapter):
    """`https://host/path` goes to the sandbox's `/host/path`; `known_as` are hosts with a second name."""

    def __init__(self, sandbox_url: str, known_as: dict[str, str] | None = None) -> None:
        super().__init__()
        self.sandbox_url, self.known_as = sandbox_url, known_as or {}

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        host, _, path = (request.url or "").removeprefix("https://").partition("/")
        request.url = f"{self.sandbox_url}/{self.known_as.get(host, host)}/{path}"
        return super().send(request, *args, **options)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """All six networks; media are ready at once."""
    world = World()
    world.processing_s = 0.0
    async with Sandbox(world, networks()) as running:
        yield running


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return sandbox.world
