"""Instagram keeps the contract of every platform, with either login."""

from __future__ import annotations

from typing import Any

from sextant.platforms.base import Draft
from sextant.platforms.instagram import PLATFORM
from sextant.sandbox import facebook, instagram
from sextant.sandbox.server import Sandbox
from tests.platforms import instagram_drafts
from tests.platforms.contract import PlatformContract


class TestInstagram(PlatformContract):
    """Through Facebook Login: batches on graph.facebook.com."""

    platform = PLATFORM
    networks = (instagram.NETWORK, facebook.NETWORK)
    login = "facebook"
    refreshes = False
    field = ("ig_reels_video_view_total_time", "video_watch_time_ms")

    def drafts(self, sandbox: Sandbox, name: str) -> list[Draft]:
        return instagram_drafts.drafts(sandbox, name)

    def truth(self, n: int) -> dict[str, Any]:
        insights = {
            "views": n + 2,
            "saved": n + 3,
            "shares": n + 4,
            "total_interactions": n + 5,
            "ig_reels_video_view_total_time": n + 6,
        }
        return {"like_count": n, "comments_count": 0, "insights": insights}

    def expected(self, n: int) -> dict[str, int]:
        return {
            "likes": n,
            "comments": 0,
            "shares": n + 4,
            "views": n + 2,
            "video_views": n + 2,
            "video_watch_time_ms": n + 6,
            "engagement": n + 5,
            "saves": n + 3,
        }


class TestInstagramLogin(TestInstagram):
    """One by one on graph.instagram.com."""

    login = "instagram"
