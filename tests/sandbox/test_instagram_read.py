"""The simulated Instagram: reading, on both login paths."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from sextant.sandbox.facebook import NETWORK as FACEBOOK
from sextant.sandbox.instagram import ACCOUNT_ID as IG
from sextant.sandbox.instagram import NETWORK
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from tests.sandbox.graph_client import Client, values
from tests.sandbox.instagram_client import SCOPES, OwnLogin, placed, reel

METRICS = "views,reach,likes,comments,saved,shares,total_interactions,ig_reels_video_view_total_time"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(World(), [NETWORK, FACEBOOK]) as sandbox:
        sandbox.world.processing_s = 60
        yield sandbox


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        client = Client(sandbox, session, "instagram")
        await client.connect(SCOPES)
        yield client


@pytest.fixture
async def own(sandbox: Sandbox) -> AsyncIterator[OwnLogin]:
    async with aiohttp.ClientSession() as session:
        own = OwnLogin(sandbox, session, "instagram")
        await own.connect()
        yield own


# ---- reading -------------------------------------------------------------------------------------


async def test_counts_and_insights_grow(client: Client) -> None:
    media_id = await reel(client)
    client.world.clock.advance(86400)
    counts = (await client.get(media_id, fields="like_count,comments_count,saved_count")).body
    rows = values((await client.get(f"{media_id}/insights", metric=METRICS)).body)
    assert rows["likes"] == counts["like_count"] > 0
    assert rows["ig_reels_video_view_total_time"] > rows["views"] >= rows["reach"] > 0


async def test_a_set_truth_is_answered_as_it_stands(client: Client) -> None:
    media_id = await reel(client)
    truth = {"like_count": 0, "shares_count": 4, "insights": {"views": 2257, "saved": 0, "brand_new": 1}}
    await client.set_truth(media_id, truth)
    fields = "like_count,comments_count,shares_count"
    counts = (await client.get(media_id, fields=fields)).body
    assert counts == {"like_count": 0, "shares_count": 4, "id": media_id}
    answer = await client.get(f"{media_id}/insights", metric=METRICS)
    assert values(answer.body) == {"views": 2257, "saved": 0, "brand_new": 1}
    await client.set_truth(media_id, {})
    assert (await client.get(f"{media_id}/insights", metric=METRICS)).body == {"data": []}


async def test_unknown_groups_are_refused(client: Client) -> None:
    media_id = await reel(client)
    answer = await client.set_truth(media_id, {"likes": 3})
    assert (answer.status, "likes" in answer.body["error"]) == (400, True)


@pytest.mark.parametrize("dead", ["impressions", "plays", "video_views", "engagement"])
async def test_a_retired_metric_is_refused_by_its_place(client: Client, dead: str) -> None:
    media_id = await reel(client)
    answer = await client.get(f"{media_id}/insights", metric=f"views,reach,{dead}")
    assert (answer.status, answer.code) == (400, (100, None))
    assert answer.body["error"]["message"].startswith("metric[2] must be one of the following values: views,")


async def test_metrics_that_do_not_fit_the_product_are_named(client: Client) -> None:
    media_id = await reel(client)
    answer = await client.get(f"{media_id}/insights", metric="profile_visits,views,follows")
    message = answer.body["error"]["message"]
    assert "does not support the profile_visits, follows metric for this media product type" in message
    photo = placed(client, "photo")
    assert (await client.get(f"{photo}/insights", metric="total_views")).code == (100, None)
    assert (await client.get(f"{photo}/insights", metric="views,follows")).status == 200
    assert (await client.get(f"{media_id}/insights", metric="crossposted_views")).code == (100, None)
    await client.set_truth(media_id, {"insights": {"crossposted_views": 3}})
    assert (await client.get(f"{media_id}/insights", metric="crossposted_views")).status == 200


async def test_some_numbers_are_for_facebook_login_alone(client: Client, own: OwnLogin) -> None:
    media_id = await reel(client)
    assert (await own.get(media_id, fields="like_count")).status == 200
    assert (await own.get(media_id, fields="saved_count")).code == (100, None)
    refused = await own.get(f"{media_id}/insights", metric="views,total_likes")
    assert (refused.code, refused.body["error"]["type"]) == ((100, None), "IGApiException")
    assert (await client.get(f"{media_id}/insights", metric="views,total_likes")).status == 200


async def test_without_the_insights_scope_the_counts_still_answer(client: Client) -> None:
    media_id = await reel(client)
    await client.switch(scopes=["instagram_basic"])
    refused = await client.get(f"{media_id}/insights", metric="views")
    assert (refused.status, refused.code) == (403, (10, None))
    assert "like_count" in (await client.get(media_id, fields="like_count")).body


async def test_media_older_than_the_professional_account(client: Client) -> None:
    media_id = placed(client, "reel", before_professional=True)
    assert (await client.get(f"{media_id}/insights", metric="views")).code == (100, 2108006)
    assert (await client.get(media_id, fields="like_count")).status == 200


async def test_stories(client: Client) -> None:
    story = placed(client, "story")
    assert (await client.get(f"{story}/insights", metric="reach")).code == (10, None)
    client.world.clock.advance(20 * 3600)
    asked = {"metric": "navigation", "breakdown": "story_navigation_action_type"}
    total = (await client.get(f"{story}/insights", **asked)).body["data"][0]["total_value"]
    results = total["breakdowns"][0]["results"]
    assert total["value"] == sum(part["value"] for part in results) > 0
    mixed = await client.get(f"{story}/insights", **{**asked, "metric": "navigation,reach"})
    assert mixed.code == (1, None)
    client.world.clock.advance(5 * 3600)
    assert (await client.get(f"{story}/insights", metric="reach")).body == {"data": []}
    assert (await client.get(f"{IG}/media")).body == {"data": []}


async def test_insights_are_no_field_of_a_listing(client: Client) -> None:
    await reel(client)
    answer = await client.get(f"{IG}/media", fields="id,insights.metric(views)")
    assert "nonexisting field (insights)" in answer.body["error"]["message"]


async def test_a_listing_is_cut_by_time_and_page(client: Client) -> None:
    first = await reel(client)
    client.world.clock.advance(3600)
    since = str(int(client.world.now()))
    second = await reel(client)
    recent = await client.get(f"{IG}/media", since=since)
    assert [row["id"] for row in recent.body["data"]] == [second]
    page = (await client.get(f"{IG}/media", limit="1")).body
    rest = await client.get(f"{IG}/media", limit="1", after=page["paging"]["cursors"]["after"])
    assert [row["id"] for row in rest.body["data"]] == [first]


async def test_a_batch_on_the_facebook_host_alone(client: Client, own: OwnLogin) -> None:
    one, two = await reel(client), placed(client, "photo")
    calls = [f"{media}/insights?metric=ig_reels_avg_watch_time" for media in (one, two)]
    answer = await client.batch(*calls)
    assert [part["code"] for part in answer.body] == [200, 400]
    assert "does not support" in json.loads(answer.body[1]["body"])["error"]["message"]
    assert (await own.batch(*calls)).code == (100, None)
