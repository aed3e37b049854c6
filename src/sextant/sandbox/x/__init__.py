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

from sextant.sandbox.faults import Purpose
from sextant.sandbox.network import Route
from sextant.sandbox.world import Account, Post, World
from sextant.sandbox.x import analytics, auth, errors, media, numbers, posts, reads
from sextant.sandbox.x.access import PLATFORM, Endpoint, limited, settling
from sextant.sandbox.x.quotas import BUCKETS

API, WEB = "api.x.com", "x.com"


def limited_route(
    method: str, path: str, endpoint: Endpoint, purpose: Purpose = "other", *, commits: bool = False
) -> Route:
    return Route(method, API, path, limited(f"{method} {path}", endpoint), purpose, commits)


class X:
    name = PLATFORM
    buckets = BUCKETS
    routes = (
        Route("GET", WEB, "/i/oauth2/authorize", auth.authorize, "page"),
        Route("POST", WEB, "/i/oauth2/authorize", auth.authorize, "page"),
        Route("POST", API, "/2/oauth2/token", settling(auth.token), "token", failure=errors.token_failure),
        Route("POST", API, "/2/oauth2/revoke", settling(auth.revoke), "token", failure=errors.token_failure),
        limited_route("GET", "/2/users/me", reads.me),
        limited_route("GET", "/2/users/{id}/tweets", reads.timeline, "read"),
        limited_route("GET", "/2/tweets", reads.lookup, "read"),
        limited_route("GET", "/2/tweets/analytics", analytics.of_posts, "read"),
        limited_route("GET", "/2/media/analytics", analytics.of_media, "read"),
        limited_route("GET", "/2/tweets/{id}", reads.lookup_one, "read"),
        limited_route("POST", "/2/tweets", posts.create, "publish", commits=True),
        limited_route("DELETE", "/2/tweets/{id}", posts.delete, "publish"),
        limited_route("POST", "/2/media/upload", media.one_shot, "publish"),
        limited_route("GET", "/2/media/upload", media.status, "publish"),
        limited_route("POST", "/2/media/upload/initialize", media.initialize, "publish"),
        limited_route("POST", "/2/media/upload/{id}/append", media.append, "publish"),
        limited_route("POST", "/2/media/upload/{id}/finalize", media.finalize, "publish"),
        limited_route("POST", "/2/media/metadata", media.alt_text, "publish"),
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
