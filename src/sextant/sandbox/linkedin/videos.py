"""Video upload (section 2.5): initialize, PUT the parts, finalize, poll."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sextant.sandbox.linkedin.authors import check_author
from sextant.sandbox.linkedin.errors import answer, failure, invalid, not_found
from sextant.sandbox.linkedin.gate import Call
from sextant.sandbox.received import Received
from sextant.sandbox.world import World

PART_BYTES = 4 * 1024 * 1024
MIN_BYTES = 75_000
MAX_BYTES = 500_000_000
MIN_S, MAX_S = 3, 1800
INITIALIZE = {"owner", "fileSizeBytes", "uploadCaptions", "uploadThumbnail"}
UPLOAD_LIFE_S = 24 * 3600
UPLOAD_HOST = "www.linkedin.com"
UPLOAD_PATH = "/dms-uploads/{asset}/uploaded-video/{part}"
PIECE = 1 << 18


@dataclass
class Video:
    """A video on its way. `etags[n]`: part n has arrived; `early`: parts whose turn has not come yet."""

    urn: str
    owner: str
    size: int
    expires_at: float
    etags: dict[int, str] = field(default_factory=dict)
    early: dict[int, bytes] = field(default_factory=dict)
    content: Received = field(default_factory=Received)
    taken: int = 0
    finalized_at: float | None = None

    def ranges(self) -> list[tuple[int, int]]:
        """First and last byte of each part."""
        starts = range(0, self.size, PART_BYTES)
        return [(start, min(start + PART_BYTES, self.size) - 1) for start in starts]

    def take(self, part: int, content: bytes) -> str:
        """Keeps a part, whole; the content is put together in order. The part's new ETag."""
        if part >= self.taken:
            self.early[part] = content
        while self.taken in self.early:
            self.content.add(self.early.pop(self.taken))
            self.taken += 1
        self.etags[part] = f"/ambry-video/signedId/{secrets.token_hex(16)}"
        return self.etags[part]

    def fault(self) -> str | None:
        """Why it cannot be processed (section 2.7)."""
        facts = self.content.facts()
        if facts is None or facts.mime != "video/mp4":
            return "The file is not a valid MP4 video"
        if facts.duration_s is not None and not MIN_S <= facts.duration_s <= MAX_S:
            return "The video must last from 3 seconds to 30 minutes"
        return None


def known(world: World, urn: str) -> Video | None:
    video: Video | None = world.uploads.get(f"linkedin:{urn}")
    return video


def status_of(world: World, video: Video) -> str:
    if video.finalized_at is None:
        return "WAITING_UPLOAD"
    if world.now() < video.finalized_at + world.processing_s:
        return "PROCESSING"
    return "PROCESSING_FAILED" if video.fault() else "AVAILABLE"


async def initialize(call: Call) -> web.Response:
    request = (await call.body()).get("initializeUploadRequest")
    if not isinstance(request, dict):
        raise invalid("ERROR :: /initializeUploadRequest :: field is required")
    if extra := sorted(set(request) - INITIALIZE):
        raise invalid(f"ERROR :: /initializeUploadRequest/{extra[0]} :: unrecognized field")
    owner, size = request.get("owner"), request.get("fileSizeBytes")
    check_author(call, owner, "initializeUploadRequest/owner")
    if isinstance(size, bool) or not isinstance(size, int) or not MIN_BYTES <= size <= MAX_BYTES:
        raise invalid("ERROR :: /initializeUploadRequest/fileSizeBytes :: must be 75 KB to 500 MB")
    urn = f"urn:li:video:C5F10AQ{secrets.token_hex(8)}"
    video = Video(urn, str(owner), size, call.world.now() + UPLOAD_LIFE_S)
    call.world.uploads[f"linkedin:{urn}"] = video
    return answer({"value": instructions(call.world, video)})


def instructions(world: World, video: Video) -> dict[str, Any]:
    asset = video.urn.rpartition(":")[2]
    base = f"{world.base_url}/{UPLOAD_HOST}"
    return {
        "uploadUrlsExpireAt": int(video.expires_at * 1000),
        "video": video.urn,
        "uploadToken": "",
        "uploadInstructions": [
            {
                "uploadUrl": base + UPLOAD_PATH.format(asset=asset, part=part),
                "firstByte": first,
                "lastByte": last,
            }
            for part, (first, last) in enumerate(video.ranges())
        ],
    }


async def upload(world: World, request: web.Request) -> web.StreamResponse:
    """PUT of one part: the address is the secret, no token is asked for."""
    video = known(world, f"urn:li:video:{request.match_info['asset']}")
    part = int(request.match_info["part"])
    if video is None or part >= len(video.ranges()) or video.finalized_at is not None:
        return failure(404)
    if world.now() > video.expires_at:
        return failure(403)
    first, last = video.ranges()[part]
    content = await at_most(request, last - first + 1)
    if len(content) != last - first + 1:
        return failure(400)
    return answer(None, headers={"ETag": video.take(part, content)})


async def at_most(request: web.Request, size: int) -> bytes:
    """The body; of a longer one a byte more than `size`."""
    content = bytearray()
    async for chunk in request.content.iter_chunked(PIECE):
        content += chunk[: size + 1 - len(content)]
    return bytes(content)


async def finalize(call: Call) -> web.Response:
    request = (await call.body()).get("finalizeUploadRequest")
    if not isinstance(request, dict):
        raise invalid("ERROR :: /finalizeUploadRequest :: field is required")
    video = known(call.world, str(request.get("video")))
    if video is None:
        raise not_found()
    check_author(call, video.owner, "finalizeUploadRequest/video")
    if video.finalized_at is not None:
        raise invalid("The upload has been finalized already")
    expected = [video.etags[part] for part in range(len(video.ranges())) if part in video.etags]
    complete = len(expected) == len(video.ranges()) and request.get("uploadedPartIds") == expected
    if request.get("uploadToken") != "" or not complete:
        raise invalid("uploadedPartIds or uploadToken do not match the uploaded parts")
    video.finalized_at = call.world.now()
    return answer(None)


async def show(call: Call) -> web.Response:
    video = known(call.world, call.key())
    if video is None:
        raise not_found()
    body: dict[str, Any] = {"id": video.urn, "owner": video.owner, "status": status_of(call.world, video)}
    if body["status"] == "PROCESSING_FAILED":
        body["processingFailureReason"] = video.fault()
    return answer(body)
