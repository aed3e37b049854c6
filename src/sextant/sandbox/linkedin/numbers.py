"""How a post did, in LinkedIn's own names: what was set as truth, or what has grown with age."""

from __future__ import annotations

from typing import Any

from sextant.sandbox.engagement import grown
from sextant.sandbox.world import Post, World

GROUPS = ("totalShareStatistics", "reactions", "commentSummary", "video", "member")

# Parts of the times shown.
REACTIONS = {
    "LIKE": 0.02,
    "PRAISE": 0.004,
    "EMPATHY": 0.003,
    "INTEREST": 0.002,
    "APPRECIATION": 0.001,
    "ENTERTAINMENT": 0.001,
}
MEMBER = {
    "RESHARE": 0.002,
    "POST_SAVE": 0.003,
    "POST_SEND": 0.001,
    "LINK_CLICKS": 0.01,
    "PREMIUM_CTA_CLICKS": 0.001,
    "FOLLOWER_GAINED_FROM_CONTENT": 0.001,
    "PROFILE_VIEW_FROM_CONTENT": 0.004,
}
WATCHED_MS = 2800
"""Watch time per time shown: a third play it, for about 8 s."""


def complaint(truth: dict[str, Any]) -> str | None:
    unknown = sorted(set(truth) - set(GROUPS))
    if unknown:
        return f"unknown groups {unknown}; there are {list(GROUPS)}"
    flat = [name for name, group in truth.items() if not isinstance(group, dict)]
    return f"{flat} must be objects" if flat else None


def now(world: World, post: Post) -> dict[str, Any]:
    """Every group of a post's numbers; a group or name that is not there is not answered."""
    return post.truth if post.truth is not None else earned(post, world.now() - post.created_at)


def between(world: World, post: Post, start: float, end: float) -> dict[str, Any]:
    """What was earned in a span of unix seconds. A set truth counts as earned at publishing."""
    groups = minus(upto(post, min(end, world.now())), upto(post, start))
    if "totalShareStatistics" in groups:
        groups["totalShareStatistics"] |= ratio(groups["totalShareStatistics"])
    return groups


def upto(post: Post, moment: float) -> dict[str, Any]:
    age_s = moment - post.created_at
    if age_s <= 0:
        return {}
    return earned(post, age_s) if post.truth is None else post.truth


def minus(late: dict[str, Any], early: dict[str, Any]) -> dict[str, Any]:
    return {
        name: minus(value, early.get(name, {})) if isinstance(value, dict) else value - early.get(name, 0)
        for name, value in late.items()
    }


def ratio(statistics: dict[str, Any]) -> dict[str, float]:
    """`engagement` is (clicks + likes + comments + shares) / impressions."""
    if "engagement" not in statistics:
        return {}
    names = ("clickCount", "likeCount", "commentCount", "shareCount")
    actions = sum(statistics.get(name, 0) for name in names)
    shown = statistics.get("impressionCount", 0)
    return {"engagement": actions / shown if shown else 0.0}


def earned(post: Post, age_s: float) -> dict[str, Any]:
    """All groups of a post at this age: those of a page's post, or those of a member's."""
    shown = grown(post.id, "impressions", 1.0, age_s)
    comments = grown(post.id, "comments", 0.004, age_s)
    top_level = min(comments, grown(post.id, "topLevel", 0.003, age_s))
    reactions = {kind: grown(post.id, kind, share, age_s) for kind, share in REACTIONS.items()}
    groups: dict[str, Any] = {
        "reactions": {kind: count for kind, count in reactions.items() if count},
        "commentSummary": {"count": comments, "topLevelCount": top_level},
    }
    video = played(post, age_s) if "video" in post.facts else {}
    if post.facts["author"].startswith("urn:li:person:"):
        groups["member"] = member(post, age_s, shown, comments, sum(reactions.values())) | member_video(video)
        return groups
    groups["totalShareStatistics"] = page(post, age_s, shown, comments, reactions["LIKE"])
    return groups | ({"video": video} if video else {})


def page(post: Post, age_s: float, shown: int, comments: int, likes: int) -> dict[str, Any]:
    statistics = {
        "uniqueImpressionsCount": min(shown, grown(post.id, "unique", 0.75, age_s)),
        "impressionCount": shown,
        "clickCount": grown(post.id, "clicks", 0.03, age_s),
        "likeCount": likes,
        "commentCount": comments,
        "shareCount": grown(post.id, "RESHARE", 0.002, age_s),
        "engagement": 0.0,
        "commentMentionsCount": 0,
        "shareMentionsCount": 0,
    }
    return statistics | ratio(statistics)


def played(post: Post, age_s: float) -> dict[str, Any]:
    views = grown(post.id, "VIDEO_VIEW", 0.35, age_s)
    watched = grown(post.id, "TIME_WATCHED", WATCHED_MS, age_s)
    return {
        "VIDEO_VIEW": views,
        "VIEWER": min(views, grown(post.id, "VIEWER", 0.3, age_s)),
        "TIME_WATCHED": watched,
        "TIME_WATCHED_FOR_VIDEO_VIEWS": min(watched, grown(post.id, "LONGER", 0.9 * WATCHED_MS, age_s)),
    }


def member(post: Post, age_s: float, shown: int, comments: int, reactions: int) -> dict[str, Any]:
    counts = {
        "IMPRESSION": shown,
        "MEMBERS_REACHED": min(shown, grown(post.id, "unique", 0.75, age_s)),
        "REACTION": reactions,
        "COMMENT": comments,
    }
    return counts | {kind: grown(post.id, kind, share, age_s) for kind, share in MEMBER.items()}


def member_video(video: dict[str, Any]) -> dict[str, Any]:
    names = {"VIDEO_PLAY": "VIDEO_VIEW", "VIDEO_VIEWER": "VIEWER", "VIDEO_WATCH_TIME": "TIME_WATCHED"}
    return {name: video[source] for name, source in names.items() if source in video}
