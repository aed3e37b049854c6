"""How wrong the numbers are that a reader gets, for several ways to spend the same calls. Simulated, no I/O.

Posts on six networks, published evenly over the 60 days before and all through the measured month, by
accounts of `--account-posts` posts each (freshness_world.py says what makes them hard to foresee).

The error is that of the stored numbers against what the network would answer at that moment: the mean over
the post's numbers of |stored - shown| / shown, a number never read counting 1. Readers ask at random moments;
`--demand` says for which posts: `mixed` (default; half for any post of the last 60 days alike, half for young
ones, by 1 / (1 + age in days)), `even` or `young` (only the one or the other half).

Every policy may spend, per network, what `age_table` costs there (times `--budget`; the table itself is never
scaled), in the network's own unit (billed posts, counted calls or requests), with the same batches and the
same billing days. `hourly` and `daily` are rounds over all posts, least recently read first, at a pace that
spends just that: when there is more than one round's worth, the interval is shortened. `age_table`: 24
hourly, 6-hourly until day 7, daily until day 30, weekly until day 90. `oracle`: what the true curves and the
demand make most worth a reading, greedily (so not a lower bound); the better of two ways. `planner` knows
readings only; of the posts from before the beginning it has those of the table.

    python bench/freshness.py [--json] [--posts 2000] [--days 30] [--seeds 1] [--demand mixed] [--budget 1]
        [--bursts 1]
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean as mean

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.freshness_world import (
    DAY,
    HOUR,
    MINUTE,
    NETWORKS,
    START,
    Asked,
    Network,
    Post,
    demand,
    published,
    readers,
    wrong,
)

from sextant.collecting.growth import Growth
from sextant.collecting.planning import (
    FIRST_PRICE,
    Candidate,
    Subject,
    changed,
    choose,
    due_at,
    newborn,
    next_day,
    repriced,
    worth,
)

TICK = 5 * MINUTE
WARM_UP = 3 * DAY
LOOKS = 8
"""How often a day the price is looked at."""
SAVED = 2.0
"""What was not spent may be, within so many days."""
AHEAD, BILLED_AHEAD = 3 * HOUR, DAY / 2
"""How long before its time the budget may be spent: where a day is billed, half of it when it begins; the
other half is kept for the posts that come in the day."""
POLICIES = ("planner", "hourly", "daily", "age_table", "oracle")
AGE_TABLE = ((DAY, HOUR), (7 * DAY, 6 * HOUR), (30 * DAY, DAY), (90 * DAY, 7 * DAY))


# ---- what a reading costs and gives, for every policy alike ----------------------------------------


def mean_error(asked: Sequence[Asked], reads: dict[str, list[float]]) -> float:
    total = 0.0
    for post, moment, shown in asked:
        times = reads[post.id]
        place = bisect_right(times, moment)
        total += wrong(post.shown(times[place - 1]) if place else None, shown)
    return total / len(asked)


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
            wait = table_wait(now - post.published)
            if wait < math.inf:
                heapq.heappush(due, (now + wait, n, post))
        for posts in ready.values():
            for batch in split(posts, scene.network.showing.batch):
                ledger.read(batch, now)
    return ledger


def table_wait(age: float) -> float:
    return next((every for below, every in AGE_TABLE if age < below), math.inf)


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

    def begin(self, post: Post, start: float) -> None:
        """Called for each post that is out when the policies start."""


class Planner(Mind):
    """Sextant's: knows the readings and nothing else."""

    def __init__(self, network: Network) -> None:
        self.showing = network.showing
        self.growth: dict[str, Growth] = {}
        self.born: dict[int, list[Post]] = {}
        self.last: dict[str, float] = {}
        self.numbers: dict[str, dict[str, int]] = {}

    def subject(self, post: Post, last: float | None) -> Subject:
        if post.id not in self.growth:
            self.growth[post.id] = self.newborn(post)
        return Subject(post.published, last, self.growth[post.id], self.out(post))

    def newborn(self, post: Post) -> Growth:
        """From the latest posts of the account, as the collector does when it is published."""
        family = self.born.setdefault(post.account, [])
        siblings = [
            Subject(other.published, self.last.get(other.id), self.growth[other.id]) for other in family[-30:]
        ]
        family.append(post)
        return newborn(siblings, self.showing)

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
            growth, out = self.growth[post.id], self.out(post)
            growth = growth.after(changed(self.numbers[post.id], numbers), *ages, self.showing, out)
            if not out and post.late.keys() <= numbers.keys():
                growth = growth.arrived(*ages, self.showing)
            self.growth[post.id] = growth
        self.last[post.id] = now
        self.numbers[post.id] = numbers

    def begin(self, post: Post, start: float) -> None:
        """It was read by the table's times until then: what was planned before has left its history too."""
        last, now = None, post.published + HOUR
        self.subject(post, None)
        while now < start:
            self.saw(post, last, now)
            last, now = now, now + table_wait(now - post.published)
        self.saw(post, last, start)


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
            if post.published < scene.start:
                mind.begin(post, scene.start)
        self.waiting: set[int] = set()
        self.places = {post.id: n for n, post in enumerate(scene.posts)}
        self.due_for: dict[int, float | None] = {}
        self.looks = [(scene.start, 0.0)]

    def run(self) -> Ledger:
        now, look = self.scene.start, self.scene.start + DAY / LOOKS
        while now < self.scene.end:
            now += TICK
            self.wake(now)
            self.serve(now)
            if now >= look:
                self.look(now)
                look += DAY / LOOKS
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
        if not self.waiting or self.ledger.spent + least > self.most(now):
            return
        batches = [batch for batch in self.batches(now) if batch]
        batches.sort(key=lambda b: -sum(c.worth for c in b) / (self.cost(b, now) or 1e-9))
        for batch in batches:
            if self.ledger.spent + self.cost(batch, now) <= self.most(now):
                self.read(batch, now)

    def most(self, now: float) -> float:
        """What may be spent by now."""
        ahead = now + (BILLED_AHEAD if self.showing.billed_daily else AHEAD)
        return self.scene.allowed(ahead)

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

    def wanted(self, now: float) -> float:
        """What is due and had to wait would cost."""
        posts = [self.scene.posts[n] for n in self.waiting]
        if not self.showing.room_is_free:
            return self.ledger.cost(posts, now)
        return self.showing.request * len({post.account for post in posts})

    def look(self, now: float) -> None:
        """The price follows what was spent in the last day."""
        self.looks.append((now, self.ledger.spent))
        begin, before = self.looks[max(0, len(self.looks) - 1 - LOOKS)]
        days = (now - begin) / DAY
        left = self.scene.allowed(now) - self.ledger.spent
        planned = days * (self.scene.budget / (self.scene.end - self.scene.start) * DAY + left / SAVED)
        self.price = repriced(self.price, self.ledger.spent - before + self.wanted(now), planned)
        self.postpone(now)

    def postpone(self, now: float) -> None:
        """What is not worth the new price waits no more: else it would drive the price for ever."""
        for n in list(self.waiting):
            post = self.scene.posts[n]
            due = self.mind.due(post, self.ledger.last(post), self.price)
            if due > now:
                self.waiting.discard(n)
                heapq.heappush(self.heap, (due, n))


# ---- runs -----------------------------------------------------------------------------------------


WAYS: dict[str, Callable[[Scene], list[Ledger]]] = {
    "planner": lambda s: [Desk(s, Planner(s.network), FIRST_PRICE).run()],
    "hourly": lambda s: [polling(s, HOUR)],
    "daily": lambda s: [polling(s, DAY)],
    "age_table": lambda s: [age_table(s)],
    "oracle": lambda s: [
        Desk(s, Oracle(s.network, s.kind, w), FIRST_PRICE).run() for w in ("stood", "error")
    ],
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
