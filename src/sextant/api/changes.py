"""GET /social/analytics/changes."""

from __future__ import annotations

import base64
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from sextant.api.analytics_schema import MetricsView
from sextant.api.auth import ApiRequest
from sextant.api.history_schema import ChangeList, ChangeView
from sextant.api.openapi import described
from sextant.clock import iso
from sextant.errors import Invalid, fault_at
from sextant.services import Services
from sextant.store import changes
from sextant.store.changes import Changed

HIGHEST = 2**48


@get(
    "/social/analytics/changes",
    summary="Readings that changed",
    tags=["analytics"],
    operation_id="list_changes",
    responses=described(400, 401, 422, 429),
)
async def list_changes(
    request: ApiRequest,
    cursor: Annotated[
        str | None, QueryParameter(description="next_cursor of the page before; left out: from the first.")
    ] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=500, description="Changes per page.")] = 100,
) -> ChangeList:
    """Every reading of the organization's posts that changed a number, oldest first.

    None is passed over and none comes twice to who goes on from `next_cursor`, which stays good.
    """
    services: Services = request.app.state.services
    position = opened(cursor) if cursor else 0
    async with services.store.read() as db:
        end = await changes.settled(db)
    async with services.store.read() as db:
        look = await changes.after(db, request.auth.organization_id, position, limit, end)
    return ChangeList([view(changed) for changed in look.changed], sealed(look.reached), look.more)


def view(changed: Changed) -> ChangeView:
    return ChangeView(
        changed.post_id,
        changed.connection_id,
        changed.platform,
        iso(changed.at) or "",
        MetricsView(*changed.figures),
    )


def sealed(position: int) -> str:
    """A cursor: a position in the feed."""
    return base64.urlsafe_b64encode(f"changes:{position}".encode()).decode()


def opened(cursor: str) -> int:
    try:
        kind, _, position = base64.urlsafe_b64decode(cursor.encode()).decode().partition(":")
        if kind == "changes" and position.isascii() and position.isdigit() and int(position) < HIGHEST:
            return int(position)
    except ValueError:
        pass
    said = "This is no cursor of ours: give next_cursor of the page before as it was."
    raise Invalid(fault_at(["query", "cursor"], said))
