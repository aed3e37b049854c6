"""TikTok: limits and catalogue (tiktok.md, as known on 2026-11-23)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sextant.metrics import Reason
from sextant.platforms.base import OAuthSpec, Platform
from sextant.platforms.catalogue import At, Catalogue, Kind, Never, Source
from sextant.platforms.tiktok import auth, creator, errors, limits, metrics, publish
from sextant.platforms.tiktok.options import TikTokOptions

VIDEO = frozenset({Kind.VIDEO, Kind.REEL})

CATALOGUE: Catalogue = {
    "likes": Source(
        (At("likeCount"), At("likes")),
        note="`likes` (Business API) or `like_count` (Open API): likes; frozen 365 days after publishing "
        "(2026-09-14).",
    ),
    "comments": Source(
        (At("commentCount"), At("comments"), At("commentsCount")),
        note="`comments` (Business API) or `comment_count` (Open API); a number even where comments are "
        "switched off (2026-08-24).",
    ),
    "shares": Source(
        (At("shareCount"), At("shares")),
        note="`shares` (Business API) or `share_count` (Open API): shares of any kind (2026-08-24).",
    ),
    "impressions": Never(
        "TikTok has no impression count; `impression_sources` are percentages, not counts (2026-07)."
    ),
    "views": Source(
        (At("viewCount"), At("videoViews")),
        note="`video_views` (Business API; organic and paid together) or `view_count` (Open API) (2026-07).",
    ),
    "video_views": Source(
        (At("viewCount"), At("videoViews")),
        kinds=VIDEO,
        note="The same figure as `views`, for videos: organic and paid plays together (2026-07).",
    ),
    "video_viewers": Source(
        (At("reach"),),
        absent=Reason.NOT_AUTHORIZED,
        unit="people",
        kinds=VIDEO,
        note="`reach` (Business API, scope `video.insights`): unique viewers, 24 to 48 hours late, null "
        "after 7 days without activity. Not in the Open API (2026-09-14).",
    ),
    "video_watch_time_ms": Source(
        (At("totalTimeWatched"),),
        absent=Reason.NOT_AUTHORIZED,
        unit="milliseconds",
        factor=1000,
        kinds=VIDEO,
        note="`total_time_watched` (Business API, scope `video.insights`): seconds over all views, 24 to 48 "
        "hours late, null after 7 days without activity. Not in the Open API (2026-09-14).",
    ),
    "engagement": Never("TikTok gives no engagement count of its own (2026-07)."),
    "clicks": Never(
        "Clicks on a business account's buttons are told one by one and stay in `raw_metrics` (2026-07)."
    ),
    "saves": Source(
        (At("favorites"),),
        absent=Reason.NOT_AUTHORIZED,
        note="`favorites` (Business API): the app's “Favorites”. Not in the Open API (2026-07).",
    ),
    "bookmarks": Never("TikTok's favorites are counted as `saves` (2026-07)."),
    "quotes": Never("TikTok does not count duets and stitches (2026-08-24)."),
}


class TikTok:
    """The adapter."""

    name = "tiktok"
    title = "TikTok"
    logins: Mapping[str, OAuthSpec] = MappingProxyType({"business": auth.BUSINESS, "display": auth.DISPLAY})
    api_version = "v1.3"
    check = staticmethod(limits.check)
    allowances = limits.ALLOWANCES
    showing = limits.SHOWING
    limits = limits.LIMITS
    options = TikTokOptions
    catalogue = CATALOGUE

    sign = staticmethod(auth.sign)
    exchange = staticmethod(auth.exchange)
    refresh = staticmethod(auth.refresh)
    revoke = staticmethod(auth.revoke)
    identify = staticmethod(auth.identify)
    ask = staticmethod(creator.ask)
    find_published = staticmethod(publish.find_published)
    publish = staticmethod(publish.publish)
    read = staticmethod(metrics.read)
    fault = staticmethod(errors.fault)


PLATFORM: Platform = TikTok()
