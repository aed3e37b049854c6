"""Facebook Pages (shared/platforms/facebook.md): limits, catalogue, and the adapter itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

from sextant.errors import Fault
from sextant.platforms import graph, graph_usage
from sextant.platforms.base import (
    Account,
    Answer,
    App,
    Call,
    Checkpoint,
    Draft,
    Grant,
    OAuthSpec,
    Platform,
    Published,
    Reading,
    Request,
    Send,
)
from sextant.platforms.catalogue import At, Catalogue, Kind, MemberAt, Never, Source, SumAt
from sextant.platforms.facebook import auth, errors, limits, metrics, publish
from sextant.platforms.facebook.options import FacebookOptions

REELS = frozenset({Kind.REEL})
VIDEOS = frozenset({Kind.VIDEO, Kind.REEL})
CLICKABLE = frozenset({Kind.TEXT, Kind.PHOTO, Kind.CAROUSEL, Kind.VIDEO})

ROWS_LATE = (
    "Refreshed at least every 24 hours, kept two years, absent on Pages with fewer than 100 likes (2026-09)."
)

CATALOGUE: Catalogue = {
    "likes": Source(
        paths=(
            MemberAt("postActivityByActionType", "like"),
            SumAt("postReactionsByTypeTotal"),
            At("likesSummary"),
            At("reactions.total"),
            At("likeCount"),
            SumAt("postVideoLikesByReactionType", REELS),
        ),
        unit="reactions",
        note=f"All reactions together, as Facebook itself shows them under «likes». {ROWS_LATE}",
    ),
    "comments": Source(
        paths=(
            MemberAt("postActivityByActionType", "comment"),
            At("commentsSummary"),
            At("commentsCount"),
            MemberAt("postVideoSocialActions", "COMMENT", REELS),
        ),
        note=f"Comments, answers to comments included. {ROWS_LATE}",
    ),
    "shares": Source(
        paths=(
            MemberAt("postActivityByActionType", "share"),
            At("sharesCount"),
            MemberAt("postVideoSocialActions", "SHARE", REELS),
        ),
        note=f"Shares with and without added text. {ROWS_LATE}",
    ),
    "impressions": Never("Facebook withdrew post_impressions on 2025-11-15; views are another quantity."),
    "views": Source(
        paths=(At("postMediaView"), At("mediaView"), At("fbReelsTotalPlays", REELS)),
        note="post_media_view: times played or displayed, ads included; on a reel all plays with replays. "
        + ROWS_LATE,
    ),
    "video_views": Source(
        paths=(
            At("postVideoViews"),
            At("totalVideoViews"),
            At("videoViews"),
            At("blueReelsPlayCount", REELS),
        ),
        kinds=VIDEOS,
        note=f"Plays of at least 3 s (videos) or 1 ms (reels), without replays. {ROWS_LATE}",
    ),
    "video_viewers": Never("Facebook withdrew unique video viewers in June 2026."),
    "video_watch_time_ms": Source(
        paths=(At("postVideoViewTime"), At("totalVideoViewTotalTime"), At("videoViewTime")),
        unit="milliseconds",
        kinds=VIDEOS,
        note=f"Replays and plays under 3 s included; a reshared video reports a false 0. {ROWS_LATE}",
    ),
    "engagement": Never("Facebook withdrew post_engaged_users in 2024 and offers no other such count."),
    "clicks": Source(
        paths=(At("postClicks"),),
        kinds=CLICKABLE,
        note=f"post_clicks: clicks anywhere in the post, not only on links. {ROWS_LATE}",
    ),
    "saves": Never("Facebook reports no saves of a post."),
    "bookmarks": Never("Facebook has no bookmarks."),
    "quotes": Never("Facebook counts no quotes apart from shares."),
}


class Facebook:
    """Pages, spoken for with Page tokens."""

    name = "facebook"
    title = "Facebook"
    logins: Mapping[str, OAuthSpec] = auth.LOGINS
    api_version = graph.API_VERSION
    check = staticmethod(limits.check)
    allowances = limits.ALLOWANCES
    showing = limits.SHOWING
    limits = limits.LIMITS
    usage = staticmethod(graph_usage.usage)
    options = FacebookOptions
    catalogue = CATALOGUE

    def sign(self, request: Request, token: str, app: App) -> Request:
        return auth.sign(request, token, app)

    def fault(self, answer: Answer, request: Request) -> Fault | None:
        return errors.fault(answer, request)

    async def exchange(
        self, send: Send, app: App, code: str, redirect_uri: str, verifier: str | None, now: datetime
    ) -> Grant:
        return await graph.exchange(send, app, code, redirect_uri, now)

    async def refresh(self, send: Send, app: App, grant: Grant, now: datetime) -> Grant:
        return auth.refresh()

    async def revoke(self, send: Send, app: App, grant: Grant) -> None:
        """Nothing: Facebook documents no call that takes a Page token back; the owner removes the app."""

    async def identify(self, send: Send, app: App, grant: Grant) -> list[Account]:
        return await auth.identify(send, app, grant)

    def publish(self, call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
        return publish.publish(call, draft, done)

    async def find_published(
        self, call: Call, draft: Draft, done: Checkpoint, since: datetime
    ) -> Published | None:
        return await publish.find_published(call, draft, done, since)

    async def delete(self, call: Call, post: Published) -> None:
        await publish.delete(call, post)

    async def read(self, call: Call, posts: Sequence[Published]) -> list[Reading]:
        return await metrics.read(call, posts, CATALOGUE)


PLATFORM: Platform = Facebook()
