"""The channel, and the list of what was uploaded to it (youtube.md §1.5)."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sextant.sandbox.world import Account, Post, World
from sextant.sandbox.youtube.access import PLATFORM, READ, caller, known_only, listed, parts
from sextant.sandbox.youtube.errors import refuse
from sextant.sandbox.youtube.numbers import statistics
from sextant.sandbox.youtube.videos import answer, etag, privacy, stamp, tagged

CHANNEL_PARTS = (
    "auditDetails",
    "brandingSettings",
    "contentDetails",
    "contentOwnerDetails",
    "id",
    "localizations",
    "snippet",
    "statistics",
    "status",
    "topicDetails",
)
ITEM_PARTS = ("contentDetails", "id", "snippet", "status")
SIZES = {"default": 88, "medium": 240, "high": 800}
SUBSCRIBERS = 18_400


async def channels(world: World, request: web.Request) -> web.Response:
    """GET /youtube/v3/channels, by mine=true or id=."""
    reader = caller(world, request, READ)
    known_only(request, "part", "mine", "id", "hl", "maxResults", "pageToken", "onBehalfOfContentOwner")
    asked = parts(request, CHANNEL_PARTS)
    if request.query.get("mine") == "true":
        found = [reader]
    elif ids := listed(request, "id"):
        found = [account for account in world.accounts(PLATFORM) if account.id in ids]
    else:
        raise refuse(400, "missingRequiredParameter", "No filter selected. Expected one of: mine, id")
    items = [channel(world, account, asked) for account in found]
    page = {"totalResults": len(items), "resultsPerPage": 5}
    body: dict[str, Any] = {"kind": "youtube#channelListResponse", "pageInfo": page}
    return answer(request, {**body, "items": items} if items else body)


def channel(world: World, account: Account, asked: list[str]) -> dict[str, Any]:
    mine = uploads(world, account)
    counted = mine if "statistics" in asked else []
    views = sum(int(statistics(world, post).get("viewCount", "0")) for post in counted)
    known = {
        "snippet": {
            "title": account.name,
            "description": "",
            "customUrl": account.username,
            "publishedAt": "2019-03-14T09:26:53Z",
            "thumbnails": {
                name: {"url": f"https://yt3.ggpht.com/{account.id}=s{size}-c", "width": size, "height": size}
                for name, size in SIZES.items()
            },
        },
        "contentDetails": {"relatedPlaylists": {"likes": "LL", "uploads": playlist(account)}},
        "statistics": {
            "viewCount": str(views),
            "subscriberCount": str(SUBSCRIBERS),
            "hiddenSubscriberCount": False,
            "videoCount": str(len(mine)),
        },
    }
    return tagged("youtube#channel", account.id, {part: known[part] for part in known if part in asked})


async def playlist_items(world: World, request: web.Request) -> web.Response:
    """GET /youtube/v3/playlistItems of the uploads playlist, newest first."""
    reader = caller(world, request, READ)
    known_only(request, "part", "playlistId", "maxResults", "pageToken", "videoId")
    asked = parts(request, ITEM_PARTS)
    if request.query.get("playlistId") != playlist(reader):
        message = "The playlist identified with the request's playlistId parameter cannot be found."
        raise refuse(404, "playlistNotFound", message, "youtube.playlistItem")
    size, start = bounded(request, "maxResults", 5, 50), bounded(request, "pageToken", 0, 1 << 30)
    mine = uploads(world, reader)[::-1]
    body: dict[str, Any] = {
        "kind": "youtube#playlistItemListResponse",
        "items": [item(world, post, asked) for post in mine[start : start + size]],
        "pageInfo": {"totalResults": len(mine), "resultsPerPage": size},
    }
    more = {"nextPageToken": str(start + size)} if start + size < len(mine) else {}
    return answer(request, {**body, **more})


def item(world: World, post: Post, asked: list[str]) -> dict[str, Any]:
    at = stamp(post.created_at)
    known = {
        "snippet": {
            "publishedAt": at,
            "channelId": post.account_id,
            "title": post.facts["snippet"]["title"],
            "description": post.facts["snippet"]["description"],
            "resourceId": {"kind": "youtube#video", "videoId": post.id},
        },
        "contentDetails": {"videoId": post.id, "videoPublishedAt": at},
        "status": {"privacyStatus": privacy(world, post)},
    }
    shown = {part: known[part] for part in known if part in asked}
    return tagged("youtube#playlistItem", etag(["item", post.id]), shown)


def uploads(world: World, account: Account) -> list[Post]:
    return [*world.posts_of(PLATFORM, account.id)]


def playlist(account: Account) -> str:
    return "UU" + account.id[2:]


def bounded(request: web.Request, name: str, default: int, most: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdecimal() or int(text) > most:
        raise refuse(
            400, "badRequest", f"Invalid value '{text}'. Values must be within the range: [0, {most}]"
        )
    return int(text)
