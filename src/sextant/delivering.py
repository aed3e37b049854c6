"""One destination until it rests: sent one saved step at a time, and when an answer is lost, looked for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.accounts import Accounts
from sextant.clock import Clock
from sextant.collecting.keeping import newborn
from sextant.errors import (
    Fault,
    FixContent,
    Gone,
    Missed,
    OurBug,
    OutcomeUnknown,
    TryLater,
    WaitUntil,
)
from sextant.http import AccountCall
from sextant.media.shelf import Shelf
from sextant.platforms.allowances import measured
from sextant.platforms.base import Checkpoint, Draft, Platform, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.media import MediaFacts
from sextant.store import Store, connections, deliveries, posts, readings, rounds
from sextant.store.connections import Connection
from sextant.store.posts import (
    DELETED,
    FAILED,
    PARTIAL,
    POSTED,
    PROCESSING,
    REJECTED,
    SCHEDULED,
    UNKNOWN,
    Destination,
    Post,
)

log = logging.getLogger("sextant.delivering")

ATTEMPTS = 12
LONGEST_PAUSE_S = 900.0
LOOKS = (1.0, 3.0, 10.0)
"""Pauses before each look for a post whose answer was lost: listings lag behind a little."""
LOOK_AGAIN_S = (5.0, 15.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
LOOKED_FOR = timedelta(days=7)
"""After so long an unknown outcome is left to the people."""
CANCELLED = {
    "status": REJECTED,
    "checkpoint": None,
    "announced": False,
    "next_attempt_at": None,
    "error_code": None,
    "error_message": None,
    "holder": None,
}
"""What was just going out when its post was cancelled, and then was surely not taken."""
BEFORE = timedelta(minutes=5)
"""How far clocks of ours and of a network may be apart."""
SIBLINGS = 30
"""Of an account's posts, so many tell how a new one will grow."""


class LostHold(Exception):
    """The destination was cancelled, or another worker has taken it over: nothing more is done for it."""


class Delivering:
    def __init__(
        self, store: Store, clock: Clock, accounts: Accounts, shelf: Shelf, late_limit: timedelta
    ) -> None:
        self.store, self.clock = store, clock
        self.accounts, self.shelf, self.late_limit = accounts, shelf, late_limit

    async def advance(self, destination_id: str, worker_id: str) -> None:
        """Takes a claimed destination as far as it goes now, and lets it go."""
        async with self.store.write() as db:
            destination = await deliveries.held(db, destination_id, worker_id)
            if destination is None:
                return
            post = await posts.with_id(db, destination.post_id)
            connection = await connections.by_id(db, destination.connection_id)
            if destination.status == SCHEDULED and not await self._taken_up(db, destination, worker_id):
                return
        assert connection is not None  # noqa: S101 - the foreign key holds it
        with self.shelf.place(post.id):
            try:
                await _Run(self, post, destination, connection, worker_id).go()
            except LostHold:
                log.info("destination %s is no longer ours", destination_id)

    async def _taken_up(self, db: AsyncConnection, destination: Destination, worker_id: str) -> bool:
        """It is no longer only scheduled, nor is its post, which is locked first, as for taking it back."""
        await posts.lock(db, destination.post_id)
        now = self.clock.now()
        ours = await deliveries.save(db, destination.id, worker_id, now, status=PROCESSING)
        if ours:
            await deliveries.begun(db, destination.post_id)
        return ours


