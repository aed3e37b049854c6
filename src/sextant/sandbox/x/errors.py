"""X's error envelopes (x.md §5)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web

PROBLEMS = "https://api.twitter.com/2/problems/"
NOT_PERMITTED = "You are not permitted to perform this action."
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
LONG_VIDEO = "This user is not allowed to post a video longer than 2 minutes"


class Refused(Exception):
    """Carries the answer that ends the request."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(response.status)
        self.response = response


def problem(status: int, title: str, detail: str, kind: str = "about:blank", **more: Any) -> web.Response:
    """Envelope 1. It comes as application/problem+json."""
    body = {"title": title, "detail": detail, "type": kind, "status": status, **more}
    return web.json_response(body, status=status, content_type="application/problem+json")


def invalid(parameter: str, values: list[str], message: str) -> Refused:
    """Envelope 2: a parameter or body key that X does not accept."""
    fault: dict[str, Any] = {"message": message}
    if parameter:
        fault = {"parameters": {parameter: values}, **fault}
    body = {
        "errors": [fault],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": PROBLEMS + "invalid-request",
    }
    return Refused(web.json_response(body, status=400))


def oauth(status: int, error: str, description: str) -> Refused:
    """Envelope 4, of the token endpoints."""
    body = {"error": error, "error_description": description}
    return Refused(web.json_response(body, status=status))


def unauthorized() -> web.Response:
    return problem(401, "Unauthorized", "Unauthorized")


def forbidden(detail: str = NOT_PERMITTED) -> Refused:
    return Refused(problem(403, "Forbidden", detail))


def enterprise_only() -> Refused:
    # What a pay-per-use app gets from the analytics endpoints is not documented (x.md §7).
    detail = "This endpoint is not part of your access level. You need the Enterprise plan."
    more = {"reason": "client-not-enrolled", "required_enrollment": "Enterprise"}
    return Refused(problem(403, "Client Forbidden", detail, PROBLEMS + "client-forbidden", **more))


def too_many() -> web.Response:
    return problem(429, "Too Many Requests", "Too Many Requests")


def credits_depleted() -> web.Response:
    account = 1243608864848629761
    detail = f"Your enrolled account [{account}] does not have any credits to fulfill this request."
    body = {
        "account_id": account,
        "title": "CreditsDepleted",
        "detail": detail,
        "type": PROBLEMS + "credits",
    }
    return web.json_response(body, status=402)


def usage_capped() -> web.Response:
    body = {
        "title": "UsageCapExceeded",
        "detail": "Usage cap exceeded: Monthly product cap",
        "type": PROBLEMS + "usage-capped",
        "period": "Monthly",
        "scope": "Product",
    }
    return web.json_response(body, status=429)


def not_found(parameter: str, value: str, resource: str = "tweet") -> dict[str, Any]:
    """One entry of `errors` beside HTTP 200."""
    return {
        "value": value,
        "detail": f"Could not find {resource} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": resource,
        "parameter": parameter,
        "resource_id": value,
        "type": PROBLEMS + "resource-not-found",
    }


def gone(parameter: str, value: str, resource: str = "tweet") -> Refused:
    """The same as an answer of its own, where one resource was asked for."""
    return Refused(web.json_response({**not_found(parameter, value, resource), "status": 404}, status=404))


def field_refused(resource: str, parameter: str, value: str, field: str) -> dict[str, Any]:
    """One entry of `errors`: a private counter that this token may not read (x.md §3.2)."""
    noun = resource.capitalize()
    return {
        "resource_type": resource,
        "field": field,
        "parameter": parameter,
        "resource_id": value,
        "value": value,
        "title": "Field Authorization Error",
        "section": "data" if resource == "tweet" else "includes",
        "detail": f"Sorry, you are not authorized to access '{field}' on the {noun} with id : [{value}].",
        "type": PROBLEMS + "not-authorized-for-field",
    }


def failure(status: int) -> web.Response:
    """The envelope for an ordered failure."""
    match status:
        case 400:
            return invalid("", [], "The request is not valid.").response
        case 401:
            return unauthorized()
        case 402:
            return credits_depleted()
        case 403:
            return forbidden().response
        case 429:
            return too_many()
    title = HTTPStatus(status).phrase
    return problem(status, title, title)


def token_failure(status: int) -> web.Response:
    """The same for the token endpoints."""
    match status:
        case 400:
            return oauth(400, "invalid_request", "Value passed for the token was invalid.").response
        case 401:
            return oauth(401, "invalid_client", "Invalid client credentials").response
    return failure(status)
