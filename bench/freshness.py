"""How wrong the numbers are that a reader gets, for several ways to spend the same calls. Simulated, no I/O.

Posts on six networks, published evenly over the 60 days before and all through the measured month, by
accounts of `--account-posts` posts each. A post's curve is the simulated networks' (sandbox/engagement.py),
with what makes it hard to foresee: its own speed (log-normal), day and night, bursts at random ages, counters
that fall. Every number is a whole count; part of them comes late, by a lag of the post's own within what the
network documents, or once a day.

The error is that of the stored numbers against what the network would answer at that moment: the mean over
the post's numbers of |stored - shown| / shown, a number never read counting 1. Readers ask at random moments;
`--demand` says for which posts: `mixed` (default; half for any post of the last 60 days alike, half for young
ones, by 1 / (1 + age in days)), `even` or `young` (only the one or the other half).

Every policy may spend, per network, what `age_table` costs there (times `--budget`; the table itself is never
scaled), in the network's own unit (billed posts, counted calls or requests), with the same batches and the
same billing days. `hourly` and `daily` are rounds over all posts, least recently read first, at a pace that
spends just that: when there is more than one round's worth, the interval is shortened. `age_table`: 24
hourly, 6-hourly until day 7, daily until day 30, weekly until day 90. `oracle`: what the true curves and the
demand make most worth a reading, greedily (so not a lower bound); the better of two ways.

    python bench/freshness.py [--json] [--posts 2000] [--days 30] [--seeds 1] [--demand mixed] [--budget 1]
        [--bursts 1]
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean as mean

from sextant.planning import (
    Candidate,
    Growth,
    Subject,
    changed,
    choose,
    due_at,
    next_day,
    repriced,
    worth,
)
from sextant.platforms.facebook.limits import SHOWING as FACEBOOK
from sextant.platforms.freshness import Showing
from sextant.platforms.instagram.limits import SHOWING as INSTAGRAM
from sextant.platforms.linkedin.limits import SHOWING as LINKEDIN
from sextant.platforms.tiktok.limits import SHOWING as TIKTOK
from sextant.platforms.x.limits import SHOWING as X
from sextant.platforms.youtube.limits import SHOWING as YOUTUBE
from sextant.sandbox.engagement import audience, chance, earned

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
TICK = 5 * MINUTE
WARM_UP = 3 * DAY
BEFORE = 60 * DAY
START = 20_000 * DAY
"""The beginning of the measured month, a midnight UTC; the policies start three days earlier."""
POLICIES = ("planner", "hourly", "daily", "age_table", "oracle")
AGE_TABLE = ((DAY, HOUR), (7 * DAY, 6 * HOUR), (30 * DAY, DAY), (90 * DAY, 7 * DAY))


# ---- the simulated networks -----------------------------------------------------------------------


@dataclass(frozen=True)
class Network:
    """`live` and `late`: numbers and their parts of the times shown. `lag`: how late, in days, from and to.

    `daily`: the late numbers are renewed once a day. `speed`: how fast posts live here, 1 being the sandbox.
    """

    name: str
    showing: Showing
    speed: float
    live: dict[str, float]
    late: dict[str, float] = field(default_factory=dict)
    lag: tuple[float, float] = (0.0, 0.0)
    daily: bool = False


NETWORKS = (
    Network(
        "x",
        X,
        2.5,
        {
            "impressions": 1.0,
            "likes": 0.02,
            "comments": 0.003,
            "shares": 0.004,
            "engagement": 0.06,
            "clicks": 0.006,
            "bookmarks": 0.004,
        },
    ),
    Network(
        "linkedin",
        LINKEDIN,
        0.7,
        {"likes": 0.03, "comments": 0.004},
        {"impressions": 1.0, "clicks": 0.03, "shares": 0.002},
        (0.0, 2.0),
    ),
    Network(
        "instagram",
        INSTAGRAM,
        1.0,
        {"likes": 0.05, "comments": 0.006},
        {"views": 1.0, "saves": 0.008, "shares": 0.009, "engagement": 0.07},
        (0.5, 2.0),
    ),
    Network(
        "facebook",
        FACEBOOK,
        0.8,
        {"likes": 0.04, "comments": 0.006, "shares": 0.004},
        {"views": 1.0, "clicks": 0.028, "video_views": 0.35},
        (0.0, 0.2),
        daily=True,
    ),
    Network(
        "tiktok",
        TIKTOK,
        0.6,
        {"views": 1.0, "likes": 0.05, "comments": 0.004, "shares": 0.006},
        {"saves": 0.008, "video_viewers": 0.85, "video_watch_time_ms": 4000.0},
        (1.0, 2.0),
    ),
    Network(
        "youtube",
        YOUTUBE,
        0.3,
        {"views": 1.2, "likes": 0.05, "comments": 0.006},
        {"shares": 0.01, "video_watch_time_ms": 4800.0},
        (2.0, 3.0),
        daily=True,
    ),
)


def normal(*seed: object) -> float:
    return math.sqrt(-2 * math.log(1 - chance(*seed, "r"))) * math.cos(2 * math.pi * chance(*seed, "a"))


class Post:
    """One post's true curve."""

    def __init__(
        self, seed: int, network: Network, account: int, n: int, published: float, often: float = 1.0
    ) -> None:
        self.id = f"{seed}/{network.name}/{n}"
        self.network, self.account, self.published = network, account, published
        self.audience = audience(self.id)
        self.speed = network.speed * math.exp(0.8 * normal(self.id, "speed"))
        self.phase = 2 * math.pi * chance(self.id, "zone")
        self.lag = DAY * (network.lag[0] + (network.lag[1] - network.lag[0]) * chance(self.id, "lag"))
        self.bursts = list(bursts(self.id, often))
        self.falls = 30 * DAY * chance(self.id, "when") if chance(self.id, "falls") < 0.1 else math.inf
        self.live = {name: self.taste(name) * share for name, share in network.live.items()}
        self.late = {name: self.taste(name) * share for name, share in network.late.items()}

    def taste(self, name: str) -> float:
        return 0.7 + 0.6 * chance(self.id, name)

    def met(self, moment: float) -> float:
        """How many have met the post: its curve, slower by night, and its bursts."""
        age = moment - self.published
        if age <= 0:
            return 0.0
        day = 2 * math.pi / DAY
        awake = age + 0.7 / day * (
            math.sin(day * moment + self.phase) - math.sin(day * self.published + self.phase)
        )
        part = earned(max(0.0, awake) * self.speed)
        for start, size in self.bursts:
            if age > start:
                part += size * earned((age - start) * self.speed)
        return self.audience * part * (0.95 if age > self.falls else 1.0)

    def shown(self, moment: float) -> dict[str, int]:
        """What the network would answer now; a late number that is not out yet is left out."""
        met = self.met(moment)
        numbers = {name: int(met * share) for name, share in self.live.items()}
        out = (moment - self.lag) // DAY * DAY if self.network.daily else moment - self.lag
        if self.late and out > self.published:
            met = self.met(out)
            numbers.update((name, int(met * share)) for name, share in self.late.items())
        return numbers


