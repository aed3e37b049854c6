"""The three envelopes of TikTok (section 5): Open API, API for Business, and the Open API's OAuth."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

from aiohttp import web

from sextant.sandbox.network import json


class Refused(Exception):
    """An Open API refusal: HTTP status, and the code beside which nothing else counts."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class BusinessRefused(Exception):
    """A Business API refusal; HTTP says 200 all the same."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def trace() -> str:
    return time.strftime("%Y%m%d%H%M%S", time.gmtime()) + uuid4().hex[:20].upper()


# ---- Open API ----


def answer(data: dict[str, Any]) -> web.Response:
    return json({"data": data, "error": {"code": "ok", "message": "", "log_id": trace()}})


def refusal(refused: Refused) -> web.Response:
    error = {"code": refused.code, "message": refused.message, "log_id": trace()}
    return json({"data": {}, "error": error}, refused.status)


def token_invalid() -> Refused:
    text = "The access token is invalid or not found in the request."
    return Refused(401, "access_token_invalid", text)


def scope_missing() -> Refused:
    text = "The user did not authorize the scope required for completing this request."
    return Refused(401, "scope_not_authorized", text)


def failure(status: int) -> web.Response:
    known = {
        400: Refused(400, "invalid_params", "One or more fields in request is invalid."),
        401: token_invalid(),
        403: Refused(403, "spam_risk_too_many_posts", "The daily post cap of the user is reached."),
        404: Refused(404, "not_found", "The resource does not exist."),
        429: Refused(429, "rate_limit_exceeded", "The API rate limit was exceeded. Please try again later."),
    }
    return refusal(
        known.get(status, Refused(status, "internal_error", "Something is wrong. Try again later."))
    )


# ---- OAuth of the Open API ----


def oauth_error(status: int, error: str, description: str) -> web.Response:
    return json({"error": error, "error_description": description, "log_id": trace()}, status)


def oauth_failure(status: int) -> web.Response:
    if status >= 500:
        return oauth_error(status, "server_error", "The authorization server met an unexpected condition.")
    if status == 429:
        return oauth_error(status, "temporarily_unavailable", "Too many requests.")
    return oauth_error(status, "invalid_grant", "Refresh token is invalid or expired.")


# ---- API for Business ----


def business_answer(data: dict[str, Any]) -> web.Response:
    return business_body(0, "OK", data)


def business_refusal(refused: BusinessRefused) -> web.Response:
    return business_body(refused.code, refused.message, {})


def business_body(code: int, message: str, data: dict[str, Any], status: int = 200) -> web.Response:
    return json({"code": code, "message": message, "request_id": trace(), "data": data}, status)


def no_permission(message: str) -> BusinessRefused:
    return BusinessRefused(40001, message)


def wrong(message: str) -> BusinessRefused:
    return BusinessRefused(40002, message)


def business_failure(status: int) -> web.Response:
    """Below 500 the failure is told in the body's code alone."""
    if status >= 500:
        return business_body(50000, "System error", {}, status)
    known = {
        401: BusinessRefused(40105, "Access token is incorrect or has been revoked."),
        403: no_permission("No permission to operate this account."),
        404: BusinessRefused(40007, "The object does not exist."),
        429: BusinessRefused(40100, "Requests made too frequently. Please try again later."),
    }
    return business_refusal(known.get(status, wrong("Invalid parameters.")))
