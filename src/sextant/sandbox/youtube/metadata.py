"""The video resource that an upload is opened with, and its checks (youtube.md §2.1, §2.3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from sextant.sandbox.youtube.errors import Refused, refuse

LICENSES = ("youtube", "creativeCommon")
PRIVACIES = ("public", "unlisted", "private")


class Snippet(Struct, forbid_unknown_fields=True):
    """Read-only properties are accepted and ignored, as in every resource of Google's APIs."""

    title: str = ""
    description: str = ""
    tags: list[str] = []
    categoryId: str = "22"
    defaultLanguage: str | None = None
    defaultAudioLanguage: str | None = None
    channelId: str | None = None
    channelTitle: str | None = None
    publishedAt: str | None = None
    thumbnails: dict[str, Any] | None = None
    localized: dict[str, Any] | None = None
    liveBroadcastContent: str | None = None


class Status(Struct, forbid_unknown_fields=True):
    privacyStatus: str = "public"
    publishAt: str | None = None
    license: str = "youtube"
    embeddable: bool = True
    publicStatsViewable: bool = True
    selfDeclaredMadeForKids: bool | None = None
    containsSyntheticMedia: bool | None = None
    madeForKids: bool | None = None
    uploadStatus: str | None = None


class Video(Struct, forbid_unknown_fields=True):
    snippet: Snippet = msgspec.field(default_factory=Snippet)
    status: Status = msgspec.field(default_factory=Status)
    kind: str = ""
    etag: str = ""
    id: str = ""
    localizations: dict[str, Any] | None = None
    recordingDetails: dict[str, Any] | None = None


async def video_of(request: web.Request, parts: list[str]) -> Video:
    """The body, as far as `part` says that it is to be written."""
    content = await request.read()
    if content and request.content_type != "application/json":
        raise refuse(400, "badRequest", f"Unsupported content with type: {request.content_type}")
    try:
        video: Video = msgspec.json.decode(content or b"{}", type=Video)
    except msgspec.DecodeError as wrong:
        raise refuse(400, "badRequest", f"Invalid JSON payload received. {wrong}") from None
    if "snippet" in parts:
        check_snippet(video.snippet)
    if "status" in parts:
        check_status(video.status)
    return Video(
        snippet=video.snippet if "snippet" in parts else Snippet(title="unknown"),
        status=video.status if "status" in parts else Status(),
    )


def check_snippet(snippet: Snippet) -> None:
    if not snippet.title.strip() or len(snippet.title) > 100 or angled(snippet.title):
        raise wrong("invalidTitle", "The request metadata specifies an invalid or empty video title.")
    if len(snippet.description.encode()) > 5000 or angled(snippet.description):
        raise wrong("invalidDescription", "The request metadata specifies an invalid video description.")
    if tags_length(snippet.tags) > 500 or any(angled(tag) or not tag.strip() for tag in snippet.tags):
        raise wrong("invalidTags", "The request metadata specifies invalid video keywords.")
    if not snippet.categoryId.isdecimal():
        raise wrong("invalidCategoryId", "The snippet.categoryId property specifies an invalid category ID.")


def check_status(status: Status) -> None:
    if status.privacyStatus not in PRIVACIES:
        raise wrong("invalidVideoMetadata", "The request metadata is invalid.")
    if status.license not in LICENSES:
        raise refuse(403, "forbiddenLicenseSetting", "The license is not allowed.", "youtube.video")
    if status.publishAt is not None and (status.privacyStatus != "private" or not timed(status.publishAt)):
        raise wrong(
            "invalidPublishAt", "The request metadata specifies an invalid scheduled publishing time."
        )


def wrong(reason: str, message: str) -> Refused:
    return refuse(400, reason, message, "youtube.video")


def angled(text: str) -> bool:
    return "<" in text or ">" in text


def tags_length(tags: list[str]) -> int:
    """Quotes around a tag with a space, and the commas between tags, count."""
    return sum(len(tag) + 2 * (" " in tag) for tag in tags) + max(0, len(tags) - 1)


def timed(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
