"""Numbers of a member's own posts (section 3.4): one metric per call, one post per call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from sextant.sandbox.linkedin import numbers, posts, spans
from sextant.sandbox.linkedin.errors import answer, invalid, not_found
from sextant.sandbox.linkedin.gate import Call
from sextant.sandbox.network import count_items
from sextant.sandbox.world import Post

# queryType → the version that brought it.
POST_TYPES = {
    "IMPRESSION": "202506",
    "MEMBERS_REACHED": "202506",
    "RESHARE": "202506",
    "REACTION": "202506",
    "COMMENT": "202506",
    "POST_SAVE": "202604",
    "POST_SEND": "202604",
    "LINK_CLICKS": "202604",
    "PREMIUM_CTA_CLICKS": "202604",
    "FOLLOWER_GAINED_FROM_CONTENT": "202604",
    "PROFILE_VIEW_FROM_CONTENT": "202604",
}
VIDEO_TYPES = dict.fromkeys(("VIDEO_PLAY", "VIDEO_VIEWER", "VIDEO_WATCH_TIME"), "202506")
NOT_DAILY = ("MEMBERS_REACHED", "LINK_CLICKS", "FOLLOWER_GAINED_FROM_CONTENT", "PROFILE_VIEW_FROM_CONTENT")
PLAIN_TYPE_SINCE = "202605"
WRAPPED_TYPE = "com.linkedin.adsexternalapi.memberanalytics.v1.CreatorPostAnalyticsMetricTypeV1"


def of_post(types: dict[str, str]) -> Callable[[Call], Any]:
    """The finder `entity`."""

    async def respond(call: Call) -> web.Response:
        key, urn = target(call)
        count_items(call.request, 1)
        kind = asked_type(call, types)
        post = posts.found(call.world, urn)
        if post is None:
            raise not_found()
        if post.facts["author"] != call.person():
            raise call.denied()
        daily = call.text("aggregation", "TOTAL") == "DAILY"
        if daily and kind == "IMPRESSION":
            raise invalid("DAILY aggregation of IMPRESSION is not available for a single post")
        rows = elements(call, [post], kind, daily)
        return counted([{**row, "targetEntity": {key: urn}} for row in rows])

    return respond


def of_all(types: dict[str, str]) -> Callable[[Call], Any]:
    """The finder `me`: all the member's posts together."""

    async def respond(call: Call) -> web.Response:
        kind = asked_type(call, types)
        own = [*call.world.posts_of("linkedin", call.account.id)]
        return counted(elements(call, own, kind, call.text("aggregation", "TOTAL") == "DAILY"))

    return respond


def target(call: Call) -> tuple[str, str]:
    """`entity=(share:urn)` or `(ugc:urn)`; the key is `ugc`, not `ugcPost`."""
    entity = call.query.get("entity")
    if not isinstance(entity, dict) or len(entity) != 1:
        raise invalid("Parameter 'entity' must be (share:<urn>) or (ugc:<urn>)")
    key, urn = next(iter(entity.items()))
    kind = {"share": "share", "ugc": "ugcPost"}.get(key, "")
    if not kind or not posts.post_urn(str(urn)).startswith(f"urn:li:{kind}:"):
        raise invalid("Parameter 'entity' must be (share:<urn>) or (ugc:<urn>)")
    return key, str(urn)


def asked_type(call: Call, types: dict[str, str]) -> str:
    call.only("q", "entity", "queryType", "aggregation", "dateRange", "start", "count")
    call.need("r_member_postAnalytics")
    kind, aggregation = call.text("queryType"), call.text("aggregation", "TOTAL")
    if types.get(kind, "9") > call.version or aggregation not in ("TOTAL", "DAILY"):
        raise invalid("Parameter 'queryType' or 'aggregation' has a value that does not exist")
    if aggregation == "DAILY" and kind in NOT_DAILY:
        raise invalid(f"DAILY aggregation is not supported for {kind}")
    return kind


def elements(call: Call, own: list[Post], kind: str, daily: bool) -> list[dict[str, Any]]:
    """Empty when there is no data; that is not a 0."""
    if "dateRange" not in call.query and not daily:
        readings = [numbers.now(call.world, post) for post in own]
        return rows(call, kind, readings, exact=any(post.truth is not None for post in own))
    found = []
    for start, end in spans.pieces(asked_span(call, own), "DAY" if daily else "ALL"):
        readings = [numbers.between(call.world, post, start, end) for post in own]
        day = {"dateRange": {"start": date(start), "end": date(end)}} if daily else {}
        found += [{**row, **day} for row in rows(call, kind, readings, exact=False)]
    return found


def asked_span(call: Call, own: list[Post]) -> spans.Span:
    if "dateRange" in call.query:
        return spans.dates(call.query["dateRange"])
    now = call.world.now()
    return min([post.created_at for post in own], default=now), now


def rows(call: Call, kind: str, readings: list[dict[str, Any]], *, exact: bool) -> list[dict[str, Any]]:
    values = [reading["member"][kind] for reading in readings if kind in reading.get("member", {})]
    if not values or not (exact or any(values)):
        return []
    plain = call.version >= PLAIN_TYPE_SINCE
    return [{"count": sum(values), "metricType": kind if plain else {WRAPPED_TYPE: kind}}]


def date(moment: float) -> dict[str, int]:
    day = datetime.fromtimestamp(moment, UTC)
    return {"day": day.day, "month": day.month, "year": day.year}


def counted(rows: list[dict[str, Any]]) -> web.Response:
    return answer({"paging": {"count": 10, "start": 0, "links": []}, "elements": rows})