def bursts(post_id: str, often: float) -> Iterator[tuple[float, float]]:
    """A quarter of the posts is taken up again, some twice: at any age from an hour to 60 days alike on a
    logarithmic scale, by a tenth to three times what it had."""
    for n in range(2):
        if chance(post_id, "burst", n) < often * (0.25 - 0.1 * n):
            age = HOUR * math.pow(60 * 24, chance(post_id, "age", n))
            yield age, 0.1 * math.pow(30, chance(post_id, "size", n))


def wrong(stored: dict[str, int] | None, shown: dict[str, int]) -> float:
    """The mean relative error of a post's numbers, each at most 1."""
    if not shown:
        return 0.0
    stored = stored or {}
    return sum(off(stored.get(name), value) for name, value in shown.items()) / len(shown)


def off(stored: int | None, shown: int) -> float:
    if stored is None:
        return 1.0
    return min(1.0, abs(shown - stored) / shown) if shown else float(stored != 0)


# ---- readers --------------------------------------------------------------------------------------


READERS = 12_000
"""A network, so that the error of their mean is some hundredths of it."""
Asked = tuple[Post, float, dict[str, int]]
"""The post asked for, when, and what the network shows then."""


def demand(age: float, kind: str) -> float:
    """How much a post of this age is asked for; the mean over the first 60 days is 1."""
    young = 60 / math.log1p(60) / (1 + age / DAY)
    return {"even": 1.0, "young": young, "mixed": (1 + young) / 2}[kind]


