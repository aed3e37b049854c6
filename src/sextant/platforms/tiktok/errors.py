"""TikTok's error answers and what each means (tiktok.md §5, as known on 2026-11-23)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sextant.errors import (
    ActOutside,
    ExpiredToken,
    Fault,
    FixContent,
    Gone,
    OurBug,
    OutcomeUnknown,
    Reconnect,
    TryLater,
    WaitUntil,
)
from sextant.platforms.answers import retry_after
from sextant.platforms.base import Answer, Request
from sextant.platforms.tiktok.auth import BUSINESS_API, DISPLAY


class BadParameters(OurBug):
    """The request's parameters; it may be one name in the list of fields, which refuses the whole list."""


class DailyCap(TryLater):
    """The creator has posted as often as TikTok lets one in 24 hours, over all apps."""


class UserCap(TryLater):
    """An app that was not audited has let as many people post as it may in 24 hours."""


class Banned(ActOutside):
    """TikTok has restricted the account."""


class UploadGone(TryLater):
    """The upload address has expired or is not known: only a new init helps."""


OPEN: Mapping[str, type[Fault]] = {
    "access_token_invalid": ExpiredToken,
    "scope_not_authorized": Reconnect,
    "scope_permission_missed": Reconnect,
    "invalid_params": BadParameters,
    "invalid_param": BadParameters,
    "invalid_file_upload": OurBug,
    "rate_limit_exceeded": WaitUntil,
    "spam_risk_too_many_posts": DailyCap,
    "spam_risk_user_banned_from_posting": Banned,
    "reached_active_user_cap": UserCap,
    "spam_risk_too_many_pending_share": ActOutside,
    "unaudited_client_can_only_post_to_private_accounts": ActOutside,
    "url_ownership_unverified": ActOutside,
    "privacy_level_option_mismatch": FixContent,
    "app_version_check_failed": ActOutside,
    "invalid_publish_id": OurBug,
    "token_not_authorized_for_specified_publish_id": OurBug,
    "publish_not_cancellable": OurBug,
}
"""Open API, by `error.code`; some come with HTTP 200. `internal_error` is left to the kind of request."""

OAUTH: Mapping[str, type[Fault]] = {
    "invalid_grant": Reconnect,
    "access_denied": Reconnect,
    "invalid_client": OurBug,
    "unauthorized_client": OurBug,
    "invalid_scope": OurBug,
    "invalid_request": OurBug,
    "unsupported_grant_type": OurBug,
    "unsupported_response_type": OurBug,
    "server_error": TryLater,
    "temporarily_unavailable": TryLater,
}
"""Open API token endpoints, by the text `error`; may come with HTTP 200 (seen 2026-09-02)."""

BUSINESS: Mapping[int, type[Fault]] = {
    40000: OurBug,
    40001: Reconnect,
    40002: BadParameters,
    40006: OurBug,
    40007: Gone,
    40008: OurBug,
    40010: OurBug,
    40011: OurBug,
    40016: WaitUntil,
    40050: OutcomeUnknown,
    40051: OurBug,
    40100: WaitUntil,
    40101: OurBug,
    40102: ExpiredToken,
    40103: Reconnect,
    40104: OurBug,
    40105: ExpiredToken,
    40107: Reconnect,
    40108: OurBug,
    40110: Reconnect,
    40113: OurBug,
    40115: Reconnect,
    40118: ActOutside,
    40124: ActOutside,
    40125: Reconnect,
    40130: Reconnect,
    40131: Reconnect,
    40132: WaitUntil,
    40133: WaitUntil,
    40202: TryLater,
    40901: TryLater,
    40902: TryLater,
    40903: TryLater,
    40904: FixContent,
    40905: FixContent,
    40906: FixContent,
    40907: FixContent,
    40908: FixContent,
    40913: TryLater,
    40914: FixContent,
    40915: FixContent,
    41000: ActOutside,
    41001: OurBug,
    41002: BadParameters,
    51065: FixContent,
    60001: TryLater,
}
"""Business API, by `code` (always HTTP 200). 50000, 50002 and 51xxx are left to the kind of request."""

GOOD = (0, 20001)
"""Success, and partial success: what came is kept."""

