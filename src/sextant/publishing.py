"""A post's life: taken, sent one saved step at a time, and when an answer is lost, looked for."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.exc import IntegrityError

from sextant import preflight
from sextant.accounts import Accounts
from sextant.clock import Clock
from sextant.engine import Engine
from sextant.errors import (
    Conflict,
    Fault,
    FixContent,
    Invalid,
    OurBug,
    OutcomeUnknown,
    TryLater,
    WaitUntil,
    fault_at,
)
from sextant.http import AccountCall
from sextant.media import Fetcher, PostMedia
from sextant.platforms.base import Checkpoint, Draft, Platform, Published
from sextant.platforms.catalogue import Kind
from sextant.store import Store, connections, posts
from sextant.store.connections import Connection
from sextant.store.posts import FAILED, PARTIAL, POSTED, PROCESSING, UNKNOWN, Destination, Post
from sextant.store.rows import new_id

log = logging.getLogger("sextant.publishing")

ATTEMPTS = 12
LEASE = timedelta(seconds=60)
LOOKS = (1.0, 3.0, 10.0)
"""Pauses before each look for a post whose answer was lost: listings lag behind a little."""
LOOK_AGAIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class NewPost:
    """What POST /social/post asks for, after its body was read."""

    text: str
    media_urls: list[str]
    destinations: list[str]
    platforms: list[str]

    def hash(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


class Publishing:
    def __init__(self, store: Store, clock: Clock, accounts: Accounts, fetcher: Fetcher) -> None:
        self.store, self.clock = store, clock
        self.accounts, self.fetcher = accounts, fetcher
        self.engine = Engine(clock, self.advance, self._due)
        self._media: dict[str, PostMedia] = {}

    # ---- taking a post ----

    async def create(self, organization_id: str, new: NewPost, idempotency_key: str | None) -> str:
        """Keeps the post and starts it; the same idempotency key and body give the same post."""
        if idempotency_key and (known := await self._known(organization_id, new, idempotency_key)):
            return known
        targets = await self._targets(organization_id, new)
        platforms = self.accounts.platforms
        if faults := preflight.complaints(new.text, new.media_urls, targets, platforms, self.fetcher):
            raise Invalid(*faults)
        post_id, rows = self._rows(new, targets)
        try:
            async with self.store.write() as db:
                post = self._post(organization_id, post_id, new, idempotency_key)
                await posts.add(db, post, rows)
        except IntegrityError:
            if idempotency_key and (known := await self._known(organization_id, new, idempotency_key)):
                return known
            raise
        for row in rows:
            self.engine.start(row["id"])
        return post_id

    async def _known(self, organization_id: str, new: NewPost, key: str) -> str | None:
        async with self.store.read() as db:
            found = await posts.by_idempotency_key(db, organization_id, key)
        if found is not None and found.body_hash != new.hash():
            raise Conflict("This Idempotency-Key was used for another body. Use a new key for a new post.")
        return found.id if found else None

    async def _targets(self, organization_id: str, new: NewPost) -> list[Connection]:
        """The connections meant, in the order given; refused with the candidates when it is unclear."""
        async with self.store.read() as db:
            known = await connections.of_organization(db, organization_id)
        targets = [_named(known, place, wanted) for place, wanted in enumerate(new.destinations)]
        for place, platform in enumerate(new.platforms):
            target = _only(known, place, platform, self.accounts.platforms)
            if target not in targets:
                targets.append(target)
        if not targets:
            raise Invalid(fault_at(["body", "destinations"], "Name at least one destination or platform."))
        return targets

    def _post(
        self, organization_id: str, post_id: str, new: NewPost, idempotency_key: str | None
    ) -> dict[str, Any]:
        return {
            "id": post_id,
            "organization_id": organization_id,
            "text": new.text,
            "media_urls": new.media_urls,
            "status": PROCESSING,
            "created_at": self.clock.now(),
            "published_at": None,
            "idempotency_key": idempotency_key,
            "body_hash": new.hash(),
        }

    def _rows(self, new: NewPost, targets: Sequence[Connection]) -> tuple[str, list[dict[str, Any]]]:
        post_id, now = new_id(), self.clock.now()
        kind = preflight.kind_of(new.media_urls)
        rows = [
            {
                "id": new_id(),
                "post_id": post_id,
                "connection_id": target.id,
                "position": place,
                "platform": target.platform,
                "kind": kind.value,
                "status": PROCESSING,
                "attempts": 0,
                "updated_at": now,
            }
            for place, target in enumerate(targets)
        ]
        return post_id, rows

    # ---- one destination, until it rests ----

    async def advance(self, destination_id: str) -> datetime | None:
        """Takes a destination as far as it goes now. Returns when to come again, None when it rests."""
        now = self.clock.now()
        async with self.store.write() as db:
            if not await posts.lease(db, destination_id, now, now + LEASE):
                return None
            destination = await posts.destination(db, destination_id)
            post = await posts.with_id(db, destination.post_id)
            connection = await connections.by_id(db, destination.connection_id)
        assert connection is not None  # noqa: S101 - the foreign key holds it
        async with self._held(destination_id):
            again = await _Run(self, post, destination, connection).go()
        await self._settled(post.id)
        return again

    @asynccontextmanager
    async def _held(self, destination_id: str) -> AsyncIterator[None]:
        """Keeps the lease alive while a long upload or poll goes on."""

        async def beat() -> None:
            while True:
                await asyncio.sleep(LEASE.total_seconds() / 3)
                async with self.store.write() as db:
                    await posts.extend_lease(db, destination_id, self.clock.now() + LEASE)

        heart = asyncio.create_task(beat())
        try:
            yield
        finally:
            heart.cancel()

    async def free_leases(self) -> None:
        """For a database that only this process uses: what it held before a crash is free again."""
        async with self.store.write() as db:
            await posts.release_all(db)

    async def _due(self) -> list[str]:
        async with self.store.read() as db:
            return await posts.due(db, self.clock.now())

    async def _settled(self, post_id: str) -> None:
        """Frees the post's media once none of its destinations is under way any more."""
        async with self.store.read() as db:
            rows = await posts.destinations_of(db, post_id)
        if all(row.status != PROCESSING for row in rows) and (media := self._media.pop(post_id, None)):
            media.discard()

    def media_of(self, post: Post) -> tuple[PostMedia, ...]:
        if not post.media_urls:
            return ()
        if post.id not in self._media:
            self._media[post.id] = PostMedia(self.fetcher, post.media_urls[0])
        return (self._media[post.id],)


