"""Media made to order, for what X publishes; their facts are read as Sextant reads any file's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sextant.media.facts import facts_of
from sextant.platforms.media import MediaFacts, MediaFile
from sextant.sandbox.made_media import Asked
from sextant.sandbox.made_pictures import gif, jpeg, png, webp
from sextant.sandbox.made_video import mov, mp4

MAKERS = {"gif": gif, "jpg": jpeg, "png": png, "webp": webp, "mov": mov, "mp4": mp4}


class MadeMedium:
    """A file of this suffix; `asked` as in `sextant.sandbox.made_media.Asked`."""

    def __init__(self, folder: Path, suffix: str, **asked: Any) -> None:
        named = "-".join(f"{name}{value}" for name, value in asked.items())
        path = folder / f"made{named}.{suffix}"
        made = MAKERS[suffix](Asked(**asked))
        with path.open("wb") as handle:
            handle.writelines(made.pieces(0, made.size))
        self.url = f"https://media.example/{path.name}"
        self.facts: MediaFacts = facts_of(path)
        self._file = MediaFile(path, self.facts)

    async def file(self) -> MediaFile:
        return self._file


def made_gif(folder: Path, **asked: Any) -> MadeMedium:
    return MadeMedium(folder, "gif", **{"width": 64, "height": 48, "seconds": 1, "fps": 3, **asked})
