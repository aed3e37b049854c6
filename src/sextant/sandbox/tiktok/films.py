"""What TikTok takes, judged by content (section 2.7); the words are those of `fail_reason`."""

from __future__ import annotations

from sextant.sandbox.received import Shown

VIDEOS = ("video/mp4", "video/quicktime", "video/webm")
PHOTOS = ("image/jpeg", "image/webp")
MAX_DURATION_S = 600
MIN_BUSINESS_DURATION_S = 3
# «1 GB», «20 MB»: the larger reading of either.
MAX_BUSINESS_VIDEO = 1 << 30
MAX_PHOTO = 20 << 20
FPS = (23, 60)
SIDES = (360, 4096)
PHOTO_SIDES = (1080, 1920)


def fault(shown: Shown | None, *, business: bool) -> str | None:
    """Why a video cannot be published; what its headers do not tell is let through."""
    if shown is None or shown.mime not in VIDEOS or (business and shown.size > MAX_BUSINESS_VIDEO):
        return "file_format_check_failed"
    least = MIN_BUSINESS_DURATION_S if business else 0
    if shown.duration_s is not None and not least <= shown.duration_s <= MAX_DURATION_S:
        return "duration_check_failed"
    if shown.fps is not None and not FPS[0] <= shown.fps <= FPS[1]:
        return "frame_rate_check_failed"
    sides = [side for side in (shown.width, shown.height) if side is not None]
    if any(side < SIDES[0] or (side > SIDES[1] and not business) for side in sides):
        return "picture_size_check_failed"
    return None


def photo_fault(shown: Shown | None) -> str | None:
    if shown is None or shown.mime not in PHOTOS or shown.size > MAX_PHOTO:
        return "file_format_check_failed"
    shorter, longer = sorted((shown.width or 0, shown.height or 0))
    return "picture_size_check_failed" if shorter > PHOTO_SIDES[0] or longer > PHOTO_SIDES[1] else None
