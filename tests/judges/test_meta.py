"""Meta's own SDK against the simulated Facebook and Instagram."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from facebook_business.adobjects.abstractobject import AbstractObject
from facebook_business.adobjects.advideo import AdVideo
from facebook_business.adobjects.igmedia import IGMedia
from facebook_business.adobjects.iguser import IGUser
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.pagepost import PagePost
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession
from facebook_business.typechecker import TypeChecker

from sextant.sandbox.facebook.shows import POST, VIDEO
from sextant.sandbox.faults import Fault
from sextant.sandbox.graph.people import PAGE_ID, USER_ID
from sextant.sandbox.graph.scene import Type
from sextant.sandbox.instagram import ACCOUNT_ID
from sextant.sandbox.instagram.shows import IG_MEDIA, IG_USER
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import Post, World
from tests.judges.conftest import Detour

# The SDK's own lists of fields and types are behind the network's documents; it warns and asks all the same.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore:{words}:UserWarning:facebook_business.utils.api_utils")
    for words in ("accounts does not allow field tasks", "value of metric might not be compatible")
]

PAGE_SCOPES = ["pages_show_list", "pages_manage_posts", "pages_read_engagement", "read_insights"]
IG_SCOPES = [
    "instagram_basic",
    "instagram_content_publish",
    "instagram_manage_insights",
    "pages_show_list",
    "pages_read_engagement",
]


def api_for(sandbox: Sandbox, platform: str, kind: str, scopes: list[str], host: str = "") -> FacebookAdsApi:
    """The SDK with a token of this kind; it proves the app's secret with every call."""
    token = sandbox.world.issue(platform, USER_ID, kind, scopes, None, prefix="EAA")
    app = sandbox.world.app(platform)
    session = FacebookSession(app.client_id, app.client_secret, token.value)
    session.GRAPH = host or session.GRAPH
    session.requests.mount("https://", Detour(sandbox.url))
    return FacebookAdsApi(session)


@pytest.fixture
def graph(sandbox: Sandbox) -> FacebookAdsApi:
    """With a Page's token."""
    return api_for(sandbox, "facebook", "page", PAGE_SCOPES)


@pytest.fixture
def page(graph: FacebookAdsApi) -> Page:
    return Page(PAGE_ID, api=graph)


@pytest.fixture
def instagram(sandbox: Sandbox) -> FacebookAdsApi:
    """By Facebook Login."""
    return api_for(sandbox, "instagram", "long", IG_SCOPES)


def posted(page: Page, text: str) -> PagePost:
    return PagePost(page.create_feed(params={"message": text})["id"], api=page.get_api())


def whole(api: FacebookAdsApi, node_id: str, model: type[AbstractObject], shown: Type) -> dict[str, Any]:
    """The node as it comes, with all fields that both the SDK and the simulated network know."""
    fields = sorted(set(model._field_types) & set(shown.shows))
    answer: dict[str, Any] = api.call("GET", (node_id,), params={"fields": ",".join(fields)}).json()
    return answer


def misfits(model: type[AbstractObject], values: dict[str, Any]) -> list[str]:
    """Fields whose value is not of the SDK's type."""
    judge = TypeChecker(model._field_types, {})
    return [name for name, value in values.items() if not judge.is_valid_pair(name, value)]


async def refused(act: Callable[[], Any]) -> FacebookRequestError:
    with pytest.raises(FacebookRequestError) as caught:
        await asyncio.to_thread(act)
    return caught.value


# ---- Facebook Pages ------------------------------------------------------------------------------


async def test_a_user_lists_the_pages_and_their_tokens(sandbox: Sandbox) -> None:
    def flow() -> tuple[Page, Any]:
        api = api_for(sandbox, "facebook", "long", PAGE_SCOPES)
        (page,) = User("me", api=api).get_accounts(fields=["name", "access_token", "tasks"])
        session = FacebookSession(access_token=page["access_token"])
        session.requests.mount("https://", Detour(sandbox.url))
        return page, Page("me", api=FacebookAdsApi(session)).api_get(fields=["id", "name", "fan_count"])

    page, me = await asyncio.to_thread(flow)
    assert page["id"] == me["id"] == PAGE_ID
    assert "ANALYZE" in page["tasks"]
    assert me["fan_count"] > 100


