"""The 13 numbers of a post, their order, and why a number may be missing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

Number = int | float
Metrics = Mapping[str, Number | None]
"""Exactly the 13 keys of KEYS, in that order, each a finite number or None."""

KEYS = (
    "likes",
    "comments",
    "shares",
    "impressions",
    "views",
    "video_views",
    "video_viewers",
    "video_watch_time_ms",
    "engagement",
    "clicks",
    "saves",
    "bookmarks",
    "quotes",
)


class Reason(StrEnum):
    """Why a null is null (shared/metrics.md, «missing»)."""

    UNSUPPORTED = "unsupported"
    NOT_APPLICABLE = "not_applicable"
    NOT_AUTHORIZED = "not_authorized"
    NOT_YET_AVAILABLE = "not_yet_available"
    EXPIRED = "expired"
    HIDDEN = "hidden"
    WITHHELD = "withheld"
    NOT_PUBLISHED = "not_published"
    UPSTREAM_ERROR = "upstream_error"


def total(rows: Iterable[Metrics]) -> dict[str, Number | None]:
    """Key by key the sum of the numbers that are there; None where none is."""
    rows = list(rows)
    present = {key: [value for row in rows if (value := row[key]) is not None] for key in KEYS}
    return {key: sum(values) if values else None for key, values in present.items()}
