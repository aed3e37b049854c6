"""X keeps the contract of every platform, with a post of every form it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sextant.platforms.base import Draft
from sextant.platforms.catalogue import Kind
from sextant.platforms.x import PLATFORM, uploads
from sextant.platforms.x.options import XOptions
from sextant.sandbox.server import Sandbox
from sextant.sandbox.x import NETWORK
from tests.platforms.adapters import text_draft
from tests.platforms.contract import PlatformContract
from tests.platforms.scene import SIZE
from tests.platforms.x_media import MadeMedium, made_gif


class TestX(PlatformContract):
    platform = PLATFORM
    networks = (NETWORK,)
    field = ("like_count", "likes")

    @pytest.fixture(autouse=True)
    def media(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Two chunks of the sample video."""
        monkeypatch.setattr(uploads, "CHUNK", SIZE // 2 + 1)
        self.images = [MadeMedium(tmp_path, suffix, width=32) for suffix in ("jpg", "png", "webp")]
        self.gif = made_gif(tmp_path)

    def drafts(self, sandbox: Sandbox, name: str) -> list[Draft]:
        described = XOptions(alt_texts=("A red sextant", "on a map"), reply_settings="following")
        first, *_ = self.images
        return [
            text_draft(f"Words, {name}"),
            text_draft(f"Words and https://example.com/{name} and foo.bar, {name}"),
            Draft("draft-1", f"A picture, {name}", (first,), Kind.PHOTO),
            Draft("draft-1", f"Pictures, {name}", tuple(self.images), Kind.CAROUSEL, described),
            Draft("draft-1", f"Moving, {name}", (self.gif,), Kind.PHOTO),
            self.video(sandbox, f"A clip, {name}"),
        ]

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
