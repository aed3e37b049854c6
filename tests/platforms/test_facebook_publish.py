"""Facebook: publishing step by step, and looking for a post whose answer was lost."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest

from sextant import errors as faults
from sextant.platforms.base import Account, Checkpoint, Grant
from sextant.platforms.catalogue import Kind
from sextant.platforms.facebook import PLATFORM
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

PAGE = "422575694827569"
BASE = f"/graph.facebook.com/v26.0/{PAGE}"
VIDEO = "1300000000000001"
STATUS = f"/graph.facebook.com/v26.0/{VIDEO}"

READY = {
    "status": {
        "video_status": "ready",
        "uploading_phase": {"status": "completed", "bytes_transfered": 50002},
        "processing_phase": {"status": "completed"},
        "publishing_phase": {
            "status": "completed",
            "publish_status": "published",
            "publish_time": 1700000000,
        },
    },
    "id": VIDEO,
}
PROCESSING = {"status": {"video_status": "processing"}, "id": VIDEO}


@pytest.fixture
async def peer():
    async with Scripted() as peer:
        yield peer


@pytest.fixture
async def call(peer):
    async with calling(PLATFORM, peer, Account(PAGE, "Page", "page"), Grant("EAApage")) as call:
        yield call


@pytest.fixture
def film(tmp_path):
    return LocalMedia(tmp_path / "clip.mp4", b"\0\0\0\x18ftypmp42")


def form(asked):
    return {name: value[0] for name, value in parse_qs(asked.body.decode()).items()}


async def test_a_text_is_one_announced_step(peer, call):
    link = f"https://www.facebook.com/{PAGE}/posts/917077345377399"
    peer.on("POST", f"{BASE}/feed", {"id": f"{PAGE}_917077345377399", "permalink_url": link})
    announced, posted = await steps(call, text_draft("Grüße & more"))
    assert announced.announces
    assert posted.published.id == f"{PAGE}_917077345377399"
    assert posted.published.url == link
    assert posted.published.kind is Kind.TEXT
    [asked] = peer.asked
    assert form(asked)["message"] == "Grüße & more"
    assert form(asked)["access_token"] == "EAApage"
    assert asked.query == {"fields": "id,permalink_url"}


async def test_a_text_without_a_link_gets_the_one_that_works(peer, call):
    peer.on("POST", f"{BASE}/feed", {"id": "422575694827569_917077345377399"})
    *_, posted = await steps(call, text_draft("hi"))
    assert posted.published.url == "https://www.facebook.com/422575694827569_917077345377399"


async def test_a_video_is_pulled_then_waited_for(peer, call, film):
    peer.on("POST", f"{BASE}/videos", {"id": VIDEO})
    peer.on("GET", STATUS, PROCESSING)
    link = "https://www.facebook.com/123/videos/1300000000000001"
    peer.on("GET", STATUS, {**READY, "post_id": "917077345377399", "permalink_url": link})
    announced, processing, posted = await steps(call, video_draft("Look", film))
    assert announced.announces
    assert processing.state == {"video_id": VIDEO}
    assert not processing.announces
    published = posted.published
    assert published.id == f"{PAGE}_917077345377399"
    assert published.video_id == VIDEO
    assert published.kind is Kind.VIDEO
    assert published.url == link
    assert published.at == datetime.fromtimestamp(1700000000, UTC)
    sent = form(peer.asked[0])
    assert sent["file_url"] == film.url
    assert sent["description"] == "Look"
    assert call.wire.clock.slept == [0.5]


async def test_a_video_may_come_out_as_a_reel(peer, call, film):
    peer.on("POST", f"{BASE}/videos", {"id": VIDEO})
    answer = {**READY, "post_id": "100580101507405_1738695091074410"}
    peer.on("GET", STATUS, {**answer, "permalink_url": "/reel/28277141851870146/"})
    *_, posted = await steps(call, video_draft("Look", film))
    assert posted.published.id == "100580101507405_1738695091074410"
    assert posted.published.kind is Kind.REEL
    assert posted.published.url == "https://www.facebook.com/reel/28277141851870146/"


async def test_a_restart_goes_on_with_the_video_that_was_sent(peer, call, film):
    peer.on("GET", STATUS, {**READY, "post_id": "1_2"})
    done = Checkpoint("processing", {"video_id": VIDEO})
    [posted] = await steps(call, video_draft("Look", film), done)
    assert posted.published.id == "1_2"
    assert [asked.method for asked in peer.asked] == ["GET"]


@pytest.mark.parametrize("announces", [True, False])
async def test_a_restart_before_anything_was_sent_sends(peer, call, announces):
    peer.on("POST", f"{BASE}/feed", {"id": "1_2"})
    *_, posted = await steps(call, text_draft("hi"), Checkpoint("feed", announces=announces))
    assert posted.published.id == "1_2"


async def test_a_video_that_stays_in_processing_is_looked_at_again_later(peer, call, film):
    peer.on("POST", f"{BASE}/videos", {"id": VIDEO}).on("GET", STATUS, PROCESSING)
    reached, _ = await steps_until_fault(call, video_draft("Look", film), faults.TryLater)
    assert reached[-1].state == {"video_id": VIDEO}
    assert max(call.wire.clock.slept) == 15.0


@pytest.mark.parametrize("status", ["upload_failed", "expired", "error"])
async def test_a_video_that_failed_is_the_authors_to_change(peer, call, film, status):
    failed = {"status": {"video_status": status, "processing_phase": {"status": "error"}}}
    peer.on("POST", f"{BASE}/videos", {"id": VIDEO}).on("GET", STATUS, failed)
    _, fault = await steps_until_fault(call, video_draft("Look", film), faults.FixContent)
    assert status in fault.message


async def test_the_words_of_the_phase_that_failed(peer, call, film):
    phase = {"status": "error", "error": {"message": "Video too short"}}
    failed = {"status": {"video_status": "error", "processing_phase": phase}}
    peer.on("POST", f"{BASE}/videos", {"id": VIDEO}).on("GET", STATUS, failed)
    _, fault = await steps_until_fault(call, video_draft("Look", film), faults.FixContent)
    assert fault.message == "Video too short"


async def test_a_refused_post(peer, call):
    error = {"message": "Duplicate status message", "type": "OAuthException", "code": 506}
    peer.on("POST", f"{BASE}/feed", {"error": error}, status=400)
    reached, _ = await steps_until_fault(call, text_draft("hi"), faults.FixContent)
    assert [step.announces for step in reached] == [True]


@pytest.mark.parametrize("answer", [{"oops": 1}, "<html>"])
async def test_an_answer_without_an_id_leaves_the_outcome_unknown(peer, call, answer):
    peer.on("POST", f"{BASE}/feed", answer)
    await steps_until_fault(call, text_draft("hi"), faults.OutcomeUnknown)


# ---- after a lost answer ----

SINCE = NOW - timedelta(minutes=5)
FEED, VIDEOS = Checkpoint("feed", announces=True), Checkpoint("videos", announces=True)


def listed(message, minutes=0, post_id="1_2", link="https://www.facebook.com/1/posts/2"):
    at = (NOW + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    return {"id": post_id, "message": message, "created_time": at, "permalink_url": link}


async def test_a_text_is_found_among_the_pages_posts(peer, call):
    rows = [listed("other"), listed("hi", 1), listed("hi", -60, "1_1")]
    peer.on("GET", f"{BASE}/published_posts", {"data": rows})
    found = await PLATFORM.find_published(call, text_draft("hi"), FEED, SINCE)
    assert (found.id, found.kind) == ("1_2", Kind.TEXT)
    assert found.at == NOW + timedelta(minutes=1)


async def test_a_text_that_is_not_listed_is_surely_absent(peer, call):
    peer.on("GET", f"{BASE}/published_posts", {"data": [listed("hi", -60)]})
    assert await PLATFORM.find_published(call, text_draft("hi"), FEED, SINCE) is None


@pytest.mark.parametrize(
    "rows", [[listed("hi"), listed("hi", 1, "1_3")], [listed("x", 1, f"1_{n}") for n in range(100)]]
)
async def test_a_text_that_cannot_be_told_apart_is_unknown(peer, call, rows):
    peer.on("GET", f"{BASE}/published_posts", {"data": rows})
    with pytest.raises(faults.OutcomeUnknown):
        await PLATFORM.find_published(call, text_draft("hi"), FEED, SINCE)


async def test_a_video_is_found_with_its_own_id(peer, call, film):
    row = listed("Look", link=f"https://www.facebook.com/{PAGE}/videos/{VIDEO}/")
    peer.on("GET", f"{BASE}/published_posts", {"data": [row]})
    found = await PLATFORM.find_published(call, video_draft("Look", film), VIDEOS, SINCE)
    assert (found.id, found.kind, found.video_id) == ("1_2", Kind.VIDEO, VIDEO)


async def test_a_video_is_found_by_what_is_attached_to_its_post(peer, call, film):
    attached = {"media_type": "video", "target": {"id": VIDEO}}
    row = {**listed("Look"), "attachments": {"data": [attached]}}
    peer.on("GET", f"{BASE}/published_posts", {"data": [row]})
    found = await PLATFORM.find_published(call, video_draft("Look", film), VIDEOS, SINCE)
    assert found.video_id == VIDEO


async def test_a_video_that_is_not_listed_may_still_be_processed(peer, call, film):
    peer.on("GET", f"{BASE}/published_posts", {"data": []})
    with pytest.raises(faults.OutcomeUnknown):
        await PLATFORM.find_published(call, video_draft("Look", film), VIDEOS, SINCE)


async def test_a_known_video_is_asked_itself(peer, call, film):
    peer.on("GET", STATUS, PROCESSING).on("GET", STATUS, {**READY, "post_id": "1_2"})
    draft, done = video_draft("Look", film), Checkpoint("processing", {"video_id": VIDEO})
    with pytest.raises(faults.OutcomeUnknown):
        await PLATFORM.find_published(call, draft, done, SINCE)
    assert (await PLATFORM.find_published(call, draft, done, SINCE)).id == "1_2"
