"""Media made to order: as long, wide, high and heavy as asked, and never held as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, NamedTuple

import msgspec

PIECE = 1 << 18


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a medium is to be. Seconds, pixels as shown, bytes; None: what comes of itself.

    `turned`: a video is stored lying, and turned by its header. A gif has `seconds` × `fps` frames.
    """

    seconds: Annotated[float, msgspec.Meta(gt=0, le=86400)] = 5
    width: Annotated[int, msgspec.Meta(ge=1, le=16383)] = 1280
    height: Annotated[int, msgspec.Meta(ge=1, le=16383)] = 720
    fps: Annotated[float, msgspec.Meta(ge=0.1, le=240)] = 30
    bytes: Annotated[int, msgspec.Meta(ge=1, le=1 << 40)] | None = None
    turned: bool = False

    @property
    def frames(self) -> int:
        return max(1, round(self.seconds * self.fps))


class TooSmall(ValueError):
    """So few bytes cannot hold such a medium."""


class Part(NamedTuple):
    """`length` bytes: `unit` again and again."""

    unit: bytes
    length: int

    def read(self, offset: int, length: int) -> bytes:
        length = min(length, self.length - offset)
        start = offset % len(self.unit)
        times = -(-(start + length) // len(self.unit))
        return (self.unit * times)[start : start + length]


class Made:
    """A medium as the parts it is put together from."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = [part for part in parts if part.length]
        self.size = sum(part.length for part in self.parts)

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes between two offsets, a bit at a time."""
        first = 0
        for part in self.parts:
            at, end = max(start - first, 0), min(stop - first, part.length)
            while at < end:
                piece = part.read(at, min(PIECE, end - at))
                at += len(piece)
                yield piece
            first += part.length


def whole(content: bytes) -> Part:
    return Part(content, len(content)) if content else Part(b"\0", 0)


def filled(size: int | None, made: Callable[[int], Made]) -> Made:
    """`made(padding)`, with as much padding as brings it to `size`. Raises TooSmall."""
    least = made(0)
    if size is None or size == least.size:
        return least
    if size < least.size:
        raise TooSmall(f"Ask for at least {least.size} bytes.")
    return made(size - least.size)
