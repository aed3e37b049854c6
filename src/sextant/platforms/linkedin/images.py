"""Images on LinkedIn: each is opened, sent whole, and waited for (linkedin.md §2.4)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence

from sextant.errors import ActOutside, NoValue, Reconnect, TryLater
from sextant.platforms.base import Call, Checkpoint
from sextant.platforms.linkedin.uploads import available, expiry, initialized, put, still_open
from sextant.platforms.media import Media
from sextant.platforms.shape import text

UNREADABLE_WAIT_S = 5.0
"""«A few seconds», where a token may not read an image's status (§2.4)."""


async def uploaded(call: Call, media: Sequence[Media], state: Mapping[str, str]) -> AsyncIterator[Checkpoint]:
    """`images` grows by a URN with each. Sending one again to the same address overwrites it."""
    sent = json.loads(state.get("images", "[]"))
    for medium in media[len(sent) :]:
        file = await medium.file()
        if not still_open(state, call.now):
            state = {"images": json.dumps(sent), **await opened(call)}
            yield Checkpoint("initialized", state)
        # The address takes the Authorization header (§2.4), other than those of a video's parts.
        await call.send(put(state["url"], file.stream()))
        sent.append(state["opened"])
        state = {"images": json.dumps(sent)}
        yield Checkpoint("image_sent", state)


async def opened(call: Call) -> dict[str, str]:
    value = await initialized(call, "images", {"owner": call.account.id})
    image, url = text(value.get("image")), text(value.get("uploadUrl"))
    if image is None or url is None:
        raise TryLater("LinkedIn opened no upload.")
    expires = expiry(value.get("uploadUrlExpiresAt"), call.now)
    return {"opened": image, "url": url, "expires": expires.isoformat()}


async def processed(call: Call, images: Sequence[str]) -> None:
    """A Page's token may ask; a member's may only write images (§2.4)."""
    if call.account.kind == "organization":
        try:
            for image in images:
                await available(call, "images", image)
            return
        except (NoValue, Reconnect, ActOutside):
            pass
    await call.pause(UNREADABLE_WAIT_S)
