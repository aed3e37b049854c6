"""Resumable upload of a video (youtube.md §2.1, §2.2)."""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from sextant.sandbox.network import json
from sextant.sandbox.received import Received, Shown
from sextant.sandbox.world import Post, World
from sextant.sandbox.youtube import roles
from sextant.sandbox.youtube.access import PLATFORM, UPLOAD, caller, known_only, parts
from sextant.sandbox.youtube.errors import Refused, refuse
from sextant.sandbox.youtube.metadata import Video, video_of
from sextant.sandbox.youtube.videos import PARTS, resource

CHUNK = 256 * 1024
PIECE = 1 << 18
MOST_BYTES = 274_877_906_944
# How long an upload address lives is not in the document; Google's guides say about a week.
LIFE_S = 7 * 86400
RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
INSERT = (
    "uploadType",
    "part",
    "notifySubscribers",
    "autoLevels",
    "stabilize",
    "onBehalfOfContentOwner",
    "onBehalfOfContentOwnerChannel",
)


@dataclass(slots=True)
class Session:
    """An open upload. `total` is None until the client has said how long the file is."""

    account_id: str
    video: Video
    parts: list[str]
    total: int | None
    expires_at: float
    content: Received = field(default_factory=Received)
    post: Post | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes of one PUT: from `start`, `length` of them (0: a probe), of a file of `total`."""

    start: int
    length: int
    total: int | None
    probe: bool = False


async def open_session(world: World, request: web.Request) -> web.Response:
    """POST /upload/youtube/v3/videos?uploadType=resumable."""
    account = caller(world, request, UPLOAD)
    roles.may_upload(account)
    known_only(request, *INSERT)
    if request.query.get("notifySubscribers", "true") not in ("true", "false"):
        raise refuse(400, "badRequest", "Invalid value for parameter notifySubscribers.")
    if request.query.get("uploadType") != "resumable":
        raise refuse(400, "badRequest", "This upload type is not supported here: use resumable.")
    asked = parts(request, PARTS)
    video = await video_of(request, asked)
    session = Session(account.id, video, asked, announced(request), world.now() + LIFE_S)
    upload_id = secrets.token_urlsafe(40)
    world.uploads[upload_id] = session
    host = request.path.split("/", 2)[1]
    query = f"uploadType=resumable&upload_id={upload_id}&part={','.join(asked)}"
    location = f"{world.base_url}/{host}/upload/youtube/v3/videos?{query}"
    return web.Response(headers={"Location": location, "X-GUploader-UploadID": upload_id})


def announced(request: web.Request) -> int | None:
    """The file's length, from the header; None when it is not told yet."""
    kind = request.headers.get("X-Upload-Content-Type", "application/octet-stream")
    if not kind.startswith("video/") and kind != "application/octet-stream":
        raise refuse(400, "mediaBodyRequired", f"Media type '{kind}' is not supported.", "youtube.video")
    length = request.headers.get("X-Upload-Content-Length")
    if length is None:
        return None
    if not length.isdecimal() or not 0 < int(length) <= MOST_BYTES:
        raise refuse(400, "badRequest", "X-Upload-Content-Length is not a valid size.")
    return int(length)


async def put(world: World, request: web.Request) -> web.Response:
    """PUT to an upload address: bytes, or a question how many have come. The address is the permission."""
    session = session_of(world, request)
    if session is None:
        await drained(request)
        return web.Response(status=404, text="Not Found")
    async with session.turn:
        return await put_into(world, session, request)


async def put_into(world: World, session: Session, request: web.Request) -> web.Response:
    try:
        span = span_of(request, session)
        if session.post is None and not span.probe:
            check(session, span, request.content_length)
    except Refused:
        await drained(request)
        raise
    if session.post is None and not span.probe:
        await take(session, span, request)
        if session.content.size == session.total:
            session.post = published(world, session)
    await drained(request)
    if session.post is None:
        return incomplete(session)
    return json(resource(world, session.post, session.parts, owner=True))


async def drained(request: web.Request) -> None:
    """Bytes that are not taken are read all the same, so that the answer is."""
    async for _ in request.content.iter_chunked(PIECE):
        pass


async def completes(world: World, request: web.Request) -> bool:
    """Whether this PUT brings the last byte."""
    session = session_of(world, request)
    if session is None or session.post is not None:
        return False
    try:
        span = span_of(request, session)
    except Refused:
        return False
    return not span.probe and span.start + span.length == (span.total or session.total)


def session_of(world: World, request: web.Request) -> Session | None:
    session = world.uploads.get(request.query.get("upload_id", ""))
    return session if isinstance(session, Session) and session.expires_at > world.now() else None


def span_of(request: web.Request, session: Session) -> Span:
    """What the headers say of the bytes. Without Content-Range it is the whole file."""
    header = request.headers.get("Content-Range")
    if header is None:
        length = request.content_length
        return Span(0, length if length is not None else session.total or 0, session.total or length)
    found = RANGE.fullmatch(header)
    if found is None:
        raise refuse(400, "badRequest", "Failed to parse Content-Range header.")
    first, last, total = found.groups()
    size = None if total == "*" else int(total)
    if first is None:
        return Span(0, 0, size, probe=True)
    return Span(int(first), int(last) - int(first) + 1, size)


def check(session: Session, span: Span, length: int | None) -> None:
    """The bytes have to go on where the last ones ended."""
    total = span.total if session.total is None else session.total
    end = span.start + span.length
    if length != span.length or span.length <= 0:
        raise refuse(400, "badRequest", "Content-Range and the length of the body do not agree.")
    if span.total not in (None, total):
        raise refuse(400, "badRequest", "Content-Range does not fit the announced length.")
    if span.start != session.content.size:
        raise refuse(400, "badRequest", "Content-Range does not go on where the upload stands.")
    if end != total and (span.length % CHUNK or total is None):
        raise refuse(400, "badRequest", "The size of a chunk must be a multiple of 262144 bytes.")
    if total is not None and end > total:
        raise refuse(400, "badRequest", "More bytes than announced.")


async def take(session: Session, span: Span, request: web.Request) -> None:
    """What came before a connection broke stays stored."""
    session.total = span.total if session.total is None else session.total
    async for piece in request.content.iter_chunked(PIECE):
        session.content.add(piece)


def incomplete(session: Session) -> web.Response:
    """308; without Range when nothing is stored."""
    stored = session.content.size
    headers = {"Range": f"bytes=0-{stored - 1}"} if stored else {}
    return web.Response(status=308, reason="Resume Incomplete", headers=headers)


def published(world: World, session: Session) -> Post:
    shown = session.content.facts()
    facts: dict[str, Any] = {
        "snippet": msgspec.to_builtins(session.video.snippet),
        "status": msgspec.to_builtins(session.video.status),
        "duration_s": int(shown.duration_s or 0) if shown else 0,
        "short": shown is not None and is_short(shown),
        **roles.verdict(world.account(PLATFORM, session.account_id), shown),
    }
    post = Post(
        platform=PLATFORM,
        id=secrets.token_urlsafe(8),
        account_id=session.account_id,
        kind="video",
        created_at=world.now(),
        text=session.video.snippet.title,
        facts=facts,
    )
    world.add_post(post)
    return post


def is_short(shown: Shown) -> bool:
    """Square or vertical, and at most 3 minutes (youtube.md §2.5, observed by others, 2026)."""
    if not shown.width or not shown.height or shown.duration_s is None:
        return False
    return shown.height >= shown.width and shown.duration_s <= 180
