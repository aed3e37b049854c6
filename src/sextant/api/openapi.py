"""The OpenAPI 3.1 document and its pages, all served from here: nothing is fetched from elsewhere."""

from __future__ import annotations

import inspect
from importlib import resources
from pathlib import Path
from typing import Any

from litestar import MediaType, Request, Response, Router, get
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Tag
from litestar.serialization import encode_json
from litestar.static_files import create_static_files_router

from sextant import __version__
from sextant.api import analytics_schema, history_schema
from sextant.api import options as options_module
from sextant.api import schema as schema_module
from sextant.api.schema import Error
from sextant.platforms import PLATFORMS

SHAPES: dict[str, type] = {
    name: shape
    for module in (schema_module, analytics_schema, history_schema, options_module)
    for name, shape in vars(module).items()
    if isinstance(shape, type)
} | {platform.options.__name__: platform.options for platform in PLATFORMS.values()}
"""Shapes by name: Litestar leaves their docstrings out of the document."""

REFUSALS = {
    400: "bad_request: not JSON, or not an object.",
    401: "invalid_api_key: missing, malformed, unknown or revoked.",
    403: "forbidden: the key's scope does not allow it.",
    404: "not_found: unknown, or another organization's.",
    409: "conflict: the idempotency key was used for another body, or the post is under way.",
    413: "too_large: the body is over the limit.",
    422: "validation_error: each fault named with its place.",
    429: "rate_limit: too many requests; see Retry-After.",
}

DESCRIPTION = (
    "Publish to six social networks, measure them as one. Every number is one that the network itself "
    "reported, or null with a reason."
)

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sextant API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="/docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css"></head>
<body><div id="swagger-ui"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true})</script>
</body></html>
"""


def described(*statuses: int) -> dict[int, ResponseSpec]:
    """The refusals a route may answer with."""
    return {
        status: ResponseSpec(Error, description=REFUSALS[status], generate_examples=False)
        for status in statuses
    }


def openapi_config() -> OpenAPIConfig:
    scheme = SecurityScheme(type="http", scheme="bearer", description="An API key, mk_….")
    return OpenAPIConfig(
        title="Sextant",
        version=__version__,
        description=DESCRIPTION,
        path="/docs/schema",
        render_plugins=[JsonRenderPlugin()],
        use_handler_docstrings=True,
        components=[Components(security_schemes={"api_key": scheme})],
        security=[{"api_key": []}],
        tags=[
            Tag("posts", "Publishing, and what became of it."),
            Tag("analytics", "How a post did."),
            Tag("connections", "The accounts that may be posted to."),
            Tag("service", "The server itself."),
        ],
    )


@get("/openapi.json", include_in_schema=False, sync_to_thread=False)
def document(request: Request[None, None, Any]) -> Response[bytes]:
    """The document itself. (Litestar's own route for it would bring a 404 page of its own along.)"""
    schema = request.app.openapi_schema.to_schema()
    for name, entry in schema["components"]["schemas"].items():
        shape = SHAPES.get(name)
        if shape is not None and shape.__doc__:
            entry.setdefault("description", inspect.cleandoc(shape.__doc__))
    return Response(encode_json(schema), media_type=MediaType.JSON)


@get("/docs", include_in_schema=False, sync_to_thread=False)
def docs_page() -> Response[str]:
    return Response(PAGE, media_type=MediaType.HTML)


def docs_routes() -> list[Router]:
    assets = create_static_files_router(
        path="/docs/assets",
        directories=[Path(str(resources.files("sextant.api") / "static"))],
        include_in_schema=False,
    )
    return [Router(path="/", route_handlers=[document, docs_page], include_in_schema=False), assets]
