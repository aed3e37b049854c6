"""Finding a post on LinkedIn whose answer was lost (linkedin.md §2.1, §2.8).

A Page's posts can be listed: one with our media's URNs, or our text, made since the announcement, is ours;
and when none is listed for a while, it is surely absent. A member's posts cannot be read (§1.4): there the
repeat is the look, because LinkedIn refuses the same text again and names the live post. That is certain
only while the duplicate check looks back, and never without a text: else the outcome stays unknown.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import quote

from sextant.errors import ActOutside, Fault, FixContent, Gone, NoValue, OutcomeUnknown, Reconnect
from sextant.platforms.base import Call, Checkpoint, Draft, Json, Published, Request
from sextant.platforms.catalogue import Kind
from sextant.platforms.linkedin.auth import API, WEB
from sextant.platforms.linkedin.littletext import same_text
from sextant.platforms.linkedin.tier import counted
from sextant.platforms.shape import items, mapping, objects, text, unix_time, whole

State = Mapping[str, str]

REPEAT_IS_SAFE = timedelta(minutes=45)
"""How far the duplicate check looks back is not documented (§7). An hourly repeat of a text was refused each
time (observed by others: github.com/Arisamiga/Linkedin-RSS issue 5, 2023-12); this stays well below it."""

SETTLES = timedelta(seconds=20)
"""So long after the announcement nothing is called absent: our own time-out is 15 s, so no request of ours
is still under way then, and listings lag behind a little."""

CLOCK_SKEW = timedelta(minutes=1)
POST_URN = re.compile(r"urn:li:(?:share|ugcPost):\d+")
READING = {"member": "r_member_social", "organization": "r_organization_social"}
PAGE_SIZE, PAGES_MOST = 100, 20


class Unreadable(Exception):
    """This login may not list the author's posts."""


def published(state: State, urn: str, at: datetime) -> Published:
    return Published(urn, kind_of(state), f"{WEB}/feed/update/{urn}/", at)


def kind_of(state: State) -> Kind:
    if "video" in state:
        return Kind.VIDEO
    images = json.loads(state.get("images", "[]"))
    return (Kind.CAROUSEL if len(images) > 1 else Kind.PHOTO) if images else Kind.TEXT


async def find_published(call: Call, draft: Draft, done: Checkpoint, since: datetime) -> Published | None:
    """None: not there, or the repeat is the look."""
    try:
        return await listed(call, draft, done.state)
    except Unreadable:
        await settled(call, done.state)
        if draft.text.strip() and call.now - announced(done.state) < REPEAT_IS_SAFE:
            return None
        raise OutcomeUnknown(undecided(draft)) from None


def undecided(draft: Draft) -> str:
    why = "it is too late to send it again" if draft.text.strip() else "it has no text to know it by"
    return f"LinkedIn does not let this login look for the post, and {why}."


async def after_refusal(call: Call, draft: Draft, state: State, refused: Fault) -> str:
    """A repeat that was refused says nothing of the first: its URN if it is there, the refusal if not."""
    try:
        found = await listed(call, draft, state)
    except Unreadable:
        raise OutcomeUnknown(refused.message, request_id=refused.request_id) from None
    if found is None:
        raise refused
    return found.id


# ---- what a duplicate refusal names ------------------------------------------------------------------


async def named(call: Call, draft: Draft, state: State, refused: FixContent) -> str | None:
    """The live post that LinkedIn names as the original (§2.1), if it can be this one."""
    found = POST_URN.search(refused.message)
    if found is None or found.group() in draft.taken:
        return None
    return found.group() if await made_since(call, found.group(), earliest(state)) else None


async def made_since(call: Call, urn: str, since: datetime) -> bool:
    """Whether it is the post whose answer was lost, and not an older one with the same text.

    A token that may only write cannot tell (§2.8); several programs then take the URN (§2.1).
    """
    try:
        request = Request("GET", f"{API}/rest/posts/{quote(urn, safe='')}")
        answer = await call.send(counted(call, request))
    except (NoValue, Reconnect, ActOutside):
        return True
    except Gone:
        # A deleted post may be named as well (observed by others: ComposioHQ/composio issue 2710, 2026-02).
        return False
    except Fault as unsure:
        raise OutcomeUnknown(unsure.message, request_id=unsure.request_id) from None
    created = created_at(mapping(answer.json))
    return created is None or created >= since


