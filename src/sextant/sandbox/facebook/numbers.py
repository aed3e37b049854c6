"""The numbers of Page posts and videos, in Facebook's own names (facebook.md §3.1, §3.4)."""

from __future__ import annotations

from typing import Any

from sextant.sandbox.engagement import chance, grown
from sextant.sandbox.world import Post, World

GROUPS = ("insights", "video_insights", "shares", "reactions", "comments", "likes", "views", "post_views")
REACTIONS = {"like": 0.03, "love": 0.006, "wow": 0.001, "haha": 0.002, "sorry": 0.0004, "anger": 0.0003}
LENGTH_MS = 2000

Figures = dict[str, Any]


def truth(world: World, post: Post) -> Figures:
    """What was set, or what has grown by now."""
    if post.truth is not None:
        return post.truth
    return Grown(post, world.now() - post.created_at).truth()


def complaint(found: Figures) -> str | None:
    unknown = sorted(set(found) - set(GROUPS))
    if unknown:
        return f"facebook has no {', '.join(unknown)}; there are {', '.join(GROUPS)}"
    wrong = [name for name in GROUPS[:2] if not isinstance(found.get(name, {}), dict)]
    return f"{wrong[0]} has to be an object of metrics" if wrong else None


class Grown:
    """The numbers of one post at one age. Breakdowns hold non-zero keys only."""

    def __init__(self, post: Post, age_s: float) -> None:
        self.post, self.age_s = post, age_s
        reactions = {name: self.count(f"reaction {name}", share) for name, share in REACTIONS.items()}
        self.reactions = filled(reactions)
        self.comments, self.shares = self.count("comments", 0.006), self.count("shares", 0.004)
        self.plays = self.count("plays", 0.6)
        self.average_ms = 1500 + int(500 * chance(post.id, "average"))

    def count(self, name: str, share: float) -> int:
        return grown(self.post.id, name, share, self.age_s)

    def truth(self) -> Figures:
        likes = sum(self.reactions.values())
        found: Figures = {
            "reactions": likes,
            "comments": self.comments,
            "likes": self.reactions.get("like", 0),
        }
        if self.shares:
            # Left out when there is none (§3.3, unconfirmed).
            found["shares"] = self.shares
        if self.post.kind == "reel":
            # "Interactions on Reels are not included" in the insights of posts (§3.1).
            return {**found, "video_insights": self.reel(), **self.played("fb_reels_total_plays")}
        found["insights"] = {**self.shown(), **self.of_video_post()}
        if self.post.kind == "video":
            found |= {"video_insights": self.video(), **self.played("total_video_views")}
        return found

    def played(self, name: str) -> Figures:
        """Node fields: `views` equals the kind's own count of plays (§3.4)."""
        views = (self.reel() if self.post.kind == "reel" else self.video())[name]
        return {"views": views, "post_views": views}

    def shown(self) -> Figures:
        clicks = {"link clicks": self.count("links", 0.008), "other clicks": self.count("clicks", 0.02)}
        singles = {f"post_reactions_{name}_total": self.reactions.get(name, 0) for name in REACTIONS}
        return {
            "post_media_view": self.count("views", 1.0),
            "post_total_media_view_unique": self.count("viewers", 0.5),
            "post_clicks": sum(clicks.values()),
            "post_clicks_by_type": filled(clicks),
            "post_reactions_by_type_total": self.reactions,
            **singles,
            "post_activity_by_action_type": self.activity(),
            "post_activity_by_action_type_unique": self.activity(),
        }

    def activity(self) -> Figures:
        """Here `like` is all reactions together (§3.1)."""
        likes = sum(self.reactions.values())
        return filled({"like": likes, "comment": self.comments, "share": self.shares})

    def of_video_post(self) -> Figures:
        """Rows about video are 0 on a post without one."""
        on = self.post.kind == "video"
        views = self.count("views of 3 s", 0.35) if on else 0
        return {
            "post_video_views": views,
            "post_video_view_time": self.plays * self.average_ms if on else 0,
            "post_video_avg_time_watched": self.average_ms if on else 0,
            "post_video_length": LENGTH_MS if on else 0,
            "post_video_views_organic": views,
            "post_video_views_paid": 0,
        }

    def video(self) -> Figures:
        return {
            "total_video_views": self.count("views of 3 s", 0.35),
            "total_video_15s_views": self.count("views of 15 s", 0.1),
            "total_video_complete_views": self.count("complete views", 0.15),
            "total_video_avg_time_watched": self.average_ms,
            "total_video_view_total_time": self.plays * self.average_ms,
            "total_video_reactions_by_type_total": self.reactions,
            "total_video_stories_by_action_type": self.activity(),
        }

    def reel(self) -> Figures:
        first, again = self.count("plays", 0.6), self.count("replays", 0.2)
        reactions = {f"REACTION_{name.upper()}": n for name, n in self.reactions.items()}
        return {
            "blue_reels_play_count": first,
            "fb_reels_replay_count": again,
            "fb_reels_total_plays": first + again,
            "post_video_avg_time_watched": self.average_ms,
            "post_video_view_time": (first + again) * self.average_ms,
            "post_video_likes_by_reaction_type": reactions,
            "post_video_social_actions": filled({"COMMENT": self.comments, "SHARE": self.shares}),
            "post_video_followers": self.count("followers", 0.001),
        }


def filled(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}
