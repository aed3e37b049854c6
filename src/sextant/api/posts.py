"""POST /social/post; GET, PATCH, DELETE /social/post/{post_id}; GET /social/posts."""

from __future__ import annotations

import asyncio
import base64
import time
from datetime import datetime, timedelta
from typing import Annotated

from litestar import delete, get, patch, post
from litestar.params import HeaderParameter, JSONBody, PathParameter, QueryParameter

from sextant.api import asked, views
from sextant.api.auth import ApiRequest, proposes, writes
from sextant.api.body import checked, parsed
from sextant.api.ids import in_path, in_query
from sextant.api.openapi import described
from sextant.api.schema import (
    ChangePost,
    CreatedPost,
    CreatePost,
    PostList,
    PostStatus,
    PostView,
    RemovedPost,
)
from sextant.errors import Invalid, NotFound, fault_at
from sextant.publishing import status_at_first
from sextant.reports import narrowed
from sextant.services import Services
from sextant.store import connections, posts
from sextant.store.organizations import PROPOSE
from sextant.store.posts import Destination, Post
from sextant.store.tables import EPOCH

SHORTEST_LOOK_S, LONGEST_LOOK_S = 0.02, 0.2


@post(
    "/social/post",
    status_code=200,
    guards=[proposes],
    before_request=checked(CreatePost),
    summary="Publish or schedule a post",
    tags=["posts"],
    operation_id="create_post",
    responses=described(400, 401, 403, 409, 413, 422, 429),
)
async def create_post(
    request: ApiRequest,
    data: JSONBody[CreatePost],
    idempotency_key: Annotated[
        str | None,
        HeaderParameter(
            name="Idempotency-Key",
            description="The same key and body answer the same post; the same key with another body is 409.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, QueryParameter(description="Check everything, answer the same, publish nothing.")
    ] = False,
) -> CreatedPost:
    """Holds the post against every destination's limits, then publishes it to all of them, now or at
    `schedule_date`. Waits a few seconds for quick networks; what is still under way then reads `processing`
    and goes on by itself."""
    services: Services = request.app.state.services
    if idempotency_key is not None and len(idempotency_key) > 255:
        raise Invalid(fault_at(["header", "Idempotency-Key"], "Use at most 255 characters."))
    organization_id, proposed = request.auth.organization_id, request.auth.scope == PROPOSE
    new = asked.new_post(data, parsed(await request.body()), proposed=proposed)
    if dry_run:
        proposal, _ = await services.publishing.checked(organization_id, new)
        return views.would_be(proposal, status_at_first(new))
    post_id = await services.publishing.create(organization_id, new, idempotency_key)
    await rested(services, post_id)
    found, rows = await loaded(services, organization_id, post_id)
    return views.created(found, rows)


async def rested(services: Services, post_id: str) -> None:
    """Waits until nothing of the post is under way, here or in another process, but not for long."""
    ends = time.monotonic() + services.settings.publish_wait_s
    pause = SHORTEST_LOOK_S
    while time.monotonic() < ends:
        async with services.store.read() as db:
            rows = await posts.destinations_of(db, post_id)
        if all(row.status != posts.PROCESSING for row in rows):
            return
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LONGEST_LOOK_S)


@patch(
    "/social/post/{post_id:str}",
    guards=[writes],
    before_request=checked(ChangePost),
    summary="Change a scheduled post",
    tags=["posts"],
    operation_id="change_post",
    responses=described(400, 401, 403, 404, 409, 413, 422, 429),
)
async def change_post(
    request: ApiRequest,
    data: JSONBody[ChangePost],
    post_id: Annotated[str, PathParameter(description="Sextant's id of the post (UUID).")],
) -> PostView:
    """Moves, pauses, approves or rewrites a post that nobody has begun to send; 409 when it is under way."""
    services: Services = request.app.state.services
    organization_id, wanted = request.auth.organization_id, in_path(post_id, "post")
    await services.publishing.change(organization_id, wanted, asked.change(data))
    return await viewed(services, organization_id, wanted, None)


