"""X: the document's example answers and its missing cases, through the real client."""

from datetime import timedelta

import pytest

from sextant.errors import Gone, NoValue, TryLater, WaitUntil
from sextant.metrics import KEYS, Reason
from sextant.normalize import canonical, normalize
from sextant.platforms.base import Account, Grant
from sextant.platforms.catalogue import Kind
from sextant.platforms.x import PLATFORM
from tests.platforms.adapters import NOW, calling, numbers, post
from tests.wire import Scripted

ACCOUNT = Account("2244994945", "X Developers", "user", "XDevelopers")
GRANT = Grant("token-1")
TWEETS = "/api.x.com/2/tweets"
PRIVATE = "/private"


class Peer(Scripted):
    """Lookups of private fields have a script of their own, under PRIVATE."""

    async def _answer(self, request):
        if "non_public_metrics" in request.query.get("post.fields", ""):
            request = request.clone(rel_url=request.rel_url.with_path(PRIVATE, keep_query=True))
        return await super()._answer(request)


@pytest.fixture
async def peer():
    async with Peer() as peer:
        yield peer


@pytest.fixture
async def call(peer):
    async with calling(PLATFORM, peer, ACCOUNT, GRANT) as call:
        yield call


# ---- reading: the document's examples as they stand ------------------------------------------------


async def test_contract_example(peer, call):
    counters = {
        "like_count": 42,
        "reply_count": 7,
        "repost_count": 5,
        "impression_count": 18420,
        "view_count": 9120,
        "bookmark_count": 18,
        "quote_count": 3,
    }
    both = {"data": [{"id": "1901625213503277588", "text": "hello", "public_metrics": counters}]}
    peer.on("GET", TWEETS, both).on(
        "GET", PRIVATE, {"data": [{"id": "1901625213503277588", "text": "hello"}]}
    )
    asked = post("1901625213503277588")
    (reading,) = await PLATFORM.read(call, [asked])
    metrics, missing = normalize(PLATFORM.catalogue, reading.raw, asked.kind, reading.refused)
    assert list(canonical(PLATFORM.catalogue, reading.raw).items()) == [
        ("likeCount", 42),
        ("replyCount", 7),
        ("repostCount", 5),
        ("impressionCount", 18420),
        ("viewCount", 9120),
        ("bookmarkCount", 18),
        ("quoteCount", 3),
    ]
    present = {
        "likes": 42,
        "comments": 7,
        "shares": 5,
        "impressions": 18420,
        "views": 9120,
        "bookmarks": 18,
        "quotes": 3,
    }
    assert metrics == dict.fromkeys(KEYS) | present
    assert missing == {
        "video_views": Reason.NOT_APPLICABLE,
        "video_viewers": Reason.UNSUPPORTED,
        "video_watch_time_ms": Reason.UNSUPPORTED,
        "engagement": Reason.NOT_AUTHORIZED,
        "clicks": Reason.NOT_AUTHORIZED,
        "saves": Reason.UNSUPPORTED,
    }
    assert reading.fault is None


OLD_NAMES = {
    "data": {
        "id": "1234567890",
        "text": "Hello world!",
        "public_metrics": {
            "retweet_count": 50,
            "reply_count": 12,
            "like_count": 234,
            "quote_count": 5,
            "bookmark_count": 8,
            "impression_count": 5432,
        },
    }
}
NEW_NAMES = {
    "data": [
        {
            "id": "1234567890",
            "text": "Hello world!",
            "public_metrics": {
                "repost_count": 50,
                "reply_count": 12,
                "like_count": 234,
                "quote_count": 5,
                "bookmark_count": 8,
                "impression_count": 5432,
            },
        }
    ],
    "meta": {"result_count": 1},
}


@pytest.mark.parametrize("answer", [OLD_NAMES, NEW_NAMES])
async def test_both_vocabularies(peer, call, answer):
    peer.on("GET", TWEETS, answer)
    ((reading, found, missing),) = await numbers(call, post("1234567890", days=31))
    assert found == {
        "likes": 234,
        "comments": 12,
        "shares": 50,
        "impressions": 5432,
        "views": 5432,
        "bookmarks": 8,
        "quotes": 5,
    }
    assert missing["engagement"] is missing["clicks"] is Reason.EXPIRED
    assert len(peer.asked) == 1
    assert {"id", "text"}.isdisjoint(reading.raw)
    query = peer.asked[0].query
    assert query["ids"] == "1234567890"
    assert query["expansions"] == "attachments.media_keys"


