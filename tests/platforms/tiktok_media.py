"""Media of the sandbox, and made up, for TikTok's tests."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from sextant.platforms.media import MediaFacts, MediaFile
from sextant.sandbox.server import Sandbox

SAMPLE = Path(str(resources.files("sextant.sandbox") / "media" / "sample.jpg"))


class Picture:
    """A picture at an address of the sandbox; TikTok fetches pictures by itself."""

    facts = MediaFacts("image/jpeg", SAMPLE.stat().st_size, 1080, 1080)

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = f"{sandbox.url}/_control/media/sample.jpg"

    async def file(self) -> MediaFile:
        raise AssertionError("TikTok fetches pictures by itself")


class Shown:
    """A medium of which only the facts matter; None: not fetched yet."""

    url = "https://media.example/medium"

    def __init__(self, facts: MediaFacts | None) -> None:
        self.facts = facts

    async def file(self) -> MediaFile:
        raise AssertionError("nobody reads the file")
