"""Facebook, from shared/platforms/facebook.md §3."""

from __future__ import annotations

from tests.truth.table import (
    DAY,
    EVERYWHERE,
    GONE,
    NULL,
    Situation,
    Subject,
    Truth,
    every,
    lines,
    only,
    row,
    without,
)

PAGE = "100000000000001"
COUNTS = {"shares": 2, "reactions": 15, "comments": 1, "likes": 15}
INSIGHTS = {
    "post_media_view": 420,
    "post_total_media_view_unique": 300,
    "post_clicks": 21,
    "post_clicks_by_type": {"link clicks": 9, "other clicks": 12},
    "post_activity_by_action_type": {"like": 15, "comment": 1, "share": 2},
    "post_reactions_by_type_total": {"like": 10, "love": 5},
}
NO_VIDEO = {"post_video_views": 0, "post_video_view_time": 0, "post_video_avg_time_watched": 0}
TRUTH = {**COUNTS, "insights": {**INSIGHTS, **NO_VIDEO}}
VIDEO_TRUTH = {
    **COUNTS,
    "insights": {**INSIGHTS, "post_video_views": 193, "post_video_view_time": 2149995},
    "video_insights": {"total_video_views": 193, "total_video_view_total_time": 2149995},
    "views": 193,
}
REEL_TRUTH = {
    "video_insights": {
        "blue_reels_play_count": 12707,
        "fb_reels_replay_count": 4651,
        "fb_reels_total_plays": 17358,
        "post_video_view_time": 999999,
        "post_video_likes_by_reaction_type": {"REACTION_LIKE": 4, "REACTION_LOVE": 1},
        "post_video_social_actions": {"COMMENT": 6, "SHARE": 2},
    },
    "views": 17358,
    "likes": 5,
    "comments": 6,
}
NEVER = "impressions video_viewers engagement saves bookmarks quotes"
VIDEO_KEYS = "video_views video_watch_time_ms"
NUMBERS = {"likes": 15, "comments": 1, "shares": 2, "views": 420, "clicks": 21}
STILL = row(unsupported=NEVER, not_applicable=VIDEO_KEYS, **NUMBERS)

SUBJECTS = (
    Subject("facebook", "page", "text", TRUTH, STILL),
    Subject("facebook", "page", "photo", TRUTH, STILL, id=f"{PAGE}_900000000000771"),
    Subject("facebook", "page", "carousel", TRUTH, STILL, id=f"{PAGE}_900000000000772"),
    Subject(
        "facebook",
        "page",
        "video",
        VIDEO_TRUTH,
        row(unsupported=NEVER, video_views=193, video_watch_time_ms=2149995, **NUMBERS),
    ),
    Subject(
        "facebook",
        "page",
        "reel",
        REEL_TRUTH,
        row(
            unsupported=NEVER,
            not_applicable="clicks",
            likes=5,
            comments=6,
            shares=2,
            views=17358,
            video_views=12707,
            video_watch_time_ms=999999,
        ),
        id=f"{PAGE}_1300000000000773",
        facts={"video_id": "1300000000000773"},
    ),
)
POSTS, REEL = ("text", "photo", "carousel", "video"), ("reel",)
OF_INSIGHTS = f"views clicks {VIDEO_KEYS}"
# The fields stand in where they answer (§3.3); of a reel there is no such field for shares.
FIELDS = {"likes": 15, "comments": 1, "shares": 2}


def without_insights(name: str, reason: str, **given: object) -> tuple[Situation, Situation]:
    return (
        Situation(name, every(reason, OF_INSIGHTS) | FIELDS, kinds=POSTS, **given),  # type: ignore[arg-type]
        Situation(name, every(reason, f"{OF_INSIGHTS} shares"), kinds=REEL, **given),  # type: ignore[arg-type]
    )


def reshared(truth: Truth) -> Truth:
    """Facebook counts no watch time here, and says 0 (§3.5)."""
    insights = {**truth["insights"], "post_video_view_time": 0, "post_video_avg_time_watched": 0}
    video = {**truth["video_insights"], "total_video_view_total_time": 0}
    return {**truth, "insights": insights, "video_insights": video}


NO_INSIGHTS = without("insights", "video_insights")
SITUATIONS = (
    *EVERYWHERE,
    *GONE,
    *without_insights("missing scope, taken back", "not_authorized", withheld=("read_insights",)),
    *without_insights(
        "missing scope, never granted", "not_authorized", withheld=("read_insights",), reconnect=True
    ),
    *without_insights("wrong role, no ANALYZE", "not_authorized", role="no_analyze"),
    *without_insights("too old, 800 days", "expired", truth=NO_INSIGHTS, age_s=800 * DAY),
    Situation(
        "missing scopes, fields refused too",
        every("not_authorized", f"{OF_INSIGHTS} likes comments"),
        withheld=("read_insights", "pages_read_user_content"),
        kinds=POSTS,
    ),
    Situation(
        # `shares` is left out when there is none, which is unconfirmed (§3.3).
        "just published",
        {"likes": 0, "comments": 0},
        every="not_yet_available",
        truth=only({"reactions": 0, "likes": 0, "comments": 0}),
        age_s=1,
    ),
    Situation(
        "false zero: watch time of a reshared video",
        {"video_watch_time_ms": NULL},
        truth=reshared,
        kinds=("video",),
    ),
    Situation(
        "metric withdrawn: post_media_view",
        {"views": "unsupported"},
        truth=without("insights.post_media_view"),
        withdrawn=("post_media_view",),
        kinds=POSTS,
    ),
    Situation(
        "metric withdrawn: blue_reels_play_count",
        {"video_views": "unsupported"},
        truth=without("video_insights.blue_reels_play_count"),
        withdrawn=("blue_reels_play_count",),
        kinds=REEL,
    ),
)
LINES = lines(SUBJECTS, SITUATIONS)
LEFT_OUT = {
    "lower tier": "Facebook has no tiers",
    "hidden by owner": "a Page cannot hide its counts from itself",
}
