"""Videos of a Page: by address, by chunks, and reels (facebook.md §2.3, §2.4).

Not simulated: uploads by handle (`fbuploader_video_file_chunk`), scheduled and unpublished videos, drafts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from sextant.sandbox.facebook import uploads
from sextant.sandbox.facebook.posting import added, created, is_published, may_post, video_node
from sextant.sandbox.facebook.uploads import Upload
from sextant.sandbox.graph import errors
from sextant.sandbox.graph.call import FACEBOOK, VIDEO, Call, caller_of
from sextant.sandbox.graph.errors import GraphError, invalid
from sextant.sandbox.graph.scene import Scene
from sextant.sandbox.network import json
from sextant.sandbox.pull import pulled
from sextant.sandbox.received import Received
from sextant.sandbox.world import Post, World

WANTED = 4 << 20
PIECE = 1 << 18
REELS_A_DAY, DAY_S = 30, 24 * 3600
UPLOAD_HOST = "https://rupload.facebook.com/video-upload"


def makes_visible(call: Call) -> bool:
    """A video by address, or the finish of an upload."""
    return call.params.get("upload_phase", "finish") == "finish"


async def videos(scene: Scene) -> dict[str, Any]:
    """POST /{page-id}/videos; what is uploaded here stays a video, never a reel."""
    may_post(scene)
    if not is_published(scene.call):
        raise errors.not_simulated()
    phase, url = scene.call.params.get("upload_phase"), scene.call.params.get("file_url", "")
    if phase is None and url:
        return await by_address(scene, url)
    if phase is None or scene.call.host != VIDEO:
        raise errors.not_simulated()
    if url:
        raise invalid("(#100) file_url cannot be combined with upload_phase")
    phases = {"start": start, "transfer": transfer, "finish": finish, "cancel": cancel}
    if phase not in phases:
        raise invalid("(#100) upload_phase must be one of start, transfer, finish, cancel")
    return phases[phase](scene)


async def by_address(scene: Scene, url: str) -> dict[str, Any]:
    received = await pulled(scene.world, url)
    if received is None:
        raise GraphError(389, "(#389) Unable to fetch video file from URL.")
    post = made(scene, f"13{scene.world.serial():014d}", "video", received)
    return created(scene, video_node(scene.world, post))


def made(scene: Scene, video_id: str, kind: str, received: Received) -> Post:
    """The post, out once it is processed."""
    shown = received.facts()
    if shown is None or not shown.is_video:
        raise GraphError(6000, "(#6000) There was a problem uploading your video file. Please try again.")
    facts = {
        "video_id": video_id,
        "bytes": received.size,
        "length_s": shown.duration_s,
        "ready_at": scene.world.now() + scene.world.processing_s,
        "title": scene.call.params.get("title"),
    }
    return added(scene, kind, scene.call.params.get("description", ""), facts)


# ---- by chunks -------------------------------------------------------------------------------------


def start(scene: Scene) -> dict[str, Any]:
    upload = uploads.begun(scene, "video", number(scene, "file_size"))
    return {"upload_session_id": upload.session_id, "video_id": upload.id, **wanted(upload)}


def number(scene: Scene, name: str) -> int:
    text = scene.call.params.get(name, "")
    if not text.isdecimal():
        raise invalid(f"(#100) The parameter {name} is required")
    return int(text)


def wanted(upload: Upload) -> dict[str, str]:
    """Offsets are texts; two that are equal: all is there."""
    begin, size = upload.received.size, upload.size or 0
    return {"start_offset": str(begin), "end_offset": str(min(begin + WANTED, size))}


def transfer(scene: Scene) -> dict[str, Any]:
    """A piece has to begin where the last one ended (subcode and error_data as Meta's SDK reads them)."""
    upload = uploads.in_session(scene)
    chunk = scene.call.files.get("video_file_chunk")
    if chunk is None:
        raise invalid("(#100) The parameter video_file_chunk is required")
    if number(scene, "start_offset") != upload.received.size:
        text = "(#6001) There was a problem uploading your video file: the start offset is wrong."
        raise GraphError(6001, text, 1363037, more={"error_data": wanted(upload)})
    while piece := chunk.file.read(PIECE):
        upload.take(piece)
    return wanted(upload)


def finish(scene: Scene) -> dict[str, Any]:
    upload = uploads.in_session(scene)
    if not upload.complete:
        raise GraphError(6001, "(#6001) There was a problem uploading your video file: bytes are missing.")
    made(scene, upload.id, "video", upload.received)
    uploads.ended(scene.world, upload)
    return {"success": True}


def cancel(scene: Scene) -> dict[str, Any]:
    uploads.ended(scene.world, uploads.in_session(scene))
    return {"success": True}


# ---- reels -----------------------------------------------------------------------------------------


async def reels(scene: Scene) -> dict[str, Any]:
    """POST /{page-id}/video_reels."""
    may_post(scene)
    match scene.call.params.get("upload_phase"):
        case "start":
            upload = uploads.begun(scene, "reel", None)
            return {"video_id": upload.id, "upload_url": f"{UPLOAD_HOST}/{upload.id}"}
        case "finish":
            return finish_reel(scene)
    raise invalid("(#100) upload_phase must be one of start, finish")


def finish_reel(scene: Scene) -> dict[str, Any]:
    """What is no reel fails in its processing, after this was answered."""
    state = scene.call.params.get("video_state")
    if state in ("SCHEDULED", "DRAFT"):
        raise errors.not_simulated()
    if state != "PUBLISHED":
        raise invalid("(#100) video_state must be one of PUBLISHED, SCHEDULED, DRAFT")
    upload = uploads.named(scene)
    if not upload.complete:
        raise GraphError(6001, "(#6001) There was a problem uploading your video file: bytes are missing.")
    if reels_today(scene) >= REELS_A_DAY:
        raise GraphError(613, "(#613) Calls to this api have exceeded the rate limit.")
    upload.refused = uploads.reel_fault(upload.received.facts())
    if upload.refused:
        upload.finished_at = scene.world.now()
        uploads.closed(scene.world, upload)
    else:
        made(scene, upload.id, "reel", upload.received)
        uploads.ended(scene.world, upload)
    return {"success": True}


def reels_today(scene: Scene) -> int:
    """Deleting one gives nothing back."""
    since = scene.world.now() - DAY_S
    made = (post for post in scene.world.state.posts if post.platform == "facebook" and post.kind == "reel")
    return sum(post.account_id == scene.caller.account.id and post.created_at > since for post in made)


# ---- rupload.facebook.com --------------------------------------------------------------------------


async def receive(world: World, request: web.Request) -> web.StreamResponse:
    """The bytes of a reel from `offset` on, or a `file_url` and no body."""
    try:
        upload = opened(world, request)
        if "file_url" in request.headers:
            await fetch(world, upload, request.headers["file_url"])
        else:
            check_place(upload, request)
            async for chunk in chunks(request):
                upload.take(chunk)
    except GraphError as error:
        return errors.answer(error)
    return json({"success": True})


def opened(world: World, request: web.Request) -> Upload:
    """The upload, for the Page whose token is in `Authorization: OAuth …`."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "oauth" or not value:
        raise errors.no_token()
    caller = caller_of(Call(world, FACEBOOK, "POST", "", (), {"access_token": value}))
    video_id = request.match_info["video"]
    upload = uploads.find(world, video_id)
    mine = upload is not None and upload.flow == "reel" and upload.account_id == caller.account.id
    if upload is None or not mine or upload.finished_at is not None:
        raise errors.unsupported("POST", video_id)
    if upload.status(world) == "expired":
        raise invalid("(#100) The upload has expired")
    return upload


def check_place(upload: Upload, request: web.Request) -> None:
    offset, size = request.headers.get("offset", ""), request.headers.get("file_size", "")
    if not offset.isdecimal() or not size.isdecimal():
        raise invalid("(#100) The headers offset and file_size are required")
    if int(offset) != upload.received.size or (upload.size or int(size)) != int(size):
        raise invalid("(#100) offset and file_size do not fit what has arrived")
    upload.size = int(size)


async def chunks(request: web.Request) -> AsyncIterator[bytes]:
    async for chunk in request.content.iter_chunked(PIECE):
        yield chunk


async def fetch(world: World, upload: Upload, url: str) -> None:
    """Meta's own addresses are refused (§2.4)."""
    if (urlsplit(url).hostname or "").endswith("fbcdn.net"):
        raise invalid("(#100) file_url must not be an address of fbcdn.net")
    found = await pulled(world, url)
    if found is None:
        raise GraphError(389, "(#389) Unable to fetch video file from URL.")
    upload.received, upload.size = found, found.size
