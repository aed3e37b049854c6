"""Connected accounts, and the sessions in which they get connected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.store.rows import columns, many, new_id, one
from sextant.store.tables import connect_sessions, connections

CONNECTED, NEEDS_RECONNECT, DISCONNECTED = "connected", "needs_reconnect", "disconnected"


@dataclass(frozen=True, slots=True)
class Connection:
    """`native_id` is the network's own id of the account; `sealed_grant` its tokens, sealed for `id`.

    `facts`: what else the network told of the account. `granted_at`: since when the tokens are the present
    ones; `renew_at`: when they are to be renewed though nobody asks, None: never.
    """

    id: str
    organization_id: str
    platform: str
    login: str
    kind: str
    native_id: str
    account_name: str
    account_username: str | None
    profile_url: str | None
    avatar_url: str | None
    connection_name: str | None
    sealed_grant: str | None
    status: str
    status_message: str | None
    created_at: datetime
    facts: dict[str, str] | None
    granted_at: datetime | None
    renew_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConnectSession:
    """One way through the connect pages: single use, expiring."""

    id: str
    organization_id: str
    platform: str
    connection_name: str | None
    redirect_url: str | None
    sealed_verifier: str | None
    sealed_choices: str | None
    expires_at: datetime
    used_at: datetime | None


async def of_organization(
    db: AsyncConnection, organization_id: str, platform: str | None = None
) -> list[Connection]:
    """The living ones, oldest first."""
    query = (
        select(*columns(connections, Connection))
        .where(connections.c.organization_id == organization_id, connections.c.status != DISCONNECTED)
        .order_by(connections.c.created_at, connections.c.id)
    )
    if platform is not None:
        query = query.where(connections.c.platform == platform)
    return many(Connection, await db.execute(query))


async def by_id(db: AsyncConnection, connection_id: str) -> Connection | None:
    query = select(*columns(connections, Connection)).where(connections.c.id == connection_id)
    return one(Connection, (await db.execute(query)).first())


async def by_ids(db: AsyncConnection, ids: Sequence[str]) -> dict[str, Connection]:
    query = select(*columns(connections, Connection)).where(connections.c.id.in_(ids))
    return {found.id: found for found in many(Connection, await db.execute(query))}


async def id_of_account(
    db: AsyncConnection, organization_id: str, platform: str, native_id: str
) -> str | None:
    query = select(connections.c.id).where(
        connections.c.organization_id == organization_id,
        connections.c.platform == platform,
        connections.c.native_id == native_id,
    )
    return (await db.execute(query)).scalar_one_or_none()


async def save(db: AsyncConnection, connection_id: str, now: datetime, *, new: bool, **values: Any) -> None:
    """Inserts a connection, or renews the one an account already has (id, posts and history stay)."""
    values |= {
        "status": CONNECTED,
        "status_message": None,
        "updated_at": now,
        "granted_at": now,
        "publish_after": None,
        "renewing_until": None,
    }
    if new:
        await db.execute(insert(connections).values(id=connection_id, created_at=now, **values))
    else:
        await db.execute(update(connections).where(connections.c.id == connection_id).values(**values))


async def set_grant(
    db: AsyncConnection,
    connection_id: str,
    before: str | None,
    sealed: str,
    now: datetime,
    renew_at: datetime | None,
) -> bool:
    """Puts renewed tokens in the place of those `before`; False when they are no longer there.

    A connection that was let go, or connected anew, in the meantime stays so.
    """
    values = {
        "sealed_grant": sealed,
        "granted_at": now,
        "renew_at": renew_at,
        "renewing_until": None,
        "updated_at": now,
        "status": CONNECTED,
        "status_message": None,
    }
    query = update(connections).where(connections.c.id == connection_id, connections.c.sealed_grant == before)
    return (await db.execute(query.values(**values))).rowcount == 1


async def take_renewal(db: AsyncConnection, connection_id: str, now: datetime, until: datetime) -> bool:
    """The right to renew this account's tokens, among all processes; False when another has it.

    `now` and `until` are machine time.
    """
    free = or_(connections.c.renewing_until.is_(None), connections.c.renewing_until < now)
    query = update(connections).where(connections.c.id == connection_id, free)
    return (await db.execute(query.values(renewing_until=until))).rowcount == 1


async def end_renewal(db: AsyncConnection, connection_id: str, renew_at: datetime | None) -> None:
    """A renewal that came to nothing; the next try is at `renew_at`."""
    query = update(connections).where(connections.c.id == connection_id)
    await db.execute(query.values(renewing_until=None, renew_at=renew_at))


async def to_renew(db: AsyncConnection, now: datetime) -> list[Connection]:
    """Living connections whose tokens are to be renewed by now."""
    query = select(*columns(connections, Connection)).where(
        connections.c.renew_at <= now, connections.c.status == CONNECTED
    )
    return many(Connection, await db.execute(query))


async def lock(db: AsyncConnection, connection_id: str) -> None:
    """Holds an account until the transaction ends: others that ask for it wait."""
    await db.execute(select(connections.c.id).where(connections.c.id == connection_id).with_for_update())


async def hold_back(db: AsyncConnection, connection_id: str, until: datetime) -> None:
    """Nothing is published to this account before then: the network asked to wait."""
    query = update(connections).where(connections.c.id == connection_id)
    await db.execute(query.values(publish_after=until))


async def needs_reconnect(
    db: AsyncConnection, connection_id: str, sealed: str | None, message: str, now: datetime
) -> None:
    """Marks a living connection that still has these tokens, once, with the network's words."""
    values = {"status": NEEDS_RECONNECT, "status_message": message, "updated_at": now}
    query = update(connections).where(
        connections.c.id == connection_id,
        connections.c.status == CONNECTED,
        connections.c.sealed_grant == sealed,
    )
    await db.execute(query.values(**values))


