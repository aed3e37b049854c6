"""What is kept after an attempt to read a post: its numbers, its fault, and when to look again. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta

from sextant.collecting import planning
from sextant.collecting.planning import FIRST_PRICE, Growth, Subject
from sextant.errors import ActOutside, Fault, Gone, NoValue, Reconnect, WaitUntil
from sextant.metrics import KEYS, Metrics, Reason
from sextant.normalize import normalize
from sextant.platforms.base import Reading, Refusal
from sextant.platforms.catalogue import Catalogue, Kind
from sextant.platforms.freshness import Showing
from sextant.store.posts import Destination
from sextant.store.readings import Plan, StoredReading

REFRESH_EVERY = timedelta(minutes=1)
BACK_OFF = timedelta(seconds=1)
BACK_OFF_MOST = timedelta(minutes=15)
GROWTH = tuple(field.name for field in fields(Growth))
OUTSIDE = timedelta(hours=1)
"""A person has to do something first: it is looked after whether that has been done."""


@dataclass(frozen=True, slots=True)
class Terms:
    """By what a reading is judged: the network's catalogue, how it shows numbers, and the price of a call."""

    catalogue: Catalogue
    showing: Showing
    price: float


@dataclass(frozen=True, slots=True)
class Kept:
    """A reading to be stored. `metrics`: the 13 numbers that the attempt brought; None: it brought none."""

    reading: StoredReading
    metrics: Metrics | None


def never_read(destination_id: str, connection_id: str, due: datetime | None = None) -> StoredReading:
    return StoredReading(
        destination_id, connection_id, None, {}, None, {}, None, 0, None, None, next_refresh_at=due
    )


