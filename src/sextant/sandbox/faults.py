"""Faults to order: what goes wrong, where, and how many times."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Literal

import msgspec

Purpose = Literal["read", "publish", "token", "other", "page"]


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """One ordered fault. `times` null: until cleared. `delay_ms`: before what slow, timeout and status do, or
    until all faults are cleared, if that is sooner."""

    kind: Literal["status", "timeout", "slow", "drop_after_commit", "not_json"]
    platform: str
    on: Literal["read", "publish", "token", "any"] = "any"
    status: int = 503
    headers: dict[str, str] = {}
    delay_ms: float | None = None
    times: int | None = 1

    def hits(self, platform: str, purpose: Purpose, commits: bool) -> bool:
        """A dropped answer on publishing belongs to the request that makes the post visible."""
        if purpose == "page" or platform != self.platform or self.on not in ("any", purpose):
            return False
        return commits or purpose != "publish" or self.kind != "drop_after_commit"


class Faults:
    def __init__(self) -> None:
        self.ordered: list[Fault] = []
        self.held: list[str] = []
        """Of each request that is being held, its platform."""
        self._over = asyncio.Event()

    def order(self, fault: Fault) -> None:
        self.ordered.append(fault)

    def clear(self) -> None:
        """Everything is well again, also for the requests that are being held."""
        self.ordered.clear()
        self._over.set()
        self._over = asyncio.Event()

    async def hold(self, platform: str, seconds: float) -> None:
        self.held.append(platform)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), seconds)
        finally:
            self.held.remove(platform)

    def take(self, platform: str, purpose: Purpose, commits: bool) -> Fault | None:
        """The first fault that is due here; counts it."""
        due = next((f for f in self.ordered if f.hits(platform, purpose, commits)), None)
        if due is not None and due.times is not None:
            due.times -= 1
            if due.times <= 0:
                self.ordered.remove(due)
        return due
