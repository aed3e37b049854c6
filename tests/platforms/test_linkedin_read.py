"""Reading LinkedIn through the real client. Example answers are linkedin.md's, as they stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from sextant.errors import Gone, TryLater, WaitUntil
from sextant.metrics import KEYS, Reason
from sextant.normalize import normalize
from sextant.platforms.base import Account, Grant, Published, Reading
from sextant.platforms.catalogue import Kind
from sextant.platforms.linkedin import PLATFORM
from tests.calls import call_for
from tests.wire import Scripted

REST = "/api.linkedin.com/rest"
PAGE = Account("urn:li:organization:1337", "Example Corp", "organization")
MEMBER = Account("urn:li:person:782bbtaQ", "Ada Example", "member")

STATISTICS = {
    "paging": {"start": 0, "count": 10, "links": [], "total": 1},
    "elements": [
        {
            "organizationalEntity": "urn:li:organization:1337",
            "share": "urn:li:share:1",
            "totalShareStatistics": {
                "uniqueImpressionsCount": 410,
                "impressionCount": 500,
                "clickCount": 12,
                "likeCount": 30,
                "commentCount": 4,
                "shareCount": 2,
                "engagement": 0.096,
                "commentMentionsCount": 0,
                "shareMentionsCount": 0,
            },
        }
    ],
}
NO_STATISTICS: dict[str, Any] = {"paging": {"start": 0, "count": 10, "links": [], "total": 0}, "elements": []}
SOCIAL_ENTRY = {
    "entity": "urn:li:share:1",
    "reactionSummaries": {
        "LIKE": {"reactionType": "LIKE", "count": 50},
        "PRAISE": {"reactionType": "PRAISE", "count": 30},
        "EMPATHY": {"reactionType": "EMPATHY", "count": 3},
    },
    "commentSummary": {"count": 6, "topLevelCount": 4},
    "commentsState": "OPEN",
}
SOCIAL = {
    "results": {
        "urn:li:share:1": {
            "entity": "urn:li:share:1",
            "reactionSummaries": {},
            "commentSummary": {"count": 0, "topLevelCount": 0},
            "commentsState": "OPEN",
        }
    },
    "errors": {"urn:li:share:2": {"status": 404, "message": "Not Found"}},
    "statuses": {"urn:li:share:1": 200, "urn:li:share:2": 404},
}
VIDEO = {
    "elements": [
        {
            "entity": "urn:li:ugcPost:3",
            "statisticsType": "VIDEO_VIEW",
            "value": 1234,
            "timeRange": {"start": 1770000000000, "end": 1770500000000},
        }
    ],
    "paging": {},
}
MEMBER_NEW = {
    "paging": {"count": 10, "start": 0, "links": []},
    "elements": [{"count": 1204, "metricType": "IMPRESSION", "targetEntity": {"share": "urn:li:share:123"}}],
}
OLD_TYPE = "com.linkedin.adsexternalapi.memberanalytics.v1.CreatorPostAnalyticsMetricTypeV1"
MEMBER_OLD = {
    "paging": {"count": 10, "start": 0, "links": []},
    "elements": [
        {
            "count": 1204,
            "metricType": {
                OLD_TYPE: "IMPRESSION",
            },
            "targetEntity": {"share": "urn:li:share:123"},
        }
    ],
}
DENIED = {
    "status": 403,
    "serviceErrorCode": 100,
    "code": "ACCESS_DENIED",
    "message": "Not enough permissions",
}
TROUBLE = {"message": "Internal Server Error", "status": 500}


@dataclass
class ByType(Scripted):
    """A peer that answers by the metric that is asked for, and denies a `refused` parameter."""

    typed: dict[str, tuple[Any, int]] = field(default_factory=dict)
    refused: str = ""

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        answer = await super()._answer(request)
        asked = request.query.get("type") or request.query.get("queryType")
        if self.refused in request.query:
            return web.json_response(DENIED, status=403)
        if asked in self.typed:
            body, status = self.typed[asked]
            return web.json_response(body, status=status)
        return answer


def post(urn: str, kind: Kind = Kind.TEXT, age: timedelta = timedelta(days=1)) -> Published:
    return Published(urn, kind, None, datetime.now(UTC) - age)


async def read(peer: Scripted, account: Account, *posts: Published) -> list[Reading]:
    call = call_for(PLATFORM, peer.url, account, Grant("t0ken"))
    try:
        return await PLATFORM.read(call, posts)
    finally:
        await call.wire.close()


def numbers(reading: Reading, kind: Kind = Kind.TEXT) -> tuple[dict[str, Any], dict[str, Reason]]:
    metrics, missing = normalize(PLATFORM.catalogue, reading.raw, kind, reading.refused)
    assert tuple(metrics) == KEYS
    assert set(missing) == {key for key, value in metrics.items() if value is None}
    return {key: value for key, value in metrics.items() if value is not None}, missing


def page(statistics: Any = STATISTICS, social: Any = SOCIAL, *statuses: int) -> ByType:
    peer = ByType()
    peer.on("GET", f"{REST}/organizationalEntityShareStatistics", statistics, (statuses or (200,))[0])
    status = (statuses or (200, 200))[1]
    peer.on("GET", f"{REST}/socialMetadata/urn:li:share:1", social, status)
    return peer.on("GET", f"{REST}/socialMetadata", social, status)  # type: ignore[return-value]


def typed(kind: str, value: Any) -> tuple[dict[str, Any], int]:
    return {"elements": [{"entity": "urn:li:ugcPost:3", "statisticsType": kind, "value": value}]}, 200


# ---- Pages -------------------------------------------------------------------------------------------


async def test_page_example_answers() -> None:
    async with page() as peer:
        first, second = await read(peer, PAGE, post("urn:li:share:1"), post("urn:li:share:2"))
    metrics, missing = numbers(first)
    assert metrics == {"likes": 0, "comments": 4, "shares": 2, "impressions": 500, "clicks": 12}
    assert missing["saves"] is Reason.UNSUPPORTED
    assert missing["video_views"] is Reason.NOT_APPLICABLE
    assert first.raw == STATISTICS["elements"][0]["totalShareStatistics"] | {  # type: ignore[index]
        "reactions": {},
        "commentSummary": {"count": 0, "topLevelCount": 0},
    }
    assert first.fault is None
    assert isinstance(second.fault, Gone)


async def test_reactions_of_every_kind_are_the_likes() -> None:
    async with page(social={"results": {"urn:li:share:1": SOCIAL_ENTRY}}) as peer:
        [reading] = await read(peer, PAGE, post("urn:li:share:1"))
    assert numbers(reading)[0]["likes"] == 83
    assert reading.raw["reactions"] == {"LIKE": 50, "PRAISE": 30, "EMPATHY": 3}


async def test_page_requests_are_one_batch_with_the_query_built_by_hand() -> None:
    async with page() as peer:
        posts = (post("urn:li:share:1"), post("urn:li:share:2"), post("urn:li:ugcPost:3"))
        await read(peer, PAGE, *posts)
    queries = sorted(asked.raw_query for asked in peer.asked)
    entity = "q=organizationalEntity&organizationalEntity=urn%3Ali%3Aorganization%3A1337"
    assert queries == [
        "ids=List(urn%3Ali%3Ashare%3A1,urn%3Ali%3Ashare%3A2,urn%3Ali%3AugcPost%3A3)",
        f"{entity}&shares=List(urn%3Ali%3Ashare%3A1,urn%3Ali%3Ashare%3A2)"
        "&ugcPosts=List(urn%3Ali%3AugcPost%3A3)",
    ]
    assert all(asked.headers["LinkedIn-Version"] == "202609" for asked in peer.asked)
    social = next(asked for asked in peer.asked if asked.path.endswith("/socialMetadata"))
    assert social.headers["X-RestLi-Method"] == "BATCH_GET"


async def test_page_video_figures() -> None:
    statistics = {
        "elements": [{"ugcPost": "urn:li:ugcPost:3", "totalShareStatistics": {"impressionCount": 7}}]
    }
    async with page(statistics) as peer:
        peer.typed = {
            "VIDEO_VIEW": (VIDEO, 200),
            "VIEWER": typed("VIEWER", "900"),
            "TIME_WATCHED": typed("TIME_WATCHED", 5_000_123),
        }
        [reading] = await read(peer, PAGE, post("urn:li:ugcPost:3", Kind.VIDEO))
    metrics, missing = numbers(reading, Kind.VIDEO)
    assert metrics == {
        "impressions": 7,
        "video_views": 1234,
        "video_viewers": 900,
        "video_watch_time_ms": 5_000_123,
    }
    assert missing["comments"] is Reason.NOT_YET_AVAILABLE
    asked = {request.query["type"] for request in peer.asked if request.path.endswith("/videoAnalytics")}
    assert asked == {"VIDEO_VIEW", "VIEWER", "TIME_WATCHED"}


async def test_below_administrator_zeros_of_a_video_are_false() -> None:
    async with page(DENIED, SOCIAL, 403, 200) as peer:
        peer.typed = {
            "VIDEO_VIEW": typed("VIDEO_VIEW", 0),
            "VIEWER": typed("VIEWER", 3),
            "TIME_WATCHED": typed("TIME_WATCHED", 0),
        }
        [reading] = await read(peer, PAGE, post("urn:li:share:1", Kind.VIDEO))
    metrics, missing = numbers(reading, Kind.VIDEO)
    assert metrics == {"likes": 0, "video_viewers": 3}
    refused = ("comments", "shares", "impressions", "clicks", "video_views", "video_watch_time_ms")
    assert {missing[key] for key in refused} == {Reason.NOT_AUTHORIZED}
    assert reading.raw["videoViews"] == 0
    assert reading.fault is None


async def test_figures_that_linkedin_keeps_for_six_months() -> None:
    async with page() as peer:
        peer.typed = {kind: ({"elements": []}, 200) for kind in ("VIDEO_VIEW", "VIEWER", "TIME_WATCHED")}
        [reading] = await read(peer, PAGE, post("urn:li:share:1", Kind.VIDEO, timedelta(days=200)))
    missing = numbers(reading, Kind.VIDEO)[1]
    assert missing["video_views"] is missing["video_viewers"] is Reason.EXPIRED
    assert missing["video_watch_time_ms"] is Reason.NOT_YET_AVAILABLE


async def test_a_young_post_left_out_and_still_there_is_zero() -> None:
    async with page(NO_STATISTICS) as peer:
        [reading] = await read(peer, PAGE, post("urn:li:share:1"))
    zeros = dict.fromkeys(("likes", "comments", "shares", "impressions", "clicks"), 0)
    assert numbers(reading)[0] == zeros
    assert reading.raw["uniqueImpressionsCount"] == 0


@pytest.mark.parametrize(
    ("social", "status", "age", "reason"),
    [
        (SOCIAL, 200, timedelta(days=100), Reason.EXPIRED),
        (DENIED, 403, timedelta(days=1), Reason.NOT_AUTHORIZED),
        (TROUBLE, 500, timedelta(days=1), Reason.UPSTREAM_ERROR),
        ({"results": {"urn:li:share:1": SOCIAL_ENTRY}}, 200, timedelta(days=1), Reason.NOT_YET_AVAILABLE),
        ({"results": {}}, 200, timedelta(days=1), Reason.NOT_YET_AVAILABLE),
    ],
)
async def test_a_post_left_out_is_otherwise_unknown(
    social: Any, status: int, age: timedelta, reason: Reason
) -> None:
    async with page(NO_STATISTICS, social, 200, status) as peer:
        [reading] = await read(peer, PAGE, post("urn:li:share:1", age=age))
    metrics, missing = numbers(reading)
    assert "impressions" not in metrics
    assert {missing[key] for key in ("comments", "shares", "impressions", "clicks")} == {reason}


async def test_the_whole_pages_element_is_nobodys_post() -> None:
    statistics = {"elements": [{"totalShareStatistics": {"impressionCount": 99999}}]}
    async with page(statistics, {"results": {}}) as peer:
        [reading] = await read(peer, PAGE, post("urn:li:share:1"))
    assert reading.raw == {}


async def test_without_the_feed_scope_like_count_stands_in() -> None:
    async with page(STATISTICS, DENIED, 200, 403) as peer:
        [reading] = await read(peer, PAGE, post("urn:li:share:1"))
    assert numbers(reading)[0]["likes"] == 30
    assert reading.fault is None


async def test_a_negative_like_count_is_no_number() -> None:
    statistics = {"elements": [{"share": "urn:li:share:1", "totalShareStatistics": {"likeCount": -2}}]}
    async with page(statistics, DENIED, 200, 403) as peer:
        [reading] = await read(peer, PAGE, post("urn:li:share:1"))
    assert numbers(reading)[1]["likes"] is Reason.NOT_AUTHORIZED
    assert reading.raw["likeCount"] == -2


async def test_a_passing_failure_of_reactions_does_not_change_what_likes_means() -> None:
    async with page(STATISTICS, TROUBLE, 200, 500) as peer:
        [reading] = await read(peer, PAGE, post("urn:li:share:1"))
    metrics, missing = numbers(reading)
    assert metrics == {"comments": 4, "shares": 2, "impressions": 500, "clicks": 12}
    assert missing["likes"] is Reason.UPSTREAM_ERROR
    assert isinstance(reading.fault, TryLater)


async def test_statistics_that_fail_leave_the_reactions() -> None:
    async with page(TROUBLE, {"results": {"urn:li:share:1": SOCIAL_ENTRY}}, 500, 200) as peer:
        [reading] = await read(peer, PAGE, post("urn:li:share:1"))
    metrics, missing = numbers(reading)
    assert metrics == {"likes": 83}
    assert missing["impressions"] is Reason.UPSTREAM_ERROR
    assert isinstance(reading.fault, TryLater)


async def test_an_app_that_may_not_ask_for_ugc_posts_still_reads_shares() -> None:
    async with page() as peer:
        peer.refused = "ugcPosts"
        shares, ugc = await read(peer, PAGE, post("urn:li:share:1"), post("urn:li:ugcPost:3"))
    assert numbers(shares)[0]["impressions"] == 500
    assert numbers(ugc)[1]["impressions"] is Reason.NOT_AUTHORIZED


async def test_nothing_answered_is_a_fault() -> None:
    async with page(TROUBLE, DENIED, 500, 403) as peer:
        with pytest.raises(TryLater):
            await read(peer, PAGE, post("urn:li:share:1"))


async def test_the_days_quota_is_told() -> None:
    limit = {"status": 429, "message": "Resource level throttle APPLICATION DAY limit is reached."}
    async with page(limit, limit, 429, 429) as peer:
        with pytest.raises(WaitUntil):
            await read(peer, PAGE, post("urn:li:share:1"))


async def test_no_permission_at_all_is_a_reading_that_says_so() -> None:
    async with page(DENIED, DENIED, 403, 403) as peer:
        [reading] = await read(peer, PAGE, post("urn:li:share:1"))
    metrics, missing = numbers(reading)
    assert metrics == {}
    assert {missing[k] for k in ("likes", "comments", "impressions")} == {Reason.NOT_AUTHORIZED}
    assert reading.fault is None


# ---- members -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", [MEMBER_NEW, MEMBER_OLD])
async def test_member_example_answers(example: Any) -> None:
    async with Scripted().on("GET", f"{REST}/memberCreatorPostAnalytics", example) as peer:
        [reading] = await read(peer, MEMBER, post("urn:li:share:123"))
    metrics, missing = numbers(reading)
    assert metrics == {"impressions": 1204}
    assert missing["saves"] is Reason.NOT_YET_AVAILABLE
    queries = {asked.raw_query for asked in peer.asked}
    prefix = "q=entity&entity=(share:urn%3Ali%3Ashare%3A123)"
    kinds = ("IMPRESSION", "RESHARE", "REACTION", "COMMENT", "POST_SAVE", "LINK_CLICKS")
    assert queries == {f"{prefix}&queryType={kind}&aggregation=TOTAL" for kind in kinds}


def counted(kind: str, value: int) -> tuple[dict[str, Any], int]:
    return {"elements": [{"count": value, "metricType": kind, "targetEntity": {}}]}, 200


async def test_member_video() -> None:
    async with ByType() as peer:
        kinds = ("IMPRESSION", "RESHARE", "REACTION", "COMMENT", "POST_SAVE", "LINK_CLICKS")
        kinds += ("VIDEO_PLAY", "VIDEO_VIEWER", "VIDEO_WATCH_TIME")
        peer.typed = {kind: counted(kind, place) for place, kind in enumerate(kinds)}
        [reading] = await read(peer, MEMBER, post("urn:li:ugcPost:5", Kind.VIDEO))
    assert numbers(reading, Kind.VIDEO)[0] == {
        "impressions": 0,
        "shares": 1,
        "likes": 2,
        "comments": 3,
        "saves": 4,
        "clicks": 5,
        "video_views": 6,
        "video_viewers": 7,
        "video_watch_time_ms": 8,
    }
    assert all("entity=(ugc:urn%3Ali%3AugcPost%3A5)" in asked.raw_query for asked in peer.asked)


async def test_one_metric_that_fails_keeps_the_others() -> None:
    async with ByType() as peer:
        peer.on("GET", f"{REST}/memberCreatorPostAnalytics", {"elements": []})
        peer.typed = {
            "IMPRESSION": counted("IMPRESSION", 10),
            "POST_SAVE": (DENIED, 403),
            "COMMENT": (TROUBLE, 500),
        }
        [reading] = await read(peer, MEMBER, post("urn:li:share:1"))
    metrics, missing = numbers(reading)
    assert metrics == {"impressions": 10}
    assert missing["saves"] is Reason.NOT_AUTHORIZED
    assert missing["comments"] is Reason.UPSTREAM_ERROR
    assert missing["likes"] is Reason.NOT_YET_AVAILABLE
    assert isinstance(reading.fault, TryLater)


async def test_a_self_serve_app_gets_no_member_numbers() -> None:
    async with Scripted().on("GET", f"{REST}/memberCreatorPostAnalytics", DENIED, 403) as peer:
        [reading] = await read(peer, MEMBER, post("urn:li:share:1"))
    assert numbers(reading)[1]["impressions"] is Reason.NOT_AUTHORIZED
    assert reading.fault is None


async def test_a_members_post_that_is_gone() -> None:
    gone = {"status": 404, "code": "NOT_FOUND", "message": "Not Found"}
    async with Scripted().on("GET", f"{REST}/memberCreatorPostAnalytics", gone, 404) as peer:
        [reading] = await read(peer, MEMBER, post("urn:li:share:1"))
    assert isinstance(reading.fault, Gone)
