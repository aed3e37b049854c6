"""What reading may cost: reserved in the database before a call goes out.

A process that dies between the two has spent too much on paper, never in truth; and all processes draw on the
same purses.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.clock import Clock
from sextant.errors import WaitUntil
from sextant.platforms.allowances import Allowance
from sextant.platforms.base import Request
from sextant.store import Store, tallies
from sextant.store.tallies import Purse

LOOP_PART = 0.9
"""The part of each ceiling that is for reading by plan; the rest is left to those who ask for a live read."""
AHEAD_PART = 0.75
MOMENT = timedelta(seconds=2)
"""A window that ends so soon is waited for."""


class Spent(WaitUntil):
    """A ceiling of ours is reached; nothing was sent. `account_only`: the account's, and not the app's."""

    advice = "What may be asked of the network in this span of time is used up."

    def __init__(self, allowance: Allowance, until: datetime) -> None:
        super().__init__(until, f"{allowance.name} is {allowance.ceiling}")
        self.account_only = allowance.per == "account"


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of an allowance in its present window."""

    purse: Purse
    ceiling: int
    left: int


class Budgets:
    def __init__(self, store: Store, clock: Clock, allowances: Mapping[str, Sequence[Allowance]]) -> None:
        self.store, self.clock = store, clock
        self.usual: dict[str, dict[str, int]] = {}
        """What the last read at a network spent, by allowance."""
        self._allowances = {
            platform: {allowance.name: allowance for allowance in found}
            for platform, found in allowances.items()
        }

    @property
    def platforms(self) -> list[str]:
        return list(self._allowances)

    def of(self, platform: str) -> Mapping[str, Allowance]:
        """A network's allowances by name."""
        return self._allowances.get(platform, {})

    def limited(self, platform: str) -> dict[str, Allowance]:
        """Those that have a ceiling."""
        return {
            name: allowance for name, allowance in self.of(platform).items() if allowance.ceiling is not None
        }

    def meter(self, platform: str, connection_id: str, part: float = 1.0) -> Meter:
        return Meter(self, platform, connection_id, part)

    def counting(self, platform: str, connection_id: str) -> Callable[[Request], Awaitable[None]]:
        """Counts what is not reading but draws on the same allowances; it never refuses."""
        limited = self.limited(platform)

        async def count(request: Request) -> None:
            spent = spent_of(request, limited)
            if not spent:
                return
            now = self.clock.now()
            async with self.store.write(quiet=True) as db:
                for name in sorted(spent):
                    purse = self.purse(platform, connection_id, limited[name], now)
                    await tallies.add(db, purse, spent[name])

        return count

    def purse(self, platform: str, connection_id: str, allowance: Allowance, now: datetime) -> Purse:
        scope = connection_id if allowance.per == "account" else ""
        return Purse(platform, scope, allowance.name, allowance.window.begin(now))

    async def left(self, db: AsyncConnection, platform: str, connection_id: str = "") -> list[Left]:
        """The app's, or with a connection the account's."""
        now, per = self.clock.now(), "account" if connection_id else "app"
        found = []
        for allowance in self.limited(platform).values():
            if allowance.per == per and allowance.ceiling is not None:
                purse = self.purse(platform, connection_id, allowance, now)
                spent = await tallies.spent(db, [purse, *self._before(allowance, purse)])
                found.append(Left(purse, allowance.ceiling, max(0, allowance.ceiling - sum(spent.values()))))
        return found

    def _before(self, allowance: Allowance, purse: Purse) -> list[Purse]:
        """The window before, where the network counts the last so many seconds at every moment."""
        if not allowance.window.rolling:
            return []
        begins = allowance.window.before(purse.begins)
        return [Purse(purse.platform, purse.scope, purse.allowance, begins)]

    async def take(
        self, db: AsyncConnection, allowance: Allowance, purse: Purse, least: int, wish: int, part: float
    ) -> int:
        """Reserves `wish`, at least `least`; raises Spent, and whoever called has to roll back."""
        ceiling = await self._ceiling(db, allowance, purse, part)
        taken = await tallies.take(db, purse, least, wish, ceiling)
        if not taken:
            raise Spent(allowance, allowance.window.end(self.clock.now()))
        return taken

    async def ahead(
        self, db: AsyncConnection, allowance: Allowance, purse: Purse, count: int, part: float
    ) -> int:
        """Reserves what may not be used at all; 0 where little is left: others would be refused for it."""
        ceiling = await self._ceiling(db, allowance, purse, part)
        return await tallies.take(db, purse, count, count, int(ceiling * AHEAD_PART))

    async def _ceiling(self, db: AsyncConnection, allowance: Allowance, purse: Purse, part: float) -> int:
        """Of the present window, after what the one before has taken of it."""
        assert allowance.ceiling is not None  # noqa: S101 - see `limited`
        before = self._before(allowance, purse)
        earlier = (await tallies.spent(db, before)).values() if before else ()
        return ceil(allowance.ceiling * part) - sum(earlier)


