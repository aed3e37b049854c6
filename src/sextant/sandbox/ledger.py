"""What was asked of the simulated networks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `items`: posts whose numbers were asked for. `status` 0: no answer was given."""

    platform: str
    method: str
    path: str
    status: int
    items: int


class Ledger:
    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)

    def clear(self) -> None:
        self.entries.clear()

    def totals(self) -> dict[str, dict[str, int]]:
        totals: dict[str, dict[str, int]] = {}
        for entry in self.entries:
            row = totals.setdefault(entry.platform, {"requests": 0, "items": 0})
            row["requests"] += 1
            row["items"] += entry.items
        return totals

    def rows(self) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in self.entries]
