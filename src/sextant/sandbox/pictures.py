"""What the headers of still pictures and gifs say: width, height, frames."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Literal, NamedTuple

SOF = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
BARE = {0x01, *range(0xD0, 0xD9)}
"""JPEG markers without a length."""


class Picture(NamedTuple):
    """`frames` of a gif, as far as its start is there."""

    mime: str
    width: int
    height: int
    frames: int | None = None


def picture(head: bytes) -> Picture | None:
    """None when the bytes start no jpeg, png, gif or webp with a size."""
    found = None
    try:
        if head.startswith(b"\xff\xd8\xff"):
            found = _jpeg(head)
        elif head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR":
            width, height = struct.unpack_from(">II", head, 16)
            found = Picture("image/png", width, height)
        elif head[:6] in (b"GIF87a", b"GIF89a"):
            width, height = struct.unpack_from("<HH", head, 6)
            found = Picture("image/gif", width, height, _gif_frames(head))
        elif head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            found = _webp(head)
    except (struct.error, IndexError):
        return None
    return found if found and found.width and found.height else None


def _jpeg(head: bytes) -> Picture | None:
    at, turned = 2, False
    while at + 4 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if marker in BARE or marker == 0xFF:
            at += 1 if marker == 0xFF else 2
        elif marker in SOF:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return Picture("image/jpeg", *((height, width) if turned else (width, height)))
        else:
            end = at + 2 + int.from_bytes(head[at + 2 : at + 4])
            turned = turned or (marker == 0xE1 and _lies(head[at + 4 : end]))
            at = end
    return None


def _lies(note: bytes) -> bool:
    """Whether an Exif note says that the picture is shown turned by a quarter (tag 0x0112: 5 to 8)."""
    if note[:6] != b"Exif\0\0":
        return False
    byteorder: Literal["little", "big"] = "little" if note[6:8] == b"II" else "big"

    def number(at: int, length: int) -> int:
        return int.from_bytes(note[6 + at : 6 + at + length], byteorder)

    first = number(4, 4)
    entries = (first + 2 + 12 * place for place in range(number(first, 2)))
    return any(number(at, 2) == 0x0112 and 5 <= number(at + 8, 2) <= 8 for at in entries)


def _webp(head: bytes) -> Picture | None:
    kind = head[12:16]
    if kind == b"VP8X":
        return Picture("image/webp", _three(head, 24) + 1, _three(head, 27) + 1)
    if kind == b"VP8L" and head[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", head, 21)
        return Picture("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", head, 26)
        return Picture("image/webp", width & 0x3FFF, height & 0x3FFF)
    return None


def _three(head: bytes, at: int) -> int:
    return int.from_bytes(head[at : at + 3], "little")


def _gif_frames(head: bytes) -> int:
    return sum(1 for block in _gif_blocks(head) if block == 0x2C)


def _gif_blocks(head: bytes) -> Iterator[int]:
    """The introducer of each block; ends where the bytes do."""
    at = 13 + _palette(head[10])
    while at < len(head) and head[at] in (0x21, 0x2C):
        yield head[at]
        if head[at] == 0x21:
            at += 2
        elif at + 9 < len(head):
            at += 11 + _palette(head[at + 9])
        else:
            return
        while at < len(head) and head[at]:
            at += 1 + head[at]
        at += 1


def _palette(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
