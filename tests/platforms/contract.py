"""The contract test that every platform inherits: what any network may do to us, and what must come of it.

A subclass gives data only. Faults are ordered from the simulated network, or made on the way by a Relay.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import traceback
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sextant.errors import (
    ActOutside,
    Fault,
    FixContent,
    NoValue,
    OutcomeUnknown,
    Reconnect,
    TryLater,
    WaitUntil,
)
from sextant.http import AccountCall
from sextant.metrics import KEYS, Reason
from sextant.normalize import normalize
from sextant.platforms.base import Checkpoint, Draft, Grant, MediaFile, Platform, Published, Reading
from sextant.platforms.catalogue import Kind, Source
from sextant.sandbox import faults
from sextant.sandbox.network import Network
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from tests.calls import call_for, connect
from tests.platforms.adapters import numbers, steps, text_draft
from tests.platforms.relay import (
    Relay,
    edited,
    places,
    reordered,
    replaced,
    with_news,
    without_field,
    without_post,
)

SAMPLE = Path(str(resources.files("sextant.sandbox") / "media" / "sample.mp4"))
SIZE = SAMPLE.stat().st_size
BIG = 2**53 + 1
"""The smallest whole number that a double cannot hold."""
TWO_DAYS = timedelta(days=2)

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
few = settings(
    max_examples=int(os.environ.get("CONTRACT_EXAMPLES", "25")),
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.differing_executors,
        HealthCheck.too_slow,
    ],
)


class Clip:
    """A video at an address of the sandbox, for networks that pull and for those that are sent the bytes."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = f"{sandbox.url}/_control/media/sample.mp4"

    async def file(self) -> MediaFile:
        return MediaFile(SAMPLE, SIZE, "video/mp4")


