"""What a file is, from its content and never from its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pymediainfo import MediaInfo

from sextant.errors import FixContent
from sextant.platforms.media import MediaFacts

HEAD = 64
"""So many first bytes tell the type."""

STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)
EBML = b"\x1aE\xdf\xa3"
STILLS = (b"heic", b"heix", b"mif1", b"avif")


def sniffed(head: bytes) -> str:
    """The MIME type that a file's first bytes show; FixContent when it is no medium we know."""
    for start, mime in STARTS:
        if head.startswith(start):
            return mime
    if head[4:8] == b"ftyp":
        return _of_brand(head[8:12])
    if head[:4] == b"RIFF" and head[8:12] in (b"WEBP", b"AVI "):
        return "image/webp" if head[8:12] == b"WEBP" else "video/x-msvideo"
    if head.startswith(EBML):
        return "video/webm" if b"webm" in head else "video/x-matroska"
    raise FixContent(
        "The address does not hold a video or image that the networks take "
        "(mp4, mov, webm, mkv, avi, jpeg, png, gif, webp)."
    )


def _of_brand(brand: bytes) -> str:
    if brand[:2] == b"qt":
        return "video/quicktime"
    return "image/heic" if brand in STILLS else "video/mp4"


def facts_of(path: Path) -> MediaFacts:
    """Reads the file's headers, however large it is; blocking. FixContent when it is no medium."""
    with path.open("rb") as handle:
        mime = sniffed(handle.read(HEAD))
    tracks = {track.track_type: track.to_data() for track in reversed(MediaInfo.parse(path).tracks)}
    pictures = tracks.get("Video") or tracks.get("Image")
    if pictures is None:
        raise FixContent(f"The file looks like {mime}, but there is no picture in it.")
    general = tracks["General"]
    width, height = _shown(pictures)
    moving = mime.startswith("video/")
    return MediaFacts(
        mime=mime,
        size=path.stat().st_size,
        width=width,
        height=height,
        duration_s=_seconds(general) if moving else None,
        fps=_number(pictures.get("frame_rate")) if moving else None,
        frames=_whole(pictures.get("frame_count")),
        codec=pictures.get("format") if moving else None,
        audio=(tracks.get("Audio") or {}).get("format"),
    )


def _shown(pictures: dict[str, Any]) -> tuple[int | None, int | None]:
    width, height = _whole(pictures.get("width")), _whole(pictures.get("height"))
    turned = (_number(pictures.get("rotation")) or 0) % 180 == 90
    return (height, width) if turned else (width, height)


def _seconds(general: dict[str, Any]) -> float | None:
    millis = _number(general.get("duration"))
    return None if millis is None else millis / 1000


def _whole(value: Any) -> int | None:
    found = _number(value)
    return None if found is None else int(found)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
