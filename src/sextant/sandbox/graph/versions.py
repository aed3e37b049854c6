"""Versions and who serves a request (facebook.md §6)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

ENDS = {
    "v21.0": "2027-01-21",
    "v22.0": "2027-05-20",
    "v23.0": "2027-10-08",
    "v24.0": "2028-02-18",
    "v25.0": "2028-07-29",
    "v26.0": "9999",
}
SEGMENT = re.compile(r"v\d+\.\d+")


def served(asked: str, now: float) -> str:
    """The version that answers: an expired, unknown or missing one is served by the oldest usable."""
    today = datetime.fromtimestamp(now, UTC).date().isoformat()
    usable = [version for version, end in ENDS.items() if today < end]
    return asked if asked in usable else usable[0]


def split(path: str) -> tuple[str, tuple[str, ...]]:
    """`/v26.0/1/insights` → its version (empty when there is none) and the segments after it."""
    segments = tuple(segment for segment in path.split("/") if segment)
    if segments and SEGMENT.fullmatch(segments[0]):
        return segments[0], segments[1:]
    return "", segments