class PlatformContract:
    """Inherited as `class TestX(PlatformContract)` by each network's test, for its first login."""

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

    # ---- reading: what goes well ---------------------------------------------------------------------

    async def test_what_the_network_knows_comes_back(self, sandbox: Sandbox, call: AccountCall) -> None:
        post = await self.post(sandbox, call)
        assert self.posts(sandbox) == [post.id]
        assert await self.found(call, post) == [self.expected(1000)]

    async def test_big_numbers_are_exact(self, sandbox: Sandbox, call: AccountCall) -> None:
        post = await self.post(sandbox, call, BIG)
        assert await self.found(call, post) == [self.expected(BIG)]

    async def test_rows_in_another_order(self, sandbox: Sandbox, call: AccountCall, relay: Relay) -> None:
        posts = [await self.post(sandbox, call, n) for n in (1000, 2000, 3000)]
        relay.alter = edited(reordered([post.id for post in posts]))
        call.wire.upstream = relay.url
        assert await self.found(call, *posts) == [self.expected(n) for n in (1000, 2000, 3000)]

    async def test_unknown_fields_break_nothing_and_are_kept(
        self, sandbox: Sandbox, call: AccountCall, relay: Relay
    ) -> None:
        post = await self.post(sandbox, call)
        relay.alter = edited(with_news(self.field[0]))
        call.wire.upstream = relay.url
        ((reading, found, _),) = await numbers(call, post)
        assert found == self.expected(1000)
        assert reading.fault is None
        assert "newCounter" in json.dumps(reading.raw) or "new_counter" in json.dumps(reading.raw)

    # ---- reading: what is not there ------------------------------------------------------------------

    async def test_a_missing_field_is_null_and_costs_no_other(
        self, sandbox: Sandbox, call: AccountCall, relay: Relay
    ) -> None:
        post = await self.post(sandbox, call)
        name, key = self.field
        relay.alter = edited(without_field(name))
        call.wire.upstream = relay.url
        ((_, found, missing),) = await numbers(call, post)
        assert found == {k: v for k, v in self.expected(1000).items() if k != key}
        assert missing[key] in set(Reason)

    async def test_a_missing_row_is_never_zeros(
        self, sandbox: Sandbox, call: AccountCall, relay: Relay
    ) -> None:
        lost, kept = await self.post(sandbox, call), await self.post(sandbox, call, 2000)
        relay.alter = edited(without_post(lost.id))
        call.wire.upstream = relay.url
        (_, nothing, _), (_, found, _) = await numbers(call, lost, kept)
        assert nothing == {}
        assert found == self.expected(2000)

    async def test_a_deleted_post_says_so(self, sandbox: Sandbox, call: AccountCall) -> None:
        gone, kept = await self.post(sandbox, call), await self.post(sandbox, call, 2000)
        self.network_post(sandbox, gone.id).deleted_at = sandbox.world.now()
        (absent, nothing, _), (_, found, _) = await numbers(call, gone, kept)
        assert (nothing, found) == ({}, self.expected(2000))
        assert absent.fault is not None

    # ---- reading: what fails -------------------------------------------------------------------------

    async def test_401_is_renewed_once_and_repeated(self, sandbox: Sandbox, call: AccountCall) -> None:
        post = await self.post(sandbox, call)
        sandbox.world.state.tokens[call.grant.access_token].expires_at = sandbox.world.now() - 1
        if not self.refreshes:
            fault, _ = await self.trouble(call, post)
            assert isinstance(fault, Reconnect)
            return
        assert await self.found(call, post) == [self.expected(1000)]
        assert len(self.renewals) == 1

    async def test_401_and_no_renewal_means_reconnect(self, sandbox: Sandbox, call: AccountCall) -> None:
        post = await self.post(sandbox, call)
        for token in sandbox.world.state.tokens.values():
            token.dead = token.value != call.grant.access_token
        sandbox.world.state.tokens[call.grant.access_token].expires_at = sandbox.world.now() - 1
        fault, _ = await self.trouble(call, post)
        assert isinstance(fault, Reconnect)

    async def test_401_for_ever_does_not_go_round_in_circles(
        self, sandbox: Sandbox, call: AccountCall
    ) -> None:
        post = await self.post(sandbox, call)
        self.order(sandbox, "status", on="read", status=401, times=None)
        fault, _ = await self.trouble(call, post)
        assert isinstance(fault, Reconnect | TryLater)
        assert len(self.renewals) <= 1

    async def test_403_is_something_to_do(self, sandbox: Sandbox, call: AccountCall) -> None:
        post = await self.post(sandbox, call)
        self.order(sandbox, "status", on="read", status=403, times=None)
        fault, reasons = await self.trouble(call, post)
        assert isinstance(fault, self.forbidden) or Reason.NOT_AUTHORIZED in reasons

    @pytest.mark.parametrize("form", ["seconds", "date"])
    async def test_429_says_when(self, sandbox: Sandbox, call: AccountCall, form: str) -> None:
        post = await self.post(sandbox, call)
        sandbox.world.clock.run_at(1)
        until = call.now + TWO_DAYS
        told = format_datetime(until, usegmt=True) if form == "date" else str(int(TWO_DAYS.total_seconds()))
        headers = {"Retry-After": told}
        self.order(sandbox, "status", on="read", status=429, headers=headers, times=None)
        fault, _ = await self.trouble(call, post)
        assert isinstance(fault, WaitUntil)
        assert abs(fault.until - until) < timedelta(seconds=5)
        assert fault.until.tzinfo is not None

    async def test_429_without_a_time_still_says_when(self, sandbox: Sandbox, call: AccountCall) -> None:
        post = await self.post(sandbox, call)
        self.order(sandbox, "status", on="read", status=429, times=None)
        fault, _ = await self.trouble(call, post)
        assert isinstance(fault, WaitUntil | TryLater)

    @pytest.mark.parametrize("status", [500, 502, 503])
    async def test_5xx_is_tried_later(self, sandbox: Sandbox, call: AccountCall, status: int) -> None:
        post = await self.post(sandbox, call)
        self.order(sandbox, "status", on="read", status=status, times=None)
        fault, _ = await self.trouble(call, post)
        assert isinstance(fault, TryLater)

    async def test_silence_is_tried_later(self, sandbox: Sandbox, call: AccountCall) -> None:
        post = await self.post(sandbox, call)
        call.wire.read_timeout_s = 0.1
        self.order(sandbox, "timeout", on="read", delay_ms=250, times=None)
        fault, _ = await self.trouble(call, post)
        assert isinstance(fault, TryLater)

    @pytest.mark.parametrize("body", ["html", "truncated", "empty"])
    async def test_an_answer_that_is_not_json_is_tried_later(
        self, sandbox: Sandbox, call: AccountCall, relay: Relay, body: str
    ) -> None:
        post = await self.post(sandbox, call)
        page = b"<!doctype html><title>502 Bad Gateway</title>"
        relay.alter = lambda sent: {"html": page, "truncated": sent[: len(sent) // 2], "empty": b""}[body]
        call.wire.upstream = relay.url
        fault, _ = await self.trouble(call, post)
        assert isinstance(fault, TryLater)

    @pytest.mark.parametrize("body", [b"null", b"{}", b"[]", b'"text"', b"0", b'{"data": null}'])
    async def test_json_that_says_nothing_is_no_number(
        self, sandbox: Sandbox, call: AccountCall, relay: Relay, body: bytes
    ) -> None:
        post = await self.post(sandbox, call)
        relay.alter = lambda sent: body
        call.wire.upstream = relay.url
        await self.trouble(call, post)

    # ---- publishing ----------------------------------------------------------------------------------

    async def test_a_restart_after_any_step_makes_one_post(self, sandbox: Sandbox, call: AccountCall) -> None:
        for draft in self.drafts(sandbox, "whole"):
            for n in range(1, len(await steps(call, draft))):
                resumed = Draft(draft.id, f"{draft.text} again {n}", draft.media, draft.kind)
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

    # ---- anything at all -----------------------------------------------------------------------------

    @given(data=st.data())
    @few
    def test_any_raw_gives_thirteen_numbers_or_reasons(self, data: st.DataObject) -> None:
        sources = [entry for entry in self.platform.catalogue.values() if isinstance(entry, Source)]
        names = sorted({path.path.partition(".")[0] for source in sources for path in source.paths})
        raw = data.draw(st.dictionaries(st.sampled_from(names) | st.text(max_size=4), JSON, max_size=8))
        kind = data.draw(st.sampled_from(Kind))
        thirteen(self.platform, kind, Reading("1", raw))

    @given(body=JSON)
    @few
    async def test_any_json_gives_a_fault_or_a_reading(
        self, sandbox: Sandbox, call: AccountCall, relay: Relay, body: Any
    ) -> None:
        relay.alter = lambda sent: json.dumps(body).encode()
        call.wire.upstream = relay.url
        await self.survives(call)

    @given(replacements=st.lists(st.tuples(st.integers(0, 9999), JSON), min_size=1, max_size=3))
    @few
    async def test_any_part_of_an_answer_may_be_anything(
        self, sandbox: Sandbox, call: AccountCall, relay: Relay, replacements: list[tuple[int, Any]]
    ) -> None:
        if not self.posts(sandbox):
            call.wire.upstream = sandbox.url
            self.known = await self.post(sandbox, call), await self.post(sandbox, call, 2000)

        def change(body: Any) -> Any:
            for number, value in replacements:
                here = places(body)
                body = replaced(body, here[number % len(here)], value)
            return body

        relay.alter = edited(change)
        call.wire.upstream = relay.url
        await self.survives(call, *self.known)

    async def survives(self, call: AccountCall, *posts: Published) -> None:
        """A read ends in Faults or in Readings that normalize; anything else is a defect."""
        posts = posts or tuple(Published(str(n), Kind.VIDEO, None, call.now, "7") for n in (1, 2))
        try:
            readings = await self.platform.read(call, posts)
        except Fault as fault:
            self.faults.append(fault)
            return
        assert [reading.id for reading in readings] == [post.id for post in posts]
        for post, reading in zip(posts, readings, strict=True):
            assert reading.fault is None or isinstance(reading.fault, Fault)
            assert reading.url is None or isinstance(reading.url, str)
            thirteen(self.platform, post.kind, reading)


def thirteen(platform: Platform, kind: Kind, reading: Reading) -> None:
    """Each of the 13 keys is a finite number, or null with exactly one reason."""
    metrics, missing = normalize(platform.catalogue, reading.raw, kind, reading.refused)
    assert tuple(metrics) == KEYS
    for key, value in metrics.items():
        if value is None:
            assert isinstance(missing[key], Reason)
        else:
            assert key not in missing
            assert not isinstance(value, bool)
            assert math.isfinite(value)


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
