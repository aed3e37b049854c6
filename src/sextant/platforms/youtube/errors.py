"""What Google's answers mean (youtube.md §5): HTTP status first, reason second, `status` third."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

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
    TryLater,
    WaitUntil,
)
from sextant.metrics import Reason
from sextant.platforms.answers import retry_after
from sextant.platforms.base import Answer, Request

PACIFIC = ZoneInfo("America/Los_Angeles")
TAG = re.compile(r"<[^>]*>")

Meaning = Callable[[Answer], Fault]


class UploadExpired(TryLater):
    """The upload address is no longer good: a new upload has to be opened (§2.2)."""


class NoPlaylist(Gone):
    """The channel has no list of uploads: nothing was ever uploaded."""


class NotOffered(NoValue):
    """The project may not use this method, or the method is not there (any more)."""


class QueryNotSupported(OurBug):
    """A report of this shape is not offered."""


class UnknownName(OurBug):
    """A report's list of metrics holds a name that YouTube does not know; the message names it."""


@dataclass(frozen=True, slots=True)
class Row:
    """Answers with one of `statuses` and one of `reasons`; no reasons: any."""

    statuses: range
    meaning: Meaning
    reasons: frozenset[str] = frozenset()
    when: Callable[[Request], bool] = lambda request: True

    def matches(self, answer: Answer, request: Request) -> bool:
        named = not self.reasons or not self.reasons.isdisjoint(reasons(answer))
        return answer.status in self.statuses and named and self.when(request)


def fault(answer: Answer, request: Request) -> Fault | None:
    """What an answer means; None when it is good."""
    if answer.status < 300 or (answer.status == 308 and to_upload(request)):
        return None if as_expected(answer, request) else unexpected(answer, request)
    row = next((row for row in TABLE if row.matches(answer, request)), None)
    return row.meaning(answer) if row else unexpected(answer, request)


def as_expected(answer: Answer, request: Request) -> bool:
    """308, an opened upload, a revoke and a delete have no body; everything else answers an object.

    The Analytics schema has an `errors` member that means failure even with HTTP 200 (§3.4).
    """
    if isinstance(answer.json, dict):
        return not answer.json.get("errors")
    bodyless = answer.status == 308 or not (request.method == "GET" or request.commits)
    return bodyless and not answer.text.strip()


def unexpected(answer: Answer, request: Request) -> Fault:
    return means(OutcomeUnknown)(answer) if request.commits else later(answer)


# ---- reading an error ------------------------------------------------------------------------------


def error_of(answer: Answer) -> dict[str, Any]:
    """The `error` object of the APIs, or the token host's flat answer as such an object."""
    body = answer.json if isinstance(answer.json, dict) else {}
    error = body.get("error", body.get("errors"))
    if isinstance(error, str):
        return {"errors": [{"reason": error}], "message": body.get("error_description") or error}
    return error if isinstance(error, dict) else {}


