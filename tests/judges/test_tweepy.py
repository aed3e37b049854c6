"""tweepy against the simulated X. It still speaks of tweets and of api.twitter.com, which X still serves."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

import pytest
import tweepy
from oauthlib.oauth2 import OAuth2Error

from sextant.sandbox.faults import Fault
from sextant.sandbox.server import Sandbox
from sextant.sandbox.visitor import say_yes
from sextant.sandbox.world import World
from sextant.sandbox.x import NETWORK
from tests.judges.conftest import MP4, Detour

JPG = (resources.files("sextant.sandbox") / "media" / "sample.jpg").read_bytes()

MOSAIC, LABS = (account.id for account in NETWORK.accounts())
SCOPES = ["tweet.read", "tweet.write", "users.read", "media.write"]
PUBLIC = {"retweet_count", "reply_count", "like_count", "quote_count", "bookmark_count", "impression_count"}


ALIASES = {"api.twitter.com": "api.x.com"}


def client_for(sandbox: Sandbox, account_id: str, scopes: list[str] | None = None) -> tweepy.Client:
    token = sandbox.world.issue("x", account_id, "access", SCOPES if scopes is None else scopes, 7200)
    client = tweepy.Client(bearer_token=token.value)
    client.session.mount("https://", Detour(sandbox.url, ALIASES))
    return client


@pytest.fixture
def x(sandbox: Sandbox) -> tweepy.Client:
    return client_for(sandbox, MOSAIC)


def tweet(client: tweepy.Client, text: str, **more: Any) -> str:
    return str(client.create_tweet(text=text, user_auth=False, **more).data["id"])


def video(client: tweepy.Client, content: bytes = MP4) -> str:
    """tweepy has no v2 upload: the one of one request, through its own request and refusals."""
    return upload(client, content, "tweet_video")


def upload(client: tweepy.Client, content: bytes, category: str) -> str:
    body = {"media": base64.b64encode(content).decode(), "media_category": category}
    return str(client.request("POST", "/2/media/upload", json=body).json()["data"]["id"])


async def raised(kind: type[tweepy.HTTPException], act: Callable[[], Any]) -> Any:
    with pytest.raises(kind) as caught:
        await asyncio.to_thread(act)
    return caught.value


async def test_me(x: tweepy.Client) -> None:
    asked = ["public_metrics", "profile_image_url", "verified_type"]
    me = (await asyncio.to_thread(x.get_me, user_fields=asked, user_auth=False)).data
    assert (me.id, me.username, me.name) == (int(MOSAIC), "mosaic_so", "Mosaic")
    assert me.public_metrics["tweet_count"] == 0
    assert me.profile_image_url.startswith("https://")


async def test_a_tweet_is_created_looked_up_and_deleted(x: tweepy.Client) -> None:
    def flow() -> tuple[str, tweepy.Tweet, Any]:
        native_id = tweet(x, "Hello from tweepy")
        found = x.get_tweet(native_id, tweet_fields=["created_at", "author_id", "public_metrics"]).data
        return native_id, found, x.delete_tweet(native_id, user_auth=False).data

    native_id, found, deleted = await asyncio.to_thread(flow)
    assert (found.id, found.text, found.author_id) == (int(native_id), "Hello from tweepy", int(MOSAIC))
    assert found.edit_history_tweet_ids == [found.id]
    assert abs(datetime.now(UTC) - found.created_at) < timedelta(minutes=5)
    assert set(found.public_metrics) == PUBLIC
    assert deleted == {"deleted": True}
    await raised(tweepy.NotFound, lambda: x.get_tweet(native_id))


async def test_a_lookup_of_several_tells_which_are_missing(x: tweepy.Client, world: World) -> None:
    def flow() -> tuple[list[int], tweepy.Response]:
        ids = [int(tweet(x, f"Number {n}")) for n in range(3)]
        for post in world.posts("x"):
            post.truth = {"public_metrics": {"like_count": 0, "repost_count": 2**53 + 1}}
        return ids, x.get_tweets([*ids, 99], tweet_fields=["public_metrics"])

    ids, answer = await asyncio.to_thread(flow)
    assert [found.id for found in answer.data] == ids
    assert answer.data[0].public_metrics == {"like_count": 0, "retweet_count": 2**53 + 1}
    (missing,) = answer.errors
    assert (missing["title"], missing["resource_id"]) == ("Not Found Error", "99")


async def test_nothing_found_has_no_data(x: tweepy.Client) -> None:
    answer = await asyncio.to_thread(x.get_tweets, [98, 99])
    assert answer.data is None
    assert len(answer.errors) == 2


async def test_a_video_with_its_media_and_author_beside_it(x: tweepy.Client) -> None:
    def flow() -> tweepy.Response:
        native_id = tweet(x, "Moving", media_ids=[video(x)])
        return x.get_tweets(
            [native_id],
            tweet_fields=["attachments", "non_public_metrics", "organic_metrics"],
            media_fields=["public_metrics", "non_public_metrics", "duration_ms", "type"],
            user_fields=["profile_image_url", "public_metrics"],
            expansions=["attachments.media_keys", "author_id"],
        )

    answer = await asyncio.to_thread(flow)
    (found,), (medium,), (author,) = answer.data, answer.includes["media"], answer.includes["users"]
    assert found.attachments["media_keys"] == [medium.media_key]
    assert medium.type == "video"
    assert medium.duration_ms > 0
    assert "view_count" in medium.public_metrics
    assert "playback_100_count" in medium.non_public_metrics
    assert "url_link_clicks" in found.non_public_metrics
    assert "retweet_count" in found.organic_metrics
    assert author.id == int(MOSAIC)
    assert author.profile_image_url.startswith("https://")
    assert author.public_metrics["tweet_count"] == 1


async def test_images_with_alt_text_and_reply_settings(x: tweepy.Client) -> None:
    def flow() -> tweepy.Response:
        ids = [upload(x, JPG, "tweet_image") for _ in range(4)]
        words = {"id": ids[1], "metadata": {"alt_text": {"text": "A red sextant"}}}
        x.request("POST", "/2/media/metadata", json=words)
        native_id = tweet(x, "Four", media_ids=ids, reply_settings="mentionedUsers")
        return x.get_tweets(
            [native_id],
            tweet_fields=["attachments", "reply_settings"],
            media_fields=["alt_text", "type"],
            expansions=["attachments.media_keys"],
        )

    answer = await asyncio.to_thread(flow)
    (found,) = answer.data
    assert found.reply_settings == "mentionedUsers"
    assert found.attachments["media_keys"] == [medium.media_key for medium in answer.includes["media"]]
    assert [medium.type for medium in answer.includes["media"]] == ["photo"] * 4
    assert answer.includes["media"][1].alt_text == "A red sextant"


async def test_anothers_private_counters_are_refused_field_by_field(sandbox: Sandbox) -> None:
    def flow() -> tweepy.Response:
        native_id = tweet(client_for(sandbox, MOSAIC), "Mine")
        return client_for(sandbox, LABS).get_tweets([native_id], tweet_fields=["non_public_metrics"])

    answer = await asyncio.to_thread(flow)
    assert {error["title"] for error in answer.errors} == {"Field Authorization Error"}
    assert "non_public_metrics.impression_count" in {error["field"] for error in answer.errors}
    assert answer.data is None


async def test_the_timeline_in_pages(x: tweepy.Client) -> None:
    def flow() -> tuple[list[int], list[int], int]:
        ids = [int(tweet(x, f"Page {n}")) for n in range(12)]
        pages = list(tweepy.Paginator(x.get_users_tweets, MOSAIC, max_results=5))
        flat = tweepy.Paginator(x.get_users_tweets, MOSAIC, max_results=5).flatten()
        return ids, [found.id for found in flat], len(pages)

    ids, found, pages = await asyncio.to_thread(flow)
    assert found == ids[::-1]
    assert pages == 3


async def test_the_timeline_since_a_time(x: tweepy.Client, world: World) -> None:
    def flow() -> tuple[str, tweepy.Response]:
        tweet(x, "Earlier")
        world.clock.advance(3600)
        since = world.clock.now() - timedelta(minutes=30)
        newer = tweet(x, "Now")
        return newer, x.get_users_tweets(MOSAIC, start_time=since, exclude=["replies", "retweets"])

    newer, answer = await asyncio.to_thread(flow)
    assert [found.id for found in answer.data] == [int(newer)]
    assert answer.meta["result_count"] == 1


async def test_a_duplicate_is_forbidden_in_words(x: tweepy.Client) -> None:
    await asyncio.to_thread(tweet, x, "Twice")
    error = await raised(tweepy.Forbidden, lambda: tweet(x, "Twice"))
    assert error.api_messages == ["You are not allowed to create a Tweet with duplicate content."]


async def test_a_wrong_token_and_a_missing_scope(sandbox: Sandbox, x: tweepy.Client) -> None:
    reader = client_for(sandbox, MOSAIC, ["tweet.read", "users.read"])
    await raised(tweepy.Forbidden, lambda: tweet(reader, "Not allowed"))
    x.bearer_token = "nobody"
    error = await raised(tweepy.Unauthorized, lambda: x.get_me(user_auth=False))
    assert error.api_messages == ["Unauthorized"]


async def test_too_many_requests_say_until_when(x: tweepy.Client, world: World) -> None:
    def ask() -> None:
        for _ in range(76):
            x.get_me(user_auth=False)

    error = await raised(tweepy.TooManyRequests, ask)
    assert 0 < error.reset_time - world.now() <= 15 * 60 + 1


async def test_an_unknown_field_is_named(x: tweepy.Client) -> None:
    error = await raised(tweepy.BadRequest, lambda: x.get_tweets([1], tweet_fields=["likability"]))
    assert "likability" in error.api_messages[0]


async def test_a_failing_server(x: tweepy.Client, world: World) -> None:
    world.faults.order(Fault(kind="status", platform="x", status=503))
    error = await raised(tweepy.TwitterServerError, lambda: x.get_tweets([1]))
    assert error.response.status_code == 503


async def test_the_authorization_code_flow_and_a_renewal(sandbox: Sandbox) -> None:
    app = sandbox.world.app("x")
    login = tweepy.OAuth2UserHandler(
        client_id=app.client_id,
        client_secret=app.client_secret,
        redirect_uri="https://sextant.example/callback",
        scope=[*SCOPES, "offline.access"],
    )
    login.mount("https://", Detour(sandbox.url, ALIASES))
    page = login.get_authorization_url().replace("https://twitter.com/", f"{sandbox.url}/x.com/")
    redirect = await say_yes(page, MOSAIC)
    first = await asyncio.to_thread(login.fetch_token, redirect)
    assert set(first["scope"]) == {*SCOPES, "offline.access"}

    def renew() -> tuple[dict[str, Any], Any]:
        url = "https://api.twitter.com/2/oauth2/token"
        token = login.refresh_token(url, first["refresh_token"], auth=login.auth)
        client = client_for(sandbox, MOSAIC)
        client.bearer_token = token["access_token"]
        return token, client.get_me(user_auth=False).data

    second, me = await asyncio.to_thread(renew)
    assert me.username == "mosaic_so"
    assert second["refresh_token"] != first["refresh_token"]
    with pytest.raises(OAuth2Error):
        await asyncio.to_thread(renew)
