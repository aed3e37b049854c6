"""X: chunked upload of a video, one request that makes the post visible, and looking for a lost one."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from html import unescape
from typing import Any

from twitter_text import extract_urls_with_indices, parse_tweet

from sextant.errors import FixContent, OutcomeUnknown, TryLater
from sextant.platforms.base import Account, Answer, Call, Checkpoint, Draft, Published, Request
from sextant.platforms.media import MediaFile
from sextant.platforms.shape import iso_time, items, mapping, objects, text
from sextant.platforms.x.auth import WEB, data_of, url

TEXT_MAX = 280
CHUNK = 4 * 1024 * 1024
PROCESSING_S = 120.0
"""How long one go waits for a video to be processed."""
PAGE = 100


class Duplicate(FixContent):
    """The same text was posted a moment ago."""


def weighted_length(text: str) -> int:
    """Characters as X counts them: links 23, emoji and most scripts outside Latin 2 (x.md §2.3)."""
    return int(parse_tweet(text).weightedLength)


def post_url(account: Account, post_id: str) -> str:
    return f"{WEB}/{account.username or 'i/web'}/status/{post_id}"


# ---- publishing ----------------------------------------------------------------------------------


async def publish(call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
    """Steps: initialized, appended (once per chunk), finalized, ready, posted."""
    resent = done is not None and done.announces
    if draft.media:
        async for step in uploaded(call, draft, done):
            done = step
            yield step
    ready = Checkpoint("ready", done.state if done else {}, announces=True)
    if not resent:
        yield ready
    yield Checkpoint("posted", published=await created(call, draft, ready.state, resent))


async def created(call: Call, draft: Draft, state: Mapping[str, str], resent: bool) -> Published:
    """The request that makes the post visible. X has no idempotency key, but refuses the same text twice."""
    body: dict[str, Any] = {"text": draft.text} if draft.text else {}
    if "media_id" in state:
        body["media"] = {"media_ids": [state["media_id"]]}
    try:
        answer = await call.send(Request("POST", url(call.app, "/tweets"), json=body, commits=True))
    except Duplicate as twice:
        if not resent:
            raise
        raise OutcomeUnknown(f"the first attempt was published: {twice.message}") from None
    return published(call, draft, new_id(answer), call.now)


def new_id(answer: Answer) -> str:
    try:
        return str(data_of(answer)["id"])
    except (TryLater, KeyError):
        raise OutcomeUnknown("the answer names no post") from None


def published(call: Call, draft: Draft, post_id: str, at: datetime) -> Published:
    return Published(post_id, draft.kind, post_url(call.account, post_id), at)


# ---- the video -----------------------------------------------------------------------------------


async def uploaded(call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
    """Takes the video through what is left of its upload, until X has processed it."""
    if done is None:
        done = await initialized(call, await draft.media[0].file())
        yield done
    if done.step == "ready":
        return
    seconds: float | None = 0.0
    if done.step != "finalized":
        async for step in appended(call, await draft.media[0].file(), done):
            done = step
            yield step
        done, seconds = await finalized(call, done)
        yield done
    await processed(call, done.state["media_id"], seconds)


async def initialized(call: Call, file: MediaFile) -> Checkpoint:
    body = {"media_type": file.mime, "total_bytes": file.size, "media_category": "tweet_video"}
    answer = await call.send(Request("POST", url(call.app, "/media/upload/initialize"), json=body))
    media_id = text(data_of(answer).get("id"))
    if media_id is None:
        raise TryLater("X opened no upload.")
    return Checkpoint("initialized", {"media_id": media_id, "segment": "0", "sent": "0"})


async def appended(call: Call, file: MediaFile, done: Checkpoint) -> AsyncIterator[Checkpoint]:
    """Sends the chunks that are missing; each is its own step."""
    media_id, segment, offset = done.state["media_id"], int(done.state["segment"]), int(done.state["sent"])
    address = url(call.app, f"/media/upload/{media_id}/append")
    while offset < file.size:
        chunk = file.read(offset, CHUNK)
        parts: dict[str, str | bytes] = {"segment_index": str(segment), "media": chunk}
        await call.send(Request("POST", address, multipart=parts))
        segment, offset = segment + 1, offset + len(chunk)
        yield Checkpoint("appended", {"media_id": media_id, "segment": str(segment), "sent": str(offset)})


async def finalized(call: Call, done: Checkpoint) -> tuple[Checkpoint, float | None]:
    """The checkpoint, and in how many seconds X wants to be asked; None when the video is ready."""
    media_id = done.state["media_id"]
    answer = await call.send(Request("POST", url(call.app, f"/media/upload/{media_id}/finalize")))
    return Checkpoint("finalized", {"media_id": media_id}), wait_of(answer)


async def processed(call: Call, media_id: str, seconds: float | None) -> None:
    """Waits until X has taken the video in; TryLater when that takes long."""
    waited = 0.0
    query = {"command": "STATUS", "media_id": media_id}
    while seconds is not None:
        if waited > PROCESSING_S:
            raise TryLater("X is still processing the video.")
        await call.pause(seconds)
        waited += seconds
        seconds = wait_of(await call.send(Request("GET", url(call.app, "/media/upload"), params=query)))


def wait_of(answer: Answer) -> float | None:
    """In how many seconds to ask again; None when ready. A failed video is FixContent."""
    info = data_of(answer).get("processing_info")
    if not isinstance(info, dict) or info.get("state") == "succeeded":
        return None
    if info.get("state") == "failed":
        raise FixContent(failure(info))
    told = info.get("check_after_secs")
    return max(0.5, float(told)) if isinstance(told, int | float) else 1.0


def failure(info: Mapping[str, Any]) -> str:
    error = info.get("error")
    words = (error.get("message") or error.get("name")) if isinstance(error, dict) else None
    return str(words or "X could not process the video.")


# ---- after a lost answer ---------------------------------------------------------------------------


async def find_published(call: Call, draft: Draft, done: Checkpoint, since: datetime) -> Published | None:
    """Looks for the draft among the account's newest posts (x.md §5)."""
    since = since.astimezone(UTC).replace(microsecond=0)  # X's times have whole seconds
    posts = await newest(call, since)
    for post, at in posts:
        if at >= since and same(draft, done, post):
            return published(call, draft, str(post["id"]), at)
    if len(posts) >= PAGE:
        raise OutcomeUnknown("the account has posted too much since to tell")
    return None


