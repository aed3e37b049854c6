"""Who is there, and what both APIs say of the account (sections 1.3, 1.5, 2.1 and 2.10)."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sextant.sandbox.tiktok.errors import Refused, answer, business_answer
from sextant.sandbox.tiktok.gate import BusinessCall, Call
from sextant.sandbox.world import Account, World

PRIVACY = ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
"""The options of a public account, its default first."""
PRIVATE = ["FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
MAX_DURATION_S = 600
SHORT_S = 60

USER_FIELDS = {
    "open_id": "user.info.basic",
    "union_id": "user.info.basic",
    "avatar_url": "user.info.basic",
    "avatar_url_100": "user.info.basic",
    "avatar_large_url": "user.info.basic",
    "display_name": "user.info.basic",
    "username": "user.info.profile",
    "bio_description": "user.info.profile",
    "is_verified": "user.info.profile",
    "profile_deep_link": "user.info.profile",
    "profile_web_link": "user.info.profile",
    "follower_count": "user.info.stats",
    "following_count": "user.info.stats",
    "likes_count": "user.info.stats",
    "video_count": "user.info.stats",
}
BUSINESS_FIELDS = {
    "display_name": ("user.info.basic", "display_name"),
    "profile_image": ("user.info.basic", "avatar_url"),
    "username": ("user.info.username", "username"),
    "is_business_account": ("user.info.basic", "is_business_account"),
    "profile_deep_link": ("user.info.profile", "profile_deep_link"),
    "bio_description": ("user.info.profile", "bio_description"),
    "is_verified": ("user.info.profile", "is_verified"),
    "followers_count": ("user.info.stats", "follower_count"),
    "following_count": ("user.info.stats", "following_count"),
    "total_likes": ("user.info.stats", "likes_count"),
    "videos_count": ("user.info.stats", "video_count"),
}


def everybody() -> list[Account]:
    return [Account("tiktok", "_000mosaic", "mosaic_so", "Mosaic")]


def profile(world: World, account: Account) -> dict[str, Any]:
    avatar = (
        f"https://p16-sign-va.tiktokcdn.com/obj/{account.username}.jpeg?x-expires={int(world.now()) + 7200}"
    )
    return {
        "open_id": account.id,
        "union_id": "c9c60f44-a68e-4f5d-84dd-000000001337",
        "avatar_url": avatar,
        "avatar_url_100": avatar,
        "avatar_large_url": avatar,
        "display_name": account.name,
        "username": account.username,
        "bio_description": "",
        "is_verified": False,
        "is_business_account": True,
        "profile_deep_link": "https://vm.tiktok.com/ZMmosaic/",
        "profile_web_link": f"https://www.tiktok.com/@{account.username}",
        "follower_count": 1280,
        "following_count": 12,
        "likes_count": 25600,
        "video_count": sum(1 for _ in world.posts_of("tiktok", account.id)),
    }


async def user_info(call: Call) -> web.Response:
    """One field whose scope is missing fails the whole call."""
    names = call.fields(USER_FIELDS)
    missing = sorted({USER_FIELDS[name] for name in names} - call.scopes)
    if missing:
        raise Refused(
            400, "scope_permission_missed", f"Scopes are missing for the fields: {', '.join(missing)}"
        )
    shown = profile(call.world, call.account)
    return answer({"user": {name: shown[name] for name in names}})


def privacy_of(account: Account) -> list[str]:
    return PRIVATE if account.role == "private" else PRIVACY


def switched_off(account: Account) -> dict[str, bool]:
    quiet = account.role == "quiet"
    return {"comment_disabled": quiet, "duet_disabled": quiet, "stitch_disabled": quiet}


def posting_options(account: Account) -> dict[str, Any]:
    return {
        "privacy_level_options": privacy_of(account),
        **switched_off(account),
        "max_video_post_duration_sec": SHORT_S if account.role == "short" else MAX_DURATION_S,
    }


async def business_account(call: BusinessCall) -> web.Response:
    call.check_account(call.request.query.get("business_id"))
    call.need("user.info.basic")
    names = call.fields(BUSINESS_FIELDS, ["display_name", "profile_image"])
    shown = profile(call.world, call.account)
    return business_answer({name: business_field(call, shown, name) for name in names})


def business_field(call: BusinessCall, shown: dict[str, Any], name: str) -> Any:
    """The document is silent on a missing scope here; null, as where an account is not eligible (3.4)."""
    scope, source = BUSINESS_FIELDS[name]
    return shown[source] if scope in call.scopes else None


async def business_settings(call: BusinessCall) -> web.Response:
    call.check_account(call.request.query.get("business_id"))
    call.need("video.publish")
    return business_answer(posting_options(call.account))
