"""Numbers of a page's posts (sections 3.1 and 3.3): share statistics and video analytics."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sextant.sandbox.linkedin import numbers, posts, spans
from sextant.sandbox.linkedin.authors import POSTING_ROLES
from sextant.sandbox.linkedin.errors import answer, invalid
from sextant.sandbox.linkedin.gate import DAY_S, Call
from sextant.sandbox.network import count_items
from sextant.sandbox.world import Post

SHARE_BATCH_MAX = 100
"""No number is documented; clients use up to 50 or 100 (section 3.1)."""
WINDOW_S = 365 * DAY_S
VIDEO_LIFE_S = 182 * DAY_S
VIDEO_TYPES = ("VIDEO_VIEW", "VIEWER", "TIME_WATCHED", "TIME_WATCHED_FOR_VIDEO_VIEWS")


async def shares(call: Call) -> web.Response:
    """The finder `organizationalEntity`: one element per post with activity, or one for the whole page."""
    call.only("q", "organizationalEntity", "shares", "ugcPosts", "timeIntervals", "start", "count")
    wanted = listed(call, "shares", "share") + listed(call, "ugcPosts", "ugcPost")
    count_items(call.request, len(wanted))
    call.need("rw_organization_admin")
    page = call.text("organizationalEntity")
    if call.role_at(page) != "ADMINISTRATOR":
        raise call.denied()
    if "shares" in call.query or "ugcPosts" in call.query:
        found = [posts.found(call.world, urn) for urn in wanted]
        own = [post for post in found if post is not None and post.facts["author"] == page]
        elements = [row for post in own for row in post_rows(call, post)]
    else:
        elements = rows(call, [*call.world.posts_of("linkedin", page)])
    elements = [{"organizationalEntity": page, **row} for row in elements]
    return answer({"paging": paging(len(elements)), "elements": elements})


def paging(total: int) -> dict[str, Any]:
    return {"start": 0, "count": 10, "links": [], "total": total}


def listed(call: Call, name: str, kind: str) -> list[str]:
    urns = [posts.post_urn(urn) for urn in call.texts(name, SHARE_BATCH_MAX)]
    if any(not urn.startswith(f"urn:li:{kind}:") for urn in urns):
        raise invalid(f"Parameter '{name}' takes urns of kind {kind} only")
    return urns


def post_rows(call: Call, post: Post) -> list[dict[str, Any]]:
    name = {post.id.split(":")[2]: post.id}
    return [{**name, **row} for row in rows(call, [post])]


def rows(call: Call, counted: list[Post]) -> list[dict[str, Any]]:
    """The totals of some posts together, in one row or in one per interval; none without activity."""
    world = call.world
    if "timeIntervals" not in call.query:
        total = summed([numbers.now(world, post) for post in counted if in_window(call, post)])
        exact = any(post.truth is not None for post in counted)
        return [{"totalShareStatistics": total}] if active(total) or (total and exact) else []
    found = []
    for start, end in intervals(call.query["timeIntervals"]):
        total = summed([numbers.between(world, post, start, end) for post in counted])
        if active(total):
            span = {"start": int(start * 1000), "end": int(end * 1000)}
            found.append({"timeRange": span, "totalShareStatistics": total})
    return found


def in_window(call: Call, post: Post) -> bool:
    """The window is a rolling 12 months; a truth that was set is answered at any age."""
    return post.truth is not None or call.world.now() - post.created_at <= WINDOW_S


def active(statistics: dict[str, Any]) -> bool:
    return any(statistics.values())


def summed(readings: list[dict[str, Any]]) -> dict[str, Any]:
    statistics = [
        reading["totalShareStatistics"] for reading in readings if "totalShareStatistics" in reading
    ]
    if len(statistics) == 1:
        return dict(statistics[0])
    names = dict.fromkeys(name for row in statistics for name in row)
    total = {name: sum(row.get(name, 0) for row in statistics) for name in names}
    return total | numbers.ratio(total)


def intervals(value: Any) -> list[spans.Span]:
    if not isinstance(value, dict) or set(value) - {"timeRange", "timeGranularityType"}:
        raise invalid("Parameter 'timeIntervals' needs timeRange and timeGranularityType")
    granularity = value.get("timeGranularityType", "ALL")
    if granularity not in ("DAY", "MONTH", "ALL"):
        raise invalid("timeGranularityType must be DAY or MONTH")
    return list(spans.pieces(spans.milliseconds(value.get("timeRange")), granularity))


async def video(call: Call) -> web.Response:
    """The finder `entity` of videoAnalytics: one type per call."""
    call.only("q", "entity", "type", "aggregation", "timeRange", "start", "count")
    urn, kind = posts.post_urn(call.text("entity")), call.text("type")
    count_items(call.request, 1)
    call.need("r_organization_social")
    aggregation = call.text("aggregation", "ALL")
    if kind not in VIDEO_TYPES or aggregation not in ("ALL", "DAY"):
        raise invalid("Parameter 'type' or 'aggregation' has a value that does not exist")
    post = posts.found(call.world, urn)
    if post is not None and call.role_at(post.facts["author"]) not in POSTING_ROLES:
        raise call.denied()
    elements = video_elements(call, post, kind, aggregation) if post is not None else []
    return answer({"elements": elements, "paging": {}})


def video_elements(call: Call, post: Post, kind: str, aggregation: str) -> list[dict[str, Any]]:
    now = call.world.now()
    gone = now - post.created_at > VIDEO_LIFE_S and kind != "TIME_WATCHED"
    if post.kind != "video" or (post.truth is None and gone):
        return []
    asked = call.query.get("timeRange")
    span = (post.created_at, now) if asked is None else spans.milliseconds(asked)
    if asked is None and aggregation == "ALL":
        readings = [(span, numbers.now(call.world, post))]
    else:
        pieces = spans.pieces(span, aggregation)
        readings = [(piece, numbers.between(call.world, post, *piece)) for piece in pieces]
    return [
        video_element(call, post, kind, reading["video"][kind], piece)
        for piece, reading in readings
        if kind in reading.get("video", {})
    ]


def video_element(call: Call, post: Post, kind: str, value: Any, span: spans.Span) -> dict[str, Any]:
    """Below ADMINISTRATOR the value is a false 0 (section 3.3)."""
    admin = call.role_at(post.facts["author"]) == "ADMINISTRATOR"
    return {
        "entity": post.id,
        "statisticsType": kind,
        "value": value if admin else 0,
        "timeRange": {"start": int(span[0] * 1000), "end": int(span[1] * 1000)},
    }
