"""YouTube, from shared/platforms/youtube.md §3."""

from __future__ import annotations

from tests.truth.table import EVERYWHERE, GONE, Situation, Subject, every, lines, only, row, without

TRUTH = {
    "viewCount": 7920,
    "likeCount": 190,
    "commentCount": 32,
    "favoriteCount": 0,
    "views": 7000,
    "likes": 180,
    "comments": 30,
    "shares": 14,
    "engagedViews": 6100,
    "estimatedMinutesWatched": 18342,
    "averageViewDuration": 138,
}
NEVER = "impressions video_viewers engagement clicks saves bookmarks quotes"
REPORTED = "shares video_watch_time_ms"
SUBJECTS = (
    Subject(
        "youtube",
        "channel",
        "video",
        TRUTH,
        row(
            unsupported=NEVER,
            likes=190,
            comments=32,
            shares=14,
            views=7920,
            video_views=7920,
            video_watch_time_ms=18342 * 60_000,
        ),
    ),
)
READING = ("youtube", "youtube.readonly", "youtube.force-ssl", "youtubepartner")
SITUATIONS = (
    *EVERYWHERE,
    *GONE,
    Situation(
        "missing scope yt-analytics.readonly, taken back",
        every("not_authorized", REPORTED),
        withheld=("yt-analytics.readonly",),
    ),
    Situation(
        "missing scope yt-analytics.readonly, never granted",
        every("not_authorized", REPORTED),
        withheld=("yt-analytics.readonly",),
        reconnect=True,
    ),
    Situation("missing scope youtube.readonly", every="not_authorized", withheld=READING),
    Situation(
        "hidden by owner: likes and comments",
        every("hidden", "likes comments"),
        truth=without("likeCount", "commentCount"),
    ),
    Situation(
        "hidden by owner: members only", every("hidden", "views video_views"), truth=without("viewCount")
    ),
    Situation(
        "just published",
        every("not_yet_available", REPORTED),
        every=0,
        truth=only({"viewCount": 0, "likeCount": 0, "commentCount": 0}),
        age_s=1,
    ),
    Situation(
        "metric withdrawn: shares", {"shares": "unsupported"}, truth=without("shares"), withdrawn=("shares",)
    ),
)
LINES = lines(SUBJECTS, SITUATIONS)
LEFT_OUT = {
    "wrong role": "YouTube has no roles for a channel's own token",
    "lower tier": "YouTube has no tiers",
    "too old": "a video's counts and reports do not end (§3)",
}
