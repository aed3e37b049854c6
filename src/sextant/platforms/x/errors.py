"""X's error answers and what each means (x.md §5, as known on 2026-11-23)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

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
from sextant.platforms.x.refusals import Duplicate, LostUpload, RefusedMedia
from sextant.platforms.x.text import TEXT_MAX, cashtags, weighted_length

PAUSE = timedelta(seconds=60)
"""The least pause after a 429, by X's own advice (x.md §4)."""

FORBIDDEN_TEXTS: Mapping[str, type[Fault]] = {
    "duplicate content": Duplicate,
    "not allowed to post a video longer than": FixContent,
}
"""Refusals that X tells apart by their words alone, whatever the status."""

VALUE = re.compile(r"value \[([^\]]*)\]")
AMBIGUOUS = "You are not permitted to perform this action"
"""Said of a missing right, and of text over the limit as well."""

AUTHORS = frozenset(
    ("text", "media", "media_type", "total_bytes", "reply_settings", "alt_text", "metadata.alt_text.text")
)
"""Parameters that hold what the author wrote or chose."""
UPLOAD_IDS = frozenset(("id", "media_id"))


class RefusedValues(OurBug):
    """Values of the request's parameters that X does not know: the parameter's name → the values."""

    values: Mapping[str, frozenset[str]] = {}


TABLE: Mapping[tuple[int | None, str], type[Fault]] = {
    # The token endpoint's `error`. A code that is too old or used: the connect flow starts again.
    (400, "invalid_request"): Reconnect,
    (400, "invalid_grant"): Reconnect,
    (None, "invalid_client"): OurBug,
    (None, "unauthorized_client"): OurBug,
    # The last segment of a problem's `type`, its `title`, or the old numeric code.
    (400, "invalid-request"): OurBug,
    (None, "credits"): ActOutside,
    (None, "CreditsDepleted"): ActOutside,
    (None, "usage-capped"): ActOutside,
    (None, "UsageCapExceeded"): ActOutside,
    (403, "unsupported-authentication"): OurBug,
    (403, "Unsupported Authentication"): OurBug,
    (403, "client-forbidden"): ActOutside,
    (403, "Forbidden"): ActOutside,
    (None, "rate-limit-exceeded"): WaitUntil,
    (None, "88"): WaitUntil,
    # The status alone.
    (401, ""): ExpiredToken,
    (402, ""): ActOutside,
    (404, ""): Gone,
    (429, ""): WaitUntil,
}

PARTIAL: Mapping[str, tuple[type[Fault], Reason | None]] = {
    "resource-not-found": (Gone, None),
    "not-authorized-for-field": (NoValue, Reason.NOT_AUTHORIZED),
    "field-unauthorized": (NoValue, Reason.NOT_AUTHORIZED),
    "not-authorized-for-resource": (NoValue, Reason.HIDDEN),
    "resource-unavailable": (NoValue, Reason.WITHHELD),
    "disallowed-resource": (NoValue, Reason.WITHHELD),
    "field-hydration-failure": (TryLater, None),
    "internal-error": (TryLater, None),
}
"""Entries of `errors` beside a 200, by the last segment of `type`."""


def fault(answer: Answer, request: Request) -> Fault | None:
    """What an answer means; None when it is good."""
    if 200 <= answer.status < 300:
        return None if readable(answer, request) else lost(request, "an answer that is not JSON", answer)
    body = answer.json if isinstance(answer.json, dict) else {}
    words = said(body) or f"HTTP {answer.status}"
    kind = class_of(answer.status, body, words, request)
    if kind is None:
        return lost(request, words, answer)
    if kind is WaitUntil:
        return WaitUntil(reset(answer), words, request_id=trace(answer))
    refusal = kind(words, request_id=trace(answer))
    if isinstance(refusal, RefusedValues):
        refusal.values = refused_values(body)
    return refusal


def readable(answer: Answer, request: Request) -> bool:
    """A JSON object; or nothing at all where X says nothing (appending, revoking)."""
    if isinstance(answer.json, dict):
        return True
    return not answer.text.strip() and request.writes and not request.commits


def lost(request: Request, words: str, answer: Answer) -> Fault:
    kind = OutcomeUnknown if request.commits else TryLater
    return kind(words, request_id=trace(answer))


