"""TikTok: a post that was to be pulled and whose answer was lost: there, surely absent, or unsettled."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sextant.errors import OutcomeUnknown
from sextant.platforms.base import Account, Checkpoint, Draft, Grant, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.media import MediaFacts
from sextant.platforms.tiktok import PLATFORM
from sextant.platforms.tiktok.options import TikTokOptions
from tests.platforms.adapters import NOW, calling
from tests.platforms.tiktok_media import Shown
from tests.wire import Scripted

BIZ = "/business-api.tiktok.com/open_api/v1.3"
OPEN = "/open.tiktokapis.com/v2"
POST_ID = "7248342634382371112"
URL = f"https://www.tiktok.com/@ki.official/video/{POST_ID}"
LIST, SETTINGS = f"{BIZ}/business/video/list/", f"{BIZ}/business/video/settings/"
OPEN_LIST = f"{OPEN}/video/list/"
PUBLIC = TikTokOptions(privacy="PUBLIC_TO_EVERYONE", transfer="pull")
VIDEO = Shown(MediaFacts("video/mp4", 100))
PHOTO = Shown(MediaFacts("image/jpeg", 100))
DRAFT = Draft("draft-1", "A clip #tag", (VIDEO,), Kind.VIDEO)
PHOTOS = Draft("draft-1", "A clip #tag", (PHOTO, PHOTO), Kind.CAROUSEL, PUBLIC)


@pytest.fixture
async def peer():
    async with Scripted() as peer:
        yield peer


@pytest.fixture
async def business(peer):
    account = Account("openid", "Ki", "business", "ki.official")
    async with calling(PLATFORM, peer, account, Grant("act.1")) as call:
        yield call


@pytest.fixture
async def display(peer):
    account = Account("_000example", "Ki", "display", "ki.official")
    async with calling(PLATFORM, peer, account, Grant("act.1"), "display") as call:
        yield call


def announced(ago: timedelta) -> Checkpoint:
    return Checkpoint("ready", {"at": (NOW - ago).isoformat()}, announces=True)


JUST_NOW = announced(timedelta(0))


async def find(call, done=JUST_NOW, draft=DRAFT, since: datetime = NOW - timedelta(days=30)):
    return await PLATFORM.find_published(call, draft, done, since)


def state(**data):
    return {"code": 0, "message": "OK", "data": data}


def video(item_id, caption="A clip #tag", seconds=5.0, kind="video"):
    at = str(int(NOW.timestamp() + seconds))
    url = f"https://www.tiktok.com/@ki.official/{kind}/{item_id}?utm_source=x"
    return {"item_id": item_id, "create_time": at, "caption": caption, "share_url": url}


def shown(item_id, text, seconds=5.0, kind="video"):
    row = video(item_id, text, seconds, kind)
    return {
        "id": item_id,
        "create_time": int(row["create_time"]),
        "video_description": text[:150],
        "share_url": row["share_url"],
    }


def listing(*videos):
    return {"data": {"videos": list(videos)}, "error": {"code": "ok", "message": "", "log_id": "1"}}


# ---- there ---------------------------------------------------------------------------------------


async def test_found_once_it_is_listed(peer, business):
    old, other = video("1", seconds=-600), video("2", "other")
    peer.on("GET", LIST, state(videos=[old, other]))
    peer.on("GET", LIST, state(videos=[video(POST_ID, " A clip  #tag\n", 0), old]))
    found = await find(business)
    assert found == Published(POST_ID, Kind.VIDEO, URL, NOW)
    assert "filters" not in peer.asked[0].query
    assert len(peer.asked) == 2


async def test_of_posts_alike_the_oldest_that_is_nobody_elses(peer, business):
    alike = [video("33", seconds=9), video("22", seconds=6), video("11", seconds=3)]
    peer.on("GET", LIST, state(videos=alike))
    assert (await find(business)).id == "11"
    assert (await find(business, draft=replace(DRAFT, taken=frozenset({"11"})))).id == "22"


async def test_found_on_a_later_page(peer, business):
    peer.on("GET", LIST, state(videos=[video("2", "other", 60)], has_more=True, cursor=1_700_000_000_000))
    peer.on("GET", LIST, state(videos=[video("2", "other", 60), video(POST_ID)], has_more=False))
    assert (await find(business)).id == POST_ID
    assert [asked.query.get("cursor") for asked in peer.asked] == [None, "1700000000001"]


async def test_pages_end_where_the_post_cannot_be_any_more(peer, business):
    peer.on("GET", SETTINGS, state(privacy_level_options=["PUBLIC_TO_EVERYONE"]))
    peer.on("GET", LIST, state(videos=[video("2", "other", -2 * 3600)], has_more=True, cursor=5))
    assert await find(business, announced(timedelta(minutes=66))) is None
    assert len(peer.asked) == 1


@pytest.mark.parametrize("text", ["A clip", "A clip " + "é" * 200])
async def test_the_open_api_shows_the_first_150_characters(peer, display, text):
    peer.on("POST", OPEN_LIST, listing(shown("1", "A clip, another"), shown(POST_ID, text)))
    found = await find(display, draft=replace(DRAFT, text=text, options=PUBLIC))
    assert (found.id, found.url) == (POST_ID, URL)
    assert json.loads(peer.asked[0].body) == {"max_count": 20}


async def test_photos_are_found_with_their_kind(peer, business):
    peer.on("GET", LIST, state(videos=[video(POST_ID, kind="photo")]))
    found = await find(business, draft=replace(PHOTOS, options=None))
    assert found.kind is Kind.CAROUSEL
    assert found.url == f"https://www.tiktok.com/@ki.official/photo/{POST_ID}"


# ---- absent --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "certain"), [(0, False), (30, False), (63, False), (65, True), (600, True)]
)
async def test_absence_is_certain_when_no_pull_can_be_under_way_any_more(peer, business, minutes, certain):
    peer.on("GET", LIST, state(videos=[video("2", "other", -5 * 86400)]))
    done = announced(timedelta(minutes=minutes))
    if certain:
        assert await find(business, done) is None
        assert business.wire.clock.slept == []
        return
    with pytest.raises(OutcomeUnknown) as raised:
        await find(business, done)
    assert NOW < raised.value.retry_at <= NOW + timedelta(minutes=5)
    assert 60 <= sum(business.wire.clock.slept) <= 75


async def test_absence_becomes_certain_while_it_is_looked_for(peer, business):
    peer.on("GET", LIST, state(videos=[video("2", "other", -5 * 86400)]))
    assert await find(business, announced(timedelta(minutes=64, seconds=30))) is None
    assert sum(business.wire.clock.slept) >= 30


async def test_the_open_api_reviews_for_hours(peer, display):
    peer.on("POST", OPEN_LIST, listing(shown("2", "other")))
    fetched = replace(DRAFT, options=PUBLIC)
    with pytest.raises(OutcomeUnknown):
        await find(display, announced(timedelta(hours=23)), fetched)
    assert await find(display, announced(timedelta(hours=24)), fetched) is None


LATE = announced(timedelta(days=3))


@pytest.mark.parametrize(
    ("levels", "certain"),
    [(["PUBLIC_TO_EVERYONE", "SELF_ONLY"], True), (["SELF_ONLY"], False), (None, False)],
)
async def test_an_empty_list_says_nothing_of_a_private_account(peer, business, levels, certain):
    peer.on("GET", LIST, state(videos=[]))
    if levels is None:
        peer.on("GET", SETTINGS, {"code": 40001, "message": "no permission", "data": {}})
    else:
        peer.on("GET", SETTINGS, state(privacy_level_options=levels))
    if certain:
        assert await find(business, LATE) is None
        return
    with pytest.raises(OutcomeUnknown):
        await find(business, LATE)


async def test_a_post_that_is_not_public_is_listed_nowhere(peer, display):
    peer.on("POST", OPEN_LIST, listing(shown("2", "other")))
    hidden = TikTokOptions(privacy="SELF_ONLY", transfer="pull")
    with pytest.raises(OutcomeUnknown):
        await find(display, LATE, replace(DRAFT, options=hidden))


@pytest.mark.parametrize(("kind", "certain"), [("photo", True), ("video", False)])
async def test_the_open_api_may_not_list_photos_at_all(peer, display, kind, certain):
    peer.on("POST", OPEN_LIST, listing(shown("2", "other", -5 * 86400, kind)))
    if certain:
        assert await find(display, LATE, PHOTOS) is None
        return
    with pytest.raises(OutcomeUnknown):
        await find(display, LATE, PHOTOS)


async def test_an_endless_list_is_given_up(peer, business):
    for page in range(100):
        peer.on("GET", LIST, state(videos=[video(str(page), "other", 60)], has_more=True, cursor=page))
    with pytest.raises(OutcomeUnknown, match="too many"):
        await find(business, LATE)
