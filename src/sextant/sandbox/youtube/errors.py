"""Google's error envelopes (youtube.md §1.2, §5.1)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web

QUOTA = (
    "The request cannot be completed because you have exceeded your "
    '<a href="/youtube/v3/getting-started#quota">quota</a>.'
)
STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class Refused(Exception):
    """Carries the answer that ends the request."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(response.status)
        self.response = response


def envelope(
    status: int, reason: str, message: str, domain: str = "global", *, within: str = "", **more: Any
) -> web.Response:
    """The shape of the Data and Analytics APIs. `within`: the message of `errors[0]` when it differs."""
    fault = {"message": within or message, "domain": domain, "reason": reason}
    error: dict[str, Any] = {"code": status, "message": message, "errors": [fault]}
    if status in STATUS and domain != "youtube.quota":
        error["status"] = STATUS[status]
    return web.json_response({"error": {**error, **more}}, status=status)


def refuse(status: int, reason: str, message: str, domain: str = "global") -> Refused:
    return Refused(envelope(status, reason, message, domain))


def flat(status: int, error: str, description: str) -> Refused:
    """The shape of the token host."""
    body = {"error": error, "error_description": description}
    return Refused(web.json_response(body, status=status))


def unauthenticated() -> web.Response:
    # The exact body for an expired token is not known (youtube.md §7).
    message = (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
        "other valid authentication credential."
    )
    response = envelope(401, "authError", message, within="Invalid Credentials")
    response.headers["WWW-Authenticate"] = (
        'Bearer realm="https://accounts.google.com/", error="invalid_token"'
    )
    return response


def scope_missing() -> Refused:
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "domain": "googleapis.com",
    }
    message = "Request had insufficient authentication scopes."
    return Refused(
        envelope(403, "insufficientPermissions", message, within="Insufficient Permission", details=[detail])
    )


def permission_denied() -> web.Response:
    """The reason misleads, as observed (youtube.md §5.1)."""
    message, domain = "The caller does not have permission", "youtube.CoreErrorDomain"
    return envelope(403, "SERVICE_UNAVAILABLE", message, domain, within="Permission denied.")


def quota_exceeded() -> Refused:
    return refuse(403, "quotaExceeded", QUOTA, "youtube.quota")


def video_not_found() -> Refused:
    message = "The video that you are trying to access cannot be found."
    return refuse(404, "videoNotFound", message, "youtube.video")


def failure(status: int) -> web.Response:
    """The envelope of the APIs for an ordered failure."""
    match status:
        case 401:
            return unauthenticated()
        case 403:
            return permission_denied()
        case 404:
            return video_not_found().response
        case 429:
            return envelope(429, "rateLimitExceeded", "Resource has been exhausted (e.g. check quota).")
    if status >= 500:
        return envelope(status, "backendError", "Backend Error")
    return envelope(status, "badRequest", HTTPStatus(status).phrase)


def token_failure(status: int) -> web.Response:
    """The same for the token host."""
    match status:
        case 400:
            return flat(400, "invalid_grant", "Token has been expired or revoked.").response
        case 401:
            return flat(401, "invalid_client", "The OAuth client was not found.").response
    return flat(status, "internal_failure", HTTPStatus(status).phrase).response
