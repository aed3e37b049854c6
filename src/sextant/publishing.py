"""A post's life in our books: taken, changed, approved, cancelled, taken down. Sending is delivering.py's."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.accounts import Accounts
from sextant.clock import Clock
from sextant.engine import Engine
from sextant.errors import Conflict, Invalid, NotFound, fault_at
from sextant.platforms.base import Options
from sextant.platforms.catalogue import Kind
from sextant.preflight import Findings, Preflight, Proposal, Target
from sextant.removing import Removing
from sextant.store import Store, connections, deliveries, posts
from sextant.store.posts import PENDING, PROCESSING, SCHEDULED, Destination, Post
from sextant.store.rows import new_id
from sextant.targets import Wanted, targets_of

ASK_BEFORE = timedelta(hours=1)
"""The state of an account is asked for only when a post goes out so soon."""

GRACE = timedelta(minutes=1)
"""A time so little in the past means now: the request itself took time."""


@dataclass(frozen=True, slots=True)
class NewPost:
    """What POST /social/post asks for, after its body was read. `options`: by platform, as given."""

    text: str
    media_urls: list[str]
    destinations: list[Wanted]
    platforms: list[str]
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    scheduled_at: datetime | None = None
    needs_approval: bool = False

    def hash(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


@dataclass(frozen=True, slots=True)
class Change:
    """What PATCH asks for; UNSET leaves a field as it is. `scheduled_at` None: as soon as may be."""

    scheduled_at: datetime | msgspec.UnsetType | None = msgspec.UNSET
    paused: bool | msgspec.UnsetType = msgspec.UNSET
    notes: str | msgspec.UnsetType | None = msgspec.UNSET
    approve: bool | msgspec.UnsetType = msgspec.UNSET
    text: str | msgspec.UnsetType = msgspec.UNSET
    media_urls: list[str] | msgspec.UnsetType = msgspec.UNSET

    def of(self, name: str, old: Any) -> Any:
        new = getattr(self, name)
        return old if new is msgspec.UNSET else new


class Publishing:
    def __init__(
        self,
        store: Store,
        clock: Clock,
        accounts: Accounts,
        preflight: Preflight,
        engine: Engine,
    ) -> None:
        self.store, self.clock = store, clock
        self.accounts, self.preflight, self.engine = accounts, preflight, engine
        self.removing = Removing(store, clock, accounts)

    # ---- taking a post ----

    async def create(self, organization_id: str, new: NewPost, idempotency_key: str | None) -> str:
        """Keeps the post; the same idempotency key and body give the same post. Raises Invalid, Conflict."""
        if idempotency_key and (known := await self._known(organization_id, new, idempotency_key)):
            return known
        proposal, findings = await self.checked(organization_id, new)
        post = self._post(organization_id, proposal, new, idempotency_key)
        post["media_facts"] = findings.stored()
        try:
            async with self.store.write() as db:
                await posts.add(db, post, self._rows(post, proposal.targets, findings.kind))
        except IntegrityError:
            if idempotency_key and (known := await self._known(organization_id, new, idempotency_key)):
                return known
            raise
        self.engine.wake()
        return proposal.id

    async def checked(self, organization_id: str, new: NewPost) -> tuple[Proposal, Findings]:
        """The post as it would go out, and what is known of its media. Raises Invalid with every fault."""
        self._to_come(new.scheduled_at)
        async with self.store.read() as db:
            known = await connections.of_organization(db, organization_id)
        targets = targets_of(new.destinations, new.platforms, new.options, known, self.accounts.platforms)
        proposal = Proposal(new_id(), new.text, new.media_urls, targets)
        return proposal, await self._passed(proposal, new.scheduled_at)

    def _to_come(self, at: datetime | msgspec.UnsetType | None) -> None:
        now = self.clock.now()
        if isinstance(at, datetime) and at < now - GRACE:
            said = f"This time has passed; it is {now:%Y-%m-%dT%H:%M:%SZ} now."
            raise Invalid(fault_at(["body", "schedule_date"], said))

    async def _passed(self, proposal: Proposal, at: datetime | None) -> Findings:
        soon = at is None or at <= self.clock.now() + ASK_BEFORE
        findings = await self.preflight.check(proposal, ask=soon)
        if findings.complaints:
            raise Invalid(*findings.complaints)
        return findings

    async def _known(self, organization_id: str, new: NewPost, key: str) -> str | None:
        async with self.store.read() as db:
            found = await posts.by_idempotency_key(db, organization_id, key)
        if found is not None and found.body_hash != new.hash():
            raise Conflict("This Idempotency-Key was used for another body. Use a new key for a new post.")
        return found.id if found else None

    def _post(
        self, organization_id: str, proposal: Proposal, new: NewPost, idempotency_key: str | None
    ) -> dict[str, Any]:
        return {
            "id": proposal.id,
            "organization_id": organization_id,
            "text": new.text,
            "media_urls": new.media_urls,
            "status": status_at_first(new),
            "created_at": self.clock.now(),
            "published_at": None,
            "idempotency_key": idempotency_key,
            "body_hash": new.hash(),
            "scheduled_at": new.scheduled_at,
            "paused": False,
            "notes": None,
        }

    def _rows(self, post: dict[str, Any], targets: Sequence[Target], kind: Kind) -> list[dict[str, Any]]:
        now = self.clock.now()
        waits = post["status"] == PENDING
        return [
            {
                "id": new_id(),
                "post_id": post["id"],
                "connection_id": target.connection.id,
                "position": place,
                "platform": target.connection.platform,
                "kind": kind.value,
                "status": PROCESSING if post["status"] == PROCESSING else SCHEDULED,
                "attempts": 0,
                "next_attempt_at": None if waits else post["scheduled_at"] or now,
                "updated_at": now,
                "text": target.text,
                "options": None if target.options is None else msgspec.to_builtins(target.options),
            }
            for place, target in enumerate(targets)
        ]

    # ---- changing one that waits ----

    async def change(self, organization_id: str, post_id: str, change: Change) -> None:
        """Changes a post that nobody has begun; Conflict when somebody has, Invalid when it would not do."""
        async with self.store.read() as db:
            post, rows = await _waiting(db, organization_id, post_id)
        self._to_come(change.scheduled_at)
        checked: dict[str, Any] = {}
        kind = None
        if change.text is not msgspec.UNSET or change.media_urls is not msgspec.UNSET:
            findings = await self._rechecked(post, rows, self._changed(post, change))
            checked, kind = {"media_facts": findings.stored()}, findings.kind.value
        async with self.store.write() as db:
            await posts.lock(db, post_id)
            post, rows = await _waiting(db, organization_id, post_id)  # others may have changed it meanwhile
            values = self._changed(post, change) | checked
            due = self._due(post, values)
            if not await deliveries.reschedule(db, post_id, next_attempt_at=due, kind=kind or rows[0].kind):
                raise _under_way()
            await posts.update_post(db, post_id, **values)
        if change.approve is False and post.status == PENDING:
            await self.removing.remove(post_id)
        self.engine.wake()

    def _due(self, post: Post, values: dict[str, Any]) -> datetime | None:
        """When a changed post is to go out. Held back over its time it is not late, but due now."""
        now = self.clock.now()
        if values["paused"] or values["status"] == PENDING:
            return None
        at: datetime = values["scheduled_at"] or now
        return max(at, now) if post.paused or post.status == PENDING else at

    def _changed(self, post: Post, change: Change) -> dict[str, Any]:
        approved = change.approve is True and post.status == PENDING
        return {
            "status": SCHEDULED if approved else post.status,
            "scheduled_at": change.of("scheduled_at", post.scheduled_at),
            "paused": change.of("paused", post.paused),
            "notes": change.of("notes", post.notes),
            "text": change.of("text", post.text),
            "media_urls": change.of("media_urls", post.media_urls),
        }

    async def _rechecked(self, post: Post, rows: Sequence[Destination], values: dict[str, Any]) -> Findings:
        async with self.store.read() as db:
            known = await connections.by_ids(db, [row.connection_id for row in rows])
        targets = [Target(known[row.connection_id], row.text, self._options(row)) for row in rows]
        proposal = Proposal(post.id, values["text"], values["media_urls"], targets)
        return await self._passed(proposal, values["scheduled_at"])

    def _options(self, row: Destination) -> Options | None:
        if row.options is None:
            return None
        return msgspec.convert(row.options, self.accounts.platforms[row.platform].options)

    # ---- taking back ----

    async def remove(self, organization_id: str, post_id: str) -> list[Destination]:
        """Cancels what is not out, for certain, and takes down what is, where the network can."""
        async with self.store.read() as db:
            if await posts.by_id(db, organization_id, post_id) is None:
                raise NotFound("No such post.")
        return await self.removing.remove(post_id)


def status_at_first(new: NewPost) -> str:
    """A post that waits for approval waits for nothing else before; one without a time is under way."""
    if new.needs_approval:
        return PENDING
    return PROCESSING if new.scheduled_at is None else SCHEDULED


async def _waiting(db: AsyncConnection, organization_id: str, post_id: str) -> tuple[Post, list[Destination]]:
    post = await posts.by_id(db, organization_id, post_id)
    if post is None:
        raise NotFound("No such post.")
    if post.status not in (SCHEDULED, PENDING):
        raise _under_way()
    return post, await posts.destinations_of(db, post_id)


def _under_way() -> Conflict:
    return Conflict("This post is already under way or has ended; only a scheduled one can be changed.")
