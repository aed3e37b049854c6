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
THROTTLED = {"error": {"message": "(#80001) too many calls", "code": 80001}}
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


def whole(insights, **more):
    """A post's fields with its insights expanded."""
    return {**NODE, **more, "insights": insights}


async def read(peer, call, wanted, *waves):
    """The reading of one post from these batch answers, all of which are asked for."""
    for wave in waves:
        peer.on("POST", BATCH, batch(*wave))
    [found] = await numbers(call, wanted)
    assert len(peer.asked) == len(waves)
    return found


# ---- one question per post ----


async def test_insights_as_documented(peer, call):
    reading, present, missing = await read(peer, call, TEXT, [whole(INSIGHTS)])
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


async def test_a_post_is_one_question(peer, call):
    await read(peer, call, TEXT, [whole(INSIGHTS)])
    assert asked(peer) == [
        "123_456?fields=permalink_url,shares,reactions.summary(total_count).limit(0),"
        "comments.summary(total_count).filter(stream).limit(0),likes.summary(true).limit(0),"
        "insights.metric(post_media_view,post_total_media_view_unique,post_clicks,post_clicks_by_type,"
        "post_reactions_by_type_total,post_activity_by_action_type)"
    ]


async def test_object_values_as_documented(peer, call):
    reading, present, _ = await read(peer, call, TEXT, [whole(rows(**OBJECTS))])
    assert present == {"likes": 15, "comments": 1, "shares": 1}
    assert reading.raw["postClicksByType"] == OBJECTS["post_clicks_by_type"]


async def test_a_key_missing_in_an_object_is_a_zero_and_a_missing_object_is_none(peer, call):
    insights = rows(post_activity_by_action_type={}, post_media_view=0)
    _, present, missing = await read(peer, call, TEXT, [whole(insights)])
    assert present == {"likes": 0, "comments": 0, "shares": 0, "views": 0}
    assert missing["clicks"] == "not_yet_available"


async def test_reactions_stand_in_for_missing_activity(peer, call):
    insights = rows(post_reactions_by_type_total={"like": 5, "sorry": 10})
    _, present, missing = await read(peer, call, TEXT, [whole(insights)])
    assert present == {"likes": 15}
    assert missing["comments"] == "not_yet_available"


async def test_a_page_too_small_for_insights_has_its_summaries(peer, call):
    reading, present, missing = await read(peer, call, TEXT, [{**NODE, **SUMMARIES}])
    assert present == {"likes": 9, "comments": 2, "shares": 1}
    assert reading.raw == {"sharesCount": 1, "reactions": {"total": 9}, "commentsSummary": 2}
    assert missing["views"] == "not_yet_available"


async def test_without_their_scope_summaries_are_asked_apart_where_they_are_needed(peer, call):
    call.grant = Grant("EAApage", scopes=frozenset({"read_insights", "pages_read_engagement"}))
    small = rows(post_media_view=3)
    _, present, missing = await read(peer, call, TEXT, [whole(small)], [NO_PERMISSION])
    assert present == {"views": 3}
    assert missing["likes"] == missing["comments"] == "not_authorized"
    assert "summary" not in asked(peer)[0]
    assert asked(peer, 1)[0].startswith("123_456?fields=reactions.summary")


async def test_summaries_without_their_scope_are_not_asked_where_insights_have_the_numbers(peer, call):
    call.grant = Grant("EAApage", scopes=frozenset({"read_insights", "pages_read_engagement"}))
    _, present, _ = await read(peer, call, TEXT, [whole(INSIGHTS)])
    assert present["likes"] == 5


async def test_fifty_posts_are_one_request_of_fifty(peer, call):
    noted = []
    call.note = lambda told: noted.append((told.request.posts, told.request.weight))
    wanted = [replace(TEXT, id=f"123_{n}", at=NOW) for n in range(25)]
    wanted += [replace(VIDEO, id=f"123_{n}", at=NOW - timedelta(days=9)) for n in range(25, 50)]
    moving = rows(post_video_views=1, post_video_view_time=1)["data"]
    videos = whole({"data": INSIGHTS["data"] + moving})
    peer.on("POST", BATCH, batch(*[videos] * 50))
    readings = await PLATFORM.read(call, wanted)
    assert [reading.id for reading in readings] == [post.id for post in wanted]
    assert len(asked(peer)) == 50
    assert (len(peer.asked), noted) == (1, [(50, 50)])


# ---- videos and reels ----


