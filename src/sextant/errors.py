"""Everything that can go wrong, as instructions.

Two trees. `ApiError` is what our own clients are told (contract, «Errors»). `Fault` is what a network's
answer means for us: each class is one thing to do, with a stable code and an advice.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sextant.metrics import Reason


class SextantError(Exception):
    """The root of both trees, and of faults in the operator's set-up."""


class SetupError(SextantError):
    """The operator's set-up lacks something; the message names the variable or file."""


class ApiError(SextantError):
    """An answer to our client: HTTP `status`, stable `code`, and `detail` that says what to do."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_server_error"

    def __init__(self, detail: str | list[dict[str, Any]], headers: dict[str, str] | None = None) -> None:
        super().__init__(str(detail))
        self.detail = detail
        self.headers = headers or {}


class BadRequest(ApiError):
    """The body is not JSON, or not an object."""

    status, code = 400, "bad_request"


class InvalidApiKey(ApiError):
    """Missing, malformed, unknown or revoked: one answer for all four."""

    status, code = 401, "invalid_api_key"

    def __init__(self) -> None:
        super().__init__(
            "Send a valid API key as 'Authorization: Bearer mk_…'. Make one with 'sextant keys create'.",
            {"WWW-Authenticate": "Bearer"},
        )


class Forbidden(ApiError):
    """The key's scope does not allow it."""

    status, code = 403, "forbidden"


class NotFound(ApiError):
    """An unknown id, another organization's, or a connection that the post does not target."""

    status, code = 404, "not_found"


class Conflict(ApiError):
    """An idempotency key used for another body, or a post already under way."""

    status, code = 409, "conflict"


class TooLarge(ApiError):
    """The request body is over the limit."""

    status, code = 413, "too_large"


class Invalid(ApiError):
    """Well-formed but wrong; every fault is named with its place."""

    status, code = 422, "validation_error"

    def __init__(self, *faults: dict[str, Any]) -> None:
        super().__init__(list(faults))


class RateLimited(ApiError):
    """Too many requests; carries Retry-After."""

    status, code = 429, "rate_limit"


def fault_at(loc: list[str | int], msg: str, kind: str = "value_error") -> dict[str, Any]:
    """One entry of a 422: where (`loc`), what to do (`msg`), and a stable `type`."""
    return {"loc": loc, "msg": msg, "type": kind}


class Fault(SextantError):
    """What a network's answer means for us.

    `message` is the network's own words (never a token or an address with one), `request_id` its trace id.
    """

    code: ClassVar[str] = "fault"
    advice: ClassVar[str] = ""

    def __init__(self, message: str = "", *, request_id: str | None = None) -> None:
        super().__init__(message or self.advice)
        self.message = message
        self.request_id = request_id

    @property
    def retry_at(self) -> datetime | None:
        """When trying again makes sense, where the network said so."""
        return None

    def sentence(self) -> str:
        """Advice first, then the network's words."""
        return f"{self.advice} ({self.message})" if self.message else self.advice


class FixContent(Fault):
    """The author changes text, media or options; sending the same again fails the same way."""

    code, advice = "fix_content", "Change the post: the network refuses it as it is."


class Reconnect(Fault):
    """The account's owner has to authorize again."""

    code, advice = "reconnect", "Connect the account again: its authorization is no longer good."


class Revoked(Reconnect):
    """The whole authorization has ended, and not only this access token: no refresh brings it back."""


class ExpiredToken(Reconnect):
    """The access token was refused. Refresh it once and repeat; only a refused refresh means Reconnect."""


class ActOutside(Fault):
    """Somebody pays, applies for access, or changes a role or setting at the network."""

    code, advice = "act_outside", "Something has to be done at the network itself."


class WaitUntil(Fault):
    """Nothing before `until`: the network gave a time."""

    code, advice = "wait_until", "The network asks to wait."

    def __init__(self, until: datetime, message: str = "", *, request_id: str | None = None) -> None:
        super().__init__(message, request_id=request_id)
        self.until = until

    @property
    def retry_at(self) -> datetime | None:
        return self.until


class TryLater(Fault):
    """A passing failure: back off and try again."""

    code, advice = "try_later", "The network did not answer properly; it is tried again by itself."


class OutcomeUnknown(Fault):
    """The post may exist: look before anything is sent again."""

    code, advice = "outcome_unknown", "The answer was lost: the post may be out. Look at the account first."


class Missed(Fault):
    """Its time passed while nothing could send it."""

    code, advice = (
        "missed",
        "It was not sent: its time had long passed. Schedule it anew.",
    )


class Gone(Fault):
    """The post is no longer there."""

    code, advice = "gone", "The post is no longer at the network; the last reading is kept."


class NoValue(Fault):
    """One metric's null, not a failure of the call."""

    code, advice = "no_value", "The network does not give this number."

    def __init__(self, reason: Reason, message: str = "", *, request_id: str | None = None) -> None:
        super().__init__(message, request_id=request_id)
        self.reason = reason


class OurBug(Fault):
    """The request or the operator's set-up is wrong; repeating it cannot help."""

    code, advice = "our_bug", "The request or the app's set-up is wrong; please report it."
