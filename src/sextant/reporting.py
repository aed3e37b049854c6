"""The analytics answer (contract, part 1 and 3): a pure function of the stored readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sextant.clock import iso
from sextant.collecting.keeping import is_stale
from sextant.errors import ActOutside, Fault, Gone, Reconnect, TryLater
from sextant.metrics import KEYS, Metrics, Reason, total
from sextant.normalize import canonical, normalize
from sextant.platforms.base import Platform, Refusal
from sextant.platforms.catalogue import Kind
from sextant.store.posts import Destination
from sextant.store.readings import StoredReading

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One destination of the answer. `late`: its first read is still under way."""

    destination: Destination
    reading: StoredReading | None
    late: Fault | None = None

    @property
    def is_published(self) -> bool:
        return self.destination.native_id is not None

    @property
    def error(self) -> Row | None:
        """{code, message, retry_at} of the last attempt, None when it went well."""
        if self.late is not None:
            return {"code": self.late.code, "message": self.late.sentence(), "retry_at": None}
        if self.reading is None or (self.reading.as_of is None and self.reading.fault is None):
            unread = {"code": TryLater.code, "message": "It could not be read yet.", "retry_at": None}
            return unread if self.is_published else None
        if self.reading.fault is None:
            return None
        fault = self.reading.fault
        retry_at = iso(self.reading.retry_at) if fault["code"] != Gone.code else None
        return {"code": fault["code"], "message": fault["message"], "retry_at": retry_at}

    @property
    def status(self) -> str:
        """`pending`: not published. `success`, `partial` (some numbers, some failed), `error`."""
        if not self.is_published:
            return "pending"
        if self.error is None:
            return "success"
        fault = self.reading.fault if self.reading else None
        return "partial" if fault and fault["partial"] else "error"


def answer(post_id: str, lines: Sequence[Line], platforms: Mapping[str, Platform], now: datetime) -> Row:
    """The whole body of GET /social/post/{post_id}/analytics."""
    entries = [_entry(line, platforms[line.destination.platform], now) for line in lines]
    status = overall([line.status for line in lines])
    only = lines[0].destination if len(lines) == 1 else None
    return {
        "post_id": post_id,
        "platform": only.platform if only else None,
        "social_connection_id": only.connection_id if only else None,
        "analytics": {
            "status": status,
            "totals": total([entry["metrics"] for entry, _ in entries]),
            "platforms": [entry for entry, _ in entries],
            "metadata": {"destinations": [facts for _, facts in entries]},
        },
        "stats": _stats(status, lines, [entry for entry, _ in entries]),
    }


def overall(states: Sequence[str]) -> str:
    """`success`: every network that was asked answered in full; `pending`: none could be asked."""
    asked = [state for state in states if state != "pending"]
    if not asked:
        return "pending"
    if all(state == "success" for state in asked):
        return "success"
    return "error" if all(state == "error" for state in asked) else "partial"


def _entry(line: Line, platform: Platform, now: datetime) -> tuple[Row, Row]:
    """The entry of `platforms[]`, and its entry of `metadata.destinations`."""
    destination, reading = line.destination, line.reading
    metrics, missing = _figures(line, platform)
    url = destination.post_url or (reading.url if reading else None)
    entry = {
        "platform": destination.platform,
        "platform_post_id": destination.native_id,
        "post_url": url,
        "metrics": metrics,
        "raw_metrics": canonical(platform.catalogue, reading.raw) if reading else {},
    }
    facts = {
        "social_connection_id": destination.connection_id,
        "platform": destination.platform,
        "status": line.status,
        "as_of": iso(reading.as_of) if reading else None,
        "next_refresh_at": iso(reading.expected_at) if reading else None,
        "stale": reading is not None and reading.as_of is not None and is_stale(reading, now),
        "missing": {key: reason.value for key, reason in missing.items()},
        "error": line.error,
    }
    return entry, facts


def _figures(line: Line, platform: Platform) -> tuple[Metrics, Mapping[str, Reason]]:
    if not line.is_published:
        return dict.fromkeys(KEYS), dict.fromkeys(KEYS, Reason.NOT_PUBLISHED)
    kind = Kind(line.destination.kind)
    if line.reading is None or line.reading.as_of is None:
        failed = dict.fromkeys(KEYS, Refusal(_why_nothing(line.error)))
        return normalize(platform.catalogue, {}, kind, failed)
    refused = {key: Refusal(Reason(why), said) for key, (why, said) in line.reading.refused.items()}
    return normalize(platform.catalogue, line.reading.raw, kind, refused)


def _why_nothing(error: Row | None) -> Reason:
    """The reason for every number that a network has, when it has never given one."""
    forbidden = error is not None and error["code"] in (Reconnect.code, ActOutside.code)
    return Reason.NOT_AUTHORIZED if forbidden else Reason.UPSTREAM_ERROR


def _stats(status: str, lines: Sequence[Line], entries: Sequence[Row]) -> Row:
    """The same readings in the older shape; of two accounts on one network it holds the first.

    `postUrl` stands there where the network itself reports an address, as in the older shape.
    """
    stats: Row = {"status": status}
    for line, entry in zip(lines, entries, strict=True):
        if entry["platform"] in stats:
            continue
        row: Row = {"id": entry["platform_post_id"]}
        if line.reading is not None and line.reading.url is not None:
            row["postUrl"] = entry["post_url"]
        stats[entry["platform"]] = {**row, "analytics": entry["raw_metrics"]}
    return stats
