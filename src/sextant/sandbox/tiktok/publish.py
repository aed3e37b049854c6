"""Content Posting API (sections 2.2 to 2.6): init, upload of bytes or pull, status."""

from __future__ import annotations

import re
import secrets
from typing import Any

from aiohttp import web

from sextant.sandbox.pull import pull
from sextant.sandbox.tiktok import tasks
from sextant.sandbox.tiktok.accounts import PRIVACY
from sextant.sandbox.tiktok.errors import Refused, answer
from sextant.sandbox.tiktok.gate import Call, json_object
from sextant.sandbox.tiktok.tasks import Task
from sextant.sandbox.world import World

UPLOAD_HOST = "open-upload.tiktokapis.com"
UPLOAD_LIFE_S = 3600
# «5 MB to 64 MB»: both readings of MB are accepted at either end.
MIN_CHUNK = 5_000_000
MAX_CHUNK = 64 * 1024 * 1024
MAX_CHUNKS = 1000
MAX_VIDEO = 4 * 1024**3
VIDEO_TYPES = ("video/mp4", "video/quicktime", "video/webm")
CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


def invalid(message: str) -> Refused:
    return Refused(400, "invalid_param", message)


async def init(call: Call) -> web.Response:
    call.need("video.publish")
    body = await call.body()
    post_info, source = body.get("post_info"), body.get("source_info")
    if not isinstance(post_info, dict) or not isinstance(source, dict):
        raise invalid("post_info and source_info are required")
    check_post_info(post_info)
    match source.get("source"):
        case "FILE_UPLOAD":
            return start_upload(call, post_info, source)
        case "PULL_FROM_URL":
            return await start_pull(call, post_info, source)
    raise invalid("source must be FILE_UPLOAD or PULL_FROM_URL")


def check_post_info(post_info: dict[str, Any]) -> None:
    title, privacy = post_info.get("title", ""), post_info.get("privacy_level")
    if not isinstance(title, str) or tasks.too_long(title):
        raise invalid(f"title must be a text of at most {tasks.MAX_TITLE} characters")
    if not isinstance(privacy, str) or not privacy:
        raise invalid("privacy_level is required")
    if privacy not in PRIVACY:
        text = "The privacy_level is none of the privacy_level_options of the creator."
        raise Refused(403, "privacy_level_option_mismatch", text)
    if privacy == "SELF_ONLY" and post_info.get("brand_content_toggle"):
        raise invalid("brand_content_toggle cannot be combined with SELF_ONLY")


def start_upload(call: Call, post_info: dict[str, Any], source: dict[str, Any]) -> web.Response:
    world = call.world
    task = new_task(call, post_info, "v_pub_file", "PROCESSING_UPLOAD")
    task.size, task.chunk_size, task.chunk_count = checked_chunks(source)
    task.upload_token, task.expires_at = secrets.token_urlsafe(24), world.now() + UPLOAD_LIFE_S
    tasks.keep(world, task)
    upload_id = task.publish_id.rpartition(".")[2]
    world.uploads[f"tiktok:upload:{upload_id}"] = task
    query = f"upload_id={upload_id}&upload_token={task.upload_token}"
    upload_url = f"{world.base_url}/{UPLOAD_HOST}/video/?{query}"
    return answer({"publish_id": task.publish_id, "upload_url": upload_url})


def new_task(call: Call, post_info: dict[str, Any], prefix: str, waits_as: str) -> Task:
    return Task(
        publish_id=tasks.new_publish_id(call.world, prefix),
        account_id=call.account.id,
        title=post_info.get("title", ""),
        privacy=post_info["privacy_level"],
        waits_as=waits_as,
    )


def checked_chunks(source: dict[str, Any]) -> tuple[int, int, int]:
    """Size, chunk size and count; the count rounds down, as the last chunk takes the remainder."""
    size, chunk, count = (source.get(name) for name in ("video_size", "chunk_size", "total_chunk_count"))
    if type(size) is not int or type(chunk) is not int or type(count) is not int:
        raise invalid("video_size, chunk_size and total_chunk_count are required")
    one = chunk == size <= MAX_CHUNK
    several = MIN_CHUNK <= chunk <= MAX_CHUNK and chunk < size
    if not 0 < size <= MAX_VIDEO or not (one or several) or count != size // chunk or count > MAX_CHUNKS:
        raise Refused(400, "invalid_file_upload", "The total chunk count or the chunk size is invalid")
    return size, chunk, count


