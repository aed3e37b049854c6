"""TikTok keeps the contract of every platform, through either of its APIs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sextant.errors import TryLater
from sextant.platforms.base import Draft
from sextant.platforms.catalogue import Kind
from sextant.platforms.tiktok import PLATFORM
from sextant.platforms.tiktok.options import TikTokOptions
from sextant.sandbox.server import Sandbox
from sextant.sandbox.tiktok import NETWORK
from tests.platforms.contract import PlatformContract
from tests.platforms.tiktok_media import Picture

PUBLIC = TikTokOptions(privacy="PUBLIC_TO_EVERYONE")


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

    def drafts(self, sandbox: Sandbox, name: str) -> list[Draft]:
        return [self.video(sandbox, f"A clip, {name}"), *self.pictures(sandbox, name)]

    def pictures(self, sandbox: Sandbox, name: str) -> list[Draft]:
        options = self.video(sandbox).options
        return [
            Draft("draft-1", f"A photo, {name}", (Picture(sandbox),), Kind.PHOTO, options),
            Draft("draft-1", f"Photos, {name}", (Picture(sandbox),) * 2, Kind.CAROUSEL, options),
        ]


class TestTikTokDisplay(TestTikTok):
    """The Open API, which has four counters."""

    login = "display"
    # Its only 403 is spam_risk_too_many_posts (tiktok.md §5); what is not allowed answers 401.
    forbidden = (TryLater,)
    field = ("like_count", "likes")

    def expected(self, n: int) -> dict[str, int]:
        counted = ("likes", "comments", "shares", "views", "video_views")
        return {key: super(TestTikTokDisplay, self).expected(n)[key] for key in counted}

    def video(self, sandbox: Sandbox, text: str = "A clip") -> Draft:
        return replace(super().video(sandbox, text), options=PUBLIC)

    def drafts(self, sandbox: Sandbox, name: str) -> list[Draft]:
        pull = TikTokOptions(privacy="PUBLIC_TO_EVERYONE", transfer="pull")
        fetched = replace(self.video(sandbox, f"A clip fetched, {name}"), options=pull)
        return [self.video(sandbox, f"A clip, {name}"), fetched, *self.pictures(sandbox, name)]
