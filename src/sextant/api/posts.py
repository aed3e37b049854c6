"""POST /social/post, GET /social/post/{post_id}, GET /social/posts."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Annotated

from litestar import get, post
from litestar.params import HeaderParameter, JSONBody, PathParameter, QueryParameter

from sextant.api import views
from sextant.api.auth import ApiRequest, writes
from sextant.api.body import checked
from sextant.api.ids import in_path, in_query
from sextant.api.openapi import described
from sextant.api.schema import CreatedPost, CreatePost, PostList, PostStatus, PostView
from sextant.errors import Invalid, NotFound, fault_at
from sextant.publishing import NewPost
from sextant.services import Services
from sextant.store import connections, posts
from sextant.store.posts import Destination, Post
from sextant.store.tables import EPOCH


@post(
    "/social/post",
    status_code=200,
    guards=[writes],
    before_request=checked(CreatePost),
    summary="Publish a post",
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
) -> CreatedPost:
    """Publishes now, to every destination named. Waits a few seconds for quick networks; what is still
    under way then reads `processing` and goes on by itself."""
    services: Services = request.app.state.services
    if idempotency_key is not None and len(idempotency_key) > 255:
        raise Invalid(fault_at(["header", "Idempotency-Key"], "Use at most 255 characters."))
    new = asked(data)
    post_id = await services.publishing.create(request.auth.organization_id, new, idempotency_key)
    found, rows = await loaded(services, request.auth.organization_id, post_id)
    await services.publishing.engine.settle([row.id for row in rows], services.settings.publish_wait_s)
    found, rows = await loaded(services, request.auth.organization_id, post_id)
    return views.created(found, rows)


def asked(body: CreatePost) -> NewPost:
    """What this version can do of a body; the rest is refused with a sentence, never dropped."""
    faults = []
    if body.schedule_date is not None:
        said = "Scheduling is not supported yet: leave schedule_date out to publish now."
        faults.append(fault_at(["body", "schedule_date"], said))
    if body.options:
        said = "Options per platform are not supported yet: leave options out."
        faults.append(fault_at(["body", "options"], said))
    ids = [entry.social_connection_id.lower() for entry in body.destinations]
    for place, wanted in enumerate(ids):
        if wanted in ids[:place]:
            at: list[str | int] = ["body", "destinations", place, "social_connection_id"]
            faults.append(fault_at(at, "This connection is named twice."))
    if faults:
        raise Invalid(*faults)
    return NewPost(body.post, body.media_urls, ids, body.platforms)


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
    organization_id = request.auth.organization_id
    found, rows = await loaded(services, organization_id, in_path(post_id, "post"))
    if connection_id is not None:
        rows = [row for row in rows if row.connection_id == connection_id]
        if not rows:
            raise NotFound("The post does not target this connection.")
    async with services.store.read() as db:
        known = await connections.by_ids(db, [row.connection_id for row in rows])
    return views.post_view(found, rows, known)


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
