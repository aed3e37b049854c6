"""Reading YouTube's numbers: near-real-time counts and late reports, side by side (youtube.md §3)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sextant.errors import ActOutside, Fault, Gone, NoValue, Reconnect, TryLater
from sextant.metrics import Reason
from sextant.platforms.allowances import spending
from sextant.platforms.answers import camel_keys, count
from sextant.platforms.base import Answer, Call, Json, Published, Reading, Refusal, Request, together
from sextant.platforms.negotiation import negotiated, offered
from sextant.platforms.shape import items, mapping, objects
from sextant.platforms.waves import wave
from sextant.platforms.withdrawn import Scope
from sextant.platforms.youtube.auth import DATA
from sextant.platforms.youtube.errors import NotOffered, QueryNotSupported, UnknownName
from sextant.platforms.youtube.quota import LOOK, REPORTS, STATS

ANALYTICS = "https://youtubeanalytics.googleapis.com"

# Views, likes and comments are not asked for here: as late window sums they are another clock (§3.1).
REPORTED = (
    "engagedViews",
    "shares",
    "estimatedMinutesWatched",
    "averageViewDuration",
    "averageViewPercentage",
)
METRIC_KEYS = {"shares": "shares", "estimatedMinutesWatched": "video_watch_time_ms"}
REPORT_KEYS = tuple(METRIC_KEYS.values())
STATISTICS_KEYS = ("likes", "comments", "views", "video_views")

OTHER_CHANNEL = Refusal(
    Reason.NOT_AUTHORIZED, "The video belongs to another channel, and YouTube shows only zeros for it."
)

IDS = 50
"""Most ids in one call for counts; a report takes 200 (§3.2, §3.4)."""
BATCH = 200
BATCH_STATS = "batchGetStats"
LIST = "videos"
TOGETHER = "several videos in one report"
WORD = re.compile(r"\w+")

Row = Mapping[str, Json]
"""Report columns of one video."""
Rows = Mapping[str, Row | Fault]
"""By video id; a Fault where a video's own report failed."""
Counted = tuple[Sequence[Published], dict[str, Json] | Fault]
"""Up to 50 posts, and their videos by id or why there are none."""


async def read(call: Call, posts: Sequence[Published]) -> list[Reading]:
    """Both sources at once. Without the report the counts are still good (§3.1), not the other way round."""
    counted, reported = await together(statistics(call, posts), reports(call, posts))
    if isinstance(counted, Fault):
        raise counted
    gone = withdrawn_keys(call)
    return [
        Reading(post.id, fault=items)
        if isinstance(items, Fault)
        else reading(call, post, items.get(post.id), row_of(reported, post), gone)
        for group, items in counted
        for post in group
    ]


def row_of(reported: Rows | Fault, post: Published) -> Row | Fault:
    """Empty where the report has no row: not known yet (§3.4)."""
    return reported if isinstance(reported, Fault) else reported.get(post.id, {})


# ---- counts ------------------------------------------------------------------------------------------


async def statistics(call: Call, posts: Sequence[Published]) -> list[Counted]:
    """The counts in groups of 50, by videos.list where the project may not use batchGetStats (§3.2, §3.3)."""
    groups = [posts[start : start + IDS] for start in range(0, len(posts), IDS)]
    scope = scope_of(call, "videos")
    found = []
    if BATCH_STATS not in call.withdrawn.known(scope, call.now):
        found = await ask_statistics(call, f"videos:{BATCH_STATS}", groups)
    refusal = next((answer for answer in found if isinstance(answer, NotOffered)), None)
    if refusal or not found:
        found = await ask_statistics(call, LIST, groups)
    if refusal and not all(isinstance(answer, Fault) for answer in found):
        call.withdrawn.add(scope, BATCH_STATS, refusal.message, call.now)
    if all(isinstance(answer, Fault) for answer in found):
        raise next(answer for answer in found if isinstance(answer, Fault))
    return list(zip(groups, found, strict=True))


async def ask_statistics(
    call: Call, method: str, groups: Sequence[Sequence[Published]]
) -> list[dict[str, Json] | Fault]:
    answers = await wave(call, (statistics_request(method, posts) for posts in groups))
    return [items_of(answer) for answer in answers]


def statistics_request(method: str, posts: Sequence[Published]) -> Request:
    params = {"part": "id,snippet,statistics", "id": listed(posts)}
    spends = LOOK if method == LIST else spending(STATS)
    return Request("GET", f"{DATA}/youtube/v3/{method}", params=params, posts=len(posts), spends=spends)


def scope_of(call: Call, source: str) -> Scope:
    return "youtube", call.account.id, source, call.app.api_version


# ---- reports -----------------------------------------------------------------------------------------


async def reports(call: Call, posts: Sequence[Published]) -> Rows:
    """One report of all videos, or one of each where YouTube does not offer that shape (§3.4)."""
    scope = scope_of(call, "reports")
    if not offered(call, scope, REPORTED):
        return {}
    if TOGETHER not in call.withdrawn.known(scope, call.now):
        try:
            return rows_of((await report(call, posts)).json)
        except QueryNotSupported as refusal:
            rows = await reports_apart(call, posts)
            call.withdrawn.add(scope, TOGETHER, refusal.message, call.now)
            return rows
    return await reports_apart(call, posts)


