"""POST /social/analytics: how many posts did, in one answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
from litestar import post
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody

from sextant.api.analytics import Prepared
from sextant.api.auth import ApiRequest
from sextant.api.body import checked
from sextant.api.history_schema import ManyAnalytics, ManyPosts, NotFoundPost
from sextant.api.ids import in_path, uuid_at
from sextant.api.openapi import described
from sextant.errors import NotFound
from sextant.reports import Report
from sextant.services import Services


@post(
    "/social/analytics",
    status_code=200,
    before_request=checked(ManyPosts),
    summary="How many posts did",
    tags=["analytics"],
    operation_id="get_many_analytics",
    responses={200: ResponseSpec(ManyAnalytics, description="The readings.", generate_examples=False)}
    | described(400, 401, 413, 422, 429),
)
async def get_many_analytics(request: ApiRequest, data: JSONBody[ManyPosts]) -> Prepared:
    """The answer of a single read for each of up to 100 posts; an unknown id does not fail the others.

    Stored readings are answered as they are; where there is none all are read live at once.
    """
    services: Services = request.app.state.services
    connection_id = uuid_at(data.social_connection_id, ["body", "social_connection_id"])
    organization_id = request.auth.organization_id
    made = [one(services, organization_id, post_id, connection_id) for post_id in data.post_ids]
    body = joined(await asyncio.gather(*made))
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"private, no-store"),
    ]
    return Prepared(200, headers, body)


async def one(
    services: Services, organization_id: str, post_id: str, connection_id: str | None
) -> Report | NotFoundPost:
    try:
        key = (organization_id, in_path(post_id, "post"), connection_id)
        return services.reports.cached(key) or await services.reports.get(key)
    except NotFound as lacking:
        return NotFoundPost(post_id, "not_found", str(lacking.detail))


def joined(answers: Sequence[Report | NotFoundPost]) -> bytes:
    """The body, from answers that are bytes already."""
    found = b",".join(answer.body for answer in answers if isinstance(answer, Report))
    lacking = [answer for answer in answers if isinstance(answer, NotFoundPost)]
    return b'{"posts":[%b],"not_found":%b}' % (found, msgspec.json.encode(lacking))
