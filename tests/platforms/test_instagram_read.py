"""Instagram: reading media, with the example answers of instagram.md §3 as they stand."""

import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from sextant import errors as faults
from sextant.platforms.base import Account, Grant
from sextant.platforms.catalogue import Kind
from sextant.platforms.instagram import PLATFORM
from tests.platforms.adapters import NOW, calling, numbers, post
from tests.wire import Scripted

BATCH = "/graph.facebook.com/v26.0/"
MEDIA = "18087356288285735"
REEL = post(MEDIA, Kind.REEL)

INSIGHTS = json.loads("""
{"data":[
 {"name":"views","period":"lifetime","values":[{"value":2257}],"title":"...","description":"...","id":"18087356288285735/insights/views/lifetime"},
 {"name":"ig_reels_avg_watch_time","period":"lifetime","values":[{"value":11768}],"title":"...","description":"...","id":"18087356288285735/insights/ig_reels_avg_watch_time/lifetime"}]}
""")
NAVIGATION = json.loads("""
{"data":[
 {"name":"navigation","period":"lifetime","title":"...","description":"...","id":"18087356288285735/insights/navigation/lifetime",
  "total_value":{"value":9,"breakdowns":[{"dimension_keys":["story_navigation_action_type"],
   "results":[{"dimension_values":["TAP_FORWARD"],"value":7},{"dimension_values":["TAP_BACK"],"value":2}]}]}}]}
""")
REAL_REEL = {
    "views": 2257,
    "reach": 1408,
    "likes": 76,
    "comments": 23,
    "saved": 2,
    "shares": 15,
    "total_interactions": 119,
    "ig_reels_avg_watch_time": 11768,
    "ig_reels_video_view_total_time": 18547084,
}
NODE = {
    "id": MEDIA,
    "like_count": 76,
    "comments_count": 24,
    "permalink": "https://www.instagram.com/reel/Abc123/",
}
EMPTY = {"data": []}

NO_SCOPE = {"error": {"message": "(#10) Application does not have permission for this action", "code": 10}}
GONE = {"error": {"message": "Unsupported get request.", "code": 100, "error_subcode": 33}}
TOO_OLD = {"error": {"message": "posted before", "code": 100, "error_subcode": 2108006}}
FEW = {"error": {"message": "(#10) Not enough viewers for the media to show insights", "code": 10}}
WRONG = {
    "error": {
        "message": "The Media Insights API does not support the views metric for this media product type.",
        "code": 100,
    }
}
DOWN = {"error": {"message": "An unexpected error has occurred.", "code": 2, "is_transient": True}}


def rows(**values):
    return {
        "data": [
            {"name": name, "period": "lifetime", "values": [{"value": value}]}
            for name, value in reversed(values.items())
        ]
    }


def batch(*bodies):
    return [
        body
        if body is None
        else {"code": 400 if "error" in body else 200, "headers": [], "body": json.dumps(body)}
        for body in bodies
    ]


@pytest.fixture
async def peer():
    async with Scripted() as peer:
        yield peer


@pytest.fixture
async def call(peer):
    async with calling(PLATFORM, peer, Account("1", "A", "facebook"), Grant("EAApage")) as call:
        yield call


@pytest.fixture
async def direct(peer):
    async with calling(PLATFORM, peer, Account("1", "A", "instagram"), Grant("IG"), "instagram") as call:
        yield call


def asked(peer, at=0):
    return [part["relative_url"] for part in json.loads(parse_qs(peer.asked[at].body.decode())["batch"][0])]


async def read(peer, call, wanted, *bodies):
    peer.on("POST", BATCH, batch(*bodies))
    [found] = await numbers(call, wanted)
    return found


