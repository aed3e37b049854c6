"""Reading YouTube's numbers: near-real-time counts and late reports, side by side (youtube.md §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sextant.errors import ActOutside, Fault, Gone, NoValue, Reconnect, TryLater
from sextant.metrics import Reason
from sextant.platforms.base import (
    Answer,
    Call,
    Json,
    Published,
    Reading,
    Refusal,
    Request,
    camel_keys,
    count,
    together,
)
from sextant.platforms.youtube.auth import DATA

ANALYTICS = "https://youtubeanalytics.googleapis.com"

# Views, likes and comments are not asked for here: as late window sums they are another clock (§3.1).
REPORTED = (
    "engagedViews",
    "shares",
    "estimatedMinutesWatched",
    "averageViewDuration",
    "averageViewPercentage",
)
REPORT_KEYS = ("shares", "video_watch_time_ms")
STATISTICS_KEYS = ("likes", "comments", "views", "video_views")

OTHER_CHANNEL = Refusal(
    Reason.NOT_AUTHORIZED, "The video belongs to another channel, and YouTube shows only zeros for it."
)

Rows = Mapping[str, Mapping[str, Json]]
"""Report columns by video id."""


async def read(call: Call, posts: Sequence[Published]) -> list[Reading]:
    """Both sources at once. Without the report the counts are still good (§3.1), not the other way round."""
    counted, reported = await together(
        call.send(statistics_request(posts)), call.send(report_request(call.now, posts))
    )
    if isinstance(counted, Fault):
        raise counted
    items = items_of(counted)
    trouble = reported if isinstance(reported, Fault) else None
    rows = {} if trouble else rows_of(reported.json)
    return [reading(call, post, items.get(post.id), rows, trouble) for post in posts]


def statistics_request(posts: Sequence[Published]) -> Request:
    params = {"part": "id,snippet,statistics", "id": listed(posts)}
    return Request("GET", f"{DATA}/youtube/v3/videos:batchGetStats", params=params, posts=len(posts))


def report_request(now: datetime, posts: Sequence[Published]) -> Request:
    """Lifetime sums: from the first publish date on, a day early since days are Pacific time (§3.4)."""
    first = min(post.at for post in posts) - timedelta(days=1)
    params = {
        "ids": "channel==MINE",
        "startDate": first.date().isoformat(),
        "endDate": now.date().isoformat(),
        "metrics": ",".join(REPORTED),
        "dimensions": "video",
        "filters": f"video=={listed(posts)}",
        "sort": "-estimatedMinutesWatched",
        "maxResults": "200",
    }
    return Request("GET", f"{ANALYTICS}/v2/reports", params=params, posts=len(posts))


def listed(posts: Sequence[Published]) -> str:
    return ",".join(post.id for post in posts)


def items_of(answer: Answer) -> dict[str, Json]:
    """By id, never by position (§3.2). An answer that is not even a list of videos tells nothing."""
    if "items" not in answer.json and "kind" not in answer.json:
        raise TryLater("YouTube answered without a list of videos.")
    return {item["id"]: item for item in answer.json.get("items") or []}


def rows_of(report: Json) -> Rows:
    """By column name; `rows` is left out entirely when there is no data (§3.4)."""
    names = [column["name"] for column in report.get("columnHeaders") or []]
    tables = [dict(zip(names, row, strict=False)) for row in report.get("rows") or []]
    return {
        str(table["video"]): {name: table[name] for name in REPORTED if name in table}
        for table in tables
        if "video" in table
    }


def reading(call: Call, post: Published, item: Json, rows: Rows, trouble: Fault | None) -> Reading:
    if item is None:
        return Reading(
            post.id, fault=Gone("YouTube no longer lists the video: deleted, or private to others.")
        )
    statistics = item.get("statistics") or {}
    raw = {**camel_keys(statistics), **rows.get(post.id, {})}
    refused = refusals(trouble)
    if is_foreign(item, call.account.id) and not any(count(value) for value in statistics.values()):
        refused |= dict.fromkeys((*STATISTICS_KEYS, *REPORT_KEYS), OTHER_CHANNEL)
    fault = None if trouble is None or lacks_permission(trouble) else trouble
    return Reading(post.id, raw, refused=refused, fault=fault)


def is_foreign(item: Json, channel: str) -> bool:
    """Whether the video is another channel's, where YouTube names the channel."""
    owner = (item.get("snippet") or {}).get("channelId")
    return owner is not None and owner != channel


def refusals(trouble: Fault | None) -> dict[str, Refusal]:
    if trouble is None:
        return {}
    reason = Reason.NOT_AUTHORIZED if lacks_permission(trouble) else Reason.UPSTREAM_ERROR
    return dict.fromkeys(REPORT_KEYS, Refusal(reason, trouble.message))


def lacks_permission(trouble: Fault) -> bool:
    """A Reconnect here means a scope: with a dead grant the counts would have been refused too."""
    return isinstance(trouble, NoValue | ActOutside | Reconnect)
