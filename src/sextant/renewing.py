"""Tokens stay good: renewed early and with jitter, one at a time per account among all processes."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import msgspec

from sextant.crypto import Vault
from sextant.errors import ExpiredToken, Fault, Reconnect, TryLater
from sextant.http import Wire
from sextant.platforms.base import Grant
from sextant.store import Store, connections
from sextant.store.connections import Connection

log = logging.getLogger("sextant.renewing")

EARLY = timedelta(minutes=10)
EARLY_PART = 0.1
"""An access token is renewed in the last tenth of its life, but at most ten minutes before its end."""
LONG_LIFE = timedelta(days=7)
LATE_PART = 0.8
"""What nobody uses is renewed by itself after four fifths of the life that would otherwise end."""
UNKNOWN_LIFE = timedelta(days=30)
"""How long a refresh token of unknown life is left alone."""
RETRY_AFTER = timedelta(minutes=10)
HELD_S = 60.0
"""How long a process has the right to renew; longer than any refresh takes."""
LOOK_S = 0.1

Refresh = Callable[[Connection, Grant], Awaitable[Grant]]


class Grants:
    """Tokens as they are kept: sealed for their connection."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def sealed(self, grant: Grant, connection_id: str) -> str:
        return self._vault.seal(msgspec.json.encode(grant).decode(), connection_id)

    def opened(self, connection: Connection) -> Grant:
        sealed = connection.sealed_grant or ""
        return msgspec.json.decode(self._vault.open(sealed, connection.id), type=Grant)


def jitter(connection_id: str) -> float:
    """Between 0.5 and 1, the same for a connection every time, so that not all renew at once."""
    return 0.5 + hashlib.sha256(connection_id.encode()).digest()[0] / 510


def renew_from(grant: Grant, granted_at: datetime | None, connection_id: str) -> datetime | None:
    """From when on a call renews the access token although it is still good; None: not before it is not."""
    if grant.expires_at is None or granted_at is None:
        return None
    early = min(EARLY, (grant.expires_at - granted_at) * EARLY_PART)
    return grant.expires_at - early * jitter(connection_id)


def renew_at(grant: Grant, now: datetime, connection_id: str) -> datetime | None:
    """When the tokens are to be renewed though nobody asks, so that no consent dies of disuse."""
    if grant.refresh_token is None:
        ends = grant.expires_at
        if ends is None or ends - now < LONG_LIFE:
            return None
    else:
        ends = grant.refresh_expires_at or now + UNKNOWN_LIFE
    return now + (ends - now) * LATE_PART * jitter(connection_id)


