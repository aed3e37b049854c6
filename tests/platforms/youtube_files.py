"""Media of our own making, for YouTube's tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sextant.platforms.media import MediaFacts, MediaFile
from sextant.sandbox.made_media import Asked, Made
from sextant.sandbox.made_pictures import jpeg
from sextant.sandbox.made_video import mp4


class OnDisk:
    """A medium in a file, with a public address."""

    def __init__(self, path: Path, made: Made, facts: MediaFacts) -> None:
        with path.open("wb") as file:
            file.writelines(made.pieces(0, made.size))
        self.url, self.facts = f"https://media.example/{path.name}", facts
        self._file = MediaFile(path, facts)

    async def file(self) -> MediaFile:
        return self._file


def video(path: Path, **asked: Any) -> OnDisk:
    wanted = Asked(**asked)
    made = mp4(wanted)
    facts = MediaFacts("video/mp4", made.size, wanted.width, wanted.height, wanted.seconds, wanted.fps)
    return OnDisk(path, made, facts)


def picture(path: Path, **asked: Any) -> OnDisk:
    wanted = Asked(**asked)
    made = jpeg(wanted)
    return OnDisk(path, made, MediaFacts("image/jpeg", made.size, wanted.width, wanted.height))
