"""What stands before every post in either API: its words, its options, and what the account may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sextant.sandbox.tiktok import accounts
from sextant.sandbox.tiktok.errors import Refused
from sextant.sandbox.world import Account, World

DAY_S = 86400
DAILY_POSTS = 15
MAX_PHOTOS = 35


class Wrong(Exception):
    """A parameter that is not as documented; each API has its own words for it."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text field and its longest length in UTF-16 code units."""

    most: int


Fields = Mapping[str, type | Text]

OPEN_VIDEO: Fields = {
    "title": Text(2200),
    "privacy_level": str,
    "disable_duet": bool,
    "disable_stitch": bool,
    "disable_comment": bool,
    "video_cover_timestamp_ms": int,
    "brand_content_toggle": bool,
    "brand_organic_toggle": bool,
    "is_aigc": bool,
}
OPEN_PHOTOS: Fields = {
    "title": Text(90),
    "description": Text(4000),
    "privacy_level": str,
    "disable_comment": bool,
    "auto_add_music": bool,
    "brand_content_toggle": bool,
    "brand_organic_toggle": bool,
}
PLACE: Fields = {"location_id": str, "location_name": str}
BUSINESS_VIDEO: Fields = {
    "caption": Text(2200),
    "is_brand_organic": bool,
    "is_branded_content": bool,
    "disable_comment": bool,
    "disable_duet": bool,
    "disable_stitch": bool,
    "is_ai_generated": bool,
    "upload_to_draft": bool,
    "thumbnail_offset": int,
    "music_sound_info": dict,
    **PLACE,
}
BUSINESS_PHOTOS: Fields = {
    "title": Text(90),
    "caption": Text(4000),
    "privacy_level": str,
    "disable_comment": bool,
    "auto_add_music": bool,
    "is_brand_organic": bool,
    "is_branded_content": bool,
    "is_draft": bool,
    "music_sound_info": dict,
    **PLACE,
}


def checked(info: Any, fields: Fields, name: str = "post_info") -> dict[str, Any]:
    """The object with only known fields of their types; the document does not say that others are let be."""
    if not isinstance(info, dict):
        raise Wrong(f"{name} must be an object")
    for key, value in info.items():
        if key not in fields:
            raise Wrong(f"{name}.{key} is not a known field")
        check_field(f"{name}.{key}", value, fields[key])
    return info


def check_field(name: str, value: Any, kind: type | Text) -> None:
    if isinstance(kind, Text):
        if not isinstance(value, str) or utf16(value) > kind.most:
            raise Wrong(f"{name} must be a text of at most {kind.most} characters")
    elif type(value) is not kind or (isinstance(value, int) and value < 0):
        raise Wrong(f"{name} must be a {kind.__name__}")


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def photo_addresses(body: Mapping[str, Any]) -> list[str]:
    """`photo_images` with a `photo_cover_index` that is one of them."""
    images, cover = body.get("photo_images"), body.get("photo_cover_index", 0)
    if not isinstance(images, list) or not all(isinstance(image, str) and image for image in images):
        raise Wrong("photo_images must be a list of addresses")
    if not 1 <= len(images) <= MAX_PHOTOS:
        raise Wrong(f"photo_images must be 1 to {MAX_PHOTOS} addresses")
    if type(cover) is not int or not 0 <= cover < len(images):
        raise Wrong("photo_cover_index must be the place of one of photo_images")
    return images


# ---- what the account may do -------------------------------------------------------------------------


def barred(world: World, account: Account) -> Refused | None:
    """Why this account may not post at all now: restricted, or its posts of the day are used up."""
    if account.role == "banned":
        return Refused(403, "spam_risk_user_banned_from_posting", "The user is banned from posting.")
    if account.tier == "capped" and posts_of_the_day(world, account) >= DAILY_POSTS:
        return Refused(403, "spam_risk_too_many_posts", "The daily post cap of the user is reached.")
    return None


def posts_of_the_day(world: World, account: Account) -> int:
    since = world.now() - DAY_S
    return sum(1 for post in world.posts_of("tiktok", account.id) if post.created_at > since)


def check_privacy(account: Account, info: Mapping[str, Any], branded: str) -> Refused | None:
    """A level has to be one of the account's; an unaudited app posts to private accounts, for their owner."""
    level = info.get("privacy_level")
    if level not in accounts.privacy_of(account):
        text = "The privacy_level is none of the privacy_level_options of the creator."
        return Refused(403, "privacy_level_option_mismatch", text)
    if account.tier == "unaudited" and (level != "SELF_ONLY" or account.role != "private"):
        text = "Unaudited clients can only post to private accounts."
        return Refused(403, "unaudited_client_can_only_post_to_private_accounts", text)
    if level == "SELF_ONLY" and info.get(branded):
        raise Wrong(f"{branded} cannot be combined with SELF_ONLY")
    return None


def check_switches(account: Account, info: Mapping[str, Any]) -> None:
    """What the creator has switched off cannot be switched on for a post; the code is not documented."""
    off = accounts.switched_off(account)
    for name in ("comment", "duet", "stitch"):
        if off[f"{name}_disabled"] and info.get(f"disable_{name}") is False:
            raise Wrong(f"disable_{name} must be true: the creator has disabled it")
