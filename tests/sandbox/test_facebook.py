"""The simulated Facebook Pages, asked with a plain HTTP client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sextant.sandbox.facebook import NETWORK
from sextant.sandbox.graph.people import USER_ID
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import Post, World
from tests.sandbox.graph_client import FACEBOOK_SCOPES, PAGE, Client, values

METRICS = "post_media_view,post_clicks,post_activity_by_action_type"


@pytest.fixture
async def stranger() -> AsyncIterator[Client]:
    async with Sandbox(World(), [NETWORK]) as sandbox, aiohttp.ClientSession() as session:
        yield Client(sandbox, session, "facebook")


@pytest.fixture
async def client(stranger: Client) -> Client:
    await stranger.connect(FACEBOOK_SCOPES)
    return stranger


async def video(client: Client, name: str = "sample.mp4") -> Any:
    url = f"{client.sandbox.url}/_control/media/{name}"
    return await client.post(f"{PAGE}/videos", file_url=url, description="Moving")


def reel(client: Client, **truth: Any) -> Post:
    post = Post("facebook", f"{PAGE}_77", USER_ID, "reel", client.world.now(), facts={"video_id": "1388"})
    post.truth = truth or None
    client.world.add_post(post)
    return post


# ---- publishing ----------------------------------------------------------------------------------


async def test_a_text_goes_out_and_is_listed_and_deleted(client: Client) -> None:
    native_id = await client.text_post()
    assert native_id.startswith(PAGE + "_")
    listed = await client.get(f"{PAGE}/published_posts", fields="id,message,permalink_url")
    link = f"https://www.facebook.com/{PAGE}/posts/{native_id.partition('_')[2]}"
    assert listed.body["data"] == [{"id": native_id, "message": "Hello", "permalink_url": link}]
    assert (await client.ask("DELETE", native_id)).body == {"success": True}
    assert (await client.ask("DELETE", native_id)).code == (100, 33)


async def test_the_same_text_within_ten_minutes_is_a_duplicate(client: Client) -> None:
    await client.text_post()
    assert (await client.post(f"{PAGE}/feed", message="Hello")).code == (506, None)
    client.world.clock.advance(601)
    assert (await client.post(f"{PAGE}/feed", message="Hello", fields="permalink_url")).status == 200


async def test_a_video_is_processed_before_its_post_exists(client: Client) -> None:
    client.world.processing_s = 60
    video_id = (await video(client)).body["id"]
    fields = "status,post_id,permalink_url,published"
    early = (await client.get(video_id, fields=fields)).body
    assert early["status"]["video_status"] == "processing"
    assert "post_id" not in early
    assert (await client.get(f"{PAGE}/published_posts")).body == {"data": []}
    client.world.clock.advance(61)
    late = (await client.get(video_id, fields=fields)).body
    assert (late["status"]["video_status"], late["published"]) == ("ready", True)
    assert late["status"]["publishing_phase"]["publish_status"] == "published"
    assert late["permalink_url"] == f"/{PAGE}/videos/{video_id}/"
    post = await client.get(f"{PAGE}_{late['post_id']}", fields="attachments")
    assert post.body["attachments"]["data"][0]["target"]["id"] == video_id


async def test_what_a_video_cannot_be_made_of(client: Client) -> None:
    assert (await video(client, "missing.mp4")).code == (389, None)
    assert (await video(client, "sample.jpg")).code == (6000, None)
    for elsewhere in ("https://example.org/a.mp4", "a.mp4", "http://["):
        assert (await client.post(f"{PAGE}/videos", file_url=elsewhere)).code == (389, None)


async def test_posting_takes_scope_page_token_and_content(client: Client, stranger: Client) -> None:
    assert (await client.post(f"{PAGE}/feed")).code == (100, 1349125)
    assert (await client.post(f"{PAGE}/feed", link="https://www.facebook.com/x")).code == (100, 1609008)
    assert (await client.post(f"{PAGE}/feed", link="http://[")).code == (100, None)
    await client.switch(scopes=["pages_show_list", "pages_read_engagement"])
    refused = await client.post(f"{PAGE}/feed", message="x")
    assert (refused.status, refused.code) == (403, (200, None))
    await client.switch(scopes=None)
    client.token = await client.user_token(FACEBOOK_SCOPES)
    assert (await client.post(f"{PAGE}/feed", message="x")).code == (200, None)


async def test_a_dropped_answer_leaves_the_post_there(client: Client) -> None:
    await client.fault("drop_after_commit", "publish")
    with pytest.raises(aiohttp.ClientError):
        await client.post(f"{PAGE}/feed", message="Out there")
    rows = (await client.get(f"{PAGE}/published_posts")).body["data"]
    assert [row["message"] for row in rows] == ["Out there"]


# ---- reading -------------------------------------------------------------------------------------


async def test_numbers_grow_at_once_and_never_fall(client: Client) -> None:
    native_id = await client.text_post()
    seen = []
    for _ in range(3):
        client.world.clock.advance(6 * 3600)
        seen.append(values((await client.get(f"{native_id}/insights", metric=METRICS)).body))
    views = [row["post_media_view"] for row in seen]
    assert 0 < views[0] < views[1] < views[2]
    assert seen[2]["post_activity_by_action_type"]["like"] > 0


async def test_a_set_truth_is_answered_as_it_stands(client: Client) -> None:
    native_id = await client.text_post()
    insights = {"post_media_view": 420, "post_activity_by_action_type": {"like": 5}, "post_brand_new": 7}
    await client.set_truth(native_id, {"insights": insights, "shares": 0})
    answer = await client.get(f"{native_id}/insights", metric=METRICS)
    assert values(answer.body) == insights
    row = answer.body["data"][0]
    assert row["id"] == f"{native_id}/insights/post_media_view/lifetime"
    assert (await client.get(native_id, fields="shares")).body == {"shares": {"count": 0}, "id": native_id}
    await client.set_truth(native_id, {"insights": {"post_clicks": 0}})
    assert values((await client.get(f"{native_id}/insights", metric=METRICS)).body) == {"post_clicks": 0}
    assert (await client.get(native_id, fields="shares")).body == {"id": native_id}


async def test_a_truth_of_unknown_groups_is_refused(client: Client) -> None:
    native_id = await client.text_post()
    answer = await client.set_truth(native_id, {"public_metrics": {}})
    assert answer.status == 400
    assert "public_metrics" in answer.body["error"]


@pytest.mark.parametrize(
    "dead", ["post_impressions", "post_impressions_unique", "post_engaged_users", "typo"]
)
async def test_one_dead_metric_fails_the_call_without_a_name(client: Client, dead: str) -> None:
    native_id = await client.text_post()
    answer = await client.get(f"{native_id}/insights", metric=f"post_media_view,{dead}")
    assert (answer.status, answer.code) == (400, (100, None))
    assert answer.body["error"]["message"] == "(#100) The value must be a valid insights metric"


async def test_insights_want_a_metric_a_scope_a_task_and_a_page_token(client: Client) -> None:
    path = f"{await client.text_post()}/insights"
    assert (await client.get(path)).code == (3001, 1504028)
    await client.switch(role="no_analyze")
    assert (await client.get(path, metric=METRICS)).code == (200, None)
    await client.switch(role="", scopes=["pages_read_engagement"])
    assert (await client.get(path, metric=METRICS)).code == (10, None)
    await client.switch(scopes=None)
    client.token = await client.user_token(FACEBOOK_SCOPES)
    assert (await client.get(path, metric=METRICS)).code == (190, None)


async def test_fields_of_the_wrong_node_do_not_exist(client: Client) -> None:
    video_id = (await video(client)).body["id"]
    unknown = await client.get(video_id, fields="reactions")
    text = "(#100) Tried accessing nonexisting field (reactions) on node type (Video)"
    assert unknown.body["error"]["message"] == text
    edge = await client.get(f"{video_id}/insights", metric="post_media_view")
    assert "nonexisting field (insights)" in edge.body["error"]["message"]
    assert (await client.get(PAGE, fields="name{")).code == (2500, None)


async def test_summaries_need_the_readers_scope_and_say_no_names(client: Client) -> None:
    native_id = await client.text_post()
    fields = "comments.summary(total_count).filter(stream).limit(0)"
    assert (await client.get(native_id, fields=fields)).code == (10, None)
    await client.connect(FACEBOOK_SCOPES + ",pages_read_user_content")
    await client.set_truth(native_id, {"comments": 2})
    found = (await client.get(native_id, fields=fields)).body["comments"]
    assert (found["data"], found["summary"]["total_count"]) == ([], 2)


async def test_video_insights_stand_apart_from_the_posts(client: Client) -> None:
    client.world.processing_s = 0
    video_id = (await video(client)).body["id"]
    truth = {"insights": {"post_media_view": 9}, "video_insights": {"total_video_views": 4}, "views": 4}
    await client.set_truth(video_id, truth)
    path = f"{video_id}/video_insights"
    both = await client.get(path, metric="total_video_views,total_video_view_total_time")
    assert values(both.body) == {"total_video_views": 4}
    assert (await client.get(path, metric="total_video_views_unique")).code == (100, None)
    assert (await client.get(video_id, fields="views,post_views")).body == {"views": 4, "id": video_id}


async def test_a_reel_answers_one_metric_a_call(client: Client) -> None:
    post = reel(client)
    client.world.clock.advance(86400)
    one = await client.get("1388/video_insights", metric="fb_reels_total_plays")
    plays = values(one.body)["fb_reels_total_plays"]
    assert plays == (await client.get("1388", fields="views")).body["views"] > 0
    several = await client.get("1388/video_insights", metric="fb_reels_total_plays,blue_reels_play_count")
    assert (several.status, several.body) == (200, {"data": []})
    assert (await client.get("1388/video_insights", metric="total_video_views")).body == {"data": []}
    refused = await client.get(f"{post.id}/insights", metric="post_clicks")
    assert refused.code == (200, 1504029)
    assert (await client.get("1388", fields="permalink_url")).body["permalink_url"] == "/reel/1388/"


async def test_a_small_page_and_an_old_post_have_no_rows(client: Client) -> None:
    native_id = await client.text_post()
    account = client.world.account("facebook", USER_ID)
    assert account is not None
    account.facts["page"]["fan_count"] = 99
    assert (await client.get(f"{native_id}/insights", metric=METRICS)).body["data"] == []
    account.facts["page"]["fan_count"] = 100
    assert (await client.get(f"{native_id}/insights", metric=METRICS)).body["data"] != []
    client.world.clock.advance(731 * 86400)
    assert (await client.get(f"{native_id}/insights", metric=METRICS)).body["data"] == []


async def test_a_listing_is_paged_and_expands_insights(client: Client) -> None:
    ids = [await client.text_post(f"Post {n}") for n in range(3)]
    fields = f"id,insights.metric({METRICS})"
    first = await client.get(f"{PAGE}/published_posts", fields=fields, limit="2")
    assert [row["id"] for row in first.body["data"]] == [ids[2], ids[1]]
    assert values(first.body["data"][0]["insights"]).keys() == set(METRICS.split(","))
    paging = first.body["paging"]
    assert paging["next"].startswith("https://graph.facebook.com/v26.0/")
    after = paging["cursors"]["after"]
    second = await client.get(f"{PAGE}/published_posts", fields="id", limit="2", after=after)
    assert [row["id"] for row in second.body["data"]] == [ids[0]]
    assert "next" not in second.body["paging"]
    assert (await client.get(f"{PAGE}/published_posts", limit="101")).code == (100, None)
