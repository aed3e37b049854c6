"""Holding a post against what its destinations take, before anything goes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from sextant.errors import fault_at
from sextant.media import Fetcher
from sextant.platforms.base import Account, Draft, Platform
from sextant.platforms.catalogue import Kind
from sextant.platforms.media import MediaFile
from sextant.store.connections import CONNECTED, Connection


class Unread:
    """A medium of which only the address is known."""

    facts = None

    def __init__(self, url: str) -> None:
        self.url = url

    async def file(self) -> MediaFile:
        raise NotImplementedError


IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".heic"}


def kind_of(media_urls: Sequence[str]) -> Kind:
    return Kind.VIDEO if media_urls else Kind.TEXT


def complaints(
    text: str,
    media_urls: Sequence[str],
    targets: Sequence[Connection],
    platforms: Mapping[str, Platform],
    fetcher: Fetcher,
) -> list[dict[str, Any]]:
    """All faults of a post, each with its place; empty when it may go out."""
    found = media_complaints(media_urls, fetcher)
    if not text and not media_urls:
        found.append(fault_at(["body", "post"], "Give a text, a video address in media_urls, or both."))
    for place, target in enumerate(targets):
        platform = platforms[target.platform]
        found += [
            fault_at(["body", "destinations", place], said)
            for said in _of(platform, target, text, media_urls)
        ]
    return found


def _of(platform: Platform, target: Connection, text: str, media_urls: Sequence[str]) -> list[str]:
    found = []
    if target.status != CONNECTED:
        found.append(f"The {platform.title} account {target.account_name} has to be connected again.")
    account = Account(target.native_id, target.account_name, target.kind, target.account_username)
    draft = Draft("", text, tuple(Unread(url) for url in media_urls), kind_of(media_urls))
    complaints = platform.check(draft, account, frozenset())
    return found + [f"{platform.title}: {complaint.say}" for complaint in complaints]


def media_complaints(media_urls: Sequence[str], fetcher: Fetcher) -> list[dict[str, Any]]:
    found = []
    if len(media_urls) > 1:
        said = "One video per post is what this version publishes; several media are not supported yet."
        found.append(fault_at(["body", "media_urls"], said))
    for place, url in enumerate(media_urls):
        if PurePosixPath(urlsplit(url).path).suffix.lower() in IMAGE_SUFFIXES:
            said = "Images are not supported yet: this version publishes text and one video."
            found.append(fault_at(["body", "media_urls", place], said))
        elif complaint := fetcher.complaint(url):
            found.append(fault_at(["body", "media_urls", place], complaint))
    return found
