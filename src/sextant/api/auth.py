"""Who is asking: the API key of each request, what it may do, and how often."""

from __future__ import annotations

import math
import re
import time
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers.base import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from sextant.errors import Forbidden, RateLimited
from sextant.services import Services
from sextant.store.organizations import PROPOSE, ApiKey

OPEN_PATHS = re.compile(r"/(?:healthz|readyz|metrics|openapi\.json|docs(?:/.*)?|connect/.*)?")

ApiRequest = Request[None, ApiKey, Any]


class Authenticate:
    """Puts the living key of the Authorization header into `request.auth`; raises InvalidApiKey.

    A bare ASGI middleware: it stands before every read, and the framework's own costs as much as the read.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and not OPEN_PATHS.fullmatch(scope["path"]):
            state = scope["litestar_app"].state
            services: Services = state.services
            key = await services.keyring.key(header(scope, b"authorization") or "")
            state.meter.count(key.id)
            scope["auth"], scope["user"] = key, None
        await self.app(scope, receive, send)


def header(scope: Scope, name: bytes) -> str | None:
    """One header, by its lower-case name, without building an object for all of them."""
    return next((value.decode("latin-1") for found, value in scope["headers"] if found == name), None)


class Meter:
    """Requests per key and minute, in fixed windows of this process. A limit of 0 counts nothing."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._window = 0
        self._counts: dict[str, int] = {}

    def count(self, key_id: str) -> None:
        """Raises RateLimited when the key has used its minute up."""
        if not self.per_minute:
            return
        now = time.time()
        if int(now // 60) != self._window:
            self._window, self._counts = int(now // 60), {}
        self._counts[key_id] = self._counts.get(key_id, 0) + 1
        if self._counts[key_id] > self.per_minute:
            wait = str(math.ceil(60 - now % 60))
            said = f"More than {self.per_minute} requests in this minute; try again in {wait} s."
            raise RateLimited(said, {"Retry-After": wait})


def writes(connection: ASGIConnection[Any, Any, ApiKey, Any], _: BaseRouteHandler) -> None:
    """Guard of the routes that change something."""
    if connection.auth.scope != "full":
        raise Forbidden("This key may not do that. Use one made with 'sextant keys create --scope full'.")


def proposes(connection: ASGIConnection[Any, Any, ApiKey, Any], _: BaseRouteHandler) -> None:
    """Guard of the route that takes posts: those of a proposing key wait for approval."""
    if connection.auth.scope not in ("full", PROPOSE):
        raise Forbidden("This key may only read. Use one made with 'sextant keys create --scope full'.")
