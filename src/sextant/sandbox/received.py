"""What a simulated network received: it judges a medium by its content, and never holds the whole of it.

A reading of its own, apart from `sextant.media.facts`: the sandbox is an independent judge.
"""

from __future__ import annotations

import msgspec

from sextant.sandbox.boxes import brand_mime, movie
from sextant.sandbox.pictures import picture

KEPT = 1 << 20
"""So much of either end is kept: mp4's movie box may be at both."""

EBML = b"\x1aE\xdf\xa3"
OTHERS = ((b"BM", "image/bmp"), (b"II*\0", "image/tiff"), (b"MM\0*", "image/tiff"))


class Shown(msgspec.Struct, frozen=True):
    """What a medium shows of itself. Bytes, pixels as shown (after rotation), seconds; None: not said.

    `frames`: pictures of a gif, counted in its first MiB.
    """

    mime: str
    size: int
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    fps: float | None = None
    frames: int | None = None

    @property
    def is_video(self) -> bool:
        return self.mime.startswith("video/")

    @property
    def is_image(self) -> bool:
        return self.mime.startswith("image/")


class Received:
    """The bytes of one medium, in order, as they come."""

    def __init__(self, content: bytes = b"") -> None:
        self.size = 0
        self._head, self._tail = bytearray(), bytearray()
        self.add(content)

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self._head += chunk[: KEPT - len(self._head)]
        self._tail += chunk[-KEPT:]
        if len(self._tail) > 2 * KEPT:
            del self._tail[:-KEPT]

    def read(self, offset: int, length: int) -> bytes:
        """Some bytes of either end; fewer where they were not kept."""
        if offset < len(self._head):
            return bytes(self._head[offset : offset + length])
        start = offset - (self.size - len(self._tail))
        return bytes(self._tail[start : start + length]) if start >= 0 else b""

    def facts(self) -> Shown | None:
        """None: no medium known, or one whose headers are not there."""
        head = self.read(0, KEPT)
        if head[4:8] == b"ftyp":
            return self._boxed(head)
        if found := picture(head):
            return Shown(found.mime, self.size, found.width, found.height, frames=found.frames)
        mime = _named(head)
        return Shown(mime, self.size) if mime else None

    def _boxed(self, head: bytes) -> Shown | None:
        mime = brand_mime(head)
        if mime.startswith("image/"):
            return Shown(mime, self.size)
        found = movie(self.read, self.size)
        return Shown(mime, self.size, *found) if found else None


def _named(head: bytes) -> str | None:
    """Those known by their first bytes alone."""
    if head.startswith(EBML):
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "video/x-msvideo"
    return next((mime for start, mime in OTHERS if head.startswith(start)), None)
