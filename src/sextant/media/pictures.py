"""What jpeg, png, gif and webp files say in their headers: MediaInfo reads neither gif frames, nor webp,
nor how a photo is turned (Exif)."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sextant.errors import FixContent

MAX_STEPS = 2_000_000
"""So many blocks or segments are walked over, and no more: about a second."""

TURNED = (5, 6, 7, 8)
"""Exif orientations by a quarter."""

ORIENTATION = 0x0112
EXIF = b"Exif\0\0"


class Picture(NamedTuple):
    """As shown, after rotation. `frames` for gif only."""

    width: int
    height: int
    frames: int | None = None


def picture(path: Path, mime: str) -> Picture:
    """Blocking. FixContent when the headers are not those of this type."""
    try:
        with path.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
            found = READERS[mime](data)
    except (ValueError, IndexError, struct.error):
        found = None
    if found is None or not (found.width and found.height):
        raise FixContent(f"The file looks like {mime}, but there is no picture in it.")
    return found


def _jpeg(data: mmap.mmap) -> Picture | None:
    at, turned = 2, False
    for _ in range(MAX_STEPS):
        start, marker = data[at], data[at + 1]
        if start != 0xFF:
            return None
        if marker == 0xFF:
            at += 1
        elif marker == 1 or 0xD0 <= marker <= 0xD9:
            at += 2
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return Picture(height, width) if turned else Picture(width, height)
        else:
            (length,) = struct.unpack_from(">H", data, at + 2)
            if marker == 0xE1:
                turned = turned or _orientation(data[at + 4 : at + 2 + length]) in TURNED
            at += 2 + length
    return None


def _orientation(segment: bytes) -> int:
    """Of an Exif segment; 1, upright, where it says nothing."""
    tiff = segment.removeprefix(EXIF)
    if tiff == segment or tiff[:4] not in (b"II*\0", b"MM\0*"):
        return 1
    order = "<" if tiff[:2] == b"II" else ">"
    try:
        (at,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, at)
        for place in range(count):
            tag, _, _, value = struct.unpack_from(order + "HHIH", tiff, at + 2 + 12 * place)
            if tag == ORIENTATION:
                return int(value)
    except struct.error:
        pass
    return 1


def _png(data: mmap.mmap) -> Picture | None:
    return Picture(*struct.unpack_from(">II", data, 16)) if data[12:16] == b"IHDR" else None


def _gif(data: mmap.mmap) -> Picture | None:
    width, height = struct.unpack_from("<HH", data, 6)
    frames = _frames(data)
    return Picture(width, height, frames) if frames else None


def _frames(data: mmap.mmap) -> int:
    """Images in the file, as far as it goes."""
    frames, steps, at = 0, 0, 13 + _palette(data[10])
    try:
        while data[at] in (0x21, 0x2C):
            if data[at] == 0x2C:
                frames += 1
                at += 11 + _palette(data[at + 9])
            else:
                at += 2
            while data[at] and steps < MAX_STEPS:
                at += 1 + data[at]
                steps += 1
            at += 1
    except IndexError:
        pass
    return frames


def _palette(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _webp(data: mmap.mmap) -> Picture | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return Picture(_three(data, 24) + 1, _three(data, 27) + 1)
    if kind == b"VP8L" and data[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", data, 21)
        return Picture((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 26)
        return Picture(width & 0x3FFF, height & 0x3FFF)
    return None


def _three(data: mmap.mmap, at: int) -> int:
    (low, high) = struct.unpack_from("<HB", data, at)
    return int(low | high << 16)


READERS: dict[str, Callable[[mmap.mmap], Picture | None]] = {
    "image/jpeg": _jpeg,
    "image/png": _png,
    "image/gif": _gif,
    "image/webp": _webp,
}