def readers(posts: Sequence[Post], days: float, kind: str, seed: int) -> list[Asked]:
    """Random moments of the month with the post asked for, by rejection."""
    dice, found = random.Random(seed), []
    most = demand(0, kind)
    while len(found) < READERS:
        post, moment = dice.choice(posts), START + days * DAY * dice.random()
        age = moment - post.published
        if 0 < age < BEFORE and dice.random() * most < demand(age, kind):
            found.append((post, moment, post.shown(moment)))
    return found


def mean_error(asked: Sequence[Asked], reads: dict[str, list[float]]) -> float:
    total = 0.0
    for post, moment, shown in asked:
        times = reads[post.id]
        place = bisect_right(times, moment)
        total += wrong(post.shown(times[place - 1]) if place else None, shown)
    return total / len(asked)


# ---- what a reading costs, for every policy alike ---------------------------------------------------


class Ledger:
    """What one policy has read on one network, and what that cost."""

    def __init__(self, network: Network, posts: Sequence[Post], start: float) -> None:
        self.showing = network.showing
        self.spent = 0.0
        self.reads: dict[str, list[float]] = {p.id: [start] if p.published < start else [] for p in posts}

    def last(self, post: Post) -> float | None:
        times = self.reads[post.id]
        return times[-1] if times else None

    def cost(self, batch: Sequence[Post], now: float) -> float:
        return self.showing.request + self.showing.post * sum(not self.paid(post, now) for post in batch)

    def paid(self, post: Post, now: float) -> bool:
        """Whether this UTC day has been paid for."""
        last = self.last(post)
        return self.showing.billed_daily and last is not None and now < next_day(last)

    def read(self, batch: Sequence[Post], now: float) -> None:
        self.spent += self.cost(batch, now)
        for post in batch:
            self.reads[post.id].append(now)


# ---- policies -------------------------------------------------------------------------------------


@dataclass
class Scene:
    """One network in one run. `budget` is for the whole time, warm-up included."""

    network: Network
    posts: list[Post]
    end: float
    kind: str
    budget: float = math.inf

    def __post_init__(self) -> None:
        self.start = START - WARM_UP
        self.accounts: dict[int, list[Post]] = {}
        for post in self.posts:
            self.accounts.setdefault(post.account, []).append(post)

    def ledger(self) -> Ledger:
        return Ledger(self.network, self.posts, self.start)

    def allowed(self, now: float) -> float:
        return self.budget * (min(now, self.end) - self.start) / (self.end - self.start)


def age_table(scene: Scene) -> Ledger:
    """Every hour what the table calls due, in batches of an account; nothing rides along."""
    ledger = scene.ledger()
    due = [(max(post.published, scene.start) + HOUR, n, post) for n, post in enumerate(scene.posts)]
    heapq.heapify(due)
    now = scene.start
    while now < scene.end:
        now += HOUR
        ready: dict[int, list[Post]] = {}
        while due and due[0][0] <= now:
            _, n, post = heapq.heappop(due)
            ready.setdefault(post.account, []).append(post)
            wait = next((every for below, every in AGE_TABLE if now - post.published < below), None)
            if wait:
                heapq.heappush(due, (now + wait, n, post))
        for posts in ready.values():
            for batch in split(posts, scene.network.showing.batch):
                ledger.read(batch, now)
    return ledger


def split(posts: list[Post], size: int) -> Iterator[list[Post]]:
    for at in range(0, len(posts), size):
        yield posts[at : at + size]


def polling(scene: Scene, every: float) -> Ledger:
    """Rounds over all posts, the least recently read first, `every` seconds what the budget allows by then.

    More than one whole round's worth at a time is spread: the ticks come so often that each is at most one.
    """
    ledger = scene.ledger()
    share = scene.budget * every / (scene.end - scene.start)
    every /= max(1, math.floor(share / whole_round(scene)))
    now = scene.start
    while now < scene.end:
        now += every
        poll(scene, ledger, now)
    return ledger


def whole_round(scene: Scene) -> float:
    """What one reading of every post that is out costs, at the middle of the time."""
    showing, middle = scene.network.showing, (scene.start + scene.end) / 2
    counts = [sum(p.published < middle for p in posts) for posts in scene.accounts.values()]
    return sum(showing.request * math.ceil(n / showing.batch) + showing.post * n for n in counts) or 1.0


