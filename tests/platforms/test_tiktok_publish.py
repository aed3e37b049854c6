"""TikTok: publishing step by step through either API, waiting for the id, and a lost answer."""

import json
from datetime import timedelta

import pytest

from sextant.errors import ActOutside, FixContent, OutcomeUnknown, Reconnect, TryLater
from sextant.platforms.base import Account, Checkpoint, Grant, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.tiktok import PLATFORM
from sextant.platforms.tiktok.publish import utf16_units
from tests.platforms.adapters import NOW, LocalMedia, calling, steps, steps_until_fault, video_draft
from tests.wire import Scripted

BIZ = "/business-api.tiktok.com/open_api/v1.3"
OPEN = "/open.tiktokapis.com/v2"
POST_ID = 7248342634382371112
URL = f"https://www.tiktok.com/@ki.official/video/{POST_ID}"
READY = Checkpoint("ready", {}, announces=True)
SUBMITTED = Checkpoint("submitted", {"publish_id": "v_pub_url~v2-1.123"})

SHARED = {
    "code": 0,
    "message": "OK",
    "request_id": "202607010000000000000000000000000",
    "data": {"share_id": "v_pub_url~v2-1.123"},
}
COMPLETE = {
    "code": 0,
    "message": "OK",
    "request_id": "202607010000000000000000000000001",
    "data": {"status": "PUBLISH_COMPLETE", "post_ids": [str(POST_ID)]},
}
CREATOR = {
    "data": {
        "creator_avatar_url": "https://...",
        "creator_username": "tiktok",
        "creator_nickname": "TikTok Official",
        "privacy_level_options": ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"],
        "comment_disabled": False,
        "duet_disabled": False,
        "stitch_disabled": True,
        "max_video_post_duration_sec": 300,
    },
    "error": {"code": "ok", "message": "", "log_id": "202210112248442CB9319E1FB30C1073F3"},
}
OK = {"code": "ok", "message": "", "log_id": "202210112248442CB9319E1FB30C1073F3"}
INIT = {"data": {"publish_id": "v_pub_url~v2-1.123"}, "error": OK}
OPEN_COMPLETE = {
    "data": {
        "status": "PUBLISH_COMPLETE",
        "publicaly_available_post_id": [POST_ID],
        "uploaded_bytes": 10000,
    },
    "error": OK,
}
OPEN_FAILED = {
    "data": {
        "status": "FAILED",
        "fail_reason": "picture_size_check_failed",
        "publicaly_available_post_id": [],
        "uploaded_bytes": 10000,
    },
    "error": OK,
}


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


@pytest.fixture
def draft(tmp_path):
    return video_draft("A clip #tag", LocalMedia(tmp_path / "clip.mp4", b"video"))


def state(**data):
    return {"code": 0, "message": "OK", "data": data}


# ---- Business API --------------------------------------------------------------------------------


async def test_business(peer, business, draft):
    peer.on("POST", f"{BIZ}/business/video/publish/", SHARED)
    peer.on("GET", f"{BIZ}/business/publish/status/", state(status="PROCESSING_DOWNLOAD"))
    peer.on("GET", f"{BIZ}/business/publish/status/", state(status="PUBLISH_COMPLETE", post_ids=[]))
    peer.on("GET", f"{BIZ}/business/publish/status/", COMPLETE)
    ready, submitted, posted = await steps(business, draft)
    assert (ready, submitted) == (READY, SUBMITTED)
    at = NOW + timedelta(seconds=1.25)
    assert posted.published == Published(str(POST_ID), Kind.VIDEO, URL, at)
    assert json.loads(peer.asked[0].body) == {
        "business_id": "openid",
        "video_url": "https://media.example/clip.mp4",
        "post_info": {"caption": "A clip #tag"},
    }
    assert dict(peer.asked[1].query) == {"business_id": "openid", "publish_id": "v_pub_url~v2-1.123"}
    assert business.wire.clock.slept == [0.5, 0.75]


