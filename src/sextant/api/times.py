"""Times as clients write them."""

from __future__ import annotations

from datetime import UTC, datetime

from sextant.errors import Invalid, fault_at


def moment(value: str, at: list[str | int]) -> datetime:
    """An ISO 8601 time with its offset, in UTC; Invalid, with the place `at`, when it is none."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        said = "Give an ISO 8601 time with its offset, for example 2026-12-24T18:00:00Z."
        raise Invalid(fault_at(at, said)) from None
    if found.tzinfo is None:
        raise Invalid(fault_at(at, "The time lacks its offset: end it with Z for UTC, or +01:00 and so on."))
    if not 1971 <= found.year <= 9998:
        raise Invalid(fault_at(at, "Give a year between 1971 and 9998."))
    return found.astimezone(UTC)
