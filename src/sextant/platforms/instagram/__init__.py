"""Instagram professional accounts (shared/platforms/instagram.md): limits, catalogue, and the adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

from sextant.errors import Fault
from sextant.metrics import Reason
from sextant.platforms import graph, graph_usage
from sextant.platforms.base import (
    Account,
    Answer,
    App,
    Call,
    Checkpoint,
    Complaint,
    Draft,
    Grant,
    OAuthSpec,
    Platform,
    Published,
    Reading,
    Request,
    Send,
)
from sextant.platforms.catalogue import At, Catalogue, Kind, Never, Source
from sextant.platforms.instagram import account, auth, errors, limits, metrics, publish
from sextant.platforms.instagram.options import InstagramOptions

NOT_STORIES = frozenset(Kind) - {Kind.STORY}
LATE = "Up to 48 hours late, kept two years, on stories 24 hours (2026-11)."

CATALOGUE: Catalogue = {
    "likes": Source(
        paths=(At("likeCount"), At("likes")),
        absent=Reason.HIDDEN,
        note="like_count of the media, which is left out when the owner hides it (2026-09).",
    ),
    "comments": Source(
        paths=(At("commentsCount"), At("comments")),
        absent=Reason.HIDDEN,
        kinds=NOT_STORIES,
        note="comments_count of the media, which is left out when the owner hides it (2026-09); "
        "replies to a story are messages and do not count.",
    ),
    "shares": Source(paths=(At("shares"), At("sharesCount")), note=f"shares of the insights. {LATE}"),
    "impressions": Never("Instagram withdrew impressions on 2025-04-21; views are another quantity."),
    "views": Source(
        paths=(At("views"), At("viewsCount")),
        note=f"Times played or displayed on Instagram, organic. {LATE}",
    ),
    "video_views": Source(
        paths=(At("views"), At("viewsCount")),
        kinds=frozenset({Kind.VIDEO, Kind.REEL}),
        note=f"views of a reel or video: times played or displayed, organic. {LATE}",
    ),
    "video_viewers": Never("Instagram's reach counts people who saw the post, not those who played it."),
    "video_watch_time_ms": Source(
        paths=(At("igReelsVideoViewTotalTime"), At("igReelsVideoViewTotalTimeCount")),
        unit="milliseconds",
        kinds=frozenset({Kind.REEL}),
        note=f"ig_reels_video_view_total_time: reels only, replays included. {LATE}",
    ),
    "engagement": Source(
        paths=(At("totalInteractions"), At("engagementCount")),
        note=f"total_interactions: not exactly the sum of its parts. {LATE}",
    ),
    "clicks": Source(
        paths=(At("linkClicks"),),
        kinds=frozenset({Kind.STORY}),
        note=f"link_clicks: taps on a story's link sticker, with Facebook Login only. {LATE}",
    ),
    "saves": Source(
        paths=(At("saved"), At("savedCount")),
        kinds=NOT_STORIES,
        note=f"saved of the insights. {LATE}",
    ),
    "bookmarks": Never("Instagram calls them saves."),
    "quotes": Never("Instagram has no quote posts."),
}


class Instagram:
    """Business and Creator accounts, through their Facebook Page or through Instagram's own login."""

    name = "instagram"
    title = "Instagram"
    logins: Mapping[str, OAuthSpec] = auth.LOGINS
    api_version = graph.API_VERSION
    check = staticmethod(limits.check)
    allowances = limits.ALLOWANCES
    showing = limits.SHOWING
    limits = limits.LIMITS
    usage = staticmethod(graph_usage.usage)
    options = InstagramOptions
    catalogue = CATALOGUE

    def sign(self, request: Request, token: str, app: App) -> Request:
        return auth.sign(request, token, app)

    def fault(self, answer: Answer, request: Request) -> Fault | None:
        return errors.fault(answer, request)

    async def exchange(
        self, send: Send, app: App, code: str, redirect_uri: str, verifier: str | None, now: datetime
    ) -> Grant:
        return await auth.exchange(send, app, code, redirect_uri, now)

    async def refresh(self, send: Send, app: App, grant: Grant, now: datetime) -> Grant:
        return await auth.refresh(send, app, grant, now)

    async def revoke(self, send: Send, app: App, grant: Grant) -> None:
        """Nothing: neither login documents a call that takes a token back; the owner removes the app."""

    async def identify(self, send: Send, app: App, grant: Grant) -> list[Account]:
        return await auth.identify(send, app, grant)

    def publish(self, call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
        return publish.publish(call, draft, done)

    async def find_published(
        self, call: Call, draft: Draft, done: Checkpoint, since: datetime
    ) -> Published | None:
        return await publish.find_published(call, draft, done, since)

    async def read(self, call: Call, posts: Sequence[Published]) -> list[Reading]:
        return await metrics.read(call, posts, CATALOGUE)

    async def ask(self, call: Call, draft: Draft) -> list[Complaint]:
        return await account.ask(call, draft)

    async def delete(self, call: Call, post: Published) -> None:
        await account.delete(call, post)


PLATFORM: Platform = Instagram()