class _Run:
    """One go at one destination."""

    def __init__(
        self, publishing: Publishing, post: Post, destination: Destination, connection: Connection
    ) -> None:
        self.store, self.clock = publishing.store, publishing.clock
        self.accounts = publishing.accounts
        self.destination, self.connection = destination, connection
        self.post = post
        self.committed = bool((destination.checkpoint or {}).get("committed"))
        """The network has taken the post and only its id is awaited: that is never given up."""
        self.draft = Draft(destination.id, post.text, publishing.media_of(post), Kind(destination.kind))

    @property
    def platform(self) -> Platform:
        return self.accounts.platforms[self.connection.platform]

    async def go(self) -> datetime | None:
        try:
            call = self.accounts.call(self.connection)
            done = _loaded(self.destination.checkpoint)
            if done is not None and done.announces:
                return await self._look(call, done)
            return await self._publish(call, done)
        except Fault as fault:
            return await self._faulted(fault)
        except Exception:
            log.exception("publishing destination %s failed", self.destination.id)
            return await self._faulted(OurBug())

    async def _publish(
        self, call: AccountCall, done: Checkpoint | None, resent: bool = False
    ) -> datetime | None:
        try:
            async for checkpoint in self.platform.publish(call, self.draft, done):
                self.committed = done is not None and done.announces and not checkpoint.announces
                done = checkpoint
                await self._reached(checkpoint)
        except OutcomeUnknown as lost:
            log.warning("destination %s: answer lost at %s", self.destination.id, done and done.step)
            if done is None or not done.announces:
                raise TryLater(lost.message) from None
            return await (self._unknown(lost) if resent else self._look(call, done))
        except (TryLater, WaitUntil):
            if done is not None and done.announces:
                # The network surely did not take it: the announcement is void.
                await self._save(checkpoint=_dumped(Checkpoint(done.step, done.state), committed=False))
            raise
        return None

    async def _reached(self, checkpoint: Checkpoint) -> None:
        if checkpoint.published is not None:
            await self._posted(checkpoint.published)
        else:
            lease = self.clock.now() + LEASE
            await self._save(
                checkpoint=_dumped(checkpoint, self.committed),
                lease_until=lease,
                error_code=None,
                error_message=None,
            )

    async def _posted(self, published: Published) -> None:
        await self._save(
            status=POSTED,
            kind=published.kind.value,
            native_id=published.id,
            native_video_id=published.video_id,
            post_url=published.url,
            published_at=published.at,
            checkpoint=None,
            lease_until=None,
            next_attempt_at=None,
            error_code=None,
            error_message=None,
        )

    async def _look(self, call: AccountCall, done: Checkpoint) -> datetime | None:
        """Looks for a post whose answer was lost; sends again, once, only if it is surely not there."""
        since = self.post.created_at - timedelta(minutes=5)
        try:
            for pause in LOOKS:
                await call.pause(pause)
                if found := await self.platform.find_published(call, self.draft, done, since):
                    await self._posted(found)
                    return None
        except FixContent:  # It arrived, and the network has rejected it for good.
            raise
        except Fault as unsure:
            return await self._unknown(unsure)
        return await self._publish(call, done, resent=True)

    async def _unknown(self, unsure: Fault) -> datetime:
        again = self.clock.now() + LOOK_AGAIN
        said = OutcomeUnknown(unsure.message).sentence()
        await self._save(
            status=UNKNOWN,
            error_code=OutcomeUnknown.code,
            error_message=said,
            next_attempt_at=again,
            lease_until=None,
        )
        return again

    async def _faulted(self, fault: Fault) -> datetime | None:
        attempts = self.destination.attempts + 1
        passing = isinstance(fault, TryLater | WaitUntil) and (self.committed or attempts < ATTEMPTS)
        again = _next_attempt(self.clock.now(), attempts, fault) if passing else None
        await self._save(
            status=PROCESSING if passing else FAILED,
            attempts=attempts,
            error_code=fault.code,
            error_message=fault.sentence(),
            next_attempt_at=again,
            lease_until=None,
        )
        return again

    async def _save(self, **values: Any) -> None:
        """Keeps what became of the destination, and what that makes of the post, in one transaction."""
        async with self.store.write() as db:
            if "status" in values:
                await posts.lock(db, self.post.id)
            await posts.update_destination(db, self.destination.id, self.clock.now(), **values)
            if "status" in values:
                rows = await posts.destinations_of(db, self.post.id)
                when = min((row.published_at for row in rows if row.published_at), default=None)
                await posts.update_post(db, self.post.id, status=status_of(rows), published_at=when)


