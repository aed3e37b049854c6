"""From an uploaded video to a published one (youtube.md §2.4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sextant.errors import ActOutside, FixContent, Gone, Reconnect, TryLater
from sextant.platforms.base import Call, Published, Request
from sextant.platforms.catalogue import Kind
from sextant.platforms.shape import iso_time, mapping, objects
from sextant.platforms.youtube.auth import DATA, WEB
from sextant.platforms.youtube.quota import LOOK

POLL_FIRST_S, POLL_MOST_S, POLL_FOR_S = 0.5, 30.0, 300.0
ACCOUNT_TROUBLE = frozenset({"uploaderAccountSuspended", "uploaderAccountClosed"})
ENDED = frozenset({"failed", "rejected", "deleted"})


async def processed(call: Call, video: str) -> Published:
    """A 200 on the upload proves nothing: rejections come later. Raises what a final one means.

    Raises Gone when the owner's own list has not shown the video in all this time.
    """
    pause, waited, seen = POLL_FIRST_S, 0.0, False
    while True:
        item = await asked(call, video)
        seen = seen or bool(item)
        if upload_status(item) == "processed":
            return published(video, item, call.now)
        if waited >= POLL_FOR_S:
            raise TryLater("YouTube is still processing the video.") if seen else missing()
        await call.pause(pause)
        waited += pause
        pause = min(pause * 1.5, POLL_MOST_S)


async def asked(call: Call, video: str) -> dict[str, Any]:
    """The video's state; empty while the list does not know it. Without permission it is asked later: the
    video is there, and may not be called failed."""
    params = {"part": "snippet,status,processingDetails", "id": video}
    try:
        answer = await call.send(Request("GET", f"{DATA}/youtube/v3/videos", params=params, spends=LOOK))
    except Reconnect as refused:
        raise TryLater(f"The video is uploaded; its state may not be asked for. {refused.message}") from None
    return next((item for item in objects(answer.json.get("items")) if item.get("id") == video), {})


def upload_status(item: dict[str, Any]) -> str:
    status = mapping(item.get("status"))
    found = str(status.get("uploadStatus", "uploaded"))
    if found in ENDED:
        raise refusal(found, str(status.get("rejectionReason") or status.get("failureReason") or "no reason"))
    return found


def refusal(status: str, reason: str) -> ActOutside | FixContent | Gone:
    if status == "deleted":
        return Gone("The video was deleted while YouTube processed it.")
    kind = ActOutside if reason in ACCOUNT_TROUBLE else FixContent
    return kind(f"YouTube {status} the video: {reason}")


def missing() -> Gone:
    return Gone("YouTube does not list the uploaded video: it was deleted.")


def published(video: str, item: dict[str, Any], now: datetime) -> Published:
    """`watch?v=` is right for Shorts too; the API has no word for a Short (§2.5).

    The time is the upload's, not that of asking: reports count from it.
    """
    at = iso_time(mapping(item.get("snippet")).get("publishedAt"))
    return Published(video, Kind.VIDEO, f"{WEB}/watch?v={video}", now if at is None else min(at, now))
