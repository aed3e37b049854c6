"""YouTube: what is asked for when a method, a report's shape or a metric is refused (youtube.md §3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from sextant.errors import Gone, Reconnect, TryLater
from sextant.http import AccountCall
from sextant.metrics import Reason
from sextant.platforms.base import Account, Grant
from sextant.platforms.catalogue import Kind
from sextant.platforms.youtube import PLATFORM
from tests.platforms.adapters import calling, numbers, post
from tests.wire import Scripted

CHANNEL = Account("UC_x5XG1OV2P6uZZ5FSM9Ttw", "Google for Developers", "channel")
NOT_SUPPORTED = "The query is not supported. Check the documentation for supported queries."
STATISTICS = {"viewCount": "9", "likeCount": "0", "commentCount": "2"}
FIGURES = {"shares": 4, "estimatedMinutesWatched": 5}


def refused(status: int, reason: str, message: str = "Words.") -> web.Response:
    entry = {"reason": reason, "message": message}
    return web.json_response(
        {"error": {"code": status, "message": message, "errors": [entry]}}, status=status
    )


class Channel(Scripted):
    """A channel whose project lacks some things; every video has the same numbers."""

    batch_refusal: tuple[int, str] | None = None
    single_reports = False
    lost = ""
    broken = ""
    """A video whose group of ids or own report fails."""

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        await super()._answer(request)
        if request.path.endswith("/reports"):
            return self.report(request)
        if request.path.endswith(":batchGetStats") and self.batch_refusal:
            return refused(*self.batch_refusal)
        ids = request.query["id"].split(",")
        if self.broken in ids or len(ids) > 50:
            return refused(503, "backendError")
        found = [{"id": video, "statistics": STATISTICS} for video in reversed(ids) if video != "gone"]
        return web.json_response({"kind": "youtube#videoListResponse", "items": found})

    def report(self, request: web.Request) -> web.Response:
        ids = request.query["filters"].removeprefix("video==").split(",")
        metrics = request.query["metrics"].split(",")
        grouped = "dimensions" in request.query
        assert len(ids) <= 200
        if grouped and self.single_reports:
            return refused(400, "badRequest", NOT_SUPPORTED)
        if self.lost in metrics:
            words = f"Unknown identifier ({self.lost}) given in field parameters.metrics."
            return refused(400, "badRequest", words)
        if self.broken in ids:
            return refused(503, "backendError")
        names = ["video", *metrics] if grouped else metrics
        rows = [[{"video": video, **FIGURES}.get(name, 1) for name in names] for video in ids]
        return web.json_response({"columnHeaders": [{"name": name} for name in names], "rows": rows})

    def counts(self) -> tuple[int, int, int]:
        """How often batchGetStats, videos.list and reports were asked."""
        paths = [asked.path for asked in self.asked]
        ends = (":batchGetStats", "/videos", "/reports")
        batch, listing, report = (sum(path.endswith(end) for path in paths) for end in ends)
        return batch, listing, report


@pytest.fixture
async def peer() -> AsyncIterator[Channel]:
    async with Channel() as peer:
        yield peer


@pytest.fixture
async def call(peer: Channel) -> AsyncIterator[AccountCall]:
    async with calling(PLATFORM, peer, CHANNEL, Grant("t0ken", refresh_token="r")) as call:
        yield call


def videos(count: int, start: int = 0) -> list[Any]:
    return [post(f"video{number}", Kind.VIDEO) for number in range(start, start + count)]


FULL = {"views": 9, "video_views": 9, "likes": 0, "comments": 2, "shares": 4, "video_watch_time_ms": 300_000}


async def test_a_thousand_posts_are_twenty_calls_for_counts_and_five_reports(
    peer: Channel, call: AccountCall
) -> None:
    batch = PLATFORM.limits.batch
    for start in range(0, 1000, batch):
        told = await numbers(call, *videos(batch, start))
        assert all(found == FULL for _, found, _ in told)
    assert peer.counts() == (20, 0, 5)


@pytest.mark.parametrize("refusal", [(404, "notFound"), (403, "accessNotConfigured"), (403, "forbidden")])
async def test_videos_list_stands_in_for_batch_get_stats(
    peer: Channel, call: AccountCall, refusal: tuple[int, str]
) -> None:
    peer.batch_refusal = refusal
    ((reading, found, _),) = await numbers(call, *videos(1))
    assert (found, reading.fault) == (FULL, None)
    assert peer.counts() == (1, 1, 1)
    await numbers(call, *videos(60))
    assert peer.counts() == (1, 3, 2), "the refusal is remembered"


async def test_a_missing_scope_is_no_missing_method(peer: Channel, call: AccountCall) -> None:
    peer.batch_refusal = (403, "insufficientPermissions")
    with pytest.raises(Reconnect):
        await numbers(call, *videos(1))
    assert peer.counts()[1] == 0


async def test_one_video_a_report_where_several_are_not_supported(peer: Channel, call: AccountCall) -> None:
    peer.single_reports = True
    told = await numbers(call, *videos(3))
    assert [found for _, found, _ in told] == [FULL] * 3
    assert peer.counts() == (1, 0, 1 + 3)
    await numbers(call, *videos(3))
    assert peer.counts() == (2, 0, 1 + 3 + 3), "the refusal is remembered"


async def test_a_single_report_that_fails_costs_only_its_own_post(peer: Channel, call: AccountCall) -> None:
    peer.single_reports, peer.broken = True, "video150"
    told = await numbers(call, *videos(151))
    assert [found for _, found, _ in told[:100]] == [FULL] * 100
    assert isinstance(told[150][0].fault, TryLater)
    assert told[0][0].fault is None


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize(
    ("metric", "key"), [("shares", "shares"), ("estimatedMinutesWatched", "video_watch_time_ms")]
)
async def test_a_metric_that_is_gone(
    peer: Channel, call: AccountCall, metric: str, key: str, single: bool
) -> None:
    peer.lost, peer.single_reports = metric, single
    told = await numbers(call, *videos(2))
    for reading, found, missing in told:
        assert found == {name: value for name, value in FULL.items() if name != key}
        assert missing[key] is Reason.UNSUPPORTED
        assert reading.fault is None
    before = peer.counts()[2]
    await numbers(call, *videos(2))
    assert peer.counts()[2] - before == (2 if single else 1)


async def test_a_group_that_fails_leaves_the_others(peer: Channel, call: AccountCall) -> None:
    peer.broken = "video55"
    told = await numbers(call, *videos(60))
    assert told[0][1]["views"] == 9
    assert isinstance(told[59][0].fault, TryLater)


async def test_a_video_that_is_gone_among_others(peer: Channel, call: AccountCall) -> None:
    told = await numbers(call, *videos(1), post("gone", Kind.VIDEO))
    assert told[0][1] == FULL
    assert isinstance(told[1][0].fault, Gone)
