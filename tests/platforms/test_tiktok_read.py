"""TikTok: the document's example answers and its missing cases, through the real client."""

import json

import pytest

from sextant.errors import NoValue, Reconnect, TryLater, WaitUntil
from sextant.metrics import KEYS, Reason
from sextant.platforms.base import Account, Grant
from sextant.platforms.catalogue import Kind
from sextant.platforms.tiktok import PLATFORM
from tests.platforms.adapters import calling, numbers, post
from tests.wire import Scripted

LIST = "/business-api.tiktok.com/open_api/v1.3/business/video/list/"
QUERY = "/open.tiktokapis.com/v2/video/query/"
SCOPES = frozenset({"video.list", "video.insights"})


@pytest.fixture
async def peer():
    async with Scripted() as peer:
        yield peer


@pytest.fixture
async def business(peer):
    account = Account("openid", "Ki", "business", "ki.official")
    async with calling(PLATFORM, peer, account, Grant("act.1", scopes=SCOPES)) as call:
        yield call


@pytest.fixture
async def display(peer):
    account = Account("_000example", "Ki", "display", "ki.official")
    async with calling(PLATFORM, peer, account, Grant("act.1"), "display") as call:
        yield call


def listed(*videos, code=0):
    return {"code": code, "message": "OK", "data": {"has_more": False, "cursor": 0, "videos": list(videos)}}


# ---- Business API --------------------------------------------------------------------------------


BUSINESS_ANSWER = {
    "code": 0,
    "message": "OK",
    "request_id": "2022070107152301000200300500600300009C51712",
    "data": {
        "has_more": False,
        "cursor": 1655118106000,
        "videos": [
            {
                "item_id": "7109065174526479622",
                "create_time": "1655118106",
                "video_views": 100,
                "likes": 10,
                "comments": 2,
                "shares": 1,
                "favorites": 3,
                "reach": 90,
                "total_time_watched": 999.5,
                "average_time_watched": 8.5,
                "full_video_watched_rate": 0.42,
                "impression_sources": [{"impression_source": "For You", "percentage": 0.9}],
            }
        ],
    },
}
BUSINESS_RAW = {
    "videoViews": 100,
    "likes": 10,
    "comments": 2,
    "shares": 1,
    "favorites": 3,
    "reach": 90,
    "totalTimeWatched": 999.5,
    "averageTimeWatched": 8.5,
    "fullVideoWatchedRate": 0.42,
    "impressionSources": [{"impressionSource": "For You", "percentage": 0.9}],
}


async def test_business_example(peer, business):
    peer.on("GET", LIST, BUSINESS_ANSWER)
    ((reading, found, missing),) = await numbers(business, post("7109065174526479622", Kind.VIDEO, days=5))
    assert found == {
        "likes": 10,
        "comments": 2,
        "shares": 1,
        "views": 100,
        "video_views": 100,
        "video_viewers": 90,
        "video_watch_time_ms": 999500,
        "saves": 3,
    }
    never = ("impressions", "engagement", "clicks", "bookmarks", "quotes")
    assert missing == dict.fromkeys(never, Reason.UNSUPPORTED)
    assert reading.raw == BUSINESS_RAW
    assert (reading.url, reading.fault) == (None, None)


async def test_business_request(peer, business):
    peer.on("GET", LIST, listed())
    await business.platform.read(business, [post("7109065174526479622"), post("7109065174526479623")])
    (asked,) = peer.asked
    assert asked.headers["Access-Token"] == "act.1"
    assert asked.query["business_id"] == "openid"
    assert json.loads(asked.query["filters"]) == {
        "video_ids": ["7109065174526479622", "7109065174526479623"],
    }
    assert {"item_id", "likes", "favorites", "total_time_watched"} <= set(json.loads(asked.query["fields"]))
    assert '"' not in asked.raw_query
    assert "[" not in asked.raw_query


async def test_photo_post_has_no_video_figures(peer, business):
    peer.on("GET", LIST, BUSINESS_ANSWER)
    ((_, found, missing),) = await numbers(business, post("7109065174526479622", Kind.PHOTO))
    assert found == {"likes": 10, "comments": 2, "shares": 1, "views": 100, "saves": 3}
    for key in ("video_views", "video_viewers", "video_watch_time_ms"):
        assert missing[key] is Reason.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("days", "reason"),
    [(1, Reason.NOT_YET_AVAILABLE), (3, Reason.NOT_AUTHORIZED), (8, Reason.EXPIRED), (400, Reason.EXPIRED)],
)
@pytest.mark.parametrize("empty", [{}, {"reach": None, "total_time_watched": None}, {"reach": ""}])
async def test_why_insights_are_absent(peer, business, days, reason, empty):
    peer.on("GET", LIST, listed({"item_id": "1", "likes": 0, "video_views": 7, **empty}))
    ((reading, found, missing),) = await numbers(business, post("1", Kind.VIDEO, days))
    assert found == {"likes": 0, "views": 7, "video_views": 7}
    assert missing["video_viewers"] is missing["video_watch_time_ms"] is reason
    assert reading.refused["video_viewers"].message


