"""X: limits and catalogue (x.md, as known on 2026-11-23)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sextant.metrics import Reason
from sextant.platforms.base import OAuthSpec, Platform
from sextant.platforms.catalogue import At, Catalogue, Kind, Never, Source
from sextant.platforms.x import auth, errors, finding, limits, metrics, publish, usage
from sextant.platforms.x.options import XOptions

VIDEO = frozenset({Kind.VIDEO, Kind.REEL})


def public(note: str, *paths: str) -> Source:
    return Source(tuple(At(path) for path in paths), note=note)


def private(note: str, *paths: str) -> Source:
    return Source(tuple(At(path) for path in paths), absent=Reason.NOT_AUTHORIZED, note=note)


CATALOGUE: Catalogue = {
    "likes": public(
        "`public_metrics.like_count`: likes, organic and promoted together, for the post's lifetime "
        "(2026-08-22). Null only when X leaves the counter out.",
        "likeCount",
        "publicMetrics.likeCount",
    ),
    "comments": public(
        "`public_metrics.reply_count`: replies (2026-08-22). Null only when X leaves the counter out.",
        "replyCount",
        "publicMetrics.replyCount",
    ),
    "shares": public(
        "`public_metrics.repost_count`, called `retweet_count` until 2026-08-07: reposts without quotes, "
        "which X's own screen adds (2026-08-22).",
        "repostCount",
        "retweetCount",
        "publicMetrics.retweetCount",
    ),
    "impressions": public(
        "`public_metrics.impression_count`: times shown on a screen, not unique; public since 2023-01 "
        "(2026-08-22).",
        "impressionCount",
        "publicMetrics.impressionCount",
    ),
    "views": public(
        "`view_count` where X sends one, else `impression_count`, the number X itself shows people as "
        "“Views” (2026-08-22).",
        "viewCount",
        "impressionCount",
    ),
    "video_views": Source(
        (At("video.viewCount"), At("organicMetrics.video.viewCount")),
        kinds=VIDEO,
        note="`view_count` of the attached video, summed by X over every post that uses the same video; what "
        "counts as one view is not published (2026-08-22).",
    ),
    "video_viewers": Never("X reports no unique viewers of a post (2026-08-22)."),
    "video_watch_time_ms": Never(
        "Watch time exists only in the media analytics of the Enterprise plan (2026-08-22)."
    ),
    "engagement": private(
        "`non_public_metrics.engagements`: X's own count of engagements, for the post's author and for 30 "
        "days (2026-08-22). Null afterwards (`expired`), and where X does not let this app see it.",
        "engagements",
        "nonPublicMetrics.engagements",
    ),
    "clicks": private(
        "`non_public_metrics.url_link_clicks`: clicks on links in the post, profile clicks apart; for the "
        "post's author and for 30 days (2026-08-22).",
        "urlLinkClicks",
        "nonPublicMetrics.urlLinkClicks",
    ),
    "saves": Never("X has bookmarks only (2026-08-22)."),
    "bookmarks": public(
        "`public_metrics.bookmark_count`: bookmarks; public since 2023-05 (2026-08-22).",
        "bookmarkCount",
        "publicMetrics.bookmarkCount",
    ),
    "quotes": public(
        "`public_metrics.quote_count`: quote posts, always organic (2026-08-22).",
        "quoteCount",
        "publicMetrics.quoteCount",
    ),
}


class X:
    """The adapter."""

    name = "x"
    title = "X"
    logins: Mapping[str, OAuthSpec] = MappingProxyType({"x": auth.SPEC})
    api_version = "2"
    check = staticmethod(limits.check)
    allowances = limits.ALLOWANCES
    showing = limits.SHOWING
    limits = limits.LIMITS
    usage = staticmethod(usage.usage)
    options = XOptions
    catalogue = CATALOGUE

    sign = staticmethod(auth.sign)
    exchange = staticmethod(auth.exchange)
    refresh = staticmethod(auth.refresh)
    revoke = staticmethod(auth.revoke)
    identify = staticmethod(auth.identify)
    find_published = staticmethod(finding.find_published)
    delete = staticmethod(publish.delete)
    publish = staticmethod(publish.publish)
    read = staticmethod(metrics.read)
    fault = staticmethod(errors.fault)


PLATFORM: Platform = X()
