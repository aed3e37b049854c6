"""Publishing through the Business API (section 2.10): TikTok pulls from an address only."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sextant.sandbox.pull import pulled
from sextant.sandbox.received import Received
from sextant.sandbox.tiktok import accounts, errors, posting, quotas, tasks
from sextant.sandbox.tiktok.errors import BusinessRefused, business_answer
from sextant.sandbox.tiktok.gate import BusinessCall
from sextant.sandbox.tiktok.posting import Wrong, checked
from sextant.sandbox.tiktok.tasks import Task
from sextant.sandbox.world import World

VIDEO_BODY: posting.Fields = {
    "business_id": str,
    "video_url": str,
    "custom_thumbnail_url": str,
    "post_info": dict,
}
PHOTO_BODY: posting.Fields = {
    "business_id": str,
    "photo_images": list,
    "photo_cover_index": int,
    "post_info": dict,
}


async def video(call: BusinessCall) -> web.Response:
    try:
        body = await admitted(call, VIDEO_BODY)
        info = checked(body.get("post_info", {}), posting.BUSINESS_VIDEO)
        posting.check_switches(call.account, info)
        url, cover = body.get("video_url"), body.get("custom_thumbnail_url")
        if not url:
            raise Wrong("video_url: Missing data for required field.")
        if cover is not None and "thumbnail_offset" in info:
            raise Wrong("custom_thumbnail_url and thumbnail_offset exclude each other.")
    except Wrong as wrong:
        raise errors.wrong(str(wrong)) from None
    if cover is not None:
        await fetched(call.world, cover)
    content = await fetched(call.world, url)
    task = new_task(call, info, "v_pub_url", accounts.privacy_of(call.account)[0])
    task.draft = info.get("upload_to_draft") is True
    tasks.arrived(call.world, task, [content])
    return business_answer({"share_id": task.publish_id})


async def photos(call: BusinessCall) -> web.Response:
    """Without a `privacy_level` the account's own setting applies, as for videos."""
    try:
        body = await admitted(call, PHOTO_BODY)
        info = checked(body.get("post_info", {}), posting.BUSINESS_PHOTOS)
        posting.check_switches(call.account, info)
        default = accounts.privacy_of(call.account)[0]
        privacy = {"privacy_level": default, **info}
        if refused := posting.check_privacy(call.account, privacy, "is_branded_content"):
            raise Wrong(refused.message)
        urls = posting.photo_addresses(body)
    except Wrong as wrong:
        raise errors.wrong(str(wrong)) from None
    content = [await fetched(call.world, url) for url in urls]
    task = new_task(call, info, "p_pub_url", privacy["privacy_level"])
    task.photos, task.draft = len(urls), info.get("is_draft") is True
    tasks.arrived(call.world, task, content)
    return business_answer({"share_id": task.publish_id})


async def admitted(call: BusinessCall, fields: posting.Fields) -> dict[str, Any]:
    """Which codes the caps have is not documented: 40133 is a «too frequent», 40001 a «may not»."""
    body = await call.body()
    call.check_account(body.get("business_id"))
    call.need("video.publish")
    quotas.count_publishing(call.world, call.account)
    refused = posting.barred(call.world, call.account)
    if refused is not None:
        banned = refused.code == "spam_risk_user_banned_from_posting"
        raise BusinessRefused(40001 if banned else 40133, f"{refused.message} (per day)")
    return checked(body, fields, "body")


async def fetched(world: World, url: str) -> Received:
    content = await pulled(world, url) if tasks.is_ours(world, url) else None
    if content is None:
        raise BusinessRefused(40902, "Failed to download the file from the address.")
    return content


def new_task(call: BusinessCall, info: dict[str, Any], prefix: str, privacy: str) -> Task:
    task = Task(
        publish_id=tasks.new_publish_id(call.world, prefix),
        account_id=call.account.id,
        text=info.get("caption", ""),
        privacy=privacy,
        waits_as="PROCESSING_DOWNLOAD",
        business=True,
        shown={name: value for name, value in info.items() if name != "caption"},
    )
    tasks.keep(call.world, task)
    return task


async def status(call: BusinessCall) -> web.Response:
    call.check_account(call.request.query.get("business_id"))
    call.need("video.publish")
    task = tasks.known(call.world, call.request.query.get("publish_id"))
    if task is None or task.account_id != call.account.id:
        raise errors.wrong("publish_id: Invalid value.")
    state = tasks.state_of(call.world, task)
    body: dict[str, Any] = {"status": state, "post_ids": tasks.public_ids(call.world, task)}
    return business_answer({**body, "reason": task.fail_reason} if state == "FAILED" else body)
