"""Video upload (section 2.5): initialize, PUT the parts, finalize, poll."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sextant.sandbox.linkedin.authors import check_author
from sextant.sandbox.linkedin.errors import answer, failure, invalid, not_found
from sextant.sandbox.linkedin.gate import Call
from sextant.sandbox.world import World

PART_BYTES = 4 * 1024 * 1024
MIN_BYTES = 75_000
MAX_BYTES = 500_000_000
UPLOAD_LIFE_S = 24 * 3600
UPLOAD_HOST = "www.linkedin.com"
UPLOAD_PATH = "/dms-uploads/{asset}/uploaded-video/{part}"


@dataclass
class Video:
    """A video on its way. `parts[n]` is (bytes, ETag) once part n has arrived."""

    urn: str
    owner: str
    size: int
    expires_at: float
    parts: dict[int, tuple[bytes, str]] = field(default_factory=dict)
    finalized_at: float | None = None

    def ranges(self) -> list[tuple[int, int]]:
        """First and last byte of each part."""
        starts = range(0, self.size, PART_BYTES)
        return [(start, min(start + PART_BYTES, self.size) - 1) for start in starts]

    def is_mp4(self) -> bool:
        return self.parts[0][0][4:8] == b"ftyp"


def known(world: World, urn: str) -> Video | None:
    video: Video | None = world.uploads.get(f"linkedin:{urn}")
    return video


def status_of(world: World, video: Video) -> str:
    if video.finalized_at is None:
        return "WAITING_UPLOAD"
    if world.now() < video.finalized_at + world.processing_s:
        return "PROCESSING"
    return "AVAILABLE" if video.is_mp4() else "PROCESSING_FAILED"


async def initialize(call: Call) -> web.Response:
    request = (await call.body()).get("initializeUploadRequest")
    if not isinstance(request, dict):
        raise invalid("ERROR :: /initializeUploadRequest :: field is required")
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
    content = await request.read()
    if len(content) != last - first + 1:
        return failure(400)
    etag = f"/ambry-video/signedId/{secrets.token_hex(16)}"
    video.parts[part] = (content, etag)
    return answer(None, headers={"ETag": etag})


async def finalize(call: Call) -> web.Response:
    request = (await call.body()).get("finalizeUploadRequest")
    if not isinstance(request, dict):
        raise invalid("ERROR :: /finalizeUploadRequest :: field is required")
    video = known(call.world, str(request.get("video")))
    if video is None:
        raise not_found()
    check_author(call, video.owner, "finalizeUploadRequest/video")
    expected = [video.parts[part][1] for part in range(len(video.ranges())) if part in video.parts]
    complete = len(expected) == len(video.ranges()) and request.get("uploadedPartIds") == expected
    if request.get("uploadToken") != "" or not complete:
        raise invalid("uploadedPartIds or uploadToken do not match the uploaded parts")
    video.finalized_at = video.finalized_at or call.world.now()
    return answer(None)


async def show(call: Call) -> web.Response:
    video = known(call.world, call.key())
    if video is None:
        raise not_found()
    body = {"id": video.urn, "owner": video.owner, "status": status_of(call.world, video)}
    if body["status"] == "PROCESSING_FAILED":
        body["processingFailureReason"] = "The file is not a valid MP4 video"
    return answer(body)