def entries(error: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = error.get(name)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def reasons(answer: Answer) -> set[str]:
    """`errors[0].reason`, `status` and the reasons in `details`."""
    error = error_of(answer)
    rows = entries(error, "errors")[:1] + entries(error, "details")
    return {str(row["reason"]) for row in rows if "reason" in row} | {str(error.get("status"))}


def words(answer: Answer) -> str:
    """The message without its HTML (§5.1), with the reason behind it."""
    error = error_of(answer)
    said = html.unescape(TAG.sub("", str(error.get("message") or ""))).strip()
    reason = next((str(row.get("reason") or "") for row in entries(error, "errors")), "")
    named = f"{said} ({reason})" if said and reason and reason != said else said or reason
    return named[:500] or f"HTTP {answer.status} without a readable message"


# ---- meanings --------------------------------------------------------------------------------------


def means(kind: type[Fault]) -> Meaning:
    return lambda answer: kind(words(answer))


def no_value(answer: Answer) -> Fault:
    return NoValue(Reason.NOT_AUTHORIZED, words(answer))


def later(answer: Answer) -> Fault:
    until = retry_after(answer)
    return TryLater(words(answer)) if until is None else WaitUntil(until, words(answer))


def not_offered(answer: Answer) -> Fault:
    return NotOffered(Reason.NOT_AUTHORIZED, words(answer))


def bad_report(answer: Answer) -> Fault:
    """Only the words tell why a report is refused (§5.2: all are `badRequest`)."""
    said = words(answer)
    if "query is not supported" in said.lower():
        return QueryNotSupported(said)
    return UnknownName(said) if "unknown identifier" in said.lower() else OurBug(said)


def next_pacific_day(answer: Answer) -> Fault:
    """Quota starts again at midnight Pacific (§4), whatever the length of that day."""
    tomorrow = answer.at.astimezone(PACIFIC).date() + timedelta(days=1)
    return WaitUntil(datetime.combine(tomorrow, datetime.min.time(), PACIFIC), words(answer))


# ---- which request it was --------------------------------------------------------------------------


def to_upload(request: Request) -> bool:
    """A PUT to an upload's address: its bytes, or a probe."""
    return request.method == "PUT" and "/upload/youtube/" in urlsplit(request.url).path


def for_batch_stats(request: Request) -> bool:
    return request.url.endswith(":batchGetStats")


def for_thumbnail(request: Request) -> bool:
    return urlsplit(request.url).path.endswith("/thumbnails/set")


def for_removal(request: Request) -> bool:
    return request.method == "DELETE"


def for_report(request: Request) -> bool:
    return request.url.endswith("/v2/reports")


def for_metrics(request: Request) -> bool:
    return request.posts > 0


def for_creation(request: Request) -> bool:
    return request.commits


def only(status: int) -> range:
    return range(status, status + 1)


SETUP = frozenset(
    {"redirect_uri_mismatch", "unauthorized_client", "invalid_request", "unsupported_grant_type"}
)
QUOTA = frozenset({"quotaExceeded", "dailyLimitExceeded"})
RATE = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
SCOPE = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})
CHANNEL_GONE = frozenset(
    {
        "channelClosed",
        "channelSuspended",
        "authenticatedUserAccountClosed",
        "authenticatedUserAccountSuspended",
    }
)
BAD_METADATA = frozenset(
    {
        "invalidTitle",
        "invalidDescription",
        "invalidTags",
        "invalidCategoryId",
        "invalidPublishAt",
        "invalidVideoMetadata",
        "mediaBodyRequired",
        "invalidFilename",
        "defaultLanguageNotSet",
        "invalidImage",
    }
)
NOT_ALLOWED = frozenset({"forbidden", "forbiddenPrivacySetting", "forbiddenLicenseSetting"})

TABLE = (
    Row(only(400), means(Reconnect), frozenset({"invalid_grant", "invalid_token"})),
    Row(only(400), means(OurBug), SETUP),
    Row(only(400), means(ActOutside), frozenset({"uploadLimitExceeded"})),
    Row(only(400), means(FixContent), BAD_METADATA),
    Row(only(400), bad_report, frozenset({"badRequest"}), for_report),
    Row(only(400), means(OurBug), frozenset({"badRequest", "keyInvalid"})),
    Row(only(401), means(OurBug), frozenset({"invalid_client", "unauthorized_client"})),
    Row(only(401), means(ActOutside), frozenset({"youtubeSignupRequired", "authorizationRequired"})),
    Row(only(401), means(ExpiredToken)),
    Row(only(403), next_pacific_day, QUOTA),
    Row(only(403), later, RATE),
    Row(only(403), means(ActOutside), CHANNEL_GONE),
    Row(only(403), means(Reconnect), SCOPE),
    Row(only(403), not_offered, when=for_batch_stats),
    Row(only(404), not_offered, when=for_batch_stats),
    Row(only(403), no_value, frozenset({"forbidden"}), for_metrics),
    # A channel that is not verified by phone may set no thumbnails (§2.6).
    Row(only(403), means(ActOutside), frozenset({"forbidden"}), for_thumbnail),
    Row(only(403), means(ActOutside), frozenset({"forbidden"}), for_removal),
    Row(only(403), means(FixContent), NOT_ALLOWED),
    # Its reason may say SERVICE_UNAVAILABLE and mislead (§5.1, observed by others, 2019 to 2022).
    Row(only(403), means(Reconnect), frozenset({"PERMISSION_DENIED"})),
    Row(only(404), means(UploadExpired), when=to_upload),
    Row(only(410), means(UploadExpired), when=to_upload),
    Row(only(404), means(Gone), frozenset({"videoNotFound"})),
    Row(only(404), means(NoPlaylist), frozenset({"playlistNotFound"})),
    Row(only(429), later),
    # «Other 4xx» on the upload address are permanent (§2.2).
    Row(range(400, 500), means(OurBug), when=to_upload),
    Row(range(500, 600), means(OutcomeUnknown), when=for_creation),
    Row(range(500, 600), later),
)
