"""The numbers of Instagram media, in the network's own names (instagram.md §3)."""

from __future__ import annotations

from typing import Any

from sextant.sandbox.engagement import chance, grown
from sextant.sandbox.world import Post, World

COUNTS = (
    "like_count",
    "comments_count",
    "saved_count",
    "shares_count",
    "reposts_count",
    "total_like_count",
    "total_comments_count",
    "total_views_count",
)
PRODUCTS = {"reel": "REELS", "story": "STORY"}

Figures = dict[str, Any]


def product(post: Post) -> str:
    """`media_product_type`: FEED, REELS or STORY."""
    return PRODUCTS.get(post.kind, "FEED")


def is_video(post: Post) -> bool:
    return post.kind in ("reel", "video") or bool(post.facts.get("video"))


def truth(world: World, post: Post) -> Figures:
    """What was set, or what has grown by now."""
    if post.truth is not None:
        return post.truth
    return Grown(post, world.now() - post.created_at).truth()


def complaint(found: Figures) -> str | None:
    unknown = sorted(set(found) - {*COUNTS, "insights"})
    if unknown:
        return f"instagram has no {', '.join(unknown)}; there are {', '.join(COUNTS)}, insights"
    if not isinstance(found.get("insights", {}), dict):
        return "insights has to be an object of metrics"
    return None


class Grown:
    """The numbers of one medium at one age."""

    def __init__(self, post: Post, age_s: float) -> None:
        self.post, self.age_s = post, age_s
        self.views = self.count("views", 1.0)
        self.likes, self.comments = self.count("likes", 0.05), self.count("comments", 0.006)
        self.saved, self.shares = self.count("saved", 0.008), self.count("shares", 0.009)
        self.reposts = self.count("reposts", 0.001)

    def count(self, name: str, share: float) -> int:
        return grown(self.post.id, name, share, self.age_s)

    def truth(self) -> Figures:
        match product(self.post):
            case "REELS":
                rows = {**self.public(), **self.watched()}
            case "STORY":
                return {"insights": self.story()}
            case _:
                rows = {**self.public(), **self.of_profile()}
        return {**self.counts(), "insights": rows}

    def counts(self) -> Figures:
        found = {
            "like_count": self.likes,
            "comments_count": self.comments,
            "saved_count": self.saved,
            "shares_count": self.shares,
            "reposts_count": self.reposts,
            "total_like_count": self.likes,
            "total_comments_count": self.comments,
        }
        return {**found, "total_views_count": self.views} if is_video(self.post) else found

    def seen(self) -> Figures:
        return {
            "views": self.views,
            "reach": min(self.views, self.count("reach", 0.6)),
            "total_views": self.views,
        }

    def public(self) -> Figures:
        """`total_interactions` is not exactly the sum of its parts (§3.4)."""
        parts = self.likes + self.comments + self.saved + self.shares
        return {
            **self.seen(),
            "likes": self.likes,
            "comments": self.comments,
            "saved": self.saved,
            "shares": self.shares,
            "reposts": self.reposts,
            "total_interactions": parts + self.count("undone", 0.001),
            "total_likes": self.likes,
            "total_comments": self.comments,
        }

    def watched(self) -> Figures:
        average_ms = 1500 + int(4000 * chance(self.post.id, "average"))
        return {
            "ig_reels_avg_watch_time": average_ms,
            "ig_reels_video_view_total_time": self.views * average_ms,
            "reels_skip_rate": round(30 + 30 * chance(self.post.id, "skips"), 2),
        }

    def of_profile(self) -> Figures:
        actions = {"BIO_LINK_CLICKED": self.count("links", 0.002), "OTHER": self.count("others", 0.001)}
        return {
            "follows": self.count("follows", 0.001),
            "profile_visits": self.count("visits", 0.01),
            "profile_activity": actions,
        }

    def story(self) -> Figures:
        taps = {"TAP_FORWARD": self.count("forward", 0.7), "TAP_BACK": self.count("back", 0.1)}
        return {
            **self.seen(),
            **self.of_profile(),
            "shares": self.shares,
            "reposts": self.reposts,
            "total_interactions": self.shares + self.count("replies", 0.004),
            "replies": self.count("replies", 0.004),
            "navigation": {**taps, "TAP_EXIT": self.count("exit", 0.1)},
            "link_clicks": self.count("link clicks", 0.01),
        }
