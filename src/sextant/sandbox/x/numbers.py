"""The numbers of a simulated post on X, in X's own names (x.md §3.1)."""

from __future__ import annotations

from typing import Any

from sextant.sandbox.engagement import grown
from sextant.sandbox.world import Post, World

PUBLIC = {
    "repost_count": 0.004,
    "reply_count": 0.003,
    "like_count": 0.02,
    "quote_count": 0.0008,
    "bookmark_count": 0.004,
    "impression_count": 1.0,
}
PRIVATE = {"url_link_clicks": 0.006, "user_profile_clicks": 0.003, "engagements": 0.06}
ORGANIC = (
    "impression_count",
    "like_count",
    "reply_count",
    "repost_count",
    "url_link_clicks",
    "user_profile_clicks",
)
VIDEO = {
    "view_count": 0.35,
    "playback_0_count": 0.3,
    "playback_25_count": 0.2,
    "playback_50_count": 0.14,
    "playback_75_count": 0.1,
    "playback_100_count": 0.07,
    "watch_time_ms": 1000.0,
}
GROUPS = ("public_metrics", "non_public_metrics", "organic_metrics", "video")


def truth(world: World, post: Post) -> dict[str, Any]:
    """What was set, or what the post has earned by now."""
    if post.truth is not None:
        return post.truth
    age_s = world.now() - post.created_at
    public = earned(post.id, PUBLIC, age_s)
    private = {"impression_count": public["impression_count"], **earned(post.id, PRIVATE, age_s)}
    every = {**public, **private}
    numbers: dict[str, Any] = {
        "public_metrics": public,
        "non_public_metrics": private,
        "organic_metrics": {name: every[name] for name in ORGANIC},
    }
    if post.kind == "video":
        numbers["video"] = earned(post.id, VIDEO, age_s)
    return numbers


def earned(post_id: str, shares: dict[str, float], age_s: float) -> dict[str, int]:
    return {name: grown(post_id, name, share, age_s) for name, share in shares.items()}


def complaint(numbers: dict[str, Any]) -> str | None:
    for group, counters in numbers.items():
        if group not in GROUPS:
            return f"X has no group {group!r}; there are {', '.join(GROUPS)}"
        if not isinstance(counters, dict):
            return f"{group!r} must be an object of counters"
    return None
