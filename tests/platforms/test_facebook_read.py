"""Facebook: reading posts, with the example answers of facebook.md §3 as they stand."""

import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from sextant import errors as faults
from sextant.platforms.base import Account, Grant
from sextant.platforms.catalogue import Kind
from sextant.platforms.facebook import PLATFORM
from tests.platforms.adapters import NOW, calling, numbers, post
from tests.wire import Scripted

BATCH = "/graph.facebook.com/v26.0/"
TEXT = post("123_456")
VIDEO = replace(post("123_456", Kind.VIDEO), video_id="789")
REEL = replace(post("123_456", Kind.REEL), video_id="789")

INSIGHTS = json.loads("""
{"data":[
 {"name":"post_media_view","period":"lifetime","values":[{"value":420}],"title":"...","description":"...","id":"123_456/insights/post_media_view/lifetime"},
 {"name":"post_reactions_by_type_total","period":"lifetime","values":[{"value":{"like":4,"love":1}}],"title":"...","description":"...","id":"123_456/insights/post_reactions_by_type_total/lifetime"},
 {"name":"post_activity_by_action_type","period":"lifetime","values":[{"value":{"comment":2,"share":1,"like":5}}],"title":"Lifetime Post Stories by action type","description":"...","id":"123_456/insights/post_activity_by_action_type/lifetime"}],
 "paging":{"previous":"...","next":"..."}}
""")  # noqa: E501
OBJECTS = json.loads("""
{"post_reactions_by_type_total":{"like":5,"sorry":10},
 "post_activity_by_action_type":{"share":1,"like":15,"comment":1},
 "post_clicks_by_type":{"link clicks":3,"other clicks":12,"photo view":4,"video play":2}}
""")
SUMMARIES = json.loads("""
{"shares":{"count":1},"reactions":{"data":[],"summary":{"total_count":9}},
 "comments":{"data":[],"summary":{"order":"chronological","total_count":2,"can_comment":true}},"id":"123_456"}
""")
NODE = {"id": "123_456", "permalink_url": "https://www.facebook.com/123/posts/456"}
EMPTY = {"data": []}

NO_PERMISSION = {"error": {"message": "(#10) requires pages_read_user_content", "code": 10}}
GONE = {"error": {"message": "Object does not exist", "code": 100, "error_subcode": 33}}
BAD_METRIC = {"error": {"message": "(#100) The value must be a valid insights metric", "code": 100}}
DOWN = {"error": {"message": "An unexpected error has occurred.", "code": 2, "is_transient": True}}
EXPIRED = {"error": {"message": "Error validating access token", "code": 190, "error_subcode": 463}}


