"""Media upload of X: chunked and one shot, processing, alt text (x.md §2.4, §2.5)."""

from __future__ import annotations

import base64
import binascii
import math
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from aiohttp import web
from aiohttp.web_request import FileField
from msgspec import Meta, Struct

from sextant.sandbox.network import json
from sextant.sandbox.received import Received, Shown
from sextant.sandbox.world import World
from sextant.sandbox.x import quotas, taking
from sextant.sandbox.x.access import body, caller
from sextant.sandbox.x.errors import gone, invalid
from sextant.sandbox.x.ids import new_id

SCOPE = "media.write"
OPEN_LIFE_S = 1_295_999
READY_LIFE_S = 86_400
# The chunk size is not documented; 4 to 5 MB is what production code sends (x.md §2.4).
SEGMENT_MAX = 5 * 1024 * 1024
LAST_SEGMENT = 999
PREFIX = {"photo": 3, "video": 13, "animated_gif": 16}

Category = Literal[
    "tweet_image",
    "tweet_gif",
    "tweet_video",
    "amplify_video",
    "dm_image",
    "dm_gif",
    "dm_video",
    "subtitles",
]
MediaType = Literal[
    "video/mp4",
    "video/webm",
    "video/mp2t",
    "video/quicktime",
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "image/bmp",
    "image/pjpeg",
    "image/tiff",
    "text/srt",
    "text/vtt",
    "model/gltf-binary",
    "model/vnd.usdz+zip",
]


class Initialize(Struct, forbid_unknown_fields=True):
    media_type: MediaType
    total_bytes: Annotated[int, Meta(ge=1, le=17_179_869_184)]
    media_category: Category
    shared: bool = False
    additional_owners: list[str] = []


class Segment(Struct, forbid_unknown_fields=True):
    media: str
    segment_index: int


class OneShot(Struct, forbid_unknown_fields=True):
    media: str
    media_category: Category
    media_type: MediaType | None = None
    shared: bool = False
    additional_owners: str | list[str] = ""


class AltText(Struct, forbid_unknown_fields=True):
    text: Annotated[str, Meta(max_length=1000)]


class Described(Struct, forbid_unknown_fields=True):
    alt_text: AltText


class Metadata(Struct, forbid_unknown_fields=True):
    id: str
    metadata: Described


@dataclass(slots=True)
class Upload:
    """A medium on its way. `finalized_at` is None until it is whole; `failure`: why processing fails."""

    id: str
    account_id: str
    category: str
    total_bytes: int
    expires_at: float
    received: Received = field(default_factory=Received)
    sizes: dict[int, int] = field(default_factory=dict)
    early: dict[int, bytes] = field(default_factory=dict)
    """Segments that came before one they follow."""
    facts: Shown | None = None
    failure: str | None = None
    finalized_at: float | None = None
    ready_at: float = 0.0
    alt_text: str = ""

    @property
    def kind(self) -> str:
        """`photo`, `animated_gif` or `video`, as `includes.media[].type` says it."""
        return {"gif": "animated_gif", "video": "video"}.get(taking.noun(self.category), "photo")

    @property
    def key(self) -> str:
        return f"{PREFIX[self.kind]}_{self.id}"

    @property
    def duration_ms(self) -> int:
        return round((self.facts.duration_s or 0) * 1000) if self.facts else 0

    def usable(self, now: float) -> bool:
        whole = self.finalized_at is not None and self.failure is None
        return whole and self.ready_at <= now < self.expires_at

    def add(self, index: int, content: bytes) -> None:
        """One sent again is taken to be the same as before."""
        if index not in self.sizes:
            self.early[index] = content
            self.sizes[index] = len(content)
        while (following := len(self.sizes) - len(self.early)) in self.early:
            self.received.add(self.early.pop(following))


# ---- endpoints -----------------------------------------------------------------------------------


async def initialize(world: World, request: web.Request) -> web.Response:
    account = caller(world, request, SCOPE).account
    asked = await body(request, Initialize)
    check_size(asked.media_category, asked.total_bytes)
    upload = opened(world, account.id, asked.media_category, asked.total_bytes)
    return json({"data": {"id": upload.id, "media_key": upload.key, "expires_after_secs": OPEN_LIFE_S}})


async def append(world: World, request: web.Request) -> web.Response:
    upload = upload_of(world, request, request.match_info["id"])
    if request.content_type == "application/json":
        segment = await body(request, Segment)
        content, index = from_base64(segment.media), segment.segment_index
    else:
        form = await request.post()
        content, index = content_of(form.get("media")), index_of(form.get("segment_index"))
    if not 0 <= index <= LAST_SEGMENT:
        raise invalid("segment_index", [str(index)], "segment_index must be between 0 and 999.")
    if len(content) > SEGMENT_MAX:
        raise invalid("media", [], f"Segments do not exceed {SEGMENT_MAX} bytes.")
    if upload.finalized_at is not None:
        raise invalid("id", [upload.id], "The media is finalized already.")
    if upload.sizes.get(index, len(content)) != len(content):
        raise invalid("segment_index", [str(index)], "The segment was sent before, and of another size.")
    upload.add(index, content)
    return json({"data": {"expires_at": math.ceil(upload.expires_at)}})


async def finalize(world: World, request: web.Request) -> web.Response:
    upload = upload_of(world, request, request.match_info["id"])
    if upload.finalized_at is None:
        check_whole(upload)
        seal(world, upload)
    return json({"data": described(world, upload)})