async def test_a_post_its_fields_its_numbers_and_its_end(page: Page, world: World) -> None:
    def flow() -> tuple[PagePost, PagePost, dict[str, Any], Any]:
        post = posted(page, "Hello from the SDK")
        next(world.posts("facebook")).truth = {
            "insights": {"post_media_view": 12, "post_clicks": 0, "post_reactions_by_type_total": {"like": 2}}
        }
        found = PagePost(post["id"], api=page.get_api()).api_get(
            fields=["message", "permalink_url", "created_time"]
        )
        rows = post.get_insights(
            params={"metric": ["post_media_view", "post_clicks", "post_reactions_by_type_total"]}
        )
        values = {row["name"]: row["values"][0]["value"] for row in rows}
        return post, found, values, post.api_delete()

    post, found, values, deleted = await asyncio.to_thread(flow)
    assert found["message"] == "Hello from the SDK"
    assert found["permalink_url"].startswith("https://www.facebook.com/")
    assert values == {
        "post_media_view": 12,
        "post_clicks": 0,
        "post_reactions_by_type_total": {"like": 2},
    }
    assert deleted
    gone = await refused(lambda: post.api_get(fields=["message"]))
    assert (gone.api_error_code(), gone.api_error_subcode()) == (100, 33)
    assert gone.api_error_type() == "GraphMethodException"


async def test_posts_and_videos_are_of_the_sdks_types(
    graph: FacebookAdsApi, page: Page, sandbox: Sandbox, world: World
) -> None:
    def flow() -> tuple[dict[str, Any], dict[str, Any]]:
        url = f"{sandbox.url}/_control/media/sample.mp4"
        video = page.create_video(params={"file_url": url, "description": "Moving", "title": "A title"})
        (post,) = world.posts("facebook")
        post.truth = {"views": 3, "post_views": 2, "shares": 1}
        return whole(graph, video["id"], AdVideo, VIDEO), whole(graph, post.id, PagePost, POST)

    video, post = await asyncio.to_thread(flow)
    assert misfits(AdVideo, video) == misfits(PagePost, post) == []
    assert (video["views"], post["shares"]["count"]) == (3, 1)


async def test_published_posts_in_pages(page: Page) -> None:
    def flow() -> tuple[list[str], list[str]]:
        ids = [posted(page, f"Number {n}")["id"] for n in range(5)]
        return ids, [post["id"] for post in page.get_published_posts(fields=["message"], params={"limit": 2})]

    ids, found = await asyncio.to_thread(flow)
    assert found == ids[::-1]


async def test_a_video_by_address(page: Page, sandbox: Sandbox) -> None:
    def flow() -> Any:
        url = f"{sandbox.url}/_control/media/sample.mp4"
        video = page.create_video(params={"file_url": url, "description": "Moving"})
        return video.api_get(fields=["status", "length", "description", "permalink_url"])

    video = await asyncio.to_thread(flow)
    assert video["status"]["video_status"] == "ready"
    assert video["length"] > 0
    assert video["description"] == "Moving"


async def test_a_video_that_cannot_be_fetched(page: Page) -> None:
    error = await refused(lambda: page.create_video(params={"file_url": "https://127.0.0.1:1/none.mp4"}))
    assert error.api_error_code() == 389


async def test_a_batch_answers_each_call_to_its_own_callback(graph: FacebookAdsApi, page: Page) -> None:
    """One post is not there; the others are not the worse for it."""
    numbers: dict[str, Any] = {}
    failures: list[FacebookRequestError] = []

    def flow() -> list[str]:
        ids = [posted(page, f"Batch {n}")["id"] for n in range(3)]
        batch = graph.new_batch()
        for native_id in [*ids, f"{PAGE_ID}_1"]:
            PagePost(native_id, api=graph).get_insights(
                params={"metric": ["post_media_view", "post_clicks"]},
                batch=batch,
                success=lambda answer, key=native_id: numbers.setdefault(key, answer.json()["data"]),
                failure=lambda answer: failures.append(answer.error()),
            )
        assert batch.execute() is None
        return ids

    ids = await asyncio.to_thread(flow)
    assert set(numbers) == set(ids)
    assert {row["name"] for row in numbers[ids[0]]} == {"post_media_view", "post_clicks"}
    (failure,) = failures
    assert (failure.api_error_code(), failure.api_error_subcode(), failure.http_status()) == (100, 33, 400)


async def test_a_batch_that_writes(graph: FacebookAdsApi, page: Page, world: World) -> None:
    """A call's body is a form in a string: letters beyond ASCII, ampersands and spaces come through."""
    made: list[Any] = []

    def flow() -> None:
        batch = graph.new_batch()
        page.create_feed(params={"message": "Grüße & Küsse = 100 %"}, batch=batch, success=made.append)
        batch.execute()

    await asyncio.to_thread(flow)
    (post,) = world.posts("facebook")
    assert json.loads(made[0].body())["id"] == post.id
    assert post.text == "Grüße & Küsse = 100 %"


