"""The numbers of a simulated video, on YouTube's two clocks (youtube.md §3.1).

The Data API's counters (`viewCount`, …) are of this moment; the Analytics figures (`views`, `shares`, …) are
48 hours late.
"""

from __future__ import annotations

from typing import Any

from sextant.sandbox.engagement import chance, grown
from sextant.sandbox.world import Post, World

DELAY_S = 48 * 3600
COUNTERS = {"viewCount": 1.2, "likeCount": 0.05, "dislikeCount": 0.001, "commentCount": 0.006}
DEAD = {"favoriteCount": 0}
# Each Analytics figure: whose curve it follows, and its share of the times shown.
SUMS = {
    "views": ("viewCount", 1.2),
    "engagedViews": ("engagedViews", 0.6),
    "likes": ("likeCount", 0.05),
    "dislikes": ("dislikeCount", 0.001),
    "comments": ("commentCount", 0.006),
    "shares": ("shares", 0.01),
    "estimatedMinutesWatched": ("estimatedMinutesWatched", 0.08),
    "redViews": ("redViews", 0.1),
    "estimatedRedMinutesWatched": ("estimatedRedMinutesWatched", 0.008),
    "videosAddedToPlaylists": ("videosAddedToPlaylists", 0.003),
    "videosRemovedFromPlaylists": ("videosRemovedFromPlaylists", 0.0004),
    "subscribersGained": ("subscribersGained", 0.004),
    "subscribersLost": ("subscribersLost", 0.0005),
}
AVERAGES = ("averageViewDuration", "averageViewPercentage")
FIGURES = frozenset({*SUMS, *AVERAGES})


def truth(world: World, post: Post) -> dict[str, Any]:
    """What was set, or what the video has earned by now (Analytics figures: as far as they are out)."""
    if post.truth is not None:
        return post.truth
    figures = earned(world, post, post.created_at, world.now()) or {}
    return {**counted(world, post), **DEAD, **figures}


def complaint(numbers: dict[str, Any]) -> str | None:
    for name in numbers:
        if not name.endswith("Count") and name not in FIGURES:
            known = ", ".join([*COUNTERS, *sorted(FIGURES)])
            return f"YouTube has no figure {name!r}; there are {known}"
    return None


def statistics(world: World, post: Post) -> dict[str, str]:
    """The counters of `videos.list`, as strings; `favoriteCount` is always there, and dead."""
    numbers = counted(world, post) if post.truth is None else post.truth
    counters = {name: value for name, value in numbers.items() if name.endswith("Count")}
    return {name: str(value) for name, value in (DEAD | counters).items() if value is not None}


def counted(world: World, post: Post) -> dict[str, int]:
    age_s = world.now() - post.created_at
    return {name: grown(post.id, name, share, age_s) for name, share in COUNTERS.items()}


def figures(world: World, post: Post, start: float, end: float, since: float) -> dict[str, Any] | None:
    """The Analytics figures of the time from `start` to `end`; None when there is no row.

    Set figures have no delay and cannot be divided: they count where the video's time within the whole
    report, which begins at `since`, begins.
    """
    if post.truth is None:
        return earned(world, post, start, end)
    named = {name: number(value) for name, value in post.truth.items() if name in FIGURES}
    return named if named and start <= max(post.created_at, since) < end else None


def earned(world: World, post: Post, start: float, end: float) -> dict[str, Any] | None:
    until = min(end, world.now() - DELAY_S)
    if until <= max(start, post.created_at):
        return None
    ages = max(0.0, start - post.created_at), until - post.created_at
    sums = {name: between(post, curve, share, *ages) for name, (curve, share) in SUMS.items()}
    return {
        **sums,
        "averageViewDuration": sums["estimatedMinutesWatched"] * 60 // max(1, sums["views"]),
        "averageViewPercentage": round(30 + 50 * chance(post.id, "averageViewPercentage"), 1),
    }


def between(post: Post, curve: str, share: float, young: float, old: float) -> int:
    return grown(post.id, curve, share, old) - grown(post.id, curve, share, young)


def number(value: Any) -> Any:
    """Report cells are JSON numbers, however they were set."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value
