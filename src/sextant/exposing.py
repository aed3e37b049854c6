"""Numbers about the work, in the text format of Prometheus. A registry per app: no global state."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from sextant.clock import Clock
from sextant.noting import OK, Note, Noted
from sextant.store import Store, ledger

log = logging.getLogger("sextant.exposing")

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 300)
"""Bounds of the histogram: an answer in a data centre, the usual deadline (15 s), the upload of a video."""
LEDGER_SPAN = timedelta(hours=1)

Source = Callable[[], Awaitable[Iterable[Metric]]]
"""Numbers that have to be asked for, of the database for example; asked at each look at the metrics."""


class Exposition:
    """Everything that `/metrics` shows.

    What is counted in this process hangs on `registry` (`Counter(…, registry=exposition.registry)`); what has
    to be asked for comes from a source. Names start with `sextant_`.
    """

    def __init__(self, platforms: Iterable[str]) -> None:
        self.registry = CollectorRegistry()
        self._sources: list[Source] = []
        self._upstream = _Upstream(self.registry, platforms)
        self._failures = Counter(
            "sextant_source_failures", "Sources that did not answer.", registry=self.registry
        )

    def note(self, platform: str, connection_id: str | None) -> Note:
        """A `noting.Listener`: counts the requests to networks."""
        return lambda noted: self._upstream.count(platform, noted)

    def add(self, source: Source) -> None:
        self._sources.append(source)

    async def text(self) -> bytes:
        """A source that fails is logged and left out: no number is better than an old one."""
        found = [metric for source in self._sources for metric in await self._asked(source)]
        return generate_latest(_Joined(self.registry, found))

    async def _asked(self, source: Source) -> list[Metric]:
        try:
            return list(await source())
        except Exception:
            self._failures.inc()
            log.exception("numbers for /metrics could not be asked for")
            return []


class _Joined:
    """A registry and what is not registered there."""

    def __init__(self, registry: CollectorRegistry, found: Iterable[Metric]) -> None:
        self._registry, self._found = registry, found

    def collect(self) -> Iterator[Metric]:
        yield from self._registry.collect()
        yield from self._found


class _Upstream:
    """What this process asked of networks since it began. Zeros are there from the start."""

    def __init__(self, registry: CollectorRegistry, platforms: Iterable[str]) -> None:
        self._calls = Counter(
            "sextant_upstream_calls",
            "Requests to networks by outcome.",
            ["platform", "outcome"],
            registry=registry,
        )
        self._posts = Counter(
            "sextant_upstream_posts", "Posts whose numbers were asked for.", ["platform"], registry=registry
        )
        self._weight = Counter(
            "sextant_upstream_weight", "Calls as the networks count them.", ["platform"], registry=registry
        )
        self._seconds = Histogram(
            "sextant_upstream_seconds",
            "How long requests to networks took.",
            ["platform"],
            buckets=SECONDS,
            registry=registry,
        )
        for platform in platforms:
            self._calls.labels(platform, OK)
            for family in (self._posts, self._weight, self._seconds):
                family.labels(platform)

    def count(self, platform: str, noted: Noted) -> None:
        self._calls.labels(platform, noted.outcome).inc()
        self._posts.labels(platform).inc(noted.request.posts)
        self._weight.labels(platform).inc(noted.request.weight)
        self._seconds.labels(platform).observe(noted.took_ms / 1000)


def ledger_source(store: Store, clock: Clock) -> Source:
    """The ledger's last hour: of all processes, also of workers, which have no `/metrics` of their own."""

    async def asked() -> list[Metric]:
        async with store.read() as db:
            found = await ledger.totals(db, clock.now() - LEDGER_SPAN)
        families = {
            name: GaugeMetricFamily(f"sextant_ledger_{name}", said, labels=["platform", "outcome"])
            for name, said in LEDGER.items()
        }
        for total in found:
            for name, family in families.items():
                family.add_metric([total.platform, total.outcome], getattr(total, name))
        return list(families.values())

    return asked


LEDGER = {
    "calls": "Requests to networks in the last hour, of all processes on this database.",
    "posts": "Posts whose numbers they asked for.",
    "weight": "Calls as the networks count them.",
}
