"""Which medium a published container became (instagram.md §2.4, §2.7).

The container says for certain that it is out, but not as which medium. Before a post is announced, the media
that look like it are noted; a new one among them is the post.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sextant.errors import Gone, OutcomeUnknown
from sextant.platforms.base import Call, Draft, Published, Request
from sextant.platforms.catalogue import Kind
from sextant.platforms.graph import moment, next_cursor, permalink, rows
from sextant.platforms.instagram.auth import url
from sextant.platforms.instagram.containers import status
from sextant.platforms.shape import iso_time, text

SKEW = timedelta(hours=1)
"""How far Instagram's clock and ours may be apart."""
PUBLISHED = "PUBLISHED"
LISTED_WITHIN = {PUBLISHED: timedelta(minutes=15), None: timedelta(minutes=1)}
"""What is not listed so long after its announcement is not there: taken down when its container says that it
was published; never out when the container, without which nothing can be published, is gone as well."""
PAGE, PAGES = "100", 10
FIELDS = "id,caption,timestamp,permalink,media_type,media_product_type"
PRODUCTS: Mapping[Kind, Mapping[str, str]] = {
    Kind.PHOTO: {"media_product_type": "FEED", "media_type": "IMAGE"},
    Kind.CAROUSEL: {"media_product_type": "FEED", "media_type": "CAROUSEL_ALBUM"},
    Kind.REEL: {"media_product_type": "REELS"},
    Kind.STORY: {"media_product_type": "STORY"},
}


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A medium of the account that may be the post. `sure`: it shows the very caption."""

    published: Published
    sure: bool


async def noted(call: Call, draft: Draft, kind: Kind) -> dict[str, str]:
    """The lookalikes that are there before the first announcement, and its time.

    They are never noted anew for the same container: an earlier request may have made the post meanwhile.
    """
    now = call.now
    there = await lookalikes(call, draft.text, kind, now - 2 * SKEW)
    return {"before": ",".join(found.published.id for found in there), "noted_at": now.isoformat()}


async def find(
    call: Call, draft: Draft, kind: Kind, state: Mapping[str, str], since: datetime
) -> Published | None:
    """The post; None when its container, which makes one post at most, has made none.

    Raises Gone when it was out and has been taken down since: it must not be sent again.
    """
    code = await code_of(call, state["container_id"])
    if code not in (PUBLISHED, None):
        return None
    noted_at = iso_time(state.get("noted_at"))
    there = await lookalikes(call, draft.text, kind, noted_at - SKEW if noted_at else since)
    known = {*state.get("before", "").split(","), *draft.taken}
    found = chosen((each for each in there if each.published.id not in known), noted_at or since)
    if found is not None:
        return found
    if call.now < (iso_time(state.get("announced_at")) or call.now) + LISTED_WITHIN[code]:
        raise OutcomeUnknown("The account's newest media do not show yet which one the container became.")
    if code is None:
        return None
    raise Gone("It was published, and is no longer among the account's media: it was taken down there.")


async def code_of(call: Call, container: str) -> str | None:
    """None when there is no such container any more."""
    try:
        return (await status(call, container))[0]
    except Gone:
        return None


def chosen(candidates: Iterable[Lookalike], noted_at: datetime) -> Published | None:
    """The first one since then; posts of the same text go out one after another."""
    start = noted_at.replace(microsecond=0)
    ordered = sorted(
        candidates,
        key=lambda each: (each.published.at < start, not each.sure, each.published.at, each.published.id),
    )
    return ordered[0].published if ordered else None


# ---- the account's media -------------------------------------------------------------------------


async def lookalikes(call: Call, caption: str, kind: Kind, since: datetime) -> list[Lookalike]:
    """The media since then that are of this kind and have this caption, in the order of the listing."""
    wanted = "" if kind is Kind.STORY else plain(caption)
    return [
        found for row in await listed(call, kind, since) if (found := _lookalike(row, wanted, kind, since))
    ]


def _lookalike(row: Mapping[str, Any], wanted: str, kind: Kind, since: datetime) -> Lookalike | None:
    native_id, at = text(row.get("id")), moment(row.get("timestamp"))
    if native_id is None or at is None or at < since:
        return None
    # A field may be missing on either login's path, which is no contradiction (§1.3).
    if any(row.get(name, value) != value for name, value in PRODUCTS[kind].items()):
        return None
    shown = plain(text(row.get("caption")) or "")
    if shown not in (wanted, ""):
        return None
    return Lookalike(Published(native_id, kind, permalink(row), at), sure=shown == wanted)


def plain(caption: str) -> str:
    """What two spellings of one caption have in common: white space may be trimmed on the way."""
    return " ".join(unicodedata.normalize("NFC", caption).split())


async def listed(call: Call, kind: Kind, since: datetime) -> list[dict[str, Any]]:
    """The account's newest media, or its live stories, which are listed apart (§2.7)."""
    stories = kind is Kind.STORY
    address = url(call.app, f"{call.account.id}/{'stories' if stories else 'media'}")
    params = {"fields": FIELDS, "limit": PAGE}
    if not stories:
        params["since"] = str(int(since.astimezone(UTC).timestamp()))
    found: list[dict[str, Any]] = []
    for _ in range(PAGES):
        answer = await call.send(Request("GET", address, params=params))
        found += rows(answer.json)
        after = next_cursor(answer.json)
        if after is None:
            break
        params["after"] = after
    return found