async def test_a_young_video_is_asked_at_the_post_and_at_the_video_at_once(peer, call):
    young = replace(VIDEO, at=NOW - timedelta(hours=1))
    insights = rows(
        post_media_view=300,
        post_video_views=193,
        post_video_avg_time_watched=4166,
        post_video_view_time=2149995,
    )
    video = rows(total_video_views=190, total_video_view_total_time=2000000)
    reading, present, _ = await read(peer, call, young, [video, whole(insights, **SUMMARIES)])
    assert present["video_views"] == 193
    assert present["video_watch_time_ms"] == 2149995
    assert reading.raw["totalVideoViews"] == 190
    paths = asked(peer)
    assert paths[0].startswith("789/video_insights?period=lifetime&metric=total_video_views,")
    assert "post_video_view_time" in paths[1]


async def test_the_video_node_stands_in_for_missing_post_rows(peer, call):
    video = rows(total_video_views=190, total_video_view_total_time=2000000)
    _, present, _ = await read(peer, call, VIDEO, [whole(EMPTY, **SUMMARIES)], [video])
    assert present["video_views"] == 190
    assert present["video_watch_time_ms"] == 2000000


async def test_no_watch_time_beside_plays_is_a_reshared_video(peer, call):
    insights = rows(post_video_views=12, post_video_view_time=0)
    reading, present, missing = await read(peer, call, VIDEO, [whole(insights, **SUMMARIES)])
    assert "video_watch_time_ms" not in present
    assert missing["video_watch_time_ms"] == "not_applicable"
    assert reading.raw["postVideoViewTime"] == 0


async def test_no_watch_time_without_plays_is_a_zero(peer, call):
    insights = rows(post_video_views=0, post_video_view_time=0)
    _, present, _ = await read(peer, call, VIDEO, [whole(insights, **SUMMARIES)])
    assert present["video_watch_time_ms"] == 0
    assert present["video_views"] == 0


REEL_NODE = {
    "id": "789",
    "permalink_url": "/reel/789/",
    "views": 17358,
    "likes": {"data": [], "summary": {"total_count": 5}},
}
REEL_ROWS = [
    rows(fb_reels_total_plays=17358),
    rows(blue_reels_play_count=12707),
    rows(fb_reels_replay_count=4651),
    rows(post_video_view_time=5000),
    rows(post_video_likes_by_reaction_type={"REACTION_LIKE": 4, "REACTION_LOVE": 1}),
    rows(post_video_social_actions={"COMMENT": 5, "SHARE": 2}),
]


async def test_a_reel_is_asked_one_metric_a_call(peer, call):
    reading, present, missing = await read(peer, call, REEL, [REEL_NODE, *REEL_ROWS])
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
    answers = [{"id": "789"}, EMPTY, EMPTY, EMPTY, EMPTY, likes, EMPTY]
    _, present, _ = await read(peer, call, REEL, answers)
    assert present == {"likes": 5}


# ---- refusals ----


async def test_a_refused_post_is_asked_in_pieces(peer, call):
    reading, present, missing = await read(
        peer, call, TEXT, [NO_PERMISSION], [NODE, NO_PERMISSION, SUMMARIES]
    )
    assert present == {"likes": 9, "comments": 2, "shares": 1}
    assert missing["views"] == missing["clicks"] == "not_authorized"
    assert reading.refused["views"].message.startswith("(#10)")
    assert reading.fault is None
    assert reading.url == NODE["permalink_url"]
    assert asked(peer, 1)[0] == "123_456?fields=permalink_url,shares"
    assert asked(peer, 1)[1].startswith("123_456/insights?metric=post_media_view,")


async def test_refused_summaries_leave_the_insights(peer, call):
    pieces = [NODE, INSIGHTS, NO_PERMISSION]
    _, present, _ = await read(peer, call, TEXT, [NO_PERMISSION], pieces)
    assert present == {"likes": 5, "comments": 2, "shares": 1, "views": 420}


async def test_a_post_is_not_gone_because_its_summaries_say_so(peer, call):
    reading, present, _ = await read(peer, call, TEXT, [GONE], [NODE, INSIGHTS, GONE])
    assert present["views"] == 420
    assert reading.fault is None


async def test_without_the_insights_scope_the_pieces_are_asked_at_once(peer, call):
    call.grant = Grant("EAApage", scopes=frozenset({"pages_read_engagement", "pages_read_user_content"}))
    _, present, missing = await read(peer, call, TEXT, [NODE, EMPTY, SUMMARIES])
    assert present["likes"] == 9
    assert missing["views"] == "not_authorized"


