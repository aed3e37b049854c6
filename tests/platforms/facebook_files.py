"""Media made to order, and a draft of every form that Facebook publishes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sextant.media.facts import facts_of
from sextant.platforms.base import Draft
from sextant.platforms.catalogue import Kind
from sextant.platforms.facebook.options import FacebookOptions
from sextant.platforms.media import MediaFile
from sextant.sandbox.made_media import Asked, Made
from sextant.sandbox.made_pictures import jpeg
from sextant.sandbox.made_video import mp4

REEL = FacebookOptions(kind="reel")
PIECES = 9_000_000
"""Bytes of a video that goes in three pieces."""


class OnDisk:
    """A medium in a file; `wanted` counts how often its bytes were asked for."""

    def __init__(self, path: Path, made: Made) -> None:
        with path.open("wb") as handle:
            handle.writelines(made.pieces(0, made.size))
        self.url = f"https://media.example/{path.name}"
        self.facts = facts_of(path)
        self.path, self.wanted = path, 0
        self._file = MediaFile(path, self.facts)

    async def file(self) -> MediaFile:
        self.wanted += 1
        return self._file


def photo(directory: Path, name: str = "1", **asked: Any) -> OnDisk:
    return OnDisk(directory / f"{name}.jpg", jpeg(Asked(**asked)))


def film(directory: Path, **asked: Any) -> OnDisk:
    return OnDisk(directory / "film.mp4", mp4(Asked(**asked)))


def upright(directory: Path, **asked: Any) -> OnDisk:
    return OnDisk(directory / "reel.mp4", mp4(Asked(**{"width": 1080, "height": 1920, **asked})))


def text(words: str) -> Draft:
    return Draft("draft-1", words, (), Kind.TEXT)


def link(words: str, address: str = "https://example.org/a?b=c") -> Draft:
    return Draft("draft-1", words, (), Kind.TEXT, FacebookOptions(link=address))


def photos(words: str, *media: OnDisk) -> Draft:
    return Draft("draft-1", words, media, Kind.PHOTO, FacebookOptions(alt_texts=("A hill",)))


def video(words: str, medium: OnDisk) -> Draft:
    return Draft("draft-1", words, (medium,), Kind.VIDEO, FacebookOptions(title="A title"))


def reel(words: str, medium: OnDisk) -> Draft:
    return Draft("draft-1", words, (medium,), Kind.VIDEO, REEL)


def every(directory: Path, words: str) -> list[Draft]:
    pictures = [photo(directory, str(n), width=100 + n) for n in range(3)]
    return [
        text(f"A text, {words}"),
        link(f"A link, {words}"),
        photos(f"A photo, {words}", pictures[0]),
        photos(f"Photos, {words}", *pictures),
        video(f"A video, {words}", film(directory, bytes=PIECES)),
        reel(f"A reel, {words}", upright(directory)),
    ]
