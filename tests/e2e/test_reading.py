"""How reads behave: several accounts, failing networks, slow networks, many readers at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.e2e.client import Client, entry
from tests.e2e.stories import deadline, held, standing_clock, until
from tests.waiting import HELD_MS

NETWORKS = ["x", "linkedin", "instagram", "facebook", "tiktok", "youtube"]
FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 429, "headers": {"Retry-After": "120"}},
    {"kind": "timeout", "delay_ms": 200},
    {"kind": "not_json"},
    {"kind": "drop_after_commit"},
]


async def one_each(client: Client, text: str) -> dict[str, Any]:
    """A post to one account of each network."""
    first = [(await client.accounts(name))[0] for name in NETWORKS]
    body = {
        "post": text,
        "destinations": [{"social_connection_id": c} for c in first],
        "media_urls": [client.video],
    }
    status, made = await client.call("POST", "/social/post", json=body)
    assert status == 200, made
    view = await client.settled(made["post_id"])
    assert view["status"] == "posted", view
    return view


async def test_two_accounts_on_one_network(client: Client) -> None:
    view = await client.publish("x", text="two accounts", video=False)
    rows = view["destinations"]
    assert len(rows) == 2
    for number, row in enumerate(rows, 1):
        await client.truth("x", row["platform_post_id"], {"public_metrics": {"like_count": number * 10}})
    both = await client.analytics(view["post_id"])
    assert (both["platform"], both["social_connection_id"]) == (None, None)
    assert [e["metrics"]["likes"] for e in both["analytics"]["platforms"]] == [10, 20]
    assert both["analytics"]["totals"]["likes"] == 30
    assert both["stats"]["x"]["id"] == rows[0]["platform_post_id"]
    second = rows[1]["social_connection_id"]
    one = await client.analytics(view["post_id"], social_connection_id=second)
    assert (one["platform"], one["social_connection_id"]) == ("x", second)
    assert one["analytics"]["totals"]["likes"] == 20
    assert [e["platform_post_id"] for e in one["analytics"]["platforms"]] == [rows[1]["platform_post_id"]]


async def test_a_connection_that_the_post_does_not_target_is_404(client: Client) -> None:
    view = await client.publish("x", text="only x", video=False)
    other = (await client.accounts("youtube"))[0]
    for path in (f"/social/post/{view['post_id']}", f"/social/post/{view['post_id']}/analytics"):
        status, body = await client.call("GET", f"{path}?social_connection_id={other}")
        assert (status, body["error"]) == (404, "not_found")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f"{f['kind']}-{f.get('status', '')}")
async def test_each_network_failing_fails_alone(client: Client, fault: dict[str, Any]) -> None:
    """Every network in turn: 200, partial, the other five right, the reason said; over when it is over."""
    for name in NETWORKS:
        view = await one_each(client, f"{name} failing by {fault}")
        await client.fault(name, "read", times=None, **fault)
        failing = await client.analytics(view["post_id"])
        assert failing["analytics"]["status"] == "partial"
        reading, facts = entry(failing, name)
        assert set(reading["metrics"].values()) == {None}
        assert "upstream_error" in facts["missing"].values()
        assert facts["error"]["code"] in ("try_later", "wait_until")
        assert facts["error"]["message"]
        for other in NETWORKS:
            assert (entry(failing, other)[1]["status"] == "success") == (other != name), (name, other)
        await client.no_faults()
        await client.advance(3600)
        after = await client.analytics(view["post_id"])
        assert entry(after, name)[1]["status"] == "success", (name, after)
        assert any(value is not None for value in entry(after, name)[0]["metrics"].values()), name


@pytest.mark.parametrize("name", NETWORKS)
async def test_a_refused_account_is_not_authorized(client: Client, name: str) -> None:
    view = await one_each(client, f"{name} refused")
    await client.fault(name, "read", "status", status=403, times=None)
    answer = await client.analytics(view["post_id"])
    assert answer["analytics"]["status"] == "partial"
    reading, facts = entry(answer, name)
    assert set(reading["metrics"].values()) == {None}
    assert set(facts["missing"].values()) <= {
        "not_authorized",
        "unsupported",
        "not_applicable",
        "upstream_error",
    }
    assert facts["error"]["message"]


async def test_all_failing_is_an_error_and_the_last_readings_stay(client: Client) -> None:
    view = await one_each(client, "all failing")
    before = await client.analytics(view["post_id"])
    assert before["analytics"]["status"] == "success"
    for name in NETWORKS:
        await client.fault(name, "read", "status", status=503, times=None)
    await client.advance(61)
    after = await client.analytics(view["post_id"], refresh="true")
    assert after["analytics"]["status"] == "error"
    assert after["analytics"]["totals"] == before["analytics"]["totals"]
    for was, now in zip(
        before["analytics"]["metadata"]["destinations"],
        after["analytics"]["metadata"]["destinations"],
        strict=True,
    ):
        assert now["stale"]
        assert now["as_of"] == was["as_of"]
        assert now["error"]["code"] == "try_later"


async def test_nothing_published_is_pending(client: Client) -> None:
    first = (await client.accounts("x"))[0]
    body = {"post": "the network refuses a duplicate", "destinations": [{"social_connection_id": first}]}
    for _ in range(2):
        _, made = await client.call("POST", "/social/post", json=body)
        view = await client.settled(made["post_id"])
    assert view["status"] == "failed"
    answer = await client.analytics(made["post_id"])
    assert answer["analytics"]["status"] == answer["stats"]["status"] == "pending"
    (reading,) = answer["analytics"]["platforms"]
    assert reading["raw_metrics"] == {}
    assert reading["platform_post_id"] is None
    facts = answer["analytics"]["metadata"]["destinations"][0]
    assert set(facts["missing"].values()) == {"not_published"}


async def test_networks_are_read_side_by_side(client: Client) -> None:
    view = await one_each(client, "slow")
    for name in NETWORKS:
        await client.fault(name, "read", "slow", delay_ms=HELD_MS, times=None)
    reading = asyncio.create_task(client.analytics(view["post_id"]))
    await held(client, *NETWORKS)
    await client.no_faults()
    assert (await reading)["analytics"]["status"] == "success"


async def test_a_slow_network_is_waited_for_no_longer_than_the_deadline(client: Client) -> None:
    view = await client.publish("x", text="too slow", video=False)
    await client.fault("x", "read", "slow", delay_ms=HELD_MS, times=None)
    with deadline(client, 0.5):
        late = await client.analytics(view["post_id"])
    assert late["analytics"]["status"] == "error"
    assert late["analytics"]["metadata"]["destinations"][0]["error"]["code"] == "try_later"
    await client.no_faults()

    async def well_again() -> bool:
        """A read that was late may end after this began, and is tried again after a pause."""
        await client.advance(5)
        answer = await client.analytics(view["post_id"])
        return bool(answer["analytics"]["status"] == "success")

    await until(well_again, "the numbers of both accounts")


async def test_many_readers_are_one_upstream_read(alone: Client) -> None:
    one, two = await one_each(alone, "one reader"), await one_each(alone, "many readers")
    await alone.clear_ledger()
    await alone.analytics(one["post_id"])
    once = (await alone.ledger())["totals"]
    await alone.clear_ledger()
    answers = await asyncio.gather(*[alone.analytics(two["post_id"]) for _ in range(500)])
    assert (await alone.ledger())["totals"] == once
    assert all(answer == answers[0] for answer in answers)


async def test_a_stored_reading_is_answered_without_the_network(alone: Client) -> None:
    view = await one_each(alone, "stored")
    first = await alone.analytics(view["post_id"])
    await alone.clear_ledger()
    assert await alone.analytics(view["post_id"]) == first
    assert (await alone.ledger())["requests"] == []


async def test_refresh_at_most_once_a_minute(client: Client) -> None:
    view = await client.publish("x", text="refresh", video=False)
    native = view["destinations"][0]["platform_post_id"]

    async def likes(**query: str) -> Any:
        return entry(await client.analytics(view["post_id"], **query), "x")[0]["metrics"]["likes"]

    async with standing_clock(client):
        await client.truth("x", native, {"public_metrics": {"like_count": 1}})
        assert await likes() == 1
        await client.truth("x", native, {"public_metrics": {"like_count": 2}})
        assert await likes() == 1
        assert await likes(refresh="true") == 2
        await client.truth("x", native, {"public_metrics": {"like_count": 3}})
        assert await likes(refresh="true") == 2
        await client.advance(61)
        assert await likes(refresh="true") == 3


async def test_a_stale_reading_is_answered_as_it_is(client: Client) -> None:
    view = await client.publish("x", text="stale", video=False)
    native = view["destinations"][0]["platform_post_id"]
    await client.truth("x", native, {"public_metrics": {"like_count": 1}})
    await client.analytics(view["post_id"])
    await client.truth("x", native, {"public_metrics": {"like_count": 2}})
    await client.advance(2 * 3600)
    stale = await client.analytics(view["post_id"])
    assert entry(stale, "x")[0]["metrics"]["likes"] == 1
    assert entry(stale, "x")[1]["stale"]


async def test_etag_and_cache_control(client: Client) -> None:
    view = await client.publish("x", text="etag", video=False)
    path = f"/social/post/{view['post_id']}/analytics"
    async with client.api.get(path) as first:
        etag, control = first.headers["ETag"], first.headers["Cache-Control"]
        assert control.startswith("private, max-age=")
        assert int(control.partition("=")[2]) > 0
    async with client.api.get(path, headers={"If-None-Match": etag}) as again:
        assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", etag)
    async with client.api.get(path, headers={"If-None-Match": '"other"'}) as other:
        assert other.status == 200


async def test_an_expired_token_is_renewed_once_and_nobody_notices(client: Client) -> None:
    posts = [await client.publish("x", text=f"expired {n}", video=False) for n in range(3)]
    await client.advance(3 * 3600)
    await client.clear_ledger()
    answers = await asyncio.gather(*[client.analytics(post["post_id"]) for post in posts])
    assert {answer["analytics"]["status"] for answer in answers} == {"success"}
    tokens = [r for r in (await client.ledger())["requests"] if r["path"].endswith("oauth2/token")]
    assert len(tokens) == 2, "one renewal for each of the two accounts"


async def test_an_account_switch_shows_what_is_missing(client: Client) -> None:
    account = next(a for a in client.up.sandbox.world.accounts("youtube"))
    await client.switch(
        "youtube",
        account.id,
        scopes=[
            "https://www.googleapis.com/auth/youtube.readonly",
            "https://www.googleapis.com/auth/youtube.upload",
        ],
    )
    try:
        view = await client.publish("youtube", text="no analytics scope")
        answer = await client.analytics(view["post_id"])
        reading, facts = entry(answer, "youtube")
        assert reading["metrics"]["views"] is not None
        assert facts["missing"]["video_watch_time_ms"] == "not_authorized"
        assert facts["missing"]["shares"] == "not_authorized"
    finally:
        await client.switch("youtube", account.id, scopes=None)
