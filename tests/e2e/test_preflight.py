"""Before anything goes out: every fault of every destination at once, and a dry run that answers the same."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from sextant.sandbox.control_media import MediaControl
from sextant.sandboxed import connect_one
from tests.e2e.client import Client, by_platform
from tests.e2e.stories import HOUR, ended, ever, first, refused, take, time_in, to, unique, world

NETWORKS = ["x", "linkedin", "instagram", "facebook", "tiktok", "youtube"]
DRY = "?dry_run=true"


def medium(client: Client, wish: str) -> str:
    return f"{client.up.sandbox.url}/_control/media/{wish}"


def at(faults: list[dict[str, Any]], place: int) -> set[tuple[str, ...]]:
    """The fields that are named of one destination."""
    return {tuple(map(str, f["loc"][3:])) for f in faults if f["loc"][:3] == ["body", "destinations", place]}


async def everything(client: Client) -> int:
    return sum([len(await client.native_posts(name)) for name in NETWORKS])


async def too_much(client: Client) -> dict[str, Any]:
    """Wrong for every one of six destinations, each in its own way."""
    return {
        "post": "a" * 10_000,
        "destinations": await to(client, *NETWORKS),
        "media_urls": [medium(client, "made.mp4?seconds=1&fps=10&width=320&height=240")],
        "options": {"youtube": {"title": "t" * 101}, "x": {"alt_texts": ["one", "too many"]}},
    }


# ---- all at once ----


async def test_all_faults_of_all_destinations_in_one_answer(client: Client) -> None:
    before = await everything(client)
    faults = await refused(client, await too_much(client))
    assert {f["loc"][2] for f in faults} == set(range(6)) - {3}, "Facebook takes all of this"
    media = ("media_urls", "0")
    assert at(faults, 0) >= {("post",), ("options", "x", "alt_texts")}
    assert at(faults, 1) >= {("post",), media}
    assert at(faults, 2) >= {("post",), media}
    assert at(faults, 4) >= {("post",), media}
    assert at(faults, 5) >= {("post",), ("options", "youtube", "title")}
    for fault in faults:
        assert fault["msg"].startswith(("X (", "LinkedIn (", "Instagram (", "TikTok (", "YouTube ("))
        assert fault["type"] == "value_error"
    assert await everything(client) == before
    assert (await client.get("/social/posts?limit=1"))["posts"][:1] != [None]


async def test_media_and_destinations_are_faulted_together(client: Client) -> None:
    body = {
        "post": "a" * 3001,
        "destinations": await to(client, "linkedin"),
        "media_urls": [medium(client, "none.mp4"), medium(client, "made.mp4?lie=1"), "http://10.0.0.1/a.mp4"],
    }
    places = [tuple(f["loc"]) for f in await refused(client, body)]
    assert ("body", "media_urls", 2) in places
    assert ("body", "destinations", 0, "post") in places
    body["media_urls"].pop()
    places = [tuple(f["loc"]) for f in await refused(client, body)]
    assert {("body", "media_urls", 0), ("body", "media_urls", 1)} <= set(places)
    assert ("body", "destinations", 0, "post") in places


# ---- dry run ----


async def test_a_dry_run_answers_the_same_and_publishes_nothing(client: Client) -> None:
    wrong = await too_much(client)
    assert await refused(client, wrong, DRY) == await refused(client, wrong)
    before, text = await everything(client), unique("dry")
    listed = await client.get("/social/posts?limit=1")
    body = {"post": text, "destinations": await to(client, *NETWORKS), "media_urls": [client.video]}
    dry = await take(client, body, DRY)
    assert (dry["post_id"], dry["status"], dry["links"]) == (None, "processing", [])
    later = await take(client, {**body, "schedule_date": time_in(client, HOUR)}, DRY)
    assert (later["status"], {row["status"] for row in later["results"]}) == ("scheduled", {"scheduled"})
    assert await client.get("/social/posts?limit=1") == listed
    await client.advance(2 * HOUR)
    wet = await take(client, body)
    assert [row["social_connection_id"] for row in wet["results"]] == [
        row["social_connection_id"] for row in dry["results"]
    ]
    assert (await ended(client, wet["post_id"]))["status"] == "posted"
    assert await everything(client) == before + len(NETWORKS)


async def test_a_dry_run_leaves_its_idempotency_key_unused(client: Client) -> None:
    key, text = uuid4().hex, unique("dry with a key")
    body = {"post": text, "destinations": await to(client, "linkedin")}
    for _ in range(2):
        assert (await take(client, body, DRY, Idempotency_Key=key))["post_id"] is None
    assert not ever(client, "linkedin", text)
    made = await take(client, body, Idempotency_Key=key)
    assert (await ended(client, made["post_id"]))["status"] == "posted"
    assert (await take(client, body, DRY, Idempotency_Key=key))["post_id"] is None
    assert len(ever(client, "linkedin", text)) == 1


# ---- media, at the limit and past it ----

LIMITS = [
    ("x", "made.mp4?seconds=140", "made.mp4?seconds=140.1", "140"),
    ("x", "made.mp4?width=1280&height=1024", "made.mp4?width=1282&height=1024", "1280"),
    ("x", "made.jpg?bytes=5242880", "made.jpg?bytes=5242881", "5,242,880"),
    ("linkedin", "made.mp4?seconds=3&bytes=75000", "made.mp4?seconds=2.9&bytes=75000", "3 to 1800"),
    ("linkedin", "made.mp4?seconds=3&bytes=75000", "made.mp4?seconds=3&bytes=74999", "75,000"),
    ("instagram", "made.mp4?fps=60", "made.mp4?fps=61", "23 to 60"),
    ("instagram", "made.jpg?width=800&height=1000", "made.jpg?width=780&height=1000", "4:5"),
    ("facebook", "made.jpg?bytes=4000000", "made.jpg?bytes=4000001", "4,000,000"),
    ("tiktok", "made.mp4?seconds=3", "made.mp4?seconds=2.9", "3 to 600"),
]


@pytest.mark.parametrize(("platform", "good", "bad", "words"), LIMITS)
async def test_a_medium_at_the_limit_and_past_it(
    client: Client, platform: str, good: str, bad: str, words: str
) -> None:
    body = {"post": unique("at the limit"), "destinations": await to(client, platform)}
    assert (await take(client, {**body, "media_urls": [medium(client, good)]}, DRY))["results"]
    faults = await refused(client, {**body, "media_urls": [medium(client, bad)]})
    assert [f["loc"] for f in faults] == [["body", "destinations", 0, "media_urls", 0]]
    assert words in faults[0]["msg"]


async def test_what_is_named_at_the_limit_the_networks_take(client: Client) -> None:
    """Their own judgement, on what preflight lets through."""
    for platform in ("linkedin", "tiktok"):
        good = next(good for name, good, *_ in LIMITS if name == platform)
        body = {"post": unique("taken"), "destinations": await to(client, platform)}
        made = await take(client, {**body, "media_urls": [medium(client, good)]})
        view = await ended(client, made["post_id"])
        assert view["status"] == "posted", view


# ---- fetched once, or later ----


async def test_a_medium_of_several_destinations_is_fetched_once(
    alone: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    find = MediaControl._file

    def counted(control: MediaControl, name: str) -> Any:
        asked.append(name)
        return find(control, name)

    monkeypatch.setattr(MediaControl, "_file", counted)
    text = unique("shared")
    body = {"post": text, "destinations": await to(alone, "x", "linkedin", "youtube")}
    made = await take(alone, {**body, "media_urls": [alone.video]})
    assert (await ended(alone, made["post_id"]))["status"] == "posted"
    assert asked == ["sample.mp4"]


async def test_slow_media_are_accepted_and_checked_before_sending(
    alone: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Past SEXTANT_PREFLIGHT_WAIT_S: the good one goes out, the bad one is refused before anything does."""
    monkeypatch.setattr(alone.up.services.publishing.preflight, "wait_s", 0.2)
    before = await everything(alone)
    body = {"post": unique("slow"), "destinations": await to(alone, "x")}
    slow = "bytes=600000&slow=0.3"
    good = take(alone, {**body, "media_urls": [medium(alone, f"made.mp4?seconds=5&{slow}")]})
    bad = take(alone, {**body, "media_urls": [medium(alone, f"made.mp4?seconds=141&{slow}")]})
    for made, end in zip(await asyncio.gather(good, bad), ("posted", "failed"), strict=True):
        view = await ended(alone, made["post_id"])
        assert view["status"] == end, view
    assert "141 seconds; allowed: 0.5 to 140" in view["destinations"][0]["error"]
    assert await everything(alone) == before + 1


