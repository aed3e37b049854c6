"""What the boxes of an mp4 or mov say (ISO/IEC 14496-12): size, duration, pictures a second."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

Reader = Callable[[int, int], bytes]
"""`read(offset, length)` of a file; what is no longer there is empty."""

STILL_BRANDS = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif", b"avif": "image/avif"}
MAX_BOXES = 4096
MAX_MOOV = 1 << 20


class Movie(NamedTuple):
    """As shown: after the track's rotation. None: not said."""

    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    fps: float | None = None


class Box(NamedTuple):
    """`start` and `end` of its content; the end as it says itself, even where the file ends sooner."""

    kind: bytes
    start: int
    end: int


def brand_mime(head: bytes) -> str:
    brand = head[8:12]
    return STILL_BRANDS.get(brand) or ("video/quicktime" if brand == b"qt  " else "video/mp4")


def boxes(read: Reader, start: int, end: int) -> Iterator[Box]:
    """The boxes side by side between two offsets; ends at the first that cannot be one."""
    for _ in range(MAX_BOXES):
        head = read(start, 16)
        if len(head) < 8 or start >= end:
            return
        length, kind, header = int.from_bytes(head[:4]), head[4:8], 8
        if length == 1 and len(head) == 16:
            length, header = int.from_bytes(head[8:]), 16
        length = length or end - start
        if length < header:
            return
        yield Box(kind, start + header, start + length)
        start += length


def movie(read: Reader, size: int) -> Movie | None:
    """None when there is no movie box, or a broken one. One that lies where nothing was kept says nothing."""
    found = Box(b"", 0, 0)
    for found in boxes(read, 0, size):
        if found.kind == b"moov":
            break
    if found.kind != b"moov":
        return Movie() if found.end < size and not read(found.end, 1) else None
    if found.end > size:
        return None
    return _of(read(found.start, min(found.end - found.start, MAX_MOOV)))


def _of(moov: bytes) -> Movie | None:
    mvhd = _inside(moov, b"mvhd")
    if mvhd is None:
        return None
    duration = _duration(mvhd)
    for track in _all(moov, b"trak"):
        if (_inside(track, b"mdia", b"hdlr") or b"")[8:12] == b"vide":
            return Movie(*_shown(_inside(track, b"tkhd") or b""), duration, _fps(track))
    return Movie(duration_s=duration)


def _all(content: bytes, kind: bytes) -> Iterator[bytes]:
    for box in boxes(lambda at, length: content[at : at + length], 0, len(content)):
        if box.kind == kind:
            yield content[box.start : box.end]


def _inside(content: bytes, *path: bytes) -> bytes | None:
    """The content of the first box at this path."""
    for kind in path:
        found = next(_all(content, kind), None)
        if found is None:
            return None
        content = found
    return content


def _duration(header: bytes) -> float | None:
    """Of an mvhd or mdhd, in seconds; both versions."""
    long = header[:1] == b"\1"
    layout, at = (">IQ", 20) if long else (">II", 12)
    try:
        scale, ticks = struct.unpack_from(layout, header, at)
    except struct.error:
        return None
    return float(ticks / scale) if scale and ticks else None


def _shown(tkhd: bytes) -> tuple[int | None, int | None]:
    """Width and height of a track, swapped when its matrix turns it by a quarter."""
    at = 52 if tkhd[:1] == b"\1" else 40
    try:
        a, b, _, c, d, *_, width, height = struct.unpack_from(">9i2I", tkhd, at)
    except struct.error:
        return None, None
    size = (width >> 16) or None, (height >> 16) or None
    return (size[1], size[0]) if a == d == 0 and b and c else size


def _fps(track: bytes) -> float | None:
    times = _inside(track, b"mdia", b"minf", b"stbl", b"stts")
    lasts = _duration(_inside(track, b"mdia", b"mdhd") or b"")
    if times is None or lasts is None:
        return None
    count = min(int.from_bytes(times[4:8]), len(times) // 8)
    samples = sum(int.from_bytes(times[8 + 8 * place : 12 + 8 * place]) for place in range(count))
    return samples / lasts
