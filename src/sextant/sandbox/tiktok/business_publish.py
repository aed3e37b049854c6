"""Publishing through the Business API (section 2.10): TikTok pulls from an address only."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sextant.sandbox.pull import pull
from sextant.sandbox.tiktok import errors, tasks
from sextant.sandbox.tiktok.errors import BusinessRefused, business_answer
from sextant.sandbox.tiktok.gate import BusinessCall
from sextant.sandbox.tiktok.tasks import Task


async def publish(call: BusinessCall) -> web.Response:
    body = await call.body()
    call.check_account(body.get("business_id"))
    call.need("video.publish")
    url, post_info = body.get("video_url"), body.get("post_info", {})
    if not isinstance(url, str) or not url:
        raise errors.wrong("video_url: Missing data for required field.")
    content = await pull(call.world, url) if tasks.is_ours(call.world, url) else None
    if content is None:
        raise BusinessRefused(40902, "Failed to download the video from the address.")
    task = new_task(call, post_info)
    tasks.keep(call.world, task)
    tasks.arrived(call.world, task, content)
    return business_answer({"share_id": task.publish_id})


def new_task(call: BusinessCall, post_info: Any) -> Task:
    """There is no privacy level here: the account's default applies, and that is public."""
    caption = post_info.get("caption", "") if isinstance(post_info, dict) else None
    if not isinstance(caption, str) or tasks.too_long(caption):
        raise errors.wrong(f"post_info: caption must be a text of at most {tasks.MAX_TITLE} characters.")
    return Task(
        publish_id=tasks.new_publish_id(call.world, "v_pub_url"),
        account_id=call.account.id,
        title=caption,
        privacy=tasks.PUBLIC,
        waits_as="PROCESSING_DOWNLOAD",
        draft=post_info.get("upload_to_draft") is True,
    )


async def status(call: BusinessCall) -> web.Response:
    call.check_account(call.request.query.get("business_id"))
    call.need("video.publish")
    task = tasks.known(call.world, call.request.query.get("publish_id"))
    if task is None or task.account_id != call.account.id:
        raise errors.wrong("publish_id: Invalid value.")
    state = tasks.state_of(call.world, task)
    body: dict[str, Any] = {"status": state, "post_ids": tasks.public_ids(call.world, task)}
    return business_answer({**body, "reason": task.fail_reason} if state == "FAILED" else body)
