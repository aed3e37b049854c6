"""LinkedIn keeps the contract of every platform."""

from __future__ import annotations

from typing import Any

from sextant.platforms.linkedin import PLATFORM
from sextant.sandbox.linkedin import NETWORK
from tests.platforms.contract import PlatformContract


class TestLinkedIn(PlatformContract):
    """A Page, which is the first of the accounts a consent gives."""

    platform = PLATFORM
    networks = (NETWORK,)
    field = ("clickCount", "clicks")

    def truth(self, n: int) -> dict[str, Any]:
        statistics = {"impressionCount": n, "clickCount": n + 1, "commentCount": 0, "shareCount": n + 3}
        return {"totalShareStatistics": statistics, "reactions": {"LIKE": n + 4, "PRAISE": 1}}

    def expected(self, n: int) -> dict[str, int]:
        return {"impressions": n, "clicks": n + 1, "comments": 0, "shares": n + 3, "likes": n + 5}
