"""The Litestar application: every route, the key check, and one shape for every refusal."""

from __future__ import annotations

from litestar import Litestar
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from sextant.api.analytics import get_analytics
from sextant.api.auth import Authenticate, Meter
from sextant.api.changes import list_changes
from sextant.api.connect import connect_routes
from sextant.api.connections import create_connection, delete_connection, get_connection, list_connections
from sextant.api.failures import api_error, crash, http_error
from sextant.api.history import get_history
from sextant.api.many import get_many_analytics
from sextant.api.openapi import docs_routes, openapi_config
from sextant.api.posts import change_post, create_post, delete_post, get_post, list_posts
from sextant.api.service import healthz, metrics, readyz, whoami
from sextant.errors import ApiError
from sextant.services import Services

ROUTES = [
    create_post,
    change_post,
    delete_post,
    get_post,
    list_posts,
    get_analytics,
    get_history,
    get_many_analytics,
    list_changes,
    list_connections,
    get_connection,
    create_connection,
    delete_connection,
    whoami,
    healthz,
    readyz,
    metrics,
]


def build_watch(services: Services) -> Litestar:
    """What a worker without an API answers: how it is, and how its work goes."""
    return Litestar(
        route_handlers=[healthz, readyz, metrics],
        exception_handlers={HTTPException: http_error, Exception: crash},
        openapi_config=None,
        state=State({"services": services}),
        logging_config=None,
    )


def build_api(services: Services) -> Litestar:
    """The ASGI application around running services."""
    return Litestar(
        route_handlers=[*ROUTES, connect_routes(), *docs_routes()],
        middleware=[Authenticate],
        exception_handlers={ApiError: api_error, HTTPException: http_error, Exception: crash},
        openapi_config=openapi_config(),
        request_max_body_size=services.settings.max_body_bytes,
        state=State({"services": services, "meter": Meter(services.settings.rate_limit_per_minute)}),
        logging_config=None,
    )
