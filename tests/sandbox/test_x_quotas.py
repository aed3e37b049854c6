"""What the simulated X allows and charges (x.md §4)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.quota_stage import Stage, stage
from tests.sandbox.x_client import LABS, MOSAIC, Client

LOOKUP = "GET /2/tweets"
TODAY, TOMORROW = "2027-01-13", "2027-01-14"


@pytest.fixture
async def here() -> AsyncIterator[Stage]:
    async with stage() as found:
        yield found


@pytest.fixture
async def owner(here: Stage) -> Client:
    client = Client(here.sandbox, here.session)
    await client.connect()
    return client


def told(answer: object) -> tuple[str, ...]:
    headers = getattr(answer, "headers")  # noqa: B009
    return tuple(headers[f"x-rate-limit-{name}"] for name in ("limit", "remaining", "reset"))


async def actions(here: Stage, day: str = TODAY) -> dict[str, tuple[int, float, int]]:
    found = (await here.charged())[day]["actions"]
    return {name: (row["count"], row["usd"], row["again"]) for name, row in found.items()}


# ---- requests ------------------------------------------------------------------------------------


async def test_every_answer_tells_the_users_window(owner: Client) -> None:
    first, second = await owner.read("1"), await owner.ask("GET", "/2/tweets", params={"ids": "x"})
    assert told(first)[:2] == ("5000", "4999")
    assert (second.status, told(second)[:2]) == (400, ("5000", "4998")), "errors count and tell too"
    assert told(first)[2] == told(second)[2], "the window began with the first call"


async def test_the_users_window_is_refused_and_ends(here: Stage, owner: Client) -> None:
    await here.limit("x", LOOKUP, 2, "user")
    answers = [await owner.read("1") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[2].body["title"] == "Too Many Requests"
    assert told(answers[2])[:2] == ("2", "0")
    here.wait(float(told(answers[2])[2]) - here.world.now())
    assert (await owner.read("1")).status == 200


async def test_the_apps_window_is_of_all_users(here: Stage, owner: Client) -> None:
    other = Client(here.sandbox, here.session)
    await other.connect(LABS)
    await here.limit("x", LOOKUP, 2, "app")
    answers = [await client.read("1") for client in (owner, other, owner)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert told(answers[2])[:2] == ("2", "0"), "the window that is used up is the one that is told"
    assert sorted(await here.used("x", LOOKUP, "user")) == [(MOSAIC, 1, 0), (LABS, 1, 0)]
    assert (await owner.ask("GET", "/2/users/me")).status == 200, "each endpoint counts by itself"


async def test_the_apps_24_hours_of_posting(here: Stage, owner: Client) -> None:
    await here.limit("x", "POST /2/tweets", 1, "app, 24 h")
    assert [(await owner.post(f"Number {n}")).status for n in range(2)] == [201, 429]
    here.wait(3600)
    assert (await owner.post("Number 3")).status == 429


# ---- money ---------------------------------------------------------------------------------------


async def test_a_post_is_charged_once_per_utc_day(here: Stage, owner: Client) -> None:
    one, two = [(await owner.post(f"Number {n}")).body["data"]["id"] for n in range(2)]
    await owner.read(one, two)
    await owner.read(one)
    await owner.ask("GET", f"/2/tweets/{two}")
    assert await actions(here) == {"post created": (2, 0.03, 0), "post read": (2, 0.01, 2)}
    here.wait(13 * 3600)
    await owner.connect()
    await owner.read(one)
    assert await actions(here, TOMORROW) == {"post read": (1, 0.005, 0)}
    assert await here.used("x", "post reads") == [("sandbox-x", 3, 0)]


async def test_what_is_not_returned_is_not_charged(here: Stage, owner: Client) -> None:
    mine = (await owner.post()).body["data"]["id"]
    await owner.read("1")
    await owner.ask("GET", "/2/tweets/1")
    await owner.ask("GET", "/2/tweets", params={"ids": mine, "post.fields": "nonsense"})
    other = Client(here.sandbox, here.session)
    await other.connect(LABS)
    assert "data" not in (await other.read(mine)).body, "private numbers of somebody else's post"
    assert await actions(here) == {"post created": (1, 0.015, 0)}


async def test_links_users_deletes_and_owned_reads_have_prices_of_their_own(
    here: Stage, owner: Client
) -> None:
    mine = (await owner.post("See https://example.org/a")).body["data"]["id"]
    await owner.ask("GET", "/2/users/me")
    await owner.ask("GET", "/2/tweets", params={"ids": mine, "expansions": "author_id"})
    account = here.world.account("x", MOSAIC)
    assert account is not None
    await owner.ask("GET", f"/2/users/{MOSAIC}/tweets")
    account.facts["owns_app"] = True
    await owner.ask("GET", f"/2/users/{MOSAIC}/tweets")
    await owner.ask("DELETE", f"/2/tweets/{mine}")
    assert await actions(here) == {
        "post with a link created": (1, 0.2, 0),
        "user read": (1, 0.01, 1),
        "post read": (1, 0.005, 1),
        "owned read": (1, 0.001, 0),
        "delete": (1, 0.01, 0),
    }
    assert (await here.charged())[TODAY]["usd"] == pytest.approx(0.226)


async def test_the_cycles_post_reads_are_used_up(here: Stage, owner: Client) -> None:
    mine = (await owner.post()).body["data"]["id"]
    await here.limit("x", "post reads", 1)
    assert (await owner.read(mine)).status == 200
    over = await owner.read(mine)
    assert (over.status, over.body["title"]) == (429, "UsageCapExceeded")
    assert over.body["type"].endswith("/usage-capped")
    assert (await owner.post("Another")).status == 201, "what reads nothing goes on"
    here.wait(19 * 86_400)
    await owner.connect()
    assert (await owner.read(mine)).status == 200


@pytest.mark.parametrize(
    ("bucket", "status", "title"),
    [("balance", 402, "CreditsDepleted"), ("spending", 429, "UsageCapExceeded")],
)
async def test_money_that_is_used_up_blocks_every_call(
    here: Stage, owner: Client, bucket: str, status: int, title: str
) -> None:
    await here.limit("x", bucket, 0.01)
    assert (await owner.post()).status == 201, "the balance may go slightly negative"
    answers = [await owner.read("1"), await owner.post("Another"), await owner.ask("GET", "/2/users/me")]
    assert {(answer.status, answer.body["title"]) for answer in answers} == {(status, title)}
    here.wait(19 * 86_400)
    await owner.connect()
    assert (await owner.read("1")).status == (402 if bucket == "balance" else 200)
