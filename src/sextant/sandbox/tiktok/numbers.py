"""How a post did, in TikTok's own names: what was set as truth, or what has grown with age."""

from __future__ import annotations

from typing import Any

from sextant.sandbox.engagement import chance, grown
from sextant.sandbox.world import Post, World

DAY_S = 86400
FROZEN_AFTER_S = 365 * DAY_S
IDLE_S = 7 * DAY_S

COUNTERS = {"view_count": 1.0, "like_count": 0.05, "comment_count": 0.004, "share_count": 0.006}
"""Parts of the times shown."""
BUSINESS_NAMES = {
    "likes": "like_count",
    "comments": "comment_count",
    "shares": "share_count",
    "video_views": "view_count",
}
BUSINESS_COUNTERS = {
    "favorites": 0.008,
    "new_followers": 0.001,
    "profile_views": 0.01,
    "website_clicks": 0.002,
    "phone_number_clicks": 0.0001,
    "lead_submissions": 0.0001,
    "app_download_clicks": 0.0001,
    "email_clicks": 0.0002,
    "address_clicks": 0.0001,
}
EMPTY_WHEN_IDLE = (
    "reach",
    "full_video_watched_rate",
    "total_time_watched",
    "average_time_watched",
    "impression_sources",
    "audience_countries",
)
OF_VIDEOS = (
    "reach",
    "full_video_watched_rate",
    "total_time_watched",
    "average_time_watched",
    "video_view_retention",
)
"""What does not apply to photos (section 3.4)."""
INSIGHTS = (
    *BUSINESS_COUNTERS,
    *EMPTY_WHEN_IDLE,
    "video_view_retention",
    "engagement_likes",
    "audience_cities",
    "audience_genders",
    "audience_types",
)


def complaint(truth: dict[str, Any]) -> str | None:
    unknown = sorted(set(truth) - {*COUNTERS, "business"})
    if unknown:
        return f"unknown names {unknown}; there are {[*COUNTERS, 'business']}"
    return None if isinstance(truth.get("business", {}), dict) else "business must be an object"


def now(world: World, post: Post) -> dict[str, Any]:
    """The four counters and `business`; what is not there is not answered."""
    return post.truth if post.truth is not None else earned(post, world.now() - post.created_at)


def business(world: World, post: Post) -> dict[str, Any]:
    """The Business API's view: its own names, and no news after 365 days."""
    if post.truth is not None:
        reading = post.truth
    else:
        reading = earned(post, min(world.now() - post.created_at, FROZEN_AFTER_S))
    counters = {name: reading[source] for name, source in BUSINESS_NAMES.items() if source in reading}
    return {**counters, **reading.get("business", {})}


def earned(post: Post, age_s: float) -> dict[str, Any]:
    counters = {name: grown(post.id, name, share, age_s) for name, share in COUNTERS.items()}
    return {**counters, "business": insights(post, age_s, counters["view_count"])}


def insights(post: Post, age_s: float, views: int) -> dict[str, Any]:
    seconds = round(4 + 8 * chance(post.id, "seconds"), 2)
    found: dict[str, Any] = {
        **{name: grown(post.id, name, share, age_s) for name, share in BUSINESS_COUNTERS.items()},
        "reach": min(views, grown(post.id, "reach", 0.85, age_s)),
        "total_time_watched": round(views * seconds, 2),
        "average_time_watched": seconds if views else 0.0,
        "full_video_watched_rate": round(0.1 + 0.4 * chance(post.id, "full"), 4) if views else 0.0,
        **SHARES,
    }
    if post.kind == "photo":
        found |= dict.fromkeys(OF_VIDEOS)
    return {**found, **dict.fromkeys(EMPTY_WHEN_IDLE)} if idle(post, age_s) else found


def idle(post: Post, age_s: float) -> bool:
    """No activity for 7 days empties some insight fields (2026-09-14)."""
    if age_s <= IDLE_S:
        return False
    before, after = (grown(post.id, "view_count", 1.0, age) for age in (age_s - IDLE_S, age_s))
    return before == after


SHARES: dict[str, Any] = {
    "impression_sources": [
        {"impression_source": "For You", "percentage": 0.9},
        {"impression_source": "Follow", "percentage": 0.1},
    ],
    "video_view_retention": [{"second": "1", "percentage": 0.8}, {"second": "2", "percentage": 0.5}],
    "engagement_likes": [{"second": "1", "percentage": 0.6}, {"second": "2", "percentage": 0.4}],
    "audience_countries": [{"country": "SO", "percentage": 1.0}],
    "audience_cities": [{"city_name": "Mogadishu", "percentage": 1.0}],
    "audience_genders": [{"gender": "Female", "percentage": 0.5}, {"gender": "Male", "percentage": 0.5}],
    "audience_types": [{"type": "NEW_VIEWERS", "percentage": 1.0}],
}
