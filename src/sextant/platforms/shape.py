"""Taking things out of JSON that may be anything: what is not of the expected shape counts as not there."""

from __future__ import annotations

from typing import Any

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
