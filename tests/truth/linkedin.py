"""LinkedIn, from shared/platforms/linkedin.md §3."""

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

STATISTICS = {
    "uniqueImpressionsCount": 410,
    "impressionCount": 500,
    "clickCount": 12,
    "likeCount": 30,
    "commentCount": 4,
    "shareCount": 2,
    "engagement": 0.096,
}
TRUTH = {
    "totalShareStatistics": STATISTICS,
    "reactions": {"LIKE": 31, "PRAISE": 5},
    "commentSummary": {"count": 6, "topLevelCount": 3},
}
VIDEO = {"VIDEO_VIEW": 77, "VIEWER": 55, "TIME_WATCHED": 123456, "TIME_WATCHED_FOR_VIDEO_VIEWS": 111}
MEMBER = {
    "IMPRESSION": 900,
    "MEMBERS_REACHED": 700,
    "RESHARE": 3,
    "REACTION": 41,
    "COMMENT": 7,
    "POST_SAVE": 8,
    "POST_SEND": 10,
    "LINK_CLICKS": 9,
}
MEMBER_VIDEO = {**MEMBER, "VIDEO_PLAY": 70, "VIDEO_VIEWER": 50, "VIDEO_WATCH_TIME": 98765}

NEVER = "views engagement bookmarks quotes"
VIDEO_KEYS = "video_views video_viewers video_watch_time_ms"
PAGE_NUMBERS = {"likes": 36, "comments": 4, "shares": 2, "impressions": 500, "clicks": 12}
PAGE_VIDEO = {"video_views": 77, "video_viewers": 55, "video_watch_time_ms": 123456}
MEMBER_NUMBERS = {"likes": 41, "comments": 7, "shares": 3, "impressions": 900, "clicks": 9, "saves": 8}
MEMBER_VIDEO_NUMBERS = {"video_views": 70, "video_viewers": 50, "video_watch_time_ms": 98765}
STILL = row(unsupported=f"{NEVER} saves", not_applicable=VIDEO_KEYS, **PAGE_NUMBERS)
# Saves are reported of members' posts only (§3.1, §3.4).
PAGE = ("saves",)

SUBJECTS = (
    Subject("linkedin", "page", "text", TRUTH, STILL, by_account=PAGE),
    Subject(
        "linkedin",
        "page",
        "photo",
        TRUTH,
        STILL,
        id="urn:li:share:7100000000000000077",
        facts={"author": "urn:li:organization:1337"},
        by_account=PAGE,
    ),
    Subject(
        "linkedin",
        "page",
        "video",
        {**TRUTH, "video": VIDEO},
        row(unsupported=f"{NEVER} saves", **PAGE_NUMBERS, **PAGE_VIDEO),
        by_account=PAGE,
    ),
    Subject(
        "linkedin",
        "member",
        "text",
        {"member": MEMBER},
        row(unsupported=NEVER, not_applicable=VIDEO_KEYS, **MEMBER_NUMBERS),
    ),
    Subject(
        "linkedin",
        "member",
        "video",
        {"member": MEMBER_VIDEO},
        row(unsupported=NEVER, **MEMBER_NUMBERS, **MEMBER_VIDEO_NUMBERS),
    ),
)
STATISTICS_KEYS = "comments shares impressions clicks"
QUIET = {"reactions": {}, "commentSummary": {"count": 0, "topLevelCount": 0}}


def negative(truth: Truth) -> Truth:
    """After likes that came from sponsoring were taken back (§3.1)."""
    return {**truth, "totalShareStatistics": {**STATISTICS, "likeCount": -3}}


SITUATIONS = (
    *EVERYWHERE,
    *GONE,
    Situation(
        "missing scope rw_organization_admin",
        every("not_authorized", STATISTICS_KEYS),
        withheld=("rw_organization_admin",),
        accounts=("page",),
    ),
    Situation(
        "missing scope r_organization_social",
        every("not_authorized", VIDEO_KEYS),
        withheld=("r_organization_social",),
        accounts=("page",),
    ),
    Situation(
        # likeCount, which counts LIKE only, is the next source of likes (metrics.md).
        "missing scope r_organization_social_feed",
        {"likes": 30},
        withheld=("r_organization_social_feed",),
        accounts=("page",),
    ),
    Situation(
        "missing scope r_member_postAnalytics",
        every="not_authorized",
        withheld=("r_member_postAnalytics",),
        accounts=("member",),
    ),
    Situation(
        "wrong role, content administrator",
        every("not_authorized", f"{STATISTICS_KEYS} {VIDEO_KEYS}"),
        role="CONTENT_ADMINISTRATOR",
        accounts=("page",),
    ),
    Situation("wrong role, none", every="not_authorized", role="", accounts=("page",)),
    Situation("lower tier, development", tier="development"),
    Situation("lower tier, self-serve", every="not_authorized", tier="self_serve"),
    Situation(
        "too old, 200 days",
        every("expired", "video_views video_viewers"),
        truth=without("video.VIDEO_VIEW", "video.VIEWER", "video.TIME_WATCHED_FOR_VIDEO_VIEWS"),
        age_s=200 * DAY,
        accounts=("page",),
    ),
    Situation(
        "too old, 13 months",
        every("expired", f"{STATISTICS_KEYS} video_views video_viewers"),
        truth=without("totalShareStatistics", "video.VIDEO_VIEW", "video.VIEWER"),
        age_s=396 * DAY,
        accounts=("page",),
    ),
    Situation(
        # A row left out of an answer says nothing of a post over three months old (§3.6).
        "too old, left out at 100 days",
        every("expired", STATISTICS_KEYS) | {"likes": 0},
        truth=only(QUIET),
        age_s=100 * DAY,
        accounts=("page",),
        kinds=("text", "photo"),
    ),
    Situation(
        "false number: negative likeCount",
        {"likes": NULL},
        truth=negative,
        withheld=("r_organization_social_feed",),
        accounts=("page",),
    ),
    Situation(
        # Without activity a Page's post is left out, which is 0 while it is young (§3.6).
        "just published",
        every("not_yet_available", VIDEO_KEYS),
        every=0,
        truth=only(QUIET),
        age_s=1,
        accounts=("page",),
    ),
    Situation(
        "just published", every="not_yet_available", truth=only({"member": {}}), age_s=1, accounts=("member",)
    ),
    Situation(
        # POST_SAVE and LINK_CLICKS came with 202604 (§3.4).
        "metric withdrawn: version 202603",
        every("unsupported", "saves clicks"),
        version="202603",
        accounts=("member",),
    ),
)
LINES = lines(SUBJECTS, SITUATIONS)
LEFT_OUT = {
    "wrong role (member)": "a member is its own author",
    "too old (member)": "no age limit of member analytics is known (§3.4)",
    "hidden by owner": "LinkedIn lets nobody hide counts",
    "metric withdrawn (page)": "share statistics are not chosen by name (§3.1)",
}
