"""What an account may still publish (instagram.md §2.8), and taking its media down (§2.7)."""

from __future__ import annotations

from datetime import timedelta

from sextant.errors import ActOutside, Gone, TryLater
from sextant.platforms.base import Call, Complaint, Draft, Published, Request
from sextant.platforms.graph import member, rows
from sextant.platforms.instagram.auth import INSTAGRAM, url
from sextant.platforms.shape import whole

QUOTA_LASTS = timedelta(hours=24)
AGO = QUOTA_LASTS - timedelta(minutes=1)
"""`since` may be at most 24 hours ago, by Instagram's clock."""


async def ask(call: Call, draft: Draft) -> list[Complaint]:
    """Meta's pages disagree about the quota, 50 or 100 posts in 24 hours: the account's own word counts."""
    since = str(int((call.now - AGO).timestamp()))
    params = {"fields": "config,quota_usage", "since": since}
    path = f"{call.account.id}/content_publishing_limit"
    answer = await call.send(Request("GET", url(call.app, path), params=params))
    told = next(iter(rows(answer.json)), {})
    used, total = whole(told.get("quota_usage")), whole(member(told, "config", "quota_total"))
    if used is None or total is None:
        raise TryLater("Instagram does not say how many posts are left.")
    if used < total:
        return []
    said = f"All {total} posts that Instagram allows in 24 hours are used; each is free again a day after it."
    return [Complaint(("account",), said)]


async def delete(call: Call, post: Published) -> None:
    if call.app.login == INSTAGRAM:
        raise ActOutside(
            "Instagram deletes only for accounts connected through Facebook Login: delete it in the app."
        )
    try:
        await call.send(Request("DELETE", url(call.app, post.id)))
    except Gone:
        return
