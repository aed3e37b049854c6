"""Photos on their way into a post: uploaded unpublished, seen by nobody until /feed attaches them (§2.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta

from sextant.platforms.base import Call, Checkpoint, Draft, Request
from sextant.platforms.graph import id_in, url

KEPT = timedelta(hours=23)
"""An unpublished photo that no post uses disappears after 24 h (unconfirmed, §2.2)."""
UPLOAD_TIMEOUT_S = 60.0


async def uploaded(call: Call, draft: Draft, state: Mapping[str, str]) -> AsyncIterator[Checkpoint]:
    """Goes on after the photos of `state`; each checkpoint holds the ids of all that are there."""
    kept = kept_ids(call, state)
    since = state["photos_at"] if kept else call.now.isoformat()
    for place in range(len(kept), len(draft.media)):
        kept.append(await upload(call, draft, place))
        yield Checkpoint("photo", {**state, "photos": ",".join(kept), "photos_at": since})


def ids(state: Mapping[str, str]) -> list[str]:
    return state["photos"].split(",") if state.get("photos") else []


def kept_ids(call: Call, state: Mapping[str, str]) -> list[str]:
    """The photos that are still there to be used."""
    young = "photos_at" in state and call.now - datetime.fromisoformat(state["photos_at"]) < KEPT
    return ids(state) if young else []


async def upload(call: Call, draft: Draft, place: int) -> str:
    """The id of one unpublished photo. Sent as bytes: no photo is over 4 MB, and nothing is left to fetch."""
    file = await draft.media[place].file()
    fields: dict[str, str | bytes] = {"published": "false", "source": file.read()}
    texts = draft.options.alt_texts if draft.options else ()
    if place < len(texts) and texts[place]:
        fields["alt_text_custom"] = texts[place]
    address = url(call.app, f"{call.account.id}/photos")
    request = Request("POST", address, multipart=fields, timeout_s=UPLOAD_TIMEOUT_S)
    return id_in(await call.send(request), request)
