"""What every platform does when publishing breaks off: one post, or a word about it; never two."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sextant.errors import (
    ActOutside,
    Fault,
    FixContent,
    OutcomeUnknown,
    Reconnect,
    TryLater,
    WaitUntil,
)
from sextant.http import AccountCall
from sextant.platforms.base import Checkpoint, Draft, Published
from sextant.sandbox.server import Sandbox
from tests.platforms.adapters import steps
from tests.platforms.scene import Scene


class PublishingContract(Scene):
    """Restarts, lost answers and refusals at any step."""

    async def test_a_restart_after_any_step_makes_one_post(self, sandbox: Sandbox, call: AccountCall) -> None:
        for draft in self.drafts(sandbox, "whole"):
            for n in range(1, len(await steps(call, draft))):
                resumed = replace(draft, text=f"{draft.text} again {n}")
                before = self.posts(sandbox)
                done = (await self.first_steps(call, resumed, n))[-1]
                last = (await steps(call, resumed, done))[-1].published
                assert last is not None
                assert [post for post in self.posts(sandbox) if post not in before] == [last.id]

    async def first_steps(self, call: AccountCall, draft: Draft, n: int) -> list[Checkpoint]:
        """Publishes until `n` steps are saved, then the process ends."""
        reached = []
        walk = self.platform.publish(call, draft, None)
        while len(reached) < n:
            reached.append(await anext(walk))
        await walk.aclose()  # type: ignore[attr-defined]
        return reached

    @pytest.mark.parametrize("kind", ["timeout", "drop_after_commit", "not_json", "status"])
    async def test_trouble_at_the_request_that_makes_the_post_visible(
        self, sandbox: Sandbox, call: AccountCall, kind: str
    ) -> None:
        for draft in self.drafts(sandbox, kind):
            before, since = self.posts(sandbox), call.now - timedelta(minutes=5)
            reached, fault = await self.broken(sandbox, call, draft, kind)
            assert isinstance(fault, OutcomeUnknown)
            found = await self.looked_for(call, draft, reached[-1], since)
            made = [post for post in self.posts(sandbox) if post not in before]
            assert len(made) <= 1
            if kind == "drop_after_commit":
                assert found is not None
            if found is not None:
                assert made == [found.id]

    async def broken(
        self, sandbox: Sandbox, call: AccountCall, draft: Draft, kind: str
    ) -> tuple[list[Checkpoint], Fault | None]:
        """Publishes with a fault at the step that is announced."""
        reached: list[Checkpoint] = []
        try:
            async for step in self.platform.publish(call, draft, None):
                reached.append(step)
                if step.announces:
                    self.order(sandbox, kind, on="publish", status=500)
        except Fault as fault:
            self.faults.append(fault)
            return reached, fault
        return reached, None

    async def looked_for(
        self, call: AccountCall, draft: Draft, done: Checkpoint, since: datetime
    ) -> Published | None:
        """As publishing.py goes on after a lost answer: found, sent again when surely absent, or unknown."""
        for _ in range(3):
            await call.pause(5)
            try:
                found = await self.platform.find_published(call, draft, done, since)
            except OutcomeUnknown as unsure:
                self.faults.append(unsure)
                continue
            return found or (await steps(call, draft, done))[-1].published
        return None

    async def test_trouble_before_that_is_tried_later(self, sandbox: Sandbox, call: AccountCall) -> None:
        for draft in self.drafts(sandbox, "early"):
            [first, *_] = await self.first_steps(call, draft, 1)
            if first.announces:
                continue
            self.order(sandbox, "timeout", on="publish")
            with pytest.raises(TryLater) as raised:
                await steps(call, draft)
            self.faults.append(raised.value)
            assert self.posts(sandbox) == []

    @pytest.mark.parametrize("status", [401, 403, 429])
    async def test_a_refusal_to_publish_is_an_instruction(
        self, sandbox: Sandbox, call: AccountCall, status: int
    ) -> None:
        sandbox.world.faults.clear()
        self.order(sandbox, "status", on="publish", status=status, times=None)
        try:
            await steps(call, self.video(sandbox))
        except Fault as fault:
            self.faults.append(fault)
        [fault] = self.faults
        kinds = {
            401: (Reconnect, TryLater),
            403: (Reconnect, ActOutside, FixContent, TryLater),
            429: (WaitUntil, TryLater),
        }
        assert isinstance(fault, kinds[status])
        assert self.posts(sandbox) == []
