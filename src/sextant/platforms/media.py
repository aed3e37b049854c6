"""A medium on its way to a network: its address, its bytes, and what its content says of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

STREAM_PIECE = 1 << 18


class MediaFacts(msgspec.Struct, frozen=True):
    """What a file's own content says of it. Sizes in bytes, times in seconds, pictures in pixels.

    None: the content does not say. `width` and `height` are as shown, after rotation. `frames`: pictures in
    a moving one. `codec` and `audio` are MediaInfo's names («AVC», «HEVC», «AAC»); `audio` None: no sound.
    """

    mime: str
    size: int
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    fps: float | None = None
    frames: int | None = None
    codec: str | None = None
    audio: str | None = None

    @property
    def is_video(self) -> bool:
        return self.mime.startswith("video/")

    @property
    def is_image(self) -> bool:
        return self.mime.startswith("image/")

    @property
    def is_animated(self) -> bool:
        return self.mime == "image/gif" and (self.frames or 1) > 1

    @property
    def ratio(self) -> float | None:
        """Width by height."""
        return self.width / self.height if self.width and self.height else None


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A downloaded file."""

    path: Path
    facts: MediaFacts

    @property
    def size(self) -> int:
        return self.facts.size

    @property
    def mime(self) -> str:
        return self.facts.mime

    def read(self, offset: int = 0, length: int = -1) -> bytes:
        """For small pieces; off the event loop where they are not. A whole file goes out as a `stream`."""
        with self.path.open("rb") as handle:
            handle.seek(offset)
            return handle.read(length)

    def stream(self, offset: int = 0, length: int | None = None) -> FileStream:
        """A request body of `length` bytes (to the end when None) that never holds much of it in memory."""
        return FileStream(self.path, offset, self.size - offset if length is None else length)


@dataclass(frozen=True, slots=True)
class FileStream:
    """A piece of a file as a request body. It can be sent again: each iteration starts anew."""

    path: Path
    offset: int
    length: int

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self.length
        handle = await asyncio.to_thread(self.path.open, "rb")
        with handle:
            handle.seek(self.offset)
            while left > 0 and (piece := await asyncio.to_thread(handle.read, min(STREAM_PIECE, left))):
                left -= len(piece)
                yield piece


class Media(Protocol):
    """One medium of a post: its public address, and its bytes when the network cannot pull."""

    url: str

    @property
    def facts(self) -> MediaFacts | None:
        """None until the file was fetched once, here or at preflight."""
        ...

    async def file(self) -> MediaFile:
        """Downloads through the address guard, once per post; raises FixContent or TryLater."""
        ...