def poll(scene: Scene, ledger: Ledger, now: float) -> None:
    out = [post for post in scene.posts if post.published < now]
    out.sort(key=lambda post: ledger.last(post) or 0.0)
    rows: dict[int, list[Post]] = {}
    for post in out:
        rows.setdefault(post.account, []).append(post)
    size = scene.network.showing.batch if scene.network.showing.room_is_free else 1
    done: set[str] = set()
    for post in out:
        if post.id in done:
            continue
        batch = [other for other in rows[post.account] if other.id not in done][:size]
        if ledger.spent + ledger.cost(batch, now) > scene.allowed(now):
            return
        ledger.read(batch, now)
        done.update(other.id for other in batch)


class Mind:
    """What a policy believes of a post: when it is due, and what a reading is worth."""

    def due(self, post: Post, last: float | None, price: float) -> float:
        raise NotImplementedError

    def worth(self, post: Post, last: float | None, now: float) -> float:
        raise NotImplementedError

    def rider(self, post: Post, last: float | None, now: float) -> float:
        """The worth of one that is not due, to rank those by."""
        return self.worth(post, last, now)

    def saw(self, post: Post, last: float | None, now: float) -> None:
        """Called when a reading is made; `last` is the one before."""


class Planner(Mind):
    """Sextant's: knows the readings and nothing else."""

    def __init__(self, network: Network) -> None:
        self.showing = network.showing
        self.growth: dict[str, Growth] = {}
        self.numbers: dict[str, dict[str, int]] = {}

    def subject(self, post: Post, last: float | None) -> Subject:
        return Subject(post.published, last, self.growth.get(post.id, Growth()), self.out(post))

    def out(self, post: Post) -> bool:
        """Whether the last reading had the late numbers; not known of posts read before the beginning."""
        return (
            not post.late or post.id not in self.numbers or post.late.keys() <= self.numbers[post.id].keys()
        )

    def due(self, post: Post, last: float | None, price: float) -> float:
        return due_at(self.subject(post, last), self.showing, price)

    def worth(self, post: Post, last: float | None, now: float) -> float:
        return worth(self.subject(post, last), self.showing, now)

    def saw(self, post: Post, last: float | None, now: float) -> None:
        numbers = post.shown(now)
        if last is not None and post.id in self.numbers:
            ages = last - post.published, now - post.published
            growth, out = self.growth.get(post.id, Growth()), self.out(post)
            growth = growth.after(changed(self.numbers[post.id], numbers), *ages, self.showing, out)
            if not out and post.late.keys() <= numbers.keys():
                growth = growth.arrived(*ages, self.showing)
            self.growth[post.id] = growth
        self.numbers[post.id] = numbers


class Oracle(Mind):
    """Knows the true curves and the demand. `way`: `stood` weighs the error by how long it stood (as the
    planner does), `error` takes the error alone."""

    def __init__(self, network: Network, kind: str, way: str) -> None:
        self.showing, self.kind, self.way = network.showing, kind, way
        self.numbers: dict[str, dict[str, int]] = {}

    def saw(self, post: Post, last: float | None, now: float) -> None:
        self.numbers[post.id] = post.shown(now)

    def rider(self, post: Post, last: float | None, now: float) -> float:
        """By the curve alone, without its rounding to whole counts."""
        before, met = post.met(last or 0.0), post.met(now)
        return (
            demand(now - post.published, self.kind)
            * (1 - before / met if met > before else 0.0)
            * (now - (last or post.published))
        )

    def worth(self, post: Post, last: float | None, now: float) -> float:
        since = post.published if last is None else last
        stored = self.numbers.get(post.id)
        if stored is None and last is not None:
            stored = self.numbers[post.id] = post.shown(last)
        weight = demand(now - post.published, self.kind)
        error = wrong(stored, post.shown(now))
        if self.way == "error":
            return weight * error * HOUR
        return weight * error * (now - since) / 2

    def due(self, post: Post, last: float | None, price: float) -> float:
        since = post.published if last is None else last
        if last is None or not self.showing.billed_daily:
            return self.reached(post, last, since, price * (self.showing.request + self.showing.post))
        again = self.reached(post, last, since, price * 0.05)
        if again < next_day(last):
            return again
        return max(next_day(last), self.reached(post, last, since, price))

    def reached(self, post: Post, last: float | None, since: float, cost: float) -> float:
        """The first step of a widening walk at which the worth is there, then halved."""
        low, high = 0.0, TICK
        while high < 40 * DAY and self.worth(post, last, since + high) < cost:
            low, high = high, high * 1.6
        for _ in range(4):
            middle = (low + high) / 2
            low, high = (low, middle) if self.worth(post, last, since + middle) >= cost else (middle, high)
        return since + max(TICK, high)


