"""`reports.query` of the YouTube Analytics API (youtube.md §3.4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from aiohttp import web

from sextant.sandbox.network import count_items, json
from sextant.sandbox.world import Account, Post, World
from sextant.sandbox.youtube.access import ANALYTICS, PACIFIC, PLATFORM, READ, caller, known_only
from sextant.sandbox.youtube.errors import Refused, refuse
from sextant.sandbox.youtube.numbers import AVERAGES, FIGURES, figures

REVENUE = frozenset(
    {
        "estimatedRevenue",
        "estimatedAdRevenue",
        "estimatedRedPartnerRevenue",
        "grossRevenue",
        "cpm",
        "playbackBasedCpm",
        "monetizedPlaybacks",
        "adImpressions",
    }
)
SHAPES = ((), ("video",), ("day",))
DIMENSIONS = ("video", "day", "month", "country", "creatorContentType", "deviceType", "subscribedStatus")
# 500 ids is widely quoted, not confirmed; top-videos reports give at most 200 rows (youtube.md §3.4).
MOST_VIDEOS, MOST_ROWS = 500, 200
NOT_SUPPORTED = "The query is not supported. Check the documentation for supported queries."
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
PARAMETERS = (
    "ids",
    "startDate",
    "endDate",
    "metrics",
    "dimensions",
    "filters",
    "sort",
    "maxResults",
    "startIndex",
    "currency",
    "includeHistoricalChannelData",
)


@dataclass(frozen=True, slots=True)
class Query:
    """A report asked for. `videos` None: all of the channel."""

    start: date
    end: date
    metrics: tuple[str, ...]
    dimensions: tuple[str, ...]
    videos: tuple[str, ...] | None
    sort: tuple[str, ...]
    limit: int | None
    skip: int

    @property
    def columns(self) -> tuple[str, ...]:
        return self.dimensions + self.metrics


async def query(world: World, request: web.Request) -> web.Response:
    """GET /v2/reports. `rows` is left out when there are none."""
    account = caller(world, request, ANALYTICS, READ)
    asked = query_of(request, account)
    posts = covered(world, account, asked)
    count_items(request, len(posts) if asked.videos is None else len(set(asked.videos)))
    rows = ordered(table(world, asked, posts), asked)
    body: dict[str, Any] = {
        "kind": "youtubeAnalytics#resultTable",
        "columnHeaders": [header(name) for name in asked.columns],
    }
    return json({**body, "rows": rows} if rows else body)


# ---- what is asked -------------------------------------------------------------------------------


def query_of(request: web.Request, account: Account) -> Query:
    known_only(request, *PARAMETERS)
    check_ids(required(request, "ids"), account)
    start, end = day_of(request, "startDate"), day_of(request, "endDate")
    if start > end:
        raise bad(f"Invalid date range: startDate {start} is after endDate {end}.")
    asked = Query(
        start=start,
        end=end,
        metrics=names(required(request, "metrics")),
        dimensions=names(request.query.get("dimensions", "")),
        videos=videos_of(request.query.get("filters", "")),
        sort=names(request.query.get("sort", "")),
        limit=positive(request, "maxResults"),
        skip=(positive(request, "startIndex") or 1) - 1,
    )
    check(asked)
    return asked


def check_ids(ids: str, account: Account) -> None:
    if ids.startswith("contentOwner=="):
        raise refuse(403, "forbidden", "Forbidden")
    if not ids.startswith("channel=="):
        raise bad(f"Invalid value for parameter ids: {ids}")
    if ids not in ("channel==MINE", f"channel=={account.id}"):
        raise refuse(403, "forbidden", "Forbidden")


def check(asked: Query) -> None:
    for name in asked.metrics:
        if name not in FIGURES | REVENUE:
            raise unknown(name, "metrics")
    for name in asked.dimensions:
        if name not in DIMENSIONS:
            raise unknown(name, "dimensions")
    for name in asked.sort:
        if name.removeprefix("-") not in asked.columns:
            raise unknown(name, "sort")
    # The sandbox's channel is not in the Partner Programme.
    if REVENUE.intersection(asked.metrics):
        raise refuse(403, "forbidden", "Forbidden")
    if asked.dimensions not in SHAPES:
        raise bad(NOT_SUPPORTED)
    check_size(asked)


def check_size(asked: Query) -> None:
    top = asked.dimensions == ("video",) and asked.videos is None
    if top and (not asked.sort or asked.limit is None):
        raise bad(NOT_SUPPORTED)
    if asked.dimensions == ("video",) and (asked.limit or 0) > MOST_ROWS:
        raise bad(f"The value of maxResults must be at most {MOST_ROWS}.")
    if len(asked.videos or ()) > MOST_VIDEOS:
        raise bad(f"A filter takes at most {MOST_VIDEOS} values.")


def videos_of(filters: str) -> tuple[str, ...] | None:
    """The ids of `video==a,b`; other filters are not offered here."""
    if not filters:
        return None
    name, joint, values = filters.partition("==")
    if name != "video" or not joint or not values or ";" in filters:
        raise bad(NOT_SUPPORTED)
    return names(values)


def required(request: web.Request, name: str) -> str:
    value = request.query.get(name, "")
    if not value:
        raise refuse(400, "required", f"Required parameter: {name}")
    return value


def day_of(request: web.Request, name: str) -> date:
    text = required(request, name)
    try:
        return date.fromisoformat(text if DAY.fullmatch(text) else "")
    except ValueError:
        raise bad(f"Invalid value for parameter {name}: {text}. Dates are YYYY-MM-DD.") from None


def positive(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise bad(f"Invalid value '{text}' for parameter {name}.")
    return int(text)


def names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


def unknown(name: str, parameter: str) -> Refused:
    return bad(f"Unknown identifier ({name}) given in field parameters.{parameter}.")


def bad(message: str) -> Refused:
    return refuse(400, "badRequest", message)


# ---- what is answered ----------------------------------------------------------------------------


def covered(world: World, account: Account, asked: Query) -> list[Post]:
    """The channel's videos, or those of them that were asked for."""
    if asked.videos is None:
        return [*world.posts_of(PLATFORM, account.id)]
    posts = [world.post(PLATFORM, native_id) for native_id in dict.fromkeys(asked.videos)]
    return [post for post in posts if post is not None and post.account_id == account.id]


