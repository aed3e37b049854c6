"""LinkedIn: what a tier or a version does not have, and how many calls a read makes (linkedin.md §3, §4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import web

from sextant.errors import Gone, OurBug, TryLater
from sextant.http import AccountCall
from sextant.metrics import Reason
from sextant.platforms.base import Account, Grant, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.linkedin import PLATFORM
from sextant.platforms.waves import IN_FLIGHT
from tests.platforms.adapters import calling, numbers, post
from tests.waiting import PATIENCE_S
from tests.wire import Scripted

PAGE = Account("urn:li:organization:1337", "Example Corp", "organization")
MEMBER = Account("urn:li:person:782bbtaQ", "Ada Example", "member")
OLD_TYPE = "com.linkedin.adsexternalapi.memberanalytics.v1.CreatorPostAnalyticsMetricTypeV1"
COUNTS = {"impressionCount": 500, "clickCount": 12, "likeCount": 30, "commentCount": 4, "shareCount": 2}
ENTRY = {
    "reactionSummaries": {"LIKE": {"reactionType": "LIKE", "count": 50}, "PRAISE": {"count": 3}},
    "commentSummary": {"count": 4, "topLevelCount": 4},
}


def refused(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"status": status, "code": code, "message": message}, status=status)


class Network(Scripted):
    """LinkedIn with the same numbers for every post, and some things that it refuses."""

    batches = True
    singles = True
    denied: tuple[str, ...] = ()
    """Parameters of share statistics that the app or the role may not use."""
    unknown: tuple[str, ...] = ()
    absent = ""
    plain_types = True
    in_flight = most_in_flight = 0

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        await super()._answer(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await asyncio.sleep(0.002)
        self.in_flight -= 1
        resource = request.path.split("/")[3]
        if resource == self.absent:
            return refused(404, "RESOURCE_NOT_FOUND", f"No virtual resource found for {resource}")
        if resource == "socialMetadata":
            return self.social(request)
        if any(name in request.query for name in self.denied):
            return refused(403, "ACCESS_DENIED", "Not enough permissions to access these statistics")
        kind = request.query.get("queryType") or request.query.get("type")
        if kind in self.unknown:
            return refused(400, "INVALID_ARGUMENT", f"Parameter has the value {kind} that does not exist")
        return web.json_response({"elements": self.elements(request, kind)})

    def social(self, request: web.Request) -> web.Response:
        batch = "ids" in request.query
        if not (self.batches if batch else self.singles):
            form = "BATCH_GET" if batch else "GET"
            words = f"Not enough permissions to access: socialMetadata.{form}.20260901"
            return refused(403, "ACCESS_DENIED", words)
        if batch:
            urns = unquote(request.query["ids"]).removeprefix("List(").removesuffix(")").split(",")
            return web.json_response({"results": dict.fromkeys(urns, ENTRY)})
        if request.path.endswith(":9404"):
            return refused(404, "NOT_FOUND", "Not Found")
        return web.json_response(ENTRY)

    def elements(self, request: web.Request, kind: str | None) -> list[dict[str, Any]]:
        if "type" in request.query:
            return [{"statisticsType": kind, "value": 7}]
        if kind is not None:
            return [{"count": 7, "metricType": kind if self.plain_types else {OLD_TYPE: kind}}]
        told = [(name, request.query[name]) for name in ("shares", "ugcPosts") if name in request.query]
        return [
            {"share" if name == "shares" else "ugcPost": urn, "totalShareStatistics": COUNTS}
            for name, listed in told
            for urn in unquote(listed).removeprefix("List(").removesuffix(")").split(",")
            if not urn.endswith(":9404")
        ]


@pytest.fixture
async def peer() -> AsyncIterator[Network]:
    async with Network() as peer:
        yield peer


@pytest.fixture
async def page(peer: Network) -> AsyncIterator[AccountCall]:
    async with calling(PLATFORM, peer, PAGE, Grant("t0ken")) as call:
        yield call


@pytest.fixture
async def member(peer: Network) -> AsyncIterator[AccountCall]:
    async with calling(PLATFORM, peer, MEMBER, Grant("t0ken")) as call:
        yield call


def shares(count: int, kind: Kind = Kind.TEXT) -> list[Published]:
    return [post(f"urn:li:share:{number}", kind) for number in range(1, count + 1)]


FULL = {"likes": 53, "comments": 4, "shares": 2, "impressions": 500, "clicks": 12}


# ---- Development tier ----------------------------------------------------------------------------------


async def test_without_batch_get_posts_are_asked_for_one_by_one(peer: Network, page: AccountCall) -> None:
    peer.batches = False
    told = await numbers(page, *shares(5))
    assert [found for _, found, _ in told] == [FULL] * 5
    assert all(reading.fault is None for reading, _, _ in told)
    assert len(peer.asked) == 1 + 1 + 5, "statistics, the refused batch, the posts"
    await numbers(page, *shares(5))
    assert len(peer.asked) == 7 + 1 + 5, "the refusal is remembered"


async def test_one_by_one_a_deleted_post_is_gone(peer: Network, page: AccountCall) -> None:
    peer.batches = False
    first, second = await numbers(page, post("urn:li:share:9404"), post("urn:li:share:1"))
    assert isinstance(first[0].fault, Gone)
    assert second[1] == FULL


async def test_a_missing_feed_scope_is_not_taken_for_the_tier(peer: Network, page: AccountCall) -> None:
    peer.batches = peer.singles = False
    told = await numbers(page, *shares(5))
    assert [found["likes"] for _, found, _ in told] == [30] * 5, "likeCount stands in"
    assert len(peer.asked) == 3
    peer.batches = peer.singles = True
    assert (await numbers(page, *shares(1)))[0][1] == FULL


# ---- share statistics ----------------------------------------------------------------------------------


MIXED = ("urn:li:share:1", "urn:li:ugcPost:2", "urn:li:share:3")


async def test_shares_and_ugc_posts_are_told_in_one_call(peer: Network, page: AccountCall) -> None:
    told = await numbers(page, *map(post, MIXED))
    assert [found for _, found, _ in told] == [FULL] * 3
    assert len(peer.asked) == 2, "statistics and reactions"


async def test_where_ugc_posts_are_denied_shares_are_read_alone(peer: Network, page: AccountCall) -> None:
    peer.denied = ("ugcPosts",)
    for calls in (3, 3):
        before = len(peer.asked)
        share, ugc, other = await numbers(page, *map(post, MIXED))
        assert share[1] == other[1] == FULL
        assert ugc[2]["impressions"] is Reason.NOT_AUTHORIZED
        assert share[0].fault is ugc[0].fault is None
        assert len(peer.asked) == before + calls
    peer.denied = ()
    assert [found for _, found, _ in await numbers(page, *map(post, MIXED))] == [FULL] * 3


async def test_a_missing_role_is_not_taken_for_the_kind_of_post(peer: Network, page: AccountCall) -> None:
    peer.denied = ("shares", "ugcPosts")
    told = await numbers(page, *map(post, MIXED))
    assert {missing["impressions"] for _, _, missing in told} == {Reason.NOT_AUTHORIZED}
    assert len(peer.asked) == 3
    peer.denied = ()
    before = len(peer.asked)
    assert [found for _, found, _ in await numbers(page, *map(post, MIXED))] == [FULL] * 3
    assert len(peer.asked) == before + 2, "nothing was remembered"


# ---- versions ------------------------------------------------------------------------------------------


async def test_types_that_a_version_does_not_know(peer: Network, member: AccountCall) -> None:
    peer.unknown = ("POST_SAVE", "VIDEO_WATCH_TIME")
    asked = post("urn:li:ugcPost:3", Kind.VIDEO)
    ((reading, found, missing),) = await numbers(member, asked)
    assert set(found) == {"likes", "comments", "shares", "impressions", "clicks", "video_views"} | {
        "video_viewers"
    }
    assert missing["saves"] is missing["video_watch_time_ms"] is Reason.UNSUPPORTED
    assert reading.fault is None
    before = len(peer.asked)
    await numbers(member, asked)
    assert len(peer.asked) == before + 7, "what is refused is not asked for again"


@pytest.mark.parametrize(("version", "plain"), [("202604", False), ("202605", True)])
async def test_metric_type_before_and_from_202605(
    peer: Network, member: AccountCall, version: str, plain: bool
) -> None:
    member.app, peer.plain_types = replace(member.app, api_version=version), plain
    ((_, found, _),) = await numbers(member, *shares(1))
    assert found == dict.fromkeys(("likes", "comments", "shares", "impressions", "clicks", "saves"), 7)
    assert {asked.headers["LinkedIn-Version"] for asked in peer.asked} == {version}


async def test_figures_that_came_with_202604(peer: Network, member: AccountCall) -> None:
    member.app = replace(member.app, api_version="202603")
    ((_, found, missing),) = await numbers(member, *shares(1))
    assert set(found) == {"likes", "comments", "shares", "impressions"}
    assert missing["saves"] is missing["clicks"] is Reason.UNSUPPORTED
    assert len(peer.asked) == 4


async def test_a_version_without_member_analytics_is_the_operators_to_change(
    peer: Network, member: AccountCall
) -> None:
    peer.absent = "memberCreatorPostAnalytics"
    with pytest.raises(OurBug, match="No virtual resource"):
        await numbers(member, *shares(1))


async def test_a_version_without_video_analytics_of_members(peer: Network, member: AccountCall) -> None:
    peer.absent = "memberCreatorVideoAnalytics"
    ((reading, found, missing),) = await numbers(member, post("urn:li:ugcPost:3", Kind.VIDEO))
    assert len(found) == 6
    assert missing["video_views"] is Reason.UNSUPPORTED
    assert reading.fault is None


async def test_a_video_type_of_a_page_that_is_gone(peer: Network, page: AccountCall) -> None:
    peer.unknown = ("VIEWER",)
    asked = post("urn:li:ugcPost:3", Kind.VIDEO)
    ((_, found, missing),) = await numbers(page, asked)
    assert (found["video_views"], found["impressions"]) == (7, 500)
    assert missing["video_viewers"] is Reason.UNSUPPORTED


async def test_a_post_that_all_types_are_refused_for_says_nothing_of_the_types(
    peer: Network, page: AccountCall
) -> None:
    peer.unknown = ("VIDEO_VIEW", "VIEWER", "TIME_WATCHED")
    asked = post("urn:li:ugcPost:3", Kind.VIDEO)
    ((_, _, missing),) = await numbers(page, asked)
    assert missing["video_views"] is Reason.UPSTREAM_ERROR
    peer.unknown = ()
    ((_, found, _),) = await numbers(page, asked)
    assert found["video_views"] == 7


# ---- how many calls ------------------------------------------------------------------------------------


async def test_a_thousand_posts_of_a_page_cost_at_most_a_hundred_requests(
    peer: Network, page: AccountCall
) -> None:
    batch = PLATFORM.limits.batch
    posts = shares(500) + [post(f"urn:li:ugcPost:{number}") for number in range(500)]
    mixed = [one for pair in zip(posts[:500], posts[500:], strict=True) for one in pair]
    for start in range(0, 1000, batch):
        told = await numbers(page, *mixed[start : start + batch])
        assert all(found == FULL for _, found, _ in told)
    assert len(peer.asked) <= 100


async def test_a_batch_of_a_members_posts_is_not_asked_for_all_at_once(
    peer: Network, member: AccountCall
) -> None:
    await numbers(member, *shares(10, Kind.VIDEO))
    assert len(peer.asked) == 10 * 9
    assert peer.most_in_flight <= IN_FLIGHT


async def test_a_single_posts_calls_are_one_wave() -> None:
    class Patient(Network):
        everybody = asyncio.Barrier(9)

        async def _answer(self, request: web.Request) -> web.StreamResponse:
            await asyncio.wait_for(self.everybody.wait(), PATIENCE_S)
            return await super()._answer(request)

    async with Patient() as peer, calling(PLATFORM, peer, MEMBER, Grant("t0ken")) as call:
        ((_, found, _),) = await numbers(call, *shares(1, Kind.VIDEO))
    assert len(found) == 9


async def test_nothing_but_a_failure_is_a_fault(page: AccountCall, peer: Network) -> None:
    page.wire.upstream = "http://127.0.0.1:9"
    with pytest.raises(TryLater):
        await numbers(page, *shares(2))
