"""Publishing on LinkedIn: a text, images, or a video, as a member or a Page (linkedin.md §2)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from itertools import zip_longest

from sextant.errors import Fault, FixContent, Gone, OutcomeUnknown, TryLater
from sextant.platforms.base import Call, Checkpoint, Draft, Json, Request
from sextant.platforms.linkedin import images, looking, videos
from sextant.platforms.linkedin.auth import API
from sextant.platforms.linkedin.errors import UploadExpired
from sextant.platforms.linkedin.littletext import little_text
from sextant.platforms.linkedin.options import LinkedInOptions
from sextant.platforms.linkedin.tier import counted
from sextant.platforms.linkedin.uploads import available

State = Mapping[str, str]
"""`video`: its URN. `images`: their URNs (JSON). `since`: when the create was first announced, `announced`:
when last. The others belong to an upload under way."""


async def publish(call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
    """Media are uploaded and processed first; the create makes the post visible."""
    state: State = {} if done is None else done.state
    first, lost = "since" not in state, done is not None and done.announces
    if not lost:
        async for step in prepared(call, draft, state):
            yield step
            state = step.state
    urn = await made_visible(call, draft, state, first, lost)
    yield Checkpoint("published", {"urn": urn}, published=looking.published(state, urn, call.now))


# ---- up to the announcement --------------------------------------------------------------------------


async def prepared(call: Call, draft: Draft, state: State) -> AsyncIterator[Checkpoint]:
    """An upload that LinkedIn no longer knows is forgotten; the next go opens another."""
    since = only(state, "since")
    try:
        async for step in uploaded(call, draft, state):
            state = {**since, **step.state}
            yield replace(step, state=state)
        await processed(call, state)
    except UploadExpired:
        yield Checkpoint("upload_expired", only(state, "since", "images"))
        raise
    except Gone as gone:
        yield Checkpoint("upload_expired", since)
        raise TryLater(gone.message, request_id=gone.request_id) from None
    now = call.now.isoformat()
    yield Checkpoint("announced", {"since": now, **state, "announced": now}, announces=True)


def only(state: State, *names: str) -> dict[str, str]:
    return {name: state[name] for name in names if name in state}


async def uploaded(call: Call, draft: Draft, state: State) -> AsyncIterator[Checkpoint]:
    """Nothing when all media are with LinkedIn already."""
    if len(images_of(state)) == len(draft.media) or ("video" in state and "parts" not in state):
        return
    file = await draft.media[0].file()
    is_video = file.facts.is_video
    steps = videos.uploaded(call, file, state) if is_video else images.uploaded(call, draft.media, state)
    async for step in steps:
        yield step


async def processed(call: Call, state: State) -> None:
    if "video" in state:
        await available(call, "videos", state["video"])
    elif "images" in state:
        await images.processed(call, images_of(state))


def images_of(state: State) -> list[str]:
    return list(json.loads(state.get("images", "[]")))


# ---- making it visible -------------------------------------------------------------------------------


async def made_visible(call: Call, draft: Draft, state: State, first: bool, lost: bool) -> str:
    """The post's URN. `first`: nothing was sent before; `lost`: something was, and its answer was lost."""
    try:
        return await create(call, draft, state)
    except OutcomeUnknown:
        raise
    except FixContent as refused:
        urn = None if first else await looking.named(call, draft, state, refused)
        if urn is None:
            raise
        return urn
    except Fault as refused:
        if not lost:
            raise
        return await looking.after_refusal(call, draft, state, refused)


async def create(call: Call, draft: Draft, state: State) -> str:
    """The new post's URN; the answer's body is empty (§2.1)."""
    options = draft.options or LinkedInOptions()
    body: dict[str, Json] = {
        "author": call.account.id,
        "commentary": little_text(draft.text),
        "visibility": options.visibility or "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": bool(options.disable_reshare),
    }
    if draft.media:
        body["content"] = content(options, state)
    request = Request("POST", f"{API}/rest/posts", json=body, commits=True)
    answer = await call.send(counted(call, request))
    return answer.headers["x-restli-id"]


def content(options: LinkedInOptions, state: State) -> Json:
    if "video" in state:
        return {"media": {"id": state["video"], **({"title": options.title} if options.title else {})}}
    known = images_of(state)
    texts = (options.alt_texts or ())[: len(known)]
    shown = [image(urn, alt) for urn, alt in zip_longest(known, texts)]
    return {"media": shown[0]} if len(shown) == 1 else {"multiImage": {"images": shown}}


def image(urn: str, alt: str | None) -> Json:
    return {"id": urn, "altText": alt} if alt else {"id": urn}
