"""TikTok: what the account may do right now, asked before every post (tiktok.md §2.1, §2.10)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sextant.errors import ActOutside, FixContent, OurBug, Reconnect
from sextant.platforms.base import Call, Complaint, Draft, Request
from sextant.platforms.rules import known, media_at
from sextant.platforms.shape import items, whole
from sextant.platforms.tiktok.auth import OPEN_API, business_url, data_of, is_business
from sextant.platforms.tiktok.errors import Banned, DailyCap, UserCap
from sextant.platforms.tiktok.limits import BUSINESS_CALL, is_photos, options_of

SWITCHES = (
    ("allow_comments", "comment_disabled", "comments"),
    ("allow_duets", "duet_disabled", "duets"),
    ("allow_stitches", "stitch_disabled", "stitches"),
)


async def ask(call: Call, draft: Draft) -> list[Complaint]:
    """What the account's state forbids: the day's posts used up, a privacy it has not, a video too long."""
    try:
        return list(complaints(draft, data_of(await call.send(state_request(call)))))
    except (DailyCap, UserCap, Banned) as barred:
        return [Complaint(("account",), f"It may not post right now: {barred.message}.")]
    except (ActOutside, OurBug, Reconnect):
        # The Business API's settings may need a scope that nobody can ask for (§1.5, unconfirmed).
        if is_business(call.app):
            return []
        raise


async def agreed(call: Call, draft: Draft) -> None:
    """The Open API demands to be asked before each post; FixContent when the draft does not fit."""
    if is_business(call.app):
        return
    if options_of(draft).privacy is None:
        raise FixContent("options.privacy: say who may see the post.")
    found = list(complaints(draft, data_of(await call.send(state_request(call)))))
    if found:
        raise FixContent(" ".join(complaint.say for complaint in found))


def state_request(call: Call) -> Request:
    if is_business(call.app):
        params = {"business_id": call.account.id}
        url = business_url(call.app, "business/video/settings")
        return Request("GET", url, params=params, spends=BUSINESS_CALL)
    return Request("POST", f"{OPEN_API}/post/publish/creator_info/query/")


def complaints(draft: Draft, creator: dict[str, Any]) -> Iterable[Complaint]:
    options = options_of(draft)
    allowed = [str(level) for level in items(creator.get("privacy_level_options"))]
    if options.privacy is not None and options.privacy not in allowed:
        said = f"The account offers {', '.join(allowed) or 'no privacy'}, not {options.privacy}."
        yield Complaint(("options", "privacy"), said)
    for name, disabled, what in SWITCHES:
        if getattr(options, name) and creator.get(disabled) is True:
            yield Complaint(("options", name), f"The account has switched off {what} at TikTok.")
    if not is_photos(draft):
        yield from length_complaints(draft, whole(creator.get("max_video_post_duration_sec")))


def length_complaints(draft: Draft, longest: int | None) -> Iterable[Complaint]:
    for place, facts in known(draft):
        if longest is not None and facts.duration_s is not None and facts.duration_s > longest:
            said = f"It lasts {facts.duration_s:g} seconds; this account may post at most {longest}."
            yield Complaint(media_at(place), said)
