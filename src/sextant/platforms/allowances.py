"""What a network allows in a span of time, as data, and what its answers tell of how much is used up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from sextant.platforms.base import Account, Answer, Platform
from sextant.platforms.freshness import Showing

DAY_S = 86_400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """Of what length, and where it begins: whole days in a time zone, or whole spans of seconds in UTC.

    `month`: a calendar month in the zone; `seconds` is then the longest one's.
    `rolling`: the network counts the last `seconds` at every moment, or begins where it likes. What is spent
    in this window and the one before together is never less than what it counts.
    """

    seconds: int
    zone: str = "UTC"
    month: bool = False
    rolling: bool = False

    def begin(self, now: datetime) -> datetime:
        """The first moment of the window that holds `now`; aware, in UTC."""
        if self.seconds % DAY_S:
            return now.astimezone(UTC) - (now - EPOCH) % timedelta(seconds=self.seconds)
        return self._midnight(self._first_day(now))

    def end(self, now: datetime) -> datetime:
        """The first moment of the next one."""
        length = timedelta(seconds=self.seconds)
        if self.seconds % DAY_S:
            return self.begin(now) + length
        following = self._first_day(now) + length
        return self._midnight(following.replace(day=1) if self.month else following)

    def before(self, now: datetime) -> datetime:
        """The first moment of the window before this one."""
        return self.begin(self.begin(now) - timedelta(microseconds=1))

    def since(self, now: datetime) -> datetime:
        """From when on what is spent counts now, at the latest: also the window before, where it rolls."""
        return self.before(now) if self.rolling else self.begin(now)

    def _first_day(self, now: datetime) -> date:
        today = now.astimezone(ZoneInfo(self.zone)).date()
        if self.month:
            return today.replace(day=1)
        return today - timedelta(days=(today.toordinal() - 1) % (self.seconds // DAY_S))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.zone)).astimezone(UTC)


MINUTE = Window(60, rolling=True)
HOUR = Window(3600, rolling=True)
DAY = Window(DAY_S)
MONTH = Window(31 * DAY_S, month=True)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a network allows in a span of time.

    `name`: what the operator calls it (`units_per_day`); one name, one allowance. `ceiling` None: none is
    documented, and the operator may set one. `usd`: the price of one. `charged_posts`: counts posts charged,
    once per post and UTC day, reckoned by whoever reads them and not by `Request.spends`; several such
    allowances of a network count the same posts, so money is reckoned once (`price_of`).
    """

    name: str
    per: Literal["app", "account"]
    window: Window
    ceiling: int | None
    usd: float = 0.0
    charged_posts: bool = False


def spending(*allowances: Allowance, times: int = 1) -> dict[str, int]:
    """`Request.spends` of a request that counts so often against each of these."""
    return {allowance.name: times for allowance in allowances}


def price_of(allowances: Iterable[Allowance]) -> float:
    """US dollars per post charged; 0.0 where nothing is charged."""
    return max((allowance.usd for allowance in allowances if allowance.charged_posts), default=0.0)


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer tells of the use of an allowance that is the network's own secret.

    `percent`: the highest of what is told, 100 or more when nothing is left. `until`: when it is free again,
    if told. `account_only`: it is the account's, and not the whole app's.
    """

    percent: float
    until: datetime | None
    account_only: bool


@runtime_checkable
class Measured(Protocol):
    """A network whose posts are read by plan and within allowances."""

    showing: Showing
    allowances: tuple[Allowance, ...]


def measured(platform: Platform) -> Measured:
    """The platform, which has to be one that is measured; TypeError otherwise."""
    if not isinstance(platform, Measured):
        raise TypeError(f"{platform.name} lacks showing or allowances")
    return platform


@runtime_checkable
class TellsUsage(Protocol):
    """A network whose answers tell how much is used up."""

    def usage(self, answer: Answer, account: Account) -> Usage | None:
        """Of an answer, good or bad, to a request that asked for numbers; None when it tells nothing.

        Never raises.
        """
        ...
