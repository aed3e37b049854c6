"""Sending a video's bytes (section 2.3): chunks one after the other to an address that is the secret."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from sextant.sandbox.tiktok import tasks
from sextant.sandbox.tiktok.errors import Refused
from sextant.sandbox.tiktok.posting import Wrong
from sextant.sandbox.tiktok.tasks import Task
from sextant.sandbox.world import World

UPLOAD_HOST = "open-upload.tiktokapis.com"
# «5 MB to 64 MB»: both readings of MB are accepted at either end.
MIN_CHUNK = 5_000_000
MAX_CHUNK = 64 * 1024 * 1024
MAX_CHUNKS = 1000
MAX_VIDEO = 4 * 1024**3
PIECE = 1 << 18
VIDEO_TYPES = ("video/mp4", "video/quicktime", "video/webm")
CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


def checked_chunks(source: dict[str, Any]) -> tuple[int, int, int]:
    """Size, chunk size and count; the count rounds down, as the last chunk takes the remainder."""
    size, chunk, count = (source.get(name) for name in ("video_size", "chunk_size", "total_chunk_count"))
    if size is None or chunk is None or count is None:
        raise Wrong("video_size, chunk_size and total_chunk_count are required")
    one = chunk == size <= MAX_CHUNK
    several = MIN_CHUNK <= chunk <= MAX_CHUNK and chunk < size
    if not 0 < size <= MAX_VIDEO or not (one or several) or count != size // chunk or count > MAX_CHUNKS:
        raise Refused(400, "invalid_file_upload", "The total chunk count or the chunk size is invalid")
    return size, chunk, count


async def upload(world: World, request: web.Request) -> web.StreamResponse:
    task: Task | None = world.uploads.get(f"tiktok:upload:{request.query.get('upload_id')}")
    if task is None:
        return web.Response(status=404)
    if request.query.get("upload_token") != task.upload_token or world.now() > task.expires_at:
        return web.Response(status=403)
    given = CONTENT_RANGE.fullmatch(request.headers.get("Content-Range", ""))
    if given is None or request.content_type not in VIDEO_TYPES or request.content_length is None:
        return web.Response(status=400)
    first, last, total = map(int, given.groups())
    if request.content_length != last - first + 1:
        return web.Response(status=400)
    if task.arrived_at is not None or (first, last, total) != expected_range(task):
        return web.Response(status=416, headers=progress(task))
    return await received(world, task, request)


def expected_range(task: Task) -> tuple[int, int, int]:
    first = task.chunks * task.chunk_size
    is_last = task.chunks + 1 >= task.chunk_count
    return first, task.size - 1 if is_last else first + task.chunk_size - 1, task.size


async def received(world: World, task: Task, request: web.Request) -> web.Response:
    """A chunk counts when all of it has come, and once."""
    chunks, whole = task.chunks, task.piece()
    async for piece in request.content.iter_chunked(PIECE):
        whole.add(piece)
    if task.chunks != chunks:
        return web.Response(status=416, headers=progress(task))
    task.received, task.chunks = whole, chunks + 1
    if task.chunks < task.chunk_count:
        return web.Response(status=206, headers=progress(task))
    tasks.arrived(world, task, [task.received])
    return web.Response(status=201, headers=progress(task))


def progress(task: Task) -> dict[str, str]:
    """The second number is that of the uploaded bytes, not the last one's place (section 2.3)."""
    return {"Content-Range": f"bytes 0-{task.received.size}/{task.size}"}


async def commits(world: World, request: web.Request) -> bool:
    """The chunk that ends the file makes the post."""
    given = CONTENT_RANGE.fullmatch(request.headers.get("Content-Range", ""))
    return given is not None and int(given[2]) + 1 == int(given[3])


def failure(status: int) -> web.Response:
    """The upload address has no envelope: the status says it all."""
    return web.Response(status=status)
