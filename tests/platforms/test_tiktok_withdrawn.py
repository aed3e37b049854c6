"""TikTok: one field it does not know refuses the whole list (tiktok.md §3.2)."""

import json

import pytest
from aiohttp import web

from sextant.errors import OurBug
from sextant.metrics import Reason
from sextant.platforms.base import Account, Grant
from sextant.platforms.catalogue import Kind
from sextant.platforms.tiktok import PLATFORM
from sextant.platforms.tiktok.metrics import COUNTERS, INSIGHTS
from tests.platforms.adapters import calling, numbers, post
from tests.wire import Scripted

POST = post("7109065174526479622", Kind.VIDEO, days=5)
VALUES = {"likes": 10, "comments": 2, "shares": 1, "favorites": 3, "video_views": 100, "reach": 90}
OPEN_VALUES = {"like_count": 10, "comment_count": 2, "share_count": 1, "view_count": 100}
GRANT = Grant("act.1", scopes=frozenset({"video.list", "video.insights"}))
BUSINESS = Account("openid", "Ki", "business")
DISPLAY = Account("_000example", "Ki", "display")


class Strict(Scripted):
    """Either API, without the fields in `lost`; `words` is what the refusal says of them."""

    lost: frozenset[str] = frozenset()
    words = "Invalid value {}."

    async def _answer(self, request):
        await super()._answer(request)
        told = request.query["fields"]
        business = told.startswith("[")
        names = json.loads(told) if business else told.split(",")
        if self.lost.intersection(names):
            said = self.words.format(sorted(self.lost.intersection(names)))
            body = {"code": 40002, "message": said}
            refused = {"error": {"code": "invalid_params", "message": said, "log_id": "1"}}
            return web.json_response(body) if business else web.json_response(refused, status=400)
        known = {"item_id": POST.id, "id": POST.id, **VALUES, **OPEN_VALUES}
        video = {name: known[name] for name in names if name in known}
        envelope = {"code": 0, "message": "OK"} if business else {"error": {"code": "ok"}}
        return web.json_response({**envelope, "data": {"videos": [video]}})


@pytest.fixture
async def peer():
    async with Strict() as peer:
        yield peer


@pytest.fixture
async def business(peer):
    async with calling(PLATFORM, peer, BUSINESS, GRANT) as call:
        yield call


async def test_a_named_field_costs_one_request_once(peer, business):
    peer.lost = frozenset({"favorites"})
    ((reading, found, missing),) = await numbers(business, POST)
    assert (found["likes"], found["views"], found["video_viewers"]) == (10, 100, 90)
    assert missing["saves"] is Reason.UNSUPPORTED
    assert "favorites" in reading.refused["saves"].message
    assert reading.fault is None
    assert len(peer.asked) == 2
    await numbers(business, POST)
    assert len(peer.asked) == 3


@pytest.mark.parametrize("name", [*COUNTERS, *INSIGHTS])
@pytest.mark.parametrize("words", ["Invalid parameters.", f"Choose among {[*COUNTERS, *INSIGHTS]}."])
async def test_an_unnamed_field_is_found_by_halving(peer, business, name, words):
    peer.lost, peer.words = frozenset({name}), words
    ((reading, found, _),) = await numbers(business, POST)
    assert len(found) >= 4
    assert reading.fault is None
    assert len(peer.asked) <= 1 + 5 + 1, "log2 of 25 names, and the list without the one"
    before = len(peer.asked)
    ((_, again, _),) = await numbers(business, POST)
    assert (again, len(peer.asked)) == (found, before + 1)


async def test_two_unnamed_fields(peer, business):
    peer.lost, peer.words = frozenset({"favorites", "reach"}), "Invalid parameters."
    ((_, found, missing),) = await numbers(business, POST)
    assert found["likes"] == 10
    assert missing["saves"] is missing["video_viewers"] is Reason.UNSUPPORTED


async def test_a_refusal_of_something_else_blames_no_field(peer, business):
    peer.lost, peer.words = frozenset({"item_id"}), "business_id is wrong."
    with pytest.raises(OurBug):
        await numbers(business, POST)
    peer.lost = frozenset()
    ((_, found, _),) = await numbers(business, POST)
    assert found["saves"] == 3


async def test_a_field_of_the_open_api(peer):
    async with calling(PLATFORM, peer, DISPLAY, Grant("act.1"), "display") as call:
        peer.lost, peer.words = frozenset({"share_count"}), "Invalid fields: {}"
        ((_, found, missing),) = await numbers(call, POST)
    assert found == {"likes": 10, "comments": 2, "views": 100, "video_views": 100}
    assert missing["shares"] is Reason.UNSUPPORTED
    assert missing["saves"] is Reason.NOT_AUTHORIZED
    assert len(peer.asked) == 2


async def test_a_thousand_posts_are_fifty_requests(peer, business):
    posts = [post(str(n), Kind.VIDEO) for n in range(1000)]
    for start in range(0, 1000, PLATFORM.limits.batch):
        await PLATFORM.read(business, posts[start : start + PLATFORM.limits.batch])
    assert len(peer.asked) == 50
