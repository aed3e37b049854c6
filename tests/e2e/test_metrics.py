"""`/metrics` and the ledger, held against what the simulated networks were really asked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import aiohttp
import pytest
from prometheus_client import Counter as Counted
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from sextant.exposing import Exposition
from sextant.noting import Noted
from sextant.platforms import PLATFORMS
from sextant.platforms.base import Request
from sextant.store.tables import calls
from tests.e2e.client import Client, by_platform
from tests.e2e.stories import remove, until

Samples = dict[tuple[str, tuple[str, ...]], float]


def samples(text: str) -> Samples:
    """By name and the values of the labels in the order of their names."""
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def scraped(client: Client) -> Samples:
    """As a stranger sees them, without a key."""
    async with aiohttp.ClientSession(client.up.url) as session, session.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return samples(await answer.text())


def of(found: Samples, name: str) -> Counter[str]:
    """What a metric says of each platform, over all outcomes."""
    sums: Counter[str] = Counter()
    for (each, labels), value in found.items():
        if each == name:
            sums[labels[-1]] += int(value)
    return sums


async def rows(client: Client) -> list[dict[str, Any]]:
    await client.up.services.ledger.flush()
    async with client.up.services.store.read() as db:
        return [dict(row._mapping) for row in await db.execute(select(calls).order_by(calls.c.id))]


def summed(kept: Iterable[dict[str, Any]], column: str) -> Counter[str]:
    sums: Counter[str] = Counter()
    for row in kept:
        sums[row["platform"]] += row[column]
    return sums


async def test_every_request_of_a_posts_life_is_counted_and_kept(alone: Client) -> None:
    """Publishing, polling, reading, deleting, and connecting before: all six networks."""
    view = await alone.publish()
    await alone.analytics(view["post_id"], refresh="true")
    await remove(alone, view["post_id"])

    async def as_asked() -> bool:
        """A read that was late may still be under way."""
        counted, kept = await scraped(alone), await rows(alone)
        asked = Counter(row["platform"] for row in (await alone.ledger())["requests"])
        return (
            set(asked) == set(PLATFORMS)
            and Counter(row["platform"] for row in kept) == asked
            and of(counted, "sextant_upstream_calls_total") == asked
            and of(counted, "sextant_upstream_seconds_count") == asked
            and of(counted, "sextant_ledger_calls") == asked
            and of(counted, "sextant_upstream_posts_total") == summed(kept, "posts")
            and of(counted, "sextant_upstream_weight_total") == summed(kept, "weight")
        )

    await until(as_asked, "the counts of the networks themselves")


async def test_rows_name_the_account_and_neither_posts_nor_secrets(alone: Client) -> None:
    view = await alone.publish("facebook", "linkedin")
    connection = {name: row["social_connection_id"] for name, row in by_platform(view).items()}
    await alone.analytics(view["post_id"])

    async def reads(platform: str) -> list[dict[str, Any]]:
        mine = [row for row in await rows(alone) if row["connection_id"] == connection[platform]]
        return [row for row in mine if row["posts"]]

    batches = await until(partial(reads, "facebook"), "a reading of the Page's post")
    assert {(row["platform"], row["method"]) for row in batches} == {("facebook", "POST")}
    assert all(row["weight"] > 1 for row in batches)
    single = await until(partial(reads, "linkedin"), "a reading of the member's post")
    assert {(row["platform"], row["weight"]) for row in single} == {("linkedin", 1)}

    kept = await rows(alone)
    connecting = [row for row in kept if row["connection_id"] is None]
    assert {row["platform"] for row in connecting} == set(PLATFORMS)
    assert {row["posts"] for row in connecting} == {0}
    for row in kept:
        assert not re.search(r"\d{3}|%", row["endpoint"].partition("/")[2]), row


async def test_a_refusal_is_counted_by_what_it_means(alone: Client) -> None:
    view = await alone.publish("x", video=False)
    refused = ("sextant_upstream_calls_total", ("wait_until", "x"))
    assert refused not in await scraped(alone)
    await alone.fault("x", "read", "status", status=429, times=None)
    await alone.analytics(view["post_id"])

    async def counted() -> bool:
        return (await scraped(alone)).get(refused, 0) >= 1

    await until(counted, "the refusal among the metrics")
    assert "wait_until" in {row["outcome"] for row in await rows(alone)}


async def test_the_ledger_tells_of_other_processes_too(alone: Client) -> None:
    """What another process wrote shows here, though this one counted nothing of it."""
    services = alone.up.services
    request = Request("GET", "https://api.example/numbers", posts=7, weight=3)
    services.ledger.note("elsewhere", None)(Noted(request, "ok", None, services.clock.now(), 1))
    await services.ledger.flush()
    found = await scraped(alone)
    for name, value in (("calls", 1), ("posts", 7), ("weight", 3)):
        assert found[(f"sextant_ledger_{name}", ("ok", "elsewhere"))] == value
    assert ("sextant_upstream_calls_total", ("ok", "elsewhere")) not in found
    await alone.advance(3700)
    assert ("sextant_ledger_calls", ("ok", "elsewhere")) not in await scraped(alone)


async def test_a_source_that_fails_is_left_out_and_said(
    alone: Client, caplog: pytest.LogCaptureFixture
) -> None:
    exposition = alone.up.services.exposition

    async def failing() -> Iterable[Metric]:
        raise OSError("no database")

    async def telling() -> Iterable[Metric]:
        family = GaugeMetricFamily("sextant_told", "Told.", labels=["platform"])
        family.add_metric(["x"], 4)
        return [family]

    exposition.add(failing)
    exposition.add(telling)
    Counted("sextant_mine", "Mine.", registry=exposition.registry).inc(2)
    found = await scraped(alone)
    assert found[("sextant_told", ("x",))] == 4
    assert found[("sextant_mine_total", ())] == 2
    assert found[("sextant_source_failures_total", ())] == 1
    assert "could not be asked for" in caplog.text


async def test_two_apps_in_a_process_count_apart_and_from_zero() -> None:
    one, other = Exposition(["x"]), Exposition(["x"])
    now = datetime(2026, 11, 25, tzinfo=UTC)
    one.note("x", None)(Noted(Request("GET", "https://api.x.com/2", posts=2), "ok", None, now, 300))
    for exposition, calls_, posts in ((one, 1, 2), (other, 0, 0)):
        found = samples((await exposition.text()).decode())
        assert found[("sextant_upstream_calls_total", ("ok", "x"))] == calls_
        assert found[("sextant_upstream_posts_total", ("x",))] == posts
        assert found[("sextant_upstream_seconds_bucket", ("0.5", "x"))] == calls_
        assert found[("sextant_upstream_seconds_bucket", ("0.25", "x"))] == 0
