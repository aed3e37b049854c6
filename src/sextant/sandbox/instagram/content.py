"""What Instagram says of a medium's content (instagram.md §2.2, §5.3)."""

from __future__ import annotations

from sextant.sandbox.graph.errors import GraphError
from sextant.sandbox.instagram.forms import STORY, Form
from sextant.sandbox.received import Shown

MB = 1_000_000
IMAGE_BYTES, REEL_BYTES, STORY_BYTES = 8 * MB, 300 * MB, 100 * MB
LEAST_S, REEL_S, STORY_S = 3.0, 900.0, 60.0
WIDEST, LEAST_FPS, MOST_FPS, MOST_BITS = 1920, 23.0, 60.0, 25_000_000
VIDEO_FORMAT = 2207026


def check_image(form: Form, shown: Shown | None) -> None:
    """An image is looked at while it is fetched. Ratios are those of the feed: a story fills the screen."""
    if shown is None or shown.mime != "image/jpeg":
        raise GraphError(36001, "The image format is not supported. Supported formats: JPEG.", 2207005)
    if shown.size > IMAGE_BYTES:
        raise GraphError(36000, "The image is too large to download. It should be less than 8 MB.", 2207004)
    if form is STORY or not shown.width or not shown.height:
        return
    if not 0.8 <= round(shown.width / shown.height, 2) <= 1.91:
        raise GraphError(36003, "The aspect ratio is not supported.", 2207009)


def video_fault(form: Form, shown: Shown | None) -> int | None:
    """The subcode that a video's processing ends with, one for all that is wrong; None when it is good."""
    story = form is STORY
    if shown is None or shown.mime not in ("video/mp4", "video/quicktime"):
        return VIDEO_FORMAT
    duration, longest = shown.duration_s or 0.0, STORY_S if story else REEL_S
    good = (
        shown.size <= (STORY_BYTES if story else REEL_BYTES)
        and LEAST_S <= duration <= longest
        and (shown.width or 0) <= WIDEST
        and (shown.fps is None or LEAST_FPS <= round(shown.fps, 2) <= MOST_FPS)
        and shown.size * 8 <= MOST_BITS * duration
    )
    return None if good else VIDEO_FORMAT