class _Run:
    """One go at one destination."""

    def __init__(
        self,
        delivering: Delivering,
        post: Post,
        destination: Destination,
        connection: Connection,
        worker_id: str,
    ) -> None:
        self.store, self.clock = delivering.store, delivering.clock
        self.accounts, self.late_limit = delivering.accounts, delivering.late_limit
        self.post, self.destination, self.connection = post, destination, connection
        self.worker_id = worker_id
        self.committed = bool((destination.checkpoint or {}).get("committed"))
        """The network has taken the post and only its id is awaited: that is never given up."""
        self._shelf = delivering.shelf

    @property
    def platform(self) -> Platform:
        return self.accounts.platforms[self.connection.platform]

    async def go(self) -> None:
        try:
            await self._go()
        except Fault as fault:
            await self._faulted(fault)
        except LostHold:
            raise
        except Exception:
            log.exception("publishing destination %s failed", self.destination.id)
            await self._faulted(OurBug())

    async def _go(self) -> None:
        self.draft = draft_of(self.platform, self.post, self.destination, self._shelf)
        if self.post.status == REJECTED and not self.destination.announced:
            await self._save(**CANCELLED)
            return
        call = self.accounts.call(self.connection)
        done = _loaded(self.destination.checkpoint)
        if done is None and not await self._may_begin(call):
            return
        if done is not None and done.announces:
            await self._look(call, done)
        else:
            await self._publish(call, done)

    # ---- before the first step ----

    async def _may_begin(self, call: AccountCall) -> bool:
        """Whether it is to go out now: not too late, not faster than the network allows, still good."""
        now = self.clock.now()
        if self.destination.started_at is None:
            due = self.destination.next_attempt_at or now
            if self.post.scheduled_at is not None and now - due > self.late_limit:
                raise Missed(f"due {self.post.scheduled_at:%Y-%m-%d %H:%M} UTC")
            if until := await self._begun(now):
                said = f"Waiting: {self.platform.title} takes no more posts of this account before then."
                await self._save(next_attempt_at=until, error_message=said, holder=None)
                return False
            self.destination = replace(self.destination, started_at=now)
        for medium in (*self.draft.media, *self.draft.extra.values()):
            if medium.facts is None:
                await medium.file()
        complaints = self.platform.check(self.draft, call.account, call.scopes)
        if complaints:
            raise FixContent(" ".join(complaint.say for complaint in complaints))
        return True

    async def _begun(self, now: datetime) -> datetime | None:
        """Counts it as begun, one at a time for each account; else when the network's rates let it begin."""
        async with self.store.write() as db:
            await connections.lock(db, self.connection.id)
            for rate in self.platform.limits.rates:
                span = timedelta(seconds=rate.seconds)
                before = await deliveries.started(db, self.connection.id, now - span)
                if len(before) >= rate.posts:
                    return before[-rate.posts] + span
            values = {"started_at": now, "error_message": None}
            if not await deliveries.save(db, self.destination.id, self.worker_id, now, **values):
                raise LostHold
        return None

    # ---- sending, and looking ----

    async def _publish(self, call: AccountCall, done: Checkpoint | None, resent: bool = False) -> None:
        announced = done if done is not None and done.announces else None
        try:
            async for checkpoint in self.platform.publish(call, self.draft, done):
                if checkpoint.step == START:
                    announced, self.committed = None, False
                elif checkpoint.announces:
                    announced = checkpoint
                else:
                    self.committed = self.committed or announced is not None
                done = checkpoint
                await self._reached(checkpoint)
        except OutcomeUnknown as lost:
            log.warning("destination %s: answer lost at %s", self.destination.id, done and done.step)
            if announced is None:
                raise TryLater(lost.message) from None
            await (self._unknown(lost) if resent else self._look(call, announced))
        except (TryLater, WaitUntil):
            if done is not None and done.announces:
                # The network surely did not take it: the announcement is void.
                void = Checkpoint(done.step, done.state)
                await self._save(checkpoint=_dumped(void, committed=False), announced=False)
            raise

    async def _reached(self, checkpoint: Checkpoint) -> None:
        if checkpoint.published is not None:
            await self._posted(checkpoint.published)
        else:
            await self._save(
                checkpoint=_dumped(checkpoint, self.committed),
                announced=checkpoint.announces or self.committed,
                error_code=None,
                error_message=None,
            )

    async def _posted(self, published: Published) -> None:
        values = {
            "status": POSTED,
            "kind": published.kind.value,
            "native_id": published.id,
            "native_video_id": published.video_id,
            "post_url": published.url,
            "published_at": published.at,
            "checkpoint": None,
            "announced": False,
            "next_attempt_at": None,
            "error_code": None,
            "error_message": published.note,
            "holder": None,
        }
        try:
            async with self.store.write() as db:
                await self._saved(db, **values)
                await self._expected(db, published.at)
        except IntegrityError:
            raise OutcomeUnknown(f"the network named {published.id}, which is another post of ours") from None

    async def _look(self, call: AccountCall, done: Checkpoint) -> None:
        """Looks for a post whose answer was lost; sends again, once, only if it is surely not there."""
        since = (self.destination.started_at or self.post.created_at) - BEFORE
        try:
            for pause in LOOKS:
                await call.pause(pause)
                await self._know_ours(since)
                if found := await self.platform.find_published(call, self.draft, done, since):
                    await self._posted(found)
                    return
        except (FixContent, Gone):  # It arrived, and was rejected for good or has been taken down since.
            raise
        except Fault as unsure:
            await self._unknown(unsure)
            return
        if await self._taken_back():
            await self._save(**CANCELLED)
        else:
            await self._publish(call, done, resent=True)

    async def _taken_back(self) -> bool:
        """Whether the post was cancelled since: while a request is on its way that cannot be stopped."""
        async with self.store.read() as db:
            return (await posts.with_id(db, self.post.id)).status == REJECTED

    async def _know_ours(self, since: datetime) -> None:
        async with self.store.read() as db:
            taken = await deliveries.taken(db, self.connection.id, self.destination.id, since - BEFORE)
        self.draft = replace(self.draft, taken=taken)

    # ---- where it comes to rest ----

    async def _unknown(self, unsure: Fault) -> None:
        now, attempts = self.clock.now(), self.destination.attempts + 1
        begun = self.destination.started_at or self.post.created_at
        pause = LOOK_AGAIN_S[min(attempts, len(LOOK_AGAIN_S)) - 1]
        again = unsure.retry_at or now + timedelta(seconds=pause)
        await self._save(
            status=UNKNOWN,
            attempts=attempts,
            error_code=OutcomeUnknown.code,
            error_message=OutcomeUnknown(unsure.message).sentence(),
            next_attempt_at=again if now - begun < LOOKED_FOR else None,
            holder=None,
        )

    async def _faulted(self, fault: Fault) -> None:
        now, attempts = self.clock.now(), self.destination.attempts + 1
        passing = isinstance(fault, TryLater | WaitUntil) and (self.committed or attempts < ATTEMPTS)
        if isinstance(fault, WaitUntil):
            async with self.store.write() as db:
                await connections.hold_back(db, self.connection.id, fault.until)
        pause = timedelta(seconds=min(2.0**attempts, LONGEST_PAUSE_S))
        await self._save(
            status=PROCESSING if passing else FAILED,
            attempts=attempts,
            error_code=fault.code,
            error_message=fault.sentence(),
            next_attempt_at=(fault.retry_at or now + pause) if passing else None,
            holder=None,
            **({} if passing else {"announced": False}),
        )

    async def _save(self, **values: Any) -> None:
        async with self.store.write() as db:
            await self._saved(db, **values)

    async def _saved(self, db: AsyncConnection, **values: Any) -> None:
        """Keeps what became of the destination, and what that makes of the post, in one transaction.

        Raises LostHold when it is no longer ours; nothing is kept then.
        """
        status = await posts.lock(db, self.post.id) if "status" in values else None
        if status == REJECTED and values["status"] == PROCESSING and not self.committed:
            values |= CANCELLED
        now = self.clock.now()
        if not await deliveries.save(db, self.destination.id, self.worker_id, now, **values):
            raise LostHold
        if status is not None:
            rows = await posts.destinations_of(db, self.post.id)
            when = min((row.published_at for row in rows if row.published_at), default=None)
            become = REJECTED if status == REJECTED else status_of(rows)
            await posts.update_post(db, self.post.id, status=become, published_at=when)

    async def _expected(self, db: AsyncConnection, published_at: datetime) -> None:
        """From now on it is read by plan."""
        showing = measured(self.platform).showing
        siblings = await readings.plan(db, self.connection.id, SIBLINGS)
        due, growth = newborn(siblings, published_at, showing)
        await readings.expect(db, self.destination.id, self.connection.id, due, **asdict(growth))
        await rounds.expect(db, self.connection.id, self.connection.platform, due)


