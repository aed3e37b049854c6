"""LinkedIn, simulated from shared/platforms/linkedin.md (state of 2026-11-23).

Role words (at the page `urn:li:organization:1337`): `ADMINISTRATOR`; `CONTENT_ADMINISTRATOR` and
`DIRECT_SPONSORED_CONTENT_POSTER` (post and read, but no share statistics, and video analytics say a false
0); empty: no role, everything of the page is refused.

Tier words: empty (Standard tier with refresh tokens); `development` (no BATCH_GET, 500 calls per app and 100
per member and UTC day, all endpoints together); `self_serve` (no Community Management: only openid, profile,
email and w_member_social are in force, and no refresh token is given).

A page's posts belong to account_id `urn:li:organization:1337`, a member's to the member id. Text, images and
one video can be posted; documents, link cards, polls, reshares and edits are not simulated.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from aiohttp import web

from sextant.sandbox.linkedin import (
    accounts,
    auth,
    errors,
    images,
    member,
    numbers,
    posts,
    social,
    statistics,
    videos,
)
from sextant.sandbox.linkedin.gate import rest, unversioned
from sextant.sandbox.linkedin.quotas import BUCKETS
from sextant.sandbox.network import Route
from sextant.sandbox.world import Account, Post, World

API = "api.linkedin.com"
WEB = "www.linkedin.com"

POSTS = {"CREATE": posts.create, "BATCH_GET": posts.batch, "FINDER-author": posts.by_author}
POST = {"GET": posts.show, "DELETE": posts.delete}
UPLOADS = {"ACTION-initializeUpload": videos.initialize, "ACTION-finalizeUpload": videos.finalize}
IMAGES = {"ACTION-initializeUpload": images.initialize}
POST_ANALYTICS = {
    "FINDER-entity": member.of_post(member.POST_TYPES),
    "FINDER-me": member.of_all(member.POST_TYPES),
}
VIDEO_ANALYTICS = {"FINDER-entity": member.of_post(member.VIDEO_TYPES)}

TOKENS = (
    Route("GET", WEB, "/oauth/v2/authorization", auth.authorize, "page"),
    Route("POST", WEB, "/oauth/v2/authorization", auth.authorize, "page"),
    Route("POST", WEB, "/oauth/v2/accessToken", auth.access_token, "token", failure=errors.oauth_failure),
    Route("POST", WEB, "/oauth/v2/introspectToken", auth.introspect, "token", failure=errors.oauth_failure),
)
IDENTITY = (
    Route("GET", API, "/v2/userinfo", unversioned("userinfo", "GET", accounts.userinfo)),
    Route("GET", API, "/v2/me", unversioned("me", "GET", accounts.me)),
    Route("GET", API, "/rest/me", rest("me", {"GET_ALL": accounts.me})),
    Route(
        "GET",
        API,
        "/rest/organizationAcls",
        rest("organizationAcls", {"FINDER-roleAssignee": accounts.roles}),
    ),
    Route("GET", API, "/rest/organizations/{key}", rest("organizations", {"GET": accounts.organization})),
)
PUBLISHING = (
    Route("POST", API, "/rest/videos", rest("videos", UPLOADS), "publish"),
    Route("PUT", WEB, videos.UPLOAD_PATH.replace("{part}", r"{part:\d+}"), videos.upload, "publish"),
    Route("GET", API, "/rest/videos/{key}", rest("videos", {"GET": videos.show}), "publish"),
    Route("POST", API, "/rest/images", rest("images", IMAGES), "publish"),
    Route("PUT", WEB, images.UPLOAD_PATH, images.upload, "publish"),
    Route("GET", API, "/rest/images/{key}", rest("images", {"GET": images.show}), "publish"),
    Route("POST", API, "/rest/posts", rest("posts", POSTS), "publish", commits=True),
    Route("DELETE", API, "/rest/posts/{key}", rest("posts", POST), "publish"),
)
READING = (
    Route("GET", API, "/rest/posts", rest("posts", POSTS), "read"),
    Route("GET", API, "/rest/posts/{key}", rest("posts", POST), "read"),
    Route(
        "GET",
        API,
        "/rest/organizationalEntityShareStatistics",
        rest("organizationalEntityShareStatistics", {"FINDER-organizationalEntity": statistics.shares}),
        "read",
    ),
    Route(
        "GET",
        API,
        "/rest/videoAnalytics",
        rest("videoAnalytics", {"FINDER-entity": statistics.video}),
        "read",
    ),
    *(
        route
        for resource, shape in (("socialMetadata", social.metadata), ("socialActions", social.actions))
        for route in (
            Route(
                "GET",
                API,
                f"/rest/{resource}",
                rest(resource, {"BATCH_GET": social.several(shape)}),
                "read",
            ),
            Route(
                "GET",
                API,
                f"/rest/{resource}/{{key}}",
                rest(resource, {"GET": social.one(shape)}),
                "read",
            ),
        )
    ),
    Route(
        "GET",
        API,
        "/rest/memberCreatorPostAnalytics",
        rest("memberCreatorPostAnalytics", POST_ANALYTICS),
        "read",
    ),
    Route(
        "GET",
        API,
        "/rest/memberCreatorVideoAnalytics",
        rest("memberCreatorVideoAnalytics", VIDEO_ANALYTICS),
        "read",
    ),
)


class LinkedIn:
    name = "linkedin"
    buckets = BUCKETS
    routes = (*TOKENS, *IDENTITY, *PUBLISHING, *READING)

    def accounts(self) -> list[Account]:
        return accounts.everybody()

    def failure(self, status: int) -> web.Response:
        return errors.failure(status)

    def unknown_path(self, request: web.Request) -> web.Response:
        refused = errors.Refused(404, "No virtual resource found", "RESOURCE_NOT_FOUND")
        return errors.answer(refused.body(), 404)

    def truth(self, world: World, post: Post) -> dict[str, Any]:
        return numbers.now(world, post)

    def complaint(self, truth: dict[str, Any]) -> str | None:
        return numbers.complaint(truth)

    def find(self, world: World, native_id: str) -> Post | None:
        """By the post's urn, or that of its video."""
        return world.named(self.name, unquote(native_id))


NETWORK = LinkedIn()