class Desk:
    """Carries a mind's wishes out under the budget: the same for the planner and the oracle."""

    def __init__(self, scene: Scene, mind: Mind, price: float) -> None:
        self.scene, self.mind, self.price = scene, mind, price
        self.ledger = scene.ledger()
        self.showing = scene.network.showing
        self.heap: list[tuple[float, int]] = []
        for n, post in enumerate(scene.posts):
            heapq.heappush(self.heap, (max(post.published, scene.start), n))
        self.waiting: set[int] = set()
        self.places = {post.id: n for n, post in enumerate(scene.posts)}
        self.due_for: dict[int, float | None] = {}
        self.looked = 0.0

    def run(self) -> Ledger:
        now, look = self.scene.start, self.scene.start + DAY / 8
        while now < self.scene.end:
            now += TICK
            self.wake(now)
            self.serve(now)
            if now >= look:
                self.look(now)
                look += DAY / 8
        return self.ledger

    def wake(self, now: float) -> None:
        """A post's due time is reckoned when its earlier one comes; many were read in between as riders."""
        while self.heap and self.heap[0][0] <= now:
            _, n = heapq.heappop(self.heap)
            post = self.scene.posts[n]
            last = self.ledger.last(post)
            if self.due_for.get(n, -1.0) == last and n in self.due_for:
                self.waiting.add(n)
                continue
            self.due_for[n] = last
            heapq.heappush(self.heap, (self.mind.due(post, last, self.price), n))

    def serve(self, now: float) -> None:
        """The most worth per cost first, while the budget allows."""
        least = 0.0 if self.showing.billed_daily else self.showing.request + self.showing.post
        if not self.waiting or self.ledger.spent + least > self.scene.allowed(now + HOUR):
            return
        batches = [batch for batch in self.batches(now) if batch]
        batches.sort(key=lambda b: -sum(c.worth for c in b) / (self.cost(b, now) or 1e-9))
        for batch in batches:
            if self.ledger.spent + self.cost(batch, now) <= self.scene.allowed(
                min(now + HOUR, self.scene.end)
            ):
                self.read(batch, now)

    def batches(self, now: float) -> Iterator[list[Candidate]]:
        accounts: dict[int, list[int]] = {}
        for n in self.waiting:
            accounts.setdefault(self.scene.posts[n].account, []).append(n)
        for account, places in accounts.items():
            if self.showing.room_is_free:
                yield choose(self.candidates(account, now), self.showing.batch, self.showing)
            else:
                yield from ([self.candidate(n, now)] for n in places)

    def candidates(self, account: int, now: float) -> Iterator[Candidate]:
        for post in self.scene.accounts[account]:
            if post.published < now:
                yield self.candidate(self.places[post.id], now)

    def candidate(self, n: int, now: float) -> Candidate:
        post = self.scene.posts[n]
        reckon = self.mind.worth if n in self.waiting else self.mind.rider
        return Candidate(post.id, reckon(post, self.ledger.last(post), now), n in self.waiting)

    def cost(self, batch: Sequence[Candidate], now: float) -> float:
        return self.ledger.cost([self.scene.posts[self.places[c.id]] for c in batch], now)

    def read(self, batch: Sequence[Candidate], now: float) -> None:
        posts = [self.scene.posts[self.places[c.id]] for c in batch]
        for post in posts:
            self.mind.saw(post, self.ledger.last(post), now)
        self.ledger.read(posts, now)
        for candidate in batch:
            if candidate.due:
                n = self.places[candidate.id]
                self.waiting.discard(n)
                heapq.heappush(self.heap, (now, n))

    def look(self, now: float) -> None:
        """What was saved so far may be spent within a day."""
        left = self.scene.allowed(now) - self.ledger.spent
        planned = self.scene.budget / (self.scene.end - self.scene.start) * DAY / 8 + left / 8
        self.price = repriced(self.price, self.ledger.spent - self.looked, planned)
        self.looked = self.ledger.spent


# ---- runs -----------------------------------------------------------------------------------------


