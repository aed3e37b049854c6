"""TikTok: what a post is called and where it is seen (tiktok.md §2.8)."""

from __future__ import annotations

from datetime import datetime

from sextant.platforms.base import Account, Call, Draft, Published
from sextant.platforms.catalogue import Kind
from sextant.platforms.tiktok.auth import WEB
from sextant.platforms.tiktok.limits import is_photos


def published(call: Call, draft: Draft, post_id: str, at: datetime, url: str | None = None) -> Published:
    kind = kind_of(draft)
    return Published(post_id, kind, url or post_url(call.account, post_id, kind), at)


def kind_of(draft: Draft) -> Kind:
    if not is_photos(draft):
        return Kind.VIDEO
    return Kind.PHOTO if len(draft.media) == 1 else Kind.CAROUSEL


def post_url(account: Account, post_id: str, kind: Kind) -> str | None:
    """None as well for a post that is not public and so has no id of its own."""
    if not account.username or not is_post_id(post_id):
        return None
    return f"{WEB}/@{account.username}/{'video' if kind.is_video else 'photo'}/{post_id}"


def is_post_id(name: str) -> bool:
    """Post ids are decimal; a post that is not public goes by its publish_id."""
    return name.isascii() and name.isdecimal()
