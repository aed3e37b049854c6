"""A real HTTP peer between an adapter and the sandbox: passes requests on, and alters the answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any, Self

import aiohttp
from aiohttp import web
from yarl import URL

Change = Callable[[Any], Any]
"""Decoded JSON → what is answered in its place."""
Alter = Callable[[bytes], bytes]

OF_THE_HOP = {
    "host",
    "content-length",
    "transfer-encoding",
    "content-encoding",
    "connection",
    "server",
    "date",
}


class Relay:
    """`async with Relay(sandbox.url) as relay: relay.alter = edited(...)`."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.alter: Alter = bytes
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._pass)
        self._session = aiohttp.ClientSession()
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._runner.cleanup()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        url = URL(f"{self.upstream}{request.rel_url.raw_path_qs}", encoded=True)
        body = await request.read()
        async with self._session.request(
            request.method, url, headers=end_to_end(request.headers), data=body
        ) as answer:
            altered = self.alter(await answer.read())
            return web.Response(status=answer.status, body=altered, headers=end_to_end(answer.headers))


def end_to_end(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in OF_THE_HOP}


# ---- changes to answers ----------------------------------------------------------------------------


def edited(change: Change) -> Alter:
    """Applies a change to JSON answers; the bodies in a Graph batch, JSON as text, are opened for it."""

    def alter(content: bytes) -> bytes:
        try:
            body = json.loads(content)
        except ValueError:
            return content
        return json.dumps(closed(change(opened(body)))).encode()

    return alter


def opened(body: Any) -> Any:
    return [inner(part, json.loads, str) for part in body] if isinstance(body, list) else body


def closed(body: Any) -> Any:
    if not isinstance(body, list):
        return body
    return [inner(part, json.dumps, dict | list | int | float | None) for part in body]


def inner(part: Any, turn: Change, kind: Any) -> Any:
    if isinstance(part, dict) and "body" in part and isinstance(part["body"], kind):
        return {**part, "body": turn(part["body"])}
    return part


def mentions(value: Any, post_id: str) -> bool:
    return post_id in json.dumps(value)


def without_post(post_id: str) -> Change:
    """Answers that leave a post out; a Graph batch has null in its place."""

    def pruned(value: Any) -> Any:
        if isinstance(value, dict) and value.get("id") == post_id:
            return {}
        if isinstance(value, dict):
            return {name: pruned(item) for name, item in value.items() if post_id not in name}
        if isinstance(value, list):
            return [pruned(item) for item in value if not mentions(item, post_id)]
        return value

    def change(body: Any) -> Any:
        if isinstance(body, list):
            return [None if mentions(part, post_id) else part for part in body]
        return pruned(body)

    return change


def without_field(field: str) -> Change:
    """Answers without one counter: a member of an object, or a row named so."""

    def change(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: change(item) for name, item in value.items() if name != field}
        if isinstance(value, list):
            return [
                change(item) for item in value if not (isinstance(item, dict) and item.get("name") == field)
            ]
        return value

    return change


def reordered(ids: Collection[str]) -> Change:
    """Answers with rows of different posts, members of objects, and insights in another order.

    The order of a Graph batch is that of its questions, so it stays.
    """

    def change(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: change(value[name]) for name in reversed(value)}
        if isinstance(value, list):
            items = [change(item) for item in value]
            return items[::-1] if is_table(value) or is_insights(value) else items
        return value

    def is_table(rows: list[Any]) -> bool:
        return sum(any(mentions(row, post_id) for row in rows) for post_id in ids) > 1

    def outermost(body: Any) -> Any:
        return [change(part) for part in body] if isinstance(body, list) else change(body)

    return outermost


def with_news(beside: str) -> Change:
    """Answers with a counter that nobody knows yet beside a known one, and something new at the top."""

    def change(value: Any) -> Any:
        if isinstance(value, dict):
            members = {name: change(item) for name, item in value.items()}
            return members | ({"new_counter": 7} if beside in value else {})
        if isinstance(value, list):
            items = [change(item) for item in value]
            row = {"name": "new_counter", "period": "lifetime", "values": [{"value": 7}], "id": "new"}
            return [*items, row] if is_insights(value) else items
        return value

    def outermost(body: Any) -> Any:
        found = change(body)
        return {**found, "brand_new": {"deep": [None, "x"]}} if isinstance(found, dict) else found

    return outermost


def repeating(secret: str) -> Change:
    """Answers whose sentences quote something secret."""

    def change(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: change(item) for name, item in value.items()}
        if isinstance(value, list):
            return [change(item) for item in value]
        return f"{value} ({secret})" if isinstance(value, str) and " " in value else value

    return change


def is_insights(rows: list[Any]) -> bool:
    """Graph's rows of one metric each."""
    return bool(rows) and all(isinstance(row, dict) and {"name", "values"} <= row.keys() for row in rows)


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in some JSON."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    return [here, *(place for name, item in items for place in places(item, (*here, name)))]


def replaced(value: Any, place: tuple[Any, ...], by: Any) -> Any:
    """A copy with something else at one place."""
    if not place:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = replaced(value[place[0]], place[1:], by)
    return copy