async def forget(db: AsyncConnection, connection_id: str, now: datetime) -> None:
    """Tokens gone for good; the row stays for the posts that name it."""
    values = {"sealed_grant": None, "status": DISCONNECTED, "status_message": None, "updated_at": now}
    await db.execute(update(connections).where(connections.c.id == connection_id).values(**values))


async def open_session(db: AsyncConnection, now: datetime, expires_at: datetime, **values: Any) -> str:
    session_id = new_id()
    await db.execute(
        insert(connect_sessions).values(id=session_id, created_at=now, expires_at=expires_at, **values)
    )
    return session_id


async def session(db: AsyncConnection, session_id: str) -> ConnectSession | None:
    query = select(*columns(connect_sessions, ConnectSession)).where(connect_sessions.c.id == session_id)
    return one(ConnectSession, (await db.execute(query)).first())


async def session_by_state(db: AsyncConnection, state_hash: str) -> ConnectSession | None:
    query = select(*columns(connect_sessions, ConnectSession)).where(
        connect_sessions.c.state_hash == state_hash
    )
    return one(ConnectSession, (await db.execute(query)).first())


async def set_state(db: AsyncConnection, session_id: str, state_hash: str, verifier: str | None) -> None:
    """A new state for a new try; the state before it is void."""
    values = {"state_hash": state_hash, "sealed_verifier": verifier}
    await db.execute(update(connect_sessions).where(connect_sessions.c.id == session_id).values(**values))


async def use_state(db: AsyncConnection, session_id: str, state_hash: str) -> bool:
    """Takes the state out of use; False when somebody was faster."""
    query = (
        update(connect_sessions)
        .where(connect_sessions.c.id == session_id, connect_sessions.c.state_hash == state_hash)
        .values(state_hash=None)
    )
    return (await db.execute(query)).rowcount == 1


async def set_choices(db: AsyncConnection, session_id: str, sealed: str) -> None:
    query = update(connect_sessions).where(connect_sessions.c.id == session_id).values(sealed_choices=sealed)
    await db.execute(query)


async def close_session(db: AsyncConnection, session_id: str, now: datetime) -> bool:
    """Uses the session up; False when it was used before."""
    query = (
        update(connect_sessions)
        .where(connect_sessions.c.id == session_id, connect_sessions.c.used_at.is_(None))
        .values(used_at=now, sealed_choices=None, sealed_verifier=None, state_hash=None)
    )
    return (await db.execute(query)).rowcount == 1


async def drop_expired_sessions(db: AsyncConnection, now: datetime) -> None:
    await db.execute(delete(connect_sessions).where(connect_sessions.c.expires_at < now))
