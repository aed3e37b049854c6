"""Batch POST: up to fifty calls in one (facebook.md §3.6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from sextant.sandbox.graph.call import Call
from sextant.sandbox.graph.errors import GraphError, invalid

MOST = 50

Answered = tuple[int, dict[str, str], Any]
"""Status, headers and body of one call."""


class Part(msgspec.Struct):
    """One call as it stands in `batch`."""

    method: str
    relative_url: str
    body: str = ""
    access_token: str | None = None


def calls_in(call: Call) -> list[Call]:
    """The calls of a batch; raises when there are none or too many."""
    try:
        parts = msgspec.json.decode(call.params.get("batch", ""), type=list[Part])
    except msgspec.DecodeError:
        raise invalid("(#100) param batch must be an array.") from None
    if not parts:
        raise invalid("(#100) param batch must be non-empty.")
    if len(parts) > MOST:
        # The limit is documented, its envelope is not.
        text = f"Too many requests in batch message. Maximum batch size is {MOST}"
        raise GraphError(-3, text, kind="GraphBatchException")
    return [_call(call, part) for part in parts]


def _call(call: Call, part: Part) -> Call:
    path, _, query = part.relative_url.partition("?")
    params = {**dict(parse_qsl(part.body)), **dict(parse_qsl(query))}
    if part.access_token is not None:
        params["access_token"] = part.access_token
    if "access_token" not in params:
        # A proof is of one token: the outer one goes with the outer token only.
        outer = {
            name: call.params[name] for name in ("access_token", "appsecret_proof") if name in call.params
        }
        params = {**outer, **params}
    return call.inner(part.method.upper(), path, params)


async def run(call: Call, one: Callable[[Call], Awaitable[Answered]]) -> list[dict[str, Any]]:
    """The answers in the order of the calls; a body is JSON in a string."""
    with_headers = call.params.get("include_headers", "true").lower() not in ("false", "0")
    return [element(await one(inner), with_headers) for inner in calls_in(call)]


def element(answered: Answered, with_headers: bool) -> dict[str, Any]:
    status, headers, body = answered
    found: dict[str, Any] = {"code": status}
    if with_headers:
        found["headers"] = [{"name": name, "value": value} for name, value in headers.items()]
    return {**found, "body": msgspec.json.encode(body).decode()}
