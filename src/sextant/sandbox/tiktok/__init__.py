"""TikTok, simulated from shared/platforms/tiktok.md (state of 2026-11-23): both of its APIs.

The app `sandbox-tiktok` is of both kinds: its codes are taken by the Open API's token endpoint and by the
Business API's, each issuing tokens that only its own API accepts. It is audited, the account is public, and
the only verified address to pull from is the sandbox itself.

Tier words: empty or `business` (everything); `display` (every call of the Business API for this account
answers 40001); `capped` (15 posts in 24 hours and no more); `unaudited` (the app may only post for the owner
of a private account alone). Role words: empty; `private` (no public posts), `banned` (may not post), `quiet`
(comments, duets and stitches switched off), `short` (videos of at most 60 seconds).

Videos by bytes or address and photos can be posted. Drafts of the Open API, cancelling and webhooks are not
simulated; the Business API is of tier Basic, and the rates of publishing hold only where a limit is set.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sextant.sandbox.network import Route
from sextant.sandbox.tiktok import (
    accounts,
    auth,
    business_auth,
    business_publish,
    errors,
    numbers,
    publish,
    upload,
    videos,
)
from sextant.sandbox.tiktok.business_auth import app_call
from sextant.sandbox.tiktok.gate import HOST as API
from sextant.sandbox.tiktok.gate import business_api, open_api
from sextant.sandbox.tiktok.quotas import BUCKETS
from sextant.sandbox.world import Account, Post, World

WEB = "www.tiktok.com"
BUSINESS = "business-api.tiktok.com"
V13 = "/open_api/v1.3"

TOKENS = (
    Route("GET", WEB, "/v2/auth/authorize/", auth.authorize, "page"),
    Route("POST", WEB, "/v2/auth/authorize/", auth.authorize, "page"),
    Route("POST", API, "/v2/oauth/token/", auth.token, "token", failure=errors.oauth_failure),
    Route("POST", API, "/v2/oauth/revoke/", auth.revoke, "token", failure=errors.oauth_failure),
)
BUSINESS_TOKENS = tuple(
    Route(
        "POST",
        BUSINESS,
        f"{V13}/tt_user/{path}/",
        app_call(respond),
        "token",
        failure=errors.business_failure,
    )
    for path, respond in (
        ("oauth2/token", business_auth.token),
        ("oauth2/refresh_token", business_auth.refresh),
        ("oauth2/revoke", business_auth.revoke),
        ("token_info/get", business_auth.token_info),
    )
)
OPEN = (
    Route("GET", API, "/v2/user/info/", open_api(accounts.user_info)),
    Route("POST", API, "/v2/post/publish/creator_info/query/", open_api(publish.creator_info), "publish"),
    Route(
        "POST",
        API,
        "/v2/post/publish/video/init/",
        open_api(publish.init),
        "publish",
        commits=publish.init_commits,
    ),
    Route(
        "POST",
        API,
        "/v2/post/publish/content/init/",
        open_api(publish.photo_init),
        "publish",
        commits=True,
    ),
    Route(
        "PUT",
        upload.UPLOAD_HOST,
        "/video/",
        upload.upload,
        "publish",
        commits=upload.commits,
        failure=upload.failure,
    ),
    Route("POST", API, "/v2/post/publish/status/fetch/", open_api(publish.status), "publish"),
    Route("POST", API, "/v2/video/query/", open_api(videos.query), "read"),
    Route("POST", API, "/v2/video/list/", open_api(videos.page), "read"),
)
BUSINESS_CALLS = (
    Route(
        "GET",
        BUSINESS,
        f"{V13}/business/get/",
        business_api(accounts.business_account),
        failure=errors.business_failure,
    ),
    Route(
        "GET",
        BUSINESS,
        f"{V13}/business/video/settings/",
        business_api(accounts.business_settings),
        "publish",
        failure=errors.business_failure,
    ),
    Route(
        "POST",
        BUSINESS,
        f"{V13}/business/video/publish/",
        business_api(business_publish.video),
        "publish",
        commits=True,
        failure=errors.business_failure,
    ),
    Route(
        "POST",
        BUSINESS,
        f"{V13}/business/photo/publish/",
        business_api(business_publish.photos),
        "publish",
        commits=True,
        failure=errors.business_failure,
    ),
    Route(
        "GET",
        BUSINESS,
        f"{V13}/business/publish/status/",
        business_api(business_publish.status),
        "publish",
        failure=errors.business_failure,
    ),
    Route(
        "GET",
        BUSINESS,
        f"{V13}/business/video/list/",
        business_api(videos.business_list),
        "read",
        failure=errors.business_failure,
    ),
)


class TikTok:
    name = "tiktok"
    buckets = BUCKETS
    routes = (*TOKENS, *BUSINESS_TOKENS, *OPEN, *BUSINESS_CALLS)

    def accounts(self) -> list[Account]:
        return accounts.everybody()

    def failure(self, status: int) -> web.Response:
        return errors.failure(status)

    def unknown_path(self, request: web.Request) -> web.Response:
        """Neither API reports a wrong path, method or missing slash in its own envelope."""
        return web.Response(status=404, text="404 page not found")

    def truth(self, world: World, post: Post) -> dict[str, Any]:
        return numbers.now(world, post)

    def complaint(self, truth: dict[str, Any]) -> str | None:
        return numbers.complaint(truth)

    def find(self, world: World, native_id: str) -> Post | None:
        """By post id or by the publish_id it came from."""
        return world.named(self.name, native_id)


NETWORK = TikTok()
