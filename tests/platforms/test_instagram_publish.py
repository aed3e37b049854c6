"""Instagram: publishing step by step, and looking for a reel whose answer was lost."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest

from sextant import errors as faults
from sextant.platforms.base import Account, Checkpoint, Grant
from sextant.platforms.catalogue import Kind
from sextant.platforms.instagram import PLATFORM
from tests.platforms.adapters import NOW, LocalMedia, calling, steps, steps_until_fault, video_draft
from tests.wire import Scripted

ACCOUNT = "17841400000000001"
CONTAINER, MEDIA = "17889455560051444", "17920238422030506"
SINCE = NOW - timedelta(minutes=5)

FINISHED = {"status_code": "FINISHED", "id": CONTAINER}
IN_PROGRESS = {"status_code": "IN_PROGRESS", "id": CONTAINER}
PUBLISHED = {"status_code": "PUBLISHED", "id": CONTAINER}
DESCRIBED = {
    "id": MEDIA,
    "permalink": "https://www.instagram.com/reel/Abc123/",
    "shortcode": "Abc123",
    "timestamp": "2026-09-05T10:00:00+0000",
    "media_type": "VIDEO",
    "media_product_type": "REELS",
    "username": "example",
}
READY = Checkpoint("ready", {"container_id": CONTAINER}, announces=True)


@pytest.fixture
async def peer():
    async with Scripted() as peer:
        yield peer


@pytest.fixture(params=["facebook", "instagram"])
async def call(request, peer):
    account = Account(ACCOUNT, "Example", request.param)
    async with calling(PLATFORM, peer, account, Grant("token-1"), request.param) as call:
        yield call


@pytest.fixture
def at(call):
    """The path of something on the host of this login."""
    return lambda path: f"/graph.{call.app.login}.com/v26.0/{path}"


@pytest.fixture
def nothing_is_out(peer, at):
    peer.on("GET", at(f"{ACCOUNT}/media"), {"data": []})


@pytest.fixture
def draft(tmp_path):
    return video_draft("Look #here", LocalMedia(tmp_path / "clip.mp4", b"\0\0\0\x18ftypmp42"))


def form(asked):
    return {name: value[0] for name, value in parse_qs(asked.body.decode()).items()}


def error(code, subcode):
    return {"error": {"message": "words", "code": code, "error_subcode": subcode}}


@pytest.mark.usefixtures("nothing_is_out")
async def test_container_wait_publish(peer, call, at, draft):
    peer.on("POST", at(f"{ACCOUNT}/media"), {"id": CONTAINER})
    peer.on("GET", at(CONTAINER), IN_PROGRESS).on("GET", at(CONTAINER), FINISHED)
    peer.on("POST", at(f"{ACCOUNT}/media_publish"), {"id": MEDIA}).on("GET", at(MEDIA), DESCRIBED)
    made, ready, out, posted = await steps(call, draft)
    assert made.state == {"container_id": CONTAINER, "kind": "reel"}
    assert [step.announces for step in (made, ready, out, posted)] == [False, True, False, False]
    assert out.state == {"media_id": MEDIA, "kind": "reel"}
    assert posted.published.id == MEDIA
    assert posted.published.kind is Kind.REEL
    assert posted.published.url == "https://www.instagram.com/reel/Abc123/"
    assert posted.published.at == datetime(2026, 9, 5, 10, tzinfo=UTC)
    created, *_, published, _ = peer.asked
    sent = form(created)
    assert (sent["media_type"], sent["video_url"], sent["caption"]) == (
        "REELS",
        draft.media[0].url,
        "Look #here",
    )
    assert form(published)["creation_id"] == CONTAINER
    assert call.wire.clock.slept == [0.5]


@pytest.mark.usefixtures("nothing_is_out")
async def test_a_restart_goes_on_with_its_container(peer, call, at, draft):
    peer.on("GET", at(CONTAINER), FINISHED).on("GET", at(MEDIA), DESCRIBED)
    peer.on("POST", at(f"{ACCOUNT}/media_publish"), {"id": MEDIA})
    for done in (Checkpoint("container", {"container_id": CONTAINER}), READY):
        *_, posted = await steps(call, draft, done)
        assert posted.published.id == MEDIA
    assert not any(asked.path.endswith("/media") for asked in peer.asked if asked.method == "POST")


async def test_a_restart_after_publishing_only_asks_for_the_link(peer, call, at, draft):
    peer.on("GET", at(MEDIA), DESCRIBED)
    [posted] = await steps(call, draft, Checkpoint("media", {"media_id": MEDIA}))
    assert posted.published.url == DESCRIBED["permalink"]
    assert len(peer.asked) == 1


async def test_a_link_that_cannot_be_had_costs_no_more_than_the_link(peer, call, at, draft):
    peer.on("GET", at(MEDIA), "<html>", status=502)
    [posted] = await steps(call, draft, Checkpoint("media", {"media_id": MEDIA}))
    assert (posted.published.id, posted.published.url) == (MEDIA, None)


@pytest.mark.parametrize(
    "status",
    [
        {"status_code": "EXPIRED"},
        {"status_code": "ERROR", "status": "Error: Media upload has failed with error code 2207053"},
    ],
)
async def test_a_spoilt_container_is_forgotten(peer, call, at, draft, status):
    peer.on("GET", at(CONTAINER), status)
    done = Checkpoint("container", {"container_id": CONTAINER})
    [start], _ = await steps_until_fault(call, draft, faults.TryLater, done)
    peer.on("POST", at(f"{ACCOUNT}/media"), {"id": "2"}).on("GET", at("2"), IN_PROGRESS)
    [made], _ = await steps_until_fault(call, draft, faults.TryLater, start)
    assert made.state == {"container_id": "2", "kind": "reel"}


@pytest.mark.usefixtures("nothing_is_out")
async def test_a_container_that_is_not_found_on_publishing_is_forgotten(peer, call, at, draft):
    peer.on("GET", at(CONTAINER), FINISHED)
    peer.on("POST", at(f"{ACCOUNT}/media_publish"), error(24, 2207006), status=400)
    done = Checkpoint("container", {"container_id": CONTAINER})
    [ready, start], _ = await steps_until_fault(call, draft, faults.TryLater, done)
    assert ready.announces
    assert (start.state, start.announces) == ({}, False)


@pytest.mark.usefixtures("nothing_is_out")
async def test_a_container_that_is_not_found_after_an_earlier_request_may_be_out(peer, call, at, draft):
    peer.on("GET", at(CONTAINER), FINISHED)
    peer.on("POST", at(f"{ACCOUNT}/media_publish"), error(24, 2207006), status=400)
    [ready], _ = await steps_until_fault(call, draft, faults.OutcomeUnknown, READY)
    assert ready.state["container_id"] == CONTAINER


@pytest.mark.usefixtures("nothing_is_out")
async def test_a_container_that_is_not_found_because_it_is_published(peer, call, at, draft):
    peer.on("GET", at(CONTAINER), FINISHED).on("GET", at(CONTAINER), PUBLISHED)
    peer.on("POST", at(f"{ACCOUNT}/media_publish"), error(24, 2207006), status=400)
    done = Checkpoint("container", {"container_id": CONTAINER})
    [ready], _ = await steps_until_fault(call, draft, faults.OutcomeUnknown, done)
    assert ready.announces


async def test_a_passing_failure_keeps_the_container(peer, call, at, draft):
    peer.on("GET", at(CONTAINER), "<html>", status=502)
    reached, _ = await steps_until_fault(call, draft, faults.TryLater, READY)
    assert reached == []


async def test_a_container_refused_for_its_content(peer, call, at, draft):
    status = {"status_code": "ERROR", "status": "Error: the format (2207026) is not supported"}
    peer.on("POST", at(f"{ACCOUNT}/media"), {"id": CONTAINER}).on("GET", at(CONTAINER), status)
    _, fault = await steps_until_fault(call, draft, faults.FixContent)
    assert "2207026" in fault.message


async def test_a_video_that_instagram_cannot_fetch(peer, call, at, draft):
    peer.on("POST", at(f"{ACCOUNT}/media"), error(9004, 2207052), status=400)
    await steps_until_fault(call, draft, faults.FixContent)


async def test_a_long_wait_ends_and_is_taken_up_later(peer, call, at, draft):
    peer.on("POST", at(f"{ACCOUNT}/media"), {"id": CONTAINER}).on("GET", at(CONTAINER), IN_PROGRESS)
    [made], _ = await steps_until_fault(call, draft, faults.TryLater)
    assert made.state == {"container_id": CONTAINER, "kind": "reel"}
    assert max(call.wire.clock.slept) <= 60.0
    assert sum(call.wire.clock.slept) >= 300.0


async def test_a_container_published_already_is_looked_for_and_not_sent_again(peer, call, at, draft):
    peer.on("GET", at(CONTAINER), PUBLISHED)
    done = Checkpoint("container", {"container_id": CONTAINER})
    [ready], _ = await steps_until_fault(call, draft, faults.OutcomeUnknown, done)
    assert ready.announces
    assert [asked.method for asked in peer.asked] == ["GET"]


@pytest.mark.usefixtures("nothing_is_out")
async def test_an_answer_without_an_id_leaves_the_outcome_unknown(peer, call, at, draft):
    peer.on("GET", at(CONTAINER), FINISHED).on("POST", at(f"{ACCOUNT}/media_publish"), "<html>")
    await steps_until_fault(call, draft, faults.OutcomeUnknown, READY)


# ---- after a lost answer ----


def listed(caption, minutes=1, media_id=MEDIA):
    at = (NOW + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    return {"id": media_id, "caption": caption, "timestamp": at, "permalink": DESCRIBED["permalink"]}


@pytest.mark.parametrize("status", [IN_PROGRESS, FINISHED, {"status_code": "EXPIRED"}])
async def test_a_container_that_is_not_published_is_surely_not_out(peer, call, at, draft, status):
    peer.on("GET", at(CONTAINER), status)
    assert await PLATFORM.find_published(call, draft, READY, SINCE) is None


async def test_a_published_container_is_found_among_the_media(peer, call, at, draft):
    peer.on("GET", at(CONTAINER), PUBLISHED)
    rows = [listed("other", 2, "3"), listed("Look #here"), listed("Look #here", -60, "1")]
    peer.on("GET", at(f"{ACCOUNT}/media"), {"data": rows})
    found = await PLATFORM.find_published(call, draft, READY, SINCE)
    assert (found.id, found.url) == (MEDIA, DESCRIBED["permalink"])
    assert found.at == NOW + timedelta(minutes=1)


async def test_a_published_container_that_is_not_listed_is_unknown(peer, call, at, draft):
    peer.on("GET", at(CONTAINER), PUBLISHED)
    peer.on("GET", at(f"{ACCOUNT}/media"), {"data": [listed("Look #here", -60)]})
    with pytest.raises(faults.OutcomeUnknown):
        await PLATFORM.find_published(call, draft, READY, SINCE)
