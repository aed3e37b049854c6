"""TikTok, from shared/platforms/tiktok.md §3."""

from __future__ import annotations

from tests.truth.table import DAY, EVERYWHERE, Situation, Subject, every, lines, row, without, zeros

TRUTH = {
    "like_count": 10,
    "comment_count": 2,
    "share_count": 1,
    "view_count": 1234,
    "business": {"favorites": 3, "reach": 90, "total_time_watched": 999.5, "average_time_watched": 8.5},
}
NEVER = "impressions engagement clicks bookmarks quotes"
NUMBERS = {"likes": 10, "comments": 2, "shares": 1, "views": 1234}
LATE = "video_viewers video_watch_time_ms"
PHOTO = {"publish_id": "p_pub~v2-1.77", "privacy": "PUBLIC_TO_EVERYONE", "public_at": 0.0, "duration": 0.0}
PHOTO_NULLS = f"video_views {LATE}"

SUBJECTS = (
    Subject(
        "tiktok",
        "business",
        "video",
        TRUTH,
        row(
            unsupported=NEVER,
            video_views=1234,
            video_viewers=90,
            video_watch_time_ms=999500,
            saves=3,
            **NUMBERS,
        ),
    ),
    Subject(
        "tiktok",
        "business",
        "photo",
        TRUTH,
        row(unsupported=NEVER, not_applicable=PHOTO_NULLS, saves=3, **NUMBERS),
        id="7300000000000000077",
        facts=PHOTO,
    ),
    Subject(
        "tiktok",
        "lower tier: open api",
        "video",
        TRUTH,
        row(unsupported=NEVER, not_authorized=f"saves {LATE}", video_views=1234, **NUMBERS),
        by_account=("saves", *LATE.split()),
        # Publishing there wants a privacy named (§1.4), so the post is put into the world.
        id="7300000000000000078",
        facts={**PHOTO, "publish_id": "v_pub~v2-1.78", "duration": 5.0},
    ),
)
BUSINESS = ("business",)
NOT_YET = without("business.reach", "business.total_time_watched", "business.average_time_watched")
SITUATIONS = (
    *EVERYWHERE,
    Situation(
        "missing scope video.insights, taken back",
        every("not_authorized", f"saves {LATE}"),
        withheld=("video.insights",),
        accounts=BUSINESS,
    ),
    Situation(
        "missing scope video.insights, never granted",
        every("not_authorized", f"saves {LATE}"),
        withheld=("video.insights",),
        reconnect=True,
        accounts=BUSINESS,
    ),
    Situation("missing scope video.list", every="not_authorized", withheld=("video.list",)),
    Situation("lower tier, no Business API", every="not_authorized", tier="display", accounts=BUSINESS),
    Situation("too old, idle for 7 days", every("expired", LATE), truth=NOT_YET, age_s=30 * DAY),
    Situation("hidden by owner", every="hidden", facts={"privacy": "SELF_ONLY"}),
    # Deleted cannot be told from private: the id is left out without a word (§3.4).
    Situation("deleted, read before", every="hidden", deleted=True, read_first=True),
    Situation("deleted, never read", every="hidden", deleted=True),
    Situation(
        "just published",
        every("not_yet_available", LATE),
        every=0,
        truth=lambda truth: NOT_YET(zeros(truth)),
        age_s=1,
    ),
    Situation(
        "metric withdrawn: favorites",
        {"saves": "unsupported"},
        truth=without("business.favorites"),
        withdrawn=("favorites",),
        accounts=BUSINESS,
    ),
)
LINES = lines(SUBJECTS, SITUATIONS)
LEFT_OUT = {"wrong role": "TikTok has no roles"}