async def test_the_answer_of_the_document(peer, call):
    reading, present, missing = await read(peer, call, REEL, NODE, INSIGHTS)
    assert present == {"likes": 76, "comments": 24, "views": 2257, "video_views": 2257}
    assert missing["saves"] == missing["engagement"] == "not_yet_available"
    assert missing["video_watch_time_ms"] == "not_yet_available"
    assert missing["clicks"] == "not_applicable"
    for key in ("impressions", "video_viewers", "bookmarks", "quotes"):
        assert missing[key] == "unsupported"
    assert reading.url == "https://www.instagram.com/reel/Abc123/"
    assert reading.raw == {
        "likeCount": 76,
        "commentsCount": 24,
        "views": 2257,
        "igReelsAvgWatchTime": 11768,
    }


async def test_a_real_reel(peer, call):
    node = {**NODE, "saved_count": 3, "shares_count": 16, "reposts_count": 1}
    reading, present, missing = await read(peer, call, REEL, node, rows(**REAL_REEL))
    assert present == {
        "likes": 76,
        "comments": 24,
        "shares": 15,
        "views": 2257,
        "video_views": 2257,
        "video_watch_time_ms": 18547084,
        "engagement": 119,
        "saves": 2,
    }
    assert set(missing) == {"impressions", "video_viewers", "clicks", "bookmarks", "quotes"}
    assert reading.raw["savedCount"] == 3
    assert reading.raw["repostsCount"] == 1
    assert reading.raw["reach"] == 1408
    assert asked(peer) == [
        f"{MEDIA}?fields=permalink,like_count,comments_count,saved_count,shares_count,reposts_count",
        f"{MEDIA}/insights?metric=views,reach,likes,comments,saved,shares,reposts,total_interactions,"
        "ig_reels_video_view_total_time,ig_reels_avg_watch_time",
    ]


async def test_a_total_value_is_read_and_replies_to_a_story_are_no_comments(peer, call):
    insights = {"data": NAVIGATION["data"] + rows(replies=3, views=8, link_clicks=2)["data"]}
    reading, present, missing = await read(peer, call, post(MEDIA, Kind.STORY, 0.5), {"id": MEDIA}, insights)
    assert reading.raw == {"navigation": 9, "replies": 3, "views": 8, "linkClicks": 2}
    assert present == {"views": 8, "clicks": 2}
    assert missing["comments"] == missing["saves"] == "not_applicable"
    assert missing["video_views"] == "not_applicable"


async def test_zeros_are_zeros(peer, call):
    node = {**NODE, "like_count": 0, "comments_count": 0}
    zeros = rows(**dict.fromkeys(REAL_REEL, 0))
    _, present, _ = await read(peer, call, REEL, node, zeros)
    assert set(present.values()) == {0}
    assert len(present) == 8


async def test_a_hidden_count_is_hidden(peer, call):
    _, present, missing = await read(peer, call, REEL, {"id": MEDIA, "comments_count": 4}, EMPTY)
    assert present == {"comments": 4}
    assert missing["likes"] == "hidden"


async def test_a_hidden_count_that_insights_give_is_given(peer, call):
    _, present, _ = await read(peer, call, REEL, {"id": MEDIA}, rows(likes=5, comments=6))
    assert (present["likes"], present["comments"]) == (5, 6)


async def test_no_rows_yet(peer, call):
    _, present, missing = await read(peer, call, REEL, NODE, EMPTY)
    assert present == {"likes": 76, "comments": 24}
    for key in ("views", "video_views", "saves", "shares", "engagement", "video_watch_time_ms"):
        assert missing[key] == "not_yet_available"


@pytest.mark.parametrize(
    ("failure", "reason"),
    [(NO_SCOPE, "not_authorized"), (TOO_OLD, "not_applicable"), (FEW, "withheld")],
)
async def test_refused_insights_leave_the_counts(peer, call, failure, reason):
    reading, present, missing = await read(peer, call, REEL, NODE, failure)
    assert present == {"likes": 76, "comments": 24}
    assert missing["views"] == missing["video_watch_time_ms"] == missing["saves"] == reason
    assert reading.refused["views"].message
    assert reading.fault is None


