"""The ledger: a row for every request that went to a network, written behind the back of whoever asked."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from datetime import timedelta
from urllib.parse import urlsplit

from sextant.clock import Clock
from sextant.noting import Note, Noted
from sextant.store import Store, ledger
from sextant.store.ledger import ENDPOINT_LENGTH, Called

log = logging.getLogger("sextant.ledger")

WRITE_EVERY_S = 1.0
FULL = 500
"""So many rows are written at once, without waiting for the second to pass."""
MOST_WAITING = 20_000
"""While the database does not answer, the newest are kept."""
PRUNED_AT_ONCE = 1000
"""Twice what is written at once: it keeps up, and no transaction is long."""

WORD = re.compile(r"[a-z]+(?:[A-Z][a-z]+|[_.:-][a-z]+)*\d?")
VERSION = re.compile(r"v?\d{1,2}(?:\.\d{1,2})?")
WORD_LENGTH = 40


def endpoint(url: str) -> str:
    """Host and path of an address. Whatever is not a word or a version may be an id or a secret: `{id}`."""
    parts = urlsplit(url)
    path = "/".join(map(_plain, parts.path.split("/")))
    return f"{parts.hostname or ''}{path}"[:ENDPOINT_LENGTH]


def _plain(segment: str) -> str:
    known = WORD.fullmatch(segment) or VERSION.fullmatch(segment)
    return segment if not segment or (known and len(segment) <= WORD_LENGTH) else "{id}"


class Ledger:
    """Keeps for `keep` what it is told. A process that is killed loses the last second of it."""

    def __init__(self, store: Store, clock: Clock, keep: timedelta) -> None:
        self.store, self.clock, self.keep = store, clock, keep
        self._waiting: list[Called] = []
        self._told, self._full, self._turn = asyncio.Event(), asyncio.Event(), asyncio.Lock()
        self._closing = False
        self._writer: asyncio.Task[None] | None = None

    def note(self, platform: str, connection_id: str | None) -> Note:
        """A `noting.Listener`."""

        def note(noted: Noted) -> None:
            self._add(called(platform, connection_id, noted))

        return note

    def _add(self, row: Called) -> None:
        self._waiting.append(row)
        self._told.set()
        if len(self._waiting) == FULL:
            self._full.set()

    async def open(self) -> None:
        """From now on rows are written by themselves. The database has to be migrated before."""
        self._writer = asyncio.create_task(self._writing())

    async def close(self) -> None:
        """Writes the last rows."""
        self._closing = True
        self._told.set()
        self._full.set()
        if self._writer is not None:
            await self._writer
        await self._tried()

    async def _writing(self) -> None:
        while not self._closing:
            await self._told.wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._full.wait(), WRITE_EVERY_S)
            self._told.clear()
            self._full.clear()
            await self._tried()

    async def _tried(self) -> None:
        try:
            await self.flush()
        except Exception:
            self._told.set()
            log.exception("writing the ledger failed; %s rows wait", len(self._waiting))

    async def flush(self) -> None:
        """Writes what waits, and drops some of what is too old; touches nothing when nothing waits."""
        async with self._turn:
            rows, self._waiting = self._waiting, []
            if not rows:
                return
            try:
                async with self.store.write(quiet=True, behind=True) as db:
                    await ledger.append(db, rows)
                    await ledger.prune(db, self.clock.now() - self.keep, PRUNED_AT_ONCE)
            except Exception:
                self._waiting = [*rows, *self._waiting][-MOST_WAITING:]
                raise


def called(platform: str, connection_id: str | None, noted: Noted) -> Called:
    request = noted.request
    return Called(
        at=noted.at,
        platform=platform,
        connection_id=connection_id,
        method=request.method,
        endpoint=endpoint(request.url),
        posts=request.posts,
        weight=request.weight,
        outcome=noted.outcome,
        took_ms=noted.took_ms,
    )
