"""Content Posting API (sections 2.2 and 2.4 to 2.6): init of videos and photos, and status."""

from __future__ import annotations

import secrets
from typing import Any

from aiohttp import web

from sextant.sandbox.pull import pulled
from sextant.sandbox.tiktok import accounts, posting, tasks
from sextant.sandbox.tiktok.errors import Refused, answer
from sextant.sandbox.tiktok.gate import Call, json_object
from sextant.sandbox.tiktok.posting import Wrong, checked
from sextant.sandbox.tiktok.tasks import Task
from sextant.sandbox.tiktok.upload import UPLOAD_HOST, checked_chunks
from sextant.sandbox.world import World

UPLOAD_LIFE_S = 3600
FILE, PULL = "FILE_UPLOAD", "PULL_FROM_URL"
CHUNKS: posting.Fields = {"source": str, "video_size": int, "chunk_size": int, "total_chunk_count": int}
ADDRESS: posting.Fields = {"source": str, "video_url": str}
PHOTOS: posting.Fields = {"source": str, "photo_cover_index": int, "photo_images": list}
VIDEO_BODY: posting.Fields = {"post_info": dict, "source_info": dict}
PHOTO_BODY: posting.Fields = {"media_type": str, "post_mode": str, **VIDEO_BODY}


def invalid(message: str) -> Refused:
    return Refused(400, "invalid_param", message)


async def init(call: Call) -> web.Response:
    """A video by its bytes, or by its address."""
    try:
        body = await admitted(call, VIDEO_BODY)
        info = post_info(call, body, posting.OPEN_VIDEO)
        source = body.get("source_info")
        match source.get("source") if isinstance(source, dict) else None:
            case "FILE_UPLOAD":
                return start_upload(call, info, checked(source, CHUNKS, "source_info"))
            case "PULL_FROM_URL":
                return await start_pull(call, info, checked(source, ADDRESS, "source_info"))
    except Wrong as wrong:
        raise invalid(str(wrong)) from None
    raise invalid("source must be FILE_UPLOAD or PULL_FROM_URL")


async def creator_info(call: Call) -> web.Response:
    """What forbids posting comes with HTTP 200 here (section 2.1)."""
    call.need("video.publish")
    if refused := posting.barred(call.world, call.account):
        raise Refused(200, refused.code, refused.message)
    shown = accounts.profile(call.world, call.account)
    return answer(
        {
            "creator_avatar_url": shown["avatar_url"],
            "creator_username": call.account.username,
            "creator_nickname": call.account.name,
            **accounts.posting_options(call.account),
        }
    )


async def admitted(call: Call, fields: posting.Fields) -> dict[str, Any]:
    call.need("video.publish")
    if refused := posting.barred(call.world, call.account):
        raise refused
    return checked(await call.body(), fields, "body")


def post_info(call: Call, body: dict[str, Any], fields: posting.Fields) -> dict[str, Any]:
    info = checked(body.get("post_info"), fields)
    if not info.get("privacy_level"):
        raise Wrong("privacy_level is required")
    if refused := posting.check_privacy(call.account, info, "brand_content_toggle"):
        raise refused
    posting.check_switches(call.account, info)
    return info


def new_task(call: Call, info: dict[str, Any], prefix: str, waits_as: str, text: str = "title") -> Task:
    task = Task(
        publish_id=tasks.new_publish_id(call.world, prefix),
        account_id=call.account.id,
        text=info.get(text, ""),
        privacy=info["privacy_level"],
        waits_as=waits_as,
        shown={name: value for name, value in info.items() if name != text},
    )
    tasks.keep(call.world, task)
    return task


def start_upload(call: Call, info: dict[str, Any], source: dict[str, Any]) -> web.Response:
    world, sizes = call.world, checked_chunks(source)
    task = new_task(call, info, "v_pub_file", "PROCESSING_UPLOAD")
    task.size, task.chunk_size, task.chunk_count = sizes
    task.upload_token, task.expires_at = secrets.token_urlsafe(24), world.now() + UPLOAD_LIFE_S
    upload_id = task.publish_id.rpartition(".")[2]
    world.uploads[f"tiktok:upload:{upload_id}"] = task
    query = f"upload_id={upload_id}&upload_token={task.upload_token}"
    upload_url = f"{world.base_url}/{UPLOAD_HOST}/video/?{query}"
    return answer({"publish_id": task.publish_id, "upload_url": upload_url})


async def start_pull(call: Call, info: dict[str, Any], source: dict[str, Any]) -> web.Response:
    url = source.get("video_url")
    if not url:
        raise Wrong("video_url is required")
    check_ownership(call, [url])
    task = new_task(call, info, "v_pub_url", "PROCESSING_DOWNLOAD")
    tasks.arrived(call.world, task, [await pulled(call.world, url)])
    return answer({"publish_id": task.publish_id})


def check_ownership(call: Call, urls: list[str]) -> None:
    if not all(tasks.is_ours(call.world, url) for url in urls):
        text = "Please review our URL ownership verification rules."
        raise Refused(403, "url_ownership_unverified", text)


async def photo_init(call: Call) -> web.Response:
    """Photos are pulled only; `MEDIA_UPLOAD` would make a draft, which is not simulated."""
    try:
        body = await admitted(call, PHOTO_BODY)
        if body.get("media_type") != "PHOTO" or body.get("post_mode") != "DIRECT_POST":
            raise Wrong("media_type must be PHOTO and post_mode DIRECT_POST")
        info = post_info(call, body, posting.OPEN_PHOTOS)
        source = checked(body.get("source_info"), PHOTOS, "source_info")
        if source.get("source") != PULL:
            raise Wrong("source must be PULL_FROM_URL")
        urls = posting.photo_addresses(source)
    except Wrong as wrong:
        raise invalid(str(wrong)) from None
    check_ownership(call, urls)
    task = new_task(call, info, "p_pub_url", "PROCESSING_DOWNLOAD", "description")
    task.photos = len(urls)
    tasks.arrived(call.world, task, [await pulled(call.world, url) for url in urls])
    return answer({"publish_id": task.publish_id})


async def init_commits(world: World, request: web.Request) -> bool:
    """A pulled video needs no further request."""
    try:
        body = await json_object(request, Refused(400, "", ""))
    except Refused:
        return False
    source = body.get("source_info")
    return isinstance(source, dict) and source.get("source") == PULL


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
        body["uploaded_bytes"] = task.received.size
    return {**body, "fail_reason": task.fail_reason} if state == "FAILED" else body