async def test_what_does_not_come_in_time_does_not_hide_the_other_faults(
    alone: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone.up.services.publishing.preflight, "wait_s", 0.2)
    body = {
        "post": "a" * 3001,
        "destinations": await to(alone, "linkedin"),
        "media_urls": [medium(alone, "made.mp4?bytes=900000&slow=2")],
    }
    assert [f["loc"][3:] for f in await refused(alone, body)] == [["post"]]


# ---- the state of accounts ----


@pytest.fixture
async def quota_used(alone: Client) -> str:
    """Instagram's account may publish one post a day, and has; its connection."""
    view = await alone.publish("instagram", text=unique("the one of today"))
    assert view["status"] == "posted"
    account = world(alone).accounts("instagram")[0]
    await alone.switch("instagram", account.id, tier="1")
    return await first(alone, "instagram")


async def test_a_quota_that_is_used_up_is_named(alone: Client, quota_used: str) -> None:
    body = {
        "post": "b" * 3001,
        "destinations": [*await to(alone, "linkedin"), {"social_connection_id": quota_used}],
        "media_urls": [alone.video],
    }
    faults = await refused(alone, body)
    assert at(faults, 0) == {("post",)}
    assert at(faults, 1) == {("account",), ("post",)}, "the state is told beside the other faults"
    assert any("All 1 posts that Instagram allows in 24 hours are used" in f["msg"] for f in faults)
    later = {**body, "post": unique("another day"), "schedule_date": time_in(alone, 30 * HOUR)}
    made = await take(alone, later)
    assert made["status"] == "scheduled", "by then the quota may be free again"


