"""YouTube's adapter: connecting, and what each error means. Examples are youtube.md's, as they stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from sextant.clock import Clock
from sextant.errors import (
    ActOutside,
    ExpiredToken,
    Fault,
    FixContent,
    Gone,
    NoValue,
    OurBug,
    OutcomeUnknown,
    Reconnect,
    TryLater,
    WaitUntil,
)
from sextant.http import Wire
from sextant.metrics import KEYS
from sextant.platforms import oauth
from sextant.platforms.base import Grant, Request
from sextant.platforms.youtube import PLATFORM, auth
from sextant.platforms.youtube.errors import NoPlaylist, NotOffered, UploadExpired
from tests.calls import CALLBACK, app_for
from tests.wire import Scripted

APP = app_for(PLATFORM)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SCOPES = "https://www.googleapis.com/auth/"

TOKENS = {
    "access_token": "ya29.example",
    "expires_in": 3599,
    "refresh_token": "1//example",
    "scope": "https://www.googleapis.com/auth/youtube.upload https://www.googleapis.com/auth/youtube.readonly"
    " https://www.googleapis.com/auth/yt-analytics.readonly",
    "token_type": "Bearer",
}
DEAD_GRANT = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
CHANNELS = {
    "kind": "youtube#channelListResponse",
    "etag": "e",
    "pageInfo": {"totalResults": 1, "resultsPerPage": 5},
    "items": [
        {
            "kind": "youtube#channel",
            "etag": "e",
            "id": "UC_x5XG1OV2P6uZZ5FSM9Ttw",
            "snippet": {
                "title": "Google for Developers",
                "description": "...",
                "customUrl": "@googledevelopers",
                "publishedAt": "2007-08-23T00:34:43Z",
                "thumbnails": {
                    "default": {"url": "https://yt3.ggpht.com/a=s88-c", "width": 88, "height": 88},
                    "medium": {"url": "https://yt3.ggpht.com/a=s240-c", "width": 240, "height": 240},
                    "high": {"url": "https://yt3.ggpht.com/a=s800-c", "width": 800, "height": 800},
                },
            },
            "contentDetails": {"relatedPlaylists": {"likes": "LL", "uploads": "UU_x5XG1OV2P6uZZ5FSM9Ttw"}},
            "statistics": {
                "viewCount": "214466",
                "subscriberCount": "2250000",
                "hiddenSubscriberCount": False,
                "videoCount": "5692",
            },
        }
    ],
}
QUOTA = {
    "error": {
        "code": 403,
        "message": "The request cannot be completed because you have exceeded your "
        '<a href="/youtube/v3/getting-started#quota">quota</a>.',
        "errors": [
            {
                "message": "The request cannot be completed because you have exceeded your "
                '<a href="/youtube/v3/getting-started#quota">quota</a>.',
                "domain": "youtube.quota",
                "reason": "quotaExceeded",
            }
        ],
    }
}
MISLEADING = {
    "error": {
        "code": 403,
        "message": "The caller does not have permission",
        "errors": [
            {
                "message": "Permission denied.",
                "domain": "youtube.CoreErrorDomain",
                "reason": "SERVICE_UNAVAILABLE",
            }
        ],
        "status": "PERMISSION_DENIED",
    }
}
BAD_KEY = {
    "error": {
        "errors": [{"domain": "usageLimits", "reason": "keyInvalid", "message": "Bad Request"}],
        "code": 400,
        "message": "Bad Request",
    }
}


def test_the_catalogue_has_the_13_keys_in_order() -> None:
    assert tuple(PLATFORM.catalogue) == KEYS


# ---- connecting --------------------------------------------------------------------------------------


def test_authorize_url() -> None:
    verifier = oauth.new_verifier(auth.SPEC)
    url = urlsplit(oauth.authorize_url(auth.SPEC, APP, CALLBACK, "state-1", verifier))
    query = parse_qs(url.query)
    assert url.netloc + url.path == "accounts.google.com/o/oauth2/v2/auth"
    assert query["access_type"] == ["offline"]
    assert query["prompt"] == ["consent"]
    assert query["code_challenge_method"] == ["S256"]
    names = ("youtube.upload", "youtube.readonly", "yt-analytics.readonly", "youtube.force-ssl")
    assert query["scope"][0].split() == [SCOPES + name for name in names]


async def test_exchange_refresh_and_revoke() -> None:
    without = {name: value for name, value in TOKENS.items() if name != "refresh_token"}
    async with Scripted() as peer:
        peer.on("POST", "/oauth2.googleapis.com/token", TOKENS)
        peer.on("POST", "/oauth2.googleapis.com/token", without)
        peer.on("POST", "/oauth2.googleapis.com/revoke", "")
        peer.on("POST", "/oauth2.googleapis.com/revoke", {"error": "invalid_token"}, 400)
        wire = Wire(Clock(), peer.url)

        async def send(request: Request) -> Any:
            return await wire.send(PLATFORM, request)

        grant = await PLATFORM.exchange(send, APP, "code-1", CALLBACK, "verifier-1", NOW)
        fresh = await PLATFORM.refresh(send, APP, grant, NOW)
        await PLATFORM.revoke(send, APP, fresh)
        await PLATFORM.revoke(send, APP, fresh)
        await wire.close()
    assert grant.expires_at == NOW + timedelta(seconds=3599)
    assert fresh.refresh_token == "1//example"
    assert SCOPES + "yt-analytics.readonly" in grant.scopes
    forms = [parse_qs(asked.body.decode()) for asked in peer.asked]
    assert forms[0]["code_verifier"] == ["verifier-1"]
    assert forms[1]["refresh_token"] == ["1//example"]
    assert forms[2] == forms[3] == {"token": ["1//example"]}


async def identified(peer: Scripted) -> Any:
    wire = Wire(Clock(), peer.url)

    async def send(request: Request) -> Any:
        return await wire.send(PLATFORM, request)

    try:
        return await PLATFORM.identify(send, APP, Grant("t0ken"))
    finally:
        await wire.close()


async def test_identify_gives_the_channel() -> None:
    async with Scripted().on("GET", "/youtube.googleapis.com/youtube/v3/channels", CHANNELS) as peer:
        [channel] = await identified(peer)
    assert (channel.id, channel.kind) == ("UC_x5XG1OV2P6uZZ5FSM9Ttw", "channel")
    assert (channel.name, channel.username) == ("Google for Developers", "@googledevelopers")
    assert channel.profile_url == "https://www.youtube.com/@googledevelopers"
    assert channel.avatar_url == "https://yt3.ggpht.com/a=s800-c"
    assert peer.asked[0].headers["Authorization"] == "Bearer t0ken"
    assert peer.asked[0].query["mine"] == "true"


async def test_a_bare_channel_has_the_address_of_its_id() -> None:
    bare = {"kind": "youtube#channelListResponse", "items": [{"id": "UC1", "snippet": {"title": "Bare"}}]}
    async with Scripted().on("GET", "/youtube.googleapis.com/youtube/v3/channels", bare) as peer:
        [channel] = await identified(peer)
    assert channel.username is None
    assert channel.profile_url == "https://www.youtube.com/channel/UC1"


async def test_an_account_without_a_channel() -> None:
    none = {"kind": "youtube#channelListResponse", "pageInfo": {"totalResults": 0}}
    async with Scripted().on("GET", "/youtube.googleapis.com/youtube/v3/channels", none) as peer:
        with pytest.raises(ActOutside, match="no YouTube channel"):
            await identified(peer)


# ---- the error table ---------------------------------------------------------------------------------

READ = Request("GET", "https://youtube.googleapis.com/youtube/v3/videos:batchGetStats", posts=1)
LIST = Request("GET", "https://youtube.googleapis.com/youtube/v3/videos", posts=1)
LOOK = Request("GET", "https://youtube.googleapis.com/youtube/v3/channels")
OPEN = Request("POST", "https://www.googleapis.com/upload/youtube/v3/videos", json={})
CHUNK = Request("PUT", "https://www.googleapis.com/upload/youtube/v3/videos?upload_id=1", body=b"x")
LAST = Request("PUT", CHUNK.url, body=b"x", commits=True)
TOKEN = Request("POST", auth.SPEC.token_url, form={})
DELETE = Request("DELETE", "https://youtube.googleapis.com/youtube/v3/videos")
PICTURE = Request("POST", "https://www.googleapis.com/upload/youtube/v3/thumbnails/set", body=b"x")
ITEMS = Request("GET", "https://youtube.googleapis.com/youtube/v3/playlistItems")


def because(reason: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": "Words.", "errors": [{"reason": reason, "message": "Words."}], **more}}


SCOPE_DETAILS = {
    "error": {
        "code": 403,
        "message": "Request had insufficient authentication scopes.",
        "status": "PERMISSION_DENIED",
        "details": [{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}],
    }
}
NOT_SUPPORTED = {"error": {"message": "The query is not supported.", "errors": [{"reason": "badRequest"}]}}

ROWS: list[tuple[Request, int, Any, type[Fault]]] = [
    (READ, 401, because("authError", status="UNAUTHENTICATED"), ExpiredToken),
    (TOKEN, 400, DEAD_GRANT, Reconnect),
    (TOKEN, 401, {"error": "invalid_client"}, OurBug),
    (TOKEN, 400, {"error": "redirect_uri_mismatch"}, OurBug),
    (TOKEN, 400, {"error": "unauthorized_client"}, OurBug),
    (TOKEN, 400, {"error": "invalid_request"}, OurBug),
    (TOKEN, 400, {"error": "unsupported_grant_type"}, OurBug),
    (READ, 403, because("insufficientPermissions"), Reconnect),
    (READ, 403, SCOPE_DETAILS, Reconnect),
    (READ, 403, QUOTA, WaitUntil),
    (READ, 403, because("dailyLimitExceeded"), WaitUntil),
    (READ, 403, because("rateLimitExceeded"), TryLater),
    (READ, 403, because("userRateLimitExceeded"), TryLater),
    (READ, 429, because("x", status="RESOURCE_EXHAUSTED"), TryLater),
    (OPEN, 429, because("uploadRateLimitExceeded"), TryLater),
    (OPEN, 400, because("uploadLimitExceeded"), ActOutside),
    *((OPEN, 400, because(f"invalid{part}"), FixContent) for part in ("Title", "Description", "Tags")),
    *((OPEN, 400, because(f"invalid{part}"), FixContent) for part in ("CategoryId", "PublishAt", "Image")),
    *((OPEN, 400, because(f"invalid{part}"), FixContent) for part in ("VideoMetadata", "Filename")),
    (OPEN, 400, because("mediaBodyRequired"), FixContent),
    (OPEN, 400, because("defaultLanguageNotSet"), FixContent),
    (OPEN, 403, because("forbidden"), FixContent),
    (OPEN, 403, because("forbiddenPrivacySetting"), FixContent),
    (OPEN, 403, because("forbiddenLicenseSetting"), FixContent),
    (READ, 403, because("forbidden"), NotOffered),
    (LIST, 403, because("forbidden"), NoValue),
    (READ, 404, because("notFound"), NotOffered),
    (OPEN, 403, MISLEADING, Reconnect),
    (OPEN, 401, because("youtubeSignupRequired"), ActOutside),
    (OPEN, 401, because("authorizationRequired"), ActOutside),
    (LOOK, 403, because("channelClosed"), ActOutside),
    (LOOK, 403, because("channelSuspended"), ActOutside),
    (LOOK, 403, because("authenticatedUserAccountClosed"), ActOutside),
    (LOOK, 403, because("authenticatedUserAccountSuspended"), ActOutside),
    (LAST, 500, because("backendError"), OutcomeUnknown),
    (CHUNK, 502, "<html>Bad Gateway</html>", TryLater),
    (CHUNK, 404, "", UploadExpired),
    (CHUNK, 410, "", UploadExpired),
    (CHUNK, 416, "", OurBug),
    (DELETE, 404, because("videoNotFound"), Gone),
    (DELETE, 403, because("forbidden"), ActOutside),
    (DELETE, 403, because("insufficientPermissions"), Reconnect),
    (PICTURE, 400, because("invalidImage"), FixContent),
    (PICTURE, 400, because("mediaBodyRequired"), FixContent),
    (PICTURE, 403, because("forbidden"), ActOutside),
    (PICTURE, 404, because("videoNotFound"), Gone),
    (PICTURE, 429, because("uploadRateLimitExceeded"), TryLater),
    (ITEMS, 404, because("playlistNotFound"), NoPlaylist),
    (READ, 400, NOT_SUPPORTED, OurBug),
    (READ, 400, BAD_KEY, OurBug),
    (READ, 500, because("backendError"), TryLater),
    (READ, 503, because("SERVICE_UNAVAILABLE"), TryLater),
    (READ, 418, because("teapot"), TryLater),
    (READ, 200, "<html>Bad Gateway</html>", TryLater),
    (READ, 200, '{"items": [', TryLater),
    (READ, 200, {"errors": {"code": "internalError"}}, TryLater),
    (LAST, 200, "<html>Bad Gateway</html>", OutcomeUnknown),
    (LAST, 200, "", OutcomeUnknown),
    (TOKEN, 200, "<html>Bad Gateway</html>", TryLater),
    (READ, 308, "", TryLater),
]


async def refusal_of(
    request: Request, status: int, body: Any, headers: dict[str, str] | None = None
) -> Fault:
    async with Scripted() as peer:
        peer.on(request.method, "/" + request.url.split("://")[1].partition("?")[0], body, status, headers)
        wire = Wire(Clock(), peer.url)
        with pytest.raises(Fault) as caught:
            await wire.send(PLATFORM, request)
        await wire.close()
    return caught.value


@pytest.mark.parametrize(("request_", "status", "body", "expected"), ROWS)
async def test_the_error_table(request_: Request, status: int, body: Any, expected: type[Fault]) -> None:
    assert type(await refusal_of(request_, status, body)) is expected


async def test_quota_ends_at_midnight_pacific_and_words_lose_their_html() -> None:
    pacific = ZoneInfo("America/Los_Angeles")
    today = datetime.now(pacific).date()
    fault = await refusal_of(READ, 403, QUOTA)
    assert fault.retry_at is not None
    there = fault.retry_at.astimezone(pacific)
    assert (there.hour, there.minute) == (0, 0)
    assert there.date() - timedelta(days=1) in (today, datetime.now(pacific).date())
    assert fault.message == (
        "The request cannot be completed because you have exceeded your quota. (quotaExceeded)"
    )


async def test_retry_after_in_both_forms() -> None:
    seconds = await refusal_of(READ, 429, because("x"), {"Retry-After": "120"})
    assert seconds.retry_at is not None
    assert timedelta(seconds=100) < seconds.retry_at - datetime.now(UTC) <= timedelta(seconds=120)
    dated = await refusal_of(READ, 503, because("x"), {"Retry-After": "Wed, 25 Nov 2026 07:28:00 GMT"})
    assert dated.retry_at == datetime(2026, 11, 25, 7, 28, tzinfo=UTC)


async def test_answers_without_a_body_are_good() -> None:
    async with Scripted() as peer:
        peer.on("PUT", "/www.googleapis.com/upload/youtube/v3/videos", "", 308)
        peer.on("POST", "/www.googleapis.com/upload/youtube/v3/videos", "")
        peer.on("DELETE", "/youtube.googleapis.com/youtube/v3/videos", "", 204)
        wire = Wire(Clock(), peer.url)
        statuses = [(await wire.send(PLATFORM, request)).status for request in (CHUNK, LAST, OPEN, DELETE)]
        await wire.close()
    assert statuses == [308, 308, 200, 204]