async def status(world: World, request: web.Request) -> web.Response:
    if request.query.get("command") != "STATUS":
        raise invalid("command", [request.query.get("command", "")], "command must be one of [STATUS].")
    upload = upload_of(world, request, request.query.get("media_id", ""))
    return json({"data": described(world, upload)})


async def one_shot(world: World, request: web.Request) -> web.Response:
    account = caller(world, request, SCOPE).account
    category, content = await one_shot_parts(request)
    if category not in Category.__args__ or category == "amplify_video":  # type: ignore[attr-defined]
        raise invalid("media_category", [category], "media_category cannot be used here.")
    check_size(category, len(content))
    received = Received(content)
    complaint = taking.image_complaint(received.facts()) if taking.noun(category) == "image" else None
    if complaint:
        raise invalid("media", [], complaint)
    upload = opened(world, account.id, category, len(content))
    upload.received = received
    seal(world, upload)
    return json({"data": described(world, upload)})


async def one_shot_parts(request: web.Request) -> tuple[str, bytes]:
    if request.content_type == "application/json":
        asked = await body(request, OneShot)
        return asked.media_category, from_base64(asked.media)
    form = await request.post()
    known = {"media", "media_category", "media_type", "shared", "additional_owners"}
    if unknown := sorted(set(form) - known):
        raise invalid(unknown[0], [], f"{unknown[0]} is not a parameter of this endpoint.")
    return str(form.get("media_category", "")), content_of(form.get("media"))


async def alt_text(world: World, request: web.Request) -> web.Response:
    caller(world, request, SCOPE)
    asked = await body(request, Metadata)
    upload = upload_of(world, request, asked.id)
    upload.alt_text = asked.metadata.alt_text.text
    quotas.bill(world, quotas.ALT_TEXT, [upload.id])
    associated = {"alt_text": {"text": upload.alt_text}}
    return json({"data": {"id": upload.id, "associated_metadata": associated}})


# ---- their parts ---------------------------------------------------------------------------------


def opened(world: World, account_id: str, category: str, total: int) -> Upload:
    upload = Upload(new_id(world), account_id, category, total, world.now() + OPEN_LIFE_S)
    world.uploads[upload.id] = upload
    return upload


def upload_of(world: World, request: web.Request, media_id: str) -> Upload:
    """The caller's upload of this id."""
    account = caller(world, request, SCOPE).account
    upload = world.uploads.get(media_id)
    mine = isinstance(upload, Upload) and upload.account_id == account.id
    if not isinstance(upload, Upload) or not mine or upload.expires_at <= world.now():
        raise gone("media_id", media_id, "media")
    return upload


def check_size(category: str, size: int) -> None:
    most = taking.MOST_BYTES.get(taking.noun(category))
    if most is not None and size > most:
        raise invalid("total_bytes", [str(size)], f"File size exceeds {most} bytes.")


def check_whole(upload: Upload) -> None:
    """All segments are there, and as long as announced."""
    if upload.early or not upload.sizes:
        raise invalid("id", [upload.id], "Segments do not add up: one is missing.")
    if (size := upload.received.size) != upload.total_bytes:
        words = f"Segments do not add up to provided total file size: {size}, not {upload.total_bytes}."
        raise invalid("id", [upload.id], words)


def seal(world: World, upload: Upload) -> None:
    now = world.now()
    upload.facts = upload.received.facts()
    if upload.kind != "photo":
        upload.failure = taking.processing_complaint(upload.category, upload.facts)
    upload.received = Received()
    upload.finalized_at = now
    upload.ready_at = now if upload.kind == "photo" else now + world.processing_s
    upload.expires_at = now + READY_LIFE_S


def described(world: World, upload: Upload) -> dict[str, Any]:
    left = math.ceil(upload.expires_at - world.now())
    row = {"id": upload.id, "media_key": upload.key, "size": upload.total_bytes, "expires_after_secs": left}
    if upload.finalized_at is None:
        return row
    if upload.kind == "photo":
        return row | image_of(upload.facts)
    return row | {"processing_info": processing(world.now(), upload, upload.finalized_at)}


def image_of(facts: Shown | None) -> dict[str, Any]:
    """Nothing of subtitles."""
    return {"image": {"image_type": facts.mime, "w": facts.width, "h": facts.height}} if facts else {}


def processing(now: float, upload: Upload, since: float) -> dict[str, Any]:
    whole = upload.ready_at - since
    part = 1.0 if now >= upload.ready_at else (now - since) / whole
    if part >= 1.0 and upload.failure:
        error = {"code": 1, "name": "InvalidMedia", "message": upload.failure}
        return {"state": "failed", "progress_percent": 0, "error": error}
    if part >= 1.0:
        return {"state": "succeeded", "progress_percent": 100}
    if part < 0.2:
        return {"state": "pending", "check_after_secs": 1}
    return {"state": "in_progress", "check_after_secs": 1, "progress_percent": int(part * 100)}


def content_of(media: object) -> bytes:
    if isinstance(media, FileField):
        media = media.file.read()
    if not isinstance(media, bytes | bytearray) or not media:
        raise invalid("media", [], "media is missing or has no bytes.")
    return bytes(media)


def index_of(value: object) -> int:
    if not isinstance(value, str) or not value.isdecimal():
        raise invalid("segment_index", [str(value)], "segment_index is missing or not a number.")
    return int(value)


def from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise invalid("media", [], "media is not base64.") from None