async def test_a_batch_of_fifty_and_one_of_fifty_one(graph: FacebookAdsApi) -> None:
    answers: list[Any] = []

    def send(calls: int) -> None:
        batch = graph.new_batch()
        for _ in range(calls):
            batch.add("GET", (PAGE_ID,), params={"fields": "name"}, success=answers.append)
        batch.execute()

    await asyncio.to_thread(send, 50)
    assert len(answers) == 50
    error = await refused(lambda: send(51))
    assert error.http_status() == 400
    assert "50" in error.api_error_message()


async def test_an_unknown_metric_a_missing_scope_and_a_lost_role(
    sandbox: Sandbox, page: Page, world: World
) -> None:
    post = await asyncio.to_thread(posted, page, "Hello")
    unknown = await refused(lambda: post.get_insights(params={"metric": ["post_impressions"]}))
    assert unknown.api_error_code() == 100
    assert unknown.api_error_message() == "(#100) The value must be a valid insights metric"
    poor = PagePost(post["id"], api=api_for(sandbox, "facebook", "page", PAGE_SCOPES[:3]))
    scope = await refused(lambda: poor.get_insights(params={"metric": ["post_clicks"]}))
    assert (scope.api_error_code(), scope.http_status()) == (10, 403)
    world.accounts("facebook")[0].role = "no_analyze"
    role = await refused(lambda: post.get_insights(params={"metric": ["post_clicks"]}))
    assert role.api_error_code() == 200


async def test_an_ended_token_a_wrong_secret_and_a_throttled_page(
    graph: FacebookAdsApi, page: Page, world: World
) -> None:
    world.faults.order(Fault(kind="status", platform="facebook", status=429))
    throttled = await refused(lambda: page.api_get(fields=["name"]))
    assert throttled.api_error_code() == 80001
    assert PAGE_ID in throttled.http_headers()["x-business-use-case-usage"]
    world.faults.order(Fault(kind="status", platform="facebook", status=503))
    failing = await refused(lambda: page.api_get(fields=["name"]))
    assert failing.api_transient_error() is True
    params = graph._session.requests.params
    params["appsecret_proof"], right = "0" * 64, params["appsecret_proof"]
    wrong = await refused(lambda: page.api_get(fields=["name"]))
    assert wrong.api_error_code() == 100
    params["appsecret_proof"] = right
    world.state.tokens[params["access_token"]].expires_at = world.now() - 1
    ended = await refused(lambda: page.api_get(fields=["name"]))
    assert (ended.api_error_code(), ended.api_error_subcode()) == (190, 463)


# ---- Instagram -----------------------------------------------------------------------------------


async def test_the_page_names_its_instagram_account(instagram: FacebookAdsApi) -> None:
    fields = ["instagram_business_account{id,username}"]
    page = await asyncio.to_thread(
        lambda: instagram.call("GET", (PAGE_ID,), params={"fields": fields[0]}).json()
    )
    assert page["instagram_business_account"] == {"id": ACCOUNT_ID, "username": "mosaic_so"}


async def test_a_carousel_and_a_story(instagram: FacebookAdsApi, sandbox: Sandbox, world: World) -> None:
    def flow() -> tuple[IGMedia, list[IGMedia], IGMedia]:
        account = IGUser(ACCOUNT_ID, api=instagram)
        image = {"image_url": f"{sandbox.url}/_control/media/sample.jpg"}
        item = {**image, "is_carousel_item": True, "alt_text": "A square"}
        children = [account.create_media(params=item)["id"] for _ in range(2)]
        whole = {"media_type": "CAROUSEL", "children": children, "caption": "Two", "collaborators": ["ada"]}
        made = [account.create_media(params=each) for each in (whole, {**image, "media_type": "STORIES"})]
        album, _ = [account.create_media_publish(params={"creation_id": each["id"]}) for each in made]
        shown = album.api_get(fields=["caption", "media_type", "media_product_type"])
        return shown, list(account.get_stories(fields=["media_product_type"])), album

    world.processing_s = 0.0
    shown, [story], album = await asyncio.to_thread(flow)
    assert (shown["caption"], shown["media_type"], shown["media_product_type"]) == (
        "Two",
        "CAROUSEL_ALBUM",
        "FEED",
    )
    assert story["media_product_type"] == "STORY"
    assert [post.id for post in world.posts("instagram")] == [album["id"], story["id"]]