async def test_business_goes_on_after_each_step(peer, business, draft):
    peer.on("POST", f"{BIZ}/business/video/publish/", SHARED)
    peer.on("GET", f"{BIZ}/business/publish/status/", COMPLETE)
    assert [step.step for step in await steps(business, draft, READY)] == ["submitted", "posted"]
    assert [step.step for step in await steps(business, draft, SUBMITTED)] == ["posted"]
    assert [asked.method for asked in peer.asked] == ["POST", "GET", "GET"]


async def test_void_announcement_is_made_again(peer, business, draft):
    peer.on("POST", f"{BIZ}/business/video/publish/", SHARED)
    peer.on("GET", f"{BIZ}/business/publish/status/", COMPLETE)
    first, *_ = await steps(business, draft, Checkpoint("ready"))
    assert first == READY


async def test_no_id_for_long_is_left_for_later(peer, business, draft):
    peer.on("GET", f"{BIZ}/business/publish/status/", state(status="PUBLISH_COMPLETE", post_ids=[]))
    reached, _ = await steps_until_fault(business, draft, TryLater, SUBMITTED)
    assert reached == []
    assert 90 <= sum(business.wire.clock.slept) <= 100
    assert len(peer.asked) < 30


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        ("file_format_check_failed", FixContent),
        ("duration_check_failed", FixContent),
        ("frame_rate_check_failed", FixContent),
        ("picture_size_check_failed", FixContent),
        ("spam_risk_text", FixContent),
        ("spam_risk", FixContent),
        ("spam_risk_user_banned_from_posting", ActOutside),
        ("auth_removed", Reconnect),
    ],
)
async def test_final_failure(peer, business, draft, reason, fault):
    peer.on("GET", f"{BIZ}/business/publish/status/", state(status="FAILED", reason=reason))
    reached, raised = await steps_until_fault(business, draft, fault, SUBMITTED)
    assert (reached, raised.message) == ([], reason)


@pytest.mark.parametrize(
    "reason",
    ["internal", "video_pull_failed", "photo_pull_failed", "spam_risk_too_many_posts", "publish_cancelled"],
)
async def test_failed_attempt_starts_again_from_the_beginning(peer, business, draft, reason):
    peer.on("POST", f"{BIZ}/business/video/publish/", SHARED)
    peer.on("GET", f"{BIZ}/business/publish/status/", state(status="FAILED", reason=reason))
    peer.on("GET", f"{BIZ}/business/publish/status/", COMPLETE)
    (failed,), _ = await steps_until_fault(business, draft, TryLater, SUBMITTED)
    assert failed == Checkpoint("failed")
    assert [step.step for step in await steps(business, draft, failed)] == ["ready", "submitted", "posted"]


# ---- Open API ------------------------------------------------------------------------------------


async def test_display(peer, display, draft):
    peer.on("POST", f"{OPEN}/post/publish/creator_info/query/", CREATOR)
    peer.on("POST", f"{OPEN}/post/publish/video/init/", INIT)
    peer.on("POST", f"{OPEN}/post/publish/status/fetch/", OPEN_COMPLETE)
    ready, submitted, posted = await steps(display, draft)
    assert ready == Checkpoint("ready", {"privacy_level": "PUBLIC_TO_EVERYONE"}, announces=True)
    assert submitted == SUBMITTED
    assert (posted.published.id, posted.published.url) == (str(POST_ID), URL)
    assert json.loads(peer.asked[1].body) == {
        "post_info": {"title": "A clip #tag", "privacy_level": "PUBLIC_TO_EVERYONE"},
        "source_info": {"source": "PULL_FROM_URL", "video_url": "https://media.example/clip.mp4"},
    }
    assert json.loads(peer.asked[2].body) == {"publish_id": "v_pub_url~v2-1.123"}