def spent_of(request: Request, limited: Mapping[str, Allowance]) -> dict[str, int]:
    """What a request counts against those that have a ceiling."""
    return {name: count for name, count in request.spends.items() if name in limited and count > 0}


class Meter:
    """What one read may spend: it reserves as it goes, in growing portions, and gives back what is over."""

    def __init__(self, budgets: Budgets, platform: str, connection_id: str, part: float) -> None:
        self._budgets, self._platform, self._connection_id = budgets, platform, connection_id
        self._part = part
        self._by_plan = part < 1.0
        self._limited = budgets.limited(platform)
        self._have: dict[Purse, int] = {}
        self._used: Counter[str] = Counter()
        self._charged: dict[Purse, int] = {}
        self._turn = asyncio.Lock()

    @property
    def is_limited(self) -> bool:
        """Whether there is any ceiling here."""
        return bool(self._limited)

    async def spend(self, request: Request) -> None:
        """Before a request goes out. Raises Spent: then it must not."""
        wanted = spent_of(request, self._limited)
        if not wanted:
            return
        async with self._turn:
            purses = await self._filled(wanted)
            for name, count in wanted.items():
                self._have[purses[name]] -= count
                self._used[name] += count

    async def _filled(self, wanted: Mapping[str, int]) -> dict[str, Purse]:
        """The purses to take it from, with enough in each; waits where that is a matter of a moment."""
        clock = self._budgets.clock
        while True:
            purses = {name: self._purse(name, clock.now()) for name in wanted}
            have = {name: self._have.get(purse, 0) for name, purse in purses.items()}
            lacking = {name: count - have[name] for name, count in wanted.items() if count > have[name]}
            try:
                if lacking:
                    await self._reserve(lacking, purses)
                return purses
            except Spent as spent:
                pause = spent.until - clock.now()
                if pause > MOMENT:
                    raise
                await clock.sleep(pause.total_seconds())

    def _purse(self, name: str, now: datetime) -> Purse:
        return self._budgets.purse(self._platform, self._connection_id, self._limited[name], now)

    async def _reserve(self, lacking: Mapping[str, int], purses: Mapping[str, Purse]) -> None:
        taken: dict[Purse, int] = {}
        async with self._budgets.store.write(quiet=True, behind=self._by_plan) as db:
            for name in sorted(lacking):
                allowance, purse = self._limited[name], purses[name]
                count, more = lacking[name], max(lacking[name], self._used[name])
                taken[purse] = await self._budgets.ahead(db, allowance, purse, more, self._part)
                if not taken[purse]:
                    taken[purse] = await self._budgets.take(db, allowance, purse, count, count, self._part)
        for purse, count in taken.items():
            self._have[purse] = self._have.get(purse, 0) + count

    async def begin(self, db: AsyncConnection, charged: int) -> int:
        """Reserves so many posts that are charged, and what a read usually spends.

        Returns how many of the posts there are, at least one, else it raises Spent. What is usual is reserved
        to save transactions only: `spend` sees to what lacks.
        """
        granted, now = await self._charge(db, charged), self._budgets.clock.now()
        for name, count in sorted(self._budgets.usual.get(self._platform, {}).items()):
            purse = self._purse(name, now)
            self._have[purse] = await self._budgets.ahead(db, self._limited[name], purse, count, self._part)
        return granted

    async def _charge(self, db: AsyncConnection, posts: int) -> int:
        granted, taken = posts, dict[Purse, int]()
        charging = [allowance for allowance in self._limited.values() if allowance.charged_posts]
        for allowance in charging if posts else ():
            purse = self._purse(allowance.name, self._budgets.clock.now())
            granted = await self._budgets.take(db, allowance, purse, 1, granted, self._part)
            taken[purse] = granted
        for purse, took in taken.items():
            await tallies.give_back(db, purse, took - granted)
            self._charged[purse] = granted
        return granted

    async def settle(self, db: AsyncConnection, *, charged: int) -> None:
        """Gives back what was not used; `charged`: so many posts were, or may have been.

        In the order in which `begin` takes it: two processes that each hold what the other wants would both
        wait for good.
        """
        for purse, count in self._charged.items():
            await tallies.give_back(db, purse, count - charged)
        for purse, count in sorted(self._have.items(), key=lambda entry: entry[0].allowance):
            await tallies.give_back(db, purse, count)
        if self._used:
            self._budgets.usual[self._platform] = dict(self._used)
        self._have.clear()
        self._charged.clear()