def class_of(status: int, body: dict[str, Any], words: str, request: Request) -> type[Fault] | None:
    by_text = (kind for text, kind in FORBIDDEN_TEXTS.items() if text in words)
    by_sign = (TABLE.get((at, sign)) for sign in signs(body) for at in (status, None))
    kind = next(by_text, None) or next(filter(None, by_sign), TABLE.get((status, "")))
    return None if kind is None else refined(kind, body, words, request)


def refined(kind: type[Fault], body: dict[str, Any], words: str, request: Request) -> type[Fault]:
    """Refusals whose class depends on what was asked and sent."""
    named = parameters(body)
    if lost_upload(kind, named, request):
        return LostUpload
    if kind is OurBug and "media.media_ids" in named:
        return RefusedMedia
    if unwelcome(request, words) or (kind is OurBug and request.writes and named & AUTHORS):
        return FixContent
    return RefusedValues if kind is OurBug and request.posts and named else kind


def lost_upload(kind: type[Fault], named: set[str], request: Request) -> bool:
    """An upload that X does not know (any more), or has not whole."""
    about = kind is Gone or (kind is OurBug and bool(named & UPLOAD_IDS))
    return about and "/media/" in request.url and not request.posts


def unwelcome(request: Request, words: str) -> bool:
    """A refusal of unnamed reason whose text breaks a rule: the answer does not say whose fault it is."""
    text = request.json.get("text", "") if isinstance(request.json, dict) else ""
    return AMBIGUOUS in words and (weighted_length(text) > TEXT_MAX or cashtags(text) > 1)


def signs(body: dict[str, Any]) -> Iterator[str]:
    """The structured codes of an error body, the most telling first."""
    if "error" in body:
        yield str(body["error"])
    if segment := problem(body):
        yield segment
    yield from (str(entry["code"]) for entry in entries(body) if "code" in entry)
    if "title" in body:
        yield str(body["title"])


def problem(body: Mapping[str, Any]) -> str:
    """The last segment of `type`: its host differs between answers (x.md §5)."""
    kind = str(body.get("type", ""))
    return kind.rpartition("/")[2] if "/" in kind else ""


def entries(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    errors = body.get("errors")
    return [entry for entry in errors if isinstance(entry, dict)] if isinstance(errors, list) else []


def parameters(body: Mapping[str, Any]) -> set[str]:
    named = (entry.get("parameters") for entry in entries(body))
    return {name for names in named if isinstance(names, dict) for name in names}


def refused_values(body: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """By parameter; the message tells the wrong value apart when X repeats the whole list."""
    found: dict[str, frozenset[str]] = {}
    for entry in entries(body):
        told = VALUE.search(str(entry.get("message")))
        named = entry.get("parameters")
        for name, values in named.items() if isinstance(named, dict) else ():
            listed = ",".join(map(str, values)) if isinstance(values, list) else str(values)
            found[name] = frozenset((told[1] if told else listed).split(","))
    return found


def said(body: Mapping[str, Any]) -> str:
    """X's own words, whichever envelope it used."""
    inner = (entry.get("message") or entry.get("detail") for entry in entries(body))
    outer = (body.get("error_description"), body.get("detail"), body.get("title"), body.get("error"))
    parts = [str(text) for text in (next((text for text in outer if text), None), *inner) if text]
    return ": ".join(dict.fromkeys(parts))


def reset(answer: Answer) -> datetime:
    """When the window opens again: the latest of X's own header, Retry-After and the advised pause."""
    return max(filter(None, (told_reset(answer), retry_after(answer), answer.at + PAUSE)))


def told_reset(answer: Answer) -> datetime | None:
    header = answer.headers.get("x-rate-limit-reset", "")
    return datetime.fromtimestamp(int(header), UTC) if header.isdecimal() and len(header) < 12 else None


def trace(answer: Answer) -> str | None:
    return answer.headers.get("x-transaction-id")


def meaning(entry: Mapping[str, Any]) -> Fault:
    """What one entry of `errors` beside a 200 means for the post it names."""
    words = str(entry.get("detail") or entry.get("title") or "")
    kind, reason = PARTIAL.get(problem(entry), (TryLater, None))
    return NoValue(reason, words) if reason is not None else kind(words)
