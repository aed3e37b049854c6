"""What X takes of the media it received, by their content (x.md §2.5)."""

from __future__ import annotations

from sextant.sandbox.received import Shown

MB = 1024 * 1024
MOST_BYTES = {"image": 5 * MB, "gif": 15 * MB, "video": 512 * MB}
IMAGES = {"image/jpeg", "image/png", "image/gif", "image/webp"}
VIDEOS = {"video/mp4", "video/quicktime", "video/webm", "video/mp2t"}

SHORTEST_S, LONGEST_S = 0.5, 140.0
LEAST_SIDE, LONG_SIDE, SHORT_SIDE = 32, 1280, 1024
WIDEST = 3.0
MOST_FPS = 60.0
GIF_SIZE, GIF_FRAMES, GIF_PIXELS = (1280, 1080), 350, 300_000_000


def noun(category: str) -> str:
    """`image`, `gif`, `video` or `subtitles`."""
    return category.rpartition("_")[2]


def image_complaint(facts: Shown | None) -> str | None:
    return None if facts is not None and facts.mime in IMAGES else "media type unrecognized."


def processing_complaint(category: str, facts: Shown | None) -> str | None:
    """Why processing fails, or None."""
    if noun(category) == "gif":
        return None if facts is not None and facts.mime == "image/gif" else "Unsupported GIF format"
    if facts is None or facts.mime not in VIDEOS:
        return "Unsupported video format"
    if facts.duration_s is not None and facts.duration_s < SHORTEST_S:
        return f"Video is shorter than {SHORTEST_S} seconds"
    if facts.fps is not None and facts.fps > MOST_FPS:
        return f"Video frame rate exceeds {MOST_FPS:g}"
    return frame_complaint(facts.width, facts.height)


def frame_complaint(width: int | None, height: int | None) -> str | None:
    """The documented frame lies; upright video is held against it turned."""
    if width is None or height is None:
        return None
    long, short = max(width, height), min(width, height)
    if short < LEAST_SIDE or long > LONG_SIDE or short > SHORT_SIDE:
        return f"Video dimensions {width}x{height} are not supported"
    return "Video aspect ratio is not between 1:3 and 3:1" if long > WIDEST * short else None


def posting_complaint(category: str, facts: Shown | None) -> str | None:
    """What fails only when the post is made (x.md §2.5 says so of GIFs)."""
    if noun(category) != "gif" or facts is None:
        return None
    width, height, frames = facts.width or 0, facts.height or 0, facts.frames or 1
    within = width <= GIF_SIZE[0] and height <= GIF_SIZE[1] and frames <= GIF_FRAMES
    return None if within and width * height * frames <= GIF_PIXELS else "The validation of media ids failed."


def too_long(category: str, facts: Shown | None) -> bool:
    """For an account without Premium."""
    long = facts is not None and facts.duration_s is not None and facts.duration_s > LONGEST_S
    return noun(category) == "video" and long
