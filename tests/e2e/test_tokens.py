"""Tokens and patience through the API: renewed once, kept through failures, asked for again when spent."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from sextant.platforms import PLATFORMS
from sextant.platforms.base import Rate
from sextant.sandboxed import Running, connect_one
from sextant.serve import free_address, listening, services_on
from tests.conftest import new_database
from tests.e2e.client import Client
from tests.e2e.conftest import started
from tests.e2e.stories import ended, ever, first, standing_clock, take, to, unique, until, world

TOKENS = "/2/oauth2/token"
LIFE_S = 7300.0
"""Longer than an access token of X lasts."""


async def refreshes(client: Client) -> list[int]:
    """How the refreshes at X were answered."""
    return [row["status"] for row in (await client.ledger())["requests"] if row["path"] == TOKENS]


async def expire(client: Client) -> None:
    await client.advance(LIFE_S)
    await client.clear_ledger()


async def text(client: Client, *platforms: str) -> dict[str, Any]:
    return {"post": unique("with tokens"), "destinations": await to(client, *platforms)}


def spend(client: Client, platform: str) -> None:
    """The owner has withdrawn the app's rights."""
    for token in world(client).state.tokens.values():
        token.dead = token.dead or token.platform == platform


async def reconnect(client: Client, platform: str) -> None:
    organization = (await client.get("/whoami"))["organization_id"]
    account = world(client).accounts(platform)[0]
    async with standing_clock(client):
        await connect_one(client.up.services.accounts, organization, platform, account.id)


# ---- one refresh ----


async def test_many_reads_at_once_renew_once(alone: Client) -> None:
    body = await text(alone, "x")
    made = [await take(alone, {**body, "post": unique(f"read {number}")}) for number in range(12)]
    await expire(alone)
    answers = await asyncio.gather(*(alone.analytics(post["post_id"]) for post in made))
    assert {answer["analytics"]["status"] for answer in answers} == {"success"}
    assert await refreshes(alone) == [200]


async def test_two_processes_on_one_postgres_renew_once(tmp_path: Any, postgres: str) -> None:
    """Both serve the API; whichever is asked, the network sees one refresh."""
    async with started(tmp_path, new_database(postgres)) as up, Client(up) as client:
        body = await text(client, "x")
        made = [await take(client, {**body, "post": unique(f"read {number}")}) for number in range(10)]
        services, address = up.services, free_address("127.0.0.1", 0)
        apps = dict(services.accounts.apps)
        await expire(client)
        async with (
            services_on(services.settings, apps, services.clock, up.sandbox.url, works=False) as second,
            listening(second, address),
            Client(Running(second, up.sandbox, address.url, up.api_key)) as other,
        ):
            asked = [who.analytics(post["post_id"]) for who in (client, other) for post in made]
            answers = await asyncio.gather(*asked)
        assert {answer["analytics"]["status"] for answer in answers} == {"success"}
        assert await refreshes(client) == [200]


# ---- failures that pass, and one that does not ----


async def test_a_refresh_that_fails_for_now_is_tried_again_and_the_post_goes_out(alone: Client) -> None:
    await alone.fault("x", "token", "status", status=503)
    body = await text(alone, "x")
    await expire(alone)
    made = await take(alone, body)
    view = await ended(alone, made["post_id"])
    assert view["status"] == "posted", view
    assert await refreshes(alone) == [503, 200]
    assert len(ever(alone, "x", body["post"])) == 1
    connection = await first(alone, "x")
    assert (await alone.get(f"/social/connections/{connection}"))["connected"] is True