async def start_pull(call: Call, post_info: dict[str, Any], source: dict[str, Any]) -> web.Response:
    url = source.get("video_url")
    if not isinstance(url, str) or not url:
        raise invalid("video_url is required")
    if not tasks.is_ours(call.world, url):
        text = "Please review our URL ownership verification rules."
        raise Refused(403, "url_ownership_unverified", text)
    task = new_task(call, post_info, "v_pub_url", "PROCESSING_DOWNLOAD")
    tasks.keep(call.world, task)
    tasks.arrived(call.world, task, await pull(call.world, url))
    return answer({"publish_id": task.publish_id})


async def init_commits(world: World, request: web.Request) -> bool:
    """A pulled video needs no further request."""
    try:
        body = await json_object(request, Refused(400, "", ""))
    except Refused:
        return False
    source = body.get("source_info")
    return isinstance(source, dict) and source.get("source") == "PULL_FROM_URL"


# ---- bytes ----


async def upload(world: World, request: web.Request) -> web.StreamResponse:
    """PUT of one chunk, one after the other; the address is the secret."""
    task: Task | None = world.uploads.get(f"tiktok:upload:{request.query.get('upload_id')}")
    if task is None:
        return web.Response(status=404)
    if request.query.get("upload_token") != task.upload_token or world.now() > task.expires_at:
        return web.Response(status=403)
    given = CONTENT_RANGE.fullmatch(request.headers.get("Content-Range", ""))
    content = await request.read()
    if given is None or request.content_type not in VIDEO_TYPES:
        return web.Response(status=400)
    first, last, total = map(int, given.groups())
    if len(content) != last - first + 1:
        return web.Response(status=400)
    if task.arrived_at is not None or (first, last, total) != expected_range(task):
        return web.Response(status=416, headers=progress(task))
    return received(world, task, content)


def expected_range(task: Task) -> tuple[int, int, int]:
    first = task.chunks * task.chunk_size
    is_last = task.chunks + 1 >= task.chunk_count
    return first, task.size - 1 if is_last else first + task.chunk_size - 1, task.size


def received(world: World, task: Task, content: bytes) -> web.Response:
    task.received += content
    task.chunks += 1
    if task.chunks < task.chunk_count:
        return web.Response(status=206, headers=progress(task))
    tasks.arrived(world, task, bytes(task.received))
    return web.Response(status=201, headers=progress(task))


def progress(task: Task) -> dict[str, str]:
    """The second number is that of the uploaded bytes, not the last one's place (section 2.3)."""
    return {"Content-Range": f"bytes 0-{len(task.received)}/{task.size}"}


async def upload_commits(world: World, request: web.Request) -> bool:
    """The chunk that ends the file makes the post."""
    given = CONTENT_RANGE.fullmatch(request.headers.get("Content-Range", ""))
    return given is not None and int(given[2]) + 1 == int(given[3])


# ---- status ----


async def status(call: Call) -> web.Response:
    call.need("video.publish", "video.upload")
    task = tasks.known(call.world, (await call.body()).get("publish_id"))
    if task is None:
        raise Refused(400, "invalid_publish_id", "The publish_id does not exist.")
    if task.account_id != call.account.id:
        text = "The access token does not belong to the owner of the publish_id."
        raise Refused(400, "token_not_authorized_for_specified_publish_id", text)
    return answer(reported(call.world, task))


def reported(world: World, task: Task) -> dict[str, Any]:
    """The key is really spelled like this, and holds bare 64-bit integers."""
    state = tasks.state_of(world, task)
    body: dict[str, Any] = {
        "status": state,
        "publicaly_available_post_id": [int(number) for number in tasks.public_ids(world, task)],
    }
    if task.size:
        body["uploaded_bytes"] = len(task.received)
    return {**body, "fail_reason": task.fail_reason} if state == "FAILED" else body
