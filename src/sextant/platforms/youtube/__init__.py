"""YouTube: the videos of one channel (youtube.md, state of knowledge 2026-11-23)."""

from __future__ import annotations

from collections.abc import Mapping

from sextant.metrics import Reason
from sextant.platforms.base import OAuthSpec, Platform
from sextant.platforms.catalogue import At, Catalogue, Never, Source
from sextant.platforms.youtube import auth, errors, limits, metrics
from sextant.platforms.youtube import publish as publishing
from sextant.platforms.youtube.options import YouTubeOptions

VIEWS = Source(
    (At("viewCount"), At("views")),
    absent=Reason.HIDDEN,
    note="statistics.viewCount, near real time; views and video views are one number here. Since 2026-08-24 "
    "a view counts at the first frame, so a series across that day is not comparable with itself. Absent on "
    "some members-only or premium videos.",
)
ANALYTICS_DELAY = (
    "YouTube Analytics, 48 to 72 hours late; null until there is a row for the video (2026-09-09)."
)

CATALOGUE: Catalogue = {
    "likes": Source(
        (At("likeCount"), At("likes")),
        absent=Reason.HIDDEN,
        note="statistics.likeCount, near real time; absent when the uploader hides likes (2026-11-04).",
    ),
    "comments": Source(
        (At("commentCount"), At("comments")),
        absent=Reason.HIDDEN,
        note="statistics.commentCount, near real time; absent when comments are disabled (seen by others).",
    ),
    "shares": Source(
        (At("shares"),),
        note=f"Uses of the Share button. {ANALYTICS_DELAY}",
    ),
    "impressions": Never(
        "Thumbnail impressions exist in bulk reports only, and are not impressions of a post (2026-01-15)."
    ),
    "views": VIEWS,
    "video_views": VIEWS,
    "video_viewers": Never("YouTube no longer reports unique viewers."),
    "video_watch_time_ms": Source(
        (At("estimatedMinutesWatched"),),
        unit="milliseconds",
        factor=60_000,
        note=f"estimatedMinutesWatched, whole minutes. {ANALYTICS_DELAY}",
    ),
    "engagement": Never("YouTube has no such count, and forbids making one up (2026-06-01)."),
    "clicks": Never("YouTube reports clicks on cards and ads, not on a video."),
    "saves": Never("YouTube reports no saves; `favoriteCount` is always 0 (2026-11-04)."),
    "bookmarks": Never("YouTube has no bookmarks."),
    "quotes": Never("YouTube has no quotes."),
}


class YouTube:
    """See `sextant.platforms.base.Platform`."""

    name = "youtube"
    title = "YouTube"
    logins: Mapping[str, OAuthSpec] = {"google": auth.SPEC}
    api_version = "v3"
    check = staticmethod(limits.check)
    allowances = limits.ALLOWANCES
    showing = limits.SHOWING
    limits = limits.LIMITS
    options = YouTubeOptions
    catalogue = CATALOGUE
    sign = staticmethod(auth.sign)
    fault = staticmethod(errors.fault)
    exchange = staticmethod(auth.exchange)
    refresh = staticmethod(auth.refresh)
    revoke = staticmethod(auth.revoke)
    identify = staticmethod(auth.identify)
    publish = staticmethod(publishing.publish)
    find_published = staticmethod(publishing.find_published)
    delete = staticmethod(publishing.delete)
    read = staticmethod(metrics.read)


PLATFORM: Platform = YouTube()