async def test_what_a_creator_may_not_is_named(client: Client) -> None:
    account = world(client).accounts("tiktok")[0]
    await client.switch("tiktok", account.id, role="short")
    try:
        body = {"post": unique("for a creator"), "destinations": await to(client, "tiktok")}
        good = {**body, "media_urls": [medium(client, "made.mp4?seconds=60")]}
        long = {**body, "media_urls": [medium(client, "made.mp4?seconds=61")]}
        assert (await take(client, good, DRY))["results"]
        [fault] = await refused(client, long)
        assert fault["loc"] == ["body", "destinations", 0, "media_urls", 0]
        assert "this account may post at most 60" in fault["msg"]
    finally:
        await client.switch("tiktok", account.id, role="")


async def test_a_network_that_does_not_say_holds_nothing_up(client: Client) -> None:
    await client.fault("instagram", "read", "status", status=503, times=None)
    await client.fault("instagram", "any", "status", status=503, times=1)
    body = {"post": unique("unasked"), "destinations": await to(client, "instagram")}
    assert (await take(client, {**body, "media_urls": [client.video]}, DRY))["results"]


async def test_an_account_that_has_to_be_connected_again_is_named(alone: Client) -> None:
    for token in world(alone).state.tokens.values():
        token.dead = token.dead or token.platform == "linkedin"
    body = {"post": unique("without tokens"), "destinations": await to(alone, "x", "linkedin")}
    view = await ended(alone, (await take(alone, body))["post_id"])
    rows = by_platform(view)
    assert (rows["x"]["status"], rows["linkedin"]["status"]) == ("posted", "failed")
    assert rows["linkedin"]["error"].startswith("Connect the account again")
    [fault] = await refused(alone, {**body, "post": "a" * 5000, "destinations": body["destinations"][1:]})
    assert fault["loc"] == ["body", "destinations", 0, "social_connection_id"]
    assert fault["msg"].startswith("LinkedIn (")
    assert "Connect the account again" in fault["msg"]
    services = alone.up.services
    organization = (await alone.get("/whoami"))["organization_id"]
    await connect_one(services.accounts, organization, "linkedin", world(alone).accounts("linkedin")[0].id)
    body["destinations"] = body["destinations"][1:]
    assert (await ended(alone, (await take(alone, body))["post_id"]))["status"] == "posted"