async def test_counts_of_the_media_stand_in_for_refused_insights(peer, call):
    _, present, missing = await read(
        peer, call, REEL, {**NODE, "saved_count": 3, "shares_count": 16}, NO_SCOPE
    )
    assert (present["saves"], present["shares"]) == (3, 16)
    assert missing["engagement"] == "not_authorized"


async def test_failed_insights_are_said(peer, call):
    reading, present, missing = await read(peer, call, REEL, NODE, DOWN)
    assert present == {"likes": 76, "comments": 24}
    assert missing["views"] == "upstream_error"
    assert isinstance(reading.fault, faults.TryLater)


async def test_failed_fields_are_said_where_insights_do_not_have_them(peer, call):
    reading, present, missing = await read(peer, call, REEL, DOWN, rows(views=1, likes=5))
    assert present["likes"] == 5
    assert missing["comments"] == "upstream_error"
    assert missing["saves"] == "not_yet_available"
    assert isinstance(reading.fault, faults.TryLater)


async def test_a_medium_that_is_gone(peer, call):
    reading, _, _ = await read(peer, call, REEL, GONE, GONE)
    assert isinstance(reading.fault, faults.Gone)


async def test_nothing_answered_is_the_fault(peer, call):
    peer.on("POST", BATCH, batch(DOWN, DOWN))
    with pytest.raises(faults.TryLater):
        await PLATFORM.read(call, [REEL])


async def test_old_media_have_expired(peer, call):
    story, old = post(MEDIA, Kind.STORY, 2), replace(REEL, at=NOW - timedelta(days=900))
    peer.on("POST", BATCH, batch({"id": MEDIA}, EMPTY, NODE, EMPTY))
    (_, _, of_story), (_, _, of_old) = await numbers(call, story, old)
    assert of_story["views"] == "expired"
    assert of_old["views"] == "expired"


# ---- one question per medium ----

OLD = replace(REEL, at=NOW - timedelta(days=9))


async def test_fifty_media_are_one_request_of_fifty(peer, call):
    peer.on("POST", BATCH, batch(*[rows(**REAL_REEL)] * 50))
    media = [replace(OLD, id=f"180{n}") for n in range(25)] + [replace(REEL, id=f"181{n}") for n in range(25)]
    found = await numbers(call, *media)
    assert all(present["likes"] == 76 for _, present, _ in found)
    assert (len(peer.asked), len(asked(peer))) == (1, 50)


async def test_the_fields_of_the_youngest_ride_along_where_there_is_room(peer, call):
    media = [OLD, *(replace(REEL, id=f"18{n:02}", at=NOW - timedelta(minutes=n)) for n in range(26))]
    peer.on("POST", BATCH, batch(*[{**NODE, **rows(**REAL_REEL)}] * 50))
    await PLATFORM.read(call, media)
    nodes = [path.partition("?")[0] for path in asked(peer) if "?fields" in path]
    assert nodes == [f"18{n:02}" for n in range(23)]
    assert (len(peer.asked), len(asked(peer))) == (1, 50)


async def test_old_media_are_asked_for_their_fields_only_when_rows_are_lacking(peer, call):
    other = replace(OLD, id="18087356288285736")
    peer.on("POST", BATCH, batch(rows(**REAL_REEL), rows(views=3))).on("POST", BATCH, batch(NODE))
    (_, first, _), (reading, second, _) = await numbers(call, OLD, other)
    assert (first["likes"], first["comments"]) == (76, 23)
    assert (second["views"], second["likes"], second["comments"]) == (3, 76, 24)
    assert reading.url == NODE["permalink"]
    assert [path.partition("?")[0] for path in asked(peer, 1)] == [other.id]


@pytest.mark.parametrize(("failure", "reason"), [(NO_SCOPE, "not_authorized"), (TOO_OLD, "not_applicable")])
async def test_old_media_whose_insights_are_refused_have_their_fields(peer, call, failure, reason):
    peer.on("POST", BATCH, batch(failure)).on("POST", BATCH, batch(NODE))
    [(reading, present, missing)] = await numbers(call, OLD)
    assert present == {"likes": 76, "comments": 24}
    assert missing["views"] == reason
    assert reading.fault is None


