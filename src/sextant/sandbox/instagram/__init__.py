"""Simulated Instagram, by Facebook Login and by Instagram Login (shared/platforms/instagram.md).

One account: Ada, a person, whose Page is linked with the professional account 17841400000000001; at the
consent pages of both logins it is her id that is chosen. Roles: none; what an account may do is switched by
`scopes`. Tier: how many posts it may publish in 24 hours, "" is 50. `facts.engaged_users` sets its limit of
calls.
Published here: "photo", "carousel" (FEED), "reel" and "story"; a Post of kind "video" (FEED) can be put into
the world. `facts.before_professional`: media that insights refuse for ever; `facts.undeletable`: as named.
Truth: the media fields at the top (`like_count`, `saved_count`, …) and `insights` by metric; a breakdown
metric's value is an object by dimension.
Not simulated: comments, tags, batches on graph.instagram.com.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sextant.sandbox.graph import errors, people, usage
from sextant.sandbox.graph.host import SHARED, graph_routes
from sextant.sandbox.instagram import login, nodes, numbers, upload
from sextant.sandbox.network import Route
from sextant.sandbox.world import Account, Post, World

WEB, AUTH, GRAPH, UPLOAD = (
    "www.instagram.com",
    "api.instagram.com",
    "graph.instagram.com",
    "rupload.facebook.com",
)
ACCOUNT_ID = "17841400000000001"


class Instagram:
    name = "instagram"
    buckets = (usage.INSTAGRAM,)
    routes = (
        Route("GET", WEB, "/oauth/authorize", login.authorize, "page"),
        Route("POST", WEB, "/oauth/authorize", login.authorize, "page"),
        Route("POST", AUTH, "/oauth/access_token", login.exchange, "token", failure=login.failure),
        Route("GET", GRAPH, "/access_token", login.lengthen, "token"),
        Route("GET", GRAPH, "/refresh_access_token", login.refresh, "token"),
        Route("POST", UPLOAD, "/ig-api-upload/{version}/{container}", upload.receive, "publish"),
        *graph_routes(GRAPH),
        *SHARED,
    )

    def accounts(self) -> list[Account]:
        profile = {
            "id": ACCOUNT_ID,
            "app_scoped_id": "24900000000000001",
            "ig_id": 3140000001,
            "username": "mosaic_so",
            "name": "Mosaic",
            "account_type": "BUSINESS",
            "biography": "Publish once, measure everywhere.",
            "website": "https://mosaic.example",
            "profile_picture_url": "https://scontent.cdninstagram.com/v/mosaic_so.jpg",
            "followers_count": 320,
            "follows_count": 12,
        }
        return [people.person("instagram", ACCOUNT_ID, instagram=profile)]

    def failure(self, status: int) -> web.Response:
        response = errors.answer(errors.failure(status, usage.throttled("instagram")))
        if status == 429:
            response.headers.update(usage.business("instagram", ACCOUNT_ID, 100))
        return response

    def unknown_path(self, request: web.Request) -> web.Response:
        return errors.answer(errors.unsupported_root(request.method))

    def truth(self, world: World, post: Post) -> dict[str, Any]:
        return numbers.truth(world, post)

    def complaint(self, truth: dict[str, Any]) -> str | None:
        return numbers.complaint(truth)

    def find(self, world: World, native_id: str) -> Post | None:
        return nodes.find(world, native_id)


NETWORK = Instagram()
