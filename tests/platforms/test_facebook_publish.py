"""Facebook: publishing step by step against a scripted peer, and looking for what was lost."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest

from sextant import errors as faults
from sextant.platforms.base import Account, Checkpoint, Grant, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.facebook import PLATFORM
from sextant.platforms.facebook.errors import Duplicate
from tests.platforms import facebook_files as files
from tests.platforms.adapters import NOW, calling, steps, steps_until_fault
from tests.platforms.facebook_files import text
from tests.wire import Scripted

PAGE = "422575694827569"
BASE = f"/graph.facebook.com/v26.0/{PAGE}"
VIDEOS = f"/graph-video.facebook.com/v26.0/{PAGE}/videos"
REELS, POSTS = f"{BASE}/video_reels", f"{BASE}/published_posts"
VIDEO = "1300000000000001"
STATUS = f"/graph.facebook.com/v26.0/{VIDEO}"
UPLOAD = f"/rupload.facebook.com/video-upload/{VIDEO}"
MIB = 1 << 20

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
    "post_id": "917077345377399",
}
GONE = {"error": {"message": "Unsupported get request.", "code": 100, "error_subcode": 33}}
OK = {"success": True}


def state(video_status, arrived=0, **phases):
    status = {"video_status": video_status, "uploading_phase": {"bytes_transferred": arrived}, **phases}
    return {"status": status, "id": VIDEO}


PROCESSING = state("processing")


def span(start, end):
    return {"start_offset": str(start), "end_offset": str(end)}


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
    return files.film(tmp_path)


@pytest.fixture
def upright(tmp_path):
    return files.upright(tmp_path)


def form(asked):
    return {name: value[0] for name, value in parse_qs(asked.body.decode()).items()}


def parts(asked):
    """A multipart body by name."""
    boundary = asked.headers["Content-Type"].partition("boundary=")[2].encode()
    found = {}
    for part in asked.body.split(b"--" + boundary)[1:-1]:
        head, _, content = part[2:-2].partition(b"\r\n\r\n")
        found[re.search(rb'name="([^"]+)"', head)[1].decode()] = content
    return found


def refusal(code, subcode=None, message="words"):
    return {"error": {"message": message, "type": "OAuthException", "code": code, "error_subcode": subcode}}


# ---- text and links ----


async def test_a_text_is_one_announced_step(peer, call):
    link = f"https://www.facebook.com/{PAGE}/posts/917077345377399"
    peer.on("POST", f"{BASE}/feed", {"id": f"{PAGE}_917077345377399", "permalink_url": link})
    announced, posted = await steps(call, text("Grüße & more"))
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
    *_, posted = await steps(call, text("hi"))
    assert posted.published.url == "https://www.facebook.com/422575694827569_917077345377399"


async def test_a_link_is_shared_with_and_without_words(peer, call):
    peer.on("POST", f"{BASE}/feed", {"id": "1_2"})
    for words in ("Look", ""):
        *_, posted = await steps(call, files.link(words))
        assert posted.published.kind is Kind.TEXT
    with_words, without = map(form, peer.asked)
    assert with_words["link"] == without["link"] == "https://example.org/a?b=c"
    assert with_words["message"] == "Look"
    assert "message" not in without


@pytest.mark.parametrize("announces", [True, False])
async def test_a_restart_before_anything_was_sent_sends(peer, call, announces):
    peer.on("POST", f"{BASE}/feed", {"id": "1_2"})
    *_, posted = await steps(call, text("hi"), Checkpoint("feed", announces=announces))
    assert posted.published.id == "1_2"


async def test_a_refused_post(peer, call):
    peer.on("POST", f"{BASE}/feed", refusal(506), status=400)
    reached, _ = await steps_until_fault(call, text("hi"), faults.FixContent)
    assert [step.announces for step in reached] == [True]
    assert [asked.method for asked in peer.asked] == ["POST"]


@pytest.mark.parametrize("answer", [{"oops": 1}, "<html>"])
async def test_an_answer_without_an_id_leaves_the_outcome_unknown(peer, call, answer):
    peer.on("POST", f"{BASE}/feed", answer)
    await steps_until_fault(call, text("hi"), faults.OutcomeUnknown)


# ---- photos ----


async def test_photos_are_uploaded_unpublished_and_attached_by_one_request(peer, call, tmp_path):
    pictures = [files.photo(tmp_path, str(n), width=100 + n) for n in range(2)]
    peer.on("POST", f"{BASE}/photos", {"id": "11"}).on("POST", f"{BASE}/photos", {"id": "12"})
    peer.on("POST", f"{BASE}/feed", {"id": "1_2"})
    *uploaded, announced, posted = await steps(call, files.photos("Look", *pictures))
    assert [step.state["photos"] for step in uploaded] == ["11", "11,12"]
    assert [step.announces for step in (*uploaded, announced)] == [False, False, True]
    assert posted.published == Published("1_2", Kind.CAROUSEL, "https://www.facebook.com/1_2", NOW)
    first, second, feed = peer.asked
    assert parts(first)["source"] == pictures[0].path.read_bytes()
    assert parts(first)["published"] == b"false"
    assert parts(first)["alt_text_custom"] == b"A hill"
    assert "alt_text_custom" not in parts(second)
    assert first.query["access_token"] == "EAApage"
    assert json.loads(form(feed)["attached_media"]) == [{"media_fbid": "11"}, {"media_fbid": "12"}]


async def test_one_photo_is_a_photo_post(peer, call, tmp_path):
    peer.on("POST", f"{BASE}/photos", {"id": "11"}).on("POST", f"{BASE}/feed", {"id": "1_2"})
    *_, posted = await steps(call, files.photos("", files.photo(tmp_path)))
    assert posted.published.kind is Kind.PHOTO


@pytest.mark.parametrize(("hours", "uploads"), [(22, 1), (24, 2)])
async def test_photos_that_were_uploaded_are_used_while_they_last(peer, call, tmp_path, hours, uploads):
    pictures = [files.photo(tmp_path, str(n)) for n in range(2)]
    peer.on("POST", f"{BASE}/photos", {"id": "21"}).on("POST", f"{BASE}/photos", {"id": "22"})
    peer.on("POST", f"{BASE}/feed", {"id": "1_2"})
    at = (NOW - timedelta(hours=hours)).isoformat()
    done = Checkpoint("photo", {"photos": "11", "photos_at": at})
    await steps(call, files.photos("Look", *pictures), done)
    assert len(peer.asked) == uploads + 1
    attached = json.loads(form(peer.asked[-1])["attached_media"])
    assert attached[0] == {"media_fbid": "11" if uploads == 1 else "21"}


# ---- videos ----


async def test_a_video_has_its_id_before_its_bytes_and_goes_in_pieces(peer, call, tmp_path):
    film = files.film(tmp_path, bytes=9 * MIB)
    content = film.path.read_bytes()
    peer.on("POST", VIDEOS, {"video_id": VIDEO, "upload_session_id": "14", **span(0, 8 * MIB)})
    for start, end in ((4 * MIB, 8 * MIB), (8 * MIB, 9 * MIB), (9 * MIB, 9 * MIB)):
        peer.on("POST", VIDEOS, span(start, end))
    peer.on("POST", VIDEOS, OK).on("GET", STATUS, PROCESSING)
    link = f"https://www.facebook.com/123/videos/{VIDEO}"
    peer.on("GET", STATUS, {**READY, "permalink_url": link})
    reached = await steps(call, files.video("Look", film))
    names = ["started", "piece", "piece", "piece", "finish", "processing", "posted"]
    assert [step.step for step in reached] == names
    assert [step.announces for step in reached] == [name == "finish" for name in names]
    start, *pieces, finish, _, _ = peer.asked
    assert form(start)["file_size"] == str(9 * MIB)
    assert b"".join(parts(piece)["video_file_chunk"] for piece in pieces) == content
    assert [parts(piece)["start_offset"] for piece in pieces] == [b"0", b"4194304", b"8388608"]
    assert {parts(piece)["upload_session_id"] for piece in pieces} == {b"14"}
    sent = {
        name: form(finish)[name] for name in ("upload_phase", "upload_session_id", "description", "title")
    }
    assert list(sent.values()) == ["finish", "14", "Look", "A title"]
    at = datetime.fromtimestamp(1700000000, UTC)
    assert reached[-1].published == Published(f"{PAGE}_917077345377399", Kind.VIDEO, link, at, VIDEO)
    assert call.wire.clock.slept == [0.5]


async def test_a_video_may_come_out_as_a_reel(peer, call, film):
    answer = {**READY, "post_id": "100580101507405_1738695091074410"}
    peer.on("GET", STATUS, {**answer, "permalink_url": "/reel/28277141851870146/"})
    done = Checkpoint("processing", {"video_id": VIDEO, "flow": "video"})
    [posted] = await steps(call, files.video("Look", film), done)
    assert posted.published.id == "100580101507405_1738695091074410"
    assert posted.published.kind is Kind.REEL
    assert posted.published.url == "https://www.facebook.com/reel/28277141851870146/"


@pytest.mark.parametrize("answer", [{}, span(0, 10), {"start_offset": "x"}])
async def test_a_piece_that_is_not_taken_is_tried_later(peer, call, film, answer):
    start = {"video_id": VIDEO, "upload_session_id": "14", **span(0, film.facts.size)}
    peer.on("POST", VIDEOS, start).on("POST", VIDEOS, answer)
    reached, _ = await steps_until_fault(call, files.video("Look", film), faults.TryLater)
    assert [step.step for step in reached] == ["started"]


async def test_a_reel_is_one_stream_with_its_token_in_a_header(peer, call, upright):
    given = f"https://rupload.facebook.com/video-upload/{VIDEO}"
    peer.on("POST", REELS, {"video_id": VIDEO, "upload_url": given}).on("POST", REELS, OK)
    peer.on("POST", UPLOAD, OK).on("GET", STATUS, READY)
    reached = await steps(call, files.reel("Look", upright))
    assert [step.step for step in reached] == ["started", "uploaded", "finish", "processing", "posted"]
    start, upload, finish, _ = peer.asked
    assert upload.headers["Authorization"] == "OAuth EAApage"
    assert (upload.headers["offset"], upload.headers["file_size"]) == ("0", str(upright.facts.size))
    assert upload.headers["Content-Length"] == str(upright.facts.size)
    assert upload.body == upright.path.read_bytes()
    assert upload.query == {}
    sent = {name: form(finish)[name] for name in ("upload_phase", "video_id", "video_state", "description")}
    assert list(sent.values()) == ["finish", VIDEO, "PUBLISHED", "Look"]
    assert form(start)["upload_phase"] == "start"
    assert (reached[-1].published.kind, reached[-1].published.video_id) == (Kind.REEL, VIDEO)


async def test_the_token_goes_to_no_other_host(peer, call, upright):
    given = "https://rupload.facebook.com.example/video-upload/1"
    peer.on("POST", REELS, {"video_id": VIDEO, "upload_url": given}).on("POST", REELS, OK)
    own = f"/rupload.facebook.com/video-upload/v26.0/{VIDEO}"
    peer.on("POST", own, OK).on("GET", STATUS, READY)
    await steps(call, files.reel("Look", upright))
    assert [asked.path for asked in peer.asked][1] == own


async def test_a_reel_that_did_not_arrive_is_tried_later(peer, call, upright):
    peer.on("POST", REELS, {"video_id": VIDEO}).on(
        "POST", f"/rupload.facebook.com/video-upload/v26.0/{VIDEO}", {"success": False}
    )
    reached, _ = await steps_until_fault(call, files.reel("Look", upright), faults.TryLater)
    assert reached[-1].step == "started"


# ---- videos: going on ----


def begun(step, medium, **more):
    """A checkpoint of a video that was begun."""
    known = {"flow": "video", "video_id": VIDEO, "upload_session_id": "14", **span(0, medium.facts.size)}
    saved = {**known, "start": "0", "end": str(medium.facts.size), **more}
    return Checkpoint(step, saved, announces=step == "finish")


async def test_a_restart_goes_on_with_the_video_that_was_sent(peer, call, film):
    peer.on("GET", STATUS, {**READY, "post_id": "1_2"})
    done = Checkpoint("processing", {"video_id": VIDEO})
    [posted] = await steps(call, files.video("Look", film), done)
    assert posted.published.id == "1_2"
    assert [asked.method for asked in peer.asked] == ["GET"]
    assert film.wanted == 0


async def test_an_upload_goes_on_at_what_facebook_has_and_not_at_what_was_saved(peer, call, tmp_path):
    film = files.film(tmp_path, bytes=6 * MIB)
    peer.on("GET", STATUS, state("uploading", 4 * MIB)).on("GET", STATUS, READY)
    peer.on("POST", VIDEOS, span(6 * MIB, 6 * MIB)).on("POST", VIDEOS, OK)
    reached = await steps(call, files.video("Look", film), begun("started", film))
    assert [step.step for step in reached] == ["piece", "finish", "processing", "posted"]
    assert parts(peer.asked[1])["video_file_chunk"] == film.path.read_bytes()[4 * MIB :]


async def test_a_reel_goes_on_at_what_facebook_has(peer, call, upright):
    peer.on("GET", STATUS, state("uploading", 1000)).on("GET", STATUS, READY)
    peer.on("POST", UPLOAD, OK).on("POST", REELS, OK)
    given = f"https://rupload.facebook.com/video-upload/{VIDEO}"
    done = Checkpoint("started", {"flow": "reel", "video_id": VIDEO, "upload_url": given})
    await steps(call, files.reel("Look", upright), done)
    assert peer.asked[1].headers["offset"] == "1000"
    assert peer.asked[1].body == upright.path.read_bytes()[1000:]


@pytest.mark.parametrize("answer", [state("expired"), state("upload_failed"), GONE])
async def test_an_upload_that_is_no_more_begins_anew(peer, call, film, answer):
    peer.on("GET", STATUS, answer, status=400 if answer is GONE else 200).on("GET", STATUS, READY)
    size = film.facts.size
    peer.on("POST", VIDEOS, {"video_id": VIDEO, "upload_session_id": "15", **span(0, size)})
    peer.on("POST", VIDEOS, span(size, size)).on("POST", VIDEOS, OK)
    reached = await steps(call, files.video("Look", film), begun("piece", film, start="5"))
    assert reached[0].state["upload_session_id"] == "15"
    assert reached[-1].published.video_id == VIDEO


@pytest.mark.parametrize("status", ["upload_complete", "processing", "ready"])
async def test_a_video_that_arrived_is_only_finished(peer, call, film, status):
    peer.on("GET", STATUS, state(status)).on("GET", STATUS, READY).on("POST", VIDEOS, OK)
    reached = await steps(call, files.video("Look", film), begun("finish", film))
    assert [step.step for step in reached] == ["finish", "processing", "posted"]
    assert film.wanted == 0


async def test_a_video_that_turned_out_to_be_published_is_not_finished_again(peer, call, film):
    peer.on("GET", STATUS, READY)
    reached = await steps(call, files.video("Look", film), begun("finish", film))
    assert [step.step for step in reached] == ["processing", "posted"]
    assert {asked.method for asked in peer.asked} == {"GET"}


@pytest.mark.parametrize("after", [PROCESSING, READY])
async def test_a_finish_that_is_refused_because_the_first_arrived_counts(peer, call, film, after):
    peer.on("GET", STATUS, state("upload_complete")).on("GET", STATUS, after).on("GET", STATUS, READY)
    peer.on("POST", VIDEOS, refusal(100), status=400)
    reached = await steps(call, files.video("Look", film), begun("finish", film))
    assert reached[-1].published.video_id == VIDEO


@pytest.mark.parametrize(("code", "fault"), [(100, faults.OurBug), (6000, faults.FixContent)])
async def test_a_finish_that_is_refused_for_good(peer, call, film, code, fault):
    peer.on("GET", STATUS, state("upload_complete"))
    peer.on("POST", VIDEOS, refusal(code), status=400)
    reached, _ = await steps_until_fault(call, files.video("Look", film), fault, begun("finish", film))
    assert reached[-1].announces


async def test_a_finish_without_success_leaves_the_outcome_unknown(peer, call, film):
    peer.on("GET", STATUS, state("upload_complete")).on("POST", VIDEOS, {})
    draft = files.video("Look", film)
    await steps_until_fault(call, draft, faults.OutcomeUnknown, begun("piece", film))


async def test_a_video_that_stays_in_processing_is_looked_at_again_later(peer, call, film):
    peer.on("GET", STATUS, PROCESSING)
    done = begun("processing", film)
    await steps_until_fault(call, files.video("Look", film), faults.TryLater, done)
    assert max(call.wire.clock.slept) == 15.0


async def test_a_video_that_is_gone_in_processing_is_gone(peer, call, film):
    peer.on("GET", STATUS, GONE, status=400)
    await steps_until_fault(call, files.video("Look", film), faults.Gone, begun("processing", film))


@pytest.mark.parametrize("status", ["upload_failed", "expired", "error"])
async def test_a_video_that_failed_is_the_authors_to_change(peer, call, film, status):
    peer.on("GET", STATUS, state(status, processing_phase={"status": "error"}))
    done = begun("processing", film)
    _, fault = await steps_until_fault(call, files.video("Look", film), faults.FixContent, done)
    assert status in fault.message


@pytest.mark.parametrize("step", ["piece", "processing"])
async def test_the_words_of_the_phase_that_failed(peer, call, film, step):
    phase = {"status": "error", "error": {"message": "Video too short"}}
    peer.on("GET", STATUS, state("error", processing_phase=phase))
    _, fault = await steps_until_fault(call, files.video("Look", film), faults.FixContent, begun(step, film))
    assert fault.message == "Video too short"


# ---- after a lost answer: the Page's posts ----

SINCE = NOW - timedelta(minutes=5)
FEED = Checkpoint("feed", {"at": NOW.isoformat()}, announces=True)
PHOTOS = Checkpoint("feed", {"at": NOW.isoformat(), "photos": "11,12"}, announces=True)


def listed(message, minutes=0.0, post_id="1_2", **attachment):
    at = (NOW + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    link = "https://www.facebook.com/1/posts/2"
    row = {"id": post_id, "message": message, "created_time": at, "permalink_url": link}
    return {**row, "attachments": {"data": [attachment]}} if attachment else row


def album(*ids):
    found = [{"media_type": "photo", "target": {"id": photo}} for photo in ids]
    return {"type": "album", "target": {"id": PAGE}, "subattachments": {"data": found}}


async def found_in(peer, call, draft, rows, done=FEED):
    peer.on("GET", POSTS, {"data": rows})
    return await PLATFORM.find_published(call, draft, done, SINCE)


async def test_a_text_is_found_among_the_pages_posts(peer, call):
    rows = [listed("other"), listed("hi", 1), listed("hi", -60, "1_1")]
    found = await found_in(peer, call, text("hi"), rows)
    assert (found.id, found.kind, found.at) == ("1_2", Kind.TEXT, NOW + timedelta(minutes=1))


async def test_a_text_as_facebook_keeps_it(peer, call):
    found = await found_in(peer, call, text(" Gru\u0308\u00dfe \n"), [listed("Gr\u00fc\u00dfe")])
    assert found.id == "1_2"


@pytest.mark.parametrize("minutes", [-60, -2])
async def test_a_text_that_is_older_than_its_announcement_is_another(peer, call, minutes):
    assert await found_in(peer, call, text("hi"), [listed("hi", minutes)]) is None


async def test_a_clock_behind_ours_is_no_reason_to_miss_it(peer, call):
    assert (await found_in(peer, call, text("hi"), [listed("hi", -0.9)])).id == "1_2"


async def test_of_two_that_fit_the_first_and_none_that_is_taken(peer, call):
    rows = [listed("hi", 2, "1_3"), listed("hi", 1, "1_2")]
    assert (await found_in(peer, call, text("hi"), rows)).id == "1_2"
    assert (await found_in(peer, call, replace(text("hi"), taken=frozenset({"1_2"})), rows)).id == "1_3"
    assert await found_in(peer, call, replace(text("hi"), taken=frozenset({"1_2", "1_3"})), rows) is None


@pytest.mark.parametrize("type_", ["photo", "album", "video_inline"])
async def test_a_post_of_the_same_words_with_media_is_another(peer, call, type_):
    assert await found_in(peer, call, text("hi"), [listed("hi", type=type_)]) is None
    shared = listed("hi", post_id="1_9", type="share", unshimmed_url="https://example.org")
    assert (await found_in(peer, call, text("hi"), [shared, listed("hi", type=type_)])) is None


async def test_a_link_without_words_is_found_by_where_it_leads(peer, call):
    shared = {"type": "share", "unshimmed_url": "http://www.example.org/a/?b=c"}
    rows = [
        listed(None, 1, "1_3", type="share", unshimmed_url="https://example.org/z"),
        listed(None, **shared),
    ]
    assert (await found_in(peer, call, files.link(""), rows)).id == "1_2"
    assert await found_in(peer, call, files.link("", "https://example.net/a?b=c"), rows) is None


async def test_photos_are_found_by_their_ids_whatever_the_words(peer, call, tmp_path):
    draft = files.photos("Look", files.photo(tmp_path, "1"), files.photo(tmp_path, "2"))
    rows = [listed("Look", 1, "1_3", **album("13")), listed("Else", 1, **album("11", "12")), listed("Look")]
    found = await found_in(peer, call, draft, rows, PHOTOS)
    assert (found.id, found.kind) == ("1_2", Kind.CAROUSEL)
    assert await found_in(peer, call, replace(draft, taken=frozenset({"1_2"})), rows, PHOTOS) is None


async def test_one_photo_is_found_by_its_id(peer, call, tmp_path):
    row = listed("", type="photo", target={"id": "11"})
    done = Checkpoint("feed", {"at": NOW.isoformat(), "photos": "11"}, announces=True)
    found = await found_in(peer, call, files.photos("", files.photo(tmp_path)), [row], done)
    assert (found.id, found.kind) == ("1_2", Kind.PHOTO)


async def test_the_look_goes_on_over_pages_until_posts_are_too_old(peer, call):
    after = {"cursors": {"after": "QVF2"}, "next": "https://graph.facebook.com/…"}
    full = [listed(f"other {n}", 1, f"1_{n + 10}") for n in range(100)]
    peer.on("GET", POSTS, {"data": full, "paging": after})
    peer.on("GET", POSTS, {"data": [listed("hi"), listed("old", -60, "1_1")], "paging": after})
    found = await PLATFORM.find_published(call, text("hi"), FEED, SINCE)
    assert found.id == "1_2"
    assert [asked.query.get("after") for asked in peer.asked] == [None, "QVF2"]


async def test_an_announcement_without_a_time_is_looked_for_since_the_post_was_made(peer, call):
    found = await found_in(peer, call, text("hi"), [listed("hi", -4)], Checkpoint("feed", announces=True))
    assert found.id == "1_2"


@pytest.mark.parametrize("code", [(506, None), (100, 1366051)])
async def test_called_a_duplicate_the_second_time_it_is_looked_for(peer, call, code):
    peer.on("POST", f"{BASE}/feed", refusal(*code), status=400)
    peer.on("GET", POSTS, {"data": [listed("hi")]})
    announced, posted = await steps(call, text("hi"), FEED)
    assert posted.published.id == "1_2"
    assert announced.state == FEED.state


async def test_a_duplicate_of_something_else_is_the_authors_to_change(peer, call):
    peer.on("POST", f"{BASE}/feed", refusal(506), status=400).on("GET", POSTS, {"data": []})
    await steps_until_fault(call, text("hi"), Duplicate, FEED)


# ---- after a lost answer: the video ----


async def looked_for(peer, call, medium, answer, status=200, taken=()):
    peer.on("GET", STATUS, answer, status=status)
    draft = replace(files.video("Look", medium), taken=frozenset(taken))
    return await PLATFORM.find_published(call, draft, begun("finish", medium), SINCE)


async def test_a_finished_video_is_found_by_its_id(peer, call, film):
    found = await looked_for(peer, call, film, READY)
    assert (found.id, found.kind, found.video_id) == (f"{PAGE}_917077345377399", Kind.VIDEO, VIDEO)


IN_PROGRESS = {"publishing_phase": {"status": "in_progress"}}
NOT_STARTED = {"publishing_phase": {"status": "not_started"}}


@pytest.mark.parametrize("status", ["uploading", "upload_complete", "expired", "upload_failed"])
async def test_a_finish_that_did_not_arrive_left_the_video_where_it_was(peer, call, film, status):
    assert await looked_for(peer, call, film, state(status)) is None


async def test_a_video_that_is_ready_and_was_never_to_be_published_is_surely_not_out(peer, call, film):
    assert await looked_for(peer, call, film, state("ready", **NOT_STARTED)) is None


async def test_a_video_that_is_not_there_is_surely_not_out(peer, call, film):
    assert await looked_for(peer, call, film, GONE, 400) is None


@pytest.mark.parametrize("answer", [PROCESSING, state("ready", **IN_PROGRESS)])
async def test_a_video_that_is_still_processed_is_not_known_yet(peer, call, film, answer):
    with pytest.raises(faults.OutcomeUnknown):
        await looked_for(peer, call, film, answer)


async def test_a_video_that_was_given_up_is_the_authors_to_change(peer, call, film):
    phase = {"status": "error", "error": {"message": "Video too short"}}
    with pytest.raises(faults.FixContent, match="Video too short"):
        await looked_for(peer, call, film, state("error", processing_phase=phase))


async def test_a_post_that_is_taken_is_not_this_one(peer, call, film):
    assert await looked_for(peer, call, film, READY, taken={f"{PAGE}_917077345377399"}) is None


# ---- taking down ----


@pytest.mark.parametrize(
    ("post", "node"),
    [
        (Published("1_2", Kind.TEXT, None, NOW), "1_2"),
        (Published("1_2", Kind.CAROUSEL, None, NOW), "1_2"),
        (Published("1_2", Kind.VIDEO, None, NOW, VIDEO), VIDEO),
        (Published("1_2", Kind.REEL, None, NOW, VIDEO), VIDEO),
    ],
)
async def test_a_post_is_deleted_and_a_video_as_one(peer, call, post, node):
    peer.on("DELETE", f"/graph.facebook.com/v26.0/{node}", OK)
    await PLATFORM.delete(call, post)
    [asked] = peer.asked
    assert asked.query["access_token"] == "EAApage"


async def test_what_is_gone_is_deleted(peer, call):
    peer.on("DELETE", "/graph.facebook.com/v26.0/1_2", GONE, status=400)
    await PLATFORM.delete(call, Published("1_2", Kind.TEXT, None, NOW))
    assert len(peer.asked) == 1


@pytest.mark.parametrize(
    ("answer", "status", "fault"),
    [
        ({"success": False}, 200, faults.TryLater),
        (refusal(200), 403, faults.Reconnect),
        (refusal(368), 400, faults.ActOutside),
        (refusal(2), 500, faults.TryLater),
    ],
)
async def test_a_deletion_that_is_refused(peer, call, answer, status, fault):
    peer.on("DELETE", "/graph.facebook.com/v26.0/1_2", answer, status=status)
    with pytest.raises(fault):
        await PLATFORM.delete(call, Published("1_2", Kind.TEXT, None, NOW))