async def test_rows_of_a_post_over_two_years_old_are_expired(peer, call):
    old = replace(VIDEO, at=NOW - timedelta(days=900))
    _, present, missing = await read(peer, call, old, [whole(EMPTY, **SUMMARIES)])
    assert present == {"likes": 9, "comments": 2, "shares": 1}
    assert missing["views"] == missing["clicks"] == missing["video_views"] == "expired"


@pytest.mark.parametrize("failure", [None, DOWN])
async def test_a_part_that_failed_keeps_the_rest_and_is_said(peer, call, failure):
    young = replace(VIDEO, at=NOW - timedelta(hours=1))
    waves = [[failure, whole(EMPTY, **SUMMARIES)]] + [[None]] * (failure is None)
    reading, present, missing = await read(peer, call, young, *waves)
    assert present == {"likes": 9, "comments": 2, "shares": 1}
    assert missing["video_views"] == "upstream_error"
    assert isinstance(reading.fault, faults.TryLater)


async def test_a_failed_part_whose_numbers_came_otherwise_is_no_fault(peer, call):
    young = replace(VIDEO, at=NOW - timedelta(hours=1))
    insights = rows(post_activity_by_action_type={"like": 1}, post_video_views=3, post_video_view_time=0)
    reading, present, _ = await read(peer, call, young, [DOWN, whole(insights)])
    assert present["video_views"] == 3
    assert reading.fault is None


async def test_a_part_that_was_not_executed_is_asked_once_more(peer, call):
    other = post("123_457")
    peer.on("POST", BATCH, batch(None, whole(rows(post_media_view=7), **SUMMARIES)))
    peer.on("POST", BATCH, batch(whole(INSIGHTS)))
    (first, present, _), (_, second, _) = await numbers(call, TEXT, other)
    assert (present["views"], second["views"]) == (420, 7)
    assert first.fault is None
    assert [len(asked(peer, at)) for at in (0, 1)] == [2, 1]
    assert asked(peer, 1) == asked(peer)[:1]


async def test_a_throttled_part_waits_and_hurts_nobody_else(peer, call):
    other = post("123_457")
    usage = json.dumps({"123": [{"type": "pages", "estimated_time_to_regain_access": 9}]})
    [stopped, fine] = batch(THROTTLED, whole(INSIGHTS))
    stopped["headers"] = [{"name": "X-Business-Use-Case-Usage", "value": usage}]
    peer.on("POST", BATCH, [stopped, fine])
    (waiting, _, _), (_, present, _) = await numbers(call, TEXT, other)
    assert isinstance(waiting.fault, faults.WaitUntil)
    assert waiting.fault.until == NOW + timedelta(minutes=9)
    assert present["views"] == 420
    assert len(peer.asked) == 1


async def test_posts_are_told_apart_and_one_that_is_gone_is_gone(peer, call):
    other = post("123_457")
    peer.on("POST", BATCH, batch(GONE, whole(rows(post_media_view=7), **SUMMARIES)))
    peer.on("POST", BATCH, batch(GONE, GONE, GONE))
    (gone, _, _), (alive, present, _) = await numbers(call, TEXT, other)
    assert isinstance(gone.fault, faults.Gone)
    assert gone.raw == {}
    assert alive.id == "123_457"
    assert present["views"] == 7


async def test_one_post_that_is_gone_is_a_reading(peer, call):
    reading, _, _ = await read(peer, call, TEXT, [GONE], [GONE, GONE, GONE])
    assert isinstance(reading.fault, faults.Gone)


@pytest.mark.parametrize(("failure", "fault"), [(DOWN, faults.TryLater), (None, faults.TryLater)])
async def test_when_every_part_of_every_post_fails_the_read_fails(peer, call, failure, fault):
    peer.on("POST", BATCH, batch(*[failure] * 2))
    with pytest.raises(fault):
        await PLATFORM.read(call, [TEXT, post("123_457")])


async def test_a_whole_call_refused_is_its_fault(peer, call):
    peer.on("POST", BATCH, EXPIRED, status=400)
    with pytest.raises(faults.Reconnect):
        await PLATFORM.read(call, [TEXT])
    assert len(peer.asked) == 1


# ---- metrics that are refused ----

