"""LinkedIn: lost answers, kills and lookalikes, against the simulated network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sextant.errors import FixContent, OutcomeUnknown, WaitUntil
from sextant.http import AccountCall
from sextant.platforms.base import Checkpoint, Draft, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.linkedin import PLATFORM
from sextant.sandbox.faults import Fault
from sextant.sandbox.linkedin import NETWORK
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from tests.calls import call_for, connect
from tests.platforms import linkedin_files
from tests.platforms.adapters import steps, steps_until_fault
from tests.platforms.contract_publishing import PublishingContract
from tests.platforms.linkedin_files import film, of, picture

OWNER = "782bbtaQ"
HOUR, DAY = 3600, 86400


async def calling(sandbox: Sandbox, kind: str) -> AccountCall:
    accounts, grant = await connect(PLATFORM, sandbox, OWNER)
    [account] = [account for account in accounts if account.kind == kind]
    return call_for(PLATFORM, sandbox.url, account, grant, sandbox.world.clock)


class TestMember(PublishingContract):
    """A member's posts cannot be read: the repeat is the look."""

    platform = PLATFORM
    networks = (NETWORK,)

    @pytest.fixture
    async def call(self, sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[AccountCall]:
        self.media = tmp_path
        call = await calling(sandbox, "member")
        yield call
        await call.wire.close()

    def drafts(self, sandbox: Sandbox, name: str) -> list[Draft]:
        return linkedin_files.every(self.media, name)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    world = World()
    world.clock.run_at(200)
    async with Sandbox(world, [NETWORK]) as sandbox:
        yield sandbox


@pytest.fixture
async def page(sandbox: Sandbox) -> AsyncIterator[AccountCall]:
    call = await calling(sandbox, "organization")
    yield call
    await call.wire.close()


@pytest.fixture
async def member(sandbox: Sandbox) -> AsyncIterator[AccountCall]:
    call = await calling(sandbox, "member")
    yield call
    await call.wire.close()


def fault(sandbox: Sandbox, kind: str, **more: Any) -> None:
    sandbox.world.faults.order(Fault(kind=kind, platform="linkedin", on="publish", **more))  # type: ignore[arg-type]


async def announced(call: AccountCall, draft: Draft) -> Checkpoint:
    """Everything before the create; then the process is killed."""
    async for step in PLATFORM.publish(call, draft, None):
        if step.announces:
            return step
    raise AssertionError("nothing was announced")


async def lost(sandbox: Sandbox, call: AccountCall, draft: Draft) -> Checkpoint:
    """The post is made, its answer is dropped."""
    done = await announced(call, draft)
    fault(sandbox, "drop_after_commit")
    await steps_until_fault(call, draft, OutcomeUnknown, done)
    return done


async def find(call: AccountCall, draft: Draft, done: Checkpoint) -> Published | None:
    return await PLATFORM.find_published(call, draft, done, datetime.fromisoformat(done.state["since"]))


def native(sandbox: Sandbox) -> list[str]:
    return [post.id for post in sandbox.world.posts("linkedin")]


async def published(call: AccountCall, draft: Draft) -> str:
    last = (await steps(call, draft))[-1].published
    assert last is not None
    return last.id


# ---- a Page ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["", "With (words) #1 and a\n new line"])
@pytest.mark.parametrize("form", ["photo", "photos", "film", "text"])
async def test_a_pages_post_is_found_however_late(
    sandbox: Sandbox, page: AccountCall, tmp_path: Path, form: str, words: str
) -> None:
    one, two = picture(tmp_path, 1), picture(tmp_path, 2, "png")
    draft = {
        "photo": of(words, one),
        "photos": of(words, one, two),
        "film": of(words, film(tmp_path)),
        "text": of(words or "Words"),
    }[form]
    kinds = {"photo": Kind.PHOTO, "photos": Kind.CAROUSEL, "film": Kind.VIDEO, "text": Kind.TEXT}
    done = await lost(sandbox, page, draft)
    sandbox.world.clock.advance(30 * DAY)
    found = await find(page, draft, done)
    assert found is not None
    assert [found.id] == native(sandbox)
    assert found.kind is kinds[form]
    assert abs(found.at.timestamp() - next(sandbox.world.posts("linkedin")).created_at) < 1


async def test_a_pages_post_that_was_never_sent_is_surely_absent(
    sandbox: Sandbox, page: AccountCall, tmp_path: Path
) -> None:
    draft = of("", film(tmp_path))
    done = await announced(page, draft)
    assert await find(page, draft, done) is None
    assert (page.now - datetime.fromisoformat(done.state["announced"])).total_seconds() >= 20
    await steps(page, draft, done)
    assert len(native(sandbox)) == 1


async def test_a_listing_that_lags_is_waited_for(sandbox: Sandbox, page: AccountCall, tmp_path: Path) -> None:
    sandbox.world.processing_s = 15.0
    draft = of("", picture(tmp_path))
    found = await find(page, draft, await lost(sandbox, page, draft))
    assert found is not None
    assert [found.id] == native(sandbox)


async def test_another_post_with_the_same_text_is_not_this_one(sandbox: Sandbox, page: AccountCall) -> None:
    older = await published(page, of("the same"))
    sandbox.world.clock.advance(2 * HOUR)
    draft = of("the same")
    done = await announced(page, draft)
    assert await find(page, draft, done) is None
    other = await published(page, of("the same"))
    sandbox.world.clock.advance(1)
    assert await find(page, replace(draft, taken=frozenset({other})), done) is None
    found = await find(page, draft, done)
    assert found is not None
    assert (found.id, native(sandbox)) == (other, [older, other])


async def test_media_of_others_do_not_make_it_ours(
    sandbox: Sandbox, page: AccountCall, tmp_path: Path
) -> None:
    draft, text = of("alike", picture(tmp_path, 1)), of("alike")
    done, told = await announced(page, draft), await announced(page, text)
    await published(page, of("alike", picture(tmp_path, 1)))
    await published(page, of("alike"))
    sandbox.world.clock.advance(1)
    assert await find(page, draft, done) is None
    found = await find(page, text, told)
    assert found is not None
    assert found.id == native(sandbox)[1]


async def test_a_page_that_may_not_read_repeats(sandbox: Sandbox, page: AccountCall) -> None:
    draft = of("Write only")
    done = await lost(sandbox, page, draft)
    ada = sandbox.world.account("linkedin", OWNER)
    assert ada is not None
    ada.scopes = ["w_organization_social"]
    assert await find(page, draft, done) is None
    [last] = await steps(page, draft, done)
    assert last.published is not None
    assert native(sandbox) == [last.published.id]


@pytest.mark.parametrize("sent", [True, False])
async def test_a_refused_repeat_of_a_page_is_looked_at(
    sandbox: Sandbox, page: AccountCall, sent: bool
) -> None:
    draft = of("Throttled")
    done = await (lost(sandbox, page, draft) if sent else announced(page, draft))
    fault(sandbox, "status", status=429, headers={"Retry-After": "600"})
    if sent:
        [last] = await steps(page, draft, done)
        assert last.published is not None
        assert native(sandbox) == [last.published.id]
    else:
        await steps_until_fault(page, draft, WaitUntil, done)


# ---- a member ----------------------------------------------------------------------------------------


async def test_a_members_post_is_found_by_the_repeat(sandbox: Sandbox, member: AccountCall) -> None:
    draft = of("Only once")
    done = await lost(sandbox, member, draft)
    sandbox.world.clock.advance(20 * 60)
    assert await find(member, draft, done) is None
    [last] = await steps(member, draft, done)
    assert last.published is not None
    assert native(sandbox) == [last.published.id]


async def test_what_cannot_be_told_of_a_member_is_unknown(
    sandbox: Sandbox, member: AccountCall, tmp_path: Path
) -> None:
    silent, late = of("", picture(tmp_path)), of("Late")
    for draft, wait_s in ((silent, 0), (late, HOUR)):
        done = await lost(sandbox, member, draft)
        sandbox.world.clock.advance(wait_s)
        with pytest.raises(OutcomeUnknown):
            await find(member, draft, done)


async def test_a_refused_repeat_of_a_member_leaves_it_unknown(sandbox: Sandbox, member: AccountCall) -> None:
    draft = of("Who knows")
    done = await lost(sandbox, member, draft)
    fault(sandbox, "status", status=429, headers={"Retry-After": "600"})
    await steps_until_fault(member, draft, OutcomeUnknown, done)
    [last] = await steps(member, draft, done)
    assert last.published is not None
    assert native(sandbox) == [last.published.id]


async def test_a_duplicate_of_another_post_of_ours_is_refused(sandbox: Sandbox, member: AccountCall) -> None:
    other = await published(member, of("Twice"))
    draft = replace(of("Twice"), taken=frozenset({other}))
    await steps_until_fault(member, draft, FixContent, await announced(member, draft))


async def test_after_a_void_announcement_a_duplicate_is_this_post(
    sandbox: Sandbox, member: AccountCall
) -> None:
    """A refusal right after an upload may come although the post was saved (§2.1)."""
    draft = of("Saved all the same")
    done = await lost(sandbox, member, draft)
    reached = await steps(member, draft, Checkpoint(done.step, done.state))
    assert [step.step for step in reached] == ["announced", "published"]
    assert reached[0].state["since"] == done.state["since"]
    assert native(sandbox) == [reached[-1].published.id] if reached[-1].published else False
