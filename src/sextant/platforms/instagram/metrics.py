"""Reading media: insights, and the media's own fields where they are needed (instagram.md §3)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from sextant.errors import Fault, NoValue
from sextant.metrics import Reason
from sextant.platforms.base import Call, Json, Published, Reading, Refusal, Request, together
from sextant.platforms.catalogue import Catalogue, Kind
from sextant.platforms.graph import member
from sextant.platforms.graph_asking import Manner, Outcome, Part, ask_batched
from sextant.platforms.graph_reading import KEPT, Plan, insight_rows, read_plans, silence
from sextant.platforms.graph_usage import calls
from sextant.platforms.instagram.auth import FACEBOOK, INSIGHTS_SCOPE, url
from sextant.platforms.instagram.errors import fault
from sextant.platforms.withdrawn import Scope

Metrics = Mapping[str, tuple[str, ...]]
"""Each with the keys among the 13 that hang on it; `likes` and `comments` hang on the media's fields."""

PUBLIC: Metrics = {
    "reach": (),
    "likes": (),
    "comments": (),
    "saved": ("saves",),
    "shares": ("shares",),
    "reposts": (),
    "total_interactions": ("engagement",),
}
# `views` of images and carousels is disputed (§3.3, June 2026): it is asked for, and dropped when refused.
STILL_METRICS: Metrics = {"views": ("views",), **PUBLIC}
VIDEO_METRICS: Metrics = {"views": ("views", "video_views"), **PUBLIC}
METRICS: Mapping[Kind, Metrics] = {
    Kind.REEL: {
        **VIDEO_METRICS,
        "ig_reels_video_view_total_time": ("video_watch_time_ms",),
        "ig_reels_avg_watch_time": (),
    },
    Kind.VIDEO: VIDEO_METRICS,
    Kind.PHOTO: STILL_METRICS,
    Kind.CAROUSEL: STILL_METRICS,
    Kind.STORY: {
        "views": ("views",),
        "reach": (),
        "shares": ("shares",),
        "replies": (),
        "total_interactions": ("engagement",),
        "link_clicks": ("clicks",),
    },
}
FACEBOOK_LOGIN_ONLY = {"link_clicks"}
OTHER_LOGIN = Refusal(Reason.NOT_AUTHORIZED, "Instagram tells link clicks with Facebook Login only.")

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
ROWS_LATE = timedelta(hours=48)
"""How late insights may be (§3.5)."""


async def read(call: Call, posts: Sequence[Published], catalogue: Catalogue) -> list[Reading]:
    """One Reading each; in batches with Facebook Login, one by one with Instagram Login."""
    manner = BATCHED if call.app.login == FACEBOOK else SINGLY
    found = await read_plans(call, manner, [plan_of(call, post) for post in posts], catalogue)
    return [of_login(call.app.login, reading) for reading in found]


def of_login(login: str, found: Reading) -> Reading:
    """A number that one login never tells is refused, where anything was told at all."""
    if login == FACEBOOK or not found.raw:
        return found
    return replace(found, refused={**found.refused, "clicks": OTHER_LOGIN})


def plan_of(call: Call, post: Published) -> Plan:
    """Insights hold all numbers of a medium, likes and comments too; nothing expands them into its fields
    (§3.6). So a medium costs one question, and its fields are asked when rows are lacking, or may be.
    Stories have no row of likes.
    """
    login = call.app.login
    early = call.now - post.at < ROWS_LATE
    quiet = silence(call, post, INSIGHTS_SCOPE[login], STORY_LIFE if post.kind is Kind.STORY else KEPT)
    scope = ("instagram", call.account.id, post.kind.value, call.app.api_version)
    node, insights = node_part(post, login), insights_part(post, login, scope)
    if not insights.metrics:
        return Plan(post, [node])
    if post.kind is Kind.STORY or quiet or (early and login != FACEBOOK):
        return Plan(post, [node, insights], silence=quiet)
    return Plan(post, [insights], [node], early)


def node_part(post: Published, login: str) -> Part:
    extra = FACEBOOK_LOGIN_COUNTS if login == FACEBOOK and post.kind is not Kind.STORY else ()
    path = f"{post.id}?fields={','.join(('permalink', *COUNTS, *extra))}"
    return Part(post.id, path, ("likes", "comments"), counts, is_post=True)


def insights_part(post: Published, login: str, scope: Scope) -> Part:
    metrics = {
        metric: keys
        for metric, keys in METRICS.get(post.kind, {}).items()
        if login == FACEBOOK or metric not in FACEBOOK_LOGIN_ONLY
    }
    path = f"{post.id}/insights?metric="
    return Part(post.id, path, (), insight_rows, metrics, scope=scope, insights=True)


def counts(body: Json) -> dict[str, Json]:
    """The counters among the media's fields; what the owner hides is left out."""
    found = {raw: member(body, name) for name, raw in RAW_NAMES.items()}
    return {name: value for name, value in found.items() if value is not None}


# ---- asking ----------------------------------------------------------------------------------------


async def ask_batched_media(call: Call, parts: Sequence[Part]) -> list[Outcome]:
    return await ask_batched(call, fault, parts)


async def ask_singly(call: Call, parts: Sequence[Part]) -> list[Outcome]:
    """Nothing documents batch calls on graph.instagram.com (§3.6)."""
    first = {part.post: part for part in reversed(parts)}

    async def ask(part: Part) -> Outcome:
        posts = int(first[part.post] is part)
        return await call.send(Request("GET", url(call.app, part.address), posts=posts, spends=calls(1)))

    return await together(*(ask(part) for part in parts))


WRONG_FOR_PRODUCT = re.compile(r"does not support the (.+?) metric")
UNKNOWN_NAME = re.compile(r"metric\[(\d+)\] must be one of")


def refused_metrics(found: Fault, asked: Sequence[str]) -> Sequence[str] | None:
    """The metrics that a refusal names, in a list or by place (§5.2)."""
    if not isinstance(found, NoValue) or found.reason is not Reason.UNSUPPORTED:
        return None
    if listed := WRONG_FOR_PRODUCT.search(found.message):
        return [name for name in asked if name in listed[1].replace(",", " ").split()]
    if (placed := UNKNOWN_NAME.search(found.message)) and int(placed[1]) < len(asked):
        return [asked[int(placed[1])]]
    return ()


BATCHED, SINGLY = Manner(ask_batched_media, refused_metrics), Manner(ask_singly, refused_metrics)
