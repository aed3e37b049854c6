"""Ids as they come in an address."""

from __future__ import annotations

import uuid

from sextant.errors import Invalid, NotFound, fault_at


def in_path(value: str, what: str) -> str:
    """A UUID in its usual form; what is none names nothing, so NotFound."""
    found = _uuid(value)
    if found is None:
        raise NotFound(f"No such {what}.")
    return found


def in_query(value: str | None, name: str) -> str | None:
    """A UUID of a query parameter; Invalid when it is none."""
    return uuid_at(value, ["query", name])


def uuid_at(value: str | None, at: list[str | int]) -> str | None:
    """A UUID in its usual form; Invalid, with its place, when it is none."""
    if value is None:
        return None
    found = _uuid(value)
    if found is None:
        raise Invalid(fault_at(at, "This is not a UUID.", "uuid"))
    return found


def _uuid(value: str) -> str | None:
    try:
        return str(uuid.UUID(value))
    except ValueError:
        return None
