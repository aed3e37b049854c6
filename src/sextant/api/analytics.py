"""GET /social/post/{post_id}/analytics."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.openapi import ResponseSpec
from litestar.params import PathParameter, QueryParameter
from litestar.types import Receive, Scope, Send

from sextant.api.analytics_schema import AnalyticsView
from sextant.api.auth import ApiRequest, header
from sextant.api.ids import in_path, in_query
from sextant.api.openapi import described
from sextant.reports import Report
from sextant.services import Services


class Prepared:
    """An answer that is bytes already: an ASGI application, which Litestar passes through as it is."""

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


@get(
    "/social/post/{post_id:str}/analytics",
    summary="How a post did",
    tags=["analytics"],
    operation_id="get_analytics",
    responses={200: ResponseSpec(AnalyticsView, description="The readings.", generate_examples=False)}
    | described(400, 401, 404, 422, 429),
)
async def get_analytics(
    request: ApiRequest,
    post_id: Annotated[str, PathParameter(description="Sextant's id of the post (UUID).")],
    social_connection_id: Annotated[
        str | None, QueryParameter(description="Answer for this one connected account alone (UUID).")
    ] = None,
    refresh: Annotated[
        bool, QueryParameter(description="Read live now, at most once a minute per destination.")
    ] = False,
) -> Prepared:
    """Thirteen numbers per destination, each the network's own or null with a reason.

    Answers from the stored reading; reads live when there is none. A failing network never fails the
    answer: it reads `partial` or `error`, with the reason in `analytics.metadata`.
    """
    services: Services = request.app.state.services
    organization_id = request.auth.organization_id
    report = None if refresh else services.reports.cached((organization_id, post_id, social_connection_id))
    if report is None:
        connection_id = in_query(social_connection_id, "social_connection_id")
        key = (organization_id, in_path(post_id, "post"), connection_id)
        report = await services.reports.get(key, refresh=refresh)
    return answered(report, header(request.scope, b"if-none-match"), services.clock.timestamp())


def answered(report: Report, known: str | None, now: float) -> Prepared:
    """200 with the body, or 304 when the client has it."""
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(report.body)),
        (b"etag", report.etag.encode()),
        (b"cache-control", b"private, max-age=%d" % report.max_age(now)),
    ]
    if known is not None and (known.strip() == "*" or report.etag in known):
        return Prepared(304, headers[2:], b"")
    return Prepared(200, headers, report.body)