async def test_a_reel_is_made_polled_published_and_read(
    instagram: FacebookAdsApi, sandbox: Sandbox, world: World
) -> None:
    def flow() -> tuple[Any, IGMedia, dict[str, Any]]:
        account = IGUser(ACCOUNT_ID, api=instagram)
        url = f"{sandbox.url}/_control/media/sample.mp4"
        asked = {"media_type": "REELS", "video_url": url, "caption": "A reel #mosaic"}
        container = account.create_media(params=asked)
        state = instagram.call("GET", (container["id"],), params={"fields": "status_code"}).json()
        media = account.create_media_publish(params={"creation_id": container["id"]})
        next(world.posts("instagram")).truth = {
            "like_count": 3,
            "insights": {"views": 40, "reach": 0, "saved": 1},
        }
        found = media.api_get(
            fields=["caption", "media_product_type", "permalink", "like_count", "timestamp"]
        )
        rows = media.get_insights(params={"metric": ["views", "reach", "saved"]})
        return state, found, {row["name"]: row["values"][0]["value"] for row in rows}

    state, media, values = await asyncio.to_thread(flow)
    assert state["status_code"] == "FINISHED"
    assert (media["caption"], media["media_product_type"]) == ("A reel #mosaic", "REELS")
    assert media["like_count"] == 3
    assert media["permalink"].startswith("https://www.instagram.com/reel/")
    assert values == {"views": 40, "reach": 0, "saved": 1}


def put_media(world: World, number: int) -> list[str]:
    ids = [f"1792{n:013d}" for n in range(1, number + 1)]
    for n, media_id in enumerate(ids):
        world.add_post(Post("instagram", media_id, USER_ID, "photo", world.now() - 1000 + n))
    return ids


async def test_accounts_and_media_are_of_the_sdks_types(instagram: FacebookAdsApi, world: World) -> None:
    media_id = put_media(world, 1)[0]
    account, media = await asyncio.to_thread(
        lambda: (
            whole(instagram, ACCOUNT_ID, IGUser, IG_USER),
            whole(instagram, media_id, IGMedia, IG_MEDIA),
        )
    )
    assert misfits(IGUser, account) == misfits(IGMedia, media) == []
    assert account["username"] == media["username"] == "mosaic_so"


async def test_media_in_pages_newest_first(instagram: FacebookAdsApi, world: World) -> None:
    ids = put_media(world, 5)
    account = IGUser(ACCOUNT_ID, api=instagram)
    found = await asyncio.to_thread(lambda: [m["id"] for m in account.get_media(params={"limit": 2})])
    assert found == ids[::-1]


async def test_insights_of_fifty_media_in_one_batch(instagram: FacebookAdsApi, world: World) -> None:
    ids, rows = put_media(world, 50), {}
    world.ledger.clear()

    def flow() -> None:
        batch = instagram.new_batch()
        for media_id in ids:
            IGMedia(media_id, api=instagram).get_insights(
                params={"metric": ["views", "shares"]},
                batch=batch,
                success=lambda answer, key=media_id: rows.setdefault(key, answer.json()["data"]),
            )
        batch.execute()

    await asyncio.to_thread(flow)
    assert list(rows) == ids
    assert all({row["name"] for row in found} == {"views", "shares"} for found in rows.values())
    assert world.ledger.totals()["instagram"] == {"requests": 1, "items": 50}


async def test_a_metric_that_does_not_fit_and_a_broken_video(
    instagram: FacebookAdsApi, sandbox: Sandbox, world: World
) -> None:
    (media_id,) = put_media(world, 1)
    media = IGMedia(media_id, api=instagram)
    misfit = await refused(lambda: media.get_insights(params={"metric": ["ig_reels_avg_watch_time"]}))
    assert misfit.api_error_code() == 100
    assert "ig_reels_avg_watch_time" in misfit.api_error_message()
    account = IGUser(ACCOUNT_ID, api=instagram)
    asked = {"media_type": "REELS", "video_url": f"{sandbox.url}/_control/media/nothing.mp4"}
    unread = await refused(lambda: account.create_media(params=asked))
    assert (unread.api_error_code(), unread.api_error_subcode()) == (9004, 2207052)
    assert unread.api_transient_error() is False
    early = await refused(lambda: account.create_media_publish(params={"creation_id": "17880000000000099"}))
    assert early.api_error_subcode() == 2207006


async def test_instagram_login_has_its_own_host(sandbox: Sandbox, world: World) -> None:
    scopes = ["instagram_business_basic", "instagram_business_manage_insights"]
    (media_id,) = put_media(world, 1)

    def flow() -> tuple[Any, set[str]]:
        api = api_for(sandbox, "instagram", "ig_long", scopes, "https://graph.instagram.com")
        me = api.call("GET", ("me",), params={"fields": "user_id,username"}).json()
        rows = IGMedia(media_id, api=api).get_insights(params={"metric": ["views", "reach"]})
        return me, {row["name"] for row in rows}

    me, names = await asyncio.to_thread(flow)
    assert me["user_id"] == ACCOUNT_ID
    assert names == {"views", "reach"}
