"""Publishing: containers, wait, publish (instagram.md §2).

Steps: `container` and `uploaded` for each container, `ready` (announces), `media`, `posted`; `start` when the
containers are spoilt and all begins anew.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime

from sextant.errors import Fault, Gone, OutcomeUnknown, TryLater
from sextant.platforms.base import Call, Checkpoint, Draft, Published, Request
from sextant.platforms.catalogue import Kind
from sextant.platforms.graph import id_in, member, moment, permalink
from sextant.platforms.instagram import finding
from sextant.platforms.instagram.auth import url
from sextant.platforms.instagram.containers import Spoilt, built, finished
from sextant.platforms.instagram.forms import kind_of

VISIBLE_S = 30.0
"""Publishing waits for Instagram to copy the media; a slow answer is better than a lost one."""


async def publish(call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
    state = done.state if done else {}
    kind = await kind_in(state, draft)
    media_id = state.get("media_id")
    if media_id is None:
        async for checkpoint in to_media(call, draft, kind, done or Checkpoint("start")):
            media_id = checkpoint.state.get("media_id")
            yield checkpoint
    if media_id is not None:
        told = await described(call, media_id, kind)
        yield Checkpoint("posted", {"media_id": media_id}, published=told)


async def kind_in(state: Mapping[str, str], draft: Draft) -> Kind:
    """Kept from the first container on, so that nothing has to be fetched to know it again."""
    return Kind(state["kind"]) if "kind" in state else await kind_of(draft)


async def to_media(call: Call, draft: Draft, kind: Kind, done: Checkpoint) -> AsyncIterator[Checkpoint]:
    """Spoilt containers are forgotten, so that the next go makes new ones."""
    state = done.state
    try:
        async for checkpoint in built(call, draft, kind, state):
            state = checkpoint.state
            yield checkpoint
        already_out = await finished(call, state["container_id"])
        noted = already_out or "before" in state
        state = {**state, **({} if noted else await finding.noted(call, draft, kind))}
        yield Checkpoint("ready", {**state, "announced_at": call.now.isoformat()}, announces=True)
        if already_out:
            raise OutcomeUnknown("The container is published already.")
        media_id = await make_visible(call, state["container_id"], repeated=done.announces)
    except (Spoilt, Gone) as spoilt:
        yield Checkpoint("start")
        raise TryLater(spoilt.message, request_id=spoilt.request_id) from None
    yield Checkpoint("media", {"media_id": media_id, "kind": kind.value})


async def make_visible(call: Call, container: str, repeated: bool) -> str:
    path = f"{call.account.id}/media_publish"
    form = {"creation_id": container}
    request = Request("POST", url(call.app, path), form=form, commits=True, timeout_s=VISIBLE_S)
    try:
        return id_in(await call.send(request), request)
    except Gone as gone:
        # A published container is not found either; an earlier request may just be making it so.
        if repeated or await finding.code_of(call, container) == finding.PUBLISHED:
            raise OutcomeUnknown(gone.message, request_id=gone.request_id) from None
        raise


async def described(call: Call, media_id: str, kind: Kind) -> Published:
    """The published medium with its address; it is out, so a failure here costs no more than the address."""
    fields = {"fields": "permalink,timestamp"}
    try:
        body = (await call.send(Request("GET", url(call.app, media_id), params=fields))).json
    except Fault:
        return Published(media_id, kind, None, call.now)
    return Published(media_id, kind, permalink(body), moment(member(body, "timestamp")) or call.now)


async def find_published(call: Call, draft: Draft, done: Checkpoint, since: datetime) -> Published | None:
    """The container tells for certain whether it went out; which medium it became, the account's list."""
    return await finding.find(call, draft, await kind_in(done.state, draft), done.state, since)
