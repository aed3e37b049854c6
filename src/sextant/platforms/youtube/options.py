"""What an author may set for YouTube (youtube.md §2.1, §2.3, §2.6)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from sextant.platforms.base import Draft, Options

THUMBNAIL = "thumbnail_url"


class YouTubeOptions(Options, frozen=True):
    """Options of a video on YouTube. The post's text becomes the description.

    YouTube makes a Short of any square or vertical video of up to 3 minutes by itself; there is no option.
    """

    title: Annotated[
        str | None,
        Meta(
            description="1 to 100 characters without < and >. Left out: the text's first line, else the "
            "file's name."
        ),
    ] = None
    tags: Annotated[
        tuple[str, ...],
        Meta(description="Keywords, at most 500 characters in all; commas between them and quotes count."),
    ] = ()
    category: Annotated[
        str | None, Meta(description="The number of a video category: «22» is people and blogs.")
    ] = None
    privacy: Annotated[
        Literal["public", "unlisted", "private"], Meta(description="Who may see the video.")
    ] = "public"
    publish_at: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        Meta(
            description="When YouTube itself makes a private video public; only with privacy «private». "
            "To send the post itself later, use schedule_date.",
        ),
    ] = None
    made_for_kids: Annotated[bool, Meta(description="Declares that the video is made for children.")] = False
    synthetic_media: Annotated[
        bool | None,
        Meta(description="Declares altered or synthetic content that looks real."),
    ] = None
    embeddable: Annotated[bool | None, Meta(description="Whether other sites may embed the video.")] = None
    license: Annotated[
        Literal["youtube", "creativeCommon"] | None, Meta(description="The video's licence.")
    ] = None
    notify_subscribers: Annotated[
        bool | None, Meta(description="Whether subscribers are told. Left out: they are.")
    ] = None
    thumbnail_url: Annotated[
        str | None,
        Meta(
            description="A JPEG or PNG file of at most 50 MB at a public address. A thumbnail that YouTube "
            "refuses does not fail the post."
        ),
    ] = None

    def addresses(self) -> dict[str, str]:
        return {} if self.thumbnail_url is None else {THUMBNAIL: self.thumbnail_url}


def options_of(draft: Draft) -> YouTubeOptions:
    return draft.options if isinstance(draft.options, YouTubeOptions) else YouTubeOptions()
