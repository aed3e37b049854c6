"""The worlds of bench/freshness.py: six networks, posts whose curves are hard to foresee, and their readers.

A post's curve is the simulated networks' (sandbox/engagement.py), with its own speed (log-normal), day and
night, bursts at random ages, counters that fall. Every number is a whole count; part of them comes late, by a
lag of the post's own within what the network documents, or once a day. Times are unix seconds, ages seconds.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sextant.platforms.facebook.limits import SHOWING as FACEBOOK
from sextant.platforms.freshness import Showing
from sextant.platforms.instagram.limits import SHOWING as INSTAGRAM
from sextant.platforms.linkedin.limits import SHOWING as LINKEDIN
from sextant.platforms.tiktok.limits import SHOWING as TIKTOK
from sextant.platforms.x.limits import SHOWING as X
from sextant.platforms.youtube.limits import SHOWING as YOUTUBE
from sextant.sandbox.engagement import audience, chance, earned

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
BEFORE = 60 * DAY
START = 20_000 * DAY
"""The beginning of the measured month, a midnight UTC; the policies start three days earlier."""


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


def published(
    seed: int, network: Network, count: int, days: float, per_account: int, often: float = 1.0
) -> list[Post]:
    dice = random.Random(f"{seed}/{network.name}")
    times = sorted(START - BEFORE + dice.random() * (BEFORE + days * DAY) for _ in range(count))
    accounts = max(1, round(count / per_account))
    return [Post(seed, network, dice.randrange(accounts), n, at, often) for n, at in enumerate(times)]


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