async def test_an_old_medium_that_is_gone(peer, call):
    peer.on("POST", BATCH, batch(GONE)).on("POST", BATCH, batch(GONE))
    [(reading, _, _)] = await numbers(call, OLD)
    assert isinstance(reading.fault, faults.Gone)


async def test_a_hidden_count_of_an_old_medium_is_hidden(peer, call):
    peer.on("POST", BATCH, batch(rows(views=3, comments=4))).on("POST", BATCH, batch({"id": MEDIA}))
    [(_, present, missing)] = await numbers(call, OLD)
    assert present["comments"] == 4
    assert missing["likes"] == "hidden"


async def test_a_throttled_medium_waits_and_is_not_asked_on(peer, call):
    throttled = {"error": {"message": "(#80002) too many calls", "code": 80002}}
    peer.on("POST", BATCH, batch(throttled, rows(**REAL_REEL)))
    (waiting, _, _), (_, present, _) = await numbers(call, OLD, replace(OLD, id="18087356288285736"))
    assert isinstance(waiting.fault, faults.WaitUntil)
    assert present["likes"] == 76
    assert len(peer.asked) == 1


async def test_a_medium_that_was_not_executed_is_asked_once_more(peer, call):
    peer.on("POST", BATCH, batch(None)).on("POST", BATCH, batch(rows(**REAL_REEL)))
    [(reading, present, _)] = await numbers(call, OLD)
    assert present["likes"] == 76
    assert reading.fault is None


# ---- metrics that are refused ----


async def test_a_metric_that_is_named_costs_one_request_once(peer, call):
    photo = post(MEDIA, Kind.PHOTO)
    peer.on("POST", BATCH, batch(NODE, WRONG)).on("POST", BATCH, batch(rows(saved=4, shares=1)))
    peer.on("POST", BATCH, batch(NODE, rows(saved=5, shares=1)))
    [(_, present, missing)] = await numbers(call, photo)
    [(reading, again, _)] = await numbers(call, photo)
    assert (present["saves"], present["shares"]) == (4, 1)
    assert missing["views"] == "unsupported"
    assert missing["video_views"] == "not_applicable"
    assert again["saves"] == 5
    assert reading.refused["views"].message == WRONG["error"]["message"]
    assert len(peer.asked) == 3
    assert asked(peer, 1) == asked(peer, 2)[1:]
    assert asked(peer, 1)[0].startswith(f"{MEDIA}/insights?metric=reach,likes,")


async def test_a_metric_named_by_its_place(peer, call):
    words = "metric[4] must be one of the following values: views, reach, likes, comments, shares"
    unknown = {"error": {"message": words, "code": 100}}
    peer.on("POST", BATCH, batch(unknown)).on("POST", BATCH, batch(rows(likes=1, comments=2, views=3)))
    [(_, present, missing)] = await numbers(call, OLD)
    assert present == {"likes": 1, "comments": 2, "views": 3, "video_views": 3}
    assert missing["saves"] == "unsupported"
    assert missing["shares"] == "not_yet_available"
    assert "saved" not in asked(peer, 1)[0]


async def test_further_metrics_named_later(peer, call):
    words = "The Media Insights API does not support the reach, saved metric for this media product type."
    peer.on("POST", BATCH, batch(WRONG)).on("POST", BATCH, batch({"error": {"message": words, "code": 100}}))
    peer.on("POST", BATCH, batch(rows(likes=1, comments=2, shares=3)))
    [(_, present, missing)] = await numbers(call, OLD)
    assert present == {"likes": 1, "comments": 2, "shares": 3}
    assert missing["views"] == missing["saves"] == "unsupported"
    assert "metric=likes,comments,shares," in asked(peer, 2)[0]


