"""DELETE: taken down where the network can, said where it cannot, and never sent afterwards."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from sextant.sandboxed import connect_all
from sextant.store.tables import destinations, posts
from tests.e2e.client import Client, by_platform
from tests.e2e.stories import (
    at_rest,
    engine_has_looked,
    ever,
    held,
    remove,
    standing_clock,
    take,
    to,
    unique,
    until,
    world,
)
from tests.waiting import HELD_MS

NETWORKS = ["x", "linkedin", "instagram", "facebook", "tiktok", "youtube"]
CAN = ["x", "linkedin", "instagram", "facebook", "youtube"]


async def lives(client: Client, platform: str, native_id: str) -> bool:
    return native_id in [post["id"] for post in await client.native_posts(platform)]


async def sent(client: Client, platform: str, **more: Any) -> str:
    """The id of a post with a video that nobody has waited for."""
    body = {"post": unique("sent"), "destinations": await to(client, platform), **more}
    return str((await take(client, {"media_urls": [client.video], **body}))["post_id"])


async def deletes(client: Client) -> list[dict[str, Any]]:
    return [row for row in (await client.ledger())["requests"] if row["method"] == "DELETE"]


async def test_it_is_taken_down_where_the_network_can_and_said_where_not(client: Client) -> None:
    view = await client.publish(*NETWORKS, text=unique("everywhere, then gone"))
    assert view["status"] == "posted", view
    removed = await remove(client, view["post_id"])
    assert [row["platform"] for row in removed["results"]] == [
        row["platform"] for row in view["destinations"]
    ]
    for row in removed["results"]:
        name = row["platform"]
        there = await lives(client, name, row["platform_post_id"])
        if name in CAN:
            assert (row["status"], row["error"], there) == ("deleted", None, False), row
        else:
            assert (row["status"], there) == ("posted", True), row
            assert "TikTok lets no app delete a post: delete it there by hand" in row["error"]
    after = await client.get(f"/social/post/{view['post_id']}")
    assert after["status"] == "rejected"
    assert [row["status"] for row in after["destinations"]] == [row["status"] for row in removed["results"]]
    listed = (await client.get("/social/posts?status=rejected&limit=1"))["posts"]
    assert listed[0]["post_id"] == view["post_id"]


@pytest.mark.parametrize("platform", CAN)
async def test_what_is_gone_already_counts_as_deleted(client: Client, platform: str) -> None:
    view = await client.settled(await sent(client, platform))
    native = by_platform(view)[platform]["platform_post_id"]
    path = f"/_control/{platform}/posts/{native}"
    async with client.switches.delete(path) as answer:
        assert answer.status == 204
    [row] = (await remove(client, view["post_id"]))["results"]
    assert (row["status"], row["error"]) == ("deleted", None)


async def test_again_tries_only_what_still_stands(client: Client) -> None:
    body = {"post": unique("in two goes"), "destinations": await to(client, "x", "linkedin", "facebook")}
    view = await client.settled((await take(client, body))["post_id"])
    natives = {row["platform"]: row["platform_post_id"] for row in view["destinations"]}
    await client.fault("linkedin", "any", "status", status=503)
    removed = {row["platform"]: row for row in (await remove(client, view["post_id"]))["results"]}
    assert {name: row["status"] for name, row in removed.items()} == {
        "x": "deleted",
        "linkedin": "posted",
        "facebook": "deleted",
    }
    assert removed["linkedin"]["error"]
    assert await lives(client, "linkedin", natives["linkedin"])
    await client.clear_ledger()
    again = (await remove(client, view["post_id"]))["results"]
    assert {row["status"] for row in again} == {"deleted"}
    assert {row["error"] for row in again} == {None}
    assert [row["platform"] for row in await deletes(client)] == ["linkedin"]
    assert not await lives(client, "linkedin", natives["linkedin"])


async def test_without_a_good_connection_it_stands_until_there_is_one_again(
    client: Client,
) -> None:
    view = await client.settled((await take(client, await text(client, "x")))["post_id"])
    native = view["destinations"][0]["platform_post_id"]
    connection = view["destinations"][0]["social_connection_id"]
    for token in world(client).state.tokens.values():
        token.dead = token.dead or token.platform == "x"
    [row] = (await remove(client, view["post_id"]))["results"]
    assert row["status"] == "posted"
    assert row["error"].startswith("Connect the account again")
    assert await lives(client, "x", native)
    assert (await client.get(f"/social/connections/{connection}"))["connected"] is False
    await reconnected(client)
    [row] = (await remove(client, view["post_id"]))["results"]
    assert (row["status"], row["error"]) == ("deleted", None)


async def text(client: Client, *platforms: str) -> dict[str, Any]:
    return {"post": unique("a text"), "destinations": await to(client, *platforms)}


async def reconnected(client: Client) -> None:
    services = client.up.services
    organization = (await client.get("/whoami"))["organization_id"]
    async with standing_clock(client):
        await connect_all(services.accounts, client.up.sandbox.url, organization, lambda text: None)


@pytest.mark.parametrize("platform", ["x", "youtube", "linkedin"])
async def test_cancelled_while_a_long_upload_is_under_way_it_does_not_go_out(
    alone: Client, platform: str
) -> None:
    await alone.fault(platform, "publish", "slow", delay_ms=0)
    await alone.fault(platform, "publish", "slow", delay_ms=HELD_MS, times=None)
    body = {
        "post": unique("long upload"),
        "destinations": await to(alone, platform),
        "media_urls": [f"{alone.up.sandbox.url}/_control/media/made.mp4?bytes=9000000"],
    }
    made = asyncio.create_task(take(alone, body))
    await held(alone, platform)
    [post] = (await alone.get("/social/posts?limit=1"))["posts"]
    [row] = (await remove(alone, post["post_id"]))["results"]
    assert (row["status"], row["error"]) == ("rejected", None)
    await alone.no_faults()
    await made
    await at_rest(alone)
    await engine_has_looked(alone)
    assert [native for native in await alone.native_posts(platform) if native["kind"] == "video"] == []
    view = await alone.get(f"/social/post/{post['post_id']}")
    assert (view["status"], view["destinations"][0]["status"]) == ("rejected", "rejected")


async def test_what_is_just_going_out_says_so_and_is_taken_down_by_the_next_call(client: Client) -> None:
    body = await text(client, "linkedin")
    await client.fault("linkedin", "publish", "slow", delay_ms=HELD_MS)
    sending = asyncio.create_task(take(client, body))
    post_id = await announced(client, body["post"])
    [row] = (await remove(client, post_id))["results"]
    assert row["status"] == "processing"
    assert "delete it again" in row["error"]
    await client.no_faults()
    await sending
    await at_rest(client)
    view = await client.get(f"/social/post/{post_id}")
    assert (view["status"], view["destinations"][0]["status"]) == ("rejected", "posted")
    assert len(ever(client, "linkedin", body["post"])) == 1
    [row] = (await remove(client, post_id))["results"]
    assert row["status"] == "deleted"
    assert not await lives(client, "linkedin", row["platform_post_id"])


async def announced(client: Client, words: str) -> str:
    """The id of the post with this text once the request that makes it visible may be on its way."""
    query = (
        select(posts.c.id)
        .join(destinations, destinations.c.post_id == posts.c.id)
        .where(posts.c.text == words, destinations.c.announced)
    )

    async def found() -> Any:
        async with client.up.services.store.read() as db:
            return (await db.execute(query)).scalar_one_or_none()

    return str(await until(found, "the announcement"))


@pytest.mark.parametrize("platform", ["linkedin", "x", "facebook"])
async def test_a_lost_answer_is_not_sent_again_once_it_was_cancelled(client: Client, platform: str) -> None:
    """The request never arrived, and nobody knows that yet when the post is cancelled."""
    body = await text(client, platform)
    await client.fault(platform, "publish", "timeout", delay_ms=HELD_MS)
    sending = asyncio.create_task(take(client, body))
    post_id = await announced(client, body["post"])
    [row] = (await remove(client, post_id))["results"]
    assert row["status"] == "processing"
    await client.no_faults()
    await sending

    async def settled() -> bool:
        [row] = (await client.get(f"/social/post/{post_id}"))["destinations"]
        return row["status"] in ("rejected", "posted", "failed")

    await until(settled, "an end of the search")
    view = await client.get(f"/social/post/{post_id}")
    assert (view["status"], view["destinations"][0]["status"]) == ("rejected", "rejected")
    assert ever(client, platform, body["post"]) == []


@pytest.mark.parametrize("refusal", [{"status": 429, "headers": {"Retry-After": "60"}}, {"status": 503}])
async def test_a_refusal_for_now_is_not_tried_again_once_it_was_cancelled(
    client: Client, refusal: dict[str, Any]
) -> None:
    """The network's no comes after the cancellation, which had to leave it open whether the post is out."""
    body = await text(client, "linkedin")
    await client.fault("linkedin", "publish", "status", delay_ms=HELD_MS, **refusal)
    sending = asyncio.create_task(take(client, body))
    post_id = await announced(client, body["post"])
    assert (await remove(client, post_id))["results"][0]["status"] == "processing"
    await client.no_faults()
    await sending
    await at_rest(client)
    await client.advance(7200)
    await engine_has_looked(client)
    await at_rest(client)
    view = await client.get(f"/social/post/{post_id}")
    assert (view["status"], view["destinations"][0]["status"]) == ("rejected", "rejected")
    assert ever(client, "linkedin", body["post"]) == []


async def test_another_destination_that_waits_is_rejected_while_one_is_out(client: Client) -> None:
    """One network asks to wait: the other's post is out and is taken down, the waiting one is cancelled."""
    body = await text(client, "x", "linkedin")
    await client.fault("linkedin", "publish", "status", status=429, headers={"Retry-After": "3600"})
    made = await take(client, body)

    async def one_is_out_and_one_waits() -> bool:
        rows = by_platform(await client.get(f"/social/post/{made['post_id']}"))
        assert rows["linkedin"]["status"] == "processing"
        return rows["x"]["status"] == "posted" and rows["linkedin"]["error"] is not None

    await until(one_is_out_and_one_waits, "one post out, and a request to wait")
    removed = {row["platform"]: row["status"] for row in (await remove(client, made["post_id"]))["results"]}
    assert removed == {"x": "deleted", "linkedin": "rejected"}
    await client.advance(7200)
    await engine_has_looked(client)
    assert ever(client, "linkedin", body["post"]) == []
