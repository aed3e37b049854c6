"""What LinkedIn's answers mean (linkedin.md §5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, timedelta

from sextant.errors import (
    ActOutside,
    ExpiredToken,
    Fault,
    FixContent,
    Gone,
    NoValue,
    OurBug,
    OutcomeUnknown,
    Reconnect,
    Revoked,
    TryLater,
    WaitUntil,
)
from sextant.metrics import Reason
from sextant.platforms.answers import retry_after
from sextant.platforms.base import Answer, Request

Meaning = Callable[[Answer], Fault]


class UploadExpired(TryLater):
    """The upload address is no longer good: a new upload has to be opened."""


@dataclass(frozen=True, slots=True)
class Row:
    """Answers with one of `statuses`, one of `codes` and the words `says`; what is empty matches any."""

    statuses: range
    meaning: Meaning
    codes: frozenset[str] = frozenset()
    says: str = ""
    when: Callable[[Request], bool] = lambda request: True

    def matches(self, answer: Answer, request: Request) -> bool:
        return (
            answer.status in self.statuses
            and (not self.codes or not self.codes.isdisjoint(codes(answer)))
            and self.says.lower() in words(answer).lower()
            and self.when(request)
        )


def fault(answer: Answer, request: Request) -> Fault | None:
    """What an answer means; None when it is good."""
    if answer.status < 300:
        return None if as_expected(answer, request) else unexpected(answer, request)
    row = next((row for row in TABLE if row.matches(answer, request)), None)
    return row.meaning(answer) if row else unexpected(answer, request)


def as_expected(answer: Answer, request: Request) -> bool:
    """A created post names itself in a header; a GET answers JSON; other writes may answer nothing."""
    if request.commits:
        return bool(answer.headers.get("x-restli-id"))
    if request.method == "GET":
        return isinstance(answer.json, dict)
    return answer.is_json or not answer.text.strip() or request.method == "PUT"


def unexpected(answer: Answer, request: Request) -> Fault:
    return means(OutcomeUnknown)(answer) if request.commits else later(answer)


# ---- reading an error ------------------------------------------------------------------------------


def codes(answer: Answer) -> set[str]:
    """`code`, `serviceErrorCode` and OAuth's `error`: whichever the envelope has."""
    body = answer.json if isinstance(answer.json, dict) else {}
    return {str(body[name]) for name in ("code", "serviceErrorCode", "error") if name in body}


def words(answer: Answer) -> str:
    body = answer.json if isinstance(answer.json, dict) else {}
    said = body.get("message") or body.get("error_description") or body.get("error")
    return str(said)[:500] if said else f"HTTP {answer.status} without a readable message"


def trace(answer: Answer) -> str | None:
    return answer.headers.get("x-li-request-id") or answer.headers.get("x-li-uuid")


# ---- meanings --------------------------------------------------------------------------------------


def means(kind: type[Fault]) -> Meaning:
    return lambda answer: kind(words(answer), request_id=trace(answer))


def no_value(answer: Answer) -> Fault:
    return NoValue(Reason.NOT_AUTHORIZED, words(answer), request_id=trace(answer))


def later(answer: Answer) -> Fault:
    until = retry_after(answer)
    if until is None:
        return TryLater(words(answer), request_id=trace(answer))
    return WaitUntil(until, words(answer), request_id=trace(answer))


def next_utc_day(answer: Answer) -> Fault:
    """The daily counters of application and member start again at 00:00 UTC (§4)."""
    midnight = answer.at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return WaitUntil(midnight + timedelta(days=1), words(answer), request_id=trace(answer))


# ---- which request it was --------------------------------------------------------------------------


def for_metrics(request: Request) -> bool:
    return request.posts > 0


def for_refresh(request: Request) -> bool:
    return request.form is not None and request.form.get("grant_type") == "refresh_token"


def to_upload(request: Request) -> bool:
    """Upload addresses are opaque (Hosts), and nothing else is PUT."""
    return request.method == "PUT"


def for_creation(request: Request) -> bool:
    return request.commits


def only(status: int) -> range:
    return range(status, status + 1)


AUTHORS = ("/commentary", "/visibility", "/altText", "/title", "/fileSizeBytes")

# LinkedIn's texts may change at any time (§5); they are looked at only where no code tells.
TABLE = (
    # The document is silent on dead upload addresses; signed addresses answer like this.
    *(Row(only(status), means(UploadExpired), when=to_upload) for status in (401, 403, 404, 410)),
    Row(only(400), means(Reconnect), codes=frozenset({"invalid_grant"})),
    Row(only(400), means(Reconnect), codes=frozenset({"invalid_request"}), when=for_refresh),
    Row(only(401), means(OurBug), codes=frozenset({"invalid_client"})),
    # One source saw 65601 with EXPIRED_ACCESS_TOKEN: the name decides, then the number.
    Row(only(401), means(ExpiredToken), codes=frozenset({"EXPIRED_ACCESS_TOKEN", "65602"})),
    Row(only(401), means(Revoked), codes=frozenset({"REVOKED_ACCESS_TOKEN", "65601"})),
    Row(only(401), means(Revoked), codes=frozenset({"INVALID_ACCESS_TOKEN", "65600"})),
    Row(only(401), means(OurBug), says="Empty oauth2_access_token"),
    Row(only(401), means(ExpiredToken)),
    Row(only(403), means(ActOutside), says="Field Value validation failed in REQUEST_BODY"),
    Row(only(403), no_value, says="Accessing the UGC resource is forbidden"),
    Row(only(403), means(TryLater), says="resource is forbidden", when=for_creation),
    Row(only(403), means(TryLater), says="Unable to obtain activity", when=for_creation),
    Row(only(403), no_value, when=for_metrics),
    Row(only(403), means(ActOutside), says="access: partnerApi"),
    Row(only(403), means(Reconnect), codes=frozenset({"ACCESS_DENIED"})),
    Row(only(403), means(Reconnect), says="Not enough permissions to access"),
    Row(only(400), means(OurBug), codes=frozenset({"VERSION_MISSING"})),
    Row(only(400), means(OurBug), says="Member permissions must be used"),
    Row(only(400), means(FixContent), codes=frozenset({"FIELD_LENGTH_TOO_LONG"})),
    Row(only(400), means(TryLater), says="not ready"),
    # Fields whose values come from the author (§5, «other validation»).
    *(Row(only(400), means(FixContent), says=field) for field in AUTHORS),
    Row(only(400), means(OurBug)),
    Row(only(404), means(OurBug), says="No virtual resource found"),
    Row(only(404), means(Gone), codes=frozenset({"NOT_FOUND"})),
    Row(only(404), means(Gone), says="Not Found"),
    Row(only(410), means(Gone)),
    Row(only(411), means(OurBug)),
    Row(only(422), means(FixContent)),
    Row(only(426), means(OurBug)),
    Row(only(429), next_utc_day, says=" DAY "),
    Row(only(429), later),
    Row(range(500, 600), means(OutcomeUnknown), when=for_creation),
    Row(range(500, 600), later),
)
