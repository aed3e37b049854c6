"""What reading the posts of now will cost until a moment. Pure: no clock, no I/O.

The planner's own due times and batches are gone through one by one (rehearsing.py), each post growing as it
is expected to now. First with no ceilings, at the usual price of a call; then, where that passes a ceiling or
the price is another by now, within the ceilings at the present price. Posts published from now on, live
readings, failures and later changes of the price are not in it.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sextant.clock import iso
from sextant.forecasting.metering import Meter, Spend
from sextant.forecasting.rehearsing import Batch, Posts, Round
from sextant.platforms.allowances import DAY_S, Allowance, price_of
from sextant.platforms.freshness import Showing

LEAST_WINDOW_S = 60
"""Shorter windows are met by waiting a moment between two calls, and cost no freshness."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a network shows and allows, and what a reading takes there.

    `requests_per_batch`: as measured. `spends`: what a batch and each post in it count against an allowance,
    by its name; where it is not told, a request counts 1, or each post where the network counts posts.
    `spent`: by allowance and account (empty for the app's), what its present window has taken so far.
    `part`: the part of each ceiling that is for reading by plan. `usual_price`: what a call has to be worth
    where nothing is short; the present price when None.
    """

    showing: Showing
    allowances: Sequence[Allowance] = ()
    requests_per_batch: float = 1.0
    spends: Mapping[str, Spend] = field(default_factory=dict)
    spent: Mapping[tuple[str, str], float] = field(default_factory=dict)
    part: float = 1.0
    usual_price: float | None = None

    @property
    def charges(self) -> bool:
        return self.showing.billed_daily or any(allowance.charged_posts for allowance in self.allowances)

    def spend(self, allowance: Allowance) -> Spend:
        by_post = not self.showing.request and not self.showing.billed_daily
        usual = Spend(post=self.showing.post) if by_post else Spend(batch=self.requests_per_batch)
        return self.spends.get(allowance.name, usual)

    def limit(self, allowance: Allowance) -> float:
        """What reading by plan may take of it in a window; infinite where there is no ceiling."""
        return math.inf if allowance.ceiling is None else math.ceil(allowance.ceiling * self.part)


@dataclass(frozen=True, slots=True)
class Cost:
    """`readings`: posts read. `charged`: posts that the network charges for. `usd`: US dollars."""

    requests: float = 0.0
    readings: float = 0.0
    charged: float = 0.0
    usd: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.requests + other.requests,
            self.readings + other.readings,
            self.charged + other.charged,
            self.usd + other.usd,
        )

    def times(self, factor: float) -> Cost:
        return Cost(self.requests * factor, self.readings * factor, self.charged * factor, self.usd * factor)

    def as_json(self) -> dict[str, Any]:
        counts = {"requests": self.requests, "readings": self.readings, "charged": self.charged}
        return {name: round(count) for name, count in counts.items()} | {"usd": round(self.usd, 2)}


@dataclass(frozen=True, slots=True)
class Use:
    """Of one allowance; where each account has one, of the account that takes most.

    `busiest`: what the window that takes most would take if nothing had a ceiling, `at` its beginning; what
    was spent before the forecast is in it. `account`: whose, None when the app's. `short_from`: when a
    reading has to wait for the first time, and `longest_wait_s` how long one waits; None, 0.0 when none does.
    """

    allowance: Allowance
    busiest: float
    at: datetime | None
    account: str | None
    short_from: datetime | None
    longest_wait_s: float

    @property
    def part(self) -> float | None:
        """`busiest` as a part of the ceiling; None where there is none, or nothing may be read."""
        return self.busiest / self.allowance.ceiling if self.allowance.ceiling else None

    @property
    def is_short(self) -> bool:
        return self.short_from is not None

    def as_json(self) -> dict[str, Any]:
        return {
            "per": self.allowance.per,
            "ceiling": self.allowance.ceiling,
            "busiest": round(self.busiest),
            "part": None if self.part is None else round(self.part, 4),
            "at": iso(self.at),
            "social_connection_id": self.account,
            "short_from": iso(self.short_from),
            "longest_wait_s": round(self.longest_wait_s),
        }


@dataclass(frozen=True, slots=True)
class Expected:
    """Of one network.

    `wanted`: what it would cost if nothing had a ceiling, at the usual price. `accounts`: the cost by
    account; where destinations are sampled, of those in the sample alone.
    """

    cost: Cost
    wanted: Cost
    uses: Sequence[Use]
    accounts: Mapping[str, Cost]

    def as_json(self) -> dict[str, Any]:
        return {
            "cost": self.cost.as_json(),
            "wanted": self.wanted.as_json(),
            "allowances": {use.allowance.name: use.as_json() for use in self.uses},
            "accounts": {account: cost.as_json() for account, cost in self.accounts.items()},
        }


@dataclass(frozen=True, slots=True)
class Forecast:
    """`destinations`: how many it is about. `sampled`: how many were gone through, None when all."""

    begin: datetime
    until: datetime
    destinations: int
    sampled: int | None
    platforms: Mapping[str, Expected]

    def total(self) -> Cost:
        return sum((expected.cost for expected in self.platforms.values()), Cost())

    def as_json(self) -> dict[str, Any]:
        return {
            "from": iso(self.begin),
            "until": iso(self.until),
            "destinations": self.destinations,
            "sampled": self.sampled,
            "total": self.total().as_json(),
            "platforms": {name: expected.as_json() for name, expected in self.platforms.items()},
        }


def month_end(now: datetime) -> datetime:
    """The first moment of the next month, UTC."""
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)


def forecast(
    terms: Mapping[str, Terms],
    posts: Mapping[str, Sequence[Posts]],
    now: datetime,
    until: datetime | None = None,
) -> Forecast:
    """By platform; `until`: the end of the month when None. For many posts see samples.py."""
    until = until or month_end(now)
    platforms = {
        platform: expected(terms[platform], accounts, now, until) for platform, accounts in posts.items()
    }
    everything = [account for accounts in posts.values() for account in accounts]
    whole = sum((one.of or len(one.subjects)) * one.accounts for one in everything)
    taken = sum(len(one.subjects) for one in everything)
    return Forecast(
        now, until, round(whole), taken if any(one.sampled for one in everything) else None, platforms
    )


def expected(terms: Terms, posts: Sequence[Posts], now: datetime, until: datetime) -> Expected:
    posts = [account for account in posts if account.subjects]
    if any(account.sampled for account in posts):
        # What a few accounts do for many comes in lumps: it says little about minutes and hours.
        terms = replace(terms, allowances=[a for a in terms.allowances if a.window.seconds >= DAY_S])
    free = held = Rehearsal(terms, posts, now.timestamp(), held=False)
    free.run(until.timestamp())
    if free.passes() or any(terms.usual_price not in (None, account.price) for account in posts):
        held = Rehearsal(terms, posts, now.timestamp(), held=True)
        held.run(until.timestamp())
    return Expected(held.total(), free.total(), list(_uses(free, held)), held.costs)


class Rehearsal:
    """The loop's work on one network: within the ceilings at the present price, or with none."""

    def __init__(self, terms: Terms, posts: Sequence[Posts], begin: float, *, held: bool) -> None:
        self._terms, self._posts, self._begin, self._held = terms, posts, begin, held
        self._usd = price_of(tuple(terms.allowances))
        counted = [a for a in terms.allowances if a.window.seconds >= LEAST_WINDOW_S]
        self.meters: dict[tuple[str, str], Meter] = {}
        self._meters = {one.account: [self._meter(a, one.account) for a in counted] for one in posts}
        self.costs = {account.account: Cost() for account in posts}

    def _meter(self, allowance: Allowance, account: str) -> Meter:
        key = (allowance.name, account if allowance.per == "account" else "")
        if key not in self.meters:
            limit = self._terms.limit(allowance) if self._held else math.inf
            self.meters[key] = Meter(allowance, limit, self._begin, self._terms.spent.get(key, 0.0))
        return self.meters[key]

    def passes(self) -> bool:
        """Whether more is taken than there is."""
        return any(meter.busiest > self._terms.limit(meter.allowance) for meter in self.meters.values())

    def total(self) -> Cost:
        costs = (self.costs[account.account].times(account.accounts) for account in self._posts)
        return sum(costs, Cost())

    def run(self, until: float) -> None:
        rounds = [self._round(account) for account in self._posts]
        waits: dict[int, tuple[float, Meter]] = {}
        queue = [(max(self._begin, one.next_at()), n) for n, one in enumerate(rounds)]
        heapq.heapify(queue)
        while queue and queue[0][0] < until:
            now, n = queue[0]
            put_off = self._look(rounds[n], now)
            if n in waits:
                since, meter = waits[n]
                meter.waited(now - since)
            if put_off is None:
                waits.pop(n, None)
                heapq.heapreplace(queue, (max(now, rounds[n].next_at()), n))
            else:
                waits.setdefault(n, (now, put_off[0]))
                heapq.heapreplace(queue, (put_off[1], n))
        for since, meter in waits.values():
            meter.waited(until - since)

    def _round(self, posts: Posts) -> Round:
        usual = None if self._held else self._terms.usual_price
        return Round(posts, self._terms.showing, posts.price if usual is None else usual, self._begin)

    def _look(self, account: Round, now: float) -> tuple[Meter, float] | None:
        """Reads a batch; or, where that does not fit, what it waits for and until when."""
        whole = batch = account.batch(now)
        meters = self._meters[account.posts.account]
        for meter in meters if self._held else ():
            batch = self._fitting(meter, account.posts, batch, now)
            if not batch.posts:
                return meter, meter.put_off(self._amount(meter, account.posts, whole, 1), now)
        for meter in meters:
            meter.add(self._amount(meter, account.posts, batch), now)
        self._count(account.posts, batch)
        account.read(batch.posts, now)
        return None

    def _amount(self, meter: Meter, posts: Posts, batch: Batch, most: int | None = None) -> float:
        """What a batch, or the first `most` posts of it, counts, with all that it stands for."""
        accounts = posts.accounts if meter.allowance.per == "app" else 1.0
        if meter.allowance.charged_posts:
            return len(list(islice(batch.charged, most))) * posts.each * accounts
        spend = self._terms.spend(meter.allowance)
        read = len(batch.posts[:most])
        return (spend.batch * batch.requests + spend.post * read * posts.each) * accounts

    def _fitting(self, meter: Meter, posts: Posts, batch: Batch, now: float) -> Batch:
        """What of a batch fits into what is left; what stands for many fits by half."""
        left = meter.left(now) / (0.5 if posts.sampled else 1.0)
        if self._amount(meter, posts, batch) <= max(0.0, left):
            return batch
        fits = bisect_right(
            range(1, len(batch.posts) + 1), left, key=lambda most: self._amount(meter, posts, batch, most)
        )
        if not meter.allowance.charged_posts:
            return replace(batch, posts=batch.posts[:fits], charged=batch.charged & set(batch.posts[:fits]))
        paid = set([n for n in batch.posts if n in batch.charged][:fits])
        kept = [n for n in batch.posts if n in paid or n not in batch.charged] if paid else []
        return replace(batch, posts=kept, charged=paid)

    def _count(self, posts: Posts, batch: Batch) -> None:
        charged = len(batch.charged) * posts.each if self._terms.charges else 0.0
        requests = self._terms.requests_per_batch * batch.requests
        cost = Cost(requests, len(batch.posts) * posts.each, charged, charged * self._usd)
        self.costs[posts.account] += cost


def _uses(free: Rehearsal, held: Rehearsal) -> Iterable[Use]:
    """An allowance each, of the account that takes most."""
    most: dict[str, str] = {}
    for (name, scope), meter in free.meters.items():
        if name not in most or meter.busiest > free.meters[name, most[name]].busiest:
            most[name] = scope
    for name, scope in most.items():
        meter = free.meters[name, scope]
        bound = [other for (known, _), other in held.meters.items() if known == name]
        yield Use(
            meter.allowance,
            meter.busiest,
            _moment(meter.busiest_at),
            scope or None,
            _moment(min(other.short_from for other in bound)),
            max(other.longest_wait_s for other in bound),
        )


def _moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if math.isfinite(seconds) else None