class Renewing:
    """`refresh` asks the network; it raises a Fault."""

    def __init__(self, store: Store, wire: Wire, grants: Grants, refresh: Refresh) -> None:
        self.store, self.wire, self.grants = store, wire, grants
        self._refresh = refresh
        self._renewals: dict[str, asyncio.Task[Grant]] = {}
        self._not_before: dict[str, datetime] = {}

    async def close(self) -> None:
        """Lets renewals under way end: a rotated refresh token that is not saved is lost."""
        await asyncio.gather(*self._renewals.values(), return_exceptions=True)

    async def settled(self, connection_id: str) -> None:
        """Waits for a renewal under way in this process, whatever comes of it."""
        if running := self._renewals.get(connection_id):
            await asyncio.gather(running, return_exceptions=True)

    async def renew(self, connection_id: str, old: Grant) -> Grant:
        """A grant newer than `old`. However many ask at once, here or elsewhere, the network is asked once.

        The new refresh token is saved before the new access token is used, also when the asker is gone by
        then. A refused refresh marks the connection; a passing failure changes nothing.
        """
        try:
            return await self._shared(connection_id, old)
        except Reconnect as refused:
            await self.mark(connection_id, old, refused)
            raise

    async def _shared(self, connection_id: str, old: Grant) -> Grant:
        joined = self._renewals.get(connection_id)
        if joined is not None:
            fresh = await asyncio.shield(joined)
            if fresh != old:
                return fresh
        return await asyncio.shield(self._renewals.get(connection_id) or self._begun(connection_id, old))

    async def renew_early(self, connection_id: str, old: Grant) -> Grant:
        """The same while `old` is still good: when it does not work out, `old` goes on being used."""
        now = self.wire.clock.now()
        if self._not_before.get(connection_id, now) > now:
            return old
        try:
            return await self._shared(connection_id, old)
        except Fault as fault:
            log.info("renewing a token early did not work out: %s", fault.code)
            self._not_before[connection_id] = now + timedelta(minutes=1)
            return old

    async def renew_due(self) -> None:
        """Renews what nobody has used for long."""
        now = self.wire.clock.now()
        async with self.store.read() as db:
            due = await connections.to_renew(db, now)
        for connection in due:
            if connection.sealed_grant is not None:
                await self.renew_early(connection.id, self.grants.opened(connection))

    def _begun(self, connection_id: str, old: Grant) -> asyncio.Task[Grant]:
        renewal = self._renewals[connection_id] = asyncio.create_task(self._renew(connection_id, old))
        renewal.add_done_callback(lambda done: self._renewed(connection_id, done))
        return renewal

    def _renewed(self, connection_id: str, done: asyncio.Task[Grant]) -> None:
        del self._renewals[connection_id]
        if not done.cancelled():
            done.exception()  # seen, even when nobody waits any more

    async def _renew(self, connection_id: str, old: Grant) -> Grant:
        """Waits for the right to renew; whoever had it before may have left a newer grant."""
        tries = int(HELD_S / LOOK_S)
        for _ in range(tries):
            connection = await self.present(connection_id)
            grant = self.grants.opened(connection)
            if grant != old:
                return grant
            if await self._my_turn(connection_id):
                return await self._asked(connection, grant)
            await asyncio.sleep(LOOK_S)
        raise TryLater("another process has been renewing this account's token for long")

    async def _my_turn(self, connection_id: str) -> bool:
        now = datetime.now(UTC)  # the right to renew is between processes: the machine's time
        async with self.store.write() as db:
            return await connections.take_renewal(db, connection_id, now, now + timedelta(seconds=HELD_S))

    async def _asked(self, connection: Connection, grant: Grant) -> Grant:
        # Whoever had the right just before may have used it between our look and our turn.
        connection = await self.present(connection.id)
        present = self.grants.opened(connection)
        if present != grant:
            await self._ended(connection, connection.renew_at)
            return present
        try:
            fresh = await self._refresh(connection, grant)
        except ExpiredToken as odd:
            # A bare 401 without the protocol's own error says nothing about the grant: networks have
            # such outages (2026-06-30).
            await self._put_off(connection)
            raise TryLater(odd.message, request_id=odd.request_id) from None
        except Reconnect:
            await self._ended(connection, None)
            raise
        except BaseException:
            await self._put_off(connection)
            raise
        return await self._kept(connection, fresh)

    async def _kept(self, connection: Connection, fresh: Grant) -> Grant:
        """The grant that holds from now on: one of a new consent that came meanwhile is not overwritten."""
        now, before = self.wire.clock.now(), connection.sealed_grant
        sealed, due = self.grants.sealed(fresh, connection.id), renew_at(fresh, now, connection.id)
        async with self.store.write() as db:
            kept = await connections.set_grant(db, connection.id, before, sealed, now, due)
        return fresh if kept else self.grants.opened(await self.present(connection.id))

    async def _put_off(self, connection: Connection) -> None:
        """A passing failure changes nothing, but that a renewal nobody waits for is tried again later."""
        now, due = self.wire.clock.now(), connection.renew_at
        await self._ended(connection, now + RETRY_AFTER if due is not None and due <= now else due)

    async def _ended(self, connection: Connection, again: datetime | None) -> None:
        async with self.store.write() as db:
            await connections.end_renewal(db, connection.id, again)

    async def mark(self, connection_id: str, used: Grant, refused: Reconnect) -> None:
        """The account has to be connected again, unless it has been since `used` was taken.

        Only where the token is needed now: one refused early is used to its end first.
        """
        connection = await self.present(connection_id)
        if self.grants.opened(connection) != used:
            return
        now, sealed = self.wire.clock.now(), connection.sealed_grant
        async with self.store.write() as db:
            await connections.needs_reconnect(db, connection_id, sealed, refused.sentence(), now)

    async def present(self, connection_id: str) -> Connection:
        """The connection with its tokens; Reconnect when it was disconnected."""
        async with self.store.read() as db:
            connection = await connections.by_id(db, connection_id)
        if connection is None or connection.sealed_grant is None:
            raise Reconnect("The account was disconnected.")
        return connection
