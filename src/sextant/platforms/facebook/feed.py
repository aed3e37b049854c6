"""Text, links and photos: /feed makes them visible, the Page's posts show them (facebook.md §2.1, §2.2)."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sextant.platforms.base import Call, Checkpoint, Draft, Json, Published, Request
from sextant.platforms.catalogue import Kind
from sextant.platforms.facebook import photos
from sextant.platforms.facebook.errors import Duplicate
from sextant.platforms.graph import WEB, id_in, member, moment, next_cursor, permalink, rows, url

SKEW = timedelta(seconds=60)
"""Facebook's clock may be behind ours when it dates a post."""
LISTED, PAGES = 100, 20
# `attachments` of a post is not in the documents; its members are those of Meta's StoryAttachment (undated).
FIELDS = (
    "id,message,created_time,permalink_url,"
    "attachments{media_type,type,unshimmed_url,target{id},subattachments{media_type,target{id}}}"
)
OWN_MEDIA = frozenset({"photo", "album", "new_album", "video_inline"})
"""Attachments of these types are uploaded; a shared link has another type."""


async def publish(call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
    state = dict(done.state) if done else {}
    async for step in photos.uploaded(call, draft, state):
        yield step
        state = dict(step.state)
    again = "at" in state
    state.setdefault("at", call.now.isoformat())
    yield Checkpoint("feed", state, announces=True)
    yield Checkpoint("posted", state, published=await sent(call, draft, state, again))


async def sent(call: Call, draft: Draft, state: Mapping[str, str], again: bool) -> Published:
    """`again`: it was announced before, so being called a duplicate may mean that the first one arrived."""
    request = Request(
        "POST",
        url(call.app, f"{call.account.id}/feed"),
        params={"fields": "id,permalink_url"},
        form=form(draft, state),
        commits=True,
    )
    try:
        answer = await call.send(request)
    except Duplicate:
        if again and (found := await look(call, draft, state, call.now)):
            return found
        raise
    post_id = id_in(answer, request)
    return Published(post_id, kind_of(state), permalink(answer.json) or f"{WEB}/{post_id}", call.now)


def form(draft: Draft, state: Mapping[str, str]) -> dict[str, str]:
    link = draft.options.link if draft.options else None
    attached = [{"media_fbid": photo} for photo in photos.ids(state)]
    fields = {
        "message": draft.text,
        "link": link or "",
        "attached_media": json.dumps(attached) if attached else "",
    }
    return {name: value for name, value in fields.items() if value}


def kind_of(state: Mapping[str, str]) -> Kind:
    number = len(photos.ids(state))
    return Kind.CAROUSEL if number > 1 else Kind.PHOTO if number else Kind.TEXT


# ---- after a lost answer ---------------------------------------------------------------------------


async def look(call: Call, draft: Draft, state: Mapping[str, str], since: datetime) -> Published | None:
    """The post among the Page's own since it was announced; None: it is surely not there.

    Photos are known by their ids, which no other post can have. A text is known by its words: Facebook
    refuses the same words twice in a row, and posts that are others of ours are left out.
    """
    announced = datetime.fromisoformat(state["at"]) - SKEW if "at" in state else since
    young = await recent(call, announced)
    match = [row for row in young if str(row["id"]) not in draft.taken and is_it(row, draft, state)]
    return listed(min(match, key=made_at), state) if match else None


async def recent(call: Call, since: datetime) -> list[dict[str, Any]]:
    """The Page's own posts since then, newest first."""
    address = url(call.app, f"{call.account.id}/published_posts")
    fields: dict[str, str] = {"fields": FIELDS, "limit": str(LISTED)}
    found: list[dict[str, Any]] = []
    for _ in range(PAGES):
        answer = (await call.send(Request("GET", address, params=fields))).json
        page = [row for row in rows(answer) if row.get("id") and moment(row.get("created_time"))]
        young = [row for row in page if made_at(row) >= since]
        found += young
        after = next_cursor(answer)
        if after is None or len(young) < len(page):
            break
        fields["after"] = after
    return found


def made_at(row: Mapping[str, Any]) -> datetime:
    at = moment(row["created_time"])
    assert at is not None  # noqa: S101 - `recent` leaves out what has no time
    return at


def is_it(row: Mapping[str, Any], draft: Draft, state: Mapping[str, str]) -> bool:
    if wanted := photos.ids(state):
        return not set(wanted).isdisjoint(attached_ids(row))
    if plain(row.get("message")) != plain(draft.text) or has_own_media(row):
        return False
    link = draft.options.link if draft.options else None
    # Words tell one post from another; without any, the link has to.
    return bool(draft.text.strip()) or place_of(link) in map(place_of, shared_links(row))


def plain(text: Json) -> str:
    """Words as they compare: Facebook trims, and may compose letters anew."""
    return " ".join(unicodedata.normalize("NFC", text).split()) if isinstance(text, str) else ""


def attachments(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    return rows(row.get("attachments"))


def attached_ids(row: Mapping[str, Any]) -> Iterator[str]:
    """Ids of the photos in a post, alone or in an album."""
    for attachment in attachments(row):
        for part in (attachment, *rows(attachment.get("subattachments"))):
            yield str(member(part, "target", "id"))


def has_own_media(row: Mapping[str, Any]) -> bool:
    return any(attachment.get("type") in OWN_MEDIA for attachment in attachments(row))


def shared_links(row: Mapping[str, Any]) -> list[str]:
    return [str(link) for found in attachments(row) if (link := found.get("unshimmed_url"))]


def place_of(link: str | None) -> tuple[str, str, str]:
    """A link without what a redirect commonly changes: scheme, `www.`, the slash at the end."""
    try:
        parts = urlsplit(link or "")
        host = parts.hostname or ""
    except ValueError:
        return "", link or "", ""
    return host.removeprefix("www."), parts.path.rstrip("/"), parts.query


def listed(row: Mapping[str, Any], state: Mapping[str, str]) -> Published:
    post_id = str(row["id"])
    return Published(post_id, kind_of(state), permalink(row) or f"{WEB}/{post_id}", made_at(row))
