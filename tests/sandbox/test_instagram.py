"""The simulated Instagram: connecting and publishing on both login paths."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from importlib import resources

import aiohttp
import pytest

from sextant.sandbox.facebook import NETWORK as FACEBOOK
from sextant.sandbox.instagram import ACCOUNT_ID as IG
from sextant.sandbox.instagram import NETWORK
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from tests.sandbox.graph_client import CALLBACK, PAGE, Client
from tests.sandbox.instagram_client import OWN_SCOPES, SCOPES, OwnLogin, container, placed, reel, status_of

MP4 = (resources.files("sextant.sandbox") / "media" / "sample.mp4").read_bytes()


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


# ---- connecting ----------------------------------------------------------------------------------


async def test_the_account_is_found_through_its_page(client: Client) -> None:
    client.token = await client.user_token(SCOPES)
    fields = "id,instagram_business_account{id,username,name}"
    row = (await client.get("me/accounts", fields=fields)).body["data"][0]
    account = {"id": IG, "username": "mosaic_so", "name": "Mosaic"}
    assert row == {"id": PAGE, "instagram_business_account": account}
    await client.switch(scopes=["pages_show_list"])
    row = (await client.get("me/accounts", fields=fields)).body["data"][0]
    assert row == {"id": PAGE}
    await client.switch(scopes=["instagram_basic"])
    assert (await client.get("me/accounts")).body == {"data": []}


async def test_the_account_has_other_fields_on_each_host(client: Client, own: OwnLogin) -> None:
    there = (await own.get("me", fields="user_id,username,account_type")).body
    assert there == {
        "user_id": IG,
        "username": "mosaic_so",
        "account_type": "BUSINESS",
        "id": "24900000000000001",
    }
    assert (await client.get(IG, fields="account_type")).code == (100, None)
    assert (await client.get(IG, fields="username,media_count")).body["media_count"] == 0


async def test_instagram_login_gives_short_then_long_tokens(own: OwnLogin) -> None:
    code = await own.code()
    wrong = await own.short(code, client_secret="wrong")
    assert (wrong.status, wrong.body["error_type"]) == (400, "OAuthException")
    short = await own.short(code)
    assert (short.body["user_id"], short.body["permissions"]) == (int(IG), OWN_SCOPES.split(","))
    assert (await own.short(code)).body["code"] == 400
    assert (await own.long(short.body["access_token"], client_secret="x")).code == (1, None)
    long = (await own.long(short.body["access_token"])).body
    assert (long["token_type"], long["expires_in"]) == ("bearer", 5183944)
    own.world.clock.advance(3601)
    assert (await own.long(short.body["access_token"])).code == (190, 463)


async def test_another_redirect_address_is_refused(own: OwnLogin) -> None:
    answer = await own.short(await own.code(), redirect_uri=CALLBACK + "/")
    assert (answer.status, "redirect_uri" in answer.body["error_message"]) == (400, True)


async def test_a_refresh_wants_a_day_old_token_with_the_basic_scope(own: OwnLogin) -> None:
    assert (await own.refresh()).status == 400
    own.world.clock.advance(25 * 3600)
    fresh = (await own.refresh()).body
    assert (fresh["access_token"], fresh["permissions"]) == (
        own.token,
        ",".join(sorted(OWN_SCOPES.split(","))),
    )
    own.world.clock.advance(25 * 3600)
    await own.switch(scopes=[])
    assert (await own.refresh()).code == (10, None)
    own.world.clock.advance(60 * 86400)
    assert (await own.refresh()).code == (190, 463)


async def test_tokens_of_one_host_are_nothing_on_the_other(client: Client, own: OwnLogin) -> None:
    client.token, own.token = own.token, client.token
    assert (await client.get("me")).code == (190, None)
    assert (await own.get("me")).code == (190, None)


async def test_old_scope_names_are_refused(own: OwnLogin) -> None:
    with pytest.raises(RuntimeError, match="Invalid scope"):
        await own.code("business_basic")


# ---- publishing ----------------------------------------------------------------------------------


async def test_a_reel_is_made_polled_and_published_on_both_hosts(client: Client, own: OwnLogin) -> None:
    for each in (client, own):
        made = await container(each, caption="Hello")
        container_id = made.body["id"]
        assert await status_of(each, container_id) == "IN_PROGRESS"
        early = await each.post(f"{IG}/media_publish", creation_id=container_id)
        assert early.code == (9007, 2207027)
        each.world.clock.advance(61)
        assert await status_of(each, container_id) == "FINISHED"
        media_id = (await each.post(f"{IG}/media_publish", creation_id=container_id)).body["id"]
        assert media_id != container_id
        assert await status_of(each, container_id) == "PUBLISHED"
        shown = await each.get(media_id, fields="permalink,shortcode,media_type,media_product_type,caption")
        assert shown.body["permalink"] == f"https://www.instagram.com/reel/{shown.body['shortcode']}/"
        assert (shown.body["media_type"], shown.body["media_product_type"]) == ("VIDEO", "REELS")
        again = await each.post(f"{IG}/media_publish", creation_id=container_id)
        assert again.code == (24, 2207006)
    listed = (await client.get(f"{IG}/media", fields="caption")).body["data"]
    assert [row["caption"] for row in listed] == ["Hello", "Hello"]


async def test_a_json_body_is_as_good_as_a_form(client: Client) -> None:
    url = f"{client.sandbox.url}/_control/media/sample.mp4"
    body = {"media_type": "REELS", "video_url": url, "access_token": client.token}
    assert (await client.send("POST", f"{client.host}/v26.0/{IG}/media", json=body)).status == 200


async def test_bytes_go_to_the_returned_address(client: Client) -> None:
    made = await client.post(f"{IG}/media", media_type="REELS", upload_type="resumable")
    container_id, uri = made.body["id"], made.body["uri"]
    signed = {"Authorization": f"OAuth {client.token}", "offset": "0"}
    short = await client.send("POST", uri, data=MP4, headers={**signed, "file_size": "5"})
    assert short.code == (100, None)
    assert await status_of(client, container_id) == "IN_PROGRESS"
    whole = await client.send("POST", uri, data=MP4, headers={**signed, "file_size": str(len(MP4))})
    assert whole.body["success"] is True
    client.world.clock.advance(61)
    assert await status_of(client, container_id) == "FINISHED"


async def test_what_no_reel_is_made_of(client: Client) -> None:
    assert (await container(client, "missing.mp4")).code == (9004, 2207052)
    assert (await container(client, video_url="https://example.org/a.mp4")).code == (9004, 2207052)
    assert (await container(client, media_type="VIDEO")).code == (100, 2207023)
    assert (await container(client, caption="x" * 2201)).code == (36004, 2207010)
    assert (await container(client, caption="#a " * 31)).code == (36004, 2207010)
    assert (await container(client, caption="@a " * 21)).code == (100, 2207040)
    picture = (await container(client, "sample.jpg")).body["id"]
    client.world.clock.advance(61)
    found = (await client.get(picture, fields="status_code,status")).body
    assert (found["status_code"], "2207026" in found["status"]) == ("ERROR", True)
    assert (await client.post(f"{IG}/media_publish", creation_id=picture)).code == (352, 2207026)


async def test_a_container_lives_a_day(client: Client) -> None:
    made = (await container(client)).body["id"]
    client.world.clock.advance(24 * 3600 + 1)
    assert await status_of(client, made) == "EXPIRED"
    assert (await client.post(f"{IG}/media_publish", creation_id=made)).code == (-2, 2207020)
    assert (await client.post(f"{IG}/media_publish", creation_id="1788999")).code == (24, 2207006)


async def test_the_publishing_quota(client: Client) -> None:
    await reel(client)
    path = f"{IG}/content_publishing_limit"
    answer = await client.get(path, fields="config,quota_usage")
    config = {"quota_total": 50, "quota_duration": 86400}
    assert answer.body == {"data": [{"quota_usage": 1, "config": config}]}
    assert (await client.get(path, fields="rate_limit_settings")).code == (100, None)
    for _ in range(49):
        placed(client, "photo")
    made = (await container(client)).body["id"]
    client.world.clock.advance(61)
    assert (await client.post(f"{IG}/media_publish", creation_id=made)).code == (9, 2207042)


async def test_publishing_takes_its_scope(client: Client, own: OwnLogin) -> None:
    await client.switch(scopes=["instagram_basic", "instagram_business_basic"])
    for each in (client, own):
        refused = await container(each)
        assert (refused.status, refused.code) == (403, (10, None))


async def test_a_dropped_answer_is_found_by_polling_the_container(client: Client) -> None:
    made = (await container(client)).body["id"]
    client.world.clock.advance(61)
    await client.fault("drop_after_commit", "publish")
    assert await status_of(client, made) == "FINISHED"
    with pytest.raises(aiohttp.ClientError):
        await client.post(f"{IG}/media_publish", creation_id=made)
    assert await status_of(client, made) == "PUBLISHED"
    assert len((await client.get(f"{IG}/media")).body["data"]) == 1


async def test_delete_is_of_the_facebook_host_alone(client: Client, own: OwnLogin) -> None:
    media_id = await reel(client)
    assert (await own.ask("DELETE", media_id)).code == (100, 33)
    assert (await client.ask("DELETE", media_id)).body == {"success": True, "deleted_id": media_id}
    assert (await client.get(f"{media_id}/insights", metric="views")).code == (100, 33)


# ---- whose request it is -------------------------------------------------------------------------


async def test_the_shared_host_knows_whose_request_it_is(client: Client) -> None:
    media_id = await reel(client)
    await client.control("DELETE", "ledger")
    await client.batch(f"{media_id}/insights?metric=views", f"{media_id}?fields=like_count")
    await client.get(f"{IG}/media", fields="like_count")
    await client.get(f"{IG}/media", fields="permalink")
    totals = (await client.control("GET", "ledger")).body["totals"]
    assert totals["instagram"] == {"requests": 3, "items": 2}
    assert totals["facebook"] == {"requests": 0, "items": 0}


async def test_faults_hit_the_platform_they_are_ordered_for(client: Client) -> None:
    media_id = await reel(client)
    fault = {"platform": "facebook", "on": "read", "kind": "status", "status": 503, "times": None}
    await client.control("POST", "faults", json=fault)
    assert (await client.get(f"{media_id}/insights", metric="views")).status == 200
    await client.control("POST", "faults", json={**fault, "platform": "instagram", "status": 429})
    throttled = await client.get(f"{media_id}/insights", metric="views")
    assert (throttled.status, throttled.code) == (429, (80002, None))
    assert IG in json.loads(throttled.headers["x-business-use-case-usage"])
    assert await status_of(client, (await container(client)).body["id"]) == "IN_PROGRESS"


async def test_the_token_hosts_own_envelope(own: OwnLogin) -> None:
    await own.fault("status", "token", status=500)
    answer = await own.short(await own.code())
    assert (answer.status, answer.body["code"]) == (500, 500)


async def test_instagram_alone() -> None:
    async with Sandbox(World(), [NETWORK]) as sandbox, aiohttp.ClientSession() as session:
        client = Client(sandbox, session, "instagram")
        await client.connect(SCOPES)
        assert (await client.get(IG, fields="username")).body["username"] == "mosaic_so"
