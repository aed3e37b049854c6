"""LinkedIn keeps the contract of every platform, with a post of every form it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sextant.platforms.base import Draft
from sextant.platforms.linkedin import PLATFORM
from sextant.sandbox.linkedin import NETWORK
from sextant.sandbox.server import Sandbox
from tests.platforms import linkedin_files
from tests.platforms.contract import PlatformContract


class TestLinkedIn(PlatformContract):
    """A Page, which is the first of the accounts a consent gives."""

    platform = PLATFORM
    networks = (NETWORK,)
    field = ("clickCount", "clicks")

    @pytest.fixture(autouse=True)
    def directory(self, tmp_path: Path) -> None:
        self.media = tmp_path

    def drafts(self, sandbox: Sandbox, name: str) -> list[Draft]:
        return linkedin_files.every(self.media, name)

    def truth(self, n: int) -> dict[str, Any]:
        statistics = {"impressionCount": n, "clickCount": n + 1, "commentCount": 0, "shareCount": n + 3}
        return {"totalShareStatistics": statistics, "reactions": {"LIKE": n + 4, "PRAISE": 1}}

    def expected(self, n: int) -> dict[str, int]:
        return {"impressions": n, "clicks": n + 1, "comments": 0, "shares": n + 3, "likes": n + 5}
