"""`/{post}/insights` and `/{video}/video_insights`: names and rows (facebook.md §3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sextant.sandbox.facebook.numbers import REACTIONS, truth
from sextant.sandbox.graph import errors
from sextant.sandbox.graph.call import Caller
from sextant.sandbox.graph.errors import GraphError, invalid
from sextant.sandbox.graph.fields import Field
from sextant.sandbox.graph.people import tasks_of
from sextant.sandbox.graph.scene import Scene
from sextant.sandbox.world import Post, World

KEPT_S = 2 * 365 * 86400
LEAST_FANS = 100
PERIODS = ("day", "week", "days_28", "month", "lifetime", "total_over_range")
MEDIA_VIEW_SINCE = "v23.0"

POST_METRICS = frozenset(
    [
        "post_media_view", "post_total_media_view_unique", "post_clicks", "post_clicks_by_type",
        "post_reactions_by_type_total", *(f"post_reactions_{name}_total" for name in REACTIONS),
        "post_activity_by_action_type", "post_activity_by_action_type_unique",
        "post_video_views", "post_video_view_time", "post_video_avg_time_watched", "post_video_length",
        "post_video_views_15s", "post_video_views_60s_excludes_shorter", "post_video_views_autoplayed",
        "post_video_views_clicked_to_play", "post_video_views_organic", "post_video_views_paid",
        "post_video_views_sound_on", "post_video_complete_views_organic", "post_video_complete_views_paid",
        "post_video_view_time_by_country_id", "post_video_followers", "post_video_social_actions",
    ]
)  # fmt: skip
VIDEO_METRICS = frozenset(
    [
        "total_video_views", "total_video_15s_views", "total_video_complete_views",
        "total_video_avg_time_watched", "total_video_view_total_time",
        "total_video_reactions_by_type_total", "total_video_stories_by_action_type",
    ]
)  # fmt: skip
REEL_METRICS = frozenset(
    [
        "blue_reels_play_count", "fb_reels_replay_count", "fb_reels_total_plays",
        "post_video_avg_time_watched", "post_video_view_time", "post_video_likes_by_reaction_type",
        "post_video_social_actions", "post_video_followers", "post_video_retention_graph",
    ]
)  # fmt: skip
SILENT_ON_REELS = ("post_video_followers", "post_video_social_actions")
BREAKDOWNS = ("is_from_ads", "is_from_followers")


async def of_post(scene: Scene) -> dict[str, Any]:
    """GET /{post}/insights."""
    scene.call.posts.add(scene.node.thing.id)
    return answered(scene, scene.call.params)


def expanded(scene: Scene, field: Field) -> dict[str, Any]:
    """`insights.metric(…)` as a field of a post."""
    scene.call.posts.add(scene.node.thing.id)
    return answered(scene, field.args)


def answered(scene: Scene, asked: Mapping[str, str]) -> dict[str, Any]:
    allowed(scene.caller)
    post: Post = scene.node.thing
    metrics = listed(asked)
    if not metrics:
        raise GraphError(3001, "(#3001) You must specify at least one metric", 1504028)
    check_names(metrics, known_to(scene))
    if post.kind == "reel":
        check_reel(metrics)
    check_breakdown(asked)
    found = kept(scene.world, post).get("insights", {})
    return {"data": rows(scene, metrics, POST_METRICS, found, asked), "paging": {}}


async def of_video(scene: Scene) -> dict[str, Any]:
    """GET /{video}/video_insights; several metrics of a reel in one call answer nothing (2026-09-09)."""
    post: Post = scene.node.thing
    scene.call.posts.add(post.id)
    allowed(scene.caller)
    own = REEL_METRICS if post.kind == "reel" else VIDEO_METRICS
    metrics = listed(scene.call.params) or scene.world.alive("facebook", sorted(own))
    check_names(metrics, scene.world.alive("facebook", VIDEO_METRICS | REEL_METRICS))
    if post.kind == "reel" and len(metrics) > 1:
        return {"data": []}
    found = kept(scene.world, post).get("video_insights", {})
    fitting = [metric for metric in metrics if metric in own]
    named = rows(scene, fitting, VIDEO_METRICS | REEL_METRICS, found, scene.call.params) if fitting else []
    return {"data": named, "paging": {}} if named else {"data": []}


# ---- who may, and which names --------------------------------------------------------------------


def allowed(caller: Caller) -> None:
    """A Page token with both scopes, of somebody who may ANALYZE (§1.3)."""
    if not caller.is_page:
        raise errors.needs_page_token()
    if "read_insights" not in caller.scopes:
        raise errors.not_permitted()
    if "pages_read_engagement" not in caller.scopes:
        raise errors.needs_permission("pages_read_engagement")
    if "ANALYZE" not in tasks_of(caller.account):
        raise errors.no_role()


def listed(asked: Mapping[str, str]) -> list[str]:
    """`a,b` or `["a","b"]` as distinct names."""
    plain = asked.get("metric", "").translate(str.maketrans("", "", '[]" '))
    return list(dict.fromkeys(name for name in plain.split(",") if name))


def check_names(metrics: Sequence[str], known: Collection[str]) -> None:
    """One dead or misspelt name fails the whole call, and the network does not say which."""
    if not set(known).issuperset(metrics):
        raise invalid("(#100) The value must be a valid insights metric")


def known_to(scene: Scene) -> Collection[str]:
    """Versions older than v23.0 do not know post_media_view (§3.5)."""
    alive = scene.world.alive("facebook", POST_METRICS)
    return alive if scene.call.version >= MEDIA_VIEW_SINCE else set(alive) - {"post_media_view"}


def check_reel(metrics: Sequence[str]) -> None:
    """What the probe of a reel's post on 2026-09-09 was refused (§3.4)."""
    refused = ("post_video_", "post_reactions_", "post_clicks")
    if any(m.startswith(refused) and m not in SILENT_ON_REELS for m in metrics):
        text = "(#200) User doesn't have enough permissions to load insights"
        raise GraphError(200, text, 1504029)


