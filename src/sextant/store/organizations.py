"""Organizations and their API keys. A key is kept as hash and prefix only."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.crypto import fingerprint
from sextant.store.rows import columns, new_id, one
from sextant.store.tables import api_keys, organizations

USE_NOTED_EVERY = timedelta(minutes=1)
PROPOSE = "propose"
SCOPES = ("full", PROPOSE, "read")


@dataclass(frozen=True, slots=True)
class Organization:
    id: str
    name: str
    slug: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """`scope` is one of SCOPES; `prefix` is the part of the key that may be shown."""

    id: str
    organization_id: str
    name: str
    prefix: str
    scope: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


async def create(db: AsyncConnection, name: str, slug: str, now: datetime) -> Organization:
    organization = Organization(new_id(), name, slug, now)
    await db.execute(insert(organizations).values(id=organization.id, name=name, slug=slug, created_at=now))
    return organization


async def by_id(db: AsyncConnection, organization_id: str) -> Organization | None:
    query = select(*columns(organizations, Organization)).where(organizations.c.id == organization_id)
    return one(Organization, (await db.execute(query)).first())


async def by_slug(db: AsyncConnection, slug: str) -> Organization | None:
    query = select(*columns(organizations, Organization)).where(organizations.c.slug == slug)
    return one(Organization, (await db.execute(query)).first())


def new_key() -> str:
    return "mk_" + secrets.token_urlsafe(32)


def shown_part(secret: str) -> str:
    """What may be shown of a key to tell it from others; of a short one never more than half."""
    return secret[: min(9, len(secret) // 2)]


async def add_key(
    db: AsyncConnection, organization_id: str, name: str, scope: str, secret: str, now: datetime
) -> str:
    """Keeps a key and returns its id; the secret itself is nowhere kept."""
    key_id = new_id()
    values = {
        "name": name,
        "prefix": shown_part(secret),
        "hash": fingerprint(secret),
        "scope": scope,
        "created_at": now,
    }
    await db.execute(insert(api_keys).values(id=key_id, organization_id=organization_id, **values))
    return key_id


async def key_by_secret(db: AsyncConnection, secret: str) -> ApiKey | None:
    """The key with this secret, revoked or not."""
    query = select(*columns(api_keys, ApiKey)).where(api_keys.c.hash == fingerprint(secret))
    return one(ApiKey, (await db.execute(query)).first())


async def keys(db: AsyncConnection) -> list[tuple[ApiKey, str]]:
    """Every key with its organization's slug, oldest first."""
    query = (
        select(*columns(api_keys, ApiKey), organizations.c.slug)
        .join(organizations, organizations.c.id == api_keys.c.organization_id)
        .order_by(api_keys.c.created_at)
    )
    rows = (await db.execute(query)).all()
    return [(ApiKey(*row[:-1]), row[-1]) for row in rows]


async def revoke_key(db: AsyncConnection, key_or_prefix: str, now: datetime) -> int:
    """Revokes by id or by shown prefix; how many it was."""
    matches = (api_keys.c.id == key_or_prefix) | (api_keys.c.prefix == key_or_prefix)
    query = update(api_keys).where(matches, api_keys.c.revoked_at.is_(None)).values(revoked_at=now)
    return (await db.execute(query)).rowcount


async def note_use(db: AsyncConnection, key_id: str, now: datetime) -> None:
    await db.execute(update(api_keys).where(api_keys.c.id == key_id).values(last_used_at=now))
