"""X: publishing step by step, going on after each, and what refusals mean."""

import json
from datetime import timedelta

import pytest

from sextant.errors import ActOutside, FixContent, OutcomeUnknown, TryLater
from sextant.platforms.base import Account, Checkpoint, Draft, Grant, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.media import MediaFacts
from sextant.platforms.x import PLATFORM, uploads
from sextant.platforms.x.options import XOptions
from tests.platforms.adapters import NOW, LocalMedia, calling, steps, steps_until_fault, text_draft
from tests.wire import Scripted

ACCOUNT = Account("2244994945", "X Developers", "user", "XDevelopers")
TWEETS = "/api.x.com/2/tweets"
UPLOAD = "/api.x.com/2/media/upload"
METADATA = "/api.x.com/2/media/metadata"
MEDIA_ID = "1880028106020515840"
MEDIA = f"{UPLOAD}/{MEDIA_ID}"
PROBLEMS = "https://api.twitter.com/2/problems"
SECONDS = int(NOW.timestamp())

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
NO_MEDIA = {"title": "Not Found Error", "status": 404, "type": f"{PROBLEMS}/resource-not-found"}
READY = Checkpoint("ready", {"announced_at": str(SECONDS)}, announces=True)
URL = "https://x.com/XDevelopers/status/1445880548472328192"

VIDEO_STEPS = ["initialized", "appended", "appended", "appended", "finalized", "ready", "posted"]


@pytest.fixture
async def peer():
    async with Scripted() as peer:
        yield peer


@pytest.fixture
async def call(peer):
    async with calling(PLATFORM, peer, ACCOUNT, Grant("token-1")) as call:
        yield call


class Files:
    """Media of a draft, each of its own kind."""

    def __init__(self, folder):
        self.folder = folder

    def draft(self, *mimes, text="A clip", options=None, **facts):
        media = []
        for place, mime in enumerate(mimes):
            medium = LocalMedia(self.folder / str(place), bytes(range(256)) * 10)
            medium.facts = MediaFacts(mime, 2560, **facts)
            medium._file = type(medium._file)(medium._file.path, medium.facts)
            media.append(medium)
        return Draft("draft-1", text, tuple(media), Kind.VIDEO, options)


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr(uploads, "CHUNK", 1024)
    return Files(tmp_path)


@pytest.fixture
def draft(files):
    return files.draft("video/mp4")


def status(**info):
    return {"data": {"id": MEDIA_ID, "processing_info": info}}


def image(number, life=86400):
    return {"data": {"id": str(number), "media_key": f"3_{number}", "expires_after_secs": life}}


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


def bodies(peer, path):
    return [json.loads(asked.body) for asked in peer.asked if asked.path == path]


def names(reached):
    return [step.step for step in reached]


# ---- publishing ----------------------------------------------------------------------------------


async def test_text(peer, call):
    peer.on("POST", TWEETS, CREATED, 201)
    ready, posted = await steps(call, text_draft("Hello from the X API!"))
    assert ready == READY
    assert posted.published == Published("1445880548472328192", Kind.TEXT, URL, NOW)
    assert bodies(peer, TWEETS) == [{"text": "Hello from the X API!"}]


async def test_options(peer, call):
    peer.on("POST", TWEETS, CREATED, 201)
    options = XOptions(reply_settings="mentionedUsers", made_with_ai=True, paid_partnership=True)
    await steps(call, Draft("draft-1", "Hello", (), Kind.TEXT, options))
    expected = {"reply_settings": "mentionedUsers", "made_with_ai": True, "paid_partnership": True}
    assert bodies(peer, TWEETS) == [{"text": "Hello", **expected}]


async def test_url_without_a_handle(peer):
    peer.on("POST", TWEETS, CREATED, 201)
    async with calling(PLATFORM, peer, Account("1", "n", "user"), Grant("t")) as call:
        *_, posted = await steps(call, text_draft("hi"))
    assert posted.published.url == "https://x.com/i/web/status/1445880548472328192"


async def test_video(peer, call, draft):
    upload_script(peer)
    reached = await steps(call, draft)
    assert names(reached) == VIDEO_STEPS
    assert [step.announces for step in reached] == [False] * 5 + [True, False]
    first = json.loads(peer.asked[0].body)
    assert first == {"media_type": "video/mp4", "total_bytes": 2560, "media_category": "tweet_video"}
    appends = [asked for asked in peer.asked if asked.path.endswith("/append")]
    assert [b'name="segment_index"\r\n\r\n%d\r\n' % n in a.body for n, a in enumerate(appends)] == [True] * 3
    assert dict(peer.asked[-2].query) == {"command": "STATUS", "media_id": MEDIA_ID}
    assert json.loads(peer.asked[-1].body) == {"text": "A clip", "media": {"media_ids": [MEDIA_ID]}}
    assert call.wire.clock.slept == [1.0, 2.0]
    assert reached[-1].published.kind is Kind.VIDEO


