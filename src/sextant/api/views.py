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
    Result,
)
from sextant.clock import iso
from sextant.store import connections
from sextant.store.connections import Connection
from sextant.store.posts import Destination, Post


def created(post: Post, rows: Sequence[Destination]) -> CreatedPost:
    results = [
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
    return CreatedPost(post.id, post.status, links(rows), results)  # type: ignore[arg-type]


def links(rows: Sequence[Destination]) -> list[Link]:
    return [Link(row.platform, row.connection_id, row.post_url) for row in rows if row.post_url]


def post_view(post: Post, rows: Sequence[Destination], known: Mapping[str, Connection]) -> PostView:
    return PostView(
        post_id=post.id,
        status=post.status,  # type: ignore[arg-type]
        description=post.text,
        thumbnail_url=None,
        scheduled_at=None,
        created_at=iso(post.created_at) or "",
        published_at=iso(post.published_at),
        platforms=list(dict.fromkeys(row.platform for row in rows)),
        destinations=[destination_view(row, known[row.connection_id]) for row in rows],
        media_urls=post.media_urls,
        links=links(rows),
    )


def destination_view(row: Destination, connection: Connection) -> DestinationView:
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