async def newest(call: Call, since: datetime) -> list[tuple[dict[str, Any], datetime]]:
    """The account's posts with their times; nobody can tell which is which without."""
    params = {
        "max_results": str(PAGE),
        "start_time": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "post.fields": "created_at,attachments",
    }
    request = Request("GET", url(call.app, f"/users/{call.account.id}/tweets"), params=params)
    posts = objects((await call.send(request)).json.get("data"))
    dated = [(post, at) for post in posts if "id" in post and (at := iso_time(post.get("created_at")))]
    if len(dated) < len(posts):
        raise OutcomeUnknown("the account's posts came without their times")
    return dated


def same(draft: Draft, done: Checkpoint, post: Mapping[str, Any]) -> bool:
    """Whether a post is the draft's: by its video where it has one, else by its words.

    A media key is the media id after a type prefix (x.md §2.2). Links come back shortened, so posts are held
    together by everything but links; of two posts with nothing but a link nobody can tell.
    """
    if media_id := done.state.get("media_id"):
        keys = items(mapping(post.get("attachments")).get("media_keys"))
        return any(str(key).endswith(f"_{media_id}") for key in keys)
    mine, theirs = split_links(draft.text), split_links(unescape(text(post.get("text")) or ""))
    if mine == theirs and not mine[0]:
        raise OutcomeUnknown("a post with nothing but a link is there; it may be this one")
    return mine == theirs


def split_links(text: str) -> tuple[str, int]:
    """The words without the links, and how many links there are."""
    links = extract_urls_with_indices(text)
    for link in reversed(links):
        first, end = link["indices"]
        text = f"{text[:first]} {text[end:]}"
    return squeezed(text), len(links)


def squeezed(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
