"""X: fields it does not know, and answers that mix both vocabularies (x.md §3, §5)."""

import pytest
from aiohttp import web

from sextant.errors import OurBug
from sextant.metrics import Reason
from sextant.platforms.base import Account, Grant
from sextant.platforms.catalogue import Kind
from sextant.platforms.x import PLATFORM
from tests.platforms.adapters import calling, numbers, post
from tests.wire import Scripted

ACCOUNT = Account("2244994945", "X Developers", "user", "XDevelopers")
PUBLIC = {
    "like_count": 1,
    "reply_count": 2,
    "repost_count": 3,
    "quote_count": 4,
    "bookmark_count": 5,
    "impression_count": 6,
}
GROUPS = {
    "public_metrics": PUBLIC,
    "non_public_metrics": {"engagements": 7, "url_link_clicks": 8},
    "organic_metrics": {"like_count": 1},
}
PROBLEM = {
    "title": "Invalid Request",
    "detail": "One or more parameters to your request was invalid.",
    "type": "https://api.twitter.com/2/problems/invalid-request",
}


class Strict(Scripted):
    """X without the values in `lost` (`parameter=value`)."""

    lost: frozenset[str] = frozenset()
    whole_list = False

    async def _answer(self, request):
        await super()._answer(request)
        for parameter in ("post.fields", "media.fields"):
            values = request.query[parameter].split(",")
            for value in values:
                if f"{parameter}={value}" in self.lost:
                    return self.refusal(parameter, value, values)
        fields = request.query["post.fields"].split(",")
        data = [
            {"id": native_id, **{name: GROUPS[name] for name in fields if name in GROUPS}}
            for native_id in request.query["ids"].split(",")
        ]
        return web.json_response({"data": data})

    def refusal(self, parameter, value, values):
        words = f"The `{parameter}` query parameter value [{value}] is not one of [a,public_metrics,b]"
        named = {parameter: [",".join(values)] if self.whole_list else [value]}
        return web.json_response({**PROBLEM, "errors": [{"parameters": named, "message": words}]}, status=400)


@pytest.fixture
async def peer():
    async with Strict() as peer:
        yield peer


@pytest.fixture
async def call(peer):
    async with calling(PLATFORM, peer, ACCOUNT, Grant("token-1")) as call:
        yield call


@pytest.mark.parametrize("whole_list", [False, True])
async def test_a_private_group_that_is_gone(peer, call, whole_list):
    peer.lost, peer.whole_list = frozenset({"post.fields=non_public_metrics"}), whole_list
    ((reading, found, missing),) = await numbers(call, post("1"))
    assert (found["likes"], found["bookmarks"]) == (1, 5)
    assert missing["engagement"] is missing["clicks"] is Reason.UNSUPPORTED
    assert reading.raw["organicMetrics"] == {"likeCount": 1}
    assert reading.fault is None
    assert len(peer.asked) == 3
    await numbers(call, post("1"))
    assert len(peer.asked) == 5


async def test_a_group_that_feeds_no_key_costs_no_key(peer, call):
    peer.lost = frozenset({"post.fields=organic_metrics"})
    ((_, found, missing),) = await numbers(call, post("1"))
    assert (found["engagement"], found["clicks"]) == (7, 8)
    assert Reason.UNSUPPORTED not in {missing.get(key) for key in ("engagement", "clicks", "likes")}


async def test_views_of_a_video_that_are_gone(peer, call):
    peer.lost = frozenset({"media.fields=public_metrics"})
    ((_, found, missing),) = await numbers(call, post("1", Kind.VIDEO))
    assert found["likes"] == 1
    assert missing["video_views"] is Reason.UNSUPPORTED


async def test_a_refused_parameter_that_is_no_field_is_our_bug():
    broken = {**PROBLEM, "errors": [{"parameters": {"ids": ["x"]}, "message": "value [x] is wrong"}]}
    async with Scripted().on("GET", "/api.x.com/2/tweets", broken, 400) as other:
        async with calling(PLATFORM, other, ACCOUNT, Grant("token-1")) as refused:
            with pytest.raises(OurBug):
                await numbers(refused, post("1"))
        assert len(other.asked) == 2


async def test_one_answer_may_mix_both_vocabularies():
    old = {name: value for name, value in PUBLIC.items() if name != "repost_count"} | {"retweet_count": 9}
    refusal = {
        "resource_type": "tweet",
        "field": "public_metrics.repost_count",
        "resource_id": "2",
        "type": "https://api.x.com/2/problems/field-unauthorized",
    }
    rows = [{"id": "1", "public_metrics": PUBLIC}, {"id": "2", "public_metrics": old}]
    both = {"id": "3", "public_metrics": {**PUBLIC, "retweet_count": 3}}
    answer = {"data": [*rows, both], "errors": [refusal]}
    async with (
        Scripted().on("GET", "/api.x.com/2/tweets", answer) as peer,
        calling(PLATFORM, peer, ACCOUNT, Grant("token-1")) as call,
    ):
        found = await numbers(call, *(post(native_id, days=40) for native_id in ("1", "2", "3")))
    assert [numbers["shares"] for _, numbers, _ in found] == [3, 9, 3]


async def test_a_thousand_posts_are_ten_calls_of_each_kind(peer, call):
    posts = [post(str(n)) for n in range(1000)]
    for start in range(0, 1000, PLATFORM.limits.batch):
        await PLATFORM.read(call, posts[start : start + PLATFORM.limits.batch])
    private = ["non_public" in asked.query["post.fields"] for asked in peer.asked]
    assert (private.count(False), private.count(True)) == (10, 10)
