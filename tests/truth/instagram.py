"""Instagram, from shared/platforms/instagram.md §3."""

from __future__ import annotations

from tests.truth.table import (
    DAY,
    EVERYWHERE,
    GONE,
    HOUR,
    NULL,
    Row,
    Situation,
    Subject,
    every,
    grown,
    lines,
    only,
    row,
    without,
)

FIELDS = {"like_count": 76, "comments_count": 23, "saved_count": 2, "shares_count": 15}
INSIGHTS = {
    "views": 2257,
    "reach": 1408,
    "likes": 76,
    "comments": 23,
    "saved": 2,
    "shares": 15,
    "total_interactions": 119,
}
TRUTH = {**FIELDS, "insights": INSIGHTS}
WATCHED = {"ig_reels_avg_watch_time": 11768, "ig_reels_video_view_total_time": 18547084}
REEL_TRUTH = {**FIELDS, "insights": {**INSIGHTS, **WATCHED}}
STORY_TRUTH = {
    "like_count": 6,
    "insights": {
        "views": 140,
        "reach": 90,
        "shares": 4,
        "total_interactions": 9,
        "replies": 5,
        "link_clicks": 7,
        "profile_visits": 8,
    },
}
NEVER = "impressions video_viewers bookmarks quotes"
NUMBERS = {"likes": 76, "comments": 23, "shares": 15, "views": 2257, "engagement": 119, "saves": 2}
STORY = {"likes": 6, "shares": 4, "views": 140, "engagement": 9}
NOT_STORY = "comments saves video_views video_watch_time_ms"
WATCH_TIME = 18547084

REEL = row(
    unsupported=NEVER, not_applicable="clicks", video_views=2257, video_watch_time_ms=WATCH_TIME, **NUMBERS
)
FEED_VIDEO = row(unsupported=NEVER, not_applicable="clicks video_watch_time_ms", video_views=2257, **NUMBERS)
STILL = row(unsupported=NEVER, not_applicable="clicks video_views video_watch_time_ms", **NUMBERS)
STORIES = {
    "facebook login": row(unsupported=NEVER, not_applicable=NOT_STORY, clicks=7, **STORY),
    # link_clicks: Facebook Login only (§3.3).
    "instagram login": row(unsupported=NEVER, not_applicable=NOT_STORY, not_authorized="clicks", **STORY),
}


def subjects(account: str, digit: str) -> list[Subject]:
    def added(kind: str, n: int, full: Row) -> Subject:
        return Subject("instagram", account, kind, TRUTH, full, id=f"179200000000{digit}77{n}")

    return [
        Subject("instagram", account, "reel", REEL_TRUTH, REEL),
        added("video", 1, FEED_VIDEO),
        added("photo", 2, STILL),
        added("carousel", 3, STILL),
        Subject(
            "instagram",
            account,
            "story",
            STORY_TRUTH,
            STORIES[account],
            id=f"179200000000{digit}774",
            age_s=HOUR,
            by_account=("clicks",),
        ),
    ]


LASTING = ("reel", "video", "photo", "carousel")
OF_INSIGHTS = "views video_views video_watch_time_ms engagement"
FACEBOOK, INSTAGRAM = ("facebook login",), ("instagram login",)
# saved_count and shares_count are fields of Facebook Login, which the basic scope reads (§3.2).
FALLBACK = {"shares": 15, "saves": 2}

MISSING_SCOPE = tuple(
    Situation(name, changes, withheld=withheld, reconnect=reconnect, accounts=accounts, kinds=kinds)
    for accounts, withheld in (
        (FACEBOOK, ("instagram_manage_insights",)),
        (INSTAGRAM, ("instagram_business_manage_insights",)),
    )
    for name, reconnect in (("missing scope, taken back", False), ("missing scope, never granted", True))
    for kinds, changes in (
        (
            LASTING,
            every("not_authorized", OF_INSIGHTS)
            | (FALLBACK if accounts is FACEBOOK else every("not_authorized", "shares saves")),
        ),
        (("story",), every("not_authorized", f"{OF_INSIGHTS} shares clicks")),
    )
)
OLD = tuple(
    Situation(
        "too old, 800 days",
        changes,
        truth=without("insights"),
        age_s=800 * DAY,
        accounts=accounts,
        kinds=LASTING,
    )
    for accounts, changes in (
        (FACEBOOK, every("expired", OF_INSIGHTS) | FALLBACK),
        (INSTAGRAM, every("expired", f"{OF_INSIGHTS} shares saves")),
    )
)
SITUATIONS = (
    *EVERYWHERE,
    *GONE,
    *MISSING_SCOPE,
    *OLD,
    Situation(
        # Refused for ever (§3.5); no reason in metrics.md says just that.
        "too old, before the professional account",
        every(NULL, OF_INSIGHTS) | FALLBACK,
        facts={"before_professional": True},
        accounts=FACEBOOK,
        kinds=LASTING,
    ),
    Situation(
        "too old, 25 hours",
        every("expired", "views shares engagement clicks"),
        truth=without("insights"),
        age_s=25 * HOUR,
        kinds=("story",),
    ),
    Situation(
        "hidden by owner",
        every("hidden", "likes comments"),
        truth=without("like_count", "comments_count", "insights.likes", "insights.comments"),
    ),
    Situation(
        # Insights still tell the owner (§3.3), and their `likes` are the next source (metrics.md).
        "hidden by owner, told by insights",
        truth=without("like_count", "comments_count"),
        kinds=LASTING,
    ),
    Situation(
        # What has grown so far, which is less than five viewers (§3.5); a story's likes may be left out.
        "just published, too few viewers",
        {"likes": "hidden"},
        every="withheld",
        truth=grown,
        age_s=1,
        accounts=FACEBOOK,
        kinds=("story",),
    ),
    Situation(
        "just published",
        {"likes": 0, "comments": 0},
        every="not_yet_available",
        truth=only({"like_count": 0, "comments_count": 0}),
        age_s=1,
    ),
    Situation(
        "metric withdrawn: views",
        every("unsupported", "views video_views"),
        truth=without("insights.views"),
        withdrawn=("views",),
    ),
)
LINES = lines([*subjects("facebook login", "1"), *subjects("instagram login", "2")], SITUATIONS)
LEFT_OUT = {
    "wrong role": "no role is documented beside the scopes",
    "lower tier": "Instagram has no tiers",
}