async def reports_apart(call: Call, posts: Sequence[Published]) -> Rows:
    """The first alone, so that a refused metric is found out only once; then the others side by side."""
    first, *others = posts
    answers: list[Answer | Fault] = [await report(call, [first], apart=True)]
    metrics = offered(call, scope_of(call, "reports"), REPORTED)
    requests = (report_request(call.now, [post], metrics, apart=True) for post in others)
    answers += await wave(call, requests if metrics else ())
    return {post.id: only_row(answer) for post, answer in zip(posts, answers, strict=False)}


async def report(call: Call, posts: Sequence[Published], apart: bool = False) -> Answer:
    """One report; a metric that YouTube no longer has costs only itself."""

    async def ask(metrics: Sequence[str]) -> Answer:
        return await call.send(report_request(call.now, posts, metrics, apart))

    return await negotiated(call, scope_of(call, "reports"), REPORTED, ask, blamed)


def report_request(
    now: datetime, posts: Sequence[Published], metrics: Sequence[str], apart: bool = False
) -> Request:
    """Lifetime sums: from the first publish date on, a day early since days are Pacific time (§3.4)."""
    first = min(post.at for post in posts) - timedelta(days=1)
    params = {
        "ids": "channel==MINE",
        "startDate": first.date().isoformat(),
        "endDate": now.date().isoformat(),
        "metrics": ",".join(metrics),
        "filters": f"video=={listed(posts)}",
    }
    by_video = {
        "dimensions": "video",
        "sort": "".join(f"-{name}" for name in metrics[:1]),
        "maxResults": "200",
    }
    params |= {} if apart else by_video
    spends = spending(REPORTS)
    return Request("GET", f"{ANALYTICS}/v2/reports", params=params, posts=len(posts), spends=spends)


def blamed(fault: Fault, names: Sequence[str]) -> list[str] | None:
    """The metrics that a refused report names."""
    if not isinstance(fault, UnknownName):
        return None
    words = set(WORD.findall(fault.message))
    return [name for name in names if name in words]


def withdrawn_keys(call: Call) -> dict[str, Refusal]:
    refused = call.withdrawn.known(scope_of(call, "reports"), call.now)
    return {
        METRIC_KEYS[name]: Refusal(Reason.UNSUPPORTED, words)
        for name, words in refused.items()
        if name in METRIC_KEYS
    }


def listed(posts: Sequence[Published]) -> str:
    return ",".join(post.id for post in posts)


def items_of(answer: Answer | Fault) -> dict[str, Json] | Fault:
    """By id, never by position (§3.2). An answer that is not even a list of videos tells nothing."""
    if isinstance(answer, Fault):
        return answer
    if "items" not in answer.json and "kind" not in answer.json:
        return TryLater("YouTube answered without a list of videos.")
    return {str(item.get("id")): item for item in objects(answer.json.get("items"))}


def rows_of(report: Json) -> Rows:
    """By column name; `rows` is left out entirely when there is no data (§3.4)."""
    names = [str(mapping(column).get("name")) for column in items(report.get("columnHeaders"))]
    tables = [dict(zip(names, items(row), strict=False)) for row in items(report.get("rows"))]
    return {
        str(table["video"]): {name: table[name] for name in REPORTED if name in table}
        for table in tables
        if "video" in table
    }


def only_row(answer: Answer | Fault) -> Row | Fault:
    """The one row of a report about one video."""
    if isinstance(answer, Fault):
        return answer
    names = [str(mapping(column).get("name")) for column in items(answer.json.get("columnHeaders"))]
    row: Json = next(iter(items(answer.json.get("rows"))), [])
    return {name: value for name, value in zip(names, items(row), strict=False) if name in REPORTED}


def reading(
    call: Call, post: Published, item: Json, told: Row | Fault, gone: Mapping[str, Refusal]
) -> Reading:
    """`told`: the report's row, or why there is none."""
    if item is None:
        return Reading(
            post.id, fault=Gone("YouTube no longer lists the video: deleted, or private to others.")
        )
    statistics = mapping(item.get("statistics"))
    trouble, row = (told, {}) if isinstance(told, Fault) else (None, told)
    refused = {**refusals(trouble), **gone}
    raw = {**camel_keys(statistics), **row}
    if is_foreign(item, call.account.id) and not any(count(value) for value in statistics.values()):
        refused = {**refused, **dict.fromkeys((*STATISTICS_KEYS, *REPORT_KEYS), OTHER_CHANNEL)}
    fault = None if trouble is None or lacks_permission(trouble) else trouble
    return Reading(post.id, raw, refused=refused, fault=fault)


def is_foreign(item: Json, channel: str) -> bool:
    """Whether the video is another channel's, where YouTube names the channel."""
    owner = mapping(item.get("snippet")).get("channelId")
    return owner is not None and owner != channel


def refusals(trouble: Fault | None) -> dict[str, Refusal]:
    if trouble is None:
        return {}
    reason = Reason.NOT_AUTHORIZED if lacks_permission(trouble) else Reason.UPSTREAM_ERROR
    return dict.fromkeys(REPORT_KEYS, Refusal(reason, trouble.message))


def lacks_permission(trouble: Fault) -> bool:
    """A Reconnect here means a scope: with a dead grant the counts would have been refused too."""
    return isinstance(trouble, NoValue | ActOutside | Reconnect)
