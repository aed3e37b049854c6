"""TikTok: numbers of up to 20 videos in one call (tiktok.md §3)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sextant.errors import Fault, NoValue, TryLater
from sextant.metrics import Reason
from sextant.platforms.answers import camel_keys, count
from sextant.platforms.base import Answer, Call, Json, Published, Reading, Refusal, Request
from sextant.platforms.negotiation import Ask, negotiated
from sextant.platforms.shape import objects, text
from sextant.platforms.tiktok.auth import OPEN_API, business_url, compact, data_of, is_business
from sextant.platforms.tiktok.errors import BadParameters
from sextant.platforms.tiktok.limits import BATCH, BUSINESS_CALL, QUERY
from sextant.platforms.tiktok.native import is_post_id
from sextant.platforms.withdrawn import Scope

WORD = re.compile(r"\w+")

COUNTERS = ("likes", "comments", "shares", "favorites", "video_views")
INSIGHTS = (
    "reach",
    "total_time_watched",
    "average_time_watched",
    "full_video_watched_rate",
    "new_followers",
    "profile_views",
    "website_clicks",
    "phone_number_clicks",
    "lead_submissions",
    "app_download_clicks",
    "email_clicks",
    "address_clicks",
    "impression_sources",
    "video_view_retention",
    "engagement_likes",
    "audience_countries",
    "audience_cities",
    "audience_genders",
    "audience_types",
)
DISPLAY_COUNTERS = ("like_count", "comment_count", "share_count", "view_count")

DESCRIPTIVE = frozenset(
    {
        "id",
        "item_id",
        "create_time",
        "media_type",
        "is_ad",
        "is_aigc",
        "title",
        "caption",
        "video_description",
        "duration",
        "video_duration",
        "share_url",
        "embed_url",
        "embed_link",
        "embed_html",
        "thumbnail_url",
        "cover_image_url",
        "width",
        "height",
    }
)
"""What tells of the video itself; everything else is a number about it."""

INSIGHT_KEYS = {"video_viewers": "reach", "video_watch_time_ms": "total_time_watched"}
FIELD_KEYS: Mapping[str, tuple[str, ...]] = {
    "likes": ("likes",),
    "like_count": ("likes",),
    "comments": ("comments",),
    "comment_count": ("comments",),
    "shares": ("shares",),
    "share_count": ("shares",),
    "video_views": ("views", "video_views"),
    "view_count": ("views", "video_views"),
    "favorites": ("saves",),
    **{name: (key,) for key, name in INSIGHT_KEYS.items()},
}
"""Which of the 13 keys falls with a refused field."""

LAG = timedelta(hours=48)
IDLE = timedelta(days=7)

DISPLAY_REFUSAL = Refusal(
    Reason.NOT_AUTHORIZED,
    "TikTok's Open API does not have this number; connect the account with TikTok's Business API.",
)
DISPLAY_REFUSED = dict.fromkeys(("saves", *INSIGHT_KEYS), DISPLAY_REFUSAL)
NO_SCOPE = Refusal(Reason.NOT_AUTHORIZED, "The scope video.insights was not granted.")
LAGGING = Refusal(Reason.NOT_YET_AVAILABLE, "TikTok's insights come 24 to 48 hours late.")
NOT_ELIGIBLE = Refusal(
    Reason.NOT_AUTHORIZED, "TikTok gives this number to business accounts with 100 followers or more."
)
IDLE_VIDEO = Refusal(
    Reason.EXPIRED,
    "TikTok drops this number when a video had no activity for 7 days; the last reading is kept.",
)


async def read(call: Call, posts: Sequence[Published]) -> list[Reading]:
    """One Reading per post, from one call; a field that TikTok no longer has costs only itself."""
    named = [post for post in posts if is_post_id(post.id)]
    found = {reading.id: reading for reading in (await read_named(call, named) if named else [])}
    return [found.get(post.id, Reading(post.id, fault=not_public())) for post in posts]


async def read_named(call: Call, posts: Sequence[Published]) -> list[Reading]:
    answer = await negotiated(call, scope_of(call), fields_of(call), asking(call, posts), blamed)
    videos = objects(data_of(answer).get("videos"))
    rows = {str(video.get("item_id") or video.get("id")): video for video in videos}
    gone = withdrawn_keys(call)
    return [reading(call, post, rows.get(post.id), answer, gone) for post in posts]


# ---- which fields ----------------------------------------------------------------------------------


def fields_of(call: Call) -> tuple[str, ...]:
    """Insight fields are asked for with their scope only: one bad field can refuse the whole list."""
    if not is_business(call.app):
        return ("share_url", *DISPLAY_COUNTERS)
    return ("share_url", *COUNTERS, *(INSIGHTS if has_insights(call) else ()))


def scope_of(call: Call) -> Scope:
    return "tiktok", call.account.id, call.app.login, call.app.api_version


def blamed(fault: Fault, names: Sequence[str]) -> list[str] | None:
    """The fields that a refusal of the parameters names; a refusal that names most lists the good ones."""
    if not isinstance(fault, BadParameters):
        return None
    words = set(WORD.findall(fault.message))
    named = [name for name in names if name in words]
    return named if len(named) <= len(names) / 2 else []


def withdrawn_keys(call: Call) -> dict[str, Refusal]:
    refused = call.withdrawn.known(scope_of(call), call.now)
    return {
        key: Refusal(Reason.UNSUPPORTED, words)
        for name, words in refused.items()
        for key in FIELD_KEYS.get(name, ())
    }


# ---- requests --------------------------------------------------------------------------------------


def asking(call: Call, posts: Sequence[Published]) -> Ask:
    async def ask(names: Sequence[str]) -> Answer:
        business = is_business(call.app)
        return await call.send(business_request(call, posts, names) if business else query(posts, names))

    return ask


def business_request(call: Call, posts: Sequence[Published], names: Sequence[str]) -> Request:
    params = {
        "business_id": call.account.id,
        "fields": compact(["item_id", *names]),
        "filters": compact({"video_ids": [post.id for post in posts]}),
        "max_count": str(BATCH),
    }
    url = business_url(call.app, "business/video/list")
    return Request("GET", url, params=params, posts=len(posts), spends=BUSINESS_CALL)


def query(posts: Sequence[Published], names: Sequence[str]) -> Request:
    return Request(
        "POST",
        f"{OPEN_API}/video/query/",
        params={"fields": ",".join(["id", *names])},
        json={"filters": {"video_ids": [post.id for post in posts]}},
        posts=len(posts),
        spends=QUERY,
    )


def has_insights(call: Call) -> bool:
    return "video.insights" in call.scopes


# ---- from an answer to readings ----------------------------------------------------------------------


def reading(
    call: Call, post: Published, row: Mapping[str, Any] | None, answer: Answer, gone: Mapping[str, Refusal]
) -> Reading:
    if row is None:
        return Reading(post.id, fault=absence(answer))
    raw: dict[str, Json] = camel_keys({name: row[name] for name in row if name not in DESCRIPTIVE})
    refused = insight_refusals(call, post, row) if is_business(call.app) else DISPLAY_REFUSED
    return Reading(post.id, raw, url=public_url(row), refused={**refused, **gone})


def not_public() -> Fault:
    return NoValue(Reason.HIDDEN, "The post is not public: TikTok gives it no id, and so no numbers.")


def absence(answer: Answer) -> Fault:
    """Deleted, made private, moderated or foreign ids are left out without a word (tiktok.md §3.4)."""
    if answer.json.get("code") == 20001:
        return TryLater(f"TikTok answered in part: {answer.json.get('message')}")
    return NoValue(Reason.HIDDEN, "TikTok does not list the video: deleted, private or taken down.")


def insight_refusals(call: Call, post: Published, row: Mapping[str, Any]) -> dict[str, Refusal]:
    """Why figures that come late, go early or need a right are not there."""
    why = insight_absence(call, post)
    return {key: why for key, name in INSIGHT_KEYS.items() if count(row.get(name)) is None}


def insight_absence(call: Call, post: Published) -> Refusal:
    age = call.now - post.at
    if not has_insights(call):
        return NO_SCOPE
    if age < LAG:
        return LAGGING
    return NOT_ELIGIBLE if age < IDLE else IDLE_VIDEO


def public_url(row: Mapping[str, Any]) -> str | None:
    """The query of `share_url` names the app; it is cut off (tiktok.md §2.8)."""
    return (text(row.get("share_url")) or "").partition("?")[0] or None