@pytest.mark.parametrize("place", range(6))
async def test_video_goes_on_after_each_step(peer, call, draft, place):
    upload_script(peer)
    before = await steps(call, draft)
    asked = len(peer.asked)
    rest = await steps(call, draft, before[place])
    expected = before[place + 1 :]
    assert names(rest) == names(expected)
    assert rest[-1].published.id == "1445880548472328192"
    assert rest[-1].published.kind is Kind.VIDEO
    assert f"{UPLOAD}/initialize" not in paths(peer)[asked:]
    assert paths(peer)[asked:].count(f"{MEDIA}/append") == sum(s.step == "appended" for s in expected)


async def test_an_animated_gif_goes_in_chunks_and_has_the_numbers_of_a_picture(peer, call, files):
    upload_script(peer)
    *_, posted = await steps(call, files.draft("image/gif", frames=12))
    assert bodies(peer, f"{UPLOAD}/initialize")[0]["media_category"] == "tweet_gif"
    assert posted.published.kind is Kind.PHOTO


IMAGES = ("image/jpeg", "image/png", "image/webp", "image/gif")


def image_script(peer):
    for number in range(1, 5):
        peer.on("POST", UPLOAD, image(number, life=86400 - number))
    peer.on("POST", METADATA, {"data": {"id": "2", "associated_metadata": {}}})
    peer.on("POST", TWEETS, CREATED, 201)


async def test_four_images_and_their_alt_texts(peer, call, files):
    image_script(peer)
    draft = files.draft(*IMAGES, frames=1, options=XOptions(alt_texts=("", "A red sextant on a map")))
    reached = await steps(call, draft)
    assert names(reached) == [
        "uploaded",
        "uploaded",
        "described",
        "uploaded",
        "uploaded",
        "ready",
        "posted",
    ]
    sent = peer.asked[0].body
    assert b'name="media_category"\r\n\r\ntweet_image\r\n' in sent
    assert bytes(range(256)) * 10 in sent
    assert bodies(peer, METADATA) == [
        {"id": "2", "metadata": {"alt_text": {"text": "A red sextant on a map"}}}
    ]
    assert bodies(peer, TWEETS)[0]["media"] == {"media_ids": ["1", "2", "3", "4"]}
    assert reached[-1].published.kind is Kind.CAROUSEL
    assert reached[-2].state["expires_at"] == str(SECONDS + 86400 - 4)


@pytest.mark.parametrize("place", range(6))
async def test_images_go_on_after_each_step(peer, call, files, place):
    image_script(peer)
    draft = files.draft(*IMAGES, frames=1, options=XOptions(alt_texts=("", "two")))
    reached = await steps(call, draft)
    asked = len(peer.asked)
    rest = await steps(call, draft, reached[place])
    assert names(rest) == names(reached[place + 1 :])
    later = sum(step.step == "uploaded" for step in reached[place + 1 :])
    assert paths(peer)[asked:].count(UPLOAD) == later
    assert paths(peer)[asked:].count(METADATA) == (place < 2)
    assert rest[-1].published.kind is Kind.CAROUSEL


async def test_one_image_is_a_photo(peer, call, files):
    image_script(peer)
    *_, posted = await steps(call, files.draft("image/png", text=""))
    assert bodies(peer, TWEETS) == [{"media": {"media_ids": ["1"]}}]
    assert posted.published.kind is Kind.PHOTO


async def test_void_announcement_is_made_again(peer, call):
    peer.on("POST", TWEETS, CREATED, 201)
    again = await steps(call, text_draft("hi"), Checkpoint("ready"))
    assert [(step.step, step.announces) for step in again] == [("ready", True), ("posted", False)]


async def test_failed_video_is_for_the_author(peer, call, draft):
    error = {"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"}
    peer.on("GET", UPLOAD, status(state="failed", error=error))
    done = Checkpoint("finalized", {"media_ids": MEDIA_ID, "wait_s": "1.0"})
    reached, fault = await steps_until_fault(call, draft, FixContent, done)
    assert (reached, fault.message) == ([], "Unsupported video format")


async def test_slow_processing_is_left_for_later(peer, call, draft):
    peer.on("GET", UPLOAD, status(state="in_progress", check_after_secs=30))
    done = Checkpoint("finalized", {"media_ids": MEDIA_ID, "wait_s": "1.0"})
    reached, _ = await steps_until_fault(call, draft, TryLater, done)
    assert reached == []
    assert 120 <= sum(call.wire.clock.slept) < 200


@pytest.mark.parametrize("answer", [{"data": {}}, {"data": {"id": 5}}, {"errors": []}])
async def test_an_upload_without_an_id_is_tried_later(peer, call, files, answer):
    peer.on("POST", UPLOAD, answer)
    reached, _ = await steps_until_fault(call, files.draft("image/png"), TryLater)
    assert reached == []


async def test_a_file_that_became_shorter_is_tried_later(peer, call, draft):
    upload_script(peer)
    draft.media[0]._file.path.write_bytes(b"a" * 1024)
    reached, _ = await steps_until_fault(call, draft, TryLater)
    assert names(reached) == ["initialized", "appended"]