# ---- the author's posts ------------------------------------------------------------------------------


async def listed(call: Call, draft: Draft, state: State) -> Published | None:
    """The post among the author's; None when it is surely not. Raises Unreadable or OutcomeUnknown."""
    found = await among_posts(call, draft, state)
    if found is None and await settled(call, state):
        found = await among_posts(call, draft, state)
    return found


async def settled(call: Call, state: State) -> bool:
    """Waits for that; whether there was anything to wait for."""
    left = announced(state) + SETTLES - call.now
    if left > timedelta(0):
        await call.pause(left.total_seconds())
    return left > timedelta(0)


async def among_posts(call: Call, draft: Draft, state: State) -> Published | None:
    async for row in posts_since(call, earliest(state)):
        if is_it(row, draft, state):
            return published(state, row["id"], created_at(row) or call.now)
    return None


async def posts_since(call: Call, since: datetime) -> AsyncIterator[dict[str, Json]]:
    """Page by page, to one with nothing so new. A page may be shorter than asked for."""
    start = 0
    for _ in range(PAGES_MOST):
        body = await page_of_posts(call, start)
        fresh = [row for row in objects(body["elements"]) if (created_at(row) or since) >= since]
        for row in fresh:
            yield row
        start += PAGE_SIZE
        total = whole(mapping(body.get("paging")).get("total"))
        if not fresh or (total is not None and start >= total):
            return
    raise OutcomeUnknown("The post is not among the author's newest ones on LinkedIn.")


async def page_of_posts(call: Call, start: int) -> dict[str, Json]:
    """The finder `author`: the document is silent on it; LinkedIn's posts API has it, for those who may read.

    Only a listing that is one can say that a post is absent.
    """
    if call.scopes and READING.get(call.account.kind) not in call.scopes:
        raise Unreadable
    author = quote(call.account.id, safe="")
    query = f"q=author&author={author}&start={start}&count={PAGE_SIZE}&sortBy=CREATED"
    request = Request("GET", f"{API}/rest/posts?{query}", headers={"X-RestLi-Method": "FINDER"})
    try:
        body = mapping((await call.send(counted(call, request))).json)
    except (NoValue, Reconnect, ActOutside):
        raise Unreadable from None
    except Fault as unsure:
        raise OutcomeUnknown(unsure.message, request_id=unsure.request_id) from None
    rows = body.get("elements")
    if not isinstance(rows, list) or not all(is_post(row) for row in rows):
        raise OutcomeUnknown("LinkedIn's list of posts cannot be read.")
    return body


def is_post(row: Json) -> bool:
    return POST_URN.fullmatch(text(mapping(row).get("id")) or "") is not None


def is_it(row: dict[str, Json], draft: Draft, state: State) -> bool:
    """Media URNs are ours alone; a text may be somebody else's, but not twice within that time (§2.1)."""
    if row["id"] in draft.taken:
        return False
    if draft.media:
        return media_of(row) == ([state["video"]] if "video" in state else json.loads(state["images"]))
    return not row.get("content") and same_text(text(row.get("commentary")) or "", draft.text)


def media_of(row: dict[str, Json]) -> list[Json]:
    content = mapping(row.get("content"))
    several = items(mapping(content.get("multiImage")).get("images"))
    return [mapping(medium).get("id") for medium in several or [content.get("media")]]


# ---- times -------------------------------------------------------------------------------------------


def announced(state: State) -> datetime:
    """When the create was last announced."""
    return datetime.fromisoformat(state.get("announced", state["since"]))


def earliest(state: State) -> datetime:
    """The post cannot be older than this by LinkedIn's clock."""
    return datetime.fromisoformat(state["since"]) - CLOCK_SKEW


def created_at(row: Mapping[str, Json]) -> datetime | None:
    millis = whole(row.get("createdAt"))
    return unix_time(millis // 1000) if millis is not None else None