REASONS: Mapping[str, type[Fault]] = {
    "file_format_check_failed": FixContent,
    "duration_check_failed": FixContent,
    "frame_rate_check_failed": FixContent,
    "picture_size_check_failed": FixContent,
    "spam_risk_text": FixContent,
    "spam_risk": FixContent,
    "internal": TryLater,
    "video_pull_failed": TryLater,
    "photo_pull_failed": TryLater,
    "spam_risk_too_many_posts": TryLater,
    "spam_risk_user_banned_from_posting": ActOutside,
    "auth_removed": Reconnect,
    "publish_cancelled": TryLater,
}
"""Why a post failed for good, from the status call. TryLater: a new attempt from the start is safe."""

UPLOAD: Mapping[int, type[Fault]] = {
    400: OurBug,
    403: UploadGone,
    404: UploadGone,
    416: OurBug,
    429: WaitUntil,
}
"""Upload addresses, by HTTP status (§2.3); 5xx and the rest are left to the kind of request."""

SLIDING_MINUTE = timedelta(minutes=1)
SHORT_PAUSE = timedelta(seconds=1)
LONG_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal in any of the envelopes: the class by the tables, TikTok's words, its trace id."""

    kind: type[Fault] | None
    words: str
    trace: str | None = None


def fault(answer: Answer, request: Request) -> Fault | None:
    """What an answer means; None when it is good."""
    refused = refusal(answer, request)
    if refused is None:
        return None
    kind = refused.kind or (OutcomeUnknown if request.commits else TryLater)
    if kind is WaitUntil:
        return WaitUntil(until(answer, request, refused.words), refused.words, request_id=refused.trace)
    return kind(refused.words, request_id=refused.trace)


def refusal(answer: Answer, request: Request) -> Refused | None:
    """The envelope is known by its body; whatever the HTTP status, a code in it counts."""
    if request.method == "PUT":
        return upload_refusal(answer)
    body = answer.json if isinstance(answer.json, dict) else {}
    error, code = body.get("error"), body.get("code")
    if isinstance(error, dict) and error.get("code") != "ok":
        return refused_as(OPEN.get(str(error.get("code"))), answer, error.get("code"), error)
    if isinstance(error, str):
        return refused_as(OAUTH.get(error), answer, error, body)
    if isinstance(code, int) and code not in GOOD:
        return refused_as(BUSINESS.get(code), answer, code, body)
    if 200 <= answer.status < 300 and (body or silent(answer, request)):
        return None
    said = f"HTTP {answer.status}, not the JSON of TikTok's API"
    return Refused(by_status(answer) or out_of_reach(answer, request), said)


def upload_refusal(answer: Answer) -> Refused | None:
    """Upload addresses answer with a status alone; a 416 that says how much is there is an answer."""
    if answer.status in (201, 206) or (answer.status == 416 and "content-range" in answer.headers):
        return None
    return Refused(UPLOAD.get(answer.status), f"HTTP {answer.status} from the upload address")


def refused_as(kind: type[Fault] | None, answer: Answer, code: object, body: Mapping[str, Any]) -> Refused:
    """The message does not contain the code, so the code stands before it."""
    said = body.get("message") or body.get("error_description")
    words = f"{code}: {said}" if said else str(code)
    return Refused(kind or by_status(answer), words, body.get("log_id") or body.get("request_id"))


def silent(answer: Answer, request: Request) -> bool:
    """The Open API's revoke says nothing on success (tiktok.md §1.1)."""
    return request.url == DISPLAY.revoke_url and not answer.text.strip()


def by_status(answer: Answer) -> type[Fault] | None:
    return WaitUntil if answer.status == 429 else None


def out_of_reach(answer: Answer, request: Request) -> type[Fault] | None:
    """HTTP 4xx of the Business API: wrong path, method or missing slash; the API was not reached."""
    wrong = 400 <= answer.status < 500 and request.url.startswith(BUSINESS_API)
    return OurBug if wrong else None


def until(answer: Answer, request: Request, said: str) -> datetime:
    """When to come back: TikTok sends no times, its documents give them (tiktok.md §4)."""
    if told := retry_after(answer):
        return told
    if not request.url.startswith(BUSINESS_API):
        return answer.at + SLIDING_MINUTE
    return business_pause(answer.at, said.lower())


def business_pause(at: datetime, said: str) -> datetime:
    """One code stands for the limits per second, minute and day; only the words tell them apart."""
    if "day" in said or "daily" in said or "qpd" in said:
        return at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return at + (SHORT_PAUSE if "per second" in said or "qps" in said else LONG_PAUSE)