async def test_private_account_gets_no_post(peer, display, draft):
    options = ["FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
    data = {**CREATOR["data"], "privacy_level_options": options}
    peer.on("POST", f"{OPEN}/post/publish/creator_info/query/", {"data": data, "error": OK})
    reached, _ = await steps_until_fault(display, draft, ActOutside)
    assert reached == []


async def test_creator_info_refuses_with_http_200(peer, display, draft):
    refused = {"data": {}, "error": {"code": "spam_risk_user_banned_from_posting", "message": "banned"}}
    peer.on("POST", f"{OPEN}/post/publish/creator_info/query/", refused)
    await steps_until_fault(display, draft, ActOutside)


async def test_display_final_failure(peer, display, draft):
    peer.on("POST", f"{OPEN}/post/publish/status/fetch/", OPEN_FAILED)
    _, raised = await steps_until_fault(display, draft, FixContent, SUBMITTED)
    assert raised.message == "picture_size_check_failed"


# ---- lost answers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [("", 500), ("<html>", 200), ({"code": 50000, "message": "x"}, 200), ({"code": 0, "data": {}}, 200)],
)
async def test_lost_answer(peer, business, draft, body, status):
    peer.on("POST", f"{BIZ}/business/video/publish/", body, status)
    reached, _ = await steps_until_fault(business, draft, OutcomeUnknown)
    assert reached == [READY]


async def test_display_lost_answer(peer, display, draft):
    peer.on("POST", f"{OPEN}/post/publish/creator_info/query/", CREATOR)
    failure = {"data": {}, "error": {"code": "internal_error", "message": "try", "log_id": "1"}}
    peer.on("POST", f"{OPEN}/post/publish/video/init/", failure, 500)
    await steps_until_fault(display, draft, OutcomeUnknown)


def video(item_id, caption, seconds):
    at = str(int(NOW.timestamp()) + seconds)
    return {"item_id": item_id, "create_time": at, "caption": caption, "share_url": f"{URL}?utm_source=x"}


SINCE = NOW + timedelta(milliseconds=300)


async def test_found_once_it_is_listed(peer, business, draft):
    old, other = video("1", "A clip #tag", -60), video("2", "other", 5)
    peer.on("GET", f"{BIZ}/business/video/list/", state(videos=[old, other]))
    peer.on("GET", f"{BIZ}/business/video/list/", state(videos=[video(str(POST_ID), "A clip #tag", 0), old]))
    found = await PLATFORM.find_published(business, draft, READY, SINCE)
    assert found == Published(str(POST_ID), Kind.VIDEO, URL, NOW)
    assert "filters" not in peer.asked[0].query
    assert len(peer.asked) == 2


async def test_not_listed_is_not_proof_of_absence(peer, business, draft):
    peer.on("GET", f"{BIZ}/business/video/list/", state(videos=[]))
    with pytest.raises(OutcomeUnknown):
        await PLATFORM.find_published(business, draft, READY, SINCE)


async def test_several_alike_cannot_be_told_apart(peer, business, draft):
    alike = [video("1", "A clip #tag", 5), video("2", "A clip #tag", 6)]
    peer.on("GET", f"{BIZ}/business/video/list/", state(videos=alike))
    with pytest.raises(OutcomeUnknown, match="several"):
        await PLATFORM.find_published(business, draft, READY, SINCE)


@pytest.mark.parametrize("text", ["A clip", "A clip " + "é" * 200])
async def test_display_finds_by_the_first_150_characters(peer, display, tmp_path, text):
    draft = video_draft(text, LocalMedia(tmp_path / "clip.mp4", b"video"))
    shown = {
        "id": str(POST_ID),
        "create_time": int(NOW.timestamp()) + 1,
        "video_description": text[:150],
    }
    peer.on("POST", f"{OPEN}/video/list/", {"data": {"videos": [shown]}, "error": OK})
    found = await PLATFORM.find_published(display, draft, READY, SINCE)
    assert (found.id, found.url) == (str(POST_ID), URL)


def test_text_is_measured_in_utf16_units():
    assert utf16_units("a😀") == 3
