"""A video's own thumbnail (youtube.md §2.6)."""

from __future__ import annotations

from aiohttp import web

from sextant.sandbox.received import Received
from sextant.sandbox.world import Account, Post, World
from sextant.sandbox.youtube import roles
from sextant.sandbox.youtube.access import UPLOAD, caller, known_only
from sextant.sandbox.youtube.errors import Refused, refuse, video_not_found
from sextant.sandbox.youtube.videos import answer, find, processing, thumbnails

MOST_BYTES = 52_428_800
TYPES = ("image/jpeg", "image/png", "application/octet-stream")
PICTURES = ("image/jpeg", "image/png")
PIECE = 1 << 18


async def set_thumbnail(world: World, request: web.Request) -> web.Response:
    """POST /upload/youtube/v3/thumbnails/set?videoId=, with the picture's bytes."""
    picture, refusal = Received(), None
    try:
        post = addressed(world, request, caller(world, request, UPLOAD))
    except Refused as refused:
        refusal = refused
    async for piece in request.content.iter_chunked(PIECE):
        picture.add(piece)
    if refusal is not None:
        raise refusal
    check_picture(picture)
    post.facts["thumbnail"] = picture.size
    world.save()
    return answer(request, {"kind": "youtube#thumbnailSetResponse", "items": [thumbnails(post)]})


def addressed(world: World, request: web.Request, account: Account) -> Post:
    """The video, when the request may set its thumbnail."""
    roles.may_set_thumbnails(account)
    known_only(request, "videoId", "uploadType", "onBehalfOfContentOwner")
    if request.query.get("uploadType", "media") != "media":
        raise refuse(400, "badRequest", "This upload type is not supported here: use media.")
    if request.content_type not in TYPES:
        raise wrong("mediaBodyRequired", f"Media type '{request.content_type}' is not supported.")
    if not request.query.get("videoId"):
        raise refuse(400, "missingRequiredParameter", "Required parameter: videoId")
    post = find(world, request.query["videoId"])
    if post is None:
        raise video_not_found()
    if post.account_id != account.id or not ready(world, post):
        message = "The thumbnail can't be set for the specified video."
        raise refuse(403, "forbidden", message, "youtube.thumbnail")
    return post


def ready(world: World, post: Post) -> bool:
    """A Short takes a thumbnail only after processing (2026-11-03); which error it is before is not known."""
    return not post.facts.get("short") or processing(world, post) == "succeeded"


def check_picture(picture: Received) -> None:
    if not picture.size:
        raise wrong("mediaBodyRequired", "The request does not include the image content.")
    shown = picture.facts()
    if picture.size > MOST_BYTES or shown is None or shown.mime not in PICTURES:
        raise wrong("invalidImage", "The provided image content is invalid.")


def wrong(reason: str, message: str) -> Refused:
    return refuse(400, reason, message, "youtube.thumbnail")
