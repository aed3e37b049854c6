"""TikTok: a post that TikTok was asked to pull, and whose answer was lost (tiktok.md §2.4, §2.10, §3).

Neither API lists what is under way, so only time makes absence certain. TikTok reads an address for at most
an hour (§2.4; the Business API asks for 30 minutes), and a post's id follows within about 3 minutes
(§2.10): what is not among the account's posts after that was never taken. In the Open API a review may hold
a post back for hours (§2.6); there a day has to pass. Posts that are not public are listed nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sextant.errors import ActOutside, OurBug, OutcomeUnknown, Reconnect
from sextant.platforms.base import Call, Checkpoint, Draft, Published, Request
from sextant.platforms.shape import iso_time, items, mapping, objects, text, unix_time, whole
from sextant.platforms.tiktok import creator
from sextant.platforms.tiktok.auth import OPEN_API, business_url, compact, data_of, is_business
from sextant.platforms.tiktok.limits import BATCH, BUSINESS_CALL, is_photos
from sextant.platforms.tiktok.metrics import public_url
from sextant.platforms.tiktok.native import published
from sextant.platforms.tiktok.states import LONGEST_PAUSE_S, PUBLIC, is_public

PULL = timedelta(hours=1)
LISTED = timedelta(minutes=5)
REVIEW = timedelta(days=1)
SKEW = timedelta(minutes=2)
"""TikTok's clock and ours; its times have whole seconds."""
PATIENCE_S = 60.0
LOOK_AGAIN = timedelta(minutes=2)
MOST_PAGES = 100
SHOWN_TEXT_MAX = 150
"""The Open API shows that much of a video's text."""

Video = Mapping[str, Any]


class Unsettled(OutcomeUnknown):
    """Neither there nor surely absent yet; `retry_at` is when another look makes sense."""

    def __init__(self, message: str, again: datetime) -> None:
        super().__init__(message)
        self._again = again

    @property
    def retry_at(self) -> datetime | None:
        return self._again


async def settled(call: Call, draft: Draft, done: Checkpoint, since: datetime) -> Published | None:
    """The post; None once it is surely absent; Unsettled before."""
    at = iso_time(done.state.get("at")) or since
    sure = at + (PULL + LISTED if is_business(call.app) else REVIEW)
    waited, pause = 0.0, 1.0
    while True:
        asked, listed = call.now, await listed_since(call, at - SKEW)
        if found := candidates(listed, draft, at - SKEW):
            return native(call, draft, found[0])
        if asked >= sure and await shows_absence(call, draft, listed):
            return None
        if waited >= PATIENCE_S or asked >= sure:
            again = asked + LOOK_AGAIN
            raise Unsettled("no post like this one yet", again if asked >= sure else min(again, sure))
        await call.pause(pause)
        waited, pause = waited + pause, min(pause * 1.5, LONGEST_PAUSE_S)


async def shows_absence(call: Call, draft: Draft, listed: list[Video]) -> bool:
    """Whether a post of this kind would be listed at all."""
    if not is_public(call, draft):
        return False
    if is_photos(draft) and not is_business(call.app):
        # Whether the Open API lists photos is not documented (§7): one that it lists is the proof.
        return any("/photo/" in str(video.get("share_url")) for video in listed)
    return bool(listed) or await may_be_public(call)


async def may_be_public(call: Call) -> bool:
    try:
        answer = await call.send(creator.state_request(call))
    except (ActOutside, OurBug, Reconnect):
        return False
    return PUBLIC in items(mapping(answer.json.get("data")).get("privacy_level_options"))


# ---- the account's posts -----------------------------------------------------------------------------


async def listed_since(call: Call, since: datetime) -> list[Video]:
    """The account's newest posts, back to `since` and a little further."""
    found: dict[str, Video] = {}
    cursor = 0
    for _ in range(MOST_PAGES):
        data = data_of(await call.send(page_request(call, cursor)))
        fresh = {id_of(video): video for video in objects(data.get("videos"))}
        news = fresh.keys() - found.keys()
        found |= fresh
        reached = min((created_at(video) for video in fresh.values()), default=since)
        if data.get("has_more") is not True or not news or reached < since:
            return list(found.values())
        # A millisecond on, so that posts of the same moment are not cut in two.
        cursor = (whole(data.get("cursor")) or 0) + 1
    raise OutcomeUnknown("the account has too many posts since")


def page_request(call: Call, cursor: int) -> Request:
    if is_business(call.app):
        fields = compact(["item_id", "create_time", "caption", "share_url"])
        params = {"business_id": call.account.id, "fields": fields, "max_count": str(BATCH)}
        if cursor:
            params["cursor"] = str(cursor)
        url = business_url(call.app, "business/video/list")
        return Request("GET", url, params=params, spends=BUSINESS_CALL)
    url, fields = f"{OPEN_API}/video/list/", "id,create_time,video_description,share_url"
    body = {"max_count": BATCH, **({"cursor": cursor} if cursor else {})}
    return Request("POST", url, params={"fields": fields}, json=body)


def candidates(listed: list[Video], draft: Draft, since: datetime) -> list[Video]:
    """Posts that may be this one, the oldest first; those alike are told apart by `taken`."""
    alike = (
        video
        for video in listed
        if created_at(video) >= since and id_of(video) not in draft.taken and same_text(video, draft.text)
    )
    return sorted(alike, key=created_at)


def native(call: Call, draft: Draft, video: Video) -> Published:
    return published(call, draft, id_of(video), created_at(video), public_url(video))


def id_of(video: Video) -> str:
    return str(video.get("item_id") or video.get("id"))


def created_at(video: Video) -> datetime:
    return unix_time(video.get("create_time")) or datetime.min.replace(tzinfo=UTC)


def same_text(video: Video, wanted: str) -> bool:
    """White space apart; the Open API cuts what it shows."""
    if "caption" in video:
        return words(text(video["caption"])) == words(wanted)
    shown = text(video.get("video_description")) or ""
    return (
        words(wanted).startswith(words(shown))
        if len(shown) >= SHOWN_TEXT_MAX
        else words(shown) == words(wanted)
    )


def words(said: str | None) -> str:
    return " ".join((said or "").split())
