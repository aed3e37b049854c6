"""Facebook: what it takes, as data, and a draft held against it (facebook.md §2)."""

from __future__ import annotations

from sextant.platforms.base import Account, Complaint, Draft, Limits
from sextant.platforms.rules import TextRule, counted

LIMITS = Limits(batch=50, text_posts=True)
TEXT = TextRule(63_206)


def check(draft: Draft, account: Account, scopes: frozenset[str]) -> list[Complaint]:
    return TEXT.complaints(draft.text) + counted(draft, 1, "media")
