"""What every platform makes of a network's answers about numbers."""

from __future__ import annotations

import json
from datetime import timedelta
from email.utils import format_datetime

import pytest

from sextant.errors import (
    Reconnect,
    TryLater,
    WaitUntil,
)
from sextant.http import AccountCall
from sextant.metrics import Reason
from sextant.sandbox.server import Sandbox
from tests.platforms.adapters import numbers
from tests.platforms.relay import (
    Relay,
    edited,
    reordered,
    repeating,
    with_news,
    without_field,
    without_post,
)
from tests.platforms.scene import Scene

BIG = 2**53 + 1
"""The smallest whole number that a double cannot hold."""
TWO_DAYS = timedelta(days=2)


class ReadingContract(Scene):
    """Whatever comes back: the network's own number, or a reason, or an instruction."""

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
        assert abs(fault.until - until) < timedelta(minutes=5)
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

    @pytest.mark.parametrize("status", [400, 403, 500])
    async def test_credentials_in_an_error_message_go_no_further(
        self, sandbox: Sandbox, call: AccountCall, relay: Relay, status: int
    ) -> None:
        post = await self.post(sandbox, call)
        relay.alter = edited(repeating(call.grant.access_token))
        call.wire.upstream = relay.url
        self.order(sandbox, "status", on="read", status=status, times=None)
        await self.trouble(call, post)
