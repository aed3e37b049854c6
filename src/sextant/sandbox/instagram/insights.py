"""`/{media}/insights`: which metric fits which product, and as which rows (instagram.md §3.3 to §3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sextant.sandbox.graph.call import INSTAGRAM
from sextant.sandbox.graph.errors import GraphError, invalid
from sextant.sandbox.graph.scene import Scene
from sextant.sandbox.instagram.numbers import is_video, product, truth
from sextant.sandbox.instagram.scopes import need
from sextant.sandbox.world import Post

KEPT_S = 2 * 365 * 86400
STORY_LIVES_S = 24 * 3600
LEAST_VIEWERS = 5
ALL, PUBLIC, LASTING = ("FEED", "REELS", "STORY"), ("FEED", "REELS"), ("FEED", "STORY")
METRICS: dict[str, tuple[str, ...]] = {
    "views": ALL,
    "reach": ALL,
    "likes": PUBLIC,
    "comments": PUBLIC,
    "saved": PUBLIC,
    "shares": ALL,
    "reposts": ALL,
    "total_interactions": ALL,
    "ig_reels_avg_watch_time": ("REELS",),
    "ig_reels_video_view_total_time": ("REELS",),
    "reels_skip_rate": ("REELS",),
    "crossposted_views": ("REELS",),
    "facebook_views": ALL,
    "total_views": ALL,
    "total_likes": PUBLIC,
    "total_comments": PUBLIC,
    "follows": LASTING,
    "profile_visits": LASTING,
    "profile_activity": LASTING,
    "replies": ("STORY",),
    "navigation": ("STORY",),
    "link_clicks": ("STORY",),
}
FACEBOOK_LOGIN_ONLY = frozenset(["total_views", "total_likes", "total_comments", "link_clicks"])
ON_FACEBOOK = frozenset(["crossposted_views", "facebook_views"])
BREAKDOWNS = {"profile_activity": "action_type", "navigation": "story_navigation_action_type"}


async def of_media(scene: Scene) -> dict[str, Any]:
    """GET /{media}/insights."""
    post: Post = scene.node.thing
    scene.call.posts.add(post.id)
    need(scene.caller, "manage_insights")
    metrics = listed(scene)
    check_post(scene, post)
    check_fit(metrics, post)
    breakdown = scene.call.params.get("breakdown", "")
    check_breakdown(metrics, breakdown)
    found = kept(scene, post)
    extra = [name for name in found if name not in METRICS]
    # Rows do not come in the order of the request (§3.4).
    return {
        "data": [
            row(post, name, found[name], breakdown) for name in sorted([*metrics, *extra]) if name in found
        ]
    }


def listed(scene: Scene) -> list[str]:
    """The asked names, each of which this host has; a refusal names the first one's place."""
    text = scene.call.params.get("metric", "").translate(str.maketrans("", "", '[]" '))
    asked = list(dict.fromkeys(name for name in text.split(",") if name))
    if not asked:
        raise invalid("The parameter metric is required")
    alive = scene.world.alive("instagram", METRICS)
    known = [name for name in alive if scene.call.host != INSTAGRAM or name not in FACEBOOK_LOGIN_ONLY]
    for place, name in enumerate(asked):
        if name not in known:
            raise refused(scene, f"metric[{place}] must be one of the following values: {', '.join(known)}")
    return asked


def refused(scene: Scene, message: str) -> GraphError:
    """The Instagram host says IGApiException here (§5.1)."""
    kind = "IGApiException" if scene.call.host == INSTAGRAM else "OAuthException"
    return GraphError(100, message, kind=kind)


def check_post(scene: Scene, post: Post) -> None:
    """Media from before the professional account, and stories that too few people saw, are refused."""
    if post.facts.get("before_professional"):
        text = "(#100) The media was posted before the most recent time that the account became professional."
        raise invalid(text, 2108006)
    fresh_story = post.kind == "story" and post.truth is None
    if fresh_story and truth(scene.world, post)["insights"]["reach"] < LEAST_VIEWERS:
        raise GraphError(10, "(#10) Not enough viewers for the media to show insights")


def check_fit(metrics: Sequence[str], post: Post) -> None:
    wrong = [name for name in metrics if not fits(name, post)]
    if wrong:
        names = ", ".join(wrong)
        raise invalid(
            f"The Media Insights API does not support the {names} metric for this media product type."
        )


def fits(name: str, post: Post) -> bool:
    if name in ON_FACEBOOK:
        # Shared to Facebook is only what was given such a number.
        return name in (post.truth or {}).get("insights", {})
    if name == "total_views" and product(post) == "FEED":
        return is_video(post)
    return product(post) in METRICS[name]


def check_breakdown(metrics: Sequence[str], breakdown: str) -> None:
    if breakdown and any(name not in BREAKDOWNS for name in metrics):
        raise GraphError(1, "An unknown error has occurred.")
    if breakdown and any(BREAKDOWNS[name] != breakdown for name in metrics):
        raise invalid(f"(#100) Incompatible breakdown ({breakdown}) for metric ({', '.join(metrics)})")


def kept(scene: Scene, post: Post) -> dict[str, Any]:
    """The rows there are; none after two years, or of a story after 24 hours, unless they were set."""
    life = STORY_LIVES_S if post.kind == "story" else KEPT_S
    if post.truth is None and scene.world.now() - post.created_at > life:
        return {}
    found: dict[str, Any] = truth(scene.world, post).get("insights", {})
    return found


def row(post: Post, name: str, value: Any, breakdown: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": name,
        "period": "lifetime",
        "title": name.replace("_", " ").capitalize(),
        "description": f"{name}, as this account's language says it.",
        "id": f"{post.id}/insights/{name}/lifetime",
    }
    if isinstance(value, dict):
        return {**told, "total_value": total(value, breakdown)}
    return {**told, "values": [{"value": value}]}


def total(parts: dict[str, Any], breakdown: str) -> dict[str, Any]:
    """A figure that can be broken down, and its parts when asked for."""
    whole: dict[str, Any] = {"value": sum(parts.values())}
    if breakdown:
        results = [{"dimension_values": [name], "value": value} for name, value in parts.items()]
        whole["breakdowns"] = [{"dimension_keys": [breakdown], "results": results}]
    return whole
