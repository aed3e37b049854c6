"""YouTube: what it takes, as data, and a draft held against it (youtube.md §2)."""

from __future__ import annotations

from sextant.platforms.base import Account, Complaint, Draft, Limits
from sextant.platforms.rules import TextRule, counted
from sextant.platforms.youtube import metrics

LIMITS = Limits(batch=metrics.BATCH, text_posts=False)
TEXT = TextRule(5000, lambda text: len(text.encode()), "bytes")


def check(draft: Draft, account: Account, scopes: frozenset[str]) -> list[Complaint]:
    found = TEXT.complaints(draft.text) + counted(draft, 1, "media")
    if not draft.media:
        found.append(Complaint(("media_urls",), "There are no text posts here: add a video in media_urls."))
    return found
