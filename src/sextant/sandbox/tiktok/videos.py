"""Numbers of posts through both APIs (sections 3.1 and 3.2), by ids and page by page."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from sextant.sandbox.network import count_items
from sextant.sandbox.tiktok import numbers
from sextant.sandbox.tiktok.errors import BusinessRefused, Refused, answer, business_answer
from sextant.sandbox.tiktok.gate import BusinessCall, Call
from sextant.sandbox.tiktok.tasks import is_public
from sextant.sandbox.world import Account, Post, World

MAX_IDS = 20
FIELDS = (
    *numbers.COUNTERS,
    "id",
    "create_time",
    "cover_image_url",
    "share_url",
    "video_description",
    "duration",
    "height",
    "width",
    "title",
    "embed_html",
    "embed_link",
    "is_aigc",
)
BUSINESS_FIELDS = (
    *numbers.BUSINESS_NAMES,
    *numbers.INSIGHTS,
    "item_id",
    "create_time",
    "media_type",
    "is_ad",
    "caption",
    "share_url",
    "embed_url",
    "thumbnail_url",
    "video_duration",
)


class Filters(msgspec.Struct):
    """The `filters` of the Business API."""

    video_ids: list[str] = []


def own_posts(world: World, account: Account) -> list[Post]:
    """The account's public posts, newest first; photos as well, though that is documented of neither API."""
    own = [post for post in world.posts_of("tiktok", account.id) if is_public(world, post)]
    return sorted(own, key=lambda post: post.created_at, reverse=True)


def own_post(world: World, account: Account, post_id: str) -> Post | None:
    """The account's public post of this id."""
    post = world.post("tiktok", post_id)
    return post if post and post.account_id == account.id and is_public(world, post) else None


def page_of(own: list[Post], cursor: int, size: int) -> tuple[list[Post], dict[str, Any]]:
    """A page of what is older than `cursor` (ms, 0: everything), with the next cursor."""
    older = [post for post in own if not cursor or milliseconds(post) < cursor]
    page = older[:size]
    end = milliseconds(page[-1]) if page else cursor
    return page, {"cursor": end, "has_more": len(older) > size}


def milliseconds(post: Post) -> int:
    return int(post.created_at * 1000)


# ---- Open API ----


async def query(call: Call) -> web.Response:
    """Ids that are not the owner's public videos are simply absent."""
    call.need("video.list")
    names = call.fields(FIELDS)
    ids = await asked_ids(call)
    count_items(call.request, len(ids))
    found = [own_post(call.world, call.account, key) for key in ids]
    return answer({"videos": [video(call, post, names) for post in found if post is not None]})


async def asked_ids(call: Call) -> list[str]:
    filters = (await call.body()).get("filters")
    ids = filters.get("video_ids") if isinstance(filters, dict) else None
    if not isinstance(ids, list) or not ids or not all(isinstance(key, str) for key in ids):
        raise Refused(400, "invalid_params", "filters.video_ids must be a list of video ids")
    if len(ids) > MAX_IDS:
        raise Refused(400, "invalid_params", f"At most {MAX_IDS} video ids are allowed")
    return list(dict.fromkeys(ids))


async def page(call: Call) -> web.Response:
    call.need("video.list")
    names = call.fields(FIELDS)
    body = await call.body()
    size, cursor = body.get("max_count", 10), body.get("cursor", 0)
    if type(size) is not int or not 1 <= size <= MAX_IDS or type(cursor) is not int or cursor < 0:
        raise Refused(400, "invalid_params", f"max_count must be 1 to {MAX_IDS}, cursor a time in ms")
    posts, place = page_of(own_posts(call.world, call.account), cursor, size)
    count_items(call.request, len(posts))
    return answer({"videos": [video(call, post, names) for post in posts], **place})


def video(call: Call, post: Post, names: list[str]) -> dict[str, Any]:
    reading = numbers.now(call.world, post)
    known = {**described(call, post), **{name: reading[name] for name in numbers.COUNTERS if name in reading}}
    return {name: known[name] for name in names if name in known}


def described(call: Call, post: Post) -> dict[str, Any]:
    link = public_link(call.account, post)
    embed = f"https://www.tiktok.com/player/v1/{post.id}"
    return {
        "id": post.id,
        "create_time": int(post.created_at),
        "cover_image_url": f"https://p16-sign-va.tiktokcdn.com/obj/{post.id}.jpeg",
        "share_url": f"{link}?utm_campaign=tt4d_open_api&utm_source={call.world.app('tiktok').client_id}",
        "video_description": post.text[:150],
        "duration": int(post.facts["duration"]),
        "height": post.facts.get("height") or 1024,
        "width": post.facts.get("width") or 576,
        "title": post.text[:150],
        "embed_html": f'<blockquote class="tiktok-embed" cite="{link}"></blockquote>',
        "embed_link": embed,
        "is_aigc": False,
    }


def public_link(account: Account, post: Post) -> str:
    """Photo posts have an address of their own (section 2.8)."""
    return (
        f"https://www.tiktok.com/@{account.username}/{'photo' if post.kind == 'photo' else 'video'}/{post.id}"
    )


# ---- API for Business ----


async def business_list(call: BusinessCall) -> web.Response:
    call.check_account(call.request.query.get("business_id"))
    call.need("video.list")
    names = call.fields(BUSINESS_FIELDS, ["item_id"])
    if "filters" in call.request.query:
        posts, place = filtered(call), {"cursor": 0, "has_more": False}
    else:
        cursor, size = call.number("cursor", 0, 0, 1 << 62), call.number("max_count", 10, 1, MAX_IDS)
        posts, place = page_of(own_posts(call.world, call.account), cursor, size)
        count_items(call.request, len(posts))
    return business_answer({**place, "videos": [business_video(call, post, names) for post in posts]})


def filtered(call: BusinessCall) -> list[Post]:
    """Newest first, whatever the order of the question."""
    ids = list(dict.fromkeys(call.decoded("filters", Filters).video_ids))
    if len(ids) > MAX_IDS:
        raise BusinessRefused(40011, f"filters: at most {MAX_IDS} video_ids are allowed.")
    count_items(call.request, len(ids))
    found = [own_post(call.world, call.account, key) for key in ids]
    own = [post for post in found if post is not None]
    return sorted(own, key=lambda post: post.created_at, reverse=True)


def business_video(call: BusinessCall, post: Post, names: list[str]) -> dict[str, Any]:
    """Insight fields are null without video.insights (section 3.3); the plain counters remain."""
    reading = numbers.business(call.world, post)
    if "video.insights" not in call.scopes:
        reading = {name: reading[name] for name in numbers.BUSINESS_NAMES if name in reading}
        reading |= dict.fromkeys(numbers.INSIGHTS)
    known = {**business_described(call, post), **reading}
    extra = [name for name in reading if name not in BUSINESS_FIELDS]
    return {name: known[name] for name in [*names, *extra] if name in known}


def business_described(call: BusinessCall, post: Post) -> dict[str, Any]:
    link = public_link(call.account, post)
    return {
        "item_id": post.id,
        "create_time": str(int(post.created_at)),
        "media_type": post.kind.upper(),
        "is_ad": False,
        "caption": post.text,
        "share_url": f"{link}?utm_campaign=tt4d_open_api&utm_source={call.world.app('tiktok').client_id}",
        "embed_url": f"https://www.tiktok.com/player/v1/{post.id}",
        "thumbnail_url": f"https://p16-sign-va.tiktokcdn.com/obj/{post.id}.jpeg",
        "video_duration": round(post.facts["duration"], 3),
    }
