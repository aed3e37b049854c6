"""Reading Page posts: one question per post, more for videos and reels (facebook.md §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from sextant.errors import Fault, NoValue
from sextant.metrics import Reason
from sextant.platforms.answers import count
from sextant.platforms.base import Call, Json, Published, Reading, Refusal
from sextant.platforms.catalogue import Catalogue, Kind
from sextant.platforms.facebook.errors import fault
from sextant.platforms.graph import member
from sextant.platforms.graph_asking import Manner, Outcome, Part, ask_batched
from sextant.platforms.graph_reading import KEPT, Plan, insight_rows, read_plans, silence
from sextant.platforms.withdrawn import Scope

Metrics = Mapping[str, tuple[str, ...]]
"""Each with the keys among the 13 that hang on it."""

POST_METRICS: Metrics = {
    "post_media_view": ("views",),
    "post_total_media_view_unique": (),
    "post_clicks": ("clicks",),
    "post_clicks_by_type": (),
    "post_reactions_by_type_total": ("likes",),
    "post_activity_by_action_type": ("likes", "comments", "shares"),
}
VIDEO_POST_METRICS: Metrics = {
    **POST_METRICS,
    "post_video_views": ("video_views",),
    "post_video_view_time": ("video_watch_time_ms",),
    "post_video_avg_time_watched": (),
}
VIDEO_METRICS: Metrics = {
    "total_video_views": ("video_views",),
    "total_video_view_total_time": ("video_watch_time_ms",),
    "total_video_avg_time_watched": (),
}
REEL_METRICS: Metrics = {
    "fb_reels_total_plays": ("views",),
    "blue_reels_play_count": ("video_views",),
    "fb_reels_replay_count": (),
    "post_video_view_time": ("video_watch_time_ms",),
    "post_video_likes_by_reaction_type": ("likes",),
    "post_video_social_actions": ("comments", "shares"),
}

SUMMARIES = (
    "reactions.summary(total_count).limit(0),"
    "comments.summary(total_count).filter(stream).limit(0),"
    "likes.summary(true).limit(0)"
)
REEL_SUMMARIES = "likes.summary(true).limit(0),comments.summary(true).limit(0)"
VIDEO_EDGE = "video_insights"
INSIGHTS_SCOPE, SUMMARIES_SCOPE = "read_insights", "pages_read_user_content"

ROWS_LATE = timedelta(hours=24)
"""In its first hours a post has no rows (§3.5)."""


async def read(call: Call, posts: Sequence[Published], catalogue: Catalogue) -> list[Reading]:
    """One Reading each."""
    found = await read_plans(call, MANNER, [plan_of(call, post) for post in posts], catalogue)
    return [without_false_zero(reading) for reading in found]


async def ask(call: Call, parts: Sequence[Part]) -> list[Outcome]:
    return await ask_batched(call, fault, parts)


def refused_metrics(found: Fault, asked: Sequence[str]) -> Sequence[str] | None:
    """Facebook never names the metric; 200/1504029 too is seen for retired ones (§5.2)."""
    return () if isinstance(found, NoValue) else None


MANNER = Manner(ask, refused_metrics)


def plan_of(call: Call, post: Published) -> Plan:
    early = call.now - post.at < ROWS_LATE
    quiet = silence(call, post, INSIGHTS_SCOPE, KEPT)
    if post.kind is Kind.REEL and post.video_id:
        scope = scope_of(call, f"reel {VIDEO_EDGE}")
        return Plan(post, reel_parts(post.id, post.video_id, scope), silence=quiet)
    spare = [] if granted(call, SUMMARIES_SCOPE) else [summaries_part(post)]
    if post.kind is Kind.VIDEO and post.video_id:
        spare.append(video_part(post.id, post.video_id, scope_of(call, f"video {VIDEO_EDGE}")))
    whole = whole_part(post, scope_of(call, post.kind.value), granted(call, SUMMARIES_SCOPE))
    parts = [whole] if granted(call, INSIGHTS_SCOPE) else whole.pieces
    return Plan(post, parts, spare, early, quiet)


def scope_of(call: Call, kind: str) -> Scope:
    """Posts and their videos know metrics of the same name, and refuse them apart (§3.4)."""
    return ("facebook", call.account.id, kind, call.app.api_version)


def granted(call: Call, scope: str) -> bool:
    """Unless the owner is known to have declined it."""
    return not call.scopes or scope in call.scopes


def whole_part(post: Published, scope: Scope, summaries: bool) -> Part:
    """All of a post in one question: its fields, its insights, and the summaries where they are allowed.

    Field expansion of insights is documented for the posts of a Page's edges (§3.2), and edges of a node
    expand alike; should a post refuse it, the pieces are the documented requests one by one.
    """
    node = Part(post.id, f"{post.id}?fields=permalink_url,shares", ("shares",), fields, is_post=True)
    metrics = VIDEO_POST_METRICS if post.kind is Kind.VIDEO else POST_METRICS
    insights = Part(
        post.id, f"{post.id}/insights?metric=", (), insight_rows, metrics, scope=scope, insights=True
    )
    pieces = (node, insights, summaries_part(post)) if summaries else (node, insights)
    asked = f"{node.path},{SUMMARIES}" if summaries else node.path
    return replace(
        insights,
        path=f"{asked},insights.metric(",
        end=")",
        keys=("shares", "likes", "comments") if summaries else ("shares",),
        raw=fields_and_insights,
        is_post=True,
        pieces=pieces,
    )


def summaries_part(post: Published) -> Part:
    """They may be refused on their own (§3.3)."""
    return Part(post.id, f"{post.id}?fields={SUMMARIES}", ("likes", "comments"), fields)


def video_part(post_id: str, video_id: str, scope: Scope) -> Part:
    path = f"{video_id}/{VIDEO_EDGE}?period=lifetime&metric="
    return Part(post_id, path, (), insight_rows, VIDEO_METRICS, scope=scope, insights=True)


def reel_parts(post_id: str, video_id: str, scope: Scope) -> list[Part]:
    """A reel is read at its video; several of its metrics in one call answer nothing (§3.4, 2026-09-09)."""
    path = f"{video_id}?fields=permalink_url,views,{REEL_SUMMARIES}"
    node = Part(post_id, path, ("likes", "comments"), fields, is_post=True)
    edge = f"{video_id}/{VIDEO_EDGE}?period=lifetime&metric="
    return [node] + [
        Part(post_id, edge, (), insight_rows, {metric: keys}, scope=scope, insights=True)
        for metric, keys in REEL_METRICS.items()
    ]


def fields_and_insights(body: Json) -> dict[str, Json]:
    return fields(body) | insight_rows(member(body, "insights"))


def fields(body: Json) -> dict[str, Json]:
    """The counters among a node's fields, under the names of shared/metrics.md."""
    reactions = member(body, "reactions", "summary", "total_count")
    found = {
        "sharesCount": member(body, "shares", "count"),
        "likesSummary": member(body, "likes", "summary", "total_count"),
        "commentsSummary": member(body, "comments", "summary", "total_count"),
        "reactions": None if reactions is None else {"total": reactions},
        "views": member(body, "views"),
    }
    return {name: value for name, value in found.items() if value is not None}


def without_false_zero(found: Reading) -> Reading:
    """A watch time of 0 beside plays: the video is reshared, and Facebook counts nothing here (§3.5)."""
    plays = (found.raw.get(name) for name in ("postVideoViews", "totalVideoViews", "blueReelsPlayCount"))
    if found.raw.get("postVideoViewTime") != 0 or not any(count(value) for value in plays):
        return found
    why = Refusal(Reason.NOT_APPLICABLE, "Facebook reports no watch time for a reshared video.")
    return replace(found, refused={**found.refused, "video_watch_time_ms": why})
