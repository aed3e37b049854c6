"""Posts and their destinations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.store.rows import columns, many, one
from sextant.store.tables import destinations, posts

SCHEDULED, PENDING, PROCESSING = "scheduled", "pending_approval", "processing"
POSTED, PARTIAL, FAILED = "posted", "partial_failure", "failed"
UNKNOWN, DELETED, REJECTED = "unknown", "deleted", "rejected"


@dataclass(frozen=True, slots=True)
class Post:
    """`media_facts`: one per medium, None until it was fetched."""

    id: str
    organization_id: str
    text: str
    media_urls: list[str]
    status: str
    created_at: datetime
    published_at: datetime | None
    idempotency_key: str | None
    body_hash: str
    media_facts: list[dict[str, Any] | None] | None
    scheduled_at: datetime | None
    paused: bool
    notes: str | None


@dataclass(frozen=True, slots=True)
class Destination:
    """One connected account a post goes to. `checkpoint` is the last saved step of publishing.

    `text` and `options` are set where they differ from the post's. `next_attempt_at` None: it rests.
    `announced`: the request that makes it visible may be on its way.
    """

    id: str
    post_id: str
    connection_id: str
    position: int
    platform: str
    kind: str
    status: str
    native_id: str | None
    native_video_id: str | None
    post_url: str | None
    published_at: datetime | None
    checkpoint: dict[str, Any] | None
    attempts: int
    next_attempt_at: datetime | None
    error_code: str | None
    error_message: str | None
    text: str | None = None
    options: dict[str, Any] | None = None
    announced: bool = False
    started_at: datetime | None = None


async def add(db: AsyncConnection, post: dict[str, Any], rows: Sequence[dict[str, Any]]) -> None:
    await db.execute(insert(posts).values(**post))
    await db.execute(insert(destinations), list(rows))


async def by_id(db: AsyncConnection, organization_id: str, post_id: str) -> Post | None:
    """The post, when it is this organization's."""
    query = select(*columns(posts, Post)).where(
        posts.c.id == post_id, posts.c.organization_id == organization_id
    )
    return one(Post, (await db.execute(query)).first())


async def by_idempotency_key(db: AsyncConnection, organization_id: str, key: str) -> Post | None:
    query = select(*columns(posts, Post)).where(
        posts.c.organization_id == organization_id, posts.c.idempotency_key == key
    )
    return one(Post, (await db.execute(query)).first())


async def with_id(db: AsyncConnection, post_id: str) -> Post:
    """The post of a destination we hold."""
    query = select(*columns(posts, Post)).where(posts.c.id == post_id)
    return Post(**(await db.execute(query)).one()._mapping)


async def lock(db: AsyncConnection, post_id: str) -> str:
    """Holds a post until the transaction ends: two destinations that rest at once each see the other.

    Returns its status.
    """
    query = select(posts.c.status).where(posts.c.id == post_id).with_for_update()
    status: str = (await db.execute(query)).scalar_one()
    return status


async def destinations_of(db: AsyncConnection, *post_ids: str) -> list[Destination]:
    """Of one or more posts, in the order of each post's destinations."""
    query = (
        select(*columns(destinations, Destination))
        .where(destinations.c.post_id.in_(post_ids))
        .order_by(destinations.c.post_id, destinations.c.position)
    )
    return many(Destination, await db.execute(query))


async def destinations_by_id(db: AsyncConnection, ids: Sequence[str]) -> list[Destination]:
    query = select(*columns(destinations, Destination)).where(destinations.c.id.in_(ids))
    return many(Destination, await db.execute(query))


async def destination(db: AsyncConnection, destination_id: str) -> Destination:
    query = select(*columns(destinations, Destination)).where(destinations.c.id == destination_id)
    return Destination(**(await db.execute(query)).one()._mapping)


async def page(
    db: AsyncConnection,
    organization_id: str,
    limit: int,
    after: tuple[datetime, str] | None,
    status: str | None,
    platform: str | None,
    connection_id: str | None,
) -> list[Post]:
    """Newest first, at most `limit`, beyond the post that `after` (created_at, id) names."""
    query = select(*columns(posts, Post)).where(posts.c.organization_id == organization_id)
    if status is not None:
        query = query.where(posts.c.status == status)
    if platform is not None or connection_id is not None:
        query = query.where(posts.c.id.in_(_targeting(platform, connection_id)))
    if after is not None:
        moment, post_id = after
        older = and_(posts.c.created_at == moment, posts.c.id < post_id)
        # The first condition says nothing new, but from it Postgres knows where in the index to begin.
        query = query.where(posts.c.created_at <= moment, or_(posts.c.created_at < moment, older))
    query = query.order_by(posts.c.created_at.desc(), posts.c.id.desc()).limit(limit)
    return many(Post, await db.execute(query))


def _targeting(platform: str | None, connection_id: str | None) -> Any:
    query = select(destinations.c.post_id)
    if platform is not None:
        query = query.where(destinations.c.platform == platform)
    if connection_id is not None:
        query = query.where(destinations.c.connection_id == connection_id)
    return query


async def update_destination(db: AsyncConnection, destination_id: str, now: datetime, **values: Any) -> None:
    query = update(destinations).where(destinations.c.id == destination_id)
    await db.execute(query.values(updated_at=now, **values))


async def update_post(db: AsyncConnection, post_id: str, **values: Any) -> None:
    await db.execute(update(posts).where(posts.c.id == post_id).values(**values))
