"""YouTube keeps the contract of every platform."""

from __future__ import annotations

from typing import Any

from sextant.platforms.youtube import PLATFORM
from sextant.sandbox.youtube import NETWORK
from tests.platforms.contract import PlatformContract


class TestYouTube(PlatformContract):
    platform = PLATFORM
    networks = (NETWORK,)
    field = ("likeCount", "likes")

    def truth(self, n: int) -> dict[str, Any]:
        counts = {"viewCount": n + 3, "likeCount": n, "commentCount": 0}
        return {**counts, "shares": n + 4, "estimatedMinutesWatched": n + 5}

    def expected(self, n: int) -> dict[str, int]:
        return {
            "likes": n,
            "comments": 0,
            "shares": n + 4,
            "views": n + 3,
            "video_views": n + 3,
            "video_watch_time_ms": (n + 5) * 60_000,
        }
