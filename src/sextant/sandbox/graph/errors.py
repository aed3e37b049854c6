"""Graph's one error envelope (facebook.md §5.1). Texts not in the documents are those of real answers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sextant.sandbox.network import json

DOCS = "https://developers.facebook.com/docs/graph-api"


class GraphError(Exception):
    """Ends a request. `kind` is the envelope's `type`, `more` its optional keys."""

    def __init__(
        self,
        code: int,
        message: str,
        subcode: int | None = None,
        *,
        status: int = 400,
        kind: str = "OAuthException",
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.subcode, self.kind = status, code, subcode, kind
        self.message = message
        self.more = more or {}

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": {**error, **self.more, "fbtrace_id": secrets.token_urlsafe(8)}}


def invalid(message: str, subcode: int | None = None) -> GraphError:
    return GraphError(100, message, subcode)


def wrong_proof() -> GraphError:
    text = "Invalid appsecret_proof provided in the API argument"
    return GraphError(100, text, kind="GraphMethodException")


def no_token() -> GraphError:
    return GraphError(104, "An access token is required to request this resource.")


def unknown_token() -> GraphError:
    return GraphError(190, "Invalid OAuth access token - Cannot parse access token")


def needs_page_token() -> GraphError:
    return GraphError(190, "(#190) This method must be called with a Page Access Token")


def not_permitted() -> GraphError:
    return GraphError(10, "(#10) Application does not have permission for this action", status=403)


def needs_permission(scope: str) -> GraphError:
    text = (
        f"(#10) This endpoint requires the '{scope}' permission or the 'Page Public Content Access' feature. "
        "Refer to https://developers.facebook.com/docs/apps/review/login-permissions for details."
    )
    return GraphError(10, text, status=403)


def no_role() -> GraphError:
    text = "(#200) The user does not have sufficient administrative permission for this action on this page."
    return GraphError(200, text, status=403)


def nonexisting_field(field: str, node_type: str) -> GraphError:
    return invalid(f"(#100) Tried accessing nonexisting field ({field}) on node type ({node_type})")


def unsupported(method: str, native_id: str) -> GraphError:
    text = (
        f"Unsupported {method.lower()} request. Object with ID '{native_id}' does not exist, cannot be "
        "loaded due to missing permissions, or does not support this operation. "
        f"Please read the Graph API documentation at {DOCS}"
    )
    return GraphError(100, text, 33, kind="GraphMethodException")


def unsupported_root(method: str) -> GraphError:
    """The root holds nothing but the batch; `GET /?ids=` ended on 2026-10-27 (its body is not known)."""
    text = f"Unsupported {method.lower()} request. Please read the Graph API documentation at {DOCS}"
    return GraphError(100, text, kind="GraphMethodException")


def not_simulated() -> GraphError:
    """What the sandbox has no part of; the network's words for a capability that the app lacks."""
    return GraphError(3, "(#3) Application does not have the capability to make this API call.")


def failure(status: int, throttled: GraphError) -> GraphError:
    """The envelope for an ordered failure; `throttled` is the platform's own."""
    match status:
        case 400:
            return invalid("(#100) Invalid parameter")
        case 401:
            text = "Error validating access token: The session is invalid because the user logged out."
            return GraphError(190, text, 467, status=401)
        case 403:
            return not_permitted()
        case 404:
            error = unsupported("get", "0")
        case 429:
            error = throttled
        case _:
            text = "An unexpected error has occurred. Please retry your request later."
            error = GraphError(2, text, more={"is_transient": status >= 500})
    error.status = status
    return error


def answer(error: GraphError) -> web.Response:
    return json(error.body(), error.status)
