"""Reading Page posts: one batch of insights and fields per post (facebook.md §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sextant.metrics import Reason
from sextant.platforms.base import Call, Json, Published, Reading, Refusal, count
from sextant.platforms.catalogue import Catalogue, Kind
from sextant.platforms.facebook.errors import fault
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

POST_METRICS = (
    "post_media_view,post_total_media_view_unique,post_clicks,post_clicks_by_type,"
    "post_reactions_by_type_total,post_activity_by_action_type"
)
POST_KEYS: tuple[str, ...] = ("likes", "comments", "shares", "views", "clicks")
ATTACHED_VIDEO_METRICS = "post_video_views,post_video_view_time,post_video_avg_time_watched"
VIDEO_METRICS = "total_video_views,total_video_view_total_time,total_video_avg_time_watched"
VIDEO_KEYS: tuple[str, ...] = ("video_views", "video_watch_time_ms")
REEL_METRICS: Mapping[str, tuple[str, ...]] = {
    "fb_reels_total_plays": ("views",),
    "blue_reels_play_count": ("video_views",),
    "fb_reels_replay_count": (),
    "post_video_view_time": ("video_watch_time_ms",),
    "post_video_likes_by_reaction_type": ("likes",),
    "post_video_social_actions": ("comments", "shares"),
}

LIKES = "likes.summary(true).limit(0)"
REACTIONS = "reactions.summary(total_count).limit(0)"
COMMENTS = "comments.summary(total_count).filter(stream).limit(0)"


async def read(call: Call, posts: Sequence[Published], catalogue: Catalogue) -> list[Reading]:
    """One Reading each; all questions go out side by side."""
    wanted = [parts_of(post) for post in posts]
    outcomes = await ask_batched(call, fault, wanted)
    return answered(
        [
            read_one(call, post, parts, found, catalogue)
            for post, parts, found in zip(posts, wanted, outcomes, strict=True)
        ]
    )


def read_one(
    call: Call, post: Published, parts: Sequence[Part], outcomes: Sequence[Outcome], catalogue: Catalogue
) -> Reading:
    why = silence(call, post, "read_insights", KEPT)
    return without_false_zero(reading(post, parts, outcomes, catalogue, why))


def parts_of(post: Published) -> list[Part]:
    if post.kind is Kind.REEL and post.video_id:
        return reel_parts(post.video_id)
    video = [video_part(post.video_id)] if post.kind is Kind.VIDEO and post.video_id else []
    return [*post_parts(post), *video]


def post_parts(post: Published) -> list[Part]:
    """The post itself, its insights, and the summaries, which may be refused on their own (§3.3)."""
    metrics, keys = POST_METRICS, POST_KEYS
    if post.kind is Kind.VIDEO:
        metrics, keys = f"{metrics},{ATTACHED_VIDEO_METRICS}", POST_KEYS + VIDEO_KEYS
    summaries = f"{REACTIONS},{COMMENTS},{LIKES}"
    return [
        Part(f"{post.id}?fields=permalink_url,shares", ("shares",), fields),
        Part(f"{post.id}/insights?metric={metrics}", keys, insight_rows, insights=True),
        Part(f"{post.id}?fields={summaries}", ("likes", "comments"), fields),
    ]


def video_part(video_id: str) -> Part:
    path = f"{video_id}/video_insights?metric={VIDEO_METRICS}&period=lifetime"
    return Part(path, VIDEO_KEYS, insight_rows, insights=True)


def reel_parts(video_id: str) -> list[Part]:
    """A reel is read at its video; several of its metrics in one call answer nothing (§3.4, 2026-09-09)."""
    summaries = f"{LIKES},comments.summary(true).limit(0)"
    node = Part(f"{video_id}?fields=permalink_url,views,{summaries}", ("likes", "comments"), fields)
    edge = f"{video_id}/video_insights?period=lifetime&metric="
    return [node] + [Part(edge + name, keys, insight_rows, True) for name, keys in REEL_METRICS.items()]


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
