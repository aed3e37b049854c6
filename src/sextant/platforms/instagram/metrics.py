"""Reading media: fields and insights, chosen by what kind of media it is (instagram.md §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sextant.platforms.base import Call, Json, Published, Reading, Request, together
from sextant.platforms.catalogue import Catalogue, Kind
from sextant.platforms.graph import member
from sextant.platforms.graph_reading import (
    KEPT,
    Outcome,
    Part,
    answered,
    ask_batched,
    insight_rows,
    reading,
    silence,
)
from sextant.platforms.instagram.auth import FACEBOOK, INSIGHTS_SCOPE, INSTAGRAM, url
from sextant.platforms.instagram.errors import fault

REEL_METRICS = (
    "views,reach,likes,comments,saved,shares,total_interactions,"
    "ig_reels_video_view_total_time,ig_reels_avg_watch_time"
)
FEED_METRICS = "views,reach,likes,comments,saved,shares,total_interactions"
# `views` of images and carousels is disputed (§3.3, June 2026), and one bad metric fails its whole call.
STILL_METRICS = "reach,likes,comments,saved,shares,total_interactions"
STORY_METRICS = "views,reach,shares,replies,total_interactions"

INSIGHTS: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {
    Kind.REEL: {
        REEL_METRICS: ("views", "video_views", "saves", "shares", "engagement", "video_watch_time_ms")
    },
    Kind.VIDEO: {FEED_METRICS: ("views", "video_views", "saves", "shares", "engagement")},
    Kind.PHOTO: {STILL_METRICS: ("saves", "shares", "engagement"), "views": ("views",)},
    Kind.CAROUSEL: {STILL_METRICS: ("saves", "shares", "engagement"), "views": ("views",)},
    Kind.STORY: {STORY_METRICS: ("views", "shares", "engagement"), "link_clicks": ("clicks",)},
}
"""By kind: the metrics of each insights call, and the keys that hang on it."""
FACEBOOK_LOGIN_ONLY = {"link_clicks"}

COUNTS = ("like_count", "comments_count")
FACEBOOK_LOGIN_COUNTS = ("saved_count", "shares_count", "reposts_count")
RAW_NAMES = {
    "like_count": "likeCount",
    "comments_count": "commentsCount",
    "saved_count": "savedCount",
    "shares_count": "sharesCount",
    "reposts_count": "repostsCount",
}
STORY_LIFE = timedelta(hours=24)


async def read(call: Call, posts: Sequence[Published], catalogue: Catalogue) -> list[Reading]:
    """One Reading each; all questions go out side by side."""
    login = call.app.login
    wanted = [parts_of(post, login) for post in posts]
    if login == FACEBOOK:
        outcomes = await ask_batched(call, fault, wanted)
    else:
        outcomes = await ask_singly(call, wanted)
    return answered(
        [
            read_one(call, post, parts, found, catalogue)
            for post, parts, found in zip(posts, wanted, outcomes, strict=True)
        ]
    )


def read_one(
    call: Call, post: Published, parts: Sequence[Part], outcomes: Sequence[Outcome], catalogue: Catalogue
) -> Reading:
    kept = STORY_LIFE if post.kind is Kind.STORY else KEPT
    why = silence(call, post, INSIGHTS_SCOPE[call.app.login], kept)
    return reading(post, parts, outcomes, catalogue, why)


async def ask_singly(call: Call, wanted: Sequence[Sequence[Part]]) -> list[list[Outcome]]:
    """Nothing documents batch calls on graph.instagram.com (§3.6)."""

    async def ask(part: Part, posts: int) -> Outcome:
        return await call.send(Request("GET", url(call.app, part.path), posts=posts))

    return await together(
        *(together(*(ask(part, int(n == 0)) for n, part in enumerate(parts))) for parts in wanted)
    )


def parts_of(post: Published, login: str) -> list[Part]:
    """The media itself, and its insights in as few calls as its kind allows."""
    extra = FACEBOOK_LOGIN_COUNTS if login == FACEBOOK and post.kind is not Kind.STORY else ()
    fields = ",".join(("permalink", *COUNTS, *extra))
    node = Part(f"{post.id}?fields={fields}", ("likes", "comments"), counts)
    return [node] + [
        Part(f"{post.id}/insights?metric={metrics}", keys, insight_rows, insights=True)
        for metrics, keys in INSIGHTS.get(post.kind, {}).items()
        if login != INSTAGRAM or metrics not in FACEBOOK_LOGIN_ONLY
    ]


def counts(body: Json) -> dict[str, Json]:
    """The counters among the media's fields; what the owner hides is left out."""
    found = {raw: member(body, name) for name, raw in RAW_NAMES.items()}
    return {name: value for name, value in found.items() if value is not None}