PRIVATE_WITH_VIDEO = {
    "data": {
        "id": "1263145271946551300",
        "text": "test",
        "attachments": {"media_keys": ["13_1204080851740315648"]},
        "non_public_metrics": {
            "impression_count": 956,
            "url_link_clicks": 9,
            "user_profile_clicks": 34,
            "engagements": 345,
        },
        "organic_metrics": {
            "impression_count": 956,
            "like_count": 49,
            "reply_count": 2,
            "retweet_count": 9,
            "url_link_clicks": 9,
            "user_profile_clicks": 34,
        },
    },
    "includes": {
        "media": [
            {
                "media_key": "13_1204080851740315648",
                "type": "video",
                "non_public_metrics": {
                    "playback_0_count": 0,
                    "playback_25_count": 2,
                    "playback_50_count": 1,
                    "playback_75_count": 1,
                    "playback_100_count": 1,
                },
                "organic_metrics": {
                    "playback_0_count": 0,
                    "playback_25_count": 2,
                    "playback_50_count": 1,
                    "playback_75_count": 1,
                    "playback_100_count": 1,
                    "view_count": 1,
                },
            }
        ]
    },
}
PUBLIC_BESIDE = {
    "data": [{"id": "1263145271946551300", "public_metrics": {"like_count": 50, "impression_count": 1000}}]
}


async def test_private_part_with_video(peer, call):
    peer.on("GET", TWEETS, PUBLIC_BESIDE).on("GET", PRIVATE, PRIVATE_WITH_VIDEO)
    ((reading, found, _),) = await numbers(call, post("1263145271946551300", Kind.VIDEO))
    assert found == {
        "likes": 50,
        "impressions": 1000,
        "views": 1000,
        "video_views": 1,
        "engagement": 345,
        "clicks": 9,
    }
    assert reading.raw["nonPublicMetrics"] == {"impressionCount": 956}
    assert reading.raw["engagements"] == 345
    assert reading.raw["video"]["playback25Count"] == 2
    assert reading.raw["organicMetrics"]["likeCount"] == 49
    assert reading.raw["organicMetrics"]["video"]["viewCount"] == 1
    assert sorted(asked.path for asked in peer.asked) == [TWEETS, PRIVATE]


VIDEO_ALONE = {
    "data": {
        "id": "1234567890",
        "text": "Check out this video!",
        "attachments": {"media_keys": ["13_9876543210"]},
    },
    "includes": {
        "media": [
            {
                "media_key": "13_9876543210",
                "type": "video",
                "public_metrics": {"view_count": 12543},
                "non_public_metrics": {
                    "playback_0_count": 12543,
                    "playback_25_count": 9876,
                    "playback_50_count": 7654,
                    "playback_75_count": 5432,
                    "playback_100_count": 3210,
                },
            }
        ]
    },
}


async def test_video_counters_alone(peer, call):
    peer.on("GET", TWEETS, VIDEO_ALONE).on("GET", PRIVATE, VIDEO_ALONE)
    ((reading, found, _),) = await numbers(call, post("1234567890", Kind.VIDEO))
    assert found == {"video_views": 12543}
    assert reading.raw == {
        "video": {
            "viewCount": 12543,
            "playback0Count": 12543,
            "playback25Count": 9876,
            "playback50Count": 7654,
            "playback75Count": 5432,
            "playback100Count": 3210,
        }
    }


# ---- reading: refusals and absences ----------------------------------------------------------------


FIELD_REFUSED = {
    "errors": [
        {
            "resource_type": "tweet",
            "field": f"non_public_metrics.{field}",
            "parameter": "id",
            "resource_id": "1446829727184941056",
            "value": "1446829727184941056",
            "title": "Field Authorization Error",
            "section": "data",
            "detail": f"Sorry, you are not authorized to access 'non_public_metrics.{field}' on the Tweet "
            "with id : [1446829727184941056].",
            "type": "https://api.twitter.com/2/problems/not-authorized-for-field",
        }
        for field in ("impression_count", "url_link_clicks", "engagements")
    ]
}
LIKED = {"data": [{"id": "1446829727184941056", "public_metrics": {"like_count": 0}}]}


async def test_refused_private_fields_keep_the_public_ones(peer, call):
    peer.on("GET", TWEETS, LIKED).on("GET", PRIVATE, FIELD_REFUSED)
    ((reading, found, missing),) = await numbers(call, post("1446829727184941056"))
    assert found == {"likes": 0}
    assert missing["engagement"] is missing["clicks"] is Reason.NOT_AUTHORIZED
    assert "not authorized" in reading.refused["engagement"].message
    assert reading.fault is None


