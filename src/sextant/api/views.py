"""From stored rows to the shapes of the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sextant.api.schema import (
    ConnectedAccount,
    ConnectionView,
    CreatedPost,
    DestinationView,
    Link,
    PostView,
    RemovedPost,
    Result,
)
from sextant.clock import iso
from sextant.preflight import Proposal
from sextant.store import connections, posts
from sextant.store.connections import Connection
from sextant.store.posts import Destination, Post

LATE_AFTER_S = 60.0
GOING_OUT = "It is just going out and cannot be stopped any more: delete it again in a minute."


def created(post: Post, rows: Sequence[Destination]) -> CreatedPost:
    return CreatedPost(post.id, post.status, links(rows), results(rows))  # type: ignore[arg-type]


def would_be(proposal: Proposal, status: str) -> CreatedPost:
    """What a dry run answers: the same shape, with nothing published."""
    entry = "processing" if status == "processing" else "scheduled"
    rows = [
        Result(target.connection.platform, target.connection.id, entry, None, None, None)  # type: ignore[arg-type]
        for target in proposal.targets
    ]
    return CreatedPost(None, status, [], rows)  # type: ignore[arg-type]


def removed(post_id: str, rows: Sequence[Destination]) -> RemovedPost:
    found = results(rows)
    for result in found:
        if result.status == posts.PROCESSING:
            result.error = result.error or GOING_OUT
    return RemovedPost(post_id, "rejected", found)


def results(rows: Sequence[Destination]) -> list[Result]:
    return [
        Result(
            row.platform,
            row.connection_id,
            row.status,  # type: ignore[arg-type]
            row.native_id,
            row.post_url,
            row.error_message,
        )
        for row in rows
    ]


def links(rows: Sequence[Destination]) -> list[Link]:
    return [Link(row.platform, row.connection_id, row.post_url) for row in rows if row.post_url]


def post_view(post: Post, rows: Sequence[Destination], known: Mapping[str, Connection]) -> PostView:
    return PostView(
        post_id=post.id,
        status=post.status,  # type: ignore[arg-type]
        description=post.text,
        thumbnail_url=thumbnail(post),
        scheduled_at=iso(post.scheduled_at),
        created_at=iso(post.created_at) or "",
        published_at=iso(post.published_at),
        platforms=list(dict.fromkeys(row.platform for row in rows)),
        destinations=[destination_view(post, row, known[row.connection_id]) for row in rows],
        media_urls=post.media_urls,
        scheduled_pause=post.paused,
        notes=post.notes,
        links=links(rows),
    )


def thumbnail(post: Post) -> str | None:
    """The first image of the post."""
    media = zip(post.media_urls, post.media_facts or [], strict=False)
    return next((url for url, fact in media if fact and fact["mime"].startswith("image/")), None)


def late_s(post: Post, row: Destination) -> float | None:
    if post.scheduled_at is None or row.published_at is None:
        return None
    late = (row.published_at - post.scheduled_at).total_seconds()
    return round(late, 3) if late > LATE_AFTER_S else None


def destination_view(post: Post, row: Destination, connection: Connection) -> DestinationView:
    return DestinationView(
        social_connection_id=row.connection_id,
        platform=row.platform,
        account_name=connection.account_name,
        account_username=connection.account_username,
        profile_url=connection.profile_url,
        status=row.status,  # type: ignore[arg-type]
        platform_post_id=row.native_id,
        post_url=row.post_url,
        error=row.error_message,
        late_s=late_s(post, row),
    )


def account(connection: Connection) -> ConnectedAccount:
    return ConnectedAccount(
        connection.id,
        connection.platform,
        connection.account_name,
        connection.account_username,
        connection.profile_url,
    )


def connection_view(connection: Connection) -> ConnectionView:
    return ConnectionView(
        social_connection_id=connection.id,
        platform=connection.platform,
        account_name=connection.account_name,
        account_username=connection.account_username,
        profile_url=connection.profile_url,
        connected=connection.status == connections.CONNECTED,
        username=connection.account_username,
        display_name=connection.connection_name or connection.account_name,
        user_image=connection.avatar_url,
    )
