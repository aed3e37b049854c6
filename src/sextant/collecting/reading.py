"""Taking readings: of one post for somebody who asks, or of many posts of an account for the plan.

One upstream read per post however many ask; what comes is kept, with its history, in one transaction.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.accounts import Accounts
from sextant.clock import Clock
from sextant.collecting import planning, pricing
from sextant.collecting.budgets import Budgets, Meter
from sextant.collecting.keeping import Kept, Terms, kept, never_read, subject_of
from sextant.errors import Fault, OurBug, TryLater
from sextant.http import AccountCall
from sextant.noting import Note, Noted, all_of
from sextant.platforms.allowances import TellsUsage, Usage, measured
from sextant.platforms.base import Published, Reading
from sextant.platforms.catalogue import Kind
from sextant.store import Store, connections, history, prices, readings
from sextant.store.connections import Connection
from sextant.store.history import State
from sextant.store.posts import Destination
from sextant.store.prices import Price
from sextant.store.readings import StoredReading

log = logging.getLogger("sextant.collecting")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the network said of some posts of an account. `fault`: the call as a whole failed. `usage`: the
    highest that its answers told."""

    readings: dict[str, Reading]
    fault: Fault | None = None
    usage: Usage | None = None


class Collecting:
    """`forget` is told which posts' answers have changed, once that is committed."""

    def __init__(self, store: Store, clock: Clock, accounts: Accounts, budgets: Budgets) -> None:
        self.store, self.clock, self.accounts, self.budgets = store, clock, accounts, budgets
        self.forget: Callable[[Iterable[str]], None] = lambda post_ids: None
        self._flights: dict[str, asyncio.Task[None]] = {}

    async def close(self) -> None:
        for flight in self._flights.values():
            flight.cancel()
        await asyncio.gather(*self._flights.values(), return_exceptions=True)

    # ---- for somebody who asks ----

    async def read_now(
        self, wanted: Sequence[Destination], *, refresh: bool, deadline_s: float
    ) -> dict[str, Fault]:
        """Reads these live, side by side, and waits until all are kept or the deadline has passed.

        What is still under way then goes on and is kept for the next reader; it is returned as late.
        """
        flights = {row.id: self.start(row, refresh=refresh) for row in wanted}
        if flights:
            await asyncio.wait(flights.values(), timeout=deadline_s)
        late = TryLater(f"no answer within {deadline_s:g} s; it is kept when it comes")
        return {name: late for name, flight in flights.items() if not flight.done()}

    def start(self, destination: Destination, *, refresh: bool) -> asyncio.Task[None]:
        """The one running read of a destination: joined when there is one, else begun."""
        flight = self._flights.get(destination.id)
        if flight is None:
            flight = asyncio.create_task(self._read(destination, refresh))
            self._flights[destination.id] = flight
            flight.add_done_callback(lambda done: self._landed(destination.id, done))
        return flight

    def _landed(self, destination_id: str, done: asyncio.Task[None]) -> None:
        del self._flights[destination_id]
        if not done.cancelled() and (error := done.exception()):
            log.error("a reading of destination %s was lost", destination_id, exc_info=error)

    async def _read(self, destination: Destination, refresh: bool) -> None:
        async with self.store.read() as db:
            connection = await connections.by_id(db, destination.connection_id)
            known = await prices.of(db, destination.platform, destination.connection_id)
            before = (await readings.of(db, [destination.id])).get(destination.id)
        assert connection is not None  # noqa: S101 - the foreign key holds it
        meter = self.budgets.meter(connection.platform, connection.id)
        paid = before is not None and self._is_paid(destination, before)
        try:
            if meter.is_limited:
                async with self.store.write(quiet=True) as db:
                    await meter.begin(db, 0 if paid else 1)
            asked = await self.ask(connection, [destination], meter)
        except Fault as fault:
            asked = Asked({destination.id: Reading(destination.native_id or "", fault=fault)}, fault)
        async with self.store.write(quiet=True) as db:
            await self.keep(db, connection, [destination], asked, known, refreshed=refresh)
            await meter.settle(db, charged=int(not paid and is_charged(asked)))
        self.forget([destination.post_id])

    def _is_paid(self, destination: Destination, before: StoredReading) -> bool:
        """Whether this day has paid for another reading of the post."""
        showing = measured(self.accounts.platforms[destination.platform]).showing
        return planning.is_free(
            subject_of(before, published(destination).at), showing, self.clock.timestamp()
        )

    # ---- whoever asks ----

    async def ask(self, connection: Connection, rows: Sequence[Destination], meter: Meter) -> Asked:
        """What the network says of some posts of an account, at most a batch; never raises."""
        platform = self.accounts.platforms[connection.platform]
        posts, told = {row.id: published(row) for row in rows}, _Told()
        try:
            call = self.accounts.call(connection)
            call = replace(call, spend=meter.spend, note=all_of([call.note, told.note(call)]))
            found = {reading.id: reading for reading in await platform.read(call, list(posts.values()))}
            fault = None
        except Fault as failed:
            found, fault = {}, failed
        except Exception:
            log.exception("reading %d posts of connection %s failed", len(rows), connection.id)
            found, fault = {}, OurBug()
        lacking = fault or OurBug("the network's answer left this post out")
        return Asked(
            {name: found.get(post.id, Reading(post.id, fault=lacking)) for name, post in posts.items()},
            fault,
            told.highest,
        )

    async def keep(
        self,
        db: AsyncConnection,
        connection: Connection,
        rows: Sequence[Destination],
        asked: Asked,
        known: Sequence[Price],
        *,
        refreshed: bool = False,
    ) -> list[Kept]:
        """Stores what was read, and what of it is news, in the caller's transaction."""
        platform, now = self.accounts.platforms[connection.platform], self.clock.now()
        terms = Terms(platform.catalogue, measured(platform).showing, pricing.price_of(known))
        stored = await readings.of(db, [row.id for row in rows])
        results, states = [], []
        for row in rows:
            before = stored.get(row.id) or never_read(row.id, row.connection_id)
            after = kept(before, asked.readings[row.id], row, now, terms)
            if refreshed and asked.readings[row.id].fault is None:
                after = replace(after, reading=replace(after.reading, refreshed_at=now))
            results.append(after)
            if after.metrics is not None:
                states.append(State(row.id, now, before.as_of, after.metrics))
        await readings.save(db, [result.reading for result in results])
        await history.append(db, states)
        return results


class _Told:
    """The highest use of what a network allows that its answers told."""

    def __init__(self) -> None:
        self.highest: Usage | None = None

    def note(self, call: AccountCall) -> Note:
        def note(noted: Noted) -> None:
            if noted.answer is None or not noted.request.posts or not isinstance(call.platform, TellsUsage):
                return
            usage = call.platform.usage(noted.answer, call.account)
            if usage and (self.highest is None or usage.percent > self.highest.percent):
                self.highest = usage

        return note


def is_charged(asked: Asked) -> bool:
    """Whether posts were, or may have been, charged: a request that surely failed costs nothing."""
    return asked.fault is None or isinstance(asked.fault, TryLater | OurBug)


def published(destination: Destination) -> Published:
    return Published(
        id=destination.native_id or "",
        kind=Kind(destination.kind),
        url=destination.post_url,
        at=destination.published_at or datetime.min.replace(tzinfo=UTC),
        video_id=destination.native_video_id,
    )
