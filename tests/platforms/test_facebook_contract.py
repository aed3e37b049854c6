"""Facebook keeps the contract of every platform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sextant.platforms.base import Draft
from sextant.platforms.facebook import PLATFORM
from sextant.sandbox.facebook import NETWORK
from sextant.sandbox.server import Sandbox
from tests.platforms import facebook_files
from tests.platforms.contract import PlatformContract


class TestFacebook(PlatformContract):
    platform = PLATFORM
    networks = (NETWORK,)
    refreshes = False
    field = ("post_clicks", "clicks")

    @pytest.fixture(autouse=True)
    def directory(self, tmp_path: Path) -> None:
        self.media = tmp_path

    def drafts(self, sandbox: Sandbox, name: str) -> list[Draft]:
        return facebook_files.every(self.media, name)

    def truth(self, n: int) -> dict[str, Any]:
        activity = {"like": n, "share": n + 2}
        return {
            "insights": {
                "post_media_view": n + 3,
                "post_clicks": n + 4,
                "post_activity_by_action_type": activity,
                "post_reactions_by_type_total": {"like": n},
            },
            "shares": n + 2,
        }

    def expected(self, n: int) -> dict[str, int]:
        return {"likes": n, "comments": 0, "shares": n + 2, "views": n + 3, "clicks": n + 4}
