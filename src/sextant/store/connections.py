"""Connected accounts, and the sessions in which they get connected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.store.rows import columns, many, new_id, one
from sextant.store.tables import connect_sessions, connections

CONNECTED, NEEDS_RECONNECT, DISCONNECTED = "connected", "needs_reconnect", "disconnected"


@dataclass(frozen=True, slots=True)
class Connection:
    """`native_id` is the network's own id of the account; `sealed_grant` its tokens, sealed for `id`."""

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
    values |= {"status": CONNECTED, "status_message": None, "updated_at": now}
    if new:
        await db.execute(insert(connections).values(id=connection_id, created_at=now, **values))
    else:
        await db.execute(update(connections).where(connections.c.id == connection_id).values(**values))


async def set_grant(db: AsyncConnection, connection_id: str, sealed: str, now: datetime) -> None:
    values = {"sealed_grant": sealed, "updated_at": now, "status": CONNECTED, "status_message": None}
    await db.execute(update(connections).where(connections.c.id == connection_id).values(**values))


async def set_status(
    db: AsyncConnection, connection_id: str, status: str, message: str | None, now: datetime
) -> None:
    values = {"status": status, "status_message": message, "updated_at": now}
    await db.execute(update(connections).where(connections.c.id == connection_id).values(**values))


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
