"""TikTok: publishing step by step through either API, and waiting for the id."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from sextant.errors import ActOutside, FixContent, NoValue, OutcomeUnknown, Reconnect, TryLater
from sextant.platforms.base import Account, Checkpoint, Draft, Grant, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.media import MediaFacts
from sextant.platforms.tiktok import PLATFORM
from sextant.platforms.tiktok.limits import utf16_units
from sextant.platforms.tiktok.options import TikTokOptions
from tests.platforms.adapters import NOW, LocalMedia, calling, steps, steps_until_fault, video_draft
from tests.platforms.tiktok_media import Shown
from tests.wire import Scripted

BIZ = "/business-api.tiktok.com/open_api/v1.3"
OPEN = "/open.tiktokapis.com/v2"
POST_ID = 7248342634382371112
URL = f"https://www.tiktok.com/@ki.official/video/{POST_ID}"
READY = Checkpoint("ready", {"at": NOW.isoformat()}, announces=True)
SUBMITTED = Checkpoint("submitted", {"at": NOW.isoformat(), "publish_id": "v_pub_url~v2-1.123"})
PULLED = TikTokOptions(privacy="PUBLIC_TO_EVERYONE", transfer="pull")

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


@pytest.fixture
def fetched(draft):
    """For the Open API, where TikTok fetches a video only if it is told to."""
    return replace(draft, options=PULLED)


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
    again = await steps(business, draft, READY)
    assert [step.step for step in again] == ["ready", "submitted", "posted"]
    assert again[0].announces, "from now on a lost answer is looked for, not from the first time on"
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


async def test_business_options(peer, business, draft):
    peer.on("POST", f"{BIZ}/business/video/publish/", SHARED)
    peer.on("GET", f"{BIZ}/business/publish/status/", COMPLETE)
    options = TikTokOptions(
        allow_comments=False,
        allow_duets=True,
        paid_partnership=True,
        own_brand=True,
        made_with_ai=True,
        cover_url="https://media.example/cover.jpg",
    )
    await steps(business, replace(draft, options=options))
    assert json.loads(peer.asked[0].body) == {
        "business_id": "openid",
        "video_url": "https://media.example/clip.mp4",
        "custom_thumbnail_url": "https://media.example/cover.jpg",
        "post_info": {
            "caption": "A clip #tag",
            "disable_comment": True,
            "disable_duet": False,
            "is_branded_content": True,
            "is_brand_organic": True,
            "is_ai_generated": True,
        },
    }


def photos(count, **options):
    pictures = tuple(Shown(MediaFacts("image/jpeg", 100, 1080, 1080)) for _ in range(count))
    kind = Kind.PHOTO if count == 1 else Kind.CAROUSEL
    return Draft("draft-1", "Pictures", pictures, kind, TikTokOptions(**options))


@pytest.mark.parametrize(("count", "kind"), [(1, Kind.PHOTO), (3, Kind.CAROUSEL)])
async def test_business_photos(peer, business, count, kind):
    peer.on("POST", f"{BIZ}/business/photo/publish/", SHARED)
    peer.on("GET", f"{BIZ}/business/publish/status/", COMPLETE)
    draft = photos(count, title="Title", privacy="PUBLIC_TO_EVERYONE", add_music=True, allow_comments=True)
    *_, posted = await steps(business, draft)
    assert posted.published.kind is kind
    assert posted.published.url == f"https://www.tiktok.com/@ki.official/photo/{POST_ID}"
    assert json.loads(peer.asked[0].body) == {
        "business_id": "openid",
        "photo_images": ["https://media.example/medium"] * count,
        "photo_cover_index": 0,
        "post_info": {
            "title": "Title",
            "caption": "Pictures",
            "privacy_level": "PUBLIC_TO_EVERYONE",
            "disable_comment": False,
            "auto_add_music": True,
        },
    }


# ---- Open API ------------------------------------------------------------------------------------


async def test_display_fetches_when_told_to(peer, display, fetched):
    peer.on("POST", f"{OPEN}/post/publish/creator_info/query/", CREATOR)
    peer.on("POST", f"{OPEN}/post/publish/video/init/", INIT)
    peer.on("POST", f"{OPEN}/post/publish/status/fetch/", OPEN_COMPLETE)
    ready, submitted, posted = await steps(display, fetched)
    assert (ready, submitted) == (READY, SUBMITTED)
    assert (posted.published.id, posted.published.url) == (str(POST_ID), URL)
    assert json.loads(peer.asked[1].body) == {
        "post_info": {
            "title": "A clip #tag",
            "privacy_level": "PUBLIC_TO_EVERYONE",
            "disable_comment": True,
            "disable_duet": True,
            "disable_stitch": True,
            "brand_content_toggle": False,
            "brand_organic_toggle": False,
            "is_aigc": False,
        },
        "source_info": {"source": "PULL_FROM_URL", "video_url": "https://media.example/clip.mp4"},
    }
    assert json.loads(peer.asked[2].body) == {"publish_id": "v_pub_url~v2-1.123"}


async def test_display_photos(peer, display):
    peer.on("POST", f"{OPEN}/post/publish/creator_info/query/", CREATOR)
    peer.on("POST", f"{OPEN}/post/publish/content/init/", INIT)
    peer.on("POST", f"{OPEN}/post/publish/status/fetch/", OPEN_COMPLETE)
    draft = photos(2, privacy="PUBLIC_TO_EVERYONE", cover_index=1, allow_comments=True)
    *_, posted = await steps(display, draft)
    assert posted.published.kind is Kind.CAROUSEL
    assert json.loads(peer.asked[1].body) == {
        "media_type": "PHOTO",
        "post_mode": "DIRECT_POST",
        "post_info": {
            "description": "Pictures",
            "privacy_level": "PUBLIC_TO_EVERYONE",
            "disable_comment": False,
            "brand_content_toggle": False,
            "brand_organic_toggle": False,
        },
        "source_info": {
            "source": "PULL_FROM_URL",
            "photo_images": ["https://media.example/medium"] * 2,
            "photo_cover_index": 1,
        },
    }


async def test_privacy_has_no_default(peer, display, draft):
    reached, raised = await steps_until_fault(display, draft, FixContent)
    assert (reached, peer.asked) == ([], [])
    assert "privacy" in raised.message


@pytest.mark.parametrize(
    ("options", "creator", "said"),
    [
        ({}, {"privacy_level_options": ["FOLLOWER_OF_CREATOR", "SELF_ONLY"]}, "FOLLOWER_OF_CREATOR"),
        ({"allow_comments": True}, {"comment_disabled": True}, "comments"),
        ({"allow_stitches": True}, {}, "stitches"),
    ],
)
async def test_the_creator_is_asked_before_each_post(peer, display, draft, options, creator, said):
    data = {**CREATOR["data"], **creator}
    peer.on("POST", f"{OPEN}/post/publish/creator_info/query/", {"data": data, "error": OK})
    wanted = replace(draft, options=TikTokOptions(privacy="PUBLIC_TO_EVERYONE", **options))
    reached, raised = await steps_until_fault(display, wanted, FixContent)
    assert reached == []
    assert said in raised.message


async def test_creator_info_refuses_with_http_200(peer, display, fetched):
    refused = {"data": {}, "error": {"code": "spam_risk_user_banned_from_posting", "message": "banned"}}
    peer.on("POST", f"{OPEN}/post/publish/creator_info/query/", refused)
    await steps_until_fault(display, fetched, ActOutside)


async def test_display_final_failure(peer, display, fetched):
    peer.on("POST", f"{OPEN}/post/publish/status/fetch/", OPEN_FAILED)
    _, raised = await steps_until_fault(display, fetched, FixContent, SUBMITTED)
    assert raised.message == "picture_size_check_failed"


# ---- posts that are not public -------------------------------------------------------------------


NAMELESS = {
    "data": {"status": "PUBLISH_COMPLETE", "publicaly_available_post_id": [], "uploaded_bytes": 5},
    "error": OK,
}


async def test_a_post_that_is_not_public_goes_by_its_publish_id_and_has_no_numbers(peer, display, draft):
    peer.on("POST", f"{OPEN}/post/publish/status/fetch/", NAMELESS)
    hidden = replace(draft, options=TikTokOptions(privacy="SELF_ONLY"))
    (posted,) = await steps(display, hidden, SUBMITTED)
    assert (posted.published.id, posted.published.url) == ("v_pub_url~v2-1.123", None)
    (reading,) = await PLATFORM.read(display, [posted.published])
    assert isinstance(reading.fault, NoValue)
    assert len(peer.asked) == 1


async def test_without_an_id_for_a_day_it_cannot_be_public(peer, business, draft):
    peer.on("GET", f"{BIZ}/business/publish/status/", state(status="PUBLISH_COMPLETE", post_ids=[]))
    early = replace(SUBMITTED, state={**SUBMITTED.state, "at": (NOW - timedelta(hours=23)).isoformat()})
    await steps_until_fault(business, draft, TryLater, early)
    late = replace(SUBMITTED, state={**SUBMITTED.state, "at": (NOW - timedelta(hours=25)).isoformat()})
    (posted,) = await steps(business, draft, late)
    assert (posted.published.id, posted.published.url) == ("v_pub_url~v2-1.123", None)


# ---- lost answers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [("", 500), ("<html>", 200), ({"code": 50000, "message": "x"}, 200), ({"code": 0, "data": {}}, 200)],
)
async def test_lost_answer(peer, business, draft, body, status):
    peer.on("POST", f"{BIZ}/business/video/publish/", body, status)
    reached, _ = await steps_until_fault(business, draft, OutcomeUnknown)
    assert reached == [READY]


async def test_display_lost_answer(peer, display, fetched):
    peer.on("POST", f"{OPEN}/post/publish/creator_info/query/", CREATOR)
    failure = {"data": {}, "error": {"code": "internal_error", "message": "try", "log_id": "1"}}
    peer.on("POST", f"{OPEN}/post/publish/video/init/", failure, 500)
    await steps_until_fault(display, fetched, OutcomeUnknown)


async def test_an_id_that_another_post_was_given_is_looked_for_again(peer, business, draft):
    peer.on("GET", f"{BIZ}/business/publish/status/", COMPLETE)
    twin = replace(draft, taken=frozenset({str(POST_ID)}))
    reached, _ = await steps_until_fault(business, twin, OutcomeUnknown, SUBMITTED)
    assert reached == [READY]


def test_text_is_measured_in_utf16_units():
    assert utf16_units("a😀") == 3
