"""The simulated X, asked with a plain HTTP client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from sextant.sandbox.x import NETWORK
from tests.sandbox.x_client import CALLBACK, JPG, LABS, MOSAIC, SCOPES, Client


@pytest.fixture
async def x() -> AsyncIterator[Client]:
    async with Sandbox(World(), [NETWORK]) as sandbox, aiohttp.ClientSession() as session:
        yield Client(sandbox, session)


@pytest.fixture
async def owner(x: Client) -> Client:
    await x.connect()
    return x


# ---- OAuth ---------------------------------------------------------------------------------------


async def test_connecting_gives_tokens_and_the_account(x: Client) -> None:
    tokens = await x.connect(LABS)
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 7200
    assert set(tokens["scope"].split()) == set(SCOPES.split())
    me = await x.ask("GET", "/2/users/me", params={"user.fields": "profile_image_url,public_metrics"})
    assert me.body["data"]["id"] == LABS
    assert me.body["data"]["username"] == "mosaic_labs"
    assert me.body["data"]["public_metrics"]["tweet_count"] == 0


async def test_no_refresh_token_without_its_scope(x: Client) -> None:
    assert "refresh_token" not in await x.connect(scope="tweet.read users.read")


async def test_a_code_lives_thirty_seconds_and_once(x: Client) -> None:
    late = await x.code()
    x.world.clock.advance(31)
    assert (await x.exchange(late)).status == 400
    code = await x.code()
    assert (await x.exchange(code)).status == 200
    again = await x.exchange(code)
    assert (again.status, again.body["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "changes", [{"redirect_uri": CALLBACK + "/"}, {"code_verifier": "w" * 64}, {"code": "unknown"}]
)
async def test_an_exchange_must_fit_its_code(x: Client, changes: dict[str, str]) -> None:
    answer = await x.exchange(await x.code(), **changes)
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("change", [{"code_challenge": ""}, {"client_id": "other"}, {"scope": "tweet.fly"}])
async def test_the_consent_page_refuses_a_wrong_request(x: Client, change: dict[str, str]) -> None:
    with pytest.raises(RuntimeError, match="400"):
        await x.code(**change)


async def test_client_credentials_come_as_basic_and_are_checked(x: Client) -> None:
    wrong = aiohttp.encode_basic_auth("sandbox-x", "guess")
    refused = await x.form("/2/oauth2/token", wrong, grant_type="refresh_token", refresh_token="t")
    assert (refused.status, refused.body["error"]) == (401, "invalid_client")
    in_form = await x.exchange(await x.code(), client_id="sandbox-x", client_secret="sandbox-x-secret")
    assert (in_form.status, in_form.body["error"]) == (401, "unauthorized_client")


async def test_refresh_tokens_rotate(x: Client) -> None:
    first = await x.connect()
    second = await x.refresh(first["refresh_token"])
    assert second.status == 200
    assert second.body["refresh_token"] != first["refresh_token"]
    used = await x.refresh(first["refresh_token"])
    assert used.status == 400
    assert used.body == {
        "error": "invalid_request",
        "error_description": "Value passed for the token was invalid.",
    }


async def test_expired_and_revoked_tokens_look_the_same(x: Client) -> None:
    tokens = await x.connect()
    x.world.clock.advance(7201)
    expired = await x.ask("GET", "/2/users/me")
    assert (expired.status, expired.body["title"]) == (401, "Unauthorized")
    tokens = await x.connect()
    assert (await x.form("/2/oauth2/revoke", token=tokens["refresh_token"])).body == {"revoked": True}
    assert (await x.ask("GET", "/2/users/me")).body == expired.body
    assert (await x.refresh(tokens["refresh_token"])).status == 400


# ---- publishing ----------------------------------------------------------------------------------


async def test_a_video_goes_through_upload_processing_and_creation(owner: Client) -> None:
    media_id = await owner.upload()
    early = await owner.post("Too early", media={"media_ids": [media_id]})
    assert (early.status, early.body["title"]) == (400, "Invalid Request")
    assert (await owner.media_state(media_id))["state"] == "pending"
    owner.world.clock.advance(0.3)
    assert (await owner.media_state(media_id))["state"] == "in_progress"
    owner.world.clock.advance(1)
    assert (await owner.media_state(media_id))["state"] == "succeeded"
    created = await owner.post("See https://example.com/a", media={"media_ids": [media_id]})
    assert created.status == 201
    post = created.body["data"]
    assert post["text"].startswith("See https://t.co/")
    assert post["text"].count("https://t.co/") == 2
    read = await owner.read(post["id"], fields="attachments,created_at,entities")
    assert read.body["data"][0]["attachments"] == {"media_keys": [f"13_{media_id}"]}
    expanded = [url["expanded_url"] for url in read.body["data"][0]["entities"]["urls"]]
    assert expanded == [
        "https://example.com/a",
        f"https://x.com/mosaic_so/status/{post['id']}/video/1",
    ]


async def test_a_text_post_and_its_duplicate(owner: Client) -> None:
    assert (await owner.post("Once")).status == 201
    twice = await owner.post("Once")
    assert twice.status == 403
    assert twice.body["detail"] == "You are not allowed to create a Tweet with duplicate content."
    assert (await owner.post("Other")).status == 201
    owner.world.clock.advance(601)
    assert (await owner.post("Once")).status == 201


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"text": "a", "schedule": 1}, 400),
        ({"text": "a", "media": {"media_ids": []}}, 400),
        ({"text": "a", "media": {"media_ids": ["x"]}}, 400),
        ({"text": "a", "media": {"media_ids": ["1880028106020515840"]}}, 400),
        ({"text": "a", "media_ids": ["1"]}, 400),
        ({"text": "日" * 140 + "a"}, 403),
        ({"text": "a", "quote_tweet_id": "20"}, 403),
    ],
)
async def test_wrong_bodies_are_refused(owner: Client, body: dict[str, Any], status: int) -> None:
    assert (await owner.ask("POST", "/2/tweets", json=body)).status == status
    assert not list(owner.world.posts("x"))


async def test_uploads_have_to_add_up(owner: Client) -> None:
    opened = await owner.ask(
        "POST",
        "/2/media/upload/initialize",
        json={"media_type": "video/mp4", "total_bytes": 100, "media_category": "tweet_video"},
    )
    media_id = opened.body["data"]["id"]
    assert opened.body["data"]["media_key"] == f"13_{media_id}"
    assert (await owner.append(media_id, 1000, b"a")).status == 400
    assert (await owner.append(media_id, 0, b"a" * 99)).status == 200
    assert (await owner.ask("POST", f"/2/media/upload/{media_id}/finalize")).status == 400
    assert (await owner.append(media_id, 2, b"a")).status == 200
    assert (await owner.ask("POST", f"/2/media/upload/{media_id}/finalize")).status == 400
    assert (await owner.append("1", 0, b"a")).status == 404


async def test_bytes_that_are_no_video_fail_in_processing(owner: Client) -> None:
    media_id = await owner.upload(b"not a video at all")
    owner.world.clock.advance(1)
    assert (await owner.media_state(media_id))["state"] == "failed"
    assert (await owner.post("a", media={"media_ids": [media_id]})).status == 400


async def test_one_shot_image(owner: Client) -> None:
    form = aiohttp.FormData({"media_category": "tweet_image"})
    form.add_field("media", JPG, filename="a.jpg")
    image = (await owner.ask("POST", "/2/media/upload", data=form)).body["data"]
    assert image["image"]["image_type"] == "image/jpeg"
    assert image["media_key"] == f"3_{image['id']}"
    assert "processing_info" not in image
    created = await owner.post("", media={"media_ids": [image["id"]]})
    assert created.status == 201


async def test_deleting(owner: Client) -> None:
    post_id = await owner.video()
    assert (await owner.ask("DELETE", f"/2/tweets/{post_id}")).body == {"data": {"deleted": True}}
    assert (await owner.ask("DELETE", f"/2/tweets/{post_id}")).status == 404


async def test_a_dropped_answer_leaves_the_post(owner: Client) -> None:
    fault = {"platform": "x", "on": "publish", "kind": "drop_after_commit"}
    await owner.ask("POST", "_control/faults", json=fault)
    media_id = await owner.upload()
    owner.world.clock.advance(1)
    with pytest.raises(aiohttp.ClientError):
        await owner.post("Lost", media={"media_ids": [media_id]})
    listed = await owner.ask("GET", f"/2/users/{MOSAIC}/tweets", params={"tweet.fields": "created_at"})
    assert len(listed.body["data"]) == 1
    assert (await owner.post("Lost", media={"media_ids": [await owner.upload()]})).status == 400
    assert listed.body["meta"]["newest_id"] == listed.body["data"][0]["id"]


async def test_scopes_are_asked_for(x: Client) -> None:
    await x.connect(scope="tweet.read users.read")
    refused = await x.post()
    assert (refused.status, refused.body["detail"]) == (403, "You are not permitted to perform this action.")
    assert (await x.ask("POST", "/2/media/upload/1/finalize")).status == 403


# ---- reading -------------------------------------------------------------------------------------

TRUTH = {
    "public_metrics": {
        "like_count": 42,
        "reply_count": 7,
        "repost_count": 5,
        "impression_count": 18420,
        "view_count": 9120,
        "quote_count": 0,
    },
    "non_public_metrics": {"engagements": 345},
    "video": {"view_count": 12543, "playback_0_count": 0},
}


async def test_truth_is_answered_in_the_vocabulary_of_the_question(owner: Client) -> None:
    post_id = await owner.video()
    await owner.set_truth(post_id, **TRUTH)
    new = await owner.read(post_id)
    assert list(new.body["data"][0]["public_metrics"].items()) == list(TRUTH["public_metrics"].items())
    old = await owner.read(post_id, words="tweet.fields")
    names = ["retweet_count" if n == "repost_count" else n for n in TRUTH["public_metrics"]]
    assert list(old.body["data"][0]["public_metrics"]) == names
    assert old.body["data"][0]["edit_history_tweet_ids"] == [post_id]
    assert "edit_history_tweet_ids" not in new.body["data"][0]


async def test_set_is_answered_and_left_out_is_absent(owner: Client) -> None:
    post_id = await owner.video()
    await owner.set_truth(post_id, **TRUTH)
    body = (await owner.read(post_id)).body
    assert body["data"][0]["non_public_metrics"] == {"engagements": 345}
    assert "organic_metrics" not in body["data"][0]
    medium = body["includes"]["media"][0]
    assert medium["public_metrics"] == {"view_count": 12543}
    assert medium["non_public_metrics"] == {"playback_0_count": 0}
    await owner.set_truth(post_id, public_metrics={"like_count": 0})
    body = (await owner.read(post_id)).body
    assert body["data"][0]["public_metrics"] == {"like_count": 0}
    assert "public_metrics" not in body["includes"]["media"][0]
    assert "errors" not in body


async def test_unknown_truth_is_a_complaint(owner: Client) -> None:
    post_id = await owner.video()
    answer = await owner.ask("PUT", f"_control/x/posts/{post_id}", json={"likes": 1})
    assert answer.status == 400


async def test_numbers_grow_and_never_fall(owner: Client) -> None:
    post_id = await owner.video()
    seen = []
    for _ in range(3):
        owner.world.clock.advance(1800)
        body = (await owner.read(post_id)).body
        seen.append(body["data"][0]["public_metrics"]["impression_count"])
    assert 0 < seen[0] < seen[1] < seen[2]


async def test_a_deleted_post_is_an_error_beside_the_others(owner: Client) -> None:
    post_id = await owner.video()
    both = await owner.read(post_id, "1276230436478386177")
    assert both.status == 200
    assert [row["id"] for row in both.body["data"]] == [post_id]
    assert both.body["errors"][0]["resource_id"] == "1276230436478386177"
    assert both.body["errors"][0]["type"].endswith("/resource-not-found")
    await owner.ask("DELETE", f"_control/x/posts/{post_id}")
    gone = await owner.read(post_id)
    assert gone.status == 200
    assert "data" not in gone.body
    assert (await owner.ask("GET", f"/2/tweets/{post_id}")).status == 404


async def test_private_counters_are_refused_after_thirty_days(owner: Client) -> None:
    post_id = await owner.video()
    owner.world.clock.advance(30 * 86400 + 1)
    await owner.connect()
    refused = await owner.read(post_id, fields="non_public_metrics")
    assert refused.status == 200
    assert "data" not in refused.body
    assert {error["field"] for error in refused.body["errors"]} >= {"non_public_metrics.engagements"}
    assert refused.body["errors"][0]["type"].endswith("/not-authorized-for-field")
    public = await owner.ask("GET", "/2/tweets", params={"ids": post_id, "post.fields": "public_metrics"})
    assert "errors" not in public.body
    assert public.body["data"][0]["public_metrics"]["impression_count"] > 0


async def test_private_counters_need_the_author_and_its_context(owner: Client) -> None:
    post_id = await owner.video()
    await owner.switch(tier="app_only")
    assert "data" not in (await owner.read(post_id)).body
    await owner.switch(tier="")
    assert "errors" not in (await owner.read(post_id)).body
    await owner.connect(LABS)
    assert "data" not in (await owner.read(post_id)).body
    media_only = await owner.read(post_id, fields="public_metrics")
    assert media_only.body["data"][0]["public_metrics"]
    assert {error["resource_type"] for error in media_only.body["errors"]} == {"media"}


async def test_a_scope_taken_back_works_on_old_tokens(owner: Client) -> None:
    await owner.switch(scopes=["users.read"])
    assert (await owner.read("20")).status == 403
    await owner.switch(scopes=None)
    assert (await owner.read("20")).status == 200


@pytest.mark.parametrize(
    "query",
    [
        {"ids": "x"},
        {"ids": ""},
        {},
        {"ids": ",".join(str(n) for n in range(1, 102))},
        {"ids": "20", "post.fields": "public_metric"},
        {"ids": "20", "post.fields": "note_tweet"},
        {"ids": "20", "media.fields": "views"},
        {"ids": "20", "field": "public_metrics"},
    ],
)
async def test_wrong_reads_are_invalid_requests(owner: Client, query: dict[str, str]) -> None:
    answer = await owner.ask("GET", "/2/tweets", params=query)
    assert answer.status == 400
    assert answer.body["type"].endswith("/invalid-request")
    assert answer.body["errors"][0]["message"]


async def test_a_hundred_ids_are_allowed(owner: Client) -> None:
    assert (await owner.read(*(str(n) for n in range(1, 101)))).status == 200


async def test_the_timeline_is_newest_first_and_paged(owner: Client) -> None:
    for n in range(7):
        owner.world.clock.advance(1)
        await owner.post(f"Post {n}")
    path = f"/2/users/{MOSAIC}/tweets"
    first = (await owner.ask("GET", path, params={"max_results": "5"})).body
    assert [row["text"] for row in first["data"]] == [f"Post {n}" for n in (6, 5, 4, 3, 2)]
    more = {"max_results": "5", "pagination_token": first["meta"]["next_token"]}
    rest = (await owner.ask("GET", path, params=more)).body
    assert rest["meta"]["result_count"] == 2
    assert "next_token" not in rest["meta"]
    assert (await owner.ask("GET", path, params={"max_results": "4"})).status == 400


async def test_the_ledger_counts_posts_whose_numbers_were_asked_for(owner: Client) -> None:
    one, two = await owner.video("One"), await owner.video("Two")
    await owner.ask("DELETE", "_control/ledger")
    await owner.read(one, two, one)
    await owner.ask("GET", "/2/tweets", params={"ids": one})
    await owner.ask("GET", "/2/users/me")
    ledger = (await owner.ask("GET", "_control/ledger")).body
    assert ledger["totals"]["x"] == {"requests": 3, "items": 2}


async def test_rate_limits_are_told_and_kept(owner: Client) -> None:
    for n in range(75):
        answer = await owner.ask("GET", "/2/users/me")
        assert answer.headers["x-rate-limit-remaining"] == str(74 - n)
    over = await owner.ask("GET", "/2/users/me")
    assert (over.status, over.body["title"]) == (429, "Too Many Requests")
    assert float(over.headers["x-rate-limit-reset"]) > owner.world.now()
    owner.world.clock.advance(901)
    assert (await owner.ask("GET", "/2/users/me")).status == 200


async def test_enterprise_analytics(owner: Client) -> None:
    post_id = await owner.video()
    await owner.set_truth(post_id, **TRUTH)
    query = {
        "ids": post_id,
        "start_time": "2020-01-01T00:00:00Z",
        "end_time": "2100-01-01T00:00:00Z",
        "granularity": "total",
        "analytics.fields": "impressions,retweets,engagements,follows",
    }
    refused = await owner.ask("GET", "/2/tweets/analytics", params=query)
    assert (refused.status, refused.body["type"].rpartition("/")[2]) == (403, "client-forbidden")
    await owner.switch(tier="enterprise")
    answer = await owner.ask("GET", "/2/tweets/analytics", params=query)
    counted = answer.body["data"][0]["timestamped_metrics"][0]["metrics"]
    assert counted == {"impressions": 18420, "retweets": 5, "engagements": 345, "follows": None}


@pytest.mark.parametrize("status", [401, 402, 403, 429, 503])
async def test_ordered_failures_wear_the_networks_envelope(owner: Client, status: int) -> None:
    await owner.ask("POST", "_control/faults", json={"platform": "x", "kind": "status", "status": status})
    answer = await owner.read("20")
    assert answer.status == status
    assert answer.body["title"]
    assert (await owner.read("20")).status == 200


async def test_the_token_endpoint_fails_in_its_own_shape(x: Client) -> None:
    fault = {"platform": "x", "on": "token", "kind": "status", "status": 400}
    await x.ask("POST", "_control/faults", json=fault)
    assert (await x.refresh("t")).body["error"] == "invalid_request"


async def test_paths_that_do_not_exist(owner: Client) -> None:
    assert (await owner.ask("GET", "/2/posts", params={"ids": "20"})).status == 404
    assert (await owner.ask("PUT", "/2/tweets", json={})).status == 404
