"""YouTube: a lost answer when the upload address is no longer good; the channel's list of uploads decides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sextant.errors import OutcomeUnknown, WaitUntil
from sextant.http import AccountCall
from sextant.platforms.base import Account, Checkpoint, Draft, Grant, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.youtube import PLATFORM, upload
from sextant.sandbox.faults import Fault
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from sextant.sandbox.youtube import NETWORK
from tests.calls import call_for, connect
from tests.platforms.adapters import NOW, StillClock, steps, steps_until_fault
from tests.platforms.youtube_files import video
from tests.wire import Scripted

CHUNK = 262_144
WEEK_S = 8 * 86_400
CHANNEL = Account("UC_x5XG1OV2P6uZZ5FSM9Ttw", "Google for Developers", "channel")
UPLOAD = "/www.googleapis.com/upload/youtube/v3/videos"
VIDEOS = "/youtube.googleapis.com/youtube/v3/videos"
ITEMS = "/youtube.googleapis.com/youtube/v3/playlistItems"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    world = World()
    world.processing_s = 0.0
    async with Sandbox(world, [NETWORK]) as sandbox:
        yield sandbox


@pytest.fixture
async def call(sandbox: Sandbox) -> AsyncIterator[AccountCall]:
    (account,), grant = await connect(PLATFORM, sandbox, NETWORK.accounts()[0].id)
    call = call_for(PLATFORM, sandbox.url, account, grant, sandbox.world.clock)
    yield call
    await call.wire.close()


@pytest.fixture
def draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Draft:
    monkeypatch.setattr(upload, "CHUNK", CHUNK)
    clip = video(tmp_path / "clip.mp4", bytes=2 * CHUNK + 1000)
    return Draft("d-1", "A clip\n\nwith  words ", (clip,), Kind.VIDEO)


def posts(sandbox: Sandbox) -> list[str]:
    return [post.id for post in sandbox.world.posts("youtube")]


async def announced(call: AccountCall, draft: Draft) -> Checkpoint:
    """A process that ends between the announcement and the request."""
    walk = PLATFORM.publish(call, draft, None)
    while not (step := await anext(walk)).announces:
        pass
    await walk.aclose()  # type: ignore[attr-defined]
    return step


async def answer_lost(sandbox: Sandbox, call: AccountCall, draft: Draft) -> Checkpoint:
    """The video is there; nobody was told."""
    sandbox.world.faults.order(Fault(kind="drop_after_commit", platform="youtube", on="publish"))
    reached, _ = await steps_until_fault(call, draft, OutcomeUnknown)
    return reached[-1]


async def published(call: AccountCall, draft: Draft, done: Checkpoint | None = None) -> Published:
    post = (await steps(call, draft, done))[-1].published
    assert post is not None
    return post


def expire(sandbox: Sandbox) -> None:
    """As after a week, or when the network forgets its open uploads."""
    sandbox.world.uploads.clear()


async def look(call: AccountCall, draft: Draft, done: Checkpoint) -> Published | None:
    """Another process asks, with nothing but what was saved."""
    return await PLATFORM.find_published(call, draft, done, call.now - timedelta(days=30))


# ---- against the simulated network -------------------------------------------------------------------


async def test_the_video_is_found_in_the_list(sandbox: Sandbox, call: AccountCall, draft: Draft) -> None:
    done = await answer_lost(sandbox, call, draft)
    sandbox.world.clock.advance(WEEK_S)
    found = await look(call, draft, done)
    assert found is not None
    assert posts(sandbox) == [found.id]
    assert sandbox.world.now() - found.at.timestamp() > WEEK_S - 60


async def test_absent_is_said_a_minute_after_the_announcement(
    sandbox: Sandbox, call: AccountCall, draft: Draft
) -> None:
    done = await announced(call, draft)
    expire(sandbox)
    with pytest.raises(OutcomeUnknown, match="does not list"):
        await look(call, draft, done)
    sandbox.world.clock.advance(61)
    assert await look(call, draft, done) is None
    assert posts(sandbox) == []
    post = await published(call, draft, done)
    assert posts(sandbox) == [post.id]


async def test_a_voided_announcement_still_looks_before_it_opens_a_new_upload(
    sandbox: Sandbox, call: AccountCall, draft: Draft
) -> None:
    done = await answer_lost(sandbox, call, draft)
    expire(sandbox)
    post = await published(call, draft, replace(done, announces=False))
    assert posts(sandbox) == [post.id]


async def test_a_video_of_another_post_is_not_taken(
    sandbox: Sandbox, call: AccountCall, draft: Draft
) -> None:
    other = await published(call, draft)
    done = await announced(call, draft)
    expire(sandbox)
    sandbox.world.clock.advance(61)
    taken = replace(draft, taken=frozenset({other.id}))
    assert await look(call, taken, done) is None
    found = await look(call, draft, done)
    assert found is not None
    assert found.id == other.id


async def test_an_older_video_with_the_same_words_is_another_post(
    sandbox: Sandbox, call: AccountCall, draft: Draft
) -> None:
    await published(call, draft)
    sandbox.world.clock.advance(3600)
    done = await announced(call, draft)
    expire(sandbox)
    sandbox.world.clock.advance(61)
    assert await look(call, draft, done) is None


async def test_equal_posts_take_one_video_each(sandbox: Sandbox, call: AccountCall, draft: Draft) -> None:
    lost = [await answer_lost(sandbox, call, replace(draft, id=f"d-{n}")) for n in range(3)]
    expire(sandbox)
    found: list[str] = []
    for done in lost:
        post = await look(call, replace(draft, taken=frozenset(found)), done)
        assert post is not None
        found.append(post.id)
    assert sorted(found) == sorted(posts(sandbox))


async def test_a_video_is_found_behind_many_newer_ones(
    sandbox: Sandbox, call: AccountCall, draft: Draft
) -> None:
    done = await answer_lost(sandbox, call, draft)
    [wanted] = posts(sandbox)
    for n in range(70):
        await published(call, replace(draft, id=f"d-{n}", text=f"Another {n}"))
    expire(sandbox)
    found = await look(call, draft, done)
    assert found is not None
    assert found.id == wanted


async def test_an_upload_begun_with_another_file_is_begun_anew(
    sandbox: Sandbox, call: AccountCall, draft: Draft, tmp_path: Path
) -> None:
    """The address of the medium held something else when the process came back."""
    done = await announced(call, draft)
    other = replace(draft, media=(video(tmp_path / "other.mp4", seconds=9, bytes=CHUNK + 7),))
    found = await steps(call, other, done)
    assert [step.step for step in found] == ["opened", "sent", "uploaded", "published"]
    [post] = sandbox.world.posts("youtube")
    assert post.facts["duration_s"] == 9


async def test_what_was_stored_of_a_broken_piece_is_not_sent_again(
    sandbox: Sandbox, call: AccountCall, draft: Draft
) -> None:
    walk = PLATFORM.publish(call, draft, None)
    opened = await anext(walk)
    await walk.aclose()  # type: ignore[attr-defined]
    [session] = sandbox.world.uploads.values()
    session.content.add((await draft.media[0].file()).read(0, 1000))
    post = await published(call, draft, opened)
    assert posts(sandbox) == [post.id]
    assert sandbox.world.state.posts[0].facts.get("failureReason") is None


async def test_the_days_uploads_are_spent(sandbox: Sandbox, call: AccountCall, draft: Draft) -> None:
    for n in range(100):
        walk = PLATFORM.publish(call, replace(draft, id=f"d-{n}"), None)
        await anext(walk)
        await walk.aclose()  # type: ignore[attr-defined]
    with pytest.raises(WaitUntil) as waits:
        await steps(call, draft)
    assert waits.value.until.astimezone(UTC).hour in (7, 8)
    assert waits.value.until - call.now <= timedelta(days=1)


# ---- against a scripted one --------------------------------------------------------------------------

OPENED = Checkpoint(
    "sent",
    {
        "upload": "https://www.googleapis.com/upload/youtube/v3/videos?upload_id=1",
        "size": "524293",
        "opened": (NOW - timedelta(hours=2)).isoformat(),
        "announced": (NOW - timedelta(hours=1)).isoformat(),
    },
    announces=True,
)


def item(video_id: str, at: datetime, title: str = "A clip", **more: Any) -> dict[str, Any]:
    snippet = {
        "publishedAt": at.isoformat(),
        "title": title,
        "description": "A clip with words",
        "resourceId": {"kind": "youtube#video", "videoId": video_id},
        **more,
    }
    return {"kind": "youtube#playlistItem", "snippet": snippet}


def page(*items: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    more = {"nextPageToken": token} if token else {}
    return {"kind": "youtube#playlistItemListResponse", "items": list(items), **more}


def expired() -> Scripted:
    state = {"uploadStatus": "processed"}
    processed = {"items": [{"id": "aaaaaaaaaaa", "status": state}, {"id": "bbbbbbbbbbb", "status": state}]}
    return Scripted().on("PUT", UPLOAD, "", 404).on("GET", VIDEOS, processed)


async def looked(peer: Scripted, draft: Draft, done: Checkpoint = OPENED) -> Published | None:
    async with peer:
        call = call_for(PLATFORM, peer.url, CHANNEL, Grant("t"), StillClock())
        try:
            return await PLATFORM.find_published(call, draft, done, NOW - timedelta(days=1))
        finally:
            await call.wire.close()


async def test_pages_are_read_until_the_upload_was_opened(draft: Draft) -> None:
    peer = expired()
    peer.on("GET", ITEMS, page(item("bbbbbbbbbbb", NOW, "Other"), token="p2"))
    peer.on(
        "GET",
        ITEMS,
        page(
            item("aaaaaaaaaaa", NOW - timedelta(hours=1)), item("old", NOW - timedelta(hours=3)), token="p3"
        ),
    )
    found = await looked(peer, draft)
    assert found is not None
    assert found.id == "aaaaaaaaaaa"
    lists = [asked for asked in peer.asked if asked.path == ITEMS]
    assert [asked.query.get("pageToken") for asked in lists] == [None, "p2"]
    assert lists[0].query["playlistId"] == "UU_x5XG1OV2P6uZZ5FSM9Ttw"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (page(), 200),
        (page(item("a", NOW, "Another title")), 200),
        (page(item("a", NOW, description="Other words")), 200),
        (page({"snippet": None}, {"snippet": {"title": "A clip"}}), 200),
        ({"error": {"code": 404, "errors": [{"reason": "playlistNotFound"}]}}, 404),
    ],
)
async def test_a_video_that_is_not_listed_is_absent(draft: Draft, answer: Any, status: int) -> None:
    assert await looked(expired().on("GET", ITEMS, answer, status), draft) is None


@pytest.mark.parametrize(
    ("answer", "status"),
    [({}, 200), ("<html>", 200), ({"error": {"code": 503}}, 503), (page(token="again"), 200)],
)
async def test_no_list_is_no_certainty(draft: Draft, answer: Any, status: int) -> None:
    """The last one never ends."""
    with pytest.raises(OutcomeUnknown):
        await looked(expired().on("GET", ITEMS, answer, status), draft)


async def test_a_state_of_an_older_version_is_searched_since_the_post_was_made(draft: Draft) -> None:
    older = Checkpoint("sent", {name: OPENED.state[name] for name in ("upload", "size")}, announces=True)
    listed = page(item("aaaaaaaaaaa", NOW - timedelta(hours=23)))
    found = await looked(expired().on("GET", ITEMS, listed), draft, older)
    assert found is not None


async def test_a_look_costs_two_units(draft: Draft) -> None:
    """One for the list and one for the state; the day has 10,000."""
    peer = expired().on("GET", ITEMS, page(item("aaaaaaaaaaa", NOW)))
    await looked(peer, draft)
    assert [asked.path for asked in peer.asked if asked.method == "GET"] == [ITEMS, VIDEOS]
