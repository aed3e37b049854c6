"""What was asked of the simulated networks."""

from __future__ import annotations

from collections import deque
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


ROWS_MOST = 100_000


class Ledger:
    """Totals of everything; single requests as far as the last `ROWS_MOST`."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=ROWS_MOST)
        self._totals: dict[str, dict[str, int]] = {}

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        row = self._totals.setdefault(entry.platform, {"requests": 0, "items": 0})
        row["requests"] += 1
        row["items"] += entry.items

    def clear(self) -> None:
        self.entries.clear()
        self._totals.clear()

    def totals(self) -> dict[str, dict[str, int]]:
        return {platform: dict(row) for platform, row in self._totals.items()}

    def rows(self) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in self.entries]
