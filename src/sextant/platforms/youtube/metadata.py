"""What an upload is opened with: the video's title, description, and how it is shown (youtube.md §2.3)."""

from __future__ import annotations

from datetime import UTC
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from sextant.platforms.base import Draft, Json
from sextant.platforms.youtube.options import YouTubeOptions, options_of

TITLE_MAX = 100


def resource(draft: Draft) -> dict[str, Json]:
    """The `youtube#video` to create. Left out, `privacyStatus` would follow the creator's settings."""
    options = options_of(draft)
    return {"snippet": snippet(draft, options), "status": status(options)}


def snippet(draft: Draft, options: YouTubeOptions) -> dict[str, Json]:
    written: dict[str, Json] = {"title": title(draft), "description": draft.text}
    if options.tags:
        written["tags"] = list(options.tags)
    if options.category is not None:
        written["categoryId"] = options.category
    return written


def status(options: YouTubeOptions) -> dict[str, Json]:
    at = options.publish_at and options.publish_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    optional = {
        "publishAt": at,
        "license": options.license,
        "embeddable": options.embeddable,
        "containsSyntheticMedia": options.synthetic_media,
    }
    set_ones = {name: value for name, value in optional.items() if value is not None}
    declared = {"privacyStatus": options.privacy, "selfDeclaredMadeForKids": options.made_for_kids}
    return {**declared, **set_ones}


def insert_params(draft: Draft) -> dict[str, str]:
    params = {"uploadType": "resumable", "part": "snippet,status"}
    notify = options_of(draft).notify_subscribers
    return params if notify is None else {**params, "notifySubscribers": str(notify).lower()}


def title(draft: Draft) -> str:
    """The author's, else the text's first line, else the file's name; empty when there is none of them."""
    chosen = options_of(draft).title
    if chosen is not None:
        return chosen
    first = next((line for line in draft.text.splitlines() if clean(line)), "")
    return clean(first) or clean(file_name(draft))


def file_name(draft: Draft) -> str:
    return PurePosixPath(unquote(urlsplit(draft.media[0].url).path)).stem if draft.media else ""


def clean(text: str) -> str:
    return text.replace("<", "").replace(">", "").strip()[:TITLE_MAX].strip()


def tags_length(tags: tuple[str, ...]) -> int:
    """A tag with a space counts 2 more for its quotes, and the commas between tags count (§2.3)."""
    return sum(len(tag) + 2 * (" " in tag) for tag in tags) + max(0, len(tags) - 1)
