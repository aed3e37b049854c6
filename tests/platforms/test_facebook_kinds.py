"""Facebook: every kind of post against the simulated network, with its numbers, its restarts and its end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sextant.errors import (
    FixContent,
    Gone,
    OutcomeUnknown,
    Reconnect,
    TryLater,
    WaitUntil,
)
from sextant.http import AccountCall
from sextant.platforms.base import Checkpoint, Draft, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.facebook import PLATFORM
from sextant.platforms.facebook.errors import Duplicate
from sextant.platforms.facebook.uploads import start_video
from sextant.sandbox import faults
from sextant.sandbox.facebook import NETWORK
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import Post, World
from tests.calls import call_for, connect
from tests.platforms import facebook_files as files
from tests.platforms.adapters import numbers, steps, steps_until_fault

KINDS = [Kind.TEXT, Kind.TEXT, Kind.PHOTO, Kind.CAROUSEL, Kind.VIDEO, Kind.REEL]
PLACES = range(len(KINDS))
VIDEO, REEL = 4, 5


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    world = World()
    world.clock.run_at(100)
    async with Sandbox(world, [NETWORK]) as sandbox:
        yield sandbox


@pytest.fixture
async def call(sandbox: Sandbox) -> AsyncIterator[AccountCall]:
    [account], _ = await connect(PLATFORM, sandbox, sandbox.world.accounts("facebook")[0].id)
    call = call_for(PLATFORM, sandbox.url, account, clock=sandbox.world.clock)
    yield call
    await call.wire.close()


@pytest.fixture
def drafts(tmp_path: Path) -> Callable[[str], list[Draft]]:
    return lambda words: files.every(tmp_path, words)


def natives(sandbox: Sandbox) -> list[Post]:
    return list(sandbox.world.posts("facebook"))


def order(sandbox: Sandbox, kind: str, **more: object) -> None:
    more = {"status": 500, "delay_ms": 0, **more}
    sandbox.world.faults.order(faults.Fault(kind=kind, platform="facebook", on="publish", **more))  # type: ignore[arg-type]


async def published(call: AccountCall, draft: Draft, done: Checkpoint | None = None) -> Published:
    found = (await steps(call, draft, done))[-1].published
    assert found is not None
    return found


async def until(call: AccountCall, draft: Draft, step: str, done: Checkpoint | None = None) -> Checkpoint:
    """Publishes until a step is saved, then the process ends."""
    walk = PLATFORM.publish(call, draft, done)
    reached = await anext(walk)
    while reached.step != step:
        reached = await anext(walk)
    await walk.aclose()  # type: ignore[attr-defined]
    return reached


async def look(call: AccountCall, draft: Draft, done: Checkpoint) -> Published | None:
    return await PLATFORM.find_published(call, draft, done, call.now - timedelta(minutes=5))


# ---- every kind ----


@pytest.mark.parametrize("place", PLACES)
async def test_each_kind_is_one_native_post_that_is_told_as_it_is(
    sandbox: Sandbox, call: AccountCall, drafts: Callable[[str], list[Draft]], place: int
) -> None:
    draft = drafts("once")[place]
    post = await published(call, draft)
    [native] = natives(sandbox)
    assert (native.id, native.kind, native.text) == (post.id, KINDS[place].value, draft.text)
    assert post.kind is KINDS[place]
    assert post.video_id == native.facts.get("video_id")
    assert len(native.facts.get("photos", [])) == (len(draft.media) if place in (2, 3) else 0)


@pytest.mark.parametrize("place", PLACES)
async def test_each_kind_earns_numbers(
    sandbox: Sandbox, call: AccountCall, drafts: Callable[[str], list[Draft]], place: int
) -> None:
    post = await published(call, drafts("counted")[place])
    sandbox.world.clock.advance(30 * 86400)
    ((reading, found, _),) = await numbers(call, post)
    assert reading.fault is None
    assert {"likes", "comments", "shares", "views"} <= set(found)
    assert ("clicks" in found) is (post.kind is not Kind.REEL)
    assert ("video_views" in found) is post.kind.is_video
    assert ("video_watch_time_ms" in found) is post.kind.is_video


@pytest.mark.parametrize("place", PLACES)
async def test_each_kind_is_deleted_and_once_is_enough(
    sandbox: Sandbox, call: AccountCall, drafts: Callable[[str], list[Draft]], place: int
) -> None:
    post = await published(call, drafts("short-lived")[place])
    await PLATFORM.delete(call, post)
    assert natives(sandbox) == []
    await PLATFORM.delete(call, post)
    ((reading, _, _),) = await numbers(call, post)
    assert isinstance(reading.fault, Gone)


async def test_a_missing_scope_deletes_nothing(sandbox: Sandbox, call: AccountCall) -> None:
    post = await published(call, files.text("stays"))
    sandbox.world.accounts("facebook")[0].scopes = ["pages_read_engagement"]
    with pytest.raises(Reconnect):
        await PLATFORM.delete(call, post)
    assert len(natives(sandbox)) == 1


async def test_what_goes_with_a_post_reaches_the_page(
    sandbox: Sandbox, call: AccountCall, drafts: Callable[[str], list[Draft]]
) -> None:
    _, linked, one, _, film, _ = drafts("dressed")
    for draft in (linked, one, film):
        await published(call, draft)
    with_link, with_photo, with_video = natives(sandbox)
    assert with_link.facts["link"] == "https://example.org/a?b=c"
    [photo_id] = with_photo.facts["photos"]
    assert sandbox.world.uploads[f"facebook:photo:{photo_id}"].alt_text == "A hill"
    assert with_video.facts["title"] == "A title"
    assert with_video.facts["bytes"] == files.PIECES


# ---- a lost answer at the request that makes it visible ----


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["drop_after_commit", "timeout", "status", "not_json", "killed"])
async def test_a_lost_answer_is_settled_for_certain(
    sandbox: Sandbox, call: AccountCall, drafts: Callable[[str], list[Draft]], place: int, kind: str
) -> None:
    """Killed: between the announcement and the request."""
    draft = drafts(kind)[place]
    announced = "finish" if place in (VIDEO, REEL) else "feed"
    done = await until(call, draft, announced)
    if kind != "killed":
        done = await break_off(sandbox, call, draft, done, kind)
    await call.pause(60)
    found = await look(call, draft, done)
    arrived = kind == "drop_after_commit"
    assert (found is not None) is arrived
    post = found or await published(call, draft, done)
    [native] = natives(sandbox)
    assert (native.id, native.kind) == (post.id, post.kind.value)


async def break_off(
    sandbox: Sandbox, call: AccountCall, draft: Draft, done: Checkpoint, kind: str
) -> Checkpoint:
    """Publishes on; the request after the announcement has trouble."""
    try:
        async for step in PLATFORM.publish(call, draft, done):
            done = step
            if step.announces:
                order(sandbox, kind)
    except OutcomeUnknown:
        return done
    raise AssertionError("the answer was not lost")


@pytest.mark.parametrize("place", [VIDEO, REEL])
async def test_while_it_is_processed_nobody_knows(
    sandbox: Sandbox, call: AccountCall, drafts: Callable[[str], list[Draft]], place: int
) -> None:
    sandbox.world.processing_s = 1000
    draft = drafts("slow")[place]
    done = await until(call, draft, "finish")
    done = await break_off(sandbox, call, draft, done, "drop_after_commit")
    with pytest.raises(OutcomeUnknown):
        await look(call, draft, done)
    sandbox.world.clock.advance(1000)
    found = await look(call, draft, done)
    assert found is not None
    assert found.id == natives(sandbox)[0].id


@pytest.mark.parametrize("place", PLACES)
async def test_sent_again_although_the_first_arrived_makes_no_second_post(
    sandbox: Sandbox, call: AccountCall, drafts: Callable[[str], list[Draft]], place: int
) -> None:
    """As if the look had come before Facebook showed the post."""
    draft = drafts("twice")[place]
    done = await until(call, draft, "finish" if place in (VIDEO, REEL) else "feed")
    done = await break_off(sandbox, call, draft, done, "drop_after_commit")
    again = await published(call, draft, done)
    [native] = natives(sandbox)
    assert native.id == again.id


async def test_the_same_words_as_an_older_post_are_refused(sandbox: Sandbox, call: AccountCall) -> None:
    older = await published(call, files.text("the same"))
    draft = replace(files.text("the same"), taken=frozenset({older.id}))
    reached, _ = await steps_until_fault(call, draft, Duplicate)
    assert await look(call, draft, reached[-1]) is None
    assert len(natives(sandbox)) == 1


@pytest.mark.parametrize("place", PLACES)
async def test_a_post_that_is_taken_is_never_found(
    sandbox: Sandbox, call: AccountCall, drafts: Callable[[str], list[Draft]], place: int
) -> None:
    draft = drafts("taken")[place]
    done = await until(call, draft, "finish" if place in (VIDEO, REEL) else "feed")
    done = await break_off(sandbox, call, draft, done, "drop_after_commit")
    await call.pause(10)
    taken = frozenset({natives(sandbox)[0].id})
    assert await look(call, replace(draft, taken=taken), done) is None


# ---- uploads that break off ----


async def test_a_piece_that_arrived_unsaved_is_not_sent_again(
    sandbox: Sandbox, call: AccountCall, drafts: Callable[[str], list[Draft]]
) -> None:
    draft = drafts("pieces")[VIDEO]
    saved = await until(call, draft, "started")
    await until(call, draft, "piece", saved)
    names = [step.step for step in await steps(call, draft, saved)]
    assert names == ["piece", "piece", "finish", "processing", "posted"]
    assert natives(sandbox)[0].facts["bytes"] == files.PIECES


async def test_a_reel_of_which_a_part_arrived_goes_on_there(
    sandbox: Sandbox, call: AccountCall, drafts: Callable[[str], list[Draft]]
) -> None:
    draft = drafts("part")[REEL]
    saved = await until(call, draft, "started")
    upload = sandbox.world.uploads[f"facebook:video:{saved.state['video_id']}"]
    file = await draft.media[0].file()
    upload.size = file.size
    upload.take(file.read(0, 1000))
    post = await published(call, draft, saved)
    [native] = natives(sandbox)
    assert (native.id, native.facts["bytes"]) == (post.id, file.size)


@pytest.mark.parametrize("place", [VIDEO, REEL])
@pytest.mark.parametrize("step", ["started", "finish"])
async def test_an_upload_that_expired_begins_anew(
    sandbox: Sandbox, call: AccountCall, drafts: Callable[[str], list[Draft]], place: int, step: str
) -> None:
    draft = drafts("expired")[place]
    saved = await until(call, draft, step)
    sandbox.world.clock.advance(25 * 3600)
    if step == "finish":
        assert await look(call, draft, saved) is None
    post = await published(call, draft, saved)
    assert [native.id for native in natives(sandbox)] == [post.id]
    assert post.video_id != saved.state["video_id"]


@pytest.mark.parametrize("place", [2, 3])
async def test_photos_that_expired_are_uploaded_anew(
    sandbox: Sandbox, call: AccountCall, drafts: Callable[[str], list[Draft]], place: int
) -> None:
    draft = drafts("expired")[place]
    saved = await until(call, draft, "feed")
    sandbox.world.clock.advance(25 * 3600)
    assert await look(call, draft, saved) is None
    post = await published(call, draft, saved)
    [native] = natives(sandbox)
    assert native.id == post.id
    assert not set(native.facts["photos"]) & set(saved.state["photos"].split(","))


@pytest.mark.parametrize("place", [2, 3, VIDEO, REEL])
@pytest.mark.parametrize("kind", ["timeout", "status", "not_json"])
async def test_trouble_on_the_way_is_gone_on_from(
    sandbox: Sandbox, call: AccountCall, drafts: Callable[[str], list[Draft]], place: int, kind: str
) -> None:
    """One trouble after every step but the last: each is tried later, from what was saved."""
    draft = drafts(kind)[place]
    done: Checkpoint | None = None
    troubles = 0
    while done is None or done.published is None:
        try:
            async for step in PLATFORM.publish(call, draft, done):
                fresh, done = done != step, step
                if fresh and not step.announces and step.published is None:
                    order(sandbox, kind)
        except TryLater:
            troubles += 1
        except OutcomeUnknown:
            assert done is not None
            troubles += 1
            await call.pause(10)
            assert await look(call, draft, done) is None
        assert troubles < 20
    assert troubles
    [native] = natives(sandbox)
    assert native.id == done.published.id


# ---- what the network refuses ----


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"width": 1280, "height": 720}, "at least 540x960"),
        ({"width": 1080, "height": 1080}, "aspect ratio"),
        ({"seconds": 2}, "lasts 2 seconds"),
        ({"seconds": 91, "fps": 24}, "lasts 91 seconds"),
        ({"fps": 10}, "10 frames a second"),
    ],
)
async def test_what_is_no_reel_fails_in_its_processing_with_the_networks_words(
    sandbox: Sandbox, call: AccountCall, tmp_path: Path, asked: dict[str, int], says: str
) -> None:
    draft = files.reel("A reel", files.upright(tmp_path, **asked))
    reached, fault = await steps_until_fault(call, draft, FixContent)
    assert reached[-1].step == "processing"
    assert says in fault.message
    assert natives(sandbox) == []


async def test_what_is_no_video_or_no_photo(sandbox: Sandbox, call: AccountCall, tmp_path: Path) -> None:
    picture = files.photo(tmp_path)
    done = Checkpoint("started", await begun(call, picture))
    await steps_until_fault(call, files.video("A", picture), FixContent, done)
    large = files.photo(tmp_path, "large", bytes=4_000_001)
    await steps_until_fault(call, files.photos("A", large), FixContent)
    await steps_until_fault(call, files.photos("A", picture, files.film(tmp_path)), FixContent)
    assert natives(sandbox) == []


async def begun(call: AccountCall, medium: files.OnDisk) -> dict[str, str]:
    """A video upload for a file that is none."""
    return await start_video(call, await medium.file())


async def test_a_link_to_facebook_is_refused(sandbox: Sandbox, call: AccountCall) -> None:
    draft = files.link("Look", "https://www.facebook.com/somebody")
    await steps_until_fault(call, draft, FixContent)


async def test_the_31st_reel_of_a_day_waits(sandbox: Sandbox, call: AccountCall, tmp_path: Path) -> None:
    medium = files.upright(tmp_path)
    for n in range(30):
        await published(call, files.reel(f"Reel {n}", medium))
    reached, _ = await steps_until_fault(call, files.reel("One more", medium), WaitUntil)
    assert len(natives(sandbox)) == 30
    sandbox.world.clock.advance(86400)
    void = replace(reached[-1], announces=False)
    await published(call, files.reel("One more", medium), void)
    assert len(natives(sandbox)) == 31


async def test_no_scope_no_post(
    sandbox: Sandbox, call: AccountCall, drafts: Callable[[str], list[Draft]]
) -> None:
    sandbox.world.accounts("facebook")[0].scopes = ["pages_show_list", "pages_read_engagement"]
    for draft in drafts("refused"):
        await steps_until_fault(call, draft, Reconnect)
    assert natives(sandbox) == []
