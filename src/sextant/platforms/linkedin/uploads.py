"""What uploads of images and videos on LinkedIn have in common (linkedin.md §2.4, §2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote

from sextant.errors import FixContent, TryLater
from sextant.platforms.base import Call, Json, Request
from sextant.platforms.linkedin.auth import API
from sextant.platforms.linkedin.tier import counted
from sextant.platforms.media import FileStream
from sextant.platforms.shape import mapping, unix_time, whole

UPLOAD_TIMEOUT_S = 120.0
SLOWEST = 100_000
"""Bytes a second below which an upload is given up."""
POLL_FIRST_S, POLL_MOST_S, POLL_FOR_S = 0.5, 10.0, 300.0


async def initialized(call: Call, resource: str, asked: Mapping[str, Json]) -> dict[str, Json]:
    """What LinkedIn says of an upload that it opened for `images` or `videos`."""
    url = f"{API}/rest/{resource}?action=initializeUpload"
    request = Request("POST", url, json={"initializeUploadRequest": asked})
    answer = await call.send(counted(call, request))
    return mapping(mapping(answer.json).get("value"))


def expiry(millis: Json, now: datetime) -> datetime:
    """Only the number form is relied on (§2.5); else an upload is good an hour."""
    number = whole(millis)
    told = unix_time(number // 1000) if number is not None else None
    return told or now + timedelta(hours=1)


def still_open(state: Mapping[str, str], now: datetime) -> bool:
    return "expires" in state and now < datetime.fromisoformat(state["expires"])


def put(url: str, body: FileStream) -> Request:
    headers = {"Content-Type": "application/octet-stream"}
    timeout_s = UPLOAD_TIMEOUT_S + body.length / SLOWEST
    return Request("PUT", url, headers=headers, body=body, timeout_s=timeout_s)


async def available(call: Call, resource: str, urn: str) -> None:
    """Waits until LinkedIn has processed it; a create before that is refused."""
    pause, waited = POLL_FIRST_S, 0.0
    while (status := await status_of(call, resource, urn)) != "AVAILABLE":
        if waited >= POLL_FOR_S:
            raise TryLater(f"LinkedIn is still at work on the media ({status}).")
        await call.pause(pause)
        waited += pause
        pause = min(pause * 1.5, POLL_MOST_S)


async def status_of(call: Call, resource: str, urn: str) -> str:
    request = Request("GET", f"{API}/rest/{resource}/{quote(urn, safe='')}")
    answer = await call.send(counted(call, request))
    told = mapping(answer.json)
    if told.get("status") == "PROCESSING_FAILED":
        reason = told.get("processingFailureReason") or "no reason given"
        raise FixContent(f"LinkedIn could not process the media: {reason}")
    return str(told.get("status"))
