"""What a simulated network has to offer the server: its routes, its accounts, and its truth."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from sextant.sandbox.faults import Purpose
from sextant.sandbox.quotas import Bucket
from sextant.sandbox.world import Account, Post, World

Handler = Callable[[World, web.Request], Awaitable[web.StreamResponse]]
Commits = Callable[[World, web.Request], Awaitable[bool]]
PurposeOf = Callable[[World, web.Request], Awaitable[Purpose]]


@dataclass(frozen=True, slots=True)
class Route:
    """One path of one real host, e.g. `Route("GET", "api.x.com", "/2/tweets", lookup, "read")`.

    `path` is an aiohttp pattern (`/2/tweets/{id}`). `purpose` is what faults and people call it (or a
    question to the request).
    `commits`: this is the request that makes a post visible (or a question to the request, where one path
    has several uses). `owner`: where two networks share a host, which of them a request belongs to (for
    faults and ledger); None: the network that lists the route. `failure`: the error envelope of this path
    where it differs from the network's usual one.
    """

    method: str
    host: str
    path: str
    handler: Handler
    purpose: Purpose | PurposeOf = "other"
    commits: bool | Commits = False
    owner: Callable[[World, web.Request], Awaitable[str]] | None = None
    failure: Callable[[int], web.Response] | None = None


class Network(Protocol):
    """One simulated network."""

    name: str
    routes: Sequence[Route]
    buckets: Sequence[Bucket]
    """Everything that it limits or counts."""

    def accounts(self) -> list[Account]:
        """Who is there from the start."""
        ...

    def failure(self, status: int) -> web.Response:
        """The network's own error envelope for an ordered failure with this HTTP status."""
        ...

    def unknown_path(self, request: web.Request) -> web.Response:
        """What the network answers to a path or method it does not have."""
        ...

    def truth(self, world: World, post: Post) -> dict[str, Any]:
        """All the numbers of a post now, in the network's own names: what was set, or what has grown."""
        ...

    def complaint(self, truth: dict[str, Any]) -> str | None:
        """Why this cannot be set as truth (an unknown group name), or None."""
        ...

    def find(self, world: World, native_id: str) -> Post | None:
        """A live post by any id the network's API gives it."""
        ...


ITEMS = web.RequestKey("items", int)


def count_items(request: web.Request, posts: int) -> None:
    """Says how many posts' numbers this request asks for, for the ledger."""
    request[ITEMS] = request.get(ITEMS, 0) + posts


def json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(body, status=status, headers=headers)


def bearer(request: web.Request) -> str:
    """The token of `Authorization: Bearer …`, or an empty text."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
