"""Taking readings: live, one upstream read per destination however many ask, kept for the next reader."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sextant.accounts import Accounts
from sextant.clock import Clock
from sextant.errors import ActOutside, Fault, Gone, NoValue, OurBug, TryLater, WaitUntil
from sextant.metrics import KEYS, Reason
from sextant.platforms.base import Published, Reading
from sextant.platforms.catalogue import Kind
from sextant.recording import record
from sextant.store import Store, connections, readings
from sextant.store.connections import Connection
from sextant.store.posts import Destination
from sextant.store.readings import StoredReading

log = logging.getLogger("sextant.collecting")

REFRESH_EVERY = timedelta(minutes=1)
BACK_OFF = timedelta(seconds=1)
BACK_OFF_MOST = timedelta(minutes=15)

AGES = (
    (timedelta(hours=1), timedelta(minutes=5)),
    (timedelta(days=1), timedelta(minutes=30)),
    (timedelta(days=7), timedelta(hours=6)),
)
OLD = timedelta(days=1)
"""How long a reading counts as fresh: posts move fast, then slowly (a power law in age)."""


def fresh_for(age: timedelta) -> timedelta:
    """How long a reading of a post of this age is worth keeping without asking again."""
    return next((wait for below, wait in AGES if age < below), OLD)


def never_read(destination_id: str) -> StoredReading:
    return StoredReading(destination_id, None, {}, None, {}, None, 0, None, None, None)


def wants_reading(stored: StoredReading | None, refresh: bool, now: datetime) -> bool:
    """Whether a read has to go to the network now.

    Nothing stored: yes, unless the last failure says not yet. A refresh: at most once a minute, and not
    before the time that the network named.
    """
    if stored is None:
        return True
    if stored.fault is not None and stored.fault["code"] == Gone.code:
        return False
    if stored.retry_at is not None and stored.retry_at > now:
        return False
    if stored.as_of is None:
        return True
    return refresh and (stored.refreshed_at is None or stored.refreshed_at + REFRESH_EVERY <= now)


def is_stale(stored: StoredReading, now: datetime) -> bool:
    return stored.fault is not None or stored.next_refresh_at is None or stored.next_refresh_at <= now


class Collecting:
    def __init__(self, store: Store, clock: Clock, accounts: Accounts) -> None:
        self.store, self.clock, self.accounts = store, clock, accounts
        self._flights: dict[str, asyncio.Task[None]] = {}

    async def close(self) -> None:
        for flight in self._flights.values():
            flight.cancel()
        await asyncio.gather(*self._flights.values(), return_exceptions=True)

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
        assert connection is not None  # noqa: S101 - the foreign key holds it
        outcome = await self._asked(connection, destination)
        now = self.clock.now()
        async with self.store.write() as db:
            before = (await readings.of(db, [destination.id])).get(destination.id)
            after = kept(before or never_read(destination.id), outcome, destination, now)
            if refresh and outcome.fault is None:
                after = replace(after, refreshed_at=now)
            await readings.save(db, after)
            catalogue = self.accounts.platforms[destination.platform].catalogue
            await record(db, catalogue, destination, before, after, now)

    async def _asked(self, connection: Connection, destination: Destination) -> Reading:
        """What the network says of one post; a failure of the whole call becomes the reading's fault."""
        post = published(destination)
        platform = self.accounts.platforms[connection.platform]
        try:
            found = await platform.read(self.accounts.call(connection), [post])
        except Fault as fault:
            return Reading(post.id, fault=fault)
        except Exception:
            log.exception("reading destination %s failed", destination.id)
            return Reading(post.id, fault=OurBug())
        return next((reading for reading in found if reading.id == post.id), Reading(post.id, fault=OurBug()))


def published(destination: Destination) -> Published:
    return Published(
        id=destination.native_id or "",
        kind=Kind(destination.kind),
        url=destination.post_url,
        at=destination.published_at or datetime.min.replace(tzinfo=UTC),
        video_id=destination.native_video_id,
    )


def kept(before: StoredReading, outcome: Reading, destination: Destination, now: datetime) -> StoredReading:
    """What is stored after an attempt: the new numbers, or the old ones with the fault beside them."""
    fault = outcome.fault
    if isinstance(fault, NoValue):
        # An answer, not a failure: the network says that there are no numbers (protected, hidden).
        refused = {key: [fault.reason.value, fault.message] for key in KEYS}
        outcome = replace(outcome, fault=None)
        return _answered(before, outcome, refused, destination, now)
    refused = {key: [r.reason.value, r.message] for key, r in outcome.refused.items()}
    if fault is None and not outcome.raw and _all_not_authorized(outcome):
        # Every number was refused: the account cannot be read at all, which somebody has to be told.
        refusals = outcome.refused.values()
        fault = ActOutside(next(r.message for r in refusals if r.reason is Reason.NOT_AUTHORIZED))
    elif fault is None:
        return _answered(before, outcome, refused, destination, now)
    if outcome.raw:
        return _answered_in_part(before, outcome, refused, destination, now)
    failures = before.failures + 1
    retry_at = _retry(fault, failures, now)
    return replace(before, fault=_described(fault, False), failures=failures, retry_at=retry_at)


def _all_not_authorized(outcome: Reading) -> bool:
    reasons = {refusal.reason for refusal in outcome.refused.values()} - {Reason.UNSUPPORTED}
    return reasons == {Reason.NOT_AUTHORIZED}


def _answered_in_part(
    before: StoredReading,
    outcome: Reading,
    refused: Mapping[str, list[str]],
    destination: Destination,
    now: datetime,
) -> StoredReading:
    """New numbers where they came; where a call failed the earlier ones stay, and with them their time."""
    fresh = _answered(before, outcome, refused, destination, now)
    if before.as_of is None:
        return fresh
    failed = {key for key, (reason, _) in refused.items() if reason == Reason.UPSTREAM_ERROR}
    still = {key: why for key, why in before.refused.items() if key in failed}
    answered = {key: why for key, why in refused.items() if key not in failed}
    return replace(
        fresh, as_of=before.as_of, raw={**before.raw, **outcome.raw}, refused={**answered, **still}
    )


def _answered(
    before: StoredReading,
    outcome: Reading,
    refused: Mapping[str, list[str]],
    destination: Destination,
    now: datetime,
) -> StoredReading:
    fault = outcome.fault
    failures = before.failures + 1 if fault else 0
    age = now - (destination.published_at or now)
    return replace(
        before,
        as_of=now,
        raw=dict(outcome.raw),
        url=outcome.url or before.url,
        refused=dict(refused),
        fault=_described(fault, True) if fault else None,
        failures=failures,
        retry_at=_retry(fault, failures, now) if fault else None,
        next_refresh_at=now + fresh_for(age),
    )


def _described(fault: Fault, partial: bool) -> dict[str, object]:
    return {"code": fault.code, "message": fault.sentence(), "partial": partial}


def _retry(fault: Fault, failures: int, now: datetime) -> datetime | None:
    """When the network may be asked again: its own word, else a growing pause."""
    if isinstance(fault, WaitUntil):
        return fault.until
    pause: timedelta = BACK_OFF * 2 ** min(failures - 1, 12)
    return now + min(pause, BACK_OFF_MOST)
