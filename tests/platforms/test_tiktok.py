"""TikTok: connecting through either API, and keeping the token fresh."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from sextant.errors import OurBug, Reconnect, TryLater
from sextant.platforms import oauth
from sextant.platforms.base import Account, Grant
from sextant.platforms.tiktok import PLATFORM
from tests.calls import CALLBACK, app_for
from tests.platforms.adapters import NOW, calling, numbers, post, sender
from tests.wire import Scripted

BIZ = "/business-api.tiktok.com/open_api/v1.3"
OPEN = "/open.tiktokapis.com/v2"
BUSINESS, DISPLAY = app_for(PLATFORM, "business"), app_for(PLATFORM, "display")
CREDENTIALS = {"client_id": "sandbox-tiktok", "client_secret": "sandbox-tiktok-secret"}
KEY_CREDENTIALS = {"client_key": "sandbox-tiktok", "client_secret": "sandbox-tiktok-secret"}


@pytest.fixture
async def peer():
    async with Scripted() as peer:
        yield peer


@pytest.fixture
async def call(peer):
    grant = Grant("act.1", refresh_token="rft.1", scopes=frozenset({"video.insights"}))
    async with calling(PLATFORM, peer, Account("openid", "Ki", "business", "ki.official"), grant) as call:
        yield call


@pytest.mark.parametrize(
    ("login", "scope"), [("business", "video.insights"), ("display", "user.info.profile")]
)
def test_authorize_url(login, scope):
    spec = PLATFORM.logins[login]
    assert oauth.new_verifier(spec) is None
    url = oauth.authorize_url(spec, app_for(PLATFORM, login), CALLBACK, "state-1", None)
    assert url.startswith("https://www.tiktok.com/v2/auth/authorize/?")
    query = parse_qs(urlsplit(url).query)
    assert query["client_key"] == ["sandbox-tiktok"]
    assert {"client_id", "code_challenge"}.isdisjoint(query)
    assert scope in query["scope"][0].split(",")
    assert {"video.list", "video.publish"} <= set(query["scope"][0].split(","))


# ---- tokens --------------------------------------------------------------------------------------


BUSINESS_TOKEN = {
    "code": 0,
    "message": "OK",
    "request_id": "202403040357439E497F7E6668D60F2700",
    "data": {
        "access_token": "act.token",
        "expires_in": 86400,
        "open_id": "openid",
        "refresh_token": "rft.token",
        "refresh_token_expires_in": 31536000,
        "scope": "video.publish,comment.list.manage,video.insights,video.list,user.insights,user.info.basic,"
        "user.info.username,comment.list,user.account.type,user.info.stats",
        "token_type": "Bearer",
    },
}
OPEN_TOKEN = {
    "access_token": "act.example",
    "expires_in": 86400,
    "open_id": "_000example",
    "refresh_expires_in": 31536000,
    "refresh_token": "rft.example",
    "scope": "user.info.basic,video.list",
    "token_type": "Bearer",
}


async def test_business_exchange_and_refresh(peer, call):
    peer.on("POST", f"{BIZ}/tt_user/oauth2/token/", BUSINESS_TOKEN)
    peer.on("POST", f"{BIZ}/tt_user/oauth2/refresh_token/", BUSINESS_TOKEN)
    grant = await PLATFORM.exchange(sender(call), BUSINESS, "code-1", CALLBACK, None, NOW)
    assert (grant.access_token, grant.refresh_token, grant.subject) == ("act.token", "rft.token", "openid")
    assert grant.expires_at == NOW + timedelta(days=1)
    assert grant.refresh_expires_at == NOW + timedelta(days=365)
    assert "video.insights" in grant.scopes
    again = await PLATFORM.refresh(sender(call), BUSINESS, Grant("old", refresh_token="rft.1"), NOW)
    assert again == grant
    assert [json.loads(asked.body) for asked in peer.asked] == [
        {**CREDENTIALS, "grant_type": "authorization_code", "auth_code": "code-1", "redirect_uri": CALLBACK},
        {**CREDENTIALS, "grant_type": "refresh_token", "refresh_token": "rft.1"},
    ]


async def test_business_refresh_keeps_what_the_answer_leaves_out(peer, call):
    answer = {"code": 0, "message": "OK", "data": {"access_token": "act.new", "expires_in": 7200}}
    peer.on("POST", f"{BIZ}/tt_user/oauth2/refresh_token/", answer)
    old = Grant("old", refresh_token="rft.1", scopes=frozenset({"video.list"}), subject="openid")
    fresh = await PLATFORM.refresh(sender(call), BUSINESS, old, NOW)
    assert (fresh.access_token, fresh.refresh_token, fresh.subject) == ("act.new", "rft.1", "openid")
    assert fresh.scopes == {"video.list"}


async def test_display_exchange_and_refresh(peer, call):
    peer.on("POST", f"{OPEN}/oauth/token/", OPEN_TOKEN)
    grant = await PLATFORM.exchange(sender(call), DISPLAY, "code*1", CALLBACK, None, NOW)
    assert (grant.subject, grant.scopes) == ("_000example", {"user.info.basic", "video.list"})
    assert grant.refresh_expires_at == NOW + timedelta(days=365)
    await PLATFORM.refresh(sender(call), DISPLAY, grant, NOW)
    assert [dict(parse_qsl(asked.body.decode())) for asked in peer.asked] == [
        {
            **KEY_CREDENTIALS,
            "grant_type": "authorization_code",
            "code": "code*1",
            "redirect_uri": CALLBACK,
        },
        {**KEY_CREDENTIALS, "grant_type": "refresh_token", "refresh_token": "rft.example"},
    ]


async def test_business_revoke(peer, call):
    answer = {"code": 0, "message": "OK", "request_id": "202403040630000000000000000000000", "data": {}}
    peer.on("POST", f"{BIZ}/tt_user/oauth2/revoke/", answer)
    await PLATFORM.revoke(sender(call), BUSINESS, Grant("act.1", refresh_token="rft.1"))
    assert json.loads(peer.asked[0].body) == {**CREDENTIALS, "access_token": "act.1"}


async def test_display_revoke_answers_nothing(peer, call):
    peer.on("POST", f"{OPEN}/oauth/revoke/", b"")
    await PLATFORM.revoke(sender(call), DISPLAY, Grant("act.1", refresh_token="rft.1"))
    assert dict(parse_qsl(peer.asked[0].body.decode())) == {**KEY_CREDENTIALS, "token": "act.1"}


async def test_revoking_a_dead_grant_is_no_failure(peer, call):
    peer.on("POST", f"{BIZ}/tt_user/oauth2/revoke/", {"code": 40105, "message": "invalid", "data": {}})
    await PLATFORM.revoke(sender(call), BUSINESS, Grant("act.1"))


async def test_refresh_refused_with_http_200(peer, call):
    refused = {
        "error": "invalid_grant",
        "error_description": "Refresh token is invalid or expired.",
        "log_id": "20260902000000000000000000000000",
    }
    peer.on("POST", f"{OPEN}/oauth/token/", refused)
    with pytest.raises(Reconnect) as raised:
        await PLATFORM.refresh(sender(call), DISPLAY, Grant("a", refresh_token="r"), NOW)
    assert raised.value.request_id == "20260902000000000000000000000000"


async def test_wrong_app_is_our_bug(peer, call):
    peer.on("POST", f"{BIZ}/tt_user/oauth2/token/", {"code": 40101, "message": "App id wrong", "data": {}})
    with pytest.raises(OurBug, match="40101: App id wrong"):
        await PLATFORM.exchange(sender(call), BUSINESS, "c", CALLBACK, None, NOW)


async def test_token_answer_without_data(peer, call):
    peer.on("POST", f"{BIZ}/tt_user/oauth2/token/", {"code": 0, "message": "OK"})
    with pytest.raises(TryLater):
        await PLATFORM.exchange(sender(call), BUSINESS, "c", CALLBACK, None, NOW)


async def test_an_expired_token_is_refreshed_once(peer, call):
    lists = f"{BIZ}/business/video/list/"
    peer.on("GET", lists, {"code": 40102, "message": "Access token is expired", "data": {}})
    peer.on("GET", lists, {"code": 0, "message": "OK", "data": {"videos": [{"item_id": "1", "likes": 3}]}})
    peer.on("POST", f"{BIZ}/tt_user/oauth2/refresh_token/", BUSINESS_TOKEN)
    ((_, found, _),) = await numbers(call, post("1"))
    assert found == {"likes": 3}
    assert [asked.headers.get("Access-Token") for asked in peer.asked] == ["act.1", None, "act.token"]


# ---- the account ---------------------------------------------------------------------------------


async def test_identify_business(peer, call):
    data = {"username": "ki.official", "display_name": "Ki", "profile_image": "https://p16.example/a.jpeg"}
    peer.on("GET", f"{BIZ}/business/get/", {"code": 0, "message": "Ok", "data": data})
    grant = Grant("act.1", scopes=frozenset({"user.info.username"}), subject="openid")
    accounts = await PLATFORM.identify(sender(call), BUSINESS, grant)
    assert accounts == [
        Account(
            id="openid",
            name="Ki",
            kind="business",
            username="ki.official",
            profile_url="https://www.tiktok.com/@ki.official",
            avatar_url="https://p16.example/a.jpeg",
        )
    ]
    (asked,) = peer.asked
    assert asked.query["business_id"] == "openid"
    assert json.loads(asked.query["fields"]) == ["display_name", "profile_image", "username"]
    assert asked.headers["Access-Token"] == "act.1"


USER = {
    "data": {
        "user": {
            "open_id": "_000example",
            "union_id": "c9c6example",
            "avatar_url": "https://p16-sign-sg.tiktokcdn.com/obj/abc.jpeg?x-expires=1656907200",
            "display_name": "Ki",
            "username": "ki.official",
            "profile_deep_link": "https://vm.tiktok.com/XXXX",
            "profile_web_link": "https://www.tiktok.com/@ki.official",
            "is_verified": False,
        }
    },
    "error": {"code": "ok", "message": "", "log_id": "20220829194722CBE87ED59D524E727021"},
}


async def test_identify_display(peer, call):
    peer.on("GET", f"{OPEN}/user/info/", USER)
    grant = Grant("act.1", scopes=frozenset({"user.info.basic", "user.info.profile"}))
    (account,) = await PLATFORM.identify(sender(call), DISPLAY, grant)
    assert (account.id, account.kind, account.username) == ("_000example", "display", "ki.official")
    assert account.profile_url == "https://www.tiktok.com/@ki.official"
    assert peer.asked[0].headers["Authorization"] == "Bearer act.1"


async def test_fields_without_their_scope_are_not_asked_for(peer, call):
    peer.on("GET", f"{OPEN}/user/info/", USER)
    grant = Grant("act.1", scopes=frozenset({"user.info.basic", "video.list"}))
    await PLATFORM.identify(sender(call), DISPLAY, grant)
    assert peer.asked[0].query["fields"] == "open_id,display_name,avatar_url,avatar_large_url"
