"""Request bodies: not JSON or not an object is 400, wrong content is 422, each with what to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import Request

from sextant.api.failures import body_faults
from sextant.errors import BadRequest, Invalid

Check = Callable[[Request[Any, Any, Any]], Awaitable[None]]


def checked(kind: type[msgspec.Struct]) -> Check:
    """A `before_request` hook that refuses a body which is no `kind` in the contract's words."""

    async def check(request: Request[Any, Any, Any]) -> None:
        value = parsed(await request.body())
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise Invalid(*body_faults(error)) from None

    return check


def parsed(content: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequest("The body is not JSON. Send a JSON object as application/json.") from None
    if not isinstance(value, dict):
        raise BadRequest("The body has to be a JSON object.")
    return value