def _next_attempt(now: datetime, attempts: int, fault: Fault) -> datetime:
    return fault.retry_at or now + timedelta(seconds=min(2.0**attempts, 900))


def _named(known: Sequence[Connection], place: int, wanted: str) -> Connection:
    found = next((connection for connection in known if connection.id == wanted), None)
    if found is None:
        at: list[str | int] = ["body", "destinations", place, "social_connection_id"]
        raise Invalid(fault_at(at, "No such connection. See GET /social/connections."))
    return found


def _only(known: Sequence[Connection], place: int, platform: str, platforms: Any) -> Connection:
    """The organization's one connection on a platform."""
    at: list[str | int] = ["body", "platforms", place]
    if platform not in platforms:
        raise Invalid(fault_at(at, f"Unknown platform; use one of: {', '.join(platforms)}."))
    found = [connection for connection in known if connection.platform == platform]
    if not found:
        raise Invalid(fault_at(at, f"No account is connected on {platform}. See POST /social/connections."))
    if len(found) > 1:
        candidates = ", ".join(f"{c.id} ({c.account_username or c.account_name})" for c in found)
        raise Invalid(
            fault_at(at, f"Several accounts are connected; name one in destinations: {candidates}.")
        )
    return found[0]


def status_of(rows: Sequence[Destination]) -> str:
    """A post's status from those of its destinations."""
    states = {row.status for row in rows}
    if states & {PROCESSING, UNKNOWN}:
        return PROCESSING
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