def header(name: str) -> dict[str, str]:
    if name in DIMENSIONS:
        return {"name": name, "columnType": "DIMENSION", "dataType": "STRING"}
    kind = "FLOAT" if name == "averageViewPercentage" else "INTEGER"
    return {"name": name, "columnType": "METRIC", "dataType": kind}


def table(world: World, asked: Query, posts: list[Post]) -> list[list[Any]]:
    """The rows, unsorted: one for all videos together, one per video, or one per day."""
    match asked.dimensions:
        case ("video",):
            groups = [([post.id], [post], asked.start, asked.end) for post in posts]
        case ("day",):
            days = [asked.start + timedelta(n) for n in range((asked.end - asked.start).days + 1)]
            groups = [([day.isoformat()], posts, day, day) for day in days]
        case _:
            groups = [([], posts, asked.start, asked.end)]
    rows = []
    for key, members, first, last in groups:
        window = midnight(first), midnight(last + timedelta(1))
        found = [figures(world, post, *window, midnight(asked.start)) for post in members]
        if counted := [row for row in found if row is not None]:
            rows.append([*key, *(together(counted, name) for name in asked.metrics)])
    return rows


def together(rows: Sequence[dict[str, Any]], name: str) -> Any:
    """One figure of several videos: summed, or averaged by views. Null where nobody has it."""
    present = [row for row in rows if row.get(name) is not None]
    if len(present) <= 1:
        return present[0][name] if present else None
    if name not in AVERAGES:
        return sum(row[name] for row in present)
    weights = [row.get("views") or 1 for row in present]
    mean = sum(row[name] * weight for row, weight in zip(present, weights, strict=True)) / sum(weights)
    return round(mean, 1) if name == "averageViewPercentage" else round(mean)


def ordered(rows: list[list[Any]], asked: Query) -> list[list[Any]]:
    for name in reversed(asked.sort):
        rows.sort(key=by(asked.columns.index(name.removeprefix("-"))), reverse=name.startswith("-"))
    most = None if asked.limit is None else asked.skip + asked.limit
    return rows[asked.skip : most]


def by(column: int) -> Callable[[list[Any]], tuple[bool, Any]]:
    """Sorts by one column, nulls first."""
    return lambda row: (row[column] is not None, row[column] or 0)


def midnight(day: date) -> float:
    return datetime.combine(day, time(), PACIFIC).timestamp()
