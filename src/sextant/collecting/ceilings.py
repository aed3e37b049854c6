"""What may be spent at a network: what it allows, and the ceilings that the operator sets.

`SEXTANT_<PLATFORM>_CEILINGS` is a list such as `posts_per_day=20000, usd_per_day=5, units_per_day=none`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from sextant.config import read
from sextant.errors import SetupError
from sextant.platforms.allowances import DAY, MONTH, Allowance, Measured, Window, price_of
from sextant.platforms.base import Platform

MONEY: Mapping[str, Window] = {"usd_per_day": DAY, "usd_per_month": MONTH}
NONE = "none"
DIGITS = 12
"""The most that a number may have: enough for any network, and for a column of any database."""


def ceilings_for(platform: Platform, environ: Mapping[str, str] | None = None) -> tuple[Allowance, ...]:
    """The platform's allowances with the operator's ceilings; money becomes posts that may be charged.

    Raises SetupError with a sentence that names the variable.
    """
    own = platform.allowances if isinstance(platform, Measured) else ()
    text = read(os.environ if environ is None else environ, f"{platform.name}_ceilings")
    wish = Wish(f"SEXTANT_{platform.name.upper()}_CEILINGS", own)
    given = wish.values(text)
    counted = (replace(a, ceiling=wish.whole(a.name, given[a.name])) if a.name in given else a for a in own)
    paid = (wish.paid(name, given[name]) for name in MONEY if name in given)
    return (*counted, *(allowance for allowance in paid if allowance is not None))


@dataclass(frozen=True)
class Wish:
    """The operator's list of ceilings for one network's allowances."""

    variable: str
    own: Sequence[Allowance]

    @property
    def names(self) -> list[str]:
        """What may be limited here; money where the price is known."""
        return [*(allowance.name for allowance in self.own), *(MONEY if price_of(self.own) else ())]

    def values(self, text: str) -> dict[str, str]:
        """By name, each known and given once."""
        found: dict[str, str] = {}
        for part in filter(None, map(str.strip, text.split(","))):
            name, sign, value = map(str.strip, part.partition("="))
            if not sign:
                raise self.refusal(f"has {part!r} where name=number is expected")
            if name not in self.names:
                raise self.refusal(f"has no ceiling {name!r}")
            if name in found:
                raise self.refusal(f"names {name} twice")
            found[name] = value
        return found

    def whole(self, name: str, value: str) -> int | None:
        if value.lower() == NONE:
            return None
        if value.isascii() and value.isdecimal() and len(value) <= DIGITS:
            return int(value)
        raise self.refusal(
            f"has {name}={value}; it has to be a whole number of at most {DIGITS} digits, or none"
        )

    def paid(self, name: str, value: str) -> Allowance | None:
        """The posts that the money pays for, in decimals: 0.145 is 29 at 0.005, and not 28."""
        if value.lower() == NONE:
            return None
        dollars = _dollars(value)
        if dollars is None:
            raise self.refusal(f"has {name}={value}; it has to be US dollars such as 5 or 2.50, or none")
        price = price_of(self.own)
        posts = int(dollars // Decimal(str(price)))
        return Allowance(name, "app", MONEY[name], posts, price, charged_posts=True)

    def refusal(self, what: str) -> SetupError:
        return SetupError(f"{self.variable} {what}. Possible names: {', '.join(self.names)}.")


def _dollars(value: str) -> Decimal | None:
    try:
        dollars = Decimal(value)
    except InvalidOperation:
        return None
    return dollars if dollars.is_finite() and 0 <= dollars < 10**DIGITS else None