def rows(**values):
    return {
        "data": [
            {"name": name, "period": "lifetime", "values": [{"value": value}]}
            for name, value in values.items()
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
    async with calling(PLATFORM, peer, Account("123", "Page", "page"), Grant("EAApage")) as call:
        yield call


def asked(peer, at=0):
    return [part["relative_url"] for part in json.loads(parse_qs(peer.asked[at].body.decode())["batch"][0])]


async def read(peer, call, wanted, *bodies):
    peer.on("POST", BATCH, batch(*bodies))
    [found] = await numbers(call, wanted)
    return found


async def test_insights_as_documented(peer, call):
    reading, present, missing = await read(peer, call, TEXT, NODE, INSIGHTS, NO_PERMISSION)
    assert present == {"likes": 5, "comments": 2, "shares": 1, "views": 420}
    assert missing["clicks"] == "not_yet_available"
    assert missing["video_views"] == missing["video_watch_time_ms"] == "not_applicable"
    assert missing["impressions"] == missing["video_viewers"] == missing["engagement"] == "unsupported"
    assert reading.url == "https://www.facebook.com/123/posts/456"
    assert reading.fault is None
    assert reading.raw == {
        "postMediaView": 420,
        "postReactionsByTypeTotal": {"like": 4, "love": 1},
        "postActivityByActionType": {"comment": 2, "share": 1, "like": 5},
    }


async def test_object_values_as_documented(peer, call):
    reading, present, _ = await read(peer, call, TEXT, NODE, rows(**OBJECTS), NO_PERMISSION)
    assert present == {"likes": 15, "comments": 1, "shares": 1}
    assert reading.raw["postClicksByType"] == OBJECTS["post_clicks_by_type"]


async def test_a_key_missing_in_an_object_is_a_zero_and_a_missing_object_is_none(peer, call):
    bodies = rows(post_activity_by_action_type={}, post_media_view=0), NO_PERMISSION
    _, present, missing = await read(peer, call, TEXT, NODE, *bodies)
    assert present == {"likes": 0, "comments": 0, "shares": 0, "views": 0}
    assert missing["clicks"] == "not_yet_available"


async def test_reactions_stand_in_for_missing_activity(peer, call):
    insights = rows(post_reactions_by_type_total={"like": 5, "sorry": 10})
    _, present, missing = await read(peer, call, TEXT, NODE, insights, NO_PERMISSION)
    assert present == {"likes": 15}
    assert missing["comments"] == "not_authorized"


async def test_a_page_too_small_for_insights_has_its_summaries(peer, call):
    node = {**NODE, "shares": {"count": 1}}
    reading, present, missing = await read(peer, call, TEXT, node, EMPTY, SUMMARIES)
    assert present == {"likes": 9, "comments": 2, "shares": 1}
    assert reading.raw == {"sharesCount": 1, "reactions": {"total": 9}, "commentsSummary": 2}
    assert missing["views"] == "not_yet_available"


async def test_a_video_is_asked_at_the_post_and_at_the_video(peer, call):
    insights = rows(
        post_media_view=300,
        post_video_views=193,
        post_video_avg_time_watched=4166,
        post_video_view_time=2149995,
    )
    video = rows(total_video_views=190, total_video_view_total_time=2000000)
    reading, present, _ = await read(peer, call, VIDEO, NODE, insights, SUMMARIES, video)
    assert present["video_views"] == 193
    assert present["video_watch_time_ms"] == 2149995
    assert reading.raw["totalVideoViews"] == 190
    paths = asked(peer)
    assert paths[1].startswith("123_456/insights?metric=post_media_view,")
    assert "post_video_view_time" in paths[1]
    assert paths[3].startswith("789/video_insights?metric=total_video_views,")
    assert len(peer.asked) == 1


async def test_the_video_node_stands_in_for_missing_post_rows(peer, call):
    video = rows(total_video_views=190, total_video_view_total_time=2000000)
    _, present, _ = await read(peer, call, VIDEO, NODE, EMPTY, SUMMARIES, video)
    assert present["video_views"] == 190
    assert present["video_watch_time_ms"] == 2000000


async def test_no_watch_time_beside_plays_is_a_reshared_video(peer, call):
    insights = rows(post_video_views=12, post_video_view_time=0)
    reading, present, missing = await read(peer, call, VIDEO, NODE, insights, SUMMARIES, EMPTY)
    assert "video_watch_time_ms" not in present
    assert missing["video_watch_time_ms"] == "not_applicable"
    assert reading.raw["postVideoViewTime"] == 0


async def test_no_watch_time_without_plays_is_a_zero(peer, call):
    insights = rows(post_video_views=0, post_video_view_time=0)
    _, present, _ = await read(peer, call, VIDEO, NODE, insights, SUMMARIES, EMPTY)
    assert present["video_watch_time_ms"] == 0
    assert present["video_views"] == 0


async def test_a_reel_is_asked_one_metric_a_call(peer, call):
    node = {
        "id": "789",
        "permalink_url": "/reel/789/",
        "views": 17358,
        "likes": {"data": [], "summary": {"total_count": 5}},
    }
    reading, present, missing = await read(
        peer,
        call,
        REEL,
        node,
        rows(fb_reels_total_plays=17358),
        rows(blue_reels_play_count=12707),
        rows(fb_reels_replay_count=4651),
        rows(post_video_view_time=5000),
        rows(post_video_likes_by_reaction_type={"REACTION_LIKE": 4, "REACTION_LOVE": 1}),
        rows(post_video_social_actions={"COMMENT": 5, "SHARE": 2}),
    )
    assert present == {
        "likes": 5,
        "comments": 5,
        "shares": 2,
        "views": 17358,
        "video_views": 12707,
        "video_watch_time_ms": 5000,
    }
    assert missing["clicks"] == "not_applicable"
    assert reading.url == "https://www.facebook.com/reel/789/"
    assert reading.raw["fbReelsReplayCount"] == 4651
    assert reading.raw["views"] == 17358
    assert all("," not in path for path in asked(peer)[1:])


async def test_likes_of_a_reel_are_the_sum_of_its_reactions_when_the_node_has_none(peer, call):
    likes = rows(post_video_likes_by_reaction_type={"REACTION_LIKE": 4, "REACTION_LOVE": 1})
    _, present, _ = await read(peer, call, REEL, {"id": "789"}, EMPTY, EMPTY, EMPTY, EMPTY, likes, EMPTY)
    assert present == {"likes": 5}


async def test_insights_without_the_scope_are_not_authorized(peer, call):
    reading, present, missing = await read(peer, call, TEXT, NODE, NO_PERMISSION, SUMMARIES)
    assert present == {"likes": 9, "comments": 2, "shares": 1}
    assert missing["views"] == missing["clicks"] == "not_authorized"
    assert reading.refused["views"].message.startswith("(#10)")
    assert reading.fault is None


async def test_rows_left_out_without_the_scope_are_not_authorized(peer, call):
    call.grant = Grant("EAApage", scopes=frozenset({"pages_read_engagement"}))
    _, _, missing = await read(peer, call, TEXT, NODE, EMPTY, SUMMARIES)
    assert missing["views"] == "not_authorized"


async def test_rows_of_a_post_over_two_years_old_are_expired(peer, call):
    old = replace(TEXT, at=NOW - timedelta(days=900))
    _, _, missing = await read(peer, call, old, NODE, EMPTY, SUMMARIES)
    assert missing["views"] == missing["clicks"] == "expired"


async def test_a_refused_metric_name_is_unsupported(peer, call):
    reading, _, missing = await read(peer, call, TEXT, NODE, BAD_METRIC, SUMMARIES)
    assert missing["views"] == missing["clicks"] == "unsupported"
    assert reading.fault is None


@pytest.mark.parametrize("failure", [None, DOWN])
async def test_a_part_that_failed_keeps_the_rest_and_is_said(peer, call, failure):
    reading, present, missing = await read(peer, call, TEXT, NODE, failure, SUMMARIES)
    assert present == {"likes": 9, "comments": 2, "shares": 1}
    assert missing["views"] == missing["clicks"] == "upstream_error"
    assert isinstance(reading.fault, faults.TryLater)


async def test_a_failed_part_whose_numbers_came_otherwise_is_no_fault(peer, call):
    insights = rows(post_activity_by_action_type={"like": 1}, post_media_view=3, post_clicks=0)
    reading, present, _ = await read(peer, call, TEXT, DOWN, insights, DOWN)
    assert present == {"likes": 1, "comments": 0, "shares": 0, "views": 3, "clicks": 0}
    assert reading.fault is None
    assert reading.refused == {}


async def test_posts_are_told_apart_and_one_that_is_gone_is_gone(peer, call):
    other = post("123_457")
    peer.on("POST", BATCH, batch(GONE, GONE, GONE, NODE, rows(post_media_view=7), SUMMARIES))
    (gone, _, _), (alive, present, _) = await numbers(call, TEXT, other)
    assert isinstance(gone.fault, faults.Gone)
    assert alive.id == "123_457"
    assert present["views"] == 7


async def test_one_post_that_is_gone_is_a_reading(peer, call):
    reading, _, _ = await read(peer, call, TEXT, GONE, GONE, GONE)
    assert isinstance(reading.fault, faults.Gone)
    assert reading.raw == {}


@pytest.mark.parametrize(
    ("failure", "fault"), [(DOWN, faults.TryLater), (EXPIRED, faults.Reconnect), (None, faults.TryLater)]
)
async def test_when_every_part_of_every_post_fails_the_read_fails(peer, call, failure, fault):
    peer.on("POST", BATCH, batch(*[failure] * 6))
    with pytest.raises(fault):
        await PLATFORM.read(call, [TEXT, post("123_457")])


async def test_a_whole_call_refused_is_its_fault(peer, call):
    peer.on("POST", BATCH, EXPIRED, status=400)
    with pytest.raises(faults.Reconnect):
        await PLATFORM.read(call, [TEXT])


async def test_fifty_posts_go_out_in_whole_batches_of_at_most_50(peer, call):
    peer.on("POST", BATCH, batch(*[EMPTY] * 48))
    noted = []
    call.note = lambda request, outcome: noted.append(request.posts)
    readings = await PLATFORM.read(call, [post(f"123_{n}") for n in range(48)])
    assert [len(asked(peer, at)) for at in range(3)] == [48, 48, 48]
    assert noted == [16, 16, 16]
    assert [reading.id for reading in readings] == [f"123_{n}" for n in range(48)]
