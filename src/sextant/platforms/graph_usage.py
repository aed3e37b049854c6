"""What Meta allows an account, and what its answers tell of how much is used.

Source: shared/platforms/facebook.md §4, instagram.md §4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from sextant.platforms.allowances import DAY_S, HOUR, Allowance, Usage, Window, spending
from sextant.platforms.answers import count
from sextant.platforms.base import Account, Answer, Json
from sextant.platforms.graph import business_usage, header_json, regained

# How many they are depends on how many people an account reaches, which no call tells: the headers do.
ALLOWANCES = (
    Allowance("calls_per_hour", "account", HOUR, None),
    Allowance("calls_per_day", "account", Window(DAY_S, rolling=True), None),
)
SHARES = ("call_count", "total_time", "total_cputime")
"""Percent; throttled when any of the three reaches 100."""
OURS = ("pages", "instagram", None)
"""Types of use that our calls count as; what has no type is taken for ours."""
MOST = 1000.0


def calls(times: int) -> Mapping[str, int]:
    """`Request.spends` of a call, or of a batch of so many: each part counts as a call (§3.6)."""
    return spending(*ALLOWANCES, times=times)


def usage(answer: Answer, account: Account) -> Usage | None:
    """The highest of what an answer, or the parts of a batch, tell; of two alike, the app's."""
    parts = answer.json if isinstance(answer.json, list) else []
    everything = [answer.headers, *(headers_of(part) for part in parts)]
    told = [use for headers in everything for use in told_by(headers, answer.at)]
    return max(
        told, key=lambda use: (use.percent, not use.account_only, use.until or answer.at), default=None
    )


def headers_of(part: Json) -> dict[str, str]:
    """The headers of one part of a batch answer, names in lower case."""
    listed = part.get("headers") if isinstance(part, dict) else None
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    return {str(row.get("name", "")).lower(): str(row.get("value", "")) for row in rows}


def told_by(headers: Mapping[str, str], at: datetime) -> Iterator[Usage]:
    percent = highest(header_json(headers, "x-app-usage"))
    if percent is not None:
        yield Usage(percent, None, account_only=False)
    for entry in business_usage(headers):
        percent = highest(entry) if entry.get("type") in OURS else None
        if percent is not None:
            yield Usage(percent, regained(entry, at), account_only=True)


def highest(shares: Json) -> float | None:
    """Of the three percentages; None when there is none."""
    told = [count(shares.get(name)) for name in SHARES] if isinstance(shares, dict) else []
    return max((float(min(share, MOST)) for share in told if share is not None), default=None)
