"""TikTok: the requests that ask for a post, in both APIs (tiktok.md §2.2, §2.5, §2.10)."""

from __future__ import annotations

from typing import Any

from sextant.platforms.base import Call, Draft, Request
from sextant.platforms.tiktok.auth import OPEN_API, business_url, is_business
from sextant.platforms.tiktok.limits import BUSINESS_CALL, is_photos, options_of
from sextant.platforms.tiktok.options import TikTokOptions

PULL = "PULL_FROM_URL"


def pulling(call: Call, draft: Draft) -> Request:
    """TikTok fetches the media and publishes, without another word from us: it commits."""
    photos = is_photos(draft)
    if is_business(call.app):
        path = "business/photo/publish" if photos else "business/video/publish"
        body = {
            "business_id": call.account.id,
            **(business_photos(draft) if photos else business_video(draft)),
        }
        url = business_url(call.app, path)
        return Request("POST", url, json=body, commits=True, spends=BUSINESS_CALL)
    if photos:
        url, body = f"{OPEN_API}/post/publish/content/init/", open_photos(draft)
        return Request("POST", url, json=body, commits=True)
    return video_init(draft, {"source": PULL, "video_url": draft.media[0].url}, commits=True)


def video_init(draft: Draft, source: dict[str, Any], *, commits: bool) -> Request:
    body = {"post_info": open_video_info(draft), "source_info": source}
    return Request("POST", f"{OPEN_API}/post/publish/video/init/", json=body, commits=commits)


def chosen(**fields: Any) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


def disabled(allowed: bool | None) -> bool | None:
    return None if allowed is None else not allowed


# ---- Open API --------------------------------------------------------------------------------------


def open_video_info(draft: Draft) -> dict[str, Any]:
    """«Interaction switches off by default» (§1.4): what nobody switched on is disabled."""
    options = options_of(draft)
    return chosen(
        title=draft.text,
        privacy_level=options.privacy,
        disable_comment=not options.allow_comments,
        disable_duet=not options.allow_duets,
        disable_stitch=not options.allow_stitches,
        video_cover_timestamp_ms=options.cover_ms,
        brand_content_toggle=options.paid_partnership,
        brand_organic_toggle=options.own_brand,
        is_aigc=options.made_with_ai,
    )


def open_photos(draft: Draft) -> dict[str, Any]:
    options = options_of(draft)
    info = chosen(
        title=options.title,
        description=draft.text,
        privacy_level=options.privacy,
        disable_comment=not options.allow_comments,
        auto_add_music=options.add_music,
        brand_content_toggle=options.paid_partnership,
        brand_organic_toggle=options.own_brand,
    )
    source = {"source": PULL, **photo_addresses(draft, options)}
    return {"media_type": "PHOTO", "post_mode": "DIRECT_POST", "post_info": info, "source_info": source}


def photo_addresses(draft: Draft, options: TikTokOptions) -> dict[str, Any]:
    return {
        "photo_images": [medium.url for medium in draft.media],
        "photo_cover_index": options.cover_index or 0,
    }


# ---- Business API ----------------------------------------------------------------------------------


def business_video(draft: Draft) -> dict[str, Any]:
    options = options_of(draft)
    info = chosen(
        caption=draft.text,
        disable_comment=disabled(options.allow_comments),
        disable_duet=disabled(options.allow_duets),
        disable_stitch=disabled(options.allow_stitches),
        thumbnail_offset=options.cover_ms,
        **disclosures(options),
        is_ai_generated=options.made_with_ai or None,
    )
    cover = draft.extra.get("cover_url")
    return chosen(
        video_url=draft.media[0].url,
        custom_thumbnail_url=options.cover_url if cover is None else cover.url,
        post_info=info,
    )


def business_photos(draft: Draft) -> dict[str, Any]:
    options = options_of(draft)
    info = chosen(
        title=options.title,
        caption=draft.text,
        privacy_level=options.privacy,
        disable_comment=disabled(options.allow_comments),
        auto_add_music=options.add_music,
        **disclosures(options),
    )
    return {**photo_addresses(draft, options), "post_info": info}


def disclosures(options: TikTokOptions) -> dict[str, Any]:
    return chosen(
        is_branded_content=options.paid_partnership or None, is_brand_organic=options.own_brand or None
    )
