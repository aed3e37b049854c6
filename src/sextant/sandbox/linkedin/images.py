"""Image upload (section 2.4): initialize, one PUT of all bytes, and a status that only a page may ask for."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sextant.sandbox.linkedin.authors import POSTING_ROLES, check_author
from sextant.sandbox.linkedin.errors import Refused, answer, failure, invalid, not_found
from sextant.sandbox.linkedin.gate import Call, authenticated
from sextant.sandbox.received import Received
from sextant.sandbox.world import World

TYPES = ("image/jpeg", "image/png", "image/gif")
PIXELS_BELOW = 36_152_320
UPLOAD_LIFE_S = 24 * 3600
UPLOAD_HOST = "www.linkedin.com"
UPLOAD_PATH = "/dms-uploads/{asset}/uploaded-image/0"
PIECE = 1 << 18


@dataclass
class Image:
    """An image on its way, opened with a token of `account_id`."""

    urn: str
    owner: str
    account_id: str
    expires_at: float
    content: Received | None = None
    received_at: float = 0.0


def known(world: World, urn: str) -> Image | None:
    image: Image | None = world.uploads.get(f"linkedin:{urn}")
    return image


def status_of(world: World, image: Image) -> str:
    if image.content is None:
        return "WAITING_UPLOAD"
    if world.now() < image.received_at + world.processing_s:
        return "PROCESSING"
    return "AVAILABLE" if is_good(image.content) else "PROCESSING_FAILED"


def is_good(content: Received) -> bool:
    facts = content.facts()
    if facts is None or facts.mime not in TYPES:
        return False
    return (facts.width or 0) * (facts.height or 0) < PIXELS_BELOW


async def initialize(call: Call) -> web.Response:
    request = (await call.body()).get("initializeUploadRequest")
    if not isinstance(request, dict) or set(request) != {"owner"}:
        raise invalid("ERROR :: /initializeUploadRequest :: must name the owner, and nothing else")
    check_author(call, request["owner"], "initializeUploadRequest/owner")
    urn = f"urn:li:image:C4E10AQ{secrets.token_hex(8)}"
    image = Image(urn, request["owner"], call.account.id, call.world.now() + UPLOAD_LIFE_S)
    call.world.uploads[f"linkedin:{urn}"] = image
    path = UPLOAD_PATH.format(asset=urn.rpartition(":")[2])
    return answer(
        {
            "value": {
                "uploadUrlExpiresAt": int(image.expires_at * 1000),
                "uploadUrl": f"{call.world.base_url}/{UPLOAD_HOST}{path}",
                "image": urn,
            }
        }
    )


async def upload(world: World, request: web.Request) -> web.StreamResponse:
    """Takes the Authorization header, other than a video's parts; what comes later overwrites."""
    image = known(world, f"urn:li:image:{request.match_info['asset']}")
    try:
        account, _ = authenticated(world, request)
    except Refused as refused:
        return answer(refused.body(), refused.status)
    if image is None or image.account_id != account.id:
        return failure(404)
    if world.now() > image.expires_at:
        return failure(403)
    received = Received()
    async for chunk in request.content.iter_chunked(PIECE):
        received.add(chunk)
    image.content, image.received_at = received, world.now()
    return answer(None, 201)


async def show(call: Call) -> web.Response:
    """Members may only write images, not read them."""
    call.only("fields")
    call.need("r_organization_social", "w_organization_social")
    image = known(call.world, call.key())
    if image is None:
        raise not_found()
    if call.role_at(image.owner) not in POSTING_ROLES:
        raise call.denied()
    body: dict[str, Any] = {"id": image.urn, "owner": image.owner, "status": status_of(call.world, image)}
    if body["status"] == "AVAILABLE":
        body["downloadUrl"] = f"https://media.licdn.com/dms/image/{image.urn.rpartition(':')[2]}"
    return answer(body)
