"""A thumbnail of the author's own (youtube.md §2.6). Without it the video is published all the same."""

from __future__ import annotations

from sextant.errors import Fault, TryLater
from sextant.platforms.base import Call, Draft, Request
from sextant.platforms.media import Media
from sextant.platforms.youtube.options import THUMBNAIL, options_of
from sextant.platforms.youtube.quota import CHANGE

SET = "https://www.googleapis.com/upload/youtube/v3/thumbnails/set"
TIMEOUT_S = 120.0
PAUSES_S = (2.0, 10.0)
"""Before the second and the third try of a passing failure; then YouTube's own thumbnail stays."""


def wanted(draft: Draft) -> bool:
    return options_of(draft).thumbnail_url is not None


async def set_thumbnail(call: Call, draft: Draft, video: str) -> str | None:
    """Setting it twice is setting it once. Returns why it could not be, for the author; never raises."""
    picture = draft.extra.get(THUMBNAIL)
    if picture is None:
        return "The video is published; the file of its thumbnail is not there."
    fault = await tried(call, picture, video)
    for pause in PAUSES_S:
        if not isinstance(fault, TryLater):
            break
        await call.pause(pause)
        fault = await tried(call, picture, video)
    return None if fault is None else said(fault)


async def tried(call: Call, picture: Media, video: str) -> Fault | None:
    try:
        await send(call, picture, video)
    except Fault as fault:
        return fault
    return None


async def send(call: Call, picture: Media, video: str) -> None:
    file = await picture.file()
    params = {"videoId": video, "uploadType": "media"}
    headers = {"Content-Type": file.mime}
    await call.send(
        Request(
            "POST",
            SET,
            params=params,
            headers=headers,
            body=file.stream(),
            timeout_s=TIMEOUT_S,
            spends=CHANGE,
        )
    )


def said(fault: Fault) -> str:
    return f"The video is published; its thumbnail was not set. {fault.message or fault.advice}"