async def test_a_refusal_is_of_one_kind_of_media_and_ends(peer, call):
    scope = ("instagram", "1", "photo", "v26.0")
    call.withdrawn.add(scope, "views", "gone", NOW - timedelta(days=2))
    call.withdrawn.add(scope, "saved", "gone", NOW)
    peer.on("POST", BATCH, batch(rows(**REAL_REEL), rows(likes=1, comments=1)))
    await numbers(call, OLD, replace(OLD, kind=Kind.PHOTO, id="18087356288285736"))
    reel, photo = asked(peer)
    assert "saved" in reel
    assert "saved" not in photo
    assert "=views," in photo


# ---- Instagram Login ----


async def test_with_instagram_login_media_are_asked_one_by_one_side_by_side(peer, direct):
    other = post("18087356288285736", Kind.REEL)
    noted = []
    direct.note = lambda told: noted.append(told.request.posts)
    for media, node in ((REEL, NODE), (other, {**NODE, "like_count": 1})):
        path = f"/graph.instagram.com/v26.0/{media.id}"
        peer.on("GET", path, node).on("GET", f"{path}/insights", rows(**REAL_REEL))
    (_, first, _), (_, second, _) = await numbers(direct, REEL, other)
    assert (first["likes"], second["likes"]) == (76, 1)
    assert first["video_watch_time_ms"] == 18547084
    assert len(peer.asked) == 4
    assert sum(noted) == 2
    fields = {asked.query["fields"] for asked in peer.asked if "fields" in asked.query}
    assert fields == {"permalink,like_count,comments_count"}
    assert all(asked.query["access_token"] == "IG" for asked in peer.asked)


async def test_with_instagram_login_a_refused_insights_call_hurts_nobody_else(peer, direct):
    path = f"/graph.instagram.com/v26.0/{MEDIA}"
    peer.on("GET", path, NODE).on("GET", f"{path}/insights", NO_SCOPE, status=403)
    [(_, present, missing)] = await numbers(direct, REEL)
    assert present == {"likes": 76, "comments": 24}
    assert missing["views"] == "not_authorized"


async def test_with_instagram_login_old_media_are_one_request_each(peer, direct):
    path = f"/graph.instagram.com/v26.0/{MEDIA}"
    peer.on("GET", f"{path}/insights", rows(**REAL_REEL))
    noted = []
    direct.note = lambda told: noted.append(told.request.posts)
    [(_, present, _)] = await numbers(direct, OLD)
    assert present["likes"] == 76
    assert noted == [1]


async def test_with_instagram_login_a_named_metric_is_dropped(peer, direct):
    path = f"/graph.instagram.com/v26.0/{MEDIA}"
    peer.on("GET", f"{path}/insights", WRONG, status=400)
    peer.on("GET", f"{path}/insights", rows(likes=1, comments=2, saved=3))
    [(_, present, missing)] = await numbers(direct, OLD)
    assert present == {"likes": 1, "comments": 2, "saves": 3}
    assert missing["views"] == "unsupported"
    assert len(peer.asked) == 2


async def test_with_instagram_login_the_clicks_of_a_story_are_not_authorized(peer, direct):
    path = f"/graph.instagram.com/v26.0/{MEDIA}"
    peer.on("GET", path, {"id": MEDIA, "like_count": 2}).on("GET", f"{path}/insights", rows(views=8))
    [(_, present, missing)] = await numbers(direct, post(MEDIA, Kind.STORY, 0.5))
    assert present == {"likes": 2, "views": 8}
    assert missing["clicks"] == "not_authorized"
    assert not any("link_clicks" in asked.raw_query for asked in peer.asked)


async def test_with_instagram_login_a_story_that_is_gone_is_gone(peer, direct):
    path = f"/graph.instagram.com/v26.0/{MEDIA}"
    peer.on("GET", path, GONE, status=400).on("GET", f"{path}/insights", GONE, status=400)
    [(reading, _, _)] = await numbers(direct, post(MEDIA, Kind.STORY, 0.5))
    assert isinstance(reading.fault, faults.Gone)
