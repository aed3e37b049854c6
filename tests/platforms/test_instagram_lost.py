"""Instagram: which medium a post became whose answer was lost, against the simulated network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from sextant.errors import Gone, OutcomeUnknown, TryLater
from sextant.http import AccountCall
from sextant.platforms.base import Checkpoint, Draft, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.instagram import PLATFORM
from sextant.platforms.instagram.options import InstagramOptions
from sextant.sandbox import facebook, instagram
from sextant.sandbox.faults import Fault as Ordered
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import Post, World
from tests.calls import call_for, connect
from tests.platforms.adapters import steps, steps_until_fault
from tests.platforms.instagram_drafts import STORY, clip, drafts, picture

FORMS = range(7)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    world = World()
    world.clock.run_at(200)
    world.processing_s = 0.1
    async with Sandbox(world, [instagram.NETWORK, facebook.NETWORK]) as sandbox:
        yield sandbox


@pytest.fixture(params=["facebook", "instagram"])
async def call(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[AccountCall]:
    login: str = request.param
    owner = sandbox.world.accounts("instagram")[0].id
    [account], grant = await connect(PLATFORM, sandbox, owner, login)
    call = call_for(PLATFORM, sandbox.url, account, account.grant or grant, sandbox.world.clock, login)
    yield call
    await call.wire.close()


def photo(sandbox: Sandbox, name: str = "one", text: str = "The same") -> Draft:
    return Draft(name, text, (picture(sandbox),), Kind.PHOTO)


def lose(sandbox: Sandbox, kind: str) -> None:
    order = Ordered(kind=kind, platform="instagram", on="publish", delay_ms=0, status=500)  # type: ignore[arg-type]
    sandbox.world.faults.order(order)


async def lost(
    sandbox: Sandbox, call: AccountCall, draft: Draft, kind: str = "drop_after_commit"
) -> Checkpoint:
    """Publishes, loses the answer, and gives what was announced."""
    reached = [Checkpoint("start")]
    try:
        async for step in PLATFORM.publish(call, draft, None):
            reached.append(step)
            if step.announces:
                lose(sandbox, kind)
    except OutcomeUnknown:
        return reached[-1]
    raise AssertionError("nothing was lost")


async def announced(call: AccountCall, draft: Draft) -> Checkpoint:
    """The process ends between announcing and sending."""
    walk = PLATFORM.publish(call, draft, None)
    async for step in walk:
        if step.announces:
            await walk.aclose()  # type: ignore[attr-defined]
            return step
    raise AssertionError("nothing was announced")


async def find(call: AccountCall, draft: Draft, done: Checkpoint) -> Published | None:
    return await PLATFORM.find_published(call, draft, done, call.now - timedelta(days=1))


async def found(call: AccountCall, draft: Draft, done: Checkpoint) -> Published:
    post = await find(call, draft, done)
    assert post is not None
    return post


def posted(sandbox: Sandbox, kind: str, text: str = "The same", native_id: str = "179300") -> str:
    """The owner posts something by hand."""
    owner, now = sandbox.world.accounts("instagram")[0].id, sandbox.world.now()
    sandbox.world.add_post(Post("instagram", native_id, owner, kind, now, text))
    return native_id


def ids(sandbox: Sandbox) -> list[str]:
    return [post.id for post in sandbox.world.posts("instagram")]


@pytest.mark.parametrize("form", FORMS)
async def test_every_form_is_found_with_its_kind_and_address(
    sandbox: Sandbox, call: AccountCall, form: int
) -> None:
    draft = drafts(sandbox, "lost")[form]
    post = await found(call, draft, await lost(sandbox, call, draft))
    [native] = list(sandbox.world.posts("instagram"))
    assert (post.id, post.kind.value) == (native.id, native.kind)
    assert post.url is not None


@pytest.mark.parametrize("form", FORMS)
async def test_a_process_killed_between_announcing_and_sending_posts_once(
    sandbox: Sandbox, call: AccountCall, form: int
) -> None:
    draft = drafts(sandbox, "killed")[form]
    done = await announced(call, draft)
    assert await find(call, draft, done) is None
    last = (await steps(call, draft, done))[-1].published
    assert last is not None
    assert ids(sandbox) == [last.id]


async def test_posts_of_the_same_text_are_each_found_once(sandbox: Sandbox, call: AccountCall) -> None:
    one, two = photo(sandbox, "one"), photo(sandbox, "two")
    first = await lost(sandbox, call, one)
    await call.pause(2)
    second = await lost(sandbox, call, two)
    native = ids(sandbox)
    assert len(native) == 2
    assert (await found(call, two, second)).id == native[1]
    assert (await found(call, replace(one, taken=frozenset({native[1]})), first)).id == native[0]


async def test_a_post_that_is_taken_is_never_found(sandbox: Sandbox, call: AccountCall) -> None:
    draft = photo(sandbox)
    done = await lost(sandbox, call, draft)
    with pytest.raises(OutcomeUnknown):
        await find(call, replace(draft, taken=frozenset(ids(sandbox))), done)


@pytest.mark.parametrize("text", ["The same", ""])
async def test_what_was_there_before_is_never_found(sandbox: Sandbox, call: AccountCall, text: str) -> None:
    mine = posted(sandbox, "photo" if text else "story", text, "179100")
    draft = photo(sandbox) if text else Draft("s", "", (clip(sandbox),), Kind.VIDEO, STORY)
    done = await lost(sandbox, call, draft)
    by_hand, ours = sandbox.world.posts("instagram")
    by_hand.created_at = ours.created_at
    assert (await found(call, draft, done)).id == ours.id != mine


async def test_other_kinds_and_other_captions_are_not_the_post(sandbox: Sandbox, call: AccountCall) -> None:
    draft = photo(sandbox)
    done = await lost(sandbox, call, draft)
    [ours] = ids(sandbox)
    for n, (kind, text) in enumerate([("reel", "The same"), ("carousel", "The same"), ("photo", "Other")]):
        posted(sandbox, kind, text, f"17930{n}")
    assert (await found(call, draft, done)).id == ours


async def test_white_space_is_no_other_caption(sandbox: Sandbox, call: AccountCall) -> None:
    draft = photo(sandbox, text="  Two lines,\n\none space \n")
    assert (await found(call, draft, await lost(sandbox, call, draft))).id == ids(sandbox)[0]


async def test_a_post_without_a_caption_is_found(sandbox: Sandbox, call: AccountCall) -> None:
    draft = photo(sandbox, text="")
    assert (await found(call, draft, await lost(sandbox, call, draft))).id == ids(sandbox)[0]


async def test_a_hundred_newer_posts_do_not_hide_it(sandbox: Sandbox, call: AccountCall) -> None:
    draft = photo(sandbox)
    done = await lost(sandbox, call, draft)
    [ours] = ids(sandbox)
    await call.pause(2)
    for n in range(120):
        posted(sandbox, "photo", f"Newer {n}", f"17931{n:04}")
    assert (await found(call, draft, done)).id == ours


async def test_a_request_that_arrives_late_is_not_sent_twice(sandbox: Sandbox, call: AccountCall) -> None:
    """It was not out when looked for, and is when it is sent again."""
    draft = photo(sandbox)
    done = await lost(sandbox, call, draft, "timeout")
    assert await find(call, draft, done) is None
    [late] = [
        step async for step in PLATFORM.publish(call, draft, replace(done, announces=False)) if step.published
    ]
    again, _ = await steps_until_fault(call, draft, OutcomeUnknown, done)
    assert late.published is not None
    assert (await found(call, draft, again[-1])).id == late.published.id
    assert ids(sandbox) == [late.published.id]


async def test_one_that_was_taken_down_is_not_sent_again(sandbox: Sandbox, call: AccountCall) -> None:
    draft = photo(sandbox)
    done = await lost(sandbox, call, draft)
    for post in sandbox.world.posts("instagram"):
        post.deleted_at = sandbox.world.now()
    with pytest.raises(OutcomeUnknown):
        await find(call, draft, done)
    await call.pause(900)
    with pytest.raises(Gone):
        await find(call, draft, done)


async def test_a_container_that_is_gone_before_it_was_published(sandbox: Sandbox, call: AccountCall) -> None:
    draft = photo(sandbox)
    done = await announced(call, draft)
    sandbox.world.uploads.clear()
    with pytest.raises(OutcomeUnknown):
        await find(call, draft, done)
    await call.pause(60)
    assert await find(call, draft, done) is None
    [start], _ = await steps_until_fault(call, draft, TryLater, done)
    last = (await steps(call, draft, start))[-1].published
    assert last is not None
    assert ids(sandbox) == [last.id]


async def test_a_container_that_is_gone_after_it_was_published(sandbox: Sandbox, call: AccountCall) -> None:
    draft = photo(sandbox)
    done = await lost(sandbox, call, draft)
    sandbox.world.uploads.clear()
    [native] = list(sandbox.world.posts("instagram"))
    native.facts.clear()
    assert (await found(call, draft, done)).id == native.id


async def test_an_expired_container_is_replaced(sandbox: Sandbox, call: AccountCall) -> None:
    draft = Draft("c", "Late", (picture(sandbox), clip(sandbox)), Kind.CAROUSEL)
    done = await announced(call, draft)
    sandbox.world.clock.advance(24 * 3600)
    assert await find(call, draft, done) is None
    [start], _ = await steps_until_fault(call, draft, TryLater, done)
    assert start.state == {}
    last = (await steps(call, draft, start))[-1].published
    assert last is not None
    assert ids(sandbox) == [last.id]


async def test_a_day_old_announcement_is_still_found(sandbox: Sandbox, call: AccountCall) -> None:
    draft = Draft("r", "Old", (clip(sandbox),), Kind.VIDEO, InstagramOptions(kind="reel"))
    done = await lost(sandbox, call, draft)
    sandbox.world.clock.advance(3 * 24 * 3600)
    assert (await found(call, draft, done)).id == ids(sandbox)[0]