SINGLES = [
    whole(rows(post_media_view=3)),
    whole(rows(post_total_media_view_unique=2)),
    BAD_METRIC,
    whole(EMPTY),
    whole(EMPTY),
    whole(EMPTY),
]


async def test_a_refused_metric_is_found_left_out_and_remembered(peer, call, caplog):
    other, clip = post("123_457"), replace(VIDEO, id="123_458")
    seen = {"post_video_views": 1, "post_video_view_time": 1}
    moving = whole({"data": INSIGHTS["data"] + rows(**seen)["data"]})
    peer.on("POST", BATCH, batch(BAD_METRIC, BAD_METRIC, moving))
    peer.on("POST", BATCH, batch(*SINGLES))
    peer.on("POST", BATCH, batch(whole(INSIGHTS), whole(INSIGHTS)))
    first = await numbers(call, TEXT, other, clip)
    for reading, present, missing in first[:2]:
        assert present == {"likes": 5, "comments": 2, "shares": 1, "views": 420}
        assert missing["clicks"] == "unsupported"
        assert reading.refused["clicks"].message.startswith("(#100)")
        assert reading.fault is None
    assert first[2][2]["clicks"] == "not_yet_available"
    assert [path.rpartition("metric(")[2] for path in asked(peer, 1)][2] == "post_clicks)"
    assert all("post_clicks," not in path for path in asked(peer, 2))
    assert "post_clicks" in caplog.text
    peer.on("POST", BATCH, batch(whole(INSIGHTS), whole(INSIGHTS)))
    (_, _, missing), _ = await numbers(call, post("123_459"), post("123_460"))
    assert missing["clicks"] == "unsupported"
    assert len(peer.asked) == 4
    assert "post_clicks," not in asked(peer, 3)[0]


async def test_a_key_with_another_living_metric_is_not_unsupported(peer, call):
    scope = ("facebook", "123", "text", "v26.0")
    call.withdrawn.add(scope, "post_activity_by_action_type", "gone", NOW)
    call.withdrawn.add(scope, "post_media_view", "gone", NOW)
    _, present, missing = await read(peer, call, TEXT, [whole(EMPTY)])
    assert present == {}
    assert missing["likes"] == missing["comments"] == "not_yet_available"
    assert missing["views"] == "unsupported"


async def test_a_refusal_alike_of_every_metric_is_no_withdrawal(peer, call):
    blind = {"error": {"message": "(#200) User does not", "code": 200, "error_subcode": 1504029}}
    peer.on("POST", BATCH, batch(blind)).on("POST", BATCH, batch(*[blind] * 6))
    peer.on("POST", BATCH, batch(NODE, SUMMARIES))
    [(_, present, missing)] = await numbers(call, TEXT)
    assert present == {"likes": 9, "comments": 2, "shares": 1}
    assert missing["views"] == "not_authorized"
    assert call.withdrawn.known(("facebook", "123", "text", "v26.0"), NOW) == {}
    assert len(peer.asked) == 3


async def test_a_reel_whose_video_is_not_known_is_asked_as_a_post(peer, call):
    blind = {"error": {"message": "(#200) User does not", "code": 200, "error_subcode": 1504029}}
    unknown = replace(REEL, video_id=None)
    seen = whole(rows(post_media_view=3))
    peer.on("POST", BATCH, batch(blind)).on("POST", BATCH, batch(seen, seen, blind, seen, blind, seen))
    peer.on("POST", BATCH, batch({**seen, **SUMMARIES}))
    [(_, present, _)] = await numbers(call, unknown)
    assert present == {"likes": 9, "comments": 2, "shares": 1, "views": 3}
    assert "post_clicks" in call.withdrawn.known(("facebook", "123", "reel", "v26.0"), NOW)
    assert call.withdrawn.known(("facebook", "123", "reel video_insights", "v26.0"), NOW) == {}


async def test_a_refused_metric_of_a_reel_is_no_longer_asked(peer, call):
    peer.on("POST", BATCH, batch(REEL_NODE, BAD_METRIC, *REEL_ROWS[1:]))
    peer.on("POST", BATCH, batch(REEL_NODE, *REEL_ROWS[1:]))
    [(_, present, missing)] = await numbers(call, REEL)
    assert missing["views"] == "unsupported"
    assert present["video_views"] == 12707
    [(_, again, missing)] = await numbers(call, REEL)
    assert again == present
    assert missing["views"] == "unsupported"
    assert len(asked(peer, 1)) == 6
