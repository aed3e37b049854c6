"""Simulated X (shared/platforms/x.md).

Tiers of an account: "" (pay per use), "app_only" (private counters are refused per field, as to a token
without the author's user context), "enterprise" (analytics endpoints, quotes, edits). Roles: the account's
subscription ("", or "Premium": longer text and video).
Truth: `public_metrics`, `non_public_metrics`, `organic_metrics`, `video` (view count and playback quartiles
of the attached video), reposts under either name.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sextant.sandbox.network import Route
from sextant.sandbox.world import Account, Post, World
from sextant.sandbox.x import analytics, auth, errors, media, numbers, posts, reads
from sextant.sandbox.x.access import PLATFORM, limited, settling

API, WEB = "api.x.com", "x.com"


class X:
    name = PLATFORM
    routes = (
        Route("GET", WEB, "/i/oauth2/authorize", auth.authorize, "page"),
        Route("POST", WEB, "/i/oauth2/authorize", auth.authorize, "page"),
        Route("POST", API, "/2/oauth2/token", settling(auth.token), "token", failure=errors.token_failure),
        Route("POST", API, "/2/oauth2/revoke", settling(auth.revoke), "token", failure=errors.token_failure),
        Route("GET", API, "/2/users/me", limited(75, reads.me)),
        Route("GET", API, "/2/users/{id}/tweets", limited(900, reads.timeline), "read"),
        Route("GET", API, "/2/tweets", limited(5000, reads.lookup), "read"),
        Route("GET", API, "/2/tweets/analytics", limited(300, analytics.of_posts), "read"),
        Route("GET", API, "/2/media/analytics", limited(300, analytics.of_media), "read"),
        Route("GET", API, "/2/tweets/{id}", limited(900, reads.lookup_one), "read"),
        Route("POST", API, "/2/tweets", limited(100, posts.create), "publish", commits=True),
        Route("DELETE", API, "/2/tweets/{id}", limited(50, posts.delete), "publish"),
        Route("POST", API, "/2/media/upload", limited(500, media.one_shot), "publish"),
        Route("GET", API, "/2/media/upload", limited(1000, media.status), "publish"),
        Route("POST", API, "/2/media/upload/initialize", limited(1875, media.initialize), "publish"),
        Route("POST", API, "/2/media/upload/{id}/append", limited(1875, media.append), "publish"),
        Route("POST", API, "/2/media/upload/{id}/finalize", limited(1875, media.finalize), "publish"),
        Route("POST", API, "/2/media/metadata", limited(500, media.alt_text), "publish"),
    )

    def accounts(self) -> list[Account]:
        return [
            Account(PLATFORM, "2244994945", "mosaic_so", "Mosaic"),
            Account(PLATFORM, "2244994946", "mosaic_labs", "Mosaic Labs"),
        ]

    def failure(self, status: int) -> web.Response:
        return errors.failure(status)

    def unknown_path(self, request: web.Request) -> web.Response:
        return errors.problem(404, "Not Found", "Not Found")

    def truth(self, world: World, post: Post) -> dict[str, Any]:
        return numbers.truth(world, post)

    def complaint(self, truth: dict[str, Any]) -> str | None:
        return numbers.complaint(truth)

    def find(self, world: World, native_id: str) -> Post | None:
        return posts.find(world, native_id)


NETWORK = X()
