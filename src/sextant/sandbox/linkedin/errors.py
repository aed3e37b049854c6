"""LinkedIn's error envelopes (document section 5) and the trace headers every answer carries."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from aiohttp import web

from sextant.sandbox.network import json


class Refused(Exception):
    """A request LinkedIn refuses: `service` is its serviceErrorCode, `code` the one `/v2` leaves out."""

    def __init__(
        self, status: int, message: str, code: str | None = None, service: int | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.service = status, message, code, service

    def body(self, *, with_code: bool = True) -> dict[str, Any]:
        body: dict[str, Any] = {"status": self.status}
        if self.service is not None:
            body["serviceErrorCode"] = self.service
        if self.code is not None and with_code:
            body["code"] = self.code
        return {**body, "message": self.message}


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """JSON with LinkedIn's trace headers; without a body when it is None."""
    headers = {**traced(), **(headers or {})}
    return web.Response(status=status, headers=headers) if body is None else json(body, status, headers)


def traced() -> dict[str, str]:
    return {"x-li-uuid": uuid4().hex, "x-li-fabric": "prod-lor1", "x-li-request-id": uuid4().hex}


def denied(resource: str, method: str, version: str) -> Refused:
    name = f"{resource}.{method}.{version}"
    return Refused(403, f"Not enough permissions to access: {name}", "ACCESS_DENIED", 100)


def author_denied(field: str) -> Refused:
    text = "Field Value validation failed in REQUEST_BODY: Data Processing Exception while processing fields"
    return Refused(403, f"{text} [/{field}]", "ACCESS_DENIED", 100)


def invalid(message: str, code: str = "INVALID_ARGUMENT") -> Refused:
    return Refused(400, message, code)


def not_found(message: str = "Not Found") -> Refused:
    return Refused(404, message, "NOT_FOUND")


def throttled(counter: str) -> Refused:
    """`counter`: `APPLICATION DAY`, `MEMBER DAY`, or empty for the throttle that is no quota."""
    text = " ".join(
        ["Resource level throttle", *counter.split(), "limit for calls to this resource is reached."]
    )
    return Refused(429, text, "TOO_MANY_REQUESTS", 101)


def failure(status: int) -> web.Response:
    """An ordered failure of an API call."""
    known = {
        401: Refused(401, "Invalid access token", "INVALID_ACCESS_TOKEN", 65600),
        403: denied("posts", "GET", "20260901"),
        404: not_found(),
        426: Refused(426, "Requested version 20251101 is not active", "NONEXISTENT_VERSION"),
        429: throttled(""),
        500: Refused(500, "Internal Server Error"),
        503: Refused(503, "Service Unavailable"),
    }
    refused = known.get(status, Refused(status, web.Response(status=status).reason or "Error"))
    return answer(refused.body(), status)


def oauth_error(status: int, error: str, description: str) -> web.Response:
    return answer({"error": error, "error_description": description}, status)


def oauth_failure(status: int) -> web.Response:
    """An ordered failure of a token call."""
    if status >= 500:
        return failure(status)
    text = "The provided authorization grant or refresh token is invalid, expired or revoked."
    return oauth_error(status, "invalid_grant", text)