def wants_reading(stored: StoredReading | None, refresh: bool, now: datetime) -> bool:
    """Whether somebody who asks has to wait for the network now.

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


def newborn(siblings: Sequence[Plan], published_at: datetime, showing: Showing) -> tuple[datetime, Growth]:
    """When a post that has just come out is read for the first time, and how fast it is expected to grow.

    `siblings`: the account's posts that are read next.
    """
    growth = planning.newborn(map(planned, siblings), showing)
    subject = Subject(published_at.timestamp(), growth=growth)
    return moment(planning.due_at(subject, showing, FIRST_PRICE)), growth


def subject_of(seen: Plan | StoredReading, published_at: datetime) -> Subject:
    read_at = None if seen.as_of is None else seen.as_of.timestamp()
    return Subject(published_at.timestamp(), read_at, growth_of(seen), seen.late_out)


def planned(plan: Plan) -> Subject:
    return subject_of(plan, plan.published_at)


def kept(
    before: StoredReading, outcome: Reading, destination: Destination, now: datetime, terms: Terms
) -> Kept:
    """The new numbers, or the old ones with the fault beside them."""
    fault = outcome.fault
    refused = {key: [r.reason.value, r.message] for key, r in outcome.refused.items()}
    if isinstance(fault, NoValue):
        # An answer, not a failure: the network says that there are no numbers (protected, hidden).
        refused = {key: [fault.reason.value, fault.message] for key in KEYS}
        return _answered(before, replace(outcome, fault=None), refused, destination, now, terms)
    if fault is None and not outcome.raw and _all_not_authorized(outcome):
        # Every number was refused: the account cannot be read at all, which somebody has to be told.
        refusals = outcome.refused.values()
        fault = ActOutside(next(r.message for r in refusals if r.reason is Reason.NOT_AUTHORIZED))
    elif fault is None or outcome.raw:
        return _answered(before, outcome, refused, destination, now, terms)
    failures = before.failures + 1
    failed = replace(
        before,
        fault=described(fault, partial=False),
        failures=failures,
        retry_at=retry(fault, failures, now),
        next_refresh_at=again(fault, failures, now),
    )
    return Kept(failed, None)


def _all_not_authorized(outcome: Reading) -> bool:
    reasons = {refusal.reason for refusal in outcome.refused.values()} - {Reason.UNSUPPORTED}
    return reasons == {Reason.NOT_AUTHORIZED}


def _answered(
    before: StoredReading,
    outcome: Reading,
    refused: Mapping[str, list[str]],
    destination: Destination,
    now: datetime,
    terms: Terms,
) -> Kept:
    fault = outcome.fault
    failures = before.failures + 1 if fault else 0
    after = replace(
        before,
        as_of=now,
        raw=dict(outcome.raw),
        url=outcome.url or before.url,
        refused=dict(refused),
        fault=described(fault, partial=True) if fault else None,
        failures=failures,
        retry_at=retry(fault, failures, now) if fault else None,
    )
    if fault is not None:
        after = replace(_in_part(before, after, outcome), next_refresh_at=again(fault, failures, now))
        return Kept(after, _figures(terms.catalogue, destination, after)[0])
    metrics, missing = _figures(terms.catalogue, destination, after)
    after = replace(after, late_out=Reason.NOT_YET_AVAILABLE not in missing.values())
    after = _learned(before, after, metrics, destination, terms)
    return Kept(_planned(after, destination, terms), metrics)


def _in_part(before: StoredReading, fresh: StoredReading, outcome: Reading) -> StoredReading:
    """New numbers where they came; where a call failed the earlier ones stay, and with them their time."""
    if before.as_of is None:
        return fresh
    failed = {key for key, (reason, _) in fresh.refused.items() if reason == Reason.UPSTREAM_ERROR}
    still = {key: why for key, why in before.refused.items() if key in failed}
    answered = {key: why for key, why in fresh.refused.items() if key not in failed}
    return replace(
        fresh, as_of=before.as_of, raw={**before.raw, **outcome.raw}, refused={**answered, **still}
    )


def _figures(
    catalogue: Catalogue, destination: Destination, reading: StoredReading
) -> tuple[Metrics, Mapping[str, Reason]]:
    refused = {key: Refusal(Reason(why), said) for key, (why, said) in reading.refused.items()}
    return normalize(catalogue, reading.raw, Kind(destination.kind), refused)


def _learned(
    before: StoredReading, after: StoredReading, metrics: Metrics, destination: Destination, terms: Terms
) -> StoredReading:
    """With what the two readings tell of how fast the post grows."""
    if before.as_of is None or after.as_of is None:
        return after
    earlier, _ = _figures(terms.catalogue, destination, before)
    ages = [(seen - _since(destination)).total_seconds() for seen in (before.as_of, after.as_of)]
    change = planning.changed(earlier, metrics)
    growth = growth_of(before).after(change, ages[0], ages[1], terms.showing, before.late_out)
    if after.late_out and not before.late_out:
        growth = growth.arrived(ages[0], ages[1], terms.showing)
    return replace(after, **{name: getattr(growth, name) for name in GROWTH})


def _planned(reading: StoredReading, destination: Destination, terms: Terms) -> StoredReading:
    subject = subject_of(reading, _since(destination))
    return replace(reading, next_refresh_at=moment(planning.due_at(subject, terms.showing, terms.price)))


def growth_of(reading: StoredReading | Plan) -> Growth:
    return Growth(**{name: getattr(reading, name) for name in GROWTH})


def _since(destination: Destination) -> datetime:
    assert destination.published_at is not None  # noqa: S101 - only what is out is read
    return destination.published_at


def moment(unix_s: float) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC)


def described(fault: Fault, *, partial: bool) -> dict[str, object]:
    return {"code": fault.code, "message": fault.sentence(), "partial": partial}


def retry(fault: Fault, failures: int, now: datetime) -> datetime:
    """When the network may be asked again: its own word, else a growing pause."""
    if isinstance(fault, WaitUntil):
        return max(fault.until, now + BACK_OFF)
    pause: timedelta = BACK_OFF * 2 ** min(failures - 1, 12)
    return now + min(pause, BACK_OFF_MOST)


def again(fault: Fault, failures: int, now: datetime) -> datetime | None:
    """When it is read by plan again after a failure; None: never."""
    if isinstance(fault, Gone):
        return None
    least = OUTSIDE if isinstance(fault, Reconnect | ActOutside) else timedelta(0)
    return max(retry(fault, failures, now), now + least)