START = "start"
"""The step an adapter names when what it had is spoilt and it begins anew."""


def draft_of(platform: Platform, post: Post, destination: Destination, shelf: Shelf) -> Draft:
    """What a destination is to show; the post's place on the shelf has to be held."""
    options = msgspec.convert(destination.options or {}, platform.options)
    saved = post.media_facts or [None] * len(post.media_urls)
    facts = [None if fact is None else msgspec.convert(fact, MediaFacts) for fact in saved]
    named = options.addresses()
    extra = shelf.media(post.id, list(named.values()), [None] * len(named))
    return Draft(
        id=destination.id,
        text=post.text if destination.text is None else destination.text,
        media=shelf.media(post.id, post.media_urls, facts),
        kind=Kind(destination.kind),
        options=options,
        extra=dict(zip(named, extra, strict=True)),
    )


def status_of(rows: Sequence[Destination]) -> str:
    """A post's status from those of its destinations."""
    if any(row.next_attempt_at is not None or row.status in (SCHEDULED, PROCESSING) for row in rows):
        return PROCESSING
    states = {row.status for row in rows} - {REJECTED, DELETED}
    if not states:
        return REJECTED
    if states == {POSTED}:
        return POSTED
    return PARTIAL if POSTED in states else FAILED


def _dumped(checkpoint: Checkpoint, committed: bool) -> dict[str, Any]:
    return {
        "step": checkpoint.step,
        "state": dict(checkpoint.state),
        "announces": checkpoint.announces,
        "committed": committed,
    }


def _loaded(saved: dict[str, Any] | None) -> Checkpoint | None:
    return None if saved is None else Checkpoint(saved["step"], saved["state"], saved["announces"])
