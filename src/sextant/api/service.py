"""The server itself: whoami, liveness, readiness, metrics."""

from __future__ import annotations

import logging
from typing import Any

from litestar import MediaType, Request, Response, get
from sqlalchemy.exc import SQLAlchemyError

from sextant.api.auth import ApiRequest
from sextant.api.openapi import described
from sextant.api.schema import Health, WhoAmI
from sextant.clock import iso
from sextant.services import Services
from sextant.store import organizations

log = logging.getLogger("sextant.api")

EXPOSITION = "text/plain; version=0.0.4"
"""Prometheus' text format; Litestar adds the charset."""


@get(
    "/whoami",
    summary="Whose key this is",
    tags=["service"],
    operation_id="whoami",
    responses=described(400, 401, 429),
)
async def whoami(request: ApiRequest) -> WhoAmI:
    """The organization and the key behind this request."""
    services: Services = request.app.state.services
    key = request.auth
    async with services.store.read() as db:
        organization = await organizations.by_id(db, key.organization_id)
    assert organization is not None  # noqa: S101 - the foreign key holds it
    return WhoAmI(
        organization.id,
        organization.name,
        organization.slug,
        iso(key.created_at) or "",
        iso(key.last_used_at),
    )


@get("/healthz", summary="Is it alive", tags=["service"], operation_id="healthz", security=[{}])
async def healthz() -> Health:
    """Answers as long as the process does."""
    return Health("ok")


@get("/readyz", summary="Can it work", tags=["service"], operation_id="readyz", security=[{}])
async def readyz(request: Request[None, None, Any]) -> Response[Health]:
    """Answers 200 when the database does, else 503."""
    services: Services = request.app.state.services
    try:
        await services.store.ping()
    except (SQLAlchemyError, OSError) as error:
        log.error("the database does not answer: %s", type(error).__name__)
        return Response(Health("unavailable"), status_code=503, media_type=MediaType.JSON)
    return Response(Health("ok"), media_type=MediaType.JSON)


@get(
    "/metrics",
    summary="How the work goes",
    tags=["service"],
    operation_id="metrics",
    security=[{}],
    media_type=EXPOSITION,
)
async def metrics(request: Request[None, None, Any]) -> bytes:
    """Numbers about the work in the text format of Prometheus."""
    services: Services = request.app.state.services
    return await services.exposition.text()
