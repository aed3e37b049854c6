"""X: publishing step by step, going on after each, and finding a post whose answer was lost."""

import json
from datetime import timedelta

import pytest

from sextant.errors import ActOutside, FixContent, OutcomeUnknown, TryLater
from sextant.platforms.base import Account, Checkpoint, Grant, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.x import PLATFORM, publish
from tests.platforms.adapters import (
    NOW,
    LocalMedia,
    calling,
    steps,
    steps_until_fault,
    text_draft,
    video_draft,
)
from tests.wire import Scripted

ACCOUNT = Account("2244994945", "X Developers", "user", "XDevelopers")
TWEETS = "/api.x.com/2/tweets"
UPLOAD = "/api.x.com/2/media/upload"
MEDIA_ID = "1880028106020515840"
MEDIA = f"{UPLOAD}/{MEDIA_ID}"
TIMELINE = "/api.x.com/2/users/2244994945/tweets"

CREATED = {
    "data": {
        "id": "1445880548472328192",
        "text": "Hello from the X API!",
        "edit_history_tweet_ids": ["1445880548472328192"],
    }
}
INITIALIZED = {
    "data": {"id": MEDIA_ID, "media_key": f"13_{MEDIA_ID}", "expires_after_secs": 1295999},
}
FINALIZED = {
    "data": {
        "id": MEDIA_ID,
        "media_key": f"13_{MEDIA_ID}",
        "size": 1048576,
        "expires_after_secs": 86400,
        "processing_info": {"state": "pending", "check_after_secs": 1},
    }
}
DUPLICATE = {
    "detail": "You are not allowed to create a Tweet with duplicate content.",
    "type": "about:blank",
    "title": "Forbidden",
    "status": 403,
}
NOT_PERMITTED = {**DUPLICATE, "detail": "You are not permitted to perform this action."}
READY = Checkpoint("ready", {}, announces=True)
URL = "https://x.com/XDevelopers/status/1445880548472328192"


@pytest.fixture
async def peer():
    async with Scripted() as peer:
        yield peer


@pytest.fixture
async def call(peer):
    async with calling(PLATFORM, peer, ACCOUNT, Grant("token-1")) as call:
        yield call


@pytest.fixture
def draft(tmp_path, monkeypatch):
    monkeypatch.setattr(publish, "CHUNK", 1024)
    return video_draft("A clip", LocalMedia(tmp_path / "clip.mp4", bytes(range(256)) * 10))


def status(**info):
    return {"data": {"id": MEDIA_ID, "processing_info": info}}


def upload_script(peer):
    peer.on("POST", f"{UPLOAD}/initialize", INITIALIZED)
    peer.on("POST", f"{MEDIA}/append", {"data": {"expires_at": 1790000000}})
    peer.on("POST", f"{MEDIA}/append", b"", 204)
    peer.on("POST", f"{MEDIA}/finalize", FINALIZED)
    peer.on("GET", UPLOAD, status(state="in_progress", check_after_secs=2, progress_percent=40))
    peer.on("GET", UPLOAD, status(state="succeeded"))
    peer.on("POST", TWEETS, CREATED, 201)


def paths(peer):
    return [asked.path for asked in peer.asked]


# ---- publishing ----------------------------------------------------------------------------------


async def test_text(peer, call):
    peer.on("POST", TWEETS, CREATED, 201)
    ready, posted = await steps(call, text_draft("Hello from the X API!"))
    assert ready == READY
    assert posted.published == Published("1445880548472328192", Kind.TEXT, URL, NOW)
    assert json.loads(peer.asked[0].body) == {"text": "Hello from the X API!"}


async def test_url_without_a_handle(peer):
    peer.on("POST", TWEETS, CREATED, 201)
    async with calling(PLATFORM, peer, Account("1", "n", "user"), Grant("t")) as call:
        *_, posted = await steps(call, text_draft("hi"))
    assert posted.published.url == "https://x.com/i/web/status/1445880548472328192"


async def test_video(peer, call, draft):
    upload_script(peer)
    reached = await steps(call, draft)
    assert [step.step for step in reached] == [
        "initialized",
        "appended",
        "appended",
        "appended",
        "finalized",
        "ready",
        "posted",
    ]
    assert [step.announces for step in reached] == [False] * 5 + [True, False]
    first = json.loads(peer.asked[0].body)
    assert first == {"media_type": "video/mp4", "total_bytes": 2560, "media_category": "tweet_video"}
    appends = [asked for asked in peer.asked if asked.path.endswith("/append")]
    assert [b'name="segment_index"\r\n\r\n%d\r\n' % n in a.body for n, a in enumerate(appends)] == [True] * 3
    assert dict(peer.asked[-2].query) == {"command": "STATUS", "media_id": MEDIA_ID}
    assert json.loads(peer.asked[-1].body) == {"text": "A clip", "media": {"media_ids": [MEDIA_ID]}}
    assert call.wire.clock.slept == [1.0, 2.0]


@pytest.mark.parametrize("place", range(6))
async def test_video_goes_on_after_each_step(peer, call, draft, place):
    upload_script(peer)
    before = await steps(call, draft)
    asked = len(peer.asked)
    rest = await steps(call, draft, before[place])
    expected = before[place + 1 :]
    assert [step.step for step in rest] == [step.step for step in expected]
    assert rest[-1].published.id == "1445880548472328192"
    assert f"{UPLOAD}/initialize" not in paths(peer)[asked:]
    assert paths(peer)[asked:].count(f"{MEDIA}/append") == sum(s.step == "appended" for s in expected)


