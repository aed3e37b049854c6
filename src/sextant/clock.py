"""Time, as everything in Sextant asks for it. The sandbox has a clock that can be moved and run fast."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class Clock:
    """The machine's own time."""

    def timestamp(self) -> float:
        """Unix seconds."""
        return time.time()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.timestamp(), UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with `Z` and milliseconds, as the contract writes times."""
    if moment is None:
        return None
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
