"""The scene of the contract test: a simulated network, an account, faults, posts of known numbers."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sextant.errors import (
    ActOutside,
    Fault,
    NoValue,
    Reconnect,
)
from sextant.http import AccountCall
from sextant.metrics import Reason
from sextant.platforms.base import Draft, Grant, Platform, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.media import MediaFacts, MediaFile
from sextant.sandbox import faults
from sextant.sandbox.network import Network
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from tests.calls import call_for, connect
from tests.platforms.adapters import numbers, steps, text_draft
from tests.platforms.relay import (
    Relay,
)

SAMPLE = Path(str(resources.files("sextant.sandbox") / "media" / "sample.mp4"))
SIZE = SAMPLE.stat().st_size


class Clip:
    """A video at an address of the sandbox, for networks that pull and for those that are sent the bytes."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = f"{sandbox.url}/_control/media/sample.mp4"
        self.facts = MediaFacts("video/mp4", SIZE, 1280, 720, 5.0, 30.0, 150, "AVC", "AAC")

    async def file(self) -> MediaFile:
        return MediaFile(SAMPLE, self.facts)


class Scene:
    """A platform, its simulated network, and a connected account; the data is a subclass's."""

    platform: ClassVar[Platform]
    networks: ClassVar[Sequence[Network]]
    """The simulated ones, the platform's own first."""
    login: ClassVar[str | None] = None
    refreshes: ClassVar[bool] = True
    """Whether a refused access token can be renewed."""
    field: ClassVar[tuple[str, str]]
    """A counter by the network's name, and the one key it feeds."""
    forbidden: ClassVar[tuple[type[Fault], ...]] = (Reconnect, ActOutside, NoValue)
    """What a 403 on a read may mean."""

    def truth(self, n: int) -> dict[str, Any]:
        """Numbers around `n` in the network's own names."""
        raise NotImplementedError

    def expected(self, n: int) -> dict[str, int]:
        """The same under the keys."""
        raise NotImplementedError

    # ---- the scene -----------------------------------------------------------------------------------

    @pytest.fixture
    async def sandbox(self) -> AsyncIterator[Sandbox]:
        world = World()
        world.clock.run_at(200)
        world.processing_s = 0.1
        async with Sandbox(world, self.networks) as sandbox:
            yield sandbox

    @pytest.fixture
    async def call(self, sandbox: Sandbox) -> AsyncIterator[AccountCall]:
        owner = sandbox.world.accounts(self.platform.name)[0].id
        [account, *_], grant = await connect(self.platform, sandbox, owner, self.login)
        call = call_for(
            self.platform, sandbox.url, account, account.grant or grant, sandbox.world.clock, self.login
        )
        self.renewals = renewing_once(call)
        yield call
        await call.wire.close()

    @pytest.fixture
    async def relay(self, sandbox: Sandbox, call: AccountCall) -> AsyncIterator[Relay]:
        """Stands between `call` and the sandbox from now on."""
        async with Relay(sandbox.url) as relay:
            yield relay

    @pytest.fixture(autouse=True)
    def secrets_stay_secret(
        self, sandbox: Sandbox, call: AccountCall, caplog: pytest.LogCaptureFixture
    ) -> Iterator[None]:
        """Whatever a test does: no token and no app secret in any log, exception or repr."""
        self.faults: list[Fault] = []
        caplog.set_level(logging.DEBUG, logger="sextant")
        yield
        told = [record.getMessage() + str(record.exc_text or "") for record in caplog.records]
        told += [text for fault in self.faults for text in shown(fault)]
        told += [repr(call), repr(call.grant), repr(call.app)]
        for secret in (*sandbox.world.state.tokens, call.app.client_secret):
            assert not [text for text in told if secret in text]

    # ---- helpers -------------------------------------------------------------------------------------

    def order(self, sandbox: Sandbox, kind: str, **more: Any) -> None:
        """A fault of the platform's own network; `times` 1 unless told."""
        more.setdefault("delay_ms", 0)
        sandbox.world.faults.order(faults.Fault(kind=kind, platform=self.platform.name, **more))  # type: ignore[arg-type]

    def video(self, sandbox: Sandbox, text: str = "A clip") -> Draft:
        return Draft("draft-1", text, (Clip(sandbox),), Kind.VIDEO)

    def drafts(self, sandbox: Sandbox, name: str) -> list[Draft]:
        """A post of every form the platform publishes."""
        texts = [text_draft(f"Words, {name}")] if self.platform.limits.text_posts else []
        return [*texts, self.video(sandbox, f"A clip, {name}")]

    async def post(self, sandbox: Sandbox, call: AccountCall, n: int = 1000) -> Published:
        """A published post, a text where there are such, with numbers around `n`."""
        done = (await steps(call, self.drafts(sandbox, str(n))[0]))[-1]
        assert done.published is not None
        self.network_post(sandbox, done.published.id).truth = self.truth(n)
        return done.published

    def network_post(self, sandbox: Sandbox, post_id: str) -> Any:
        found = self.networks[0].find(sandbox.world, post_id)
        assert found is not None
        return found

    def posts(self, sandbox: Sandbox) -> list[str]:
        return [post.id for post in sandbox.world.posts(self.platform.name)]

    async def found(self, call: AccountCall, *posts: Published) -> list[dict[str, Any]]:
        """The numbers of a read that succeeds."""
        rows = await numbers(call, *posts)
        assert [reading.fault for reading, _, _ in rows] == [None] * len(posts)
        return [found for _, found, _ in rows]

    async def trouble(self, call: AccountCall, *posts: Published) -> tuple[Fault | None, set[Reason]]:
        """What a read says that cannot succeed: the fault, or the reasons; and never a number beside it."""
        try:
            rows = await numbers(call, *posts)
        except Fault as fault:
            self.faults.append(fault)
            return fault, set()
        self.faults += [reading.fault for reading, _, _ in rows if reading.fault]
        assert [found for _, found, _ in rows] == [{}] * len(posts)
        return rows[0][0].fault, {reason for _, _, missing in rows for reason in missing.values()}


def shown(fault: Fault) -> list[str]:
    """Every way in which a fault may be shown to somebody."""
    return [str(fault), repr(fault), fault.sentence(), "".join(traceback.format_exception(fault))]


def renewing_once(call: AccountCall) -> list[Grant]:
    """Makes the call renew as accounts.py does, one at a time, and keeps what came of it."""
    renew, lock, renewed = call.renew, asyncio.Lock(), list[Grant]()

    async def once(old: Grant) -> Grant:
        async with lock:
            if call.grant is old:
                call.grant = await renew(old)
                renewed.append(call.grant)
            return call.grant

    call.renew = once
    return renewed
