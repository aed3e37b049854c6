"""How reading by plan gets on, for `/metrics`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.clock import Clock
from sextant.collecting.budgets import Budgets
from sextant.collecting.loop import Collector
from sextant.exposing import Source
from sextant.store import Store, readings, rounds, tallies


def collector_source(store: Store, clock: Clock, collector: Collector, budgets: Budgets) -> Source:
    """What this process has read, and what all have left to read and to spend."""

    async def asked() -> list[Metric]:
        now = clock.now()
        async with store.read() as db:
            due, first = await readings.count_due(db, now), await rounds.overdue_since(db)
            left = await _left(db, budgets, now)
        return [_posts(collector), *_backlog(due, first, now), *left]

    return asked


def _posts(collector: Collector) -> Metric:
    found = CounterMetricFamily(
        "sextant_collector_posts",
        "Posts this process has read by plan; saved: with numbers; refused: without.",
        labels=["platform", "result"],
    )
    for (platform, result), count in sorted(collector.counts.items()):
        found.add_metric([platform, result], count)
    return found


def _backlog(due: int, first: datetime | None, now: datetime) -> Iterator[Metric]:
    waited = 0.0 if first is None else max(0.0, (now - first).total_seconds())
    yield GaugeMetricFamily("sextant_collector_due", "Posts whose next reading is due.", value=due)
    yield GaugeMetricFamily(
        "sextant_collector_overdue_seconds", "How long the stalest has been due.", value=waited
    )


async def _left(db: AsyncConnection, budgets: Budgets, now: datetime) -> list[Metric]:
    """Of an allowance that each account has for itself, what is left to the one that has least."""
    ceiling = GaugeMetricFamily(
        "sextant_budget_ceiling", "What may be spent in a window.", labels=["platform", "allowance"]
    )
    left = GaugeMetricFamily(
        "sextant_budget_left", "What is left in the present window.", labels=["platform", "allowance"]
    )
    for platform in budgets.platforms:
        for allowance in budgets.limited(platform).values():
            spent = await tallies.most_spent(db, platform, allowance.name, allowance.window.since(now))
            labels = [platform, allowance.name]
            ceiling.add_metric(labels, allowance.ceiling or 0)
            left.add_metric(labels, max(0, (allowance.ceiling or 0) - spent))
    return [ceiling, left]
