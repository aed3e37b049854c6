"""TikTok: what it takes, as data, and a draft held against it (tiktok.md §2)."""

from __future__ import annotations

from sextant.platforms.base import Account, Complaint, Draft, Limits
from sextant.platforms.rules import TextRule, counted
from sextant.platforms.tiktok import metrics, publish

LIMITS = Limits(batch=metrics.BATCH, text_posts=False)
TEXT = TextRule(publish.TEXT_MAX, publish.utf16_units, "UTF-16 code units")


def check(draft: Draft, account: Account, scopes: frozenset[str]) -> list[Complaint]:
    found = TEXT.complaints(draft.text) + counted(draft, 1, "media")
    if not draft.media:
        found.append(Complaint(("media_urls",), "There are no text posts here: add a video in media_urls."))
    return found
