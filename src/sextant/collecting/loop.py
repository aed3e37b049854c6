"""Reading by plan: the accounts that are due, a batch at a time, beside publishing and never before it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.clock import Clock
from sextant.collecting import batches, pricing
from sextant.collecting.batches import AHEAD, Chosen
from sextant.collecting.budgets import LOOP_PART, Meter, Spent
from sextant.collecting.holding import Hold, hold_after, hold_of
from sextant.collecting.keeping import Kept
from sextant.collecting.reading import Asked, Collecting, is_charged
from sextant.engine import Engine, machine_time
from sextant.platforms.allowances import measured
from sextant.platforms.freshness import Showing
from sextant.store import Store, connections, posts, prices, readings, rounds, tallies
from sextant.store.connections import Connection
from sextant.store.posts import Destination
from sextant.store.prices import Price
from sextant.store.rounds import Reader, Round

log = logging.getLogger("sextant.collector")

LOOK_EVERY_S = 1.0
AT_ONCE = 4
"""Batches under way: enough for slow networks, and few beside those who wait for an answer."""
RANKED = 2
"""So many times as many accounts as there is room for are compared, when more are due than that."""
BESIDE, BESIDE_S = 1, 5.0
"""Batches under way while posts go out, and for so long after the last was seen."""
GIVES_WAY, GIVES_WAY_S = 250, 0.02
"""So often, so long each time, posts go out first: before batches are begun, and before each is kept."""
TALLIES_KEPT = timedelta(days=70)


@dataclass(frozen=True, slots=True)
class Offer:
    """What could be read of an account next, and the prices by which that was chosen."""

    round: Round
    known: Sequence[Price]
    chosen: Chosen


@dataclass(frozen=True, slots=True)
class Batch:
    round: Round
    connection: Connection
    chosen: Chosen
    rows: tuple[Destination, ...]
    known: Sequence[Price]


class Collector:
    """`engine`: its heart beats for both, and what it sends goes first."""

    def __init__(self, store: Store, clock: Clock, collecting: Collecting, engine: Engine) -> None:
        self.store, self.clock, self.collecting = store, clock, collecting
        self.budgets = collecting.budgets
        self.engine = engine
        self.counts: Counter[tuple[str, str]] = Counter()
        """By platform, since this process began: posts `read`, of them `saved` with numbers, or `refused`."""
        self.told: Callable[[int], None] = lambda posts: None
        """Is told of each so many posts that were looked at (a progress bar)."""
        self._was_pressed = float("-inf")
        self._running: dict[str, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self.begin()
        self._loop = asyncio.create_task(self._looking())

    async def begin(self) -> None:
        """Before the first look."""
        async with self.store.write(behind=True) as db:
            await rounds.forget_ceilings(db)
            await tallies.prune(db, self.clock.now() - TALLIES_KEPT)

    async def close(self) -> None:
        tasks = [*self._running.values(), *([self._loop] if self._loop else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def run_dry(self) -> None:
        """Reads until nothing is due that can be read. A batch that breaks off ends it."""
        while await self._look() or self._running:
            done, _ = await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    async def _looking(self) -> None:
        while True:
            self._wake.clear()
            pause = LOOK_EVERY_S
            try:
                if not await self._look():
                    pause = await self._pause()
            except Exception:
                log.exception("looking for due readings failed; trying again in %s s", LOOK_EVERY_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)

    async def _pause(self) -> float:
        now = self.clock.now()
        async with self.store.read() as db:
            coming = await rounds.next_due(db, now)
        return (
            LOOK_EVERY_S if coming is None else min(LOOK_EVERY_S, max(0.01, (coming - now).total_seconds()))
        )

    def _reader(self) -> Reader:
        return Reader(self.engine.worker_id, tuple(self._running), machine_time())

    async def _look(self) -> int:
        """Begins the batches that are worth most, as far as there is room; how many."""
        await self._gives_way()
        room = self._most() - len(self._running)
        if room <= 0:
            return 0
        ready = await self.pick(room)
        for batch in ready:
            self._start(batch)
        return len(ready)

    async def pick(self, most: int) -> list[Batch]:
        """The batches that are read next, those worth most first."""
        async with self.store.read() as db:
            due = await rounds.due(db, self._reader(), self.clock.now(), most * RANKED)
            known = await prices.of_all(db, [found.connection_id for found in due])
            ready = [await self._chosen(db, found, known) for found in due]
            ready.sort(key=lambda offer: offer.chosen.rank, reverse=True)
            return [await self._prepared(db, offer) for offer in ready[:most]]

    async def _chosen(self, db: AsyncConnection, found: Round, known: Sequence[Price]) -> Offer:
        showing = self._showing(found)
        own = [p for p in known if p.platform == found.platform and p.scope in ("", found.connection_id)]
        plans = await readings.plan(db, found.connection_id, showing.batch * AHEAD)
        return Offer(found, own, batches.choose(plans, showing, pricing.price_of(own), self.clock.now()))

    async def _prepared(self, db: AsyncConnection, offer: Offer) -> Batch:
        connection = await connections.by_id(db, offer.round.connection_id)
        assert connection is not None  # noqa: S101 - the foreign key holds it
        rows = {row.id: row for row in await posts.destinations_by_id(db, offer.chosen.ids)}
        ordered = tuple(rows[name] for name in offer.chosen.ids)
        return Batch(offer.round, connection, offer.chosen, ordered, offer.known)

    def _start(self, batch: Batch) -> None:
        connection_id = batch.connection.id
        task = asyncio.create_task(self._collect(batch))
        self._running[connection_id] = task
        task.add_done_callback(lambda done: self._ended(connection_id, done))

    def _ended(self, connection_id: str, done: asyncio.Task[None]) -> None:
        del self._running[connection_id]
        if not done.cancelled() and (error := done.exception()):
            log.error("reading connection %s broke off; it is taken up again", connection_id, exc_info=error)
        else:
            self._wake.set()

    def _most(self) -> int:
        """Batches under way at once."""
        since = asyncio.get_running_loop().time() - BESIDE_S
        return BESIDE if self._was_pressed > since else AT_ONCE

    async def _gives_way(self) -> None:
        for _ in range(GIVES_WAY):
            if not self.engine.is_pressed():
                return
            self._was_pressed = asyncio.get_running_loop().time()
            await asyncio.sleep(GIVES_WAY_S)

    # ---- one batch ----

    async def _collect(self, batch: Batch) -> None:
        meter = self.budgets.meter(batch.round.platform, batch.connection.id, LOOP_PART)
        try:
            rows = await self._taken(batch, meter)
        except Spent as spent:
            await self._leave_alone(batch, hold_of(spent))
            return
        if rows is None:
            return
        asked = await self._asked(batch, rows, meter) if rows else Asked({})
        unread = {name for name, reading in asked.readings.items() if isinstance(reading.fault, Spent)}
        rows = [row for row in rows if row.id in asked.readings and row.id not in unread]
        charged = sum(row.id in batch.chosen.charged for row in rows) if is_charged(asked) else 0
        if hold := hold_after(asked, batch.round.failures + 1, self.clock.now()):
            await self._leave_alone(batch, hold)
        await self._gives_way()
        async with self.store.write(quiet=True, behind=True) as db:
            results = await self.collecting.keep(db, batch.connection, rows, asked, batch.known)
            await meter.settle(db, charged=charged)
            await self._rest(db, batch, asked)
        self.collecting.forget([row.post_id for row in rows])
        self._count(batch.round.platform, results)

    async def _taken(self, batch: Batch, meter: Meter) -> list[Destination] | None:
        """Takes the account in hand and reserves what its posts cost; None when another was faster.

        Where not all can be paid the less worth are left out.
        """
        chosen = batch.chosen
        # When a post is read next shows in its answer.
        async with self.store.write(quiet=not chosen.postponed, behind=True) as db:
            if not await rounds.take(db, self._reader_of(batch), batch.connection.id, self.clock.now()):
                return None
            await readings.postpone(db, chosen.postponed)
            paid = await meter.begin(db, len(chosen.charged))
        charged = [name for name in chosen.ids if name in chosen.charged][paid:]
        return [row for row in batch.rows if row.id not in charged]

    async def _asked(self, batch: Batch, rows: Sequence[Destination], meter: Meter) -> Asked:
        """Where a ceiling leaves no room for all of them, of the half that is worth more, and so on."""
        while True:
            asked = await self.collecting.ask(batch.connection, rows, meter)
            if len(rows) == 1 or not isinstance(asked.fault, Spent):
                return asked
            rows = rows[: len(rows) // 2]

    def _reader_of(self, batch: Batch) -> Reader:
        """The account itself is already among those under way."""
        others = tuple(name for name in self._running if name != batch.connection.id)
        return Reader(self.engine.worker_id, others, machine_time())

    async def _leave_alone(self, batch: Batch, hold: Hold) -> None:
        """In a transaction of its own: whoever holds an app's accounts must not hold what they spend as well.

        It is not quiet: when posts are read next shows in their answers.
        """
        found = batch.round
        whose = found.connection_id if hold.account_only else None
        async with self.store.write(behind=True) as db:
            await rounds.hold(
                db, hold.until, platform=found.platform, connection_id=whose, ceiling=hold.ceiling
            )

    async def _rest(self, db: AsyncConnection, batch: Batch, asked: Asked) -> None:
        """Lets the account go."""
        failures = 0 if asked.fault is None else batch.round.failures + 1
        await rounds.rest(db, self._reader_of(batch), batch.connection.id, failures=failures)
        await self._reprice(db, batch)

    async def _reprice(self, db: AsyncConnection, batch: Batch) -> None:
        found = batch.round
        await pricing.reprice(
            db, self.budgets, self._showing(found), found.platform, found.connection_id, batch.known
        )

    def _showing(self, found: Round) -> Showing:
        return measured(self.collecting.accounts.platforms[found.platform]).showing

    def _count(self, platform: str, results: Sequence[Kept]) -> None:
        numbers = sum(result.metrics is not None for result in results)
        self.counts[platform, "read"] += len(results)
        self.counts[platform, "saved"] += numbers
        self.counts[platform, "refused"] += len(results) - numbers
        self.told(len(results))
