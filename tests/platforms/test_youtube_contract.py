"""YouTube keeps the contract of every platform."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sextant.platforms.base import Draft
from sextant.platforms.catalogue import Kind
from sextant.platforms.youtube import PLATFORM, upload
from sextant.platforms.youtube.options import YouTubeOptions
from sextant.sandbox.server import Sandbox
from sextant.sandbox.youtube import NETWORK
from tests.platforms.contract import PlatformContract
from tests.platforms.youtube_files import picture, video

CHUNK = 262_144


class TestYouTube(PlatformContract):
    platform = PLATFORM
    networks = (NETWORK,)
    field = ("likeCount", "likes")

    @pytest.fixture(autouse=True)
    def media(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The upload of a Short takes three pieces."""
        monkeypatch.setattr(upload, "CHUNK", CHUNK)
        size = 2 * CHUNK + 5
        self.short = video(tmp_path / "short.mp4", seconds=20, width=1080, height=1920, bytes=size)
        self.picture = picture(tmp_path / "own.jpg")

    def drafts(self, sandbox: Sandbox, name: str) -> list[Draft]:
        short = Draft("draft-2", f"A Short, {name}", (self.short,), Kind.VIDEO)
        chosen = YouTubeOptions(title=name, privacy="unlisted", thumbnail_url=self.picture.url)
        pictured = replace(short, id="draft-3", options=chosen, extra={"thumbnail_url": self.picture})
        return [self.video(sandbox, f"A clip, {name}"), short, pictured]

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
