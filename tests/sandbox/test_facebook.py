"""The simulated Facebook Pages, asked with a plain HTTP client."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sextant.sandbox.facebook import NETWORK
from sextant.sandbox.graph.people import USER_ID
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import Post, World
from tests.sandbox.graph_client import CALLBACK, PAGE, Client

SCOPES = "pages_show_list,pages_manage_posts,pages_read_engagement,read_insights"
METRICS = "post_media_view,post_clicks,post_activity_by_action_type"


@pytest.fixture
async def stranger() -> AsyncIterator[Client]:
    async with Sandbox(World(), [NETWORK]) as sandbox, aiohttp.ClientSession() as session:
        yield Client(sandbox, session, "facebook")


@pytest.fixture
async def client(stranger: Client) -> Client:
    await stranger.connect(SCOPES)
    return stranger


async def text_post(client: Client, text: str = "Hello") -> str:
    native_id: str = (await client.post(f"{PAGE}/feed", message=text)).body["id"]
    return native_id


async def video(client: Client, name: str = "sample.mp4") -> Any:
    url = f"{client.sandbox.url}/_control/media/{name}"
    return await client.post(f"{PAGE}/videos", file_url=url, description="Moving")


def reel(client: Client, **truth: Any) -> Post:
    post = Post("facebook", f"{PAGE}_77", USER_ID, "reel", client.world.now(), facts={"video_id": "1388"})
    post.truth = truth or None
    client.world.add_post(post)
    return post


async def set_truth(client: Client, native_id: str, truth: dict[str, Any]) -> None:
    assert (await client.control("PUT", f"facebook/posts/{native_id}", json=truth)).status == 200


async def switch(client: Client, **switches: Any) -> None:
    assert (await client.control("PUT", f"facebook/accounts/{USER_ID}", json=switches)).status == 200


def values(body: dict[str, Any]) -> dict[str, Any]:
    return {row["name"]: row["values"][0]["value"] for row in body["data"]}


# ---- connecting ----------------------------------------------------------------------------------


async def test_a_page_token_of_a_long_user_token_never_expires(stranger: Client) -> None:
    stranger.token = await stranger.user_token(SCOPES)
    listed = (await stranger.get("me/accounts")).body
    row = listed["data"][0]
    assert (row["id"], row["name"]) == (PAGE, "Mosaic")
    assert row["tasks"] == ["ANALYZE", "ADVERTISE", "MODERATE", "CREATE_CONTENT", "MANAGE"]
    stranger.world.clock.advance(400 * 86400)
    stranger.token = row["access_token"]
    assert (await stranger.get(PAGE, fields="username")).body == {"username": "mosaicso", "id": PAGE}


async def test_a_page_token_of_a_short_user_token_ends_with_it(stranger: Client) -> None:
    short = await stranger.exchange((await stranger.redirect(SCOPES))["code"])
    stranger.token = short.body["access_token"]
    stranger.token = (await stranger.get(PAGE, fields="access_token")).body["access_token"]
    assert (await stranger.get("me")).body["name"] == "Mosaic"
    stranger.world.clock.advance(short.body["expires_in"] + 1)
    assert (await stranger.get("me")).code == (190, 463)


async def test_an_expired_user_token_cannot_be_lengthened(stranger: Client) -> None:
    short = (await stranger.exchange((await stranger.redirect(SCOPES))["code"])).body["access_token"]
    stranger.world.clock.advance(3 * 3600)
    assert (await stranger.lengthen(short)).code == (190, 463)


async def test_a_code_works_once_with_its_address_and_secret(stranger: Client) -> None:
    first = (await stranger.redirect(SCOPES))["code"]
    assert (await stranger.exchange(first)).status == 200
    assert (await stranger.exchange(first)).code == (100, 36009)
    second = (await stranger.redirect(SCOPES))["code"]
    assert (await stranger.exchange(second, redirect_uri=CALLBACK + "/")).code == (100, 36008)
    assert (await stranger.exchange("x", client_secret="wrong")).code == (1, None)
    assert (await stranger.exchange("x", client_id="wrong")).code == (101, None)


async def test_refusal_and_bad_dialogs(stranger: Client) -> None:
    back = await stranger.redirect(SCOPES, "deny")
    assert (back["error"], back["error_reason"], back["state"]) == ("access_denied", "user_denied", "s")
    with pytest.raises(RuntimeError, match="Invalid Scopes: no_such"):
        await stranger.redirect("no_such")


async def test_permissions_show_what_a_switch_holds_back_and_can_be_revoked(stranger: Client) -> None:
    stranger.token = await stranger.user_token(SCOPES)
    await switch(stranger, scopes=["pages_show_list"])
    rows = {r["permission"]: r["status"] for r in (await stranger.get("me/permissions")).body["data"]}
    assert (rows["pages_show_list"], rows["read_insights"]) == ("granted", "declined")
    assert (await stranger.ask("DELETE", "me/permissions")).body == {"success": True}
    assert (await stranger.get("me")).code == (190, 458)


async def test_debug_token_needs_the_apps_own(client: Client) -> None:
    app_token = "|".join(client.app().values())
    found = (await client.get("debug_token", input_token=client.token, access_token=app_token)).body["data"]
    assert (found["type"], found["is_valid"], found["expires_at"]) == ("PAGE", True, 0)
    assert (await client.get("debug_token", input_token=client.token)).status == 400


async def test_tokens_and_proofs(client: Client) -> None:
    right = hmac.new(b"sandbox-facebook-secret", client.token.encode(), hashlib.sha256).hexdigest()
    assert (await client.get("me", appsecret_proof=right)).status == 200
    wrong = await client.get("me", appsecret_proof="0" * 64)
    assert wrong.body["error"]["message"] == "Invalid appsecret_proof provided in the API argument"
    assert (await client.get("me", access_token="EAAnobody")).code == (190, None)
    bare = f"{client.host}/{client.version}/me"
    assert (await client.send("GET", bare)).code == (104, None)
    header = {"Authorization": f"Bearer {client.token}"}
    assert (await client.send("GET", bare, headers=header)).status == 200


# ---- publishing ----------------------------------------------------------------------------------


async def test_a_text_goes_out_and_is_listed_and_deleted(client: Client) -> None:
    native_id = await text_post(client)
    assert native_id.startswith(PAGE + "_")
    listed = await client.get(f"{PAGE}/published_posts", fields="id,message,permalink_url")
    link = f"https://www.facebook.com/{PAGE}/posts/{native_id.partition('_')[2]}"
    assert listed.body["data"] == [{"id": native_id, "message": "Hello", "permalink_url": link}]
    assert (await client.ask("DELETE", native_id)).body == {"success": True}
    assert (await client.ask("DELETE", native_id)).code == (100, 33)


async def test_the_same_text_within_ten_minutes_is_a_duplicate(client: Client) -> None:
    await text_post(client)
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
    elsewhere = await client.post(f"{PAGE}/videos", file_url="https://example.org/a.mp4")
    assert elsewhere.code == (389, None)


async def test_posting_takes_scope_page_token_and_content(client: Client, stranger: Client) -> None:
    assert (await client.post(f"{PAGE}/feed")).code == (100, 1349125)
    assert (await client.post(f"{PAGE}/feed", link="https://www.facebook.com/x")).code == (100, 1609008)
    await switch(client, scopes=["pages_show_list", "pages_read_engagement"])
    refused = await client.post(f"{PAGE}/feed", message="x")
    assert (refused.status, refused.code) == (403, (200, None))
    await switch(client, scopes=None)
    client.token = await client.user_token(SCOPES)
    assert (await client.post(f"{PAGE}/feed", message="x")).code == (200, None)


async def test_a_dropped_answer_leaves_the_post_there(client: Client) -> None:
    fault = {"platform": "facebook", "on": "publish", "kind": "drop_after_commit"}
    await client.control("POST", "faults", json=fault)
    with pytest.raises(aiohttp.ClientError):
        await client.post(f"{PAGE}/feed", message="Out there")
    rows = (await client.get(f"{PAGE}/published_posts")).body["data"]
    assert [row["message"] for row in rows] == ["Out there"]


# ---- reading -------------------------------------------------------------------------------------


async def test_numbers_grow_at_once_and_never_fall(client: Client) -> None:
    native_id = await text_post(client)
    seen = []
    for _ in range(3):
        client.world.clock.advance(6 * 3600)
        seen.append(values((await client.get(f"{native_id}/insights", metric=METRICS)).body))
    views = [row["post_media_view"] for row in seen]
    assert 0 < views[0] < views[1] < views[2]
    assert seen[2]["post_activity_by_action_type"]["like"] > 0


async def test_a_set_truth_is_answered_as_it_stands(client: Client) -> None:
    native_id = await text_post(client)
    insights = {"post_media_view": 420, "post_activity_by_action_type": {"like": 5}, "post_brand_new": 7}
    await set_truth(client, native_id, {"insights": insights, "shares": 0})
    answer = await client.get(f"{native_id}/insights", metric=METRICS)
    assert values(answer.body) == insights
    row = answer.body["data"][0]
    assert row["id"] == f"{native_id}/insights/post_media_view/lifetime"
    assert (await client.get(native_id, fields="shares")).body == {"shares": {"count": 0}, "id": native_id}
    await set_truth(client, native_id, {"insights": {"post_clicks": 0}})
    assert values((await client.get(f"{native_id}/insights", metric=METRICS)).body) == {"post_clicks": 0}
    assert (await client.get(native_id, fields="shares")).body == {"id": native_id}


async def test_a_truth_of_unknown_groups_is_refused(client: Client) -> None:
    native_id = await text_post(client)
    answer = await client.control("PUT", f"facebook/posts/{native_id}", json={"public_metrics": {}})
    assert answer.status == 400
    assert "public_metrics" in answer.body["error"]


@pytest.mark.parametrize(
    "dead", ["post_impressions", "post_impressions_unique", "post_engaged_users", "typo"]
)
async def test_one_dead_metric_fails_the_call_without_a_name(client: Client, dead: str) -> None:
    native_id = await text_post(client)
    answer = await client.get(f"{native_id}/insights", metric=f"post_media_view,{dead}")
    assert (answer.status, answer.code) == (400, (100, None))
    assert answer.body["error"]["message"] == "(#100) The value must be a valid insights metric"


async def test_insights_want_a_metric_a_scope_a_task_and_a_page_token(client: Client) -> None:
    path = f"{await text_post(client)}/insights"
    assert (await client.get(path)).code == (3001, 1504028)
    await switch(client, role="no_analyze")
    assert (await client.get(path, metric=METRICS)).code == (200, None)
    await switch(client, role="", scopes=["pages_read_engagement"])
    assert (await client.get(path, metric=METRICS)).code == (10, None)
    await switch(client, scopes=None)
    client.token = await client.user_token(SCOPES)
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
    native_id = await text_post(client)
    fields = "comments.summary(total_count).filter(stream).limit(0)"
    assert (await client.get(native_id, fields=fields)).code == (10, None)
    await client.connect(SCOPES + ",pages_read_user_content")
    await set_truth(client, native_id, {"comments": 2})
    found = (await client.get(native_id, fields=fields)).body["comments"]
    assert (found["data"], found["summary"]["total_count"]) == ([], 2)


async def test_video_insights_stand_apart_from_the_posts(client: Client) -> None:
    client.world.processing_s = 0
    video_id = (await video(client)).body["id"]
    truth = {"insights": {"post_media_view": 9}, "video_insights": {"total_video_views": 4}, "views": 4}
    await set_truth(client, video_id, truth)
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
    native_id = await text_post(client)
    account = client.world.account("facebook", USER_ID)
    assert account is not None
    account.facts["page"]["fan_count"] = 99
    assert (await client.get(f"{native_id}/insights", metric=METRICS)).body["data"] == []
    account.facts["page"]["fan_count"] = 100
    assert (await client.get(f"{native_id}/insights", metric=METRICS)).body["data"] != []
    client.world.clock.advance(731 * 86400)
    assert (await client.get(f"{native_id}/insights", metric=METRICS)).body["data"] == []


async def test_a_listing_is_paged_and_expands_insights(client: Client) -> None:
    ids = [await text_post(client, f"Post {n}") for n in range(3)]
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


# ---- many at once --------------------------------------------------------------------------------


async def test_a_batch_answers_in_order_with_json_in_strings(client: Client) -> None:
    native_id = await text_post(client)
    good, bad = f"{native_id}/insights?metric={METRICS}", f"{native_id}/insights?metric=post_impressions"
    answer = await client.batch(good, "/v26.0/1_1?fields=shares", bad)
    assert [part["code"] for part in answer.body] == [200, 400, 400]
    assert values(json.loads(answer.body[0]["body"]))["post_media_view"] >= 0
    assert json.loads(answer.body[1]["body"])["error"]["error_subcode"] == 33
    names = {header["name"] for header in answer.body[0]["headers"]}
    assert "x-business-use-case-usage" in names
    bare = await client.batch(good, include_headers="false")
    assert bare.body[0].keys() == {"code", "body"}


async def test_a_batch_holds_fifty_at_most(client: Client) -> None:
    assert len((await client.batch(*["me"] * 50)).body) == 50
    answer = await client.batch(*["me"] * 51)
    assert (answer.status, answer.body["error"]["type"]) == (400, "GraphBatchException")
    assert (await client.batch("me", access_token="EAAnobody")).code == (190, None)


async def test_a_call_of_a_batch_may_bring_its_own_token(client: Client) -> None:
    parts = [{"method": "GET", "relative_url": "me", "access_token": "EAAnobody"}]
    parts += [{"method": "POST", "relative_url": f"{PAGE}/feed", "body": "message=Batched"}]
    answer = await client.post("", batch=json.dumps(parts))
    assert [part["code"] for part in answer.body] == [400, 200]
    assert [post.text for post in client.world.posts("facebook")] == ["Batched"]


async def test_ids_at_the_root_are_gone(client: Client) -> None:
    native_id = await text_post(client)
    answer = await client.get("", ids=native_id, fields="shares")
    assert (answer.status, answer.code) == (400, (100, None))


async def test_the_ledger_counts_posts_and_not_calls(client: Client) -> None:
    client.world.processing_s = 0
    await video(client)
    native_id = next(client.world.posts("facebook")).id
    video_id = next(client.world.posts("facebook")).facts["video_id"]
    await client.control("DELETE", "ledger")
    await client.batch(
        f"{native_id}/insights?metric={METRICS}",
        f"{video_id}/video_insights?metric=total_video_views",
        f"{video_id}?fields=views",
    )
    await client.get(video_id, fields="status")
    ledger = (await client.control("GET", "ledger")).body
    assert ledger["totals"]["facebook"] == {"requests": 2, "items": 1}


async def test_every_call_of_a_batch_counts_towards_the_limit(client: Client) -> None:
    account = client.world.account("facebook", USER_ID)
    assert account is not None
    account.facts["engaged_users"] = 1
    for _ in range(95):
        await client.batch(*["me"] * 50)
    usage = json.loads((await client.get("me")).headers["x-business-use-case-usage"])
    assert usage[PAGE][0]["type"] == "pages"
    assert usage[PAGE][0]["call_count"] >= 99
    account.facts["engaged_users"] = 0
    throttled = await client.get("me")
    assert (throttled.status, throttled.code) == (400, (80001, None))
    usage = json.loads(throttled.headers["x-business-use-case-usage"])
    assert usage[PAGE][0]["estimated_time_to_regain_access"] > 0


# ---- versions and faults -------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "served"), [("v26.0", "v26.0"), ("v19.0", "v21.0"), ("v99.0", "v21.0")])
async def test_an_unusable_version_is_served_by_the_oldest(client: Client, asked: str, served: str) -> None:
    client.version = asked
    assert (await client.get("me")).headers["facebook-api-version"] == served


async def test_old_versions_do_not_know_media_views(client: Client) -> None:
    native_id = await text_post(client)
    client.version = "v22.0"
    assert (await client.get(f"{native_id}/insights", metric="post_media_view")).code == (100, None)
    assert (await client.get(f"{native_id}/insights", metric="post_clicks")).status == 200


@pytest.mark.parametrize(("status", "code"), [(401, 190), (403, 10), (404, 100), (429, 80001), (503, 2)])
async def test_ordered_failures_speak_graph(client: Client, status: int, code: int) -> None:
    native_id = await text_post(client)
    fault = {"platform": "facebook", "on": "read", "kind": "status", "status": status}
    await client.control("POST", "faults", json=fault)
    assert (await client.get(native_id, fields="permalink_url")).status == 200
    answer = await client.get(native_id, fields="shares")
    assert (answer.status, answer.code[0]) == (status, code)
    assert ("x-business-use-case-usage" in answer.headers) is (status == 429)