async def test_private_call_refused_as_a_whole(peer, call):
    refused = {
        "title": "Client Forbidden",
        "detail": "apply for access",
        "type": "https://api.x.com/2/problems/client-forbidden",
    }
    peer.on("GET", TWEETS, LIKED).on("GET", PRIVATE, refused, 403)
    ((reading, found, missing),) = await numbers(call, post("1446829727184941056"))
    assert (found, missing["clicks"], reading.fault) == ({"likes": 0}, Reason.NOT_AUTHORIZED, None)


async def test_private_call_broken(peer, call):
    peer.on("GET", TWEETS, LIKED).on("GET", PRIVATE, "<html>", 503)
    ((reading, found, missing),) = await numbers(call, post("1446829727184941056"))
    assert (found, missing["engagement"]) == ({"likes": 0}, Reason.UPSTREAM_ERROR)
    assert isinstance(reading.fault, TryLater)


async def test_field_that_x_could_not_fill(peer, call):
    hydration = {
        "resource_id": "1446829727184941056",
        "field": "public_metrics",
        "detail": "try again",
        "type": "https://api.x.com/2/problems/field-hydration-failure",
    }
    answer = {"data": [{"id": "1446829727184941056"}], "errors": [hydration]}
    peer.on("GET", TWEETS, answer).on("GET", PRIVATE, {"data": [{"id": "1446829727184941056"}]})
    ((reading, found, missing),) = await numbers(call, post("1446829727184941056"))
    assert found == {}
    assert missing["likes"] is missing["shares"] is missing["quotes"] is Reason.UPSTREAM_ERROR
    assert isinstance(reading.fault, TryLater)


PARTLY_GONE = {
    "data": [{"id": "20", "text": "just setting up my twttr"}],
    "errors": [
        {
            "value": "1276230436478386177",
            "detail": "Could not find tweet with ids: [1276230436478386177].",
            "title": "Not Found Error",
            "resource_type": "tweet",
            "parameter": "ids",
            "resource_id": "1276230436478386177",
            "type": "https://api.twitter.com/2/problems/resource-not-found",
        }
    ],
}


async def test_deleted_post_beside_a_living_one(peer, call):
    peer.on("GET", TWEETS, PARTLY_GONE)
    gone, alive = await PLATFORM.read(call, [post("1276230436478386177", days=50), post("20", days=50)])
    assert isinstance(gone.fault, Gone)
    assert (gone.raw, alive.fault, alive.raw) == ({}, None, {})


async def test_all_posts_gone(peer, call):
    peer.on("GET", TWEETS, {"errors": PARTLY_GONE["errors"]})
    (reading,) = await PLATFORM.read(call, [post("1276230436478386177", days=50)])
    assert isinstance(reading.fault, Gone)


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        ("not-authorized-for-resource", Reason.HIDDEN),
        ("resource-unavailable", Reason.WITHHELD),
        ("disallowed-resource", Reason.WITHHELD),
    ],
)
async def test_post_that_may_not_be_seen(peer, call, problem, reason):
    error = {"resource_id": "1", "detail": "no", "type": f"https://api.x.com/2/problems/{problem}"}
    peer.on("GET", TWEETS, {"errors": [error]})
    (reading,) = await PLATFORM.read(call, [post("1", days=50)])
    assert isinstance(reading.fault, NoValue)
    assert reading.fault.reason is reason


async def test_post_left_out_without_a_word_is_not_gone(peer, call):
    peer.on("GET", TWEETS, {"data": []})
    (reading,) = await PLATFORM.read(call, [post("1", days=50)])
    assert isinstance(reading.fault, TryLater)


async def test_public_call_failed(peer, call):
    until = int((NOW + timedelta(minutes=9)).timestamp())
    too_many = {"title": "Too Many Requests", "type": "about:blank", "status": 429}
    peer.on("GET", TWEETS, too_many, 429, {"x-rate-limit-reset": str(until)})
    peer.on("GET", PRIVATE, LIKED)
    with pytest.raises(WaitUntil) as raised:
        await PLATFORM.read(call, [post("1")])
    assert raised.value.until == NOW + timedelta(minutes=9)


async def test_null_counters_stay_null(peer, call):
    answer = {"data": [{"id": "1", "public_metrics": {"like_count": None, "reply_count": 0}}]}
    peer.on("GET", TWEETS, answer)
    ((reading, found, missing),) = await numbers(call, post("1", days=50))
    assert found == {"comments": 0}
    assert missing["likes"] is Reason.NOT_YET_AVAILABLE
    assert reading.raw["likeCount"] is None
