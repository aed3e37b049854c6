"""Analytics answers as bytes: stored first, live where nothing is stored, kept until they change."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sextant import reporting
from sextant.clock import Clock
from sextant.collecting.keeping import is_stale, wants_reading
from sextant.collecting.reading import Collecting
from sextant.errors import Fault, NotFound
from sextant.platforms.base import Platform
from sextant.store import Store, posts, readings
from sextant.store.posts import Destination
from sextant.store.readings import StoredReading

MOST_CACHED = 10_000
CLIENT_MAY_KEEP_S = 60

Key = tuple[str, str, str | None]
"""Organization, post, connection (None: all destinations)."""


@dataclass(frozen=True, slots=True)
class Report:
    """One answer.

    `good_until`: when time alone changes it (unix seconds; infinite: only a write does). `is_fresh`: it has a
    reading of every destination, and none is stale.
    """

    body: bytes
    etag: str
    good_until: float
    is_fresh: bool

    def max_age(self, now: float) -> int:
        """Whole seconds a client may keep it: none where something newer may come at any moment."""
        return max(0, int(min(CLIENT_MAY_KEEP_S, self.good_until - now))) if self.is_fresh else 0


class _Answers:
    """Answers by key, at most MOST_CACHED; where there is no more room the oldest post's go."""

    def __init__(self) -> None:
        self._of_post: OrderedDict[str, dict[Key, Report]] = OrderedDict()
        self._count = 0

    def get(self, key: Key) -> Report | None:
        of_post = self._of_post.get(key[1])
        return of_post.get(key) if of_post else None

    def put(self, key: Key, report: Report) -> None:
        of_post = self._of_post.pop(key[1], {})
        self._count += key not in of_post
        of_post[key] = report
        self._of_post[key[1]] = of_post
        while self._count > MOST_CACHED:
            _, gone = self._of_post.popitem(last=False)
            self._count -= len(gone)

    def drop(self, post_id: str) -> None:
        self._count -= len(self._of_post.pop(post_id, {}))

    def clear(self) -> None:
        self._of_post.clear()
        self._count = 0


class Reports:
    def __init__(
        self,
        store: Store,
        clock: Clock,
        collecting: Collecting,
        platforms: Mapping[str, Platform],
        deadline_s: float,
    ) -> None:
        self.store, self.clock, self.collecting = store, clock, collecting
        self.platforms, self.deadline_s = platforms, deadline_s
        self._kept = _Answers()
        self._generation: object = None
        self._running: dict[tuple[Key, bool], asyncio.Task[Report]] = {}

    def cached(self, key: Key) -> Report | None:
        """The answer as it was rendered, when nothing was written since that may have changed it."""
        generation = self.store.generation()
        if generation != self._generation:
            self._kept.clear()
            self._generation = generation
            return None
        report = self._kept.get(key)
        if report is None or report.good_until <= self.clock.timestamp():
            return None
        return report

    async def get(self, key: Key, *, refresh: bool = False) -> Report:
        """Never waits for a network when a reading is stored, but for `refresh`.

        Whoever asks for the same while it is being made gets the same. Raises NotFound.
        """
        running = self._running.get((key, refresh))
        if running is None:
            running = asyncio.create_task(self._made(key, refresh))
            self._running[key, refresh] = running
            running.add_done_callback(lambda done: self._ended(key, refresh, done))
        return await asyncio.shield(running)

    def forget(self, post_ids: Iterable[str]) -> None:
        """Drops the answers of posts that a quiet write has changed; to be called once it is committed.

        An answer that is just being made may be older than that: it is not kept, and who asks from now on
        gets another.
        """
        changed = set(post_ids)
        for post_id in changed:
            self._kept.drop(post_id)
        for key, refresh in [run for run in self._running if run[0][1] in changed]:
            del self._running[key, refresh]

    def _ended(self, key: Key, refresh: bool, done: asyncio.Task[Report]) -> None:
        if self._running.get((key, refresh)) is done:
            del self._running[key, refresh]

    async def _made(self, key: Key, refresh: bool) -> Report:
        organization_id, post_id, connection_id = key
        generation = self.store.generation()
        targets = await self._targets(organization_id, post_id, connection_id)
        stored = await self._stored(targets)
        now = self.clock.now()
        live = [row for row in targets if row.native_id and wants_reading(stored.get(row.id), refresh, now)]
        late: dict[str, Fault] = {}
        if live:
            late = await self.collecting.read_now(live, refresh=refresh, deadline_s=self.deadline_s)
            stored, generation = await self._stored(targets), None
        report = self._rendered(post_id, targets, stored, late)
        forgotten = self._running.get((key, refresh)) is not asyncio.current_task()
        if not late and not forgotten and generation is not None and generation == self._generation:
            self._kept.put(key, report)
        return report

    async def _targets(
        self, organization_id: str, post_id: str, connection_id: str | None
    ) -> list[Destination]:
        async with self.store.read() as db:
            if await posts.by_id(db, organization_id, post_id) is None:
                raise NotFound("No such post.")
            targets = await posts.destinations_of(db, post_id)
        return narrowed(targets, connection_id)

    async def _stored(self, targets: Sequence[Destination]) -> dict[str, StoredReading]:
        async with self.store.read() as db:
            return await readings.of(db, [row.id for row in targets])

    def _rendered(
        self,
        post_id: str,
        targets: Sequence[Destination],
        stored: Mapping[str, StoredReading],
        late: Mapping[str, Fault],
    ) -> Report:
        now = self.clock.now()
        lines = [reporting.Line(row, stored.get(row.id), late.get(row.id)) for row in targets]
        body = encoded(reporting.answer(post_id, lines, self.platforms, now))
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        return Report(body, etag, good_until(lines, now), all(is_fresh(line, now) for line in lines))


def narrowed(rows: list[Destination], connection_id: str | None) -> list[Destination]:
    """All, or the one of a connection; NotFound when the post does not target it."""
    if connection_id is None:
        return rows
    kept = [row for row in rows if row.connection_id == connection_id]
    if not kept:
        raise NotFound("The post does not target this connection.")
    return kept


def is_fresh(line: reporting.Line, now: datetime) -> bool:
    if not line.is_published or line.reading is None or line.late is not None:
        return False
    return not is_stale(line.reading, now)


def good_until(lines: Sequence[reporting.Line], now: datetime) -> float:
    """When the first of the readings grows stale, or one that lacks may be asked for (unix seconds)."""
    return min([_changes_at(line, now) for line in lines if line.is_published], default=math.inf)


def _changes_at(line: reporting.Line, now: datetime) -> float:
    reading = line.reading
    if reading is None or wants_reading(reading, False, now):
        return now.timestamp()
    if reading.as_of is None:
        at = reading.retry_at
    else:
        at = None if is_stale(reading, now) else reading.next_refresh_at
    return at.timestamp() if at is not None and at > now else math.inf


def encoded(body: Mapping[str, Any]) -> bytes:
    """JSON with integers of any size exact."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
