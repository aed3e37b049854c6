"""The history of a post, many posts in one answer, and the feed of changes."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from sextant.metrics import KEYS
from tests.e2e.client import Client
from tests.e2e.stories import deadline, held
from tests.e2e.test_reading import NETWORKS, one_each
from tests.e2e.test_refusals import UNKNOWN, new_key, stranger
from tests.waiting import HELD_MS

__all__ = ["stranger"]

HOUR_S, DAY_S = 3600, 86_400
QUICK_S = 5.0
"""A network that is not held answers sooner, also on a slow machine."""


async def into_the_next(client: Client, step_s: int) -> None:
    """A minute into the next hour or day of the simulated clock."""
    await client.advance(step_s - client.up.services.clock.timestamp() % step_s + 60)


async def set_likes(client: Client, row: dict[str, Any], count: int) -> None:
    truth = {"public_metrics": {"like_count": count}}
    await client.truth("x", row["platform_post_id"], truth)


async def read_likes(client: Client, view: dict[str, Any], *counts: int) -> None:
    """Sets the likes of each destination and reads them, whatever is stored."""
    for row, count in zip(view["destinations"], counts, strict=True):
        await set_likes(client, row, count)
    await client.advance(61)
    await client.analytics(view["post_id"], refresh="true")


async def history(client: Client, post_id: str, query: str = "") -> Any:
    return await client.get(f"/social/post/{post_id}/analytics/history{query}")


def now(client: Client) -> datetime:
    return client.up.services.clock.now()


def written(moment: datetime) -> str:
    return quote(moment.isoformat().replace("+00:00", "Z"))


async def likes_over_hours(client: Client, text: str, *counts: tuple[int, int]) -> dict[str, Any]:
    """A post to two accounts, read once in each hour."""
    view = await client.publish("x", text=text, video=False)
    for pair in counts:
        await into_the_next(client, HOUR_S)
        await read_likes(client, view, *pair)
    return view


async def test_hours_with_what_each_gained_per_account(client: Client) -> None:
    view = await likes_over_hours(client, "hours", (10, 1), (15, 1), (12, 1))
    found = await history(client, view["post_id"], "?interval=hour")
    assert (found["post_id"], found["interval"]) == (view["post_id"], "hour")
    first, second = found["destinations"]
    assert first["social_connection_id"] == view["destinations"][0]["social_connection_id"]
    assert (first["platform"], second["platform"]) == ("x", "x")
    shown = [(i["metrics"]["likes"], i["deltas"]["likes"]) for i in first["intervals"]]
    assert shown == [(10, None), (15, 5), (12, -3)]
    assert [i["metrics"]["likes"] for i in second["intervals"]] == [1, 1, 1]
    assert [i["deltas"]["likes"] for i in second["intervals"]] == [None, 0, 0]
    for entry in first["intervals"]:
        assert list(entry["metrics"]) == list(entry["deltas"]) == list(KEYS)
        assert entry["metrics"]["saves"] is entry["deltas"]["saves"] is None
        assert entry["start"].endswith(":00:00.000Z")
        assert entry["start"] < entry["as_of"] <= entry["end"]
    last = first["intervals"][-1]
    assert last["end"] == found["to"]
    assert last["since"] == first["intervals"][-2]["as_of"]
    assert first["intervals"][0]["since"] is None


async def test_days_by_default_and_one_account_and_some_metrics(client: Client) -> None:
    view = await client.publish("x", text="days", video=False)
    for pair in ((1, 10), (2, 30)):
        await into_the_next(client, DAY_S)
        await read_likes(client, view, *pair)
    second = view["destinations"][1]["social_connection_id"]
    query = f"?metrics=quotes,likes&social_connection_id={second}"
    found = await history(client, view["post_id"], query)
    assert found["interval"] == "day"
    span = datetime.fromisoformat(found["to"]) - datetime.fromisoformat(found["from"])
    assert timedelta(days=30) <= span < timedelta(days=31)
    (only,) = found["destinations"]
    assert only["social_connection_id"] == second
    assert [list(i["metrics"]) for i in only["intervals"]] == [["likes", "quotes"]] * 2
    assert [i["metrics"]["likes"] for i in only["intervals"]] == [10, 30]
    assert [i["deltas"]["likes"] for i in only["intervals"]] == [None, 20]


async def test_a_period_in_the_past_counts_from_what_was_before(client: Client) -> None:
    view = await likes_over_hours(client, "a period", (1, 1), (4, 1), (9, 1), (16, 1))
    hour = now(client).replace(minute=0, second=0, microsecond=0)
    begin, end = hour - timedelta(hours=2) + timedelta(minutes=17), hour - timedelta(minutes=30)
    query = f"?interval=hour&metrics=likes&from={written(begin)}&to={written(end)}"
    found = await history(client, view["post_id"], query)
    assert found["from"] == f"{hour - timedelta(hours=2):%Y-%m-%dT%H}:00:00.000Z"
    shown = [(i["metrics"]["likes"], i["deltas"]["likes"]) for i in found["destinations"][0]["intervals"]]
    assert shown == [(4, 3), (9, 5)]
    nothing = f"?from={written(hour - timedelta(days=20))}&to={written(hour - timedelta(days=10))}"
    found = await history(client, view["post_id"], nothing)
    assert [row["intervals"] for row in found["destinations"]] == [[], []]


async def test_what_was_not_read_has_no_history(client: Client) -> None:
    view = await client.publish("x", text="never read", video=False)
    found = await history(client, view["post_id"])
    assert [row["intervals"] for row in found["destinations"]] == [[], []]


async def test_the_history_of_a_deleted_post_stays(client: Client) -> None:
    view = await likes_over_hours(client, "to be deleted", (3, 4))
    before = await history(client, view["post_id"], "?interval=hour")
    status, removed = await client.call("DELETE", f"/social/post/{view['post_id']}")
    assert status == 200
    assert {row["status"] for row in removed["results"]} == {"deleted"}
    await client.advance(2 * HOUR_S)
    answer = await client.analytics(view["post_id"], refresh="true")
    assert answer["analytics"]["metadata"]["destinations"][0]["error"]["code"] == "gone"
    after = await history(client, view["post_id"], "?interval=hour")
    kept = [[i["metrics"] for i in row["intervals"]] for row in after["destinations"]]
    assert kept == [[i["metrics"] for i in row["intervals"]] for row in before["destinations"]]


WRONG = [
    ("interval=week", "interval"),
    ("from=yesterday", "from"),
    ("to=2026-11-23T10:00:00", "to"),
    ("to=0001-01-01T00:00:00Z", "to"),
    ("from=9999-12-31T23:59:59Z", "from"),
    ("from=2026-11-23T10:00:00Z&to=2026-11-23T10:00:00Z", "from"),
    ("from=2026-10-01T00:00:00Z&to=2026-11-02T00:00:00Z&interval=hour", "from"),
    ("from=2025-01-01T00:00:00Z&to=2026-11-02T00:00:00Z", "from"),
    ("metrics=likes,loves", "metrics"),
    ("metrics=", "metrics"),
    ("social_connection_id=7", "social_connection_id"),
]


@pytest.mark.parametrize(("query", "place"), WRONG)
async def test_wrong_values_are_named_with_their_place(client: Client, query: str, place: str) -> None:
    status, body = await client.call("GET", f"/social/post/{UNKNOWN}/analytics/history?{query}")
    assert (status, body["error"]) == (422, "validation_error"), body
    assert [fault["loc"] for fault in body["detail"]] == [["query", place]]
    assert body["detail"][0]["msg"]


async def test_the_longest_periods_are_answered(client: Client) -> None:
    view = await client.publish("x", text="longest", video=False)
    for step, longest in (("hour", 31), ("day", 366)):
        end = now(client)
        query = f"?interval={step}&from={written(end - timedelta(days=longest))}&to={written(end)}"
        assert (await history(client, view["post_id"], query))["interval"] == step


async def test_unknown_and_foreign_are_the_same_404(client: Client, stranger: Client) -> None:
    view = await client.publish("x", text="history is mine", video=False)
    path = f"/social/post/{view['post_id']}/analytics/history"
    theirs = await stranger.call("GET", path)
    assert theirs == await stranger.call("GET", f"/social/post/{UNKNOWN}/analytics/history")
    assert (theirs[0], theirs[1]["error"]) == (404, "not_found")
    assert (await client.call("GET", "/social/post/7/analytics/history"))[0] == 404
    other = (await client.accounts("youtube"))[0]
    status, body = await client.call("GET", f"{path}?social_connection_id={other}")
    assert (status, body["error"]) == (404, "not_found")


# ---- many posts in one answer ----


async def many(client: Client, ids: list[str], **more: Any) -> Any:
    status, body = await client.call("POST", "/social/analytics", json={"post_ids": ids, **more})
    assert status == 200, body
    return body


async def test_many_posts_in_the_order_asked(client: Client, stranger: Client) -> None:
    views = [await client.publish("x", text=f"many {n}", video=False) for n in range(3)]
    ids = [view["post_id"] for view in views]
    asked = [ids[2], UNKNOWN, ids[0].upper(), "no\x00id", ids[1], ids[2]]
    found = await many(client, asked)
    assert [answer["post_id"] for answer in found["posts"]] == [ids[2], ids[0], ids[1], ids[2]]
    for answer in found["posts"]:
        assert answer == await client.analytics(answer["post_id"])
        assert answer["analytics"]["status"] == "success"
    assert found["not_found"] == [
        {"post_id": name, "error": "not_found", "detail": "No such post."} for name in (UNKNOWN, "no\x00id")
    ]
    foreign = await many(stranger, ids)
    assert foreign["posts"] == []
    assert [entry["post_id"] for entry in foreign["not_found"]] == ids


async def test_many_posts_of_one_account(client: Client) -> None:
    both = await client.publish("x", text="of both", video=False)
    other = await client.publish("youtube", text="elsewhere")
    account = both["destinations"][1]["social_connection_id"]
    found = await many(client, [both["post_id"], other["post_id"]], social_connection_id=account)
    (answer,) = found["posts"]
    assert answer == await client.analytics(both["post_id"], social_connection_id=account)
    (lacking,) = found["not_found"]
    assert lacking["post_id"] == other["post_id"]
    assert "connection" in lacking["detail"]


async def test_many_unread_posts_are_read_side_by_side_and_then_stored(alone: Client) -> None:
    views = [await one_each(alone, f"unread {n}") for n in range(3)]
    ids = [view["post_id"] for view in views]
    for name in NETWORKS:
        await alone.fault(name, "read", "slow", delay_ms=HELD_MS, times=None)
    asking = asyncio.create_task(many(alone, ids))
    await held(alone, *NETWORKS * len(ids))
    await alone.no_faults()
    first = await asking
    assert [answer["analytics"]["status"] for answer in first["posts"]] == ["success"] * 3
    await alone.clear_ledger()
    assert await many(alone, ids) == first
    assert (await alone.ledger())["requests"] == []


async def test_a_network_that_is_too_slow_holds_the_others_no_longer_than_the_deadline(
    client: Client,
) -> None:
    slow = await client.publish("x", text="slow among many", video=False)
    quick = await client.publish("youtube", text="quick among many")
    await client.fault("x", "read", "slow", delay_ms=HELD_MS, times=None)
    with deadline(client, QUICK_S):
        found = await many(client, [slow["post_id"], quick["post_id"]])
    assert [answer["analytics"]["status"] for answer in found["posts"]] == ["error", "success"]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, ["body", "post_ids"]),
        ({"post_ids": []}, ["body", "post_ids"]),
        ({"post_ids": [UNKNOWN] * 101}, ["body", "post_ids"]),
        ({"post_ids": [UNKNOWN, 7]}, ["body", "post_ids", 1]),
        ({"post_ids": [UNKNOWN], "social_connection_id": "7"}, ["body", "social_connection_id"]),
        ({"post_ids": [UNKNOWN], "refresh": True}, ["body", "refresh"]),
    ],
)
async def test_wrong_bodies_are_named_with_their_place(client: Client, body: Any, place: list[Any]) -> None:
    status, answer = await client.call("POST", "/social/analytics", json=body)
    assert (status, answer["error"]) == (422, "validation_error"), answer
    assert [fault["loc"] for fault in answer["detail"]] == [place]


async def test_a_hundred_posts_are_answered_and_a_reading_key_will_do(client: Client) -> None:
    async with Client(client.up, await new_key(client.up, "sandbox", "read")) as reader:
        view = await client.publish("x", text="a hundred times", video=False)
        found = await many(reader, [view["post_id"]] * 99 + [UNKNOWN])
    assert len(found["posts"]) == 99
    assert len(found["not_found"]) == 1


# ---- the feed ----


async def changes(client: Client, cursor: str | None = None, limit: int = 100) -> tuple[list[Any], str]:
    """Everything from a cursor on, and the cursor behind it."""
    found: list[Any] = []
    while True:
        query = f"?limit={limit}" + (f"&cursor={quote(cursor)}" if cursor else "")
        page = await client.get(f"/social/analytics/changes{query}")
        assert len(page["changes"]) <= limit
        found += page["changes"]
        cursor = page["next_cursor"]
        assert cursor is not None
        if not page["has_more"]:
            return found, cursor


async def test_the_feed_of_readings_that_changed(client: Client, stranger: Client) -> None:
    view = await client.publish("x", text="feed", video=False)
    _, start = await changes(client)
    await read_likes(client, view, 1, 1)
    await read_likes(client, view, 2, 1)
    await read_likes(client, view, 2, 1)
    found, end = await changes(client, start)
    first, second = (row["social_connection_id"] for row in view["destinations"])
    assert {change["post_id"] for change in found} == {view["post_id"]}
    seen = [(change["social_connection_id"], change["metrics"]["likes"]) for change in found]
    assert sorted(seen[:2]) == sorted([(first, 1), (second, 1)])
    assert seen[2:] == [(first, 2)]
    assert all(change["platform"] == "x" for change in found)
    assert all(list(change["metrics"]) == list(KEYS) for change in found)
    assert found[2]["as_of"] > max(found[0]["as_of"], found[1]["as_of"])
    (reading,) = [
        facts
        for facts in (await client.analytics(view["post_id"]))["analytics"]["metadata"]["destinations"]
        if facts["social_connection_id"] == first
    ]
    assert reading["as_of"] > found[2]["as_of"], "the last reading changed nothing"
    assert await changes(client, start, limit=1) == (found, end)
    assert (await changes(client, end)) == ([], end)
    assert (await changes(stranger))[0] == []
    assert (await changes(stranger, start))[0] == []


async def test_the_feed_has_everything_from_the_beginning(alone: Client) -> None:
    views = [await one_each(alone, f"feed {n}") for n in range(2)]
    await asyncio.gather(*(alone.analytics(view["post_id"]) for view in views))
    found, _ = await changes(alone)
    wanted = {
        (view["post_id"], row["social_connection_id"]) for view in views for row in view["destinations"]
    }
    read = {(change["post_id"], change["social_connection_id"]) for change in found}
    assert read <= wanted
    assert len(read) == len(found)
    for view in views:
        answer = (await alone.analytics(view["post_id"]))["analytics"]
        for entry, facts in zip(answer["platforms"], answer["metadata"]["destinations"], strict=True):
            key = (view["post_id"], facts["social_connection_id"])
            rows = [c for c in found if (c["post_id"], c["social_connection_id"]) == key]
            if any(value is not None for value in entry["metrics"].values()):
                assert [(row["metrics"], row["as_of"]) for row in rows] == [
                    (entry["metrics"], facts["as_of"])
                ]
            else:
                assert rows == []


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("cursor=%F0%9F%98%80", "cursor"),
        ("cursor=abc", "cursor"),
        ("cursor=Y2hhbmdlczotMQ%3D%3D", "cursor"),
        ("cursor=Y2hhbmdlczo5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk%3D", "cursor"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=many", "limit"),
    ],
)
async def test_wrong_cursors_and_limits_are_named(client: Client, query: str, place: str) -> None:
    status, body = await client.call("GET", f"/social/analytics/changes?{query}")
    assert (status, body["error"]) == (422, "validation_error"), body
    assert [fault["loc"] for fault in body["detail"]] == [["query", place]]
