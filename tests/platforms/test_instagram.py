"""Instagram: connecting through either login."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from sextant.errors import Reconnect
from sextant.metrics import KEYS
from sextant.platforms import oauth
from sextant.platforms.base import Account, Grant, Request
from sextant.platforms.instagram import PLATFORM
from tests.calls import CALLBACK, app_for
from tests.platforms.adapters import NOW, calling, sender
from tests.wire import Scripted

FB = "/graph.facebook.com/v26.0"
IG_TOKEN = "/api.instagram.com/oauth/access_token"
LONG_TOKEN = "/graph.instagram.com/access_token"
REFRESH = "/graph.instagram.com/refresh_access_token"

LONG = {"access_token": "IGlong", "token_type": "bearer", "expires_in": 5183944}
SCOPES = {"instagram_business_basic", "instagram_business_content_publish"}
DOCUMENTED = {
    "data": [
        {
            "access_token": "IGshort",
            "user_id": "17841400000000001",
            "permissions": "instagram_business_basic,instagram_business_content_publish",
        }
    ]
}
SEEN = {
    "access_token": "IGshort",
    "user_id": 17841400000000001,
    "permissions": ["instagram_business_basic", "instagram_business_content_publish"],
}
ME = {
    "user_id": "17841400000000001",
    "id": "24900000000000001",
    "username": "example",
    "name": "Example",
    "account_type": "BUSINESS",
    "profile_picture_url": "https://cdn.example/a.jpg",
    "followers_count": 320,
    "follows_count": 12,
    "media_count": 48,
    "biography": "...",
    "website": "https://example.org",
}


@pytest.fixture
async def peer():
    async with Scripted() as peer:
        yield peer


@pytest.fixture
async def call(peer):
    async with calling(PLATFORM, peer, Account("1", "A", "instagram"), Grant("IG"), "instagram") as call:
        yield call


@pytest.fixture
async def facebook(peer):
    async with calling(PLATFORM, peer, Account("1", "A", "facebook"), Grant("EAA")) as call:
        yield call


def test_the_default_login_is_facebook():
    assert list(PLATFORM.logins) == ["facebook", "instagram"]


@pytest.mark.parametrize(
    ("login", "address", "scope"),
    [
        ("facebook", "https://www.facebook.com/v26.0/dialog/oauth?", "instagram_manage_insights"),
        (
            "instagram",
            "https://www.instagram.com/oauth/authorize?",
            "instagram_business_manage_insights",
        ),
    ],
)
def test_authorize_urls(login, address, scope):
    app = app_for(PLATFORM, login)
    url = oauth.authorize_url(PLATFORM.logins[login], app, CALLBACK, "state-1", None)
    assert url.startswith(address)
    query = parse_qs(urlsplit(url).query)
    assert scope in query["scope"][0].split(",")
    assert query["client_id"] == ["sandbox-instagram"]
    assert query["state"] == ["state-1"]


# ---- Instagram Login ----


@pytest.mark.parametrize("answer", [DOCUMENTED, SEEN])
async def test_a_code_becomes_a_long_token_from_either_shape(peer, call, answer):
    peer.on("POST", IG_TOKEN, answer).on("GET", LONG_TOKEN, LONG)
    grant = await PLATFORM.exchange(sender(call), call.app, "AQcode#_", CALLBACK, None, NOW)
    first, second = peer.asked
    assert {name: value[0] for name, value in parse_qs(first.body.decode()).items()} == {
        "client_id": "sandbox-instagram",
        "client_secret": "sandbox-instagram-secret",
        "grant_type": "authorization_code",
        "redirect_uri": CALLBACK,
        "code": "AQcode",
    }
    assert second.query == {
        "grant_type": "ig_exchange_token",
        "client_secret": "sandbox-instagram-secret",
        "access_token": "IGshort",
    }
    assert grant.access_token == "IGlong"
    assert grant.scopes == SCOPES
    assert grant.subject == "17841400000000001"
    assert grant.refresh_expires_at == NOW + timedelta(seconds=5183944)
    assert NOW + timedelta(days=1) < grant.expires_at < grant.refresh_expires_at


@pytest.mark.parametrize("permissions", ["instagram_business_basic", None])
async def test_refresh_keeps_what_the_answer_leaves_out(peer, call, permissions):
    peer.on("GET", REFRESH, {**LONG, **({"permissions": permissions} if permissions else {})})
    old = Grant("IGold", scopes=frozenset(SCOPES), subject="17841400000000001")
    fresh = await PLATFORM.refresh(sender(call), call.app, old, NOW)
    assert peer.asked[0].query == {"grant_type": "ig_refresh_token", "access_token": "IGold"}
    assert fresh.access_token == "IGlong"
    assert fresh.scopes == ({permissions} if permissions else SCOPES)
    assert fresh.subject == "17841400000000001"
    assert fresh.expires_at > NOW


async def test_a_token_is_renewed_while_it_lives_and_at_its_end_the_owner_is_asked(peer, call):
    path = "/graph.instagram.com/v26.0/me"
    peer.on("GET", REFRESH, LONG).on("GET", path, ME)
    call.grant = Grant("IGold", NOW - timedelta(seconds=1))
    await call.send(Request("GET", "https://graph.instagram.com/v26.0/me"))
    assert peer.asked[1].query["access_token"] == "IGlong"
    dead = {"message": "Error validating access token", "code": 190, "error_subcode": 463}
    async with Scripted() as other, calling(PLATFORM, other, call.account, Grant("x"), "instagram") as late:
        other.on("GET", REFRESH, {"error": dead}, status=400)
        with pytest.raises(Reconnect):
            await PLATFORM.refresh(sender(late), late.app, Grant("IGold"), NOW)


@pytest.mark.parametrize("answer", [ME, {"data": [ME]}])
async def test_who_am_i(peer, call, answer):
    peer.on("GET", "/graph.instagram.com/v26.0/me", answer)
    [account] = await PLATFORM.identify(sender(call), call.app, Grant("IGlong"))
    assert account == Account(
        "17841400000000001",
        "Example",
        "instagram",
        "example",
        "https://www.instagram.com/example/",
        "https://cdn.example/a.jpg",
    )
    assert peer.asked[0].query["access_token"] == "IGlong"
    assert "appsecret_proof" not in peer.asked[0].query


async def test_a_used_code_is_refused(peer, call):
    used = {"error_type": "OAuthException", "code": 400, "error_message": "Matching code was not found"}
    peer.on("POST", IG_TOKEN, used, status=400)
    with pytest.raises(Reconnect, match="Matching code"):
        await PLATFORM.exchange(sender(call), call.app, "code-1", CALLBACK, None, NOW)


# ---- Facebook Login ----


async def test_a_code_becomes_a_long_user_token(peer, facebook):
    short = {"access_token": "EAAshort", "token_type": "bearer", "expires_in": 5000}
    long = {"access_token": "EAAtoken", "token_type": "bearer", "expires_in": 5183944}
    granted = {
        "data": [
            {"permission": "instagram_basic", "status": "granted"},
            {"permission": "instagram_manage_insights", "status": "declined"},
        ]
    }
    peer.on("GET", f"{FB}/oauth/access_token", short).on("GET", f"{FB}/oauth/access_token", long)
    peer.on("GET", f"{FB}/me/permissions", granted)
    grant = await PLATFORM.exchange(sender(facebook), facebook.app, "code-1", CALLBACK, None, NOW)
    assert grant.access_token == "EAAtoken"
    assert grant.scopes == {"instagram_basic"}


async def test_accounts_are_those_linked_to_pages(peer, facebook):
    linked = {"id": "17841462785487205", "username": "mosaic_so", "name": "Mosaic"}
    pages = {
        "data": [
            {"id": "118981261308043", "access_token": "EAApage", "instagram_business_account": linked},
            {"id": "118981261308044", "access_token": "EAAother"},
        ],
        "paging": {"cursors": {"before": "QVF1", "after": "QVF2"}},
    }
    peer.on("GET", f"{FB}/me/accounts", pages)
    user = Grant("EAAtoken", NOW, scopes=frozenset({"instagram_basic"}))
    [account] = await PLATFORM.identify(sender(facebook), facebook.app, user)
    assert account.id == "17841462785487205"
    assert account.kind == "facebook"
    assert account.username == "mosaic_so"
    assert account.profile_url == "https://www.instagram.com/mosaic_so/"
    assert account.grant == replace(user, access_token="EAApage", expires_at=None)
    assert "appsecret_proof" in peer.asked[0].query


async def test_a_page_token_is_never_refreshed_and_nothing_takes_it_back(peer, facebook):
    with pytest.raises(Reconnect):
        await PLATFORM.refresh(sender(facebook), facebook.app, Grant("EAApage"), NOW)
    await PLATFORM.revoke(sender(facebook), facebook.app, Grant("EAApage"))
    assert peer.asked == []


def test_the_catalogue_has_the_13_keys_each_explained():
    assert tuple(PLATFORM.catalogue) == KEYS
    assert all(entry.note for entry in PLATFORM.catalogue.values())
