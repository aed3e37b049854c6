"""LinkedIn's adapter: connecting, and what each error means. Examples are linkedin.md's, as they stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

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
    Revoked,
    TryLater,
    WaitUntil,
)
from sextant.http import Wire
from sextant.metrics import KEYS
from sextant.platforms import oauth
from sextant.platforms.base import App, Grant, Request
from sextant.platforms.linkedin import PLATFORM, auth
from sextant.platforms.linkedin.errors import UploadExpired
from tests.calls import CALLBACK, app_for
from tests.wire import Scripted

APP = app_for(PLATFORM)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOKEN_PATH = "/www.linkedin.com/oauth/v2/accessToken"
REST = "/api.linkedin.com/rest"

TOKENS = {
    "access_token": "AQX...",
    "expires_in": 5184000,
    "scope": "openid,profile,w_member_social",
    "refresh_token": "AQW...",
    "refresh_token_expires_in": 31536000,
}
USERINFO = {
    "sub": "782bbtaQ",
    "name": "Ada Example",
    "given_name": "Ada",
    "family_name": "Example",
    "picture": "https://...",
    "locale": "en-US",
}
ACLS = {
    "elements": [
        {
            "organization": "urn:li:organization:1337",
            "role": "ADMINISTRATOR",
            "roleAssignee": "urn:li:person:782bbtaQ",
            "state": "APPROVED",
        }
    ],
    "paging": {"start": 0, "count": 10, "links": []},
}
DENIED = {
    "status": 403,
    "serviceErrorCode": 100,
    "code": "ACCESS_DENIED",
    "message": "Not enough permissions to access: organizationAcls.FINDER-roleAssignee.20260901",
}
REVOKED = {
    "status": 401,
    "serviceErrorCode": 65601,
    "code": "REVOKED_ACCESS_TOKEN",
    "message": "The token used in the request has been revoked by the user",
}
INVALID = {
    "status": 401,
    "serviceErrorCode": 65600,
    "code": "INVALID_ACCESS_TOKEN",
    "message": "Invalid access token",
}
DAY_LIMIT = {
    "status": 429,
    "serviceErrorCode": 101,
    "code": "TOO_MANY_REQUESTS",
    "message": "Resource level throttle APPLICATION DAY limit for calls to this resource is reached.",
}
THROTTLED = {
    "status": 429,
    "serviceErrorCode": 101,
    "message": "Resource level throttle limit for calls to this resource is reached.",
}
TROUBLE = {"message": "Internal Server Error", "status": 500}
DEAD_GRANT = {
    "error": "invalid_grant",
    "error_description": "The provided authorization grant or refresh token is invalid, expired or revoked.",
}


def test_the_catalogue_has_the_13_keys_in_order() -> None:
    assert tuple(PLATFORM.catalogue) == KEYS


# ---- connecting --------------------------------------------------------------------------------------


def test_authorize_url() -> None:
    assert oauth.new_verifier(auth.SPEC) is None
    url = urlsplit(oauth.authorize_url(auth.SPEC, APP, CALLBACK, "state-1", None))
    query = parse_qs(url.query)
    assert url.netloc + url.path == "www.linkedin.com/oauth/v2/authorization"
    assert query["response_type"] == ["code"]
    assert query["redirect_uri"] == [CALLBACK]
    assert query["state"] == ["state-1"]
    assert {"openid", "profile", "w_member_social", "rw_organization_admin"} <= set(query["scope"][0].split())


async def test_exchange_and_refresh() -> None:
    async with Scripted() as peer:
        peer.on("POST", TOKEN_PATH, TOKENS)
        wire = Wire(Clock(), peer.url)

        async def send(request: Request) -> Any:
            return await wire.send(PLATFORM, request)

        grant = await PLATFORM.exchange(send, APP, "code-1", CALLBACK, None, NOW)
        fresh = await PLATFORM.refresh(send, APP, grant, NOW)
        await PLATFORM.revoke(send, APP, grant)
        await wire.close()
    assert grant.expires_at == NOW + timedelta(days=60)
    assert grant.refresh_expires_at == NOW + timedelta(days=365)
    assert grant.scopes == {"openid", "profile", "w_member_social"}
    assert fresh == grant
    forms = [parse_qs(asked.body.decode()) for asked in peer.asked]
    assert forms[0]["grant_type"] == ["authorization_code"]
    assert forms[0]["client_secret"] == ["sandbox-linkedin-secret"]
    assert forms[1]["grant_type"] == ["refresh_token"]
    assert len(forms) == 2


async def test_without_a_refresh_token_the_owner_has_to_authorize_again() -> None:
    async def send(request: Request) -> Any:
        raise AssertionError("nothing to send")

    with pytest.raises(Reconnect):
        await PLATFORM.refresh(send, APP, Grant("dead"), NOW)


async def identified(peer: Scripted) -> Any:
    wire = Wire(Clock(), peer.url)

    async def send(request: Request) -> Any:
        return await wire.send(PLATFORM, request)

    try:
        return await PLATFORM.identify(send, App("id", "secret", "linkedin", "202608"), Grant("t0ken"))
    finally:
        await wire.close()


async def test_identify_gives_the_pages_first_then_the_member() -> None:
    async with Scripted() as peer:
        peer.on("GET", "/api.linkedin.com/v2/userinfo", USERINFO)
        peer.on("GET", f"{REST}/organizationAcls", ACLS)
        page = {"id": 1337, "localizedName": "Example Corp", "vanityName": "example-corp"}
        peer.on("GET", f"{REST}/organizations/1337", page)
        organization, member = await identified(peer)
    assert (organization.id, organization.kind) == ("urn:li:organization:1337", "organization")
    assert organization.profile_url == "https://www.linkedin.com/company/example-corp"
    assert (member.id, member.kind, member.name) == ("urn:li:person:782bbtaQ", "member", "Ada Example")
    assert member.profile_url is None
    acls = next(asked for asked in peer.asked if "organizationAcls" in asked.path)
    assert acls.raw_query == "q=roleAssignee&role=ADMINISTRATOR&state=APPROVED"
    assert acls.headers["LinkedIn-Version"] == "202608"
    assert acls.headers["X-Restli-Protocol-Version"] == "2.0.0"
    assert acls.headers["Authorization"] == "Bearer t0ken"


async def test_identify_follows_pages_of_pages() -> None:
    first = {
        "elements": [{"organizationalTarget": "urn:li:organization:1"}],
        "paging": {"links": [{"rel": "next", "href": "/rest/organizationAcls?q=roleAssignee&start=1"}]},
    }
    async with Scripted() as peer:
        peer.on("GET", "/api.linkedin.com/v2/userinfo", USERINFO)
        peer.on("GET", f"{REST}/organizationAcls", first).on("GET", f"{REST}/organizationAcls", ACLS)
        peer.on("GET", f"{REST}/organizations/1", {"id": 1, "localizedName": "One"})
        peer.on("GET", f"{REST}/organizations/1337", {"id": 1337, "localizedName": "Two"})
        found = await identified(peer)
    assert [account.name for account in found] == ["One", "Two", "Ada Example"]


async def test_identify_without_page_permissions_gives_the_member() -> None:
    async with Scripted() as peer:
        peer.on("GET", "/api.linkedin.com/v2/userinfo", USERINFO)
        peer.on("GET", f"{REST}/organizationAcls", DENIED, 403)
        assert [account.kind for account in await identified(peer)] == ["member"]


async def test_a_brand_new_token_is_given_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "FRESH_TOKEN_S", 0.0)
    async with Scripted() as peer:
        peer.on("GET", "/api.linkedin.com/v2/userinfo", REVOKED, 401)
        peer.on("GET", "/api.linkedin.com/v2/userinfo", USERINFO)
        peer.on("GET", f"{REST}/organizationAcls", {"elements": []})
        assert [account.id for account in await identified(peer)] == ["urn:li:person:782bbtaQ"]


# ---- the error table ---------------------------------------------------------------------------------

READ = Request("GET", "https://api.linkedin.com/rest/socialMetadata?ids=List()", posts=1)
LOOK = Request("GET", "https://api.linkedin.com/rest/organizationAcls")
CREATE = Request("POST", "https://api.linkedin.com/rest/posts", json={}, commits=True)
OPEN = Request("POST", "https://api.linkedin.com/rest/videos?action=initializeUpload", json={})
PUT = Request("PUT", "https://www.linkedin.com/dms-uploads/part-1", body=b"x")
DELETE = Request("DELETE", "https://api.linkedin.com/rest/posts/1")
TOKEN = Request("POST", auth.SPEC.token_url, form={"grant_type": "refresh_token"})


def said(message: str, **more: Any) -> dict[str, Any]:
    return {"message": message, **more}


ROWS: list[tuple[Request, int, Any, type[Fault]]] = [
    (TOKEN, 400, DEAD_GRANT, Reconnect),
    (TOKEN, 400, {"error": "invalid_request"}, Reconnect),
    (TOKEN, 401, {"error": "invalid_client"}, OurBug),
    (LOOK, 401, REVOKED, Revoked),
    (LOOK, 401, INVALID, Revoked),
    (LOOK, 401, said("Empty oauth2_access_token", serviceErrorCode=401), OurBug),
    (LOOK, 401, said("expired", code="EXPIRED_ACCESS_TOKEN", serviceErrorCode=65601), ExpiredToken),
    (LOOK, 401, said("expired", serviceErrorCode=65602), ExpiredToken),
    (LOOK, 403, DENIED, Reconnect),
    (LOOK, 403, said("Not enough permissions to access: partnerApiVideos.GET.202609"), ActOutside),
    (READ, 403, DENIED, NoValue),
    (CREATE, 403, said("Field Value validation failed in REQUEST_BODY: x /author"), ActOutside),
    (LOOK, 403, said("Accessing the UGC resource is forbidden. Please check your permissions"), NoValue),
    (LOOK, 400, said("Member permissions must be used when using member as author"), OurBug),
    (LOOK, 400, said("A version must be present.", code="VERSION_MISSING"), OurBug),
    (LOOK, 426, said("Requested version 20250101 is not active", code="NONEXISTENT_VERSION"), OurBug),
    (READ, 404, said("No virtual resource found for: memberCreatorPostAnalytics"), OurBug),
    (CREATE, 400, said("too long", code="FIELD_LENGTH_TOO_LONG"), FixContent),
    (CREATE, 400, said("media not ready"), TryLater),
    (CREATE, 400, said("Invalid value for /commentary"), FixContent),
    (CREATE, 400, said("ERROR :: /visibility :: must be one of"), FixContent),
    (CREATE, 400, said("ERROR :: /content/media/altText :: too long"), FixContent),
    (CREATE, 400, said("ERROR :: /content/media/title :: too long"), FixContent),
    (OPEN, 400, said("ERROR :: /initializeUploadRequest/fileSizeBytes :: must be"), FixContent),
    (CREATE, 400, said("unknown field"), OurBug),
    (PUT, 401, INVALID, UploadExpired),
    (PUT, 403, "", UploadExpired),
    (PUT, 404, "", UploadExpired),
    (PUT, 410, "", UploadExpired),
    (PUT, 503, "", TryLater),
    (DELETE, 403, DENIED, Reconnect),
    (DELETE, 403, said("Field Value validation failed in REQUEST_BODY: x /author"), ActOutside),
    (DELETE, 404, said("Not Found", code="NOT_FOUND"), Gone),
    (DELETE, 429, DAY_LIMIT, WaitUntil),
    (CREATE, 429, DAY_LIMIT, WaitUntil),
    (CREATE, 411, said("Content-Length required"), OurBug),
    (CREATE, 422, said("Content is a duplicate of urn:li:share:1"), FixContent),
    (READ, 429, DAY_LIMIT, WaitUntil),
    (READ, 429, THROTTLED, TryLater),
    (CREATE, 403, said("Unable to obtain activity"), TryLater),
    (CREATE, 403, said("The resource is forbidden"), TryLater),
    (CREATE, 503, said("Service Unavailable"), OutcomeUnknown),
    (LOOK, 404, said("Not Found", code="NOT_FOUND"), Gone),
    (LOOK, 410, said("gone"), Gone),
    (READ, 500, TROUBLE, TryLater),
    (READ, 504, "<html>gateway</html>", TryLater),
    (CREATE, 500, TROUBLE, OutcomeUnknown),
    (CREATE, 418, said("what"), OutcomeUnknown),
    (READ, 418, said("what"), TryLater),
    (READ, 200, "<html>Bad Gateway</html>", TryLater),
    (READ, 200, '{"elements": [', TryLater),
    (CREATE, 200, "<html>Bad Gateway</html>", OutcomeUnknown),
    (CREATE, 201, "", OutcomeUnknown),
    (TOKEN, 200, "<html>Bad Gateway</html>", TryLater),
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
    fault = await refusal_of(request_, status, body)
    assert type(fault) is expected
    if isinstance(body, dict) and "message" in body:
        assert body["message"] in fault.message


async def test_the_trace_id_is_kept() -> None:
    fault = await refusal_of(LOOK, 500, TROUBLE, {"x-li-uuid": "AAX-1"})
    assert fault.request_id == "AAX-1"


async def test_a_daily_limit_ends_at_midnight_utc() -> None:
    today = datetime.now(UTC).date()
    fault = await refusal_of(READ, 429, DAY_LIMIT)
    assert fault.retry_at is not None
    assert fault.retry_at.date() - timedelta(days=1) in (today, datetime.now(UTC).date())
    assert fault.retry_at.timestamp() % 86_400 == 0


async def test_retry_after_in_both_forms() -> None:
    seconds = await refusal_of(READ, 429, THROTTLED, {"Retry-After": "120"})
    assert seconds.retry_at is not None
    assert timedelta(seconds=100) < seconds.retry_at - datetime.now(UTC) <= timedelta(seconds=120)
    dated = await refusal_of(READ, 503, TROUBLE, {"Retry-After": "Wed, 25 Nov 2026 07:28:00 GMT"})
    assert dated.retry_at == datetime(2026, 11, 25, 7, 28, tzinfo=UTC)