# ---- uploads that X has no more --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", f"{MEDIA}/append", NO_MEDIA, 404),
        ("POST", f"{MEDIA}/finalize", NO_MEDIA, 404),
        ("GET", UPLOAD, NO_MEDIA, 404),
        ("POST", METADATA, NO_MEDIA, 404),
        (
            "POST",
            f"{MEDIA}/finalize",
            {"errors": [{"parameters": {"id": [MEDIA_ID]}}], "type": f"{PROBLEMS}/invalid-request"},
            400,
        ),
        (
            "POST",
            TWEETS,
            {"errors": [{"parameters": {"media.media_ids": ["1"]}}], "type": f"{PROBLEMS}/invalid-request"},
            400,
        ),
    ],
)
async def test_a_lost_upload_is_made_anew_and_one_post_of_it(peer, call, files, method, path, body, code):
    peer.on(method, path, body, code)
    upload_script(peer)
    peer.on("POST", METADATA, {"data": {"id": MEDIA_ID}})
    reached = await steps(call, files.draft("video/mp4", options=XOptions(alt_texts=("words",))))
    assert names(reached)[-4:] == ["finalized", "described", "ready", "posted"]
    assert names(reached).count("initialized") == 2
    assert len(bodies(peer, TWEETS)) == (2 if path == TWEETS else 1)
    assert bodies(peer, TWEETS)[-1]["media"] == {"media_ids": [MEDIA_ID]}


async def test_uploads_lost_twice_are_left_for_later(peer, call, draft):
    upload_script(peer)
    peer._script.pop(("POST", f"{MEDIA}/append"))
    peer.on("POST", f"{MEDIA}/append", NO_MEDIA, 404)
    reached, _ = await steps_until_fault(call, draft, TryLater)
    assert names(reached) == ["initialized", "initialized"]


async def test_media_refused_twice_at_the_post_are_for_the_author(peer, call, draft):
    body = {"errors": [{"parameters": {"media.media_ids": ["1"]}, "message": "The validation failed."}]}
    peer.on("POST", TWEETS, {**body, "type": f"{PROBLEMS}/invalid-request"}, 400)
    upload_script(peer)
    peer._script[("POST", TWEETS)].pop()
    _, fault = await steps_until_fault(call, draft, FixContent)
    assert "The validation failed." in fault.message


@pytest.mark.parametrize(("left", "anew"), [(299, True), (301, False)])
async def test_a_medium_near_its_end_is_not_used(peer, call, files, left, anew):
    image_script(peer)
    state = {"media_ids": "9", "kind": "photo", "expires_at": str(SECONDS + left)}
    for announces in (False, True):
        reached = await steps(call, files.draft("image/png"), Checkpoint("ready", state, announces))
        if anew:
            assert names(reached) == ["uploaded", "ready", "posted"]
            assert reached[1].announces
        else:
            assert names(reached) == (["posted"] if announces else ["ready", "posted"])
    used = [body["media"]["media_ids"] for body in bodies(peer, TWEETS)]
    assert used == ([["1"], ["2"]] if anew else [["9"], ["9"]])


# ---- refusals and lost answers ---------------------------------------------------------------------


async def test_duplicate_is_for_the_author(peer, call):
    peer.on("POST", TWEETS, DUPLICATE, 403)
    reached, fault = await steps_until_fault(call, text_draft("again"), FixContent)
    assert reached == [READY]
    assert "duplicate content" in fault.message


@pytest.mark.parametrize(
    ("text", "fault"), [("short", ActOutside), ("本" * 141, FixContent), ("$AAPL $TSLA", FixContent)]
)
async def test_not_permitted_depends_on_the_text(peer, call, text, fault):
    peer.on("POST", TWEETS, NOT_PERMITTED, 403)
    await steps_until_fault(call, text_draft(text), fault)


@pytest.mark.parametrize(
    ("body", "code"), [("", 500), ("<html>", 503), ("<html>", 200), ('{"data":', 201), ({"errors": []}, 200)]
)
async def test_lost_answer(peer, call, body, code):
    peer.on("POST", TWEETS, body, code)
    reached, _ = await steps_until_fault(call, text_draft("hi"), OutcomeUnknown)
    assert reached == [READY]


# ---- deleting --------------------------------------------------------------------------------------

POST = Published("20", Kind.TEXT, None, NOW - timedelta(days=1))


@pytest.mark.parametrize(
    ("body", "code"), [({"data": {"deleted": True}}, 200), (b"", 204), (b"", 200), (NO_MEDIA, 404)]
)
async def test_delete(peer, call, body, code):
    peer.on("DELETE", f"{TWEETS}/20", body, code)
    await PLATFORM.delete(call, POST)
    assert paths(peer) == [f"{TWEETS}/20"]


@pytest.mark.parametrize(
    ("body", "code", "fault"),
    [
        ({"data": {"deleted": False}}, 200, TryLater),
        ({"data": []}, 200, TryLater),
        (NOT_PERMITTED, 403, ActOutside),
        (b"", 503, TryLater),
    ],
)
async def test_delete_that_did_not_happen(peer, call, body, code, fault):
    peer.on("DELETE", f"{TWEETS}/20", body, code)
    with pytest.raises(fault):
        await PLATFORM.delete(call, POST)
