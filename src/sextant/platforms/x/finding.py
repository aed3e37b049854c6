"""X: looking for a post whose answer was lost, among the account's own (x.md §5).

X names no post before it is visible, and has no idempotency key. A post with media is known by its media ids,
which are its own; a text by its words, and X takes the same text only once in a while.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sextant.errors import OutcomeUnknown
from sextant.platforms.base import Account, Call, Checkpoint, Draft, Published, Request
from sextant.platforms.catalogue import Kind
from sextant.platforms.shape import iso_time, items, mapping, objects, text
from sextant.platforms.x.auth import WEB, url
from sextant.platforms.x.refusals import Duplicate
from sextant.platforms.x.text import same_text
from sextant.platforms.x.uploads import media_ids

ANNOUNCED = "announced_at"
"""Unix seconds, in the state of `ready`."""
SKEW = timedelta(minutes=5)
"""How far X's clock and ours may be apart."""
SETTLED = timedelta(seconds=30)
"""So long after the announcement X has taken the request or never will (it is given up after 15 seconds), and
lists what it took. Were it later, X would refuse the second of two same texts."""
GUARD = timedelta(days=1)
"""How far back the post may be that makes a text a duplicate; how long X remembers is not known (x.md §7)."""
LOOKS_S = (2.0, 8.0, 20.0)
PAGE = 100
FIELDS = "created_at,attachments,entities,note_post"

Row = Mapping[str, Any]


async def find_published(call: Call, draft: Draft, done: Checkpoint, since: datetime) -> Published | None:
    """The draft's post; None once `SETTLED` has passed without it."""
    earliest = max(since, announced_at(done, since) - SKEW)
    found = await looked(call, draft, done, earliest)
    unsettled = announced_at(done, since) + SETTLED - call.now
    if found is None and unsettled > timedelta():
        await call.pause(unsettled.total_seconds())
        found = await looked(call, draft, done, earliest)
    return found


async def proven(call: Call, draft: Draft, done: Checkpoint, twice: Duplicate) -> Published:
    """After the second sending was refused as a duplicate: the post of the first.

    Raises the refusal when the text that X has is in another post, OutcomeUnknown when X does not show it.
    """
    earliest = announced_at(done, call.now - GUARD) - SKEW
    for pause in LOOKS_S:
        await call.pause(pause)
        if found := await looked(call, draft, done, earliest):
            return found
    if await twin(call, draft, earliest - GUARD):
        raise twice
    raise OutcomeUnknown(f"the first attempt was published, but is not listed yet: {twice.message}") from None


def announced_at(done: Checkpoint, otherwise: datetime) -> datetime:
    told = done.state.get(ANNOUNCED)
    return datetime.fromtimestamp(int(told), UTC) if told else otherwise


# ---- one look ------------------------------------------------------------------------------------


async def looked(call: Call, draft: Draft, done: Checkpoint, since: datetime) -> Published | None:
    unclear = False
    async for row, at in listed(call, since):
        mine = same(draft, done, row)
        if mine:
            return as_published(call, draft, done, str(row["id"]), at)
        unclear = unclear or mine is None
    if unclear:
        raise OutcomeUnknown("a post with nothing but a link is there; it may be this one")
    return None


async def twin(call: Call, draft: Draft, since: datetime) -> bool:
    """Whether another post has the same text."""
    return bool([row async for row, _ in listed(call, since) if same_text(draft.text, row)])


async def listed(call: Call, since: datetime) -> AsyncIterator[tuple[Row, datetime]]:
    """The account's posts since then with their times, newest first."""
    since = since.astimezone(UTC).replace(microsecond=0)  # X's times have whole seconds
    params = {
        "max_results": str(PAGE),
        "start_time": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "post.fields": FIELDS,
    }
    path = url(call.app, f"/users/{call.account.id}/tweets")
    while params.get("pagination_token") != "":
        page = (await call.send(Request("GET", path, params=params))).json
        for row in complete(page):
            at = iso_time(row.get("created_at"))
            if at is None or not isinstance(row.get("id"), str):
                raise OutcomeUnknown("the account's posts came without their ids or times")
            if at >= since:
                yield row, at
        params["pagination_token"] = text(mapping(page.get("meta")).get("next_token")) or ""


def complete(page: Row) -> list[dict[str, Any]]:
    """The rows of a page; one that lacks any proves nothing."""
    if page.get("errors") or not ("data" in page or "meta" in page):
        raise OutcomeUnknown("X did not list the account's posts in full")
    return objects(page.get("data"))


def same(draft: Draft, done: Checkpoint, row: Row) -> bool | None:
    """Whether a post is the draft's: by its media where it has any, else by its words; None: unsure.

    A media key is the media id after a type prefix (x.md §2.2).
    """
    if row["id"] in draft.taken:
        return False
    keys = [str(key).partition("_")[2] for key in items(mapping(row.get("attachments")).get("media_keys"))]
    if ids := media_ids(done.state):
        return not set(ids).isdisjoint(keys)
    return False if keys else same_text(draft.text, row)


def as_published(call: Call, draft: Draft, done: Checkpoint, post_id: str, at: datetime) -> Published:
    kind = Kind(done.state["kind"]) if "kind" in done.state else draft.kind
    return Published(post_id, kind, post_url(call.account, post_id), at)


def post_url(account: Account, post_id: str) -> str:
    return f"{WEB}/{account.username or 'i/web'}/status/{post_id}"
