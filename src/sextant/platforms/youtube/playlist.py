"""The channel's list of uploads, where a video is found whose upload address is no longer good (§1.5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from sextant.errors import OutcomeUnknown
from sextant.platforms.base import Call, Draft, Request
from sextant.platforms.shape import iso_time, mapping, objects, text
from sextant.platforms.youtube.auth import DATA
from sextant.platforms.youtube.errors import NoPlaylist
from sextant.platforms.youtube.metadata import snippet
from sextant.platforms.youtube.options import options_of
from sextant.platforms.youtube.quota import LOOK

PAGE = 50
PAGES_MOST = 100


async def listed(call: Call, draft: Draft, since: datetime) -> str | None:
    """The oldest video uploaded since then with this title and description that is no other post of ours.

    Of posts that are equal to the letter each takes one video, so none is sent twice and none is left out.
    """
    wanted, found = words(snippet(draft, options_of(draft))), None
    async for video, uploaded in newest_first(call, since):
        if video not in draft.taken and words(uploaded) == wanted:
            found = video
    return found


def words(written: dict[str, Any]) -> tuple[str, str]:
    """Title and description, whatever the network made of the white space in them."""
    return squeezed(written.get("title")), squeezed(written.get("description"))


def squeezed(value: Any) -> str:
    return " ".join(str(value or "").split())


async def newest_first(call: Call, since: datetime) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Ids and snippets of the channel's videos, back to `since`; the owner sees private ones too."""
    page: str | None = ""
    for _ in range(PAGES_MOST):
        items, page = await playlist_page(call, page or "")
        for item in items:
            uploaded = mapping(item.get("snippet"))
            at = iso_time(uploaded.get("publishedAt"))
            if at is not None and at < since:
                return
            if video := text(mapping(uploaded.get("resourceId")).get("videoId")):
                yield video, uploaded
        if page is None:
            return
    raise OutcomeUnknown("The channel's list of uploads has no end.")


async def playlist_page(call: Call, page: str) -> tuple[list[dict[str, Any]], str | None]:
    """A channel that never uploaded anything may have no such list at all."""
    params = {"part": "snippet", "playlistId": playlist(call.account.id), "maxResults": str(PAGE)}
    params |= {"pageToken": page} if page else {}
    try:
        url = f"{DATA}/youtube/v3/playlistItems"
        answer = await call.send(Request("GET", url, params=params, spends=LOOK))
    except NoPlaylist:
        return [], None
    if "items" not in answer.json and "kind" not in answer.json:
        raise OutcomeUnknown("YouTube answered without a list of videos.")
    return objects(answer.json.get("items")), text(answer.json.get("nextPageToken"))


def playlist(channel: str) -> str:
    """`relatedPlaylists.uploads`: the channel's id with another beginning."""
    return "UU" + channel[2:]
