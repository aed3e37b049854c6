"""Taking things out of JSON that may be anything: what is not of the expected shape counts as not there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sextant.platforms.answers import count
from sextant.platforms.base import Json


def mapping(value: Json) -> dict[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Json) -> list[Any]:
    """The list, or an empty one."""
    return value if isinstance(value, list) else []


def objects(value: Json) -> list[dict[str, Any]]:
    """The objects of a list."""
    return [item for item in items(value) if isinstance(item, dict)]


def text(value: Json) -> str | None:
    """The text, or None for anything else and for an empty one."""
    return value if isinstance(value, str) and value else None


def whole(value: Json) -> int | None:
    """The whole number from 0 on, or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def unix_time(seconds: Json) -> datetime | None:
    """The time of some seconds since 1970, or None."""
    number = count(seconds)
    try:
        return None if number is None else datetime.fromtimestamp(number, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def iso_time(value: Json) -> datetime | None:
    """The time that a text with its zone names, or None."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else None
