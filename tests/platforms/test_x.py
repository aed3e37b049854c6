"""X: connecting, and keeping the token fresh."""

import base64
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from sextant.errors import OurBug, Reconnect, TryLater
from sextant.platforms import oauth
from sextant.platforms.base import Account, Grant
from sextant.platforms.x import PLATFORM
from tests.calls import CALLBACK, app_for
from tests.platforms.adapters import NOW, calling, numbers, post, sender
from tests.wire import Scripted

ACCOUNT = Account("2244994945", "X Developers", "user", "XDevelopers")
GRANT = Grant("token-1", refresh_token="refresh-1")
TWEETS = "/api.x.com/2/tweets"
TOKEN = "/api.x.com/2/oauth2/token"


@pytest.fixture
async def peer():
    async with Scripted() as peer:
        yield peer


@pytest.fixture
async def call(peer):
    async with calling(PLATFORM, peer, ACCOUNT, GRANT) as call:
        yield call


def test_authorize_url():
    spec = PLATFORM.logins["x"]
    url = oauth.authorize_url(spec, app_for(PLATFORM), CALLBACK, "state-1", "v" * 64)
    assert url.startswith("https://x.com/i/oauth2/authorize?")
    query = parse_qs(urlsplit(url).query)
    assert query["scope"] == ["tweet.read tweet.write users.read media.write offline.access"]
    assert query["response_type"] == ["code"]
    assert query["redirect_uri"] == [CALLBACK]
    assert query["state"] == ["state-1"]
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["code_challenge"][0]) == 43


TOKEN_ANSWER = {
    "token_type": "bearer",
    "expires_in": 7200,
    "access_token": "bWJ4...",
    "scope": "tweet.read users.read tweet.write media.write offline.access",
    "refresh_token": "bTRr...",
}


async def test_exchange_and_refresh(peer, call):
    peer.on("POST", TOKEN, TOKEN_ANSWER)
    send, app = sender(call), app_for(PLATFORM)
    grant = await PLATFORM.exchange(send, app, "code-1", CALLBACK, "verifier-1", NOW)
    assert (grant.access_token, grant.refresh_token) == ("bWJ4...", "bTRr...")
    assert grant.expires_at == NOW + timedelta(hours=2)
    assert "media.write" in grant.scopes
    await PLATFORM.refresh(send, app, Grant("old", refresh_token="refresh-1"), NOW)
    exchange, refresh = peer.asked
    assert dict(parse_qsl(exchange.body.decode())) == {
        "grant_type": "authorization_code",
        "code": "code-1",
        "redirect_uri": CALLBACK,
        "code_verifier": "verifier-1",
    }
    assert dict(parse_qsl(refresh.body.decode())) == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-1",
    }
    basic = base64.b64encode(b"sandbox-x:sandbox-x-secret").decode()
    assert {asked.headers["Authorization"] for asked in peer.asked} == {f"Basic {basic}"}


async def test_revoke(peer, call):
    peer.on("POST", "/api.x.com/2/oauth2/revoke", {"revoked": True})
    await PLATFORM.revoke(sender(call), app_for(PLATFORM), Grant("a", refresh_token="r"))
    assert dict(parse_qsl(peer.asked[0].body.decode())) == {"token": "r"}


async def test_revoking_a_dead_grant_is_no_failure(peer, call):
    peer.on("POST", "/api.x.com/2/oauth2/revoke", {"error": "invalid_request"}, 400)
    await PLATFORM.revoke(sender(call), app_for(PLATFORM), Grant("a", refresh_token="r"))


ME = {
    "data": {
        "id": "2244994945",
        "name": "X Developers",
        "username": "XDevelopers",
        "profile_image_url": "https://pbs.twimg.com/profile_images/1/abc_normal.jpg",
        "public_metrics": {
            "followers_count": 10,
            "following_count": 5,
            "tweet_count": 100,
            "listed_count": 1,
        },
    }
}


async def test_identify(peer, call):
    peer.on("GET", "/api.x.com/2/users/me", ME)
    accounts = await PLATFORM.identify(sender(call), app_for(PLATFORM), Grant("token-1"))
    assert accounts == [
        Account(
            id="2244994945",
            name="X Developers",
            kind="user",
            username="XDevelopers",
            profile_url="https://x.com/XDevelopers",
            avatar_url="https://pbs.twimg.com/profile_images/1/abc_normal.jpg",
        )
    ]
    assert peer.asked[0].headers["Authorization"] == "Bearer token-1"
    assert "subscription_type" in peer.asked[0].query["user.fields"].split(",")


@pytest.mark.parametrize("told", ["None", "Premium"])
async def test_the_subscription_is_kept(peer, call, told):
    peer.on("GET", "/api.x.com/2/users/me", {"data": {**ME["data"], "subscription_type": told}})
    (account,) = await PLATFORM.identify(sender(call), app_for(PLATFORM), Grant("token-1"))
    assert account.facts == {"subscription_type": told}


@pytest.mark.parametrize("body", [{"data": {}}, {"errors": []}, {"data": {"id": 1}}])
async def test_identify_without_a_user(peer, call, body):
    peer.on("GET", "/api.x.com/2/users/me", body)
    with pytest.raises(TryLater):
        await PLATFORM.identify(sender(call), app_for(PLATFORM), Grant("token-1"))


async def test_a_refused_token_is_refreshed_once(peer, call):
    peer.on(
        "GET",
        TWEETS,
        {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"},
        401,
    )
    peer.on("GET", TWEETS, {"data": [{"id": "1", "public_metrics": {"like_count": 3}}]})
    peer.on("POST", TOKEN, TOKEN_ANSWER)
    ((_, found, _),) = await numbers(call, post("1", days=40))
    assert found == {"likes": 3}
    assert [asked.headers["Authorization"] for asked in peer.asked if asked.path == TWEETS] == [
        "Bearer token-1",
        "Bearer bWJ4...",
    ]


async def test_a_refused_refresh_means_reconnect(peer, call):
    peer.on("GET", TWEETS, {"title": "Unauthorized", "detail": "Unauthorized"}, 401)
    refused = {
        "error": "invalid_request",
        "error_description": "Value passed for the token was invalid.",
    }
    peer.on("POST", TOKEN, refused, 400)
    with pytest.raises(Reconnect, match="Value passed for the token was invalid"):
        await PLATFORM.read(call, [post("1", days=40)])


async def test_wrong_client_is_our_bug(peer, call):
    peer.on("POST", TOKEN, {"error": "unauthorized_client", "error_description": "no"}, 401)
    with pytest.raises(OurBug):
        await PLATFORM.exchange(sender(call), app_for(PLATFORM), "code", CALLBACK, "v", NOW)