@delete(
    "/social/post/{post_id:str}",
    status_code=200,
    guards=[writes],
    summary="Cancel or delete a post",
    tags=["posts"],
    operation_id="delete_post",
    responses=described(401, 403, 404, 429),
)
async def delete_post(
    request: ApiRequest,
    post_id: Annotated[str, PathParameter(description="Sextant's id of the post (UUID).")],
) -> RemovedPost:
    """What is not out does not go out, for certain. What is out is deleted where the network lets an app do
    that; the results say how each destination stands."""
    services: Services = request.app.state.services
    wanted = in_path(post_id, "post")
    rows = await services.publishing.remove(request.auth.organization_id, wanted)
    return views.removed(wanted, rows)


async def loaded(services: Services, organization_id: str, post_id: str) -> tuple[Post, list[Destination]]:
    async with services.store.read() as db:
        found = await posts.by_id(db, organization_id, post_id)
        if found is None:
            raise NotFound("No such post.")
        return found, await posts.destinations_of(db, post_id)


@get(
    "/social/post/{post_id:str}",
    summary="A post",
    tags=["posts"],
    operation_id="get_post",
    responses=described(400, 401, 404, 422, 429),
)
async def get_post(
    request: ApiRequest,
    post_id: Annotated[str, PathParameter(description="Sextant's id of the post (UUID).")],
    social_connection_id: Annotated[
        str | None, QueryParameter(description="Only this connected account's destination (UUID).")
    ] = None,
) -> PostView:
    """The post, where it went, and how that stands."""
    services: Services = request.app.state.services
    connection_id = in_query(social_connection_id, "social_connection_id")
    return await viewed(services, request.auth.organization_id, in_path(post_id, "post"), connection_id)


async def viewed(
    services: Services, organization_id: str, post_id: str, connection_id: str | None
) -> PostView:
    """The post with all its destinations, or one."""
    found, rows = await loaded(services, organization_id, post_id)
    rows = narrowed(rows, connection_id)
    async with services.store.read() as db:
        known = await connections.by_ids(db, [row.connection_id for row in rows])
    return views.post_view(found, rows, known)


async def targets(
    services: Services, organization_id: str, post_id: str, connection_id: str | None
) -> list[Destination]:
    """All destinations of a post, or one."""
    return narrowed((await loaded(services, organization_id, post_id))[1], connection_id)


@get(
    "/social/posts",
    summary="Posts, newest first",
    tags=["posts"],
    operation_id="list_posts",
    responses=described(400, 401, 422, 429),
)
async def list_posts(
    request: ApiRequest,
    limit: Annotated[int, QueryParameter(ge=1, le=100, description="Posts per page.")] = 20,
    cursor: Annotated[str | None, QueryParameter(description="next_cursor of the page before.")] = None,
    status: Annotated[PostStatus | None, QueryParameter(description="Only posts with this status.")] = None,
    platform: Annotated[
        str | None, QueryParameter(description="Only posts that go to this platform.")
    ] = None,
    social_connection_id: Annotated[
        str | None, QueryParameter(description="Only posts that go to this connected account (UUID).")
    ] = None,
) -> PostList:
    """The organization's posts by the time they were taken."""
    services: Services = request.app.state.services
    connection_id = in_query(social_connection_id, "social_connection_id")
    if platform is not None and platform not in services.accounts.platforms:
        known_names = ", ".join(services.accounts.platforms)
        raise Invalid(fault_at(["query", "platform"], f"Unknown platform; use one of: {known_names}."))
    after = opened(cursor) if cursor else None
    organization_id = request.auth.organization_id
    async with services.store.read() as db:
        found = await posts.page(db, organization_id, limit + 1, after, status, platform, connection_id)
        rows = await posts.destinations_of(db, *[entry.id for entry in found[:limit]])
        known = await connections.by_ids(db, list({row.connection_id for row in rows}))
    shown = [
        views.post_view(entry, [row for row in rows if row.post_id == entry.id], known)
        for entry in found[:limit]
    ]
    more = len(found) > limit
    return PostList(shown, sealed(found[limit - 1]) if more else None, more)


def sealed(last: Post) -> str:
    """A cursor: the place of the last post of a page."""
    micros = (last.created_at - EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{micros}:{last.id}".encode()).decode()


def opened(cursor: str) -> tuple[datetime, str]:
    try:
        micros, _, post_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition(":")
        return EPOCH + timedelta(microseconds=int(micros)), post_id
    except (ValueError, OverflowError):
        said = "This is no cursor of ours: give next_cursor of the page before as it was."
        raise Invalid(fault_at(["query", "cursor"], said)) from None