def check_breakdown(asked: Mapping[str, str]) -> None:
    if asked.get("breakdown", BREAKDOWNS[0]) not in BREAKDOWNS:
        raise invalid("(#100) The value must be a valid breakdown")


# ---- rows ----------------------------------------------------------------------------------------


def kept(world: World, post: Post) -> dict[str, Any]:
    """The post's numbers; none for a small Page or after two years (§3.1), unless they were set."""
    if post.truth is None:
        account = world.account("facebook", post.account_id)
        small = account is not None and account.facts["page"]["fan_count"] < LEAST_FANS
        if small or world.now() - post.created_at > KEPT_S:
            return {}
    return truth(world, post)


def rows(
    scene: Scene,
    metrics: Sequence[str],
    known: frozenset[str],
    found: dict[str, Any],
    asked: Mapping[str, str],
) -> list[dict[str, Any]]:
    """A row per metric that there is; names beyond the catalogue that were set come along."""
    period = asked.get("period", "lifetime")
    if period not in PERIODS:
        raise invalid(f"(#100) period must be one of the following values: {', '.join(PERIODS)}")
    if period != "lifetime":
        # The sandbox keeps lifetime figures only.
        return []
    extra = sorted(set(found) - known)
    return [row(scene, name, found[name]) for name in [*metrics, *extra] if name in found]


def row(scene: Scene, name: str, value: Any) -> dict[str, Any]:
    edge = "insights" if scene.node.kind == "post" else "video_insights"
    return {
        "name": name,
        "period": "lifetime",
        "values": [{"value": value}],
        "title": f"Lifetime {name.replace('_', ' ').title()}",
        "description": f"Lifetime: {name}",
        "id": f"{scene.node.id}/{edge}/{name}/lifetime",
    }
