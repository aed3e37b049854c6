"""X keeps the contract of every platform."""

from __future__ import annotations

from typing import Any

from sextant.platforms.x import PLATFORM
from sextant.sandbox.x import NETWORK
from tests.platforms.contract import PlatformContract


class TestX(PlatformContract):
    platform = PLATFORM
    networks = (NETWORK,)
    field = ("like_count", "likes")

    def truth(self, n: int) -> dict[str, Any]:
        return {
            "public_metrics": {"like_count": n, "reply_count": 0, "repost_count": n + 2, "view_count": n + 3},
            "non_public_metrics": {"engagements": n + 4, "url_link_clicks": n + 5},
        }

    def expected(self, n: int) -> dict[str, int]:
        return {
            "likes": n,
            "comments": 0,
            "shares": n + 2,
            "views": n + 3,
            "engagement": n + 4,
            "clicks": n + 5,
        }
