"""The analytics endpoints of X's Enterprise plan (x.md §3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sextant.sandbox.network import count_items, json
from sextant.sandbox.world import Post, World
from sextant.sandbox.x import errors
from sextant.sandbox.x.access import Caller, caller
from sextant.sandbox.x.fields import known_only, listed, words
from sextant.sandbox.x.numbers import truth
from sextant.sandbox.x.posts import by_id, find
from sextant.sandbox.x.reads import ids_of, moment
from sextant.sandbox.x.show import stamp

GRANULARITIES = ("hourly", "daily", "weekly", "total")
POST_COUNTERS = {
    "impressions": ("public_metrics", "impression_count"),
    "likes": ("public_metrics", "like_count"),
    "replies": ("public_metrics", "reply_count"),
    "retweets": ("public_metrics", "repost_count"),
    "quote_tweets": ("public_metrics", "quote_count"),
    "bookmarks": ("public_metrics", "bookmark_count"),
    "engagements": ("non_public_metrics", "engagements"),
    "url_clicks": ("non_public_metrics", "url_link_clicks"),
    "user_profile_clicks": ("non_public_metrics", "user_profile_clicks"),
}
POST_FIELDS = POST_COUNTERS.keys() | words(
    "shares detail_expands permalink_clicks hashtag_clicks media_views follows unfollows unlikes "
    "email_tweet app_opens app_install_attempts id timestamp"
)
MEDIA_COUNTERS = {
    "video_views": ("video", "view_count"),
    "playback_start": ("video", "playback_0_count"),
    "playback25": ("video", "playback_25_count"),
    "playback50": ("video", "playback_50_count"),
    "playback75": ("video", "playback_75_count"),
    "playback_complete": ("video", "playback_100_count"),
    "watch_time_ms": ("video", "watch_time_ms"),
}
MEDIA_FIELDS = MEDIA_COUNTERS.keys() | words(
    "play_from_tap cta_url_clicks cta_watch_clicks media_key timestamp"
)


async def of_posts(world: World, request: web.Request) -> web.Response:
    """GET /2/tweets/analytics."""
    reader = enterprise(world, request, "tweet.read", "users.read")
    known_only(request, ("ids", "start_time", "end_time", "granularity", "analytics.fields"))
    ids = ids_of(request)
    count_items(request, len(set(ids)))
    fields = listed(request, "analytics.fields", POST_FIELDS)
    found = {native_id: by_id(world, native_id) for native_id in ids}
    return answer(world, request, reader, "id", found, POST_COUNTERS, fields)


async def of_media(world: World, request: web.Request) -> web.Response:
    """GET /2/media/analytics."""
    reader = enterprise(world, request, "tweet.read")
    known_only(request, ("media_keys", "start_time", "end_time", "granularity", "media_analytics.fields"))
    keys = request.query.get("media_keys", "").split(",")
    if not 1 <= len(keys) <= 100 or keys == [""]:
        raise errors.invalid("media_keys", keys, "The `media_keys` query parameter takes 1 to 100 keys")
    count_items(request, len(set(keys)))
    fields = listed(request, "media_analytics.fields", MEDIA_FIELDS)
    found = {key: find(world, key) for key in keys}
    return answer(world, request, reader, "media_key", found, MEDIA_COUNTERS, fields)


def enterprise(world: World, request: web.Request, *scopes: str) -> Caller:
    reader = caller(world, request, *scopes)
    if reader.account.tier != "enterprise":
        raise errors.enterprise_only()
    return reader


def answer(
    world: World,
    request: web.Request,
    reader: Caller,
    name: str,
    found: Mapping[str, Post | None],
    counters: Mapping[str, tuple[str, str]],
    fields: frozenset[str],
) -> web.Response:
    start, end = window(request)
    own = {key: post for key, post in found.items() if post and post.account_id == reader.account.id}
    data = []
    for key, post in own.items():
        counted = figures(truth(world, post), counters, fields)
        # All of a post's figures stand in the bucket in which it was published.
        buckets = [{"timestamp": stamp(post.created_at), "metrics": counted}]
        data.append({name: key, "timestamped_metrics": buckets if start <= post.created_at < end else []})
    missing = [errors.not_found(f"{name}s", key) for key in found if key not in own]
    return json({"data": data, "errors": missing} if missing else {"data": data})


def window(request: web.Request) -> tuple[float, float]:
    start, end = moment(request, "start_time"), moment(request, "end_time")
    if start is None or end is None:
        raise errors.invalid("start_time", [], "start_time and end_time are required")
    granularity = request.query.get("granularity", "")
    if granularity not in GRANULARITIES:
        words = f"The `granularity` query parameter value [{granularity}] is not one of {GRANULARITIES}"
        raise errors.invalid("granularity", [granularity], words)
    return start, end


def figures(
    numbers: dict[str, Any], counters: Mapping[str, tuple[str, str]], fields: frozenset[str]
) -> dict[str, Any]:
    """The asked counters that are known; what X could not read is null."""
    found = {}
    for name in sorted(fields - {"id", "media_key", "timestamp"}):
        group, counter = counters.get(name, ("", ""))
        held = numbers.get(group, {})
        found[name] = held.get(counter, held.get("retweet_count") if counter == "repost_count" else None)
    return found
