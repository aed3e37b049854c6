"""What answers of networks have in common: times to wait, names, figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from sextant.metrics import Number
from sextant.platforms.base import Answer, Json


def retry_after(answer: Answer) -> datetime | None:
    """When the Retry-After header says to come back, from seconds or an HTTP date; None without one."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isdecimal():
        return answer.at + timedelta(seconds=min(int(value), 366 * 86400))
    try:
        return parsedate_to_datetime(value).astimezone(UTC)
    except ValueError:
        return None


def camel(name: str) -> str:
    """`like_count` → `likeCount`. Names that are not snake_case (`REACTION_LIKE`, `link clicks`) stay."""
    if "_" not in name or not name.replace("_", "").isalnum() or name != name.lower():
        return name
    first, *rest = name.strip("_").split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def camel_keys(value: Json) -> Json:
    """The same JSON with every object key through `camel`."""
    if isinstance(value, dict):
        return {camel(key): camel_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [camel_keys(item) for item in value]
    return value


def count(value: Json) -> Number | None:
    """A usable figure: a finite JSON number, or a string of digits (exact, 64-bit and beyond)."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value) if len(value) <= 40 else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if value != value or value in (float("inf"), float("-inf")) or value < 0:
        return None
    return value
