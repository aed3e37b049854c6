"""What the simulated Facebook and Instagram share: logins, batches, limits, versions; asked as Facebook."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from sextant.sandbox.facebook import NETWORK
from sextant.sandbox.graph.people import USER_ID
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import Post, World
from tests.sandbox.graph_client import CALLBACK, FACEBOOK_SCOPES, PAGE, Client, values

NOW = 1795449600  # 2026-11-23, the state of knowledge: versions end after it
METRICS = "post_media_view,post_clicks,post_activity_by_action_type"


@pytest.fixture
async def stranger() -> AsyncIterator[Client]:
    world = World()
    world.clock.advance(NOW - world.now())
    async with Sandbox(world, [NETWORK]) as sandbox, aiohttp.ClientSession() as session:
        yield Client(sandbox, session, "facebook")


@pytest.fixture
async def client(stranger: Client) -> Client:
    await stranger.connect(FACEBOOK_SCOPES)
    return stranger


# ---- connecting ----------------------------------------------------------------------------------


async def test_a_page_token_of_a_long_user_token_never_expires(stranger: Client) -> None:
    stranger.token = await stranger.user_token(FACEBOOK_SCOPES)
    listed = (await stranger.get("me/accounts")).body
    row = listed["data"][0]
    assert (row["id"], row["name"]) == (PAGE, "Mosaic")
    assert row["tasks"] == ["ANALYZE", "ADVERTISE", "MODERATE", "CREATE_CONTENT", "MANAGE"]
    stranger.world.clock.advance(400 * 86400)
    stranger.token = row["access_token"]
    assert (await stranger.get(PAGE, fields="username")).body == {"username": "mosaicso", "id": PAGE}


async def test_a_page_token_of_a_short_user_token_ends_with_it(stranger: Client) -> None:
    short = await stranger.exchange((await stranger.redirect(FACEBOOK_SCOPES))["code"])
    stranger.token = short.body["access_token"]
    stranger.token = (await stranger.get(PAGE, fields="access_token")).body["access_token"]
    assert (await stranger.get("me")).body["name"] == "Mosaic"
    stranger.world.clock.advance(short.body["expires_in"] + 1)
    assert (await stranger.get("me")).code == (190, 463)


async def test_an_expired_user_token_cannot_be_lengthened(stranger: Client) -> None:
    short = (await stranger.exchange((await stranger.redirect(FACEBOOK_SCOPES))["code"])).body["access_token"]
    stranger.world.clock.advance(3 * 3600)
    assert (await stranger.lengthen(short)).code == (190, 463)


async def test_a_code_works_once_with_its_address_and_secret(stranger: Client) -> None:
    first = (await stranger.redirect(FACEBOOK_SCOPES))["code"]
    assert (await stranger.exchange(first)).status == 200
    assert (await stranger.exchange(first)).code == (100, 36009)
    second = (await stranger.redirect(FACEBOOK_SCOPES))["code"]
    assert (await stranger.exchange(second, redirect_uri=CALLBACK + "/")).code == (100, 36008)
    assert (await stranger.exchange("x", client_secret="wrong")).code == (1, None)
    assert (await stranger.exchange("x", client_id="wrong")).code == (101, None)


async def test_refusal_and_bad_dialogs(stranger: Client) -> None:
    back = await stranger.redirect(FACEBOOK_SCOPES, "deny")
    assert (back["error"], back["error_reason"], back["state"]) == ("access_denied", "user_denied", "s")
    with pytest.raises(RuntimeError, match="Invalid Scopes: no_such"):
        await stranger.redirect("no_such")


async def test_permissions_show_what_a_switch_holds_back_and_can_be_revoked(stranger: Client) -> None:
    stranger.token = await stranger.user_token(FACEBOOK_SCOPES)
    await stranger.switch(scopes=["pages_show_list"])
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


# ---- many at once --------------------------------------------------------------------------------


async def test_a_batch_answers_in_order_with_json_in_strings(client: Client) -> None:
    native_id = await client.text_post()
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
    native_id = await client.text_post()
    answer = await client.get("", ids=native_id, fields="shares")
    assert (answer.status, answer.code) == (400, (100, None))


async def test_user_tokens_are_under_the_apps_limit(client: Client) -> None:
    client.token = await client.user_token(FACEBOOK_SCOPES)
    headers = (await client.get("me")).headers
    assert "call_count" in json.loads(headers["x-app-usage"])
    assert "x-business-use-case-usage" not in headers


async def test_the_ledger_counts_posts_and_not_calls(client: Client) -> None:
    native_id, video_id = f"{PAGE}_77", "1399"
    facts = {"video_id": video_id}
    client.world.add_post(Post("facebook", native_id, USER_ID, "video", client.world.now(), facts=facts))
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
    native_id = await client.text_post()
    client.version = "v22.0"
    assert (await client.get(f"{native_id}/insights", metric="post_media_view")).code == (100, None)
    assert (await client.get(f"{native_id}/insights", metric="post_clicks")).status == 200


@pytest.mark.parametrize(("status", "code"), [(401, 190), (403, 10), (404, 100), (429, 80001), (503, 2)])
async def test_ordered_failures_speak_graph(client: Client, status: int, code: int) -> None:
    native_id = await client.text_post()
    await client.fault("status", "read", status=status)
    assert (await client.get(native_id, fields="permalink_url")).status == 200
    answer = await client.get(native_id, fields="shares")
    assert (answer.status, answer.code[0]) == (status, code)
    assert ("x-business-use-case-usage" in answer.headers) is (status == 429)
