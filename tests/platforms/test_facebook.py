"""Facebook Pages: connecting."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from sextant.errors import Reconnect
from sextant.metrics import KEYS
from sextant.platforms import oauth
from sextant.platforms.base import Account, Grant
from sextant.platforms.facebook import PLATFORM
from tests.calls import CALLBACK, app_for
from tests.platforms.adapters import NOW, calling, sender
from tests.wire import Scripted

TOKEN = "/graph.facebook.com/v26.0/oauth/access_token"
PERMISSIONS = "/graph.facebook.com/v26.0/me/permissions"
ACCOUNTS = "/graph.facebook.com/v26.0/me/accounts"

SHORT = {"access_token": "EAAshort", "token_type": "bearer", "expires_in": 5183}
LONG = {"access_token": "EAAtoken", "token_type": "bearer", "expires_in": 5183944}
GRANTED = {
    "data": [
        {"permission": "pages_manage_posts", "status": "granted"},
        {"permission": "read_insights", "status": "declined"},
    ]
}
PAGES = {
    "data": [
        {
            "access_token": "EAApage",
            "category": "Brand",
            "category_list": [{"id": "1605186416478696", "name": "Brand"}],
            "name": "Cute Kitten Page",
            "id": "100000000000001",
            "tasks": ["ANALYZE", "ADVERTISE", "MODERATE", "CREATE_CONTENT", "MANAGE"],
        }
    ],
    "paging": {"cursors": {"before": "QVF1", "after": "QVF2"}},
}


@pytest.fixture
async def peer():
    async with Scripted() as peer:
        yield peer


@pytest.fixture
async def call(peer):
    async with calling(PLATFORM, peer, Account("1", "Page", "page"), Grant("EAApage")) as call:
        yield call


def test_authorize_url():
    url = oauth.authorize_url(PLATFORM.logins["facebook"], app_for(PLATFORM), CALLBACK, "state-1", None)
    assert url.startswith("https://www.facebook.com/v26.0/dialog/oauth?")
    query = parse_qs(urlsplit(url).query)
    assert query["client_id"] == ["sandbox-facebook"]
    assert query["response_type"] == ["code"]
    assert query["redirect_uri"] == [CALLBACK]
    assert query["state"] == ["state-1"]
    assert "read_insights" in query["scope"][0].split(",")
    assert "code_challenge" not in query


async def test_a_code_becomes_a_long_token_with_what_was_granted(peer, call):
    peer.on("GET", TOKEN, SHORT).on("GET", TOKEN, LONG).on("GET", PERMISSIONS, GRANTED)
    grant = await PLATFORM.exchange(sender(call), call.app, "code-1", CALLBACK, None, NOW)
    first, second, asked = peer.asked
    assert first.query["code"] == "code-1"
    assert first.query["redirect_uri"] == CALLBACK
    assert first.query["client_secret"] == "sandbox-facebook-secret"
    assert second.query["grant_type"] == "fb_exchange_token"
    assert second.query["fb_exchange_token"] == "EAAshort"
    assert asked.query["access_token"] == "EAAtoken"
    assert len(asked.query["appsecret_proof"]) == 64
    assert grant.access_token == "EAAtoken"
    assert grant.expires_at == NOW + timedelta(seconds=5183944)
    assert grant.scopes == {"pages_manage_posts"}
    assert "EAAtoken" not in repr(grant)


async def test_every_page_comes_with_its_own_token(peer, call):
    peer.on("GET", ACCOUNTS, PAGES)
    user = Grant("EAAtoken", NOW, scopes=frozenset({"read_insights"}))
    [account] = await PLATFORM.identify(sender(call), call.app, user)
    assert account.id == "100000000000001"
    assert account.name == "Cute Kitten Page"
    assert account.kind == "page"
    assert account.username is None
    assert account.profile_url == "https://www.facebook.com/100000000000001"
    assert account.grant == Grant("EAApage", None, scopes=frozenset({"read_insights"}))
    assert peer.asked[0].query["limit"] == "100"
    assert "access_token" in peer.asked[0].query["fields"].split(",")


async def test_the_fields_of_a_page(peer, call):
    page = {
        "id": "100000000000001",
        "name": "Example",
        "username": "ExampleHQ",
        "link": "https://www.facebook.com/100000000000001",
        "picture": {
            "data": {
                "url": "https://cdn.example/p.jpg",
                "height": 200,
                "width": 200,
                "is_silhouette": False,
            }
        },
        "access_token": "EAApage",
    }
    without_role = {"id": "2", "name": "No token"}
    peer.on("GET", ACCOUNTS, {"data": [page, without_role]})
    [account] = await PLATFORM.identify(sender(call), call.app, Grant("EAAtoken"))
    assert account.username == "ExampleHQ"
    assert account.profile_url == "https://www.facebook.com/100000000000001"
    assert account.avatar_url == "https://cdn.example/p.jpg"


async def test_a_page_token_is_never_refreshed_and_nothing_takes_it_back(peer, call):
    with pytest.raises(Reconnect):
        await PLATFORM.refresh(sender(call), call.app, Grant("EAApage"), NOW)
    await PLATFORM.revoke(sender(call), call.app, Grant("EAApage"))
    assert peer.asked == []


async def test_a_used_code_is_refused(peer, call):
    used = {"message": "This authorization code has been used.", "type": "OAuthException", "code": 190}
    peer.on("GET", TOKEN, {"error": used}, status=400)
    with pytest.raises(Reconnect, match="has been used"):
        await PLATFORM.exchange(sender(call), call.app, "code-1", CALLBACK, None, NOW)


def test_the_catalogue_has_the_13_keys_each_explained():
    assert tuple(PLATFORM.catalogue) == KEYS
    assert all(entry.note for entry in PLATFORM.catalogue.values())
