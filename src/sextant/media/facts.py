"""What a file is, from its content and never from its name."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from sextant.errors import FixContent
from sextant.media.pictures import READERS, picture
from sextant.platforms.media import MediaFacts

log = logging.getLogger("sextant.media")

PROBE = Path(__file__).with_name("probe.py")
PROBE_S = 30.0
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
    size = path.stat().st_size
    if mime in READERS:
        found = picture(path, mime)
        return MediaFacts(mime, size, found.width, found.height, frames=found.frames)
    return _probed(path, mime, size)


def _probed(path: Path, mime: str, size: int) -> MediaFacts:
    tracks = {str(track["track_type"]): track for track in reversed(_tracks(path, mime))}
    pictures = tracks.get("Video") or tracks.get("Image")
    if pictures is None:
        raise FixContent(f"The file looks like {mime}, but there is no picture in it.")
    width, height = _shown(pictures)
    moving = mime.startswith("video/")
    return MediaFacts(
        mime=mime,
        size=size,
        width=width,
        height=height,
        duration_s=_seconds(tracks.get("General") or {}) if moving else None,
        fps=_number(pictures.get("frame_rate")) if moving else None,
        frames=_whole(pictures.get("frame_count")),
        codec=pictures.get("format") if moving else None,
        audio=(tracks.get("Audio") or {}).get("format"),
    )


def _tracks(path: Path, mime: str) -> list[dict[str, Any]]:
    """What MediaInfo says, asked in a process that may fail."""
    command = [sys.executable, "-I", str(PROBE), str(path)]
    try:
        said = subprocess.run(  # noqa: S603 - our own script; the path is a name that we made up
            command, capture_output=True, timeout=PROBE_S, check=True, env={}
        ).stdout
        return msgspec.json.decode(said, type=list[dict[str, Any]])
    except (subprocess.SubprocessError, msgspec.DecodeError) as error:
        log.warning("a file that looks like %s could not be read: %s", mime, type(error).__name__)
        raise FixContent(f"The file looks like {mime}, but it cannot be read.") from None


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
