"""From a reading to the history: what it says in the 13 numbers is kept when it changed one of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.metrics import Metrics, Reason
from sextant.normalize import normalize
from sextant.platforms.base import Refusal
from sextant.platforms.catalogue import Catalogue, Kind
from sextant.store import history
from sextant.store.history import State
from sextant.store.posts import Destination
from sextant.store.readings import StoredReading


async def record(
    db: AsyncConnection,
    catalogue: Catalogue,
    destination: Destination,
    before: StoredReading | None,
    after: StoredReading,
    now: datetime,
) -> None:
    """Call it after `readings.save`, in the same transaction. An attempt without numbers leaves no row."""
    if state := state_of(catalogue, destination, before, after, now):
        await history.append(db, [state])


def state_of(
    catalogue: Catalogue,
    destination: Destination,
    before: StoredReading | None,
    after: StoredReading,
    now: datetime,
) -> State | None:
    """The numbers after an attempt at `now`; None when it brought none.

    Of an answer in part the time is that of the attempt: `as_of` stays that of the oldest number in it.
    """
    if after.as_of is None or (after.fault is not None and not after.fault["partial"]):
        return None
    seen_at = before.as_of if before else None
    return State(destination.id, now, seen_at, numbers(catalogue, Kind(destination.kind), after))


def numbers(catalogue: Catalogue, kind: Kind, reading: StoredReading) -> Metrics:
    refused = {key: Refusal(Reason(why), said) for key, (why, said) in reading.refused.items()}
    return normalize(catalogue, reading.raw, kind, refused)[0]
