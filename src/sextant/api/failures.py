"""Every refusal in the one shape of the contract: {"detail": …, "error": code}."""

from __future__ import annotations

import logging
import re
import uuid
from typing import Any

import msgspec
from litestar import MediaType, Request, Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)

from sextant.errors import ApiError, fault_at

log = logging.getLogger("sextant.api")

CODES = {
    400: "bad_request",
    401: "invalid_api_key",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    422: "validation_error",
    429: "rate_limit",
}
FIELD = re.compile(r"field `(?P<name>[^`]*)`")
WHERE = re.compile(r"^(?P<msg>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)


def refusal(
    status: int, code: str, detail: Any, headers: dict[str, str] | None = None, **more: Any
) -> Response[dict[str, Any]]:
    body = {"detail": detail, "error": code, **more}
    return Response(body, status_code=status, headers=headers, media_type=MediaType.JSON)


def api_error(_: Request[Any, Any, Any], error: ApiError) -> Response[dict[str, Any]]:
    return refusal(error.status, error.code, error.detail, error.headers)


def http_error(_: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    """What the framework itself refuses."""
    match error:
        case ValidationException():
            return refusal(422, CODES[422], [_param_fault(entry) for entry in error.extra or []])
        case NotFoundException():
            return refusal(404, CODES[404], "There is nothing at this address. See /docs for the routes.")
        case MethodNotAllowedException():
            return refusal(405, CODES[405], "This address does not take this method.", error.headers)
        case ClientException(status_code=413):
            return refusal(413, CODES[413], "The request body is too large.")
    status = error.status_code
    if status >= 500:
        return crash(_, error)
    return refusal(status, CODES.get(status, "bad_request"), error.detail)


def crash(_: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """Our own fault: told apart by a request id, with no internals."""
    request_id = str(uuid.uuid4())
    log.error("request %s failed", request_id, exc_info=error)
    said = f"Something went wrong on our side. Please report it with the id {request_id}."
    return refusal(500, "internal_server_error", said, request_id=request_id)


def body_faults(error: msgspec.ValidationError) -> list[dict[str, Any]]:
    """msgspec's sentence as an entry of a 422: `$.destinations[0].x` → body, destinations, 0, x."""
    found = WHERE.match(str(error))
    msg, path = (found["msg"], found["path"] or "") if found else (str(error), "")
    place = [int(part) if part.isdigit() else part for part in re.findall(r"\w+", path)]
    if field := FIELD.search(msg):
        place.append(field["name"])
    return [fault_at(["body", *place], f"{msg}.", "invalid")]


def _param_fault(entry: Any) -> dict[str, Any]:
    source = {"query": "query", "path": "path"}.get(str(entry.get("source", "")), "query")
    return fault_at([source, entry.get("key", "")], f"{entry.get('message', '')}.", "invalid")