async def test_void_announcement_is_made_again(peer, call):
    peer.on("POST", TWEETS, CREATED, 201)
    again = await steps(call, text_draft("hi"), Checkpoint("ready"))
    assert [(step.step, step.announces) for step in again] == [("ready", True), ("posted", False)]


async def test_failed_video_is_for_the_author(peer, call, draft):
    error = {"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"}
    peer.on("GET", UPLOAD, status(state="failed", error=error))
    done = Checkpoint("finalized", {"media_id": MEDIA_ID})
    reached, fault = await steps_until_fault(call, draft, FixContent, done)
    assert (reached, fault.message) == ([], "Unsupported video format")


async def test_slow_processing_is_left_for_later(peer, call, draft):
    peer.on("GET", UPLOAD, status(state="in_progress", check_after_secs=30))
    done = Checkpoint("finalized", {"media_id": MEDIA_ID})
    reached, _ = await steps_until_fault(call, draft, TryLater, done)
    assert reached == []
    assert 120 <= sum(call.wire.clock.slept) < 200


# ---- refusals and lost answers ---------------------------------------------------------------------


async def test_duplicate_is_for_the_author(peer, call):
    peer.on("POST", TWEETS, DUPLICATE, 403)
    reached, fault = await steps_until_fault(call, text_draft("again"), FixContent)
    assert reached == [READY]
    assert "duplicate content" in fault.message


async def test_duplicate_after_a_lost_answer_shows_that_it_is_out(peer, call):
    peer.on("POST", TWEETS, DUPLICATE, 403)
    await steps_until_fault(call, text_draft("again"), OutcomeUnknown, READY)


@pytest.mark.parametrize(("text", "fault"), [("short", ActOutside), ("本" * 141, FixContent)])
async def test_not_permitted_depends_on_the_length(peer, call, text, fault):
    peer.on("POST", TWEETS, NOT_PERMITTED, 403)
    await steps_until_fault(call, text_draft(text), fault)


@pytest.mark.parametrize(
    ("body", "code"), [("", 500), ("<html>", 503), ("<html>", 200), ('{"data":', 201), ({"errors": []}, 200)]
)
async def test_lost_answer(peer, call, body, code):
    peer.on("POST", TWEETS, body, code)
    reached, _ = await steps_until_fault(call, text_draft("hi"), OutcomeUnknown)
    assert reached == [READY]


def shown(post_id, text, seconds=2, **more):
    at = (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {"id": post_id, "text": text, "created_at": at, **more}


async def find(call, draft, done=READY, since=NOW + timedelta(milliseconds=400)):
    return await PLATFORM.find_published(call, draft, done, since)


async def test_found_by_its_words(peer, call):
    mine = text_draft("Tom & Jerry: see https://example.com/a and foo.bar 😀")
    listed = [
        shown("3", "something else"),
        shown("2", "Tom &amp; Jerry: see https://t.co/abc and https://t.co/def 😀", seconds=0),
    ]
    peer.on("GET", TIMELINE, {"data": listed, "meta": {"result_count": 2}})
    found = await find(call, mine)
    assert found == Published("2", Kind.TEXT, "https://x.com/XDevelopers/status/2", NOW)
    assert peer.asked[0].query["start_time"] == "2026-09-01T12:00:00Z"


async def test_surely_absent(peer, call):
    peer.on("GET", TIMELINE, {"data": [shown("1", "hi", seconds=-60), shown("2", "hi there")]})
    assert await find(call, text_draft("hi")) is None


async def test_empty_timeline(peer, call):
    peer.on("GET", TIMELINE, {"meta": {"result_count": 0}})
    assert await find(call, text_draft("hi")) is None


async def test_video_found_by_its_media(peer, call, draft):
    other = shown("4", "A clip https://t.co/x", attachments={"media_keys": ["13_1"]})
    mine = shown("5", "A clip https://t.co/y", attachments={"media_keys": [f"13_{MEDIA_ID}"]})
    peer.on("GET", TIMELINE, {"data": [other, mine]})
    found = await find(call, draft, Checkpoint("ready", {"media_id": MEDIA_ID}, announces=True))
    assert (found.id, found.kind) == ("5", Kind.VIDEO)


async def test_nothing_but_a_link_cannot_be_told(peer, call):
    peer.on("GET", TIMELINE, {"data": [shown("1", "https://t.co/abc")]})
    with pytest.raises(OutcomeUnknown):
        await find(call, text_draft("https://example.com/a"))


async def test_too_many_posts_to_tell(peer, call):
    peer.on("GET", TIMELINE, {"data": [shown(str(n), "other") for n in range(100)]})
    with pytest.raises(OutcomeUnknown):
        await find(call, text_draft("hi"))


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("hello", 5),
        ("wait…", 6),
        ("日本", 4),
        ("foo.bar", 23),
        ("x.com/y", 23),
        ("👨‍👩‍👧‍👦", 2),
        ("👍🏽", 2),
        ("🇫🇷", 2),
        ("e\u0301", 1),
        ("", 0),
    ],
)
def test_weighted_length(text, weight):
    assert publish.weighted_length(text) == weight