async def test_insights_without_their_scope_are_not_asked_for(peer):
    account = Account("openid", "Ki", "business")
    peer.on("GET", LIST, listed({"item_id": "1", "likes": 4}))
    async with calling(PLATFORM, peer, account, Grant("t", scopes=frozenset({"video.list"}))) as call:
        ((reading, found, missing),) = await numbers(call, post("1", Kind.VIDEO))
    assert found == {"likes": 4}
    assert missing["video_viewers"] is Reason.NOT_AUTHORIZED
    assert "video.insights" in reading.refused["video_viewers"].message
    assert "reach" not in peer.asked[0].query["fields"]


async def test_a_zero_is_a_zero(peer, business):
    zeros = {"likes": 0, "comments": 0, "shares": 0, "favorites": 0, "video_views": 0, "reach": 0}
    peer.on("GET", LIST, listed({"item_id": "1", **zeros, "total_time_watched": 0}))
    ((_, found, _),) = await numbers(business, post("1", Kind.VIDEO))
    assert list(found.values()) == [0] * 8


async def test_matched_by_id_and_absent_ones_have_no_value(peer, business):
    peer.on("GET", LIST, listed({"item_id": "2", "likes": 2}))
    absent, present = await numbers(business, post("1"), post("2"))
    assert isinstance(absent[0].fault, NoValue)
    assert absent[0].fault.reason is Reason.HIDDEN
    assert absent[1] == {}
    assert present[1] == {"likes": 2}


async def test_partial_success_keeps_what_came(peer, business):
    peer.on("GET", LIST, listed({"item_id": "2", "likes": 2}, code=20001))
    absent, present = await numbers(business, post("1"), post("2"))
    assert isinstance(absent[0].fault, TryLater)
    assert present[1] == {"likes": 2}


async def test_share_url_loses_its_query(peer, business):
    url = "https://www.tiktok.com/@user/video/1?utm_campaign=tt4d_open_api&utm_source=aw46example"
    peer.on("GET", LIST, listed({"item_id": "1", "share_url": url}))
    (reading,) = await business.platform.read(business, [post("1")])
    assert reading.url == "https://www.tiktok.com/@user/video/1"
    assert reading.raw == {}


@pytest.mark.parametrize(
    ("code", "fault"), [(40100, WaitUntil), (40001, Reconnect), (50000, TryLater), (40901, TryLater)]
)
async def test_refused_as_a_whole(peer, business, code, fault):
    peer.on("GET", LIST, {"code": code, "message": "no", "request_id": "r-1", "data": {}})
    with pytest.raises(fault) as raised:
        await business.platform.read(business, [post("1")])
    assert raised.value.request_id == "r-1"


async def test_answer_without_data(peer, business):
    peer.on("GET", LIST, {"code": 0, "message": "OK"})
    with pytest.raises(TryLater):
        await business.platform.read(business, [post("1")])


# ---- Open API ------------------------------------------------------------------------------------


DISPLAY_ANSWER = {
    "data": {
        "videos": [
            {
                "id": "7106753891953347842",
                "create_time": 1654670085,
                "duration": 5,
                "share_url": "https://www.tiktok.com/@user/video/7106753891953347842"
                "?utm_campaign=tt4d_open_api&utm_source=aw46example",
                "like_count": 10,
                "comment_count": 2,
                "share_count": 1,
                "view_count": 1234,
            }
        ]
    },
    "error": {"code": "ok", "message": "", "log_id": "20220829194722CBE87ED59D524E727021"},
}


async def test_display_example(peer, display):
    peer.on("POST", QUERY, DISPLAY_ANSWER)
    ((reading, found, missing),) = await numbers(display, post("7106753891953347842", Kind.VIDEO))
    assert found == {"likes": 10, "comments": 2, "shares": 1, "views": 1234, "video_views": 1234}
    assert reading.raw == {"likeCount": 10, "commentCount": 2, "shareCount": 1, "viewCount": 1234}
    assert reading.url == "https://www.tiktok.com/@user/video/7106753891953347842"
    for key in ("saves", "video_viewers", "video_watch_time_ms"):
        assert missing[key] is Reason.NOT_AUTHORIZED
        assert "Business API" in reading.refused[key].message
    assert set(found) | set(missing) == set(KEYS)
    (asked,) = peer.asked
    assert json.loads(asked.body) == {"filters": {"video_ids": ["7106753891953347842"]}}
    assert asked.headers["Authorization"] == "Bearer act.1"


async def test_display_absent_id(peer, display):
    peer.on("POST", QUERY, {"data": {"videos": []}, "error": {"code": "ok", "message": ""}})
    (reading,) = await display.platform.read(display, [post("1")])
    assert isinstance(reading.fault, NoValue)
