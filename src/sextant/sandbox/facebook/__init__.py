"""Simulated Facebook Pages (shared/platforms/facebook.md).

One account: Ada, a person, who manages the Page 100000000000001. Roles are the Page tasks: "" has them all,
"no_analyze" is refused every insight. Tiers: none. `facts.engaged_users` sets the Page's limit of calls.
A post's kind is text (`facts.link`), photo, carousel (`facts.photos`), video or reel (`facts.video_id`).
What is uploaded as a video stays one.
Truth: `insights` (of the post), `video_insights` (of its video), counts `shares`, `reactions`, `comments`,
`likes`, and the video node's `views` and `post_views`.
Not simulated: uploads by handle, stories, scheduling, unpublished posts and videos, comments.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sextant.sandbox.facebook import nodes, numbers, videos
from sextant.sandbox.graph import errors, people, usage
from sextant.sandbox.graph.call import VIDEO
from sextant.sandbox.graph.host import SHARED, graph_routes
from sextant.sandbox.network import Route
from sextant.sandbox.world import Account, Post, World


class Facebook:
    name = "facebook"
    buckets = (usage.PAGES, usage.APP)
    routes = (
        *SHARED,
        *graph_routes(VIDEO),
        *(
            Route(
                "POST", "rupload.facebook.com", f"/video-upload{version}/{{video}}", videos.receive, "publish"
            )
            for version in ("", "/{version:v[^/]+}")
        ),
    )

    def accounts(self) -> list[Account]:
        return [people.person("facebook", people.PAGE_ID)]

    def failure(self, status: int) -> web.Response:
        response = errors.answer(errors.failure(status, usage.throttled("facebook")))
        if status == 429:
            response.headers.update(usage.business("facebook", people.PAGE_ID, 100))
        return response

    def unknown_path(self, request: web.Request) -> web.Response:
        return errors.answer(errors.unsupported_root(request.method))

    def truth(self, world: World, post: Post) -> dict[str, Any]:
        return numbers.truth(world, post)

    def complaint(self, truth: dict[str, Any]) -> str | None:
        return numbers.complaint(truth)

    def find(self, world: World, native_id: str) -> Post | None:
        return nodes.find(world, native_id)


NETWORK = Facebook()