def published(
    seed: int, network: Network, count: int, days: float, per_account: int, often: float = 1.0
) -> list[Post]:
    dice = random.Random(f"{seed}/{network.name}")
    times = sorted(START - BEFORE + dice.random() * (BEFORE + days * DAY) for _ in range(count))
    accounts = max(1, round(count / per_account))
    return [Post(seed, network, dice.randrange(accounts), n, at, often) for n, at in enumerate(times)]


WAYS: dict[str, Callable[[Scene], list[Ledger]]] = {
    "planner": lambda s: [Desk(s, Planner(s.network), 1000.0).run()],
    "hourly": lambda s: [polling(s, HOUR)],
    "daily": lambda s: [polling(s, DAY)],
    "age_table": lambda s: [age_table(s)],
    "oracle": lambda s: [Desk(s, Oracle(s.network, s.kind, w), 1000.0).run() for w in ("stood", "error")],
}


def one(network: Network, seed: int, options: argparse.Namespace) -> dict[str, tuple[float, float]]:
    """Error and cost of each policy on one network."""
    count = max(2, options.posts // len(NETWORKS))
    posts = published(seed, network, count, options.days, options.account_posts, options.bursts)
    scene = Scene(network, posts, START + options.days * DAY, options.demand)
    asked = readers(posts, options.days, options.demand, seed)
    table = age_table(scene)
    scene.budget = table.spent * options.budget
    found = {}
    for policy in POLICIES:
        ledgers = [table] if policy == "age_table" else WAYS[policy](scene)
        tried = [(mean_error(asked, ledger.reads), ledger.spent) for ledger in ledgers]
        found[policy] = min(tried)
    return found


Found = dict[str, dict[str, tuple[float, float]]]
"""Network → policy → error and calls, the mean over the seeds."""


def measure(options: argparse.Namespace) -> Found:
    found: Found = {}
    for network in NETWORKS:
        runs = [one(network, seed, options) for seed in range(options.seed, options.seed + options.seeds)]
        found[network.name] = {
            policy: (mean(run[policy][0] for run in runs), mean(run[policy][1] for run in runs))
            for policy in POLICIES
        }
    return found


def summary(found: Found) -> dict[str, float]:
    """The mean error over the networks, each counting the same; `calls`: what the planner spent."""
    errors = {policy: round(mean(row[policy][0] for row in found.values()), 6) for policy in POLICIES}
    return {**errors, "calls": round(sum(row["planner"][1] for row in found.values()))}


def show(found: Found) -> None:
    whole = summary(found)
    print(f"{'error a reader meets':<22}" + "".join(f"{policy:>11}" for policy in POLICIES))
    for name, row in found.items():
        print(f"{name:<22}" + "".join(f"{row[policy][0]:>11.2%}" for policy in POLICIES))
    print(f"{'mean':<22}" + "".join(f"{whole[policy]:>11.2%}" for policy in POLICIES))
    spent = {policy: sum(row[policy][1] for row in found.values()) for policy in POLICIES}
    print(f"{'calls':<22}" + "".join(f"{spent[policy]:>11,.0f}" for policy in POLICIES))
    ours = whole["planner"]
    against = {
        policy: ours / whole[policy] if whole[policy] else math.inf
        for policy in POLICIES
        if policy != "planner"
    }
    print(f"{'planner against':<22}{'':>11}" + "".join(f"{ratio:>11.2f}" for ratio in against.values()))


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--posts", type=int, default=2000)
    parser.add_argument("--days", type=float, default=30)
    parser.add_argument("--seeds", type=int, default=1, help="how many worlds")
    parser.add_argument("--seed", type=int, default=0, help="the first of them")
    parser.add_argument("--account-posts", type=int, default=90)
    parser.add_argument("--demand", choices=("mixed", "even", "young"), default="mixed")
    parser.add_argument("--budget", type=float, default=1.0, help="times what age_table costs")
    parser.add_argument("--bursts", type=float, default=1.0, help="how often posts are taken up again")
    return parser.parse_args(given)


def main() -> None:
    options = arguments()
    found = measure(options)
    if options.json:
        print(json.dumps(summary(found)))
    else:
        print(
            f"{options.posts:,} posts, {options.days:g} days, {options.seeds} worlds, {options.demand} demand"
        )
        show(found)


if __name__ == "__main__":
    main()
