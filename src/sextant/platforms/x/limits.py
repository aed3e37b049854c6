"""X: what it takes, as data, and a draft held against it (x.md §2)."""

from __future__ import annotations

from sextant.platforms.base import Account, Complaint, Draft, Limits
from sextant.platforms.rules import TextRule, counted
from sextant.platforms.x import publish

LIMITS = Limits(batch=100, text_posts=True)
TEXT = TextRule(280, publish.weighted_length, "characters as X counts them")


def check(draft: Draft, account: Account, scopes: frozenset[str]) -> list[Complaint]:
    return TEXT.complaints(draft.text) + counted(draft, 1, "media")
