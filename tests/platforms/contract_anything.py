"""What every platform makes of answers that nobody expects."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sextant.errors import (
    Fault,
)
from sextant.http import AccountCall
from sextant.metrics import KEYS, Reason
from sextant.normalize import normalize
from sextant.platforms.base import Answer, Checkpoint, Platform, Published, Reading, Request
from sextant.platforms.catalogue import Kind, Source
from sextant.sandbox.server import Sandbox
from tests.platforms.relay import (
    Relay,
    edited,
    places,
    replaced,
)
from tests.platforms.scene import Scene

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NUMBER = st.integers(0, 9999)
STATUSES = (200, 400, 401, 403, 404, 429, 500, 503)
HEADERS = ("retry-after", "x-rate-limit-reset", "x-business-use-case-usage", "x-app-usage", "x-li-uuid")
TOLD = st.integers().map(str) | JSON.map(json.dumps)
few = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.differing_executors,
        HealthCheck.too_slow,
    ],
)


class AnythingContract(Scene):
    """Any JSON at all, and the network's own answers with any part replaced."""

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

    @given(replacements=st.lists(st.tuples(NUMBER, JSON), min_size=1, max_size=3))
    @few
    async def test_any_part_of_an_answer_may_be_anything(
        self, sandbox: Sandbox, call: AccountCall, relay: Relay, replacements: list[tuple[int, Any]]
    ) -> None:
        if not self.posts(sandbox):
            call.wire.upstream = sandbox.url
            self.known = await self.post(sandbox, call), await self.post(sandbox, call, 2000)

        relay.alter = edited(lambda body: altered(body, replacements))
        call.wire.upstream = relay.url
        await self.survives(call, *self.known)

    @given(data=st.data())
    @few
    def test_any_refusal_is_judged(self, data: st.DataObject) -> None:
        known = json.loads(str(self.networks[0].failure(data.draw(st.sampled_from(STATUSES[1:]))).text))
        place = data.draw(st.sampled_from(places(known)))
        body = replaced(known, place, data.draw(JSON))
        headers = data.draw(st.dictionaries(st.sampled_from(HEADERS), st.text(max_size=12) | TOLD))
        status = data.draw(st.sampled_from(STATUSES))
        route = data.draw(st.sampled_from(self.networks[0].routes))
        request = Request(route.method, f"https://{route.host}{route.path}", commits=data.draw(st.booleans()))
        answer = Answer(status, headers, body, json.dumps(body), datetime(2026, 9, 1, tzinfo=UTC))
        found = self.platform.fault(answer, request)
        assert isinstance(found, Fault) or (found is None and status < 400)

    @given(number=st.integers(0, 5), replacements=st.lists(st.tuples(NUMBER, JSON), min_size=1, max_size=2))
    @few
    async def test_publishing_survives_anything(
        self,
        sandbox: Sandbox,
        call: AccountCall,
        relay: Relay,
        number: int,
        replacements: list[tuple[int, Any]],
    ) -> None:
        call.wire.upstream = sandbox.world.base_url = relay.url
        call.pause = at_once  # type: ignore[method-assign]
        countdown = iter(range(number, -1, -1))
        change = edited(lambda body: altered(body, replacements))
        relay.alter = lambda sent: change(sent) if next(countdown, None) == 0 else sent
        reached: list[Checkpoint] = []
        draft, since = self.video(sandbox, f"A clip {sandbox.world.serial()}"), call.now
        try:
            async for step in self.platform.publish(call, draft, None):
                reached.append(step)
                assert all(isinstance(value, str) for value in step.state.values())
        except Fault as fault:
            self.faults.append(fault)
        relay.alter = change
        announced = [step for step in reached if step.announces]
        with suppress(Fault):
            for step in announced:
                await self.platform.find_published(call, draft, step, since)

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


def altered(body: Any, replacements: list[tuple[int, Any]]) -> Any:
    """The answer with parts, chosen by number, replaced."""
    for number, value in replacements:
        here = places(body)
        body = replaced(body, here[number % len(here)], value)
    return body


async def at_once(seconds: float) -> None:
    """Waits in no time."""


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