@pytest.mark.parametrize("platform", ["x", "linkedin", "facebook", "instagram", "tiktok", "youtube"])
async def test_a_spent_consent_asks_the_owner_and_reconnecting_keeps_everything(
    alone: Client, platform: str
) -> None:
    before = await alone.publish(platform, text=unique("before"))
    assert before["status"] == "posted"
    connection = await first(alone, platform)
    told = await alone.analytics(before["post_id"], social_connection_id=connection)
    listed = await alone.accounts()
    spend(alone, platform)
    await alone.advance(LIFE_S)
    body = {**await text(alone, platform), "media_urls": [alone.video]}
    refused, answer = await alone.call("POST", "/social/post", json=body)
    if refused == 200:  # nothing was asked before: the worker found out
        view = await ended(alone, answer["post_id"])
        assert view["status"] == "failed"
        assert view["destinations"][0]["error"].startswith("Connect the account again")
    shown = await alone.get(f"/social/connections/{connection}")
    assert shown["connected"] is False
    status, answer = await alone.call("POST", "/social/post", json=body)
    assert (status, answer["error"]) == (422, "validation_error")
    assert answer["detail"][0]["loc"] == ["body", "destinations", 0, "social_connection_id"]
    await reconnect(alone, platform)
    assert await alone.accounts() == listed
    assert (await alone.get(f"/social/connections/{connection}"))["connected"] is True
    after = await ended(alone, (await take(alone, body))["post_id"])
    assert after["status"] == "posted", after
    kept = await alone.analytics(before["post_id"], social_connection_id=connection)
    assert kept["analytics"]["status"] == "success"
    assert [row["platform_post_id"] for row in kept["analytics"]["platforms"]] == [
        row["platform_post_id"] for row in told["analytics"]["platforms"]
    ]


# ---- patience ----


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_network_that_asks_to_wait_delays_that_account_alone(client: Client, form: str) -> None:
    wait = 3600
    moment = client.up.services.clock.now() + timedelta(seconds=wait)
    told = str(wait) if form == "seconds" else format_datetime(moment, usegmt=True)
    await client.fault("x", "publish", "status", status=429, headers={"Retry-After": told})
    one, another = await client.accounts("x")

    def to_account(connection: str) -> dict[str, Any]:
        return {"post": unique("patience"), "destinations": [{"social_connection_id": connection}]}

    asked = to_account(one)
    made = await take(client, asked)
    assert made["status"] == "processing"

    async def waits_as_told() -> bool:
        [row] = (await client.get(f"/social/post/{made['post_id']}"))["destinations"]
        return "wait" in (row["error"] or "").lower()

    await until(waits_as_told, "the request to wait")
    behind, beside = to_account(one), to_account(another)
    waits = await take(client, behind)
    assert (await ended(client, (await take(client, beside))["post_id"]))["status"] == "posted"
    assert waits["status"] == "processing"
    assert not ever(client, "x", asked["post"]) + ever(client, "x", behind["post"])
    await client.advance(wait)
    for post, body in ((made, asked), (waits, behind)):
        assert (await ended(client, post["post_id"]))["status"] == "posted"
        [native] = ever(client, "x", body["post"])
        assert native.created_at >= moment.timestamp() - 1


async def test_an_accounts_own_rate_holds_back_and_goes_on_by_itself(
    alone: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four posts in an hour, and no more, though three are under way at once."""
    platform, most, hour = PLATFORMS["x"], 4, 3600.0
    monkeypatch.setattr(type(platform), "limits", replace(platform.limits, rates=(Rate(most, hour),)))
    one, another = await alone.accounts("x")
    texts = [unique(f"faster than that {number}") for number in range(9)]
    bodies = [{"post": text, "destinations": [{"social_connection_id": one}]} for text in texts]

    def out() -> list[float]:
        return sorted(native.created_at for text in texts for native in ever(alone, "x", text))

    async def all_that_may() -> bool:
        return len(out()) == 2 * most

    async def held() -> bool:
        views = [await alone.get(f"/social/post/{post['post_id']}") for post in made]
        errors = [view["destinations"][0]["error"] or "" for view in views]
        return sum("takes no more posts" in error for error in errors) == len(texts) - most

    async with standing_clock(alone):
        made = await asyncio.gather(*(take(alone, body) for body in bodies))
        await until(held, "what is held back")
        assert len(out()) == most
        beside = {"post": unique("another account"), "destinations": [{"social_connection_id": another}]}
        assert (await ended(alone, (await take(alone, beside))["post_id"]))["status"] == "posted"
        await alone.advance(hour)
        await until(all_that_may, "the posts of another hour")
        await alone.advance(hour)
        for post in made:
            assert (await ended(alone, post["post_id"]))["status"] == "posted"
    times = out()
    assert len(times) == len(texts)
    assert all(later - sooner > hour - 60 for sooner, later in zip(times, times[most:], strict=False))
