"""What X's answers tell of the calls that are left (x.md §4)."""

from __future__ import annotations

from sextant.platforms.allowances import Usage
from sextant.platforms.base import Account, Answer
from sextant.platforms.x.errors import told_reset
from sextant.platforms.x.limits import USER_LOOKUPS

NAMES = ("x-rate-limit-limit", "x-rate-limit-remaining")


def usage(answer: Answer, account: Account) -> Usage | None:
    """X does not say whose calls these are: the account's where the limit is that of a user."""
    limit, left = (whole(answer.headers.get(name, "")) for name in NAMES)
    if not limit or left is None:
        return None
    percent = 100.0 * max(0, limit - left) / limit
    return Usage(percent, told_reset(answer), account_only=limit == USER_LOOKUPS.ceiling)


def whole(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 12 else None
