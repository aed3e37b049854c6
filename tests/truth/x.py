"""X, from shared/platforms/x.md §3."""

from __future__ import annotations

from tests.truth.table import (
    DAY,
    EVERYWHERE,
    GONE,
    NULL,
    Situation,
    Subject,
    every,
    lines,
    row,
    without,
    zeros,
)

PUBLIC = {
    "repost_count": 11,
    "reply_count": 12,
    "like_count": 13,
    "quote_count": 14,
    "bookmark_count": 15,
    "impression_count": 1600,
}
PRIVATE = {"impression_count": 1601, "url_link_clicks": 17, "user_profile_clicks": 20, "engagements": 18}
TRUTH = {
    "public_metrics": PUBLIC,
    "non_public_metrics": PRIVATE,
    "organic_metrics": {"impression_count": 1602, "like_count": 21, "url_link_clicks": 22},
}
VIDEO_TRUTH = {**TRUTH, "video": {"view_count": 19, "playback_0_count": 23, "playback_100_count": 24}}

NUMBERS = {
    "likes": 13,
    "comments": 12,
    "shares": 11,
    "impressions": 1600,
    "views": 1600,
    "engagement": 18,
    "clicks": 17,
    "bookmarks": 15,
    "quotes": 14,
}
NEVER = "video_viewers video_watch_time_ms saves"
STILL = row(unsupported=NEVER, not_applicable="video_views", **NUMBERS)
PHOTO = {"media": [{"media_key": "3_1850000000000000077", "type": "photo", "duration_ms": 0, "alt_text": ""}]}

SUBJECTS = (
    Subject("x", "user", "text", TRUTH, STILL),
    Subject("x", "user", "photo", TRUTH, STILL, id="1850000000000000099", facts=PHOTO),
    Subject("x", "user", "video", VIDEO_TRUTH, row(unsupported=NEVER, video_views=19, **NUMBERS)),
)
PRIVATE_KEYS = "engagement clicks"
SITUATIONS = (
    *EVERYWHERE,
    *GONE,
    Situation("missing scope tweet.read", every="not_authorized", withheld=("tweet.read",)),
    Situation("lower tier, no user context", every("not_authorized", PRIVATE_KEYS), tier="app_only"),
    Situation("too old, 31 days", every("expired", PRIVATE_KEYS), age_s=31 * DAY),
    Situation("just published", every=0, truth=zeros, age_s=1),
    Situation(
        "metric withdrawn: non_public_metrics",
        every("unsupported", PRIVATE_KEYS),
        withdrawn=("non_public_metrics",),
    ),
    Situation(
        "metric withdrawn: bookmark_count",
        {"bookmarks": NULL},
        truth=without("public_metrics.bookmark_count"),
    ),
)
LINES = lines(SUBJECTS, SITUATIONS)
LEFT_OUT = {
    "wrong role": "X has no roles",
    "hidden by owner": "the author's own token sees a protected author's posts (§3.3)",
}
