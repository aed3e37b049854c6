"""Media made to order, and a draft of every form that LinkedIn publishes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sextant.media.facts import facts_of
from sextant.platforms.base import Draft
from sextant.platforms.catalogue import Kind
from sextant.platforms.linkedin.options import LinkedInOptions
from sextant.platforms.media import MediaFacts, MediaFile
from sextant.sandbox.made_media import Asked
from sextant.sandbox.made_pictures import gif, jpeg, png, webp
from sextant.sandbox.made_video import mov, mp4

MAKERS = {"gif": gif, "jpg": jpeg, "png": png, "webp": webp, "mov": mov, "mp4": mp4}
TWO_PARTS = 5_000_000
"""Bytes of a video that goes in two parts."""


class OnDisk:
    """A medium in a file of this kind; `asked` as in `sextant.sandbox.made_media.Asked`."""

    def __init__(self, directory: Path, kind: str, **asked: Any) -> None:
        named = "-".join(f"{name}{value}" for name, value in asked.items())
        path = directory / f"{named}.{kind}"
        made = MAKERS[kind](Asked(**asked))
        with path.open("wb") as handle:
            handle.writelines(made.pieces(0, made.size))
        self.url = f"https://media.example/{path.name}"
        self.facts: MediaFacts = facts_of(path)
        self._file = MediaFile(path, self.facts)

    async def file(self) -> MediaFile:
        return self._file


def picture(directory: Path, n: int = 0, kind: str = "jpg") -> OnDisk:
    more = {"seconds": 1, "fps": 3} if kind == "gif" else {}
    return OnDisk(directory, kind, width=100 + n, height=80, **more)


def film(directory: Path, **asked: Any) -> OnDisk:
    return OnDisk(directory, "mp4", **{"width": 640, "height": 360, "bytes": TWO_PARTS, **asked})


def of(words: str, *media: OnDisk, options: LinkedInOptions | None = None) -> Draft:
    return Draft("draft-1", words, media, Kind.VIDEO if media else Kind.TEXT, options)


def every(directory: Path, words: str) -> list[Draft]:
    pictures = [picture(directory, n, kind) for n, kind in enumerate(("jpg", "png", "gif"))]
    told = LinkedInOptions(visibility="LOGGED_IN", alt_texts=("A sextant", "", "A sea"), disable_reshare=True)
    return [
        of(f"A text (#1), {words}"),
        of(f"A photo, {words}", pictures[0], options=LinkedInOptions(alt_texts=("A sextant",))),
        of(f"Photos, {words}", *pictures, options=told),
        of(f"A film, {words}", film(directory), options=LinkedInOptions(title="A title")),
    ]
