"""Instagram: what it takes, as data, and a draft held against it (instagram.md §2)."""

from __future__ import annotations

from sextant.platforms.base import Account, Complaint, Draft, Limits
from sextant.platforms.rules import TextRule, counted

LIMITS = Limits(batch=50, text_posts=False)
TEXT = TextRule(2200)


def check(draft: Draft, account: Account, scopes: frozenset[str]) -> list[Complaint]:
    found = TEXT.complaints(draft.text) + counted(draft, 1, "media")
    if not draft.media:
        found.append(Complaint(("media_urls",), "There are no text posts here: add a video in media_urls."))
    return found
