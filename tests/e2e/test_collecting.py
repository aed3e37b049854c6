"""Posts are read by plan: in batches, within what they may cost, and never twice what once would do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sextant.store import history, readings, rounds
from sextant.store.readings import StoredReading
from tests.e2e.client import Client
from tests.e2e.conftest import started
from tests.e2e.out import Out, put_out
from tests.e2e.stories import first, take, unique, until

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


@pytest.fixture
async def reader(tmp_path: Path, database_url: str) -> AsyncIterator[Client]:
    """A Sextant of its own that reads by plan."""
    async with started(tmp_path, database_url, collect=True) as up, Client(up) as client:
        yield client


async def stored(client: Client, posts: Sequence[Out]) -> list[StoredReading]:
    async with client.up.services.store.read() as db:
        found = await readings.of(db, [post.destination_id for post in posts])
    return [found[post.destination_id] for post in posts]


async def all_read(client: Client, posts: Sequence[Out], count: int | None = None) -> None:
    """Returns when so many of these have numbers, or all."""

    async def read() -> bool:
        found = [reading for reading in await stored(client, posts) if reading.as_of is not None]
        return len(found) >= (len(posts) if count is None else count)

    await until(read, f"readings of {count or len(posts)} posts")


async def at_rest(client: Client) -> None:
    """Returns when nothing that is due can be read."""
    services = client.up.services

    async def idle() -> bool:
        async with services.store.read() as db:
            due = await rounds.due(db, services.collector._reader(), services.clock.now(), 1)
        return not due and not services.collector._running

    await until(idle, "a collector at rest")


async def asked(client: Client, platform: str) -> list[int]:
    """Of each request for numbers, how many posts."""
    rows = (await client.ledger())["requests"]
    return [row["items"] for row in rows if row["platform"] == platform and row["items"]]


async def midnight(client: Client) -> None:
    """Ten minutes into the next UTC day."""
    now = client.up.services.clock.now()
    tomorrow = now.replace(hour=0, minute=10, second=0, microsecond=0) + timedelta(days=1)
    await client.advance((tomorrow - now).total_seconds())


async def test_what_is_published_is_read_without_being_asked_for(reader: Client) -> None:
    destinations = [{"social_connection_id": await first(reader, "x")}]
    made = await take(reader, {"post": unique("read by itself"), "destinations": destinations})
    view = await reader.settled(made["post_id"])
    await reader.truth(
        "x", view["destinations"][0]["platform_post_id"], {"public_metrics": {"like_count": 7}}
    )
    await reader.advance(HOUR)

    async def read() -> Any:
        async with reader.up.services.store.read() as db:
            found = await readings.of(db, [row.id for row in await _rows(db, made["post_id"])])
        return found and next(iter(found.values())).as_of

    await until(read, "its first reading")
    await reader.clear_ledger()
    answer = await reader.analytics(made["post_id"])
    assert answer["analytics"]["totals"]["likes"] == 7
    facts = answer["analytics"]["metadata"]["destinations"][0]
    assert facts["next_refresh_at"] > facts["as_of"]


async def _rows(db: Any, post_id: str) -> Any:
    from sextant.store import posts

    return await posts.destinations_of(db, post_id)


@pytest.mark.parametrize(
    ("platform", "posts", "requests"),
    # X: public and private numbers, a hundred at a time. YouTube: fifty at a time, and a report.
    [("x", 200, 4), ("youtube", 100, 3), ("tiktok", 60, 3)],
)
async def test_many_posts_of_an_account_are_few_requests(
    reader: Client, platform: str, posts: int, requests: int
) -> None:
    await at_rest(reader)
    await reader.clear_ledger()
    await all_read(reader, await put_out(reader, platform, [DAY + 10 * n for n in range(posts)]))
    assert len(await asked(reader, platform)) == requests


async def test_room_in_a_batch_is_filled_with_posts_that_are_not_due(reader: Client) -> None:
    await at_rest(reader)
    later = await put_out(reader, "youtube", [20 * DAY + n for n in range(10)], due_s=30 * DAY)
    assert not any(reading.as_of for reading in await stored(reader, later))
    due = await put_out(reader, "youtube", [10 * DAY])
    await all_read(reader, [*due, *later])


async def test_a_post_that_is_gone_is_read_no_more(reader: Client) -> None:
    (post,) = await put_out(reader, "x", [DAY])
    await all_read(reader, [post])
    path = f"/_control/x/posts/{post.native_id}"
    async with reader.switches.delete(path) as answer:
        assert answer.status == 204
    await reader.advance(30 * DAY)

    async def gone() -> bool:
        return (await stored(reader, [post]))[0].fault is not None

    await until(gone, "the end of it")
    (reading,) = await stored(reader, [post])
    assert reading.fault is not None
    assert (reading.fault["code"], reading.next_refresh_at) == ("gone", None)
    await at_rest(reader)
    await reader.clear_ledger()
    await reader.advance(60 * DAY)
    await at_rest(reader)
    assert await asked(reader, "x") == []


async def test_an_account_that_has_to_wait_waits_alone(reader: Client) -> None:
    one, other = await reader.accounts("x")
    await reader.fault("x", "read", "status", status=429, headers={"Retry-After": "7200"}, times=1)
    held = await put_out(reader, "x", [DAY + n for n in range(150)], connection_id=one)

    async def refused() -> bool:
        return any(reading.fault for reading in await stored(reader, held))

    await until(refused, "the refusal")
    await reader.no_faults()
    free = await put_out(reader, "x", [DAY], connection_id=other)
    await all_read(reader, free)
    await at_rest(reader)
    waiting = await stored(reader, held)
    assert not any(reading.as_of for reading in waiting), "not one more call while it is told to wait"
    now = reader.up.services.clock.now()
    assert all(reading.expected_at and reading.expected_at > now for reading in waiting)
    await reader.advance(2 * HOUR + MINUTE)
    await all_read(reader, held)


async def test_a_lost_connection_is_left_alone_until_it_is_made_again(reader: Client) -> None:
    connection_id = await first(reader, "x")
    (post,) = await put_out(reader, "x", [DAY], due_s=2 * DAY)
    status, _ = await reader.call("DELETE", f"/social/connections/{connection_id}")
    assert status == 204
    await reader.clear_ledger()
    await reader.advance(2 * DAY)

    async def refused() -> bool:
        return (await stored(reader, [post]))[0].fault is not None

    await until(refused, "the refusal")
    (reading,) = await stored(reader, [post])
    assert reading.fault is not None
    assert reading.fault["code"] == "reconnect"
    assert reading.expected_at is not None
    assert reading.expected_at - reader.up.services.clock.now() > timedelta(hours=5)
    assert await asked(reader, "x") == []


# ---- what it may cost ----


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """Ten posts a day may be paid, of which the plan has nine."""
    monkeypatch.setenv("SEXTANT_X_CEILINGS", "posts_per_day=10")
    return 9


async def test_no_more_posts_are_paid_than_the_ceiling_allows(few: int, reader: Client) -> None:
    posts = await put_out(reader, "x", [2 * DAY + 10 * n for n in range(25)])
    await all_read(reader, posts, few)
    await at_rest(reader)
    read = [reading.as_of is not None for reading in await stored(reader, posts)]
    assert sum(read) == few
    unread = posts[read.index(False)]
    answer = await reader.analytics(unread.post_id)
    assert answer["analytics"]["status"] == "success", "the tenth is left to those who ask"
    other = next(post for post, seen in zip(posts, read, strict=True) if not seen and post != unread)
    facts = (await reader.analytics(other.post_id))["analytics"]["metadata"]["destinations"][0]
    assert facts["error"]["code"] == "wait_until"
    assert "posts_per_day is 10" in facts["error"]["message"]
    tomorrow = reader.up.services.clock.now().astimezone(UTC).date() + timedelta(days=1)
    assert facts["next_refresh_at"] == f"{tomorrow}T00:00:00.000Z"
    await midnight(reader)
    await all_read(reader, posts, 2 * few)


async def test_when_short_the_most_informative_go_first(few: int, reader: Client) -> None:
    await midnight(reader)
    ages = [*(20 * DAY + n for n in range(15)), *(30 * HOUR + n for n in range(5))]
    posts = await put_out(reader, "x", ages, read_s=25 * HOUR)
    before = await stored(reader, posts)

    async def read() -> list[bool]:
        pairs = zip(before, await stored(reader, posts), strict=True)
        return [one.as_of != two.as_of for one, two in pairs]

    async def enough() -> bool:
        return sum(await read()) == few

    await until(enough, "as many readings as may be paid")
    assert all((await read())[15:]), "the young posts, though they were the last to be due"


async def test_a_second_reading_on_a_day_that_was_paid_is_free(few: int, reader: Client) -> None:
    await midnight(reader)
    posts = await put_out(reader, "x", [HOUR + n for n in range(few)])
    await all_read(reader, posts)
    before = [reading.as_of for reading in await stored(reader, posts)]
    await reader.advance(6 * HOUR)

    async def again() -> bool:
        after = [reading.as_of for reading in await stored(reader, posts)]
        return all(one != two for one, two in zip(before, after, strict=True))

    await until(again, "second readings")
    async with reader.up.services.store.read() as db:
        left = await reader.up.services.collecting.budgets.left(db, "x")
    assert next(one.left for one in left if one.purse.allowance == "posts_per_day") == 1


async def test_what_changed_is_answered_without_asking_for_it_and_is_history(reader: Client) -> None:
    (post,) = await put_out(reader, "x", [HOUR])
    await all_read(reader, [post])
    assert (await reader.analytics(post.post_id))["analytics"]["totals"]["likes"] != 5000
    await reader.truth("x", post.native_id, {"public_metrics": {"like_count": 5000}})
    await reader.advance(3 * DAY)

    async def shown() -> bool:
        answer = await reader.analytics(post.post_id)
        return bool(answer["analytics"]["totals"]["likes"] == 5000)

    await until(shown, "the new number in the answer, which was kept")
    async with reader.up.services.store.read() as db:
        begin, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
        changes = (await history.of(db, [post.destination_id], begin, end))[post.destination_id]
    assert changes[-1].figures[0] == 5000
    assert len(changes) >= 2


async def test_an_account_that_has_used_most_of_what_the_network_allows_is_left_alone(reader: Client) -> None:
    """X says how many calls are left of a user's: at a fifth it is enough."""
    async with reader.switches.put(
        "/_control/x/quotas", json={"bucket": "GET /2/tweets", "scope": "user", "limit": 5}
    ) as answer:
        assert answer.status < 300, await answer.text()
    posts = await put_out(reader, "x", [40 * DAY + n for n in range(700)])

    async def held() -> bool:
        return any(reading.held_until for reading in await stored(reader, posts))

    await until(held, "the hold")
    await at_rest(reader)
    seen = [reading.as_of is not None for reading in await stored(reader, posts)]
    assert sum(seen) == 400, "four of five calls, a hundred posts each; the fifth is for others"
    await reader.advance(16 * MINUTE)
    await all_read(reader, posts, 700)


async def test_a_ceiling_that_has_no_room_for_a_whole_batch_is_used_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str
) -> None:
    """Each post of a batch counts as a call at Instagram: of 20 an hour the plan has 18."""
    monkeypatch.setenv("SEXTANT_INSTAGRAM_CEILINGS", "calls_per_hour=20")
    async with started(tmp_path, database_url, collect=True) as up, Client(up) as reader:
        posts = await put_out(reader, "instagram", [DAY + n for n in range(40)])
        await all_read(reader, posts, 1)
        await at_rest(reader)
        seen = sum(reading.as_of is not None for reading in await stored(reader, posts))
        async with up.services.store.read() as db:
            (left,) = await up.services.collecting.budgets.left(db, "instagram", posts[0].connection_id)
        assert seen >= 5
        assert left.left == 2, "all that the plan may spend is spent"
