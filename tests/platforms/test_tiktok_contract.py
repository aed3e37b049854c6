"""TikTok keeps the contract of every platform, through either of its APIs."""

from __future__ import annotations

from typing import Any

from sextant.errors import TryLater
from sextant.platforms.tiktok import PLATFORM
from sextant.sandbox.tiktok import NETWORK
from tests.platforms.contract import PlatformContract


class TestTikTok(PlatformContract):
    """The API for Business."""

    platform = PLATFORM
    networks = (NETWORK,)
    login = "business"
    field = ("likes", "likes")

    def truth(self, n: int) -> dict[str, Any]:
        business = {"favorites": n + 4, "reach": n + 5, "total_time_watched": n + 6}
        counts = {"like_count": n, "comment_count": 0, "share_count": n + 2, "view_count": n + 3}
        return {**counts, "business": business}

    def expected(self, n: int) -> dict[str, int]:
        return {
            "likes": n,
            "comments": 0,
            "shares": n + 2,
            "views": n + 3,
            "video_views": n + 3,
            "video_viewers": n + 5,
            "video_watch_time_ms": (n + 6) * 1000,
            "saves": n + 4,
        }


class TestTikTokDisplay(TestTikTok):
    """The Open API, which has four counters."""

    login = "display"
    # Its only 403 is spam_risk_too_many_posts (tiktok.md §5); what is not allowed answers 401.
    forbidden = (TryLater,)
    field = ("like_count", "likes")

    def expected(self, n: int) -> dict[str, int]:
        counted = ("likes", "comments", "shares", "views", "video_views")
        return {key: super(TestTikTokDisplay, self).expected(n)[key] for key in counted}
