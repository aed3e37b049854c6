"""What the simulated networks allow: LinkedIn, Meta's two, TikTok, YouTube, and what holds for all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sextant.sandbox.world import Account, World
from tests.sandbox import linkedin_client, test_tiktok, test_youtube
from tests.sandbox.graph_client import FACEBOOK_SCOPES, PAGE
from tests.sandbox.graph_client import Client as GraphClient
from tests.sandbox.instagram_client import IG, SCOPES
from tests.sandbox.quota_stage import DAY_S, NOON, Stage, stage

BUSINESS_MINUTE = "Business API, minute"


@pytest.fixture
async def here() -> AsyncIterator[Stage]:
    async with stage() as found:
        yield found


# ---- for all of them -----------------------------------------------------------------------------


async def test_a_bucket_that_is_not_there_is_named_with_those_that_are(here: Stage) -> None:
    url = f"{here.sandbox.url}/_control/youtube/quotas"
    async with here.session.put(url, json={"bucket": "videos.list", "limit": 1}) as answer:
        assert answer.status == 400
        assert "videos.batchGetStats (project)" in (await answer.json())["error"]
    assert await here.control("PUT", "myspace/quotas", {"bucket": "a", "limit": 1}) == 404
    assert await here.control("PUT", "x/quotas", {"bucket": "balance", "limit": -1}) == 400


async def test_clearing_gives_everything_back(here: Stage) -> None:
    client = await youtube(here)
    await here.limit("youtube", "everything else", 1)
    await client.videos("a")
    assert (await client.videos("a")).reason == "quotaExceeded"
    assert await here.control("DELETE", "quotas") == 204
    assert [(await client.videos("a")).status for _ in range(2)] == [200, 200]
    assert await here.used("youtube", "everything else") == [("sandbox-youtube", 2, 0)]


async def test_what_is_used_up_and_charged_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.json"
    async with stage(path) as first:
        client = await youtube(first)
        await first.limit("youtube", "everything else", 2)
        first.world.quotas.bill("x", NOON, "post read", 0.005, ["1", "2"])
        await client.videos("a")
    async with stage(path) as again:
        client = await youtube(again)
        assert again.world.quotas.bill("x", NOON, "post read", 0.005, ["2", "3"]) == ["3"]
        assert [(await client.videos("a")).status for _ in range(2)] == [200, 403]
        assert (await again.charged())["2027-01-13"]["usd"] == 0.015


def test_time_that_ran_fast_is_not_lost_by_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.json"
    world = World(path=path)
    world.clock.run_at(1e6)
    while world.clock.ahead_s() < 1000:
        pass
    world.clock.run_at(1)
    world.save()
    world.write()
    assert World(path=path).clock.ahead_s() == pytest.approx(world.clock.ahead_s(), abs=0.001)


# ---- LinkedIn ------------------------------------------------------------------------------------


async def linkedin(here: Stage, tier: str = "development") -> linkedin_client.Client:
    client = linkedin_client.Client(here.sandbox, here.session)
    await client.connect()
    await client.switch(tier=tier)
    return client


async def test_the_apps_calls_are_those_of_all_members(here: Stage) -> None:
    client = await linkedin(here)
    development = "Community Management, Development tier"
    await here.limit("linkedin", development, 2, "app")
    other = Account("linkedin", "other", "other", "Other", tier="development")
    here.world.add_account(other)
    token = here.world.issue("linkedin", "other", "access", ["r_organization_social"], 3600)
    mine = client.token
    answers = []
    for client.token in (mine, token.value, mine):
        answers.append(await client.get("organizationAcls?q=roleAssignee"))
    assert answers[2].status == 429
    assert answers[2].body["message"].startswith("Resource level throttle APPLICATION DAY limit")
    assert not {name for name in answers[2].headers if "rate" in name.lower() or "retry" in name.lower()}
    assert sorted(await here.used("linkedin", development, "member")) == [("782bbtaQ", 1, 0), ("other", 1, 0)]
    here.wait(12 * 3600 + 60)
    assert (await client.get("organizationAcls?q=roleAssignee")).status != 429


async def test_the_standard_tier_counts_by_endpoint_and_has_no_number(here: Stage) -> None:
    client = await linkedin(here, tier="")
    for _ in range(120):
        await client.get("organizationAcls?q=roleAssignee")
    assert await here.used("linkedin", "organizationAcls", "member") == [("782bbtaQ", 120, 0)]
    await here.limit("linkedin", "organizationAcls", 121)
    statuses = [(await client.get("organizationAcls?q=roleAssignee")).status for _ in range(2)]
    assert statuses == [200, 429]
    assert (await client.get("posts?q=author&author=urn%3Ali%3Aorganization%3A1337")).status == 200


# ---- Facebook and Instagram ----------------------------------------------------------------------


async def graph(here: Stage, platform: str, scopes: str) -> GraphClient:
    client = GraphClient(here.sandbox, here.session, platform)
    await client.connect(scopes)
    return client


def usage(answer: Any, limited_id: str) -> tuple[int, int]:
    (row,) = json.loads(answer.headers["x-business-use-case-usage"])[limited_id]
    return row["call_count"], row["estimated_time_to_regain_access"]


async def test_the_percentage_follows_the_calls_and_at_100_a_page_is_throttled(here: Stage) -> None:
    client = await graph(here, "facebook", FACEBOOK_SCOPES)
    await here.limit("facebook", "pages", 4)
    told = [usage(await client.get("me"), PAGE) for _ in range(3)]
    assert told == [(25, 0), (50, 0), (75, 0)]
    full = await client.get("me")
    assert (full.status, usage(full, PAGE)) == (200, (100, 1441))
    over = await client.get("me")
    assert (over.status, over.code) == (400, (80001, None))
    assert usage(over, PAGE)[0] == 125
    assert await here.used("facebook", "pages") == [(PAGE, 5, 1)]


async def test_calls_while_throttled_keep_it_throttled(here: Stage) -> None:
    client = await graph(here, "facebook", FACEBOOK_SCOPES)
    await here.limit("facebook", "pages", 2)
    await client.get("me")
    here.wait(3600)
    patient = usage(await client.get("me"), PAGE)[1]
    here.wait(3600)
    impatient = usage(await client.get("me"), PAGE)[1]
    assert (patient, impatient) == (23 * 60 + 1, 23 * 60 + 1), "an hour has gone by for nothing"
    here.wait(impatient * 60)
    assert (await client.get("me")).status == 200


async def test_a_batch_is_refused_from_the_call_on_that_finds_no_room(here: Stage) -> None:
    client = await graph(here, "instagram", SCOPES)
    await here.limit("instagram", "instagram", (await here.used("instagram", "instagram"))[0][1] + 3)
    parts = (await client.batch(*["me"] * 5)).body
    assert [part["code"] for part in parts] == [200, 200, 200, 400, 400]
    assert json.loads(parts[3]["body"])["error"]["code"] == 80002
    assert IG in {h["name"]: h["value"] for h in parts[3]["headers"]}["x-business-use-case-usage"]


async def test_user_tokens_share_the_apps_hour(here: Stage) -> None:
    client = GraphClient(here.sandbox, here.session, "facebook")
    client.token = await client.user_token(FACEBOOK_SCOPES)
    await here.limit("facebook", "app", 2)
    answers = [await client.get("me") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 400]
    assert answers[2].code == (4, None)
    assert json.loads(answers[2].headers["x-app-usage"])["call_count"] == 150
    here.wait(3602)
    assert (await client.get("me")).status == 200


# ---- TikTok --------------------------------------------------------------------------------------


async def tiktok(here: Stage) -> test_tiktok.Client:
    client = test_tiktok.Client(here.sandbox, here.session)
    await client.connect()
    return client


async def test_a_minute_of_queries_slides(here: Stage) -> None:
    client = await tiktok(here)
    await here.limit("tiktok", "/v2/video/query/", 2)
    assert (await client.query("1")).status == 200
    here.wait(40)
    assert [(await client.query("1")).status for _ in range(2)] == [200, 429]
    over = await client.query("1")
    assert over.code == "rate_limit_exceeded"
    assert "Retry-After" not in over.headers
    assert (await client.post("video/list/?fields=id")).status == 200, "each endpoint counts by itself"
    here.wait(21)
    assert [(await client.query("1")).status for _ in range(2)] == [200, 429]


async def test_six_hundred_queries_a_minute_and_no_more(here: Stage) -> None:
    client = await tiktok(here)
    statuses = [(await client.query("1")).status for _ in range(601)]
    assert statuses == [200] * 600 + [429]


async def test_a_full_minute_of_the_business_api_costs_five(here: Stage) -> None:
    client = await tiktok(here)
    await client.connect_business()
    await here.limit("tiktok", BUSINESS_MINUTE, 3)
    answers = [await client.listed("1", fields=["item_id"]) for _ in range(3)]
    assert [(answer.status, answer.code) for answer in answers] == [(200, 0), (200, 0), (200, 40100)]
    here.wait(200)
    assert (await client.listed("1", fields=["item_id"])).code == 40100
    here.wait(101)
    assert (await client.listed("1", fields=["item_id"])).code == 0


async def test_a_day_of_the_business_api_ends_at_midnight_utc(here: Stage) -> None:
    client = await tiktok(here)
    await client.connect_business()
    await here.limit("tiktok", "Business API, day", 2)
    codes = [(await client.listed("1", fields=["item_id"])).code for _ in range(2)]
    assert codes == [0, 40100]
    here.wait(12 * 3600 - 60)
    over = await client.listed("1", fields=["item_id"])
    assert (over.code, "QPD" in over.body["message"]) == (40100, True)
    here.wait(120)
    assert (await client.listed("1", fields=["item_id"])).code == 0


async def test_a_second_of_the_business_api_where_it_is_set(here: Stage) -> None:
    client = await tiktok(here)
    await client.connect_business()
    await here.limit("tiktok", "Business API, second", 2)
    here.wait(2)
    codes = [(await client.listed("1", fields=["item_id"])).code for _ in range(3)]
    assert codes == [0, 0, 40100]
    here.wait(1.1)
    assert (await client.listed("1", fields=["item_id"])).code == 0


# ---- YouTube -------------------------------------------------------------------------------------


async def youtube(here: Stage) -> test_youtube.Client:
    client = test_youtube.Client(here.sandbox, here.session)
    await client.connect()
    return client


async def test_units_end_at_midnight_in_california(here: Stage) -> None:
    client = await youtube(here)
    await here.limit("youtube", "everything else", 3)
    assert (await client.ask("GET", f"{test_youtube.DATA}/videos", params={"part": "nonsense"})).status == 400
    assert [(await client.videos("a")).status for _ in range(2)] == [200, 200]
    over = await client.videos("a")
    assert (over.status, over.reason) == (403, "quotaExceeded"), "the invalid request cost one as well"
    here.wait(12 * 3600 + 60)
    await client.connect()
    assert (await client.videos("a")).status == 403, "midnight UTC is nothing there"
    here.wait(8 * 3600)
    await client.connect()
    assert (await client.videos("a")).status == 200
    assert await here.used("youtube", "everything else") == [("sandbox-youtube", 1, 2)]


async def test_statistics_by_batch_and_reports_have_buckets_of_their_own(here: Stage) -> None:
    client = await youtube(here)
    await here.limit("youtube", "videos.batchGetStats", 1)
    path, query = f"{test_youtube.DATA}/videos:batchGetStats", {"part": "statistics", "id": "a"}
    assert [(await client.ask("GET", path, params=query)).status for _ in range(2)] == [200, 403]
    assert (await client.report("a")).status == 200
    assert await here.used("youtube", "reports.query") == [("sandbox-youtube", 1, 0)]
    assert await here.used("youtube", "everything else") == []


# ---- posts that were there already ---------------------------------------------------------------


async def test_posts_can_be_there_from_before_and_grow_with_age(here: Stage) -> None:
    facts = {"snippet": {"title": "", "description": "", "tags": [], "categoryId": "22"}}
    facts |= {"status": {"privacyStatus": "public", "publishAt": None}, "duration_s": 2}
    rows = [
        {"id": f"v{n}", "account_id": test_youtube.CHANNEL, "kind": "video", "age_s": age_s, "facts": facts}
        for n, age_s in enumerate((30 * DAY_S, 3600))
    ]
    assert await here.control("POST", "youtube/posts", {"posts": rows}) == 201
    assert await here.control("POST", "youtube/posts", {"posts": rows[1:]}) == 400
    client = await youtube(here)
    before = int((await client.statistics("v1"))["viewCount"])
    here.wait(3000)
    after = int((await client.statistics("v1"))["viewCount"])
    assert 0 < before < after
