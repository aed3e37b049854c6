"""What a post may hold beside its text (sections 2.1 and 2.7): one image, 2 to 20 images, or one video."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sextant.sandbox.linkedin import images, videos
from sextant.sandbox.linkedin.errors import Refused, invalid
from sextant.sandbox.linkedin.gate import Call

IMAGES_MOST = 20
ALT_TEXT_MAX = 4086
"""The document names no length; LinkedIn's schema of the posts API has had this one."""


@dataclass(frozen=True)
class Attached:
    """`kind`: text, photo, carousel or video. `facts` are kept with the post."""

    kind: str
    facts: dict[str, Any] = field(default_factory=dict)


def attachment(call: Call, body: dict[str, Any]) -> Attached:
    if "content" not in body:
        if not body["commentary"].strip():
            raise invalid("ERROR :: /commentary :: a post without content needs text")
        return Attached("text")
    content, author = body["content"], body["author"]
    match content:
        case {"media": {"id": str() as urn, **rest} as media, **others} if not others:
            if urn.startswith("urn:li:video:"):
                return video(call, author, urn, rest)
            return Attached("photo", kept([image(call, author, media, "/content/media")]))
        case {"multiImage": {"images": list() as several, **rest}, **others} if not rest and not others:
            return carousel(call, author, several)
    raise invalid("ERROR :: /content :: not a recognized content type")


def video(call: Call, author: str, urn: str, rest: dict[Any, Any]) -> Attached:
    if set(rest) - {"title"} or not isinstance(rest.get("title", ""), str):
        raise invalid("ERROR :: /content/media/title :: a video has a title and nothing else")
    found = videos.known(call.world, urn)
    if found is None or found.owner != author:
        raise invalid("ERROR :: /content/media/id :: media does not exist or has another owner")
    if videos.status_of(call.world, found) != "AVAILABLE":
        raise invalid("ERROR :: /content/media/id :: media not ready")
    return Attached("video", {"video": urn, "title": rest.get("title", "")})


def carousel(call: Call, author: str, several: list[Any]) -> Attached:
    at = "/content/multiImage/images"
    if not 2 <= len(several) <= IMAGES_MOST:
        raise invalid(f"ERROR :: {at} :: must have 2 to {IMAGES_MOST} elements")
    rows = [image(call, author, row, f"{at}/{place}") for place, row in enumerate(several)]
    return Attached("carousel", kept(rows))


def kept(rows: list[tuple[str, str]]) -> dict[str, Any]:
    return {"images": [urn for urn, _ in rows], "altTexts": [alt for _, alt in rows]}


def image(call: Call, author: str, row: Any, at: str) -> tuple[str, str]:
    """The image's urn and what it shows."""
    if not isinstance(row, dict) or set(row) - {"id", "altText"}:
        raise invalid(f"ERROR :: {at} :: an image has an id and an altText")
    alt = row.get("altText", "")
    if not isinstance(alt, str) or len(alt) > ALT_TEXT_MAX:
        raise invalid(f"ERROR :: {at}/altText :: must be at most {ALT_TEXT_MAX} characters")
    check_usable(call, author, str(row.get("id")), at)
    return row["id"], alt


def check_usable(call: Call, author: str, urn: str, at: str) -> None:
    """Right after an upload a create may be refused for a moment (section 2.1)."""
    found = images.known(call.world, urn) if urn.startswith("urn:li:image:") else None
    if found is None or found.owner != author:
        raise invalid(f"ERROR :: {at}/id :: media does not exist or has another owner")
    status = images.status_of(call.world, found)
    if status == "PROCESSING":
        raise Refused(403, "Unable to obtain activity", "ACCESS_DENIED", 100)
    if status != "AVAILABLE":
        raise invalid(f"ERROR :: {at}/id :: media not ready ({status})")


def shown_content(facts: dict[str, Any]) -> dict[str, Any] | None:
    """`content` as the API reads it back."""
    if "video" in facts:
        return {"media": {"id": facts["video"], "title": facts["title"]}}
    if "images" not in facts:
        return None
    rows = [{"id": urn, "altText": alt} for urn, alt in zip(facts["images"], facts["altTexts"], strict=True)]
    return {"media": rows[0]} if len(rows) == 1 else {"multiImage": {"images": rows}}
