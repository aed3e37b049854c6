"""Reading YouTube through the real client. Example answers are youtube.md's, as they stand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from sextant.errors import Gone, Reconnect, TryLater, WaitUntil
from sextant.metrics import KEYS, Reason
from sextant.normalize import normalize
from sextant.platforms.base import Account, Grant, Published, Reading
from sextant.platforms.catalogue import Kind
from sextant.platforms.youtube import PLATFORM
from tests.calls import call_for
from tests.waiting import PATIENCE_S
from tests.wire import Scripted

COUNTS = "/youtube.googleapis.com/youtube/v3/videos:batchGetStats"
REPORTS = "/youtubeanalytics.googleapis.com/v2/reports"
CHANNEL = Account("UC_x5XG1OV2P6uZZ5FSM9Ttw", "Google for Developers", "channel")
VIDEO = "D-lhorsDlUQ"

VIDEOS_LIST = {
    "kind": "youtube#videoListResponse",
    "etag": "e",
    "items": [
        {
            "kind": "youtube#video",
            "etag": "e",
            "id": "D-lhorsDlUQ",
            "statistics": {
                "viewCount": "7920",
                "likeCount": "190",
                "favoriteCount": "0",
                "commentCount": "32",
            },
        }
    ],
    "pageInfo": {"totalResults": 1, "resultsPerPage": 1},
}
BATCH_STATS = {
    "kind": "youtube#batchGetStatsResponse",
    "etag": "e",
    "items": [
        {
            "kind": "youtube#videoStats",
            "etag": "e",
            "id": "D-lhorsDlUQ",
            "snippet": {"publishTime": "2019-08-19T16:00:00Z"},
            "statistics": {"viewCount": "7920", "likeCount": "190", "commentCount": "32"},
            "contentDetails": {"duration": "361s"},
        }
    ],
}
REPORT = {
    "kind": "youtubeAnalytics#resultTable",
    "columnHeaders": [
        {"name": "video", "columnType": "DIMENSION", "dataType": "STRING"},
        {"name": "views", "columnType": "METRIC", "dataType": "INTEGER"},
        {"name": "engagedViews", "columnType": "METRIC", "dataType": "INTEGER"},
        {"name": "likes", "columnType": "METRIC", "dataType": "INTEGER"},
        {"name": "comments", "columnType": "METRIC", "dataType": "INTEGER"},
        {"name": "shares", "columnType": "METRIC", "dataType": "INTEGER"},
        {"name": "estimatedMinutesWatched", "columnType": "METRIC", "dataType": "INTEGER"},
        {"name": "averageViewDuration", "columnType": "METRIC", "dataType": "INTEGER"},
        {"name": "averageViewPercentage", "columnType": "METRIC", "dataType": "FLOAT"},
    ],
    "rows": [["D-lhorsDlUQ", 7920, 6100, 190, 32, 14, 18342, 138, 38.4]],
}
NO_ROWS = {name: value for name, value in REPORT.items() if name != "rows"}
FULL = {
    "likes": 190,
    "comments": 32,
    "shares": 14,
    "views": 7920,
    "video_views": 7920,
    "video_watch_time_ms": 18342 * 60_000,
}


def post(video: str = VIDEO, at: datetime | None = None) -> Published:
    return Published(video, Kind.VIDEO, None, at or datetime.now(UTC) - timedelta(days=5))


def network(counts: Any = BATCH_STATS, report: Any = REPORT, *statuses: int) -> Scripted:
    counted, reported = statuses or (200, 200)
    return Scripted().on("GET", COUNTS, counts, counted).on("GET", REPORTS, report, reported)


async def read(peer: Scripted, *posts: Published) -> list[Reading]:
    call = call_for(PLATFORM, peer.url, CHANNEL, Grant("t0ken", refresh_token="r"))
    try:
        return await PLATFORM.read(call, posts or (post(),))
    finally:
        await call.wire.close()


def numbers(reading: Reading) -> tuple[dict[str, Any], dict[str, Reason]]:
    metrics, missing = normalize(PLATFORM.catalogue, reading.raw, Kind.VIDEO, reading.refused)
    assert tuple(metrics) == KEYS
    assert set(missing) == {key for key, value in metrics.items() if value is None}
    return {key: value for key, value in metrics.items() if value is not None}, missing


def stats(**statistics: str) -> dict[str, Any]:
    return {"kind": "youtube#batchGetStatsResponse", "items": [{"id": VIDEO, "statistics": statistics}]}


@pytest.mark.parametrize("counts", [BATCH_STATS, VIDEOS_LIST], ids=["batchGetStats", "videos.list"])
async def test_example_answers(counts: Any) -> None:
    async with network(counts) as peer:
        [reading] = await read(peer)
    metrics, missing = numbers(reading)
    assert metrics == FULL
    assert {missing[key] for key in ("saves", "impressions", "engagement")} == {Reason.UNSUPPORTED}
    assert reading.fault is None


async def test_raw_is_what_the_network_sent() -> None:
    async with network() as peer:
        [reading] = await read(peer)
    assert reading.raw == {
        "viewCount": "7920",
        "likeCount": "190",
        "commentCount": "32",
        "engagedViews": 6100,
        "shares": 14,
        "estimatedMinutesWatched": 18342,
        "averageViewDuration": 138,
        "averageViewPercentage": 38.4,
    }


async def test_the_requests_of_one_batch() -> None:
    first, today = datetime(2026, 11, 2, 3, tzinfo=UTC), datetime.now(UTC).date()
    async with network() as peer:
        await read(peer, post(), post("AAAAAAAAAAA", first))
    asked = {request.path: request.query for request in peer.asked}
    assert len(peer.asked) == 2
    assert asked[COUNTS]["id"] == "D-lhorsDlUQ,AAAAAAAAAAA"
    report = asked[REPORTS]
    assert report["ids"] == "channel==MINE"
    assert report["filters"] == "video==D-lhorsDlUQ,AAAAAAAAAAA"
    assert report["dimensions"] == "video"
    assert report["startDate"] == "2026-11-01"
    assert report["endDate"] in (today.isoformat(), datetime.now(UTC).date().isoformat())
    metrics = report["metrics"].split(",")
    assert not {"views", "likes", "comments"} & set(metrics)
    assert report["sort"].removeprefix("-") in metrics


async def test_both_calls_are_under_way_at_once() -> None:
    both = asyncio.Barrier(2)

    class Slow(Scripted):
        async def _answer(self, request: web.Request) -> web.StreamResponse:
            await asyncio.wait_for(both.wait(), PATIENCE_S)
            return await super()._answer(request)

    async with Slow().on("GET", COUNTS, BATCH_STATS).on("GET", REPORTS, REPORT) as peer:
        [reading] = await read(peer)
    assert numbers(reading)[0] == FULL


async def test_posts_are_matched_by_id_and_columns_by_name() -> None:
    other = {"id": "AAAAAAAAAAA", "statistics": {"viewCount": "1"}}
    counts = {"items": [other, BATCH_STATS["items"][0]]}  # type: ignore[index]
    report = {
        "columnHeaders": [{"name": "shares"}, {"name": "video"}],
        "rows": [[3, "AAAAAAAAAAA"], [14, VIDEO]],
    }
    async with network(counts, report) as peer:
        mine, others = await read(peer, post(), post("AAAAAAAAAAA"))
    assert (numbers(mine)[0]["shares"], numbers(others)[0]["shares"]) == (14, 3)
    assert numbers(others)[0]["views"] == 1


async def test_hidden_counts_and_real_zeros() -> None:
    async with network(stats(viewCount="0"), NO_ROWS) as peer:
        [reading] = await read(peer)
    metrics, missing = numbers(reading)
    assert metrics == {"views": 0, "video_views": 0}
    assert missing["likes"] is missing["comments"] is Reason.HIDDEN
    assert missing["shares"] is missing["video_watch_time_ms"] is Reason.NOT_YET_AVAILABLE


async def test_late_sums_never_stand_in_for_hidden_counts() -> None:
    async with network(stats(commentCount="1")) as peer:
        [reading] = await read(peer)
    missing = numbers(reading)[1]
    assert missing["likes"] is missing["views"] is Reason.HIDDEN


async def test_a_zero_in_a_row_is_a_zero_and_big_counts_stay_exact() -> None:
    names = [{"name": "video"}, {"name": "shares"}, {"name": "estimatedMinutesWatched"}]
    report = {"columnHeaders": names, "rows": [[VIDEO, 0, 0]]}
    async with network(stats(viewCount="9007199254740993"), report) as peer:
        [reading] = await read(peer)
    metrics = numbers(reading)[0]
    assert (metrics["shares"], metrics["video_watch_time_ms"]) == (0, 0)
    assert metrics["views"] == 9007199254740993


@pytest.mark.parametrize("counts", [{"items": []}, {"kind": "youtube#batchGetStatsResponse"}])
async def test_an_id_that_is_missing_is_gone(counts: Any) -> None:
    async with network(counts) as peer:
        [reading] = await read(peer)
    assert isinstance(reading.fault, Gone)
    assert reading.raw == {}


async def test_zeros_of_another_channels_video_are_false() -> None:
    zeros = {"viewCount": "0", "likeCount": "0", "commentCount": "0"}
    foreign = {"items": [{"id": VIDEO, "snippet": {"channelId": "UCother"}, "statistics": zeros}]}
    async with network(foreign, NO_ROWS) as peer:
        [reading] = await read(peer)
    metrics, missing = numbers(reading)
    assert metrics == {}
    assert missing["views"] is missing["shares"] is Reason.NOT_AUTHORIZED


FORBIDDEN = {"error": {"code": 403, "message": "Forbidden", "errors": [{"reason": "forbidden"}]}}
NO_SCOPE = {"error": {"code": 403, "message": "No.", "errors": [{"reason": "insufficientPermissions"}]}}
DOWN = {"error": {"code": 503, "message": "Down.", "errors": [{"reason": "backendError"}]}}
QUOTA = {"error": {"code": 403, "message": "Quota.", "errors": [{"reason": "quotaExceeded"}]}}


@pytest.mark.parametrize("body", [FORBIDDEN, NO_SCOPE])
async def test_without_the_analytics_scope(body: Any) -> None:
    async with network(BATCH_STATS, body, 200, 403) as peer:
        [reading] = await read(peer)
    metrics, missing = numbers(reading)
    assert metrics == {"likes": 190, "comments": 32, "views": 7920, "video_views": 7920}
    assert missing["shares"] is missing["video_watch_time_ms"] is Reason.NOT_AUTHORIZED
    assert reading.fault is None


@pytest.mark.parametrize(
    ("body", "status", "fault"),
    [(DOWN, 503, TryLater), (QUOTA, 403, WaitUntil), ("<html>", 200, TryLater)],
)
async def test_reports_that_fail_leave_the_counts(body: Any, status: int, fault: type[Exception]) -> None:
    async with network(BATCH_STATS, body, 200, status) as peer:
        [reading] = await read(peer)
    metrics, missing = numbers(reading)
    assert metrics["views"] == 7920
    assert missing["shares"] is Reason.UPSTREAM_ERROR
    assert isinstance(reading.fault, fault)


@pytest.mark.parametrize(
    ("body", "status", "fault"),
    [
        (DOWN, 503, TryLater),
        (QUOTA, 403, WaitUntil),
        (NO_SCOPE, 403, Reconnect),
        ("<html>", 200, TryLater),
        ({}, 200, TryLater),
    ],
)
async def test_counts_that_fail_are_a_fault(body: Any, status: int, fault: type[Exception]) -> None:
    async with network(body, REPORT, status, 200) as peer:
        with pytest.raises(fault):
            await read(peer)
