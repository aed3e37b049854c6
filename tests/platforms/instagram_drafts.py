"""Drafts of every form that Instagram has, of media at addresses of the sandbox."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from sextant.platforms.base import Draft
from sextant.platforms.catalogue import Kind
from sextant.platforms.instagram.options import InstagramOptions
from sextant.platforms.media import MediaFacts, MediaFile
from sextant.sandbox.server import Sandbox

MEDIA = Path(str(resources.files("sextant.sandbox") / "media"))
CLIP = MediaFacts("video/mp4", 305261, 1280, 720, 5.0, 30.0, 150, "AVC", "AAC")
PICTURE = MediaFacts("image/jpeg", 53519, 1080, 1080)
STORY = InstagramOptions(kind="story")


class Sample:
    """One of the sandbox's own media."""

    def __init__(self, sandbox: Sandbox, name: str, facts: MediaFacts) -> None:
        self.url = f"{sandbox.url}/_control/media/{name}"
        self.facts = facts
        self.name = name

    async def file(self) -> MediaFile:
        return MediaFile(MEDIA / self.name, self.facts)


def clip(sandbox: Sandbox) -> Sample:
    return Sample(sandbox, "sample.mp4", CLIP)


def picture(sandbox: Sandbox) -> Sample:
    return Sample(sandbox, "sample.jpg", PICTURE)


def drafts(sandbox: Sandbox, name: str) -> list[Draft]:
    """A reel, an image, a mixed carousel, an uploaded reel, and stories of either medium."""
    video, image = clip(sandbox), picture(sandbox)
    sent = InstagramOptions(upload=True)
    return [
        Draft(f"reel-{name}", f"A reel, {name}", (video,), Kind.VIDEO),
        Draft(f"photo-{name}", f"A photo, {name}", (image,), Kind.PHOTO),
        Draft(f"carousel-{name}", f"A carousel, {name}", (image, video, image), Kind.CAROUSEL),
        Draft(f"mixed-{name}", f"Sent, {name}", (video, video), Kind.CAROUSEL, sent),
        Draft(f"sent-{name}", f"A sent reel, {name}", (video,), Kind.VIDEO, sent),
        Draft(f"story-{name}", "", (video,), Kind.VIDEO, STORY),
        Draft(f"still-{name}", "", (image,), Kind.PHOTO, STORY),
    ]
