"""LinkedIn: Pages (organizations) and members (linkedin.md, state of knowledge 2026-11-23)."""

from __future__ import annotations

from collections.abc import Mapping

from sextant.platforms.base import OAuthSpec, Platform
from sextant.platforms.catalogue import At, Catalogue, Kind, Never, Source, SumAt
from sextant.platforms.linkedin import auth, deleting, errors, limits, looking, metrics
from sextant.platforms.linkedin import publish as publishing
from sextant.platforms.linkedin.options import LinkedInOptions

VIDEOS = frozenset({Kind.VIDEO, Kind.REEL})

# How many ids one share statistics call takes is not documented; clients in use send 50 (§3.1).
# The 3000 characters are counted before the escaping of the little text format (§2.3, unconfirmed).
CATALOGUE: Catalogue = {
    "likes": Source(
        (SumAt("reactions"), At("reactionCount"), At("likeCount")),
        note="Reactions of every kind: the sum over socialMetadata's reaction counts (Pages), REACTION "
        "(members). Without a *_social_feed scope a Page's likeCount stands in, which others saw count "
        "LIKE only (2025-12) and which is null when negative.",
    ),
    "comments": Source(
        (At("commentCount"),),
        note="commentCount of the Page's share statistics, COMMENT of member post analytics. As of 2026-10.",
    ),
    "shares": Source(
        (At("shareCount"),),
        note="Reshares; those with own text are included and cannot be told apart. As of 2025-11.",
    ),
    "impressions": Source(
        (At("impressionCount"),),
        note="Organic impressions, over a rolling 12 months for a Page. A Page post left out of the answer "
        "is 0 only when it is under three months old and known to be still there. As of 2025-12.",
    ),
    "views": Never("LinkedIn reports impressions; it has no views of a post (2026-10)."),
    "video_views": Source(
        (At("videoViews"),),
        kinds=VIDEOS,
        note="Plays of at least 3 s, an automatic loop counted once (Pages, VIDEO_VIEW, 2024-11); gone after "
        "six months. VIDEO_PLAY for members. A Page's 0 counts only when the role is ADMINISTRATOR.",
    ),
    "video_viewers": Source(
        (At("videoViewers"),),
        unit="people",
        kinds=VIDEOS,
        note="Unique members who viewed (VIEWER for Pages, 2024-11; VIDEO_VIEWER for members, 2026-10). "
        "Gone after six months.",
    ),
    "video_watch_time_ms": Source(
        (At("videoWatchTimeMs"),),
        unit="milliseconds",
        kinds=VIDEOS,
        note="TIME_WATCHED in ms, loops keep adding (Pages, 2024-11). VIDEO_WATCH_TIME for members, whose "
        "unit is not documented; ms is likely (2026-10).",
    ),
    "engagement": Never(
        "LinkedIn's `engagement` is a ratio, not a count; it stays in raw_metrics (2025-11)."
    ),
    "clicks": Source(
        (At("clickCount"),),
        note="A Page's clickCount is all clicks on the post (2025-11); a member's LINK_CLICKS is links "
        "only (202604).",
    ),
    "saves": Source(
        (At("saveCount"),),
        note="POST_SAVE, for members only, since version 202604. Pages have no such number.",
    ),
    "bookmarks": Never("LinkedIn has no bookmarks."),
    "quotes": Never(
        "A reshare with own text is counted among the shares and cannot be told apart (2025-11)."
    ),
}


class LinkedIn:
    """See `sextant.platforms.base.Platform`."""

    name = "linkedin"
    title = "LinkedIn"
    logins: Mapping[str, OAuthSpec] = {"linkedin": auth.SPEC}
    api_version = "202609"
    check = staticmethod(limits.check)
    allowances = limits.ALLOWANCES
    showing = limits.SHOWING
    limits = limits.LIMITS
    options = LinkedInOptions
    catalogue = CATALOGUE
    sign = staticmethod(auth.sign)
    fault = staticmethod(errors.fault)
    exchange = staticmethod(auth.exchange)
    refresh = staticmethod(auth.refresh)
    revoke = staticmethod(auth.revoke)
    identify = staticmethod(auth.identify)
    publish = staticmethod(publishing.publish)
    find_published = staticmethod(looking.find_published)
    delete = staticmethod(deleting.delete)
    read = staticmethod(metrics.read)


PLATFORM: Platform = LinkedIn()
