"""What an author may set for Instagram (instagram.md §2.1)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sextant.platforms.base import Draft, Options

COVER = "cover_url"
COLLABORATORS = 3
ALT_TEXT = 1000

FormName = Literal["feed", "reel", "story"]
AltText = Annotated[str, Meta(max_length=ALT_TEXT)]
Name = Annotated[str, Meta(min_length=1)]
Milliseconds = Annotated[int, Meta(ge=0)]


class InstagramOptions(Options, frozen=True):
    """Options of a post on Instagram. The post's text becomes the caption."""

    kind: Annotated[
        FormName | None,
        Meta(
            description="What the post becomes. Left out: one image or several media go to the feed, "
            "a single video becomes a reel. A story takes one medium and no text."
        ),
    ] = None
    collaborators: Annotated[
        tuple[str, ...],
        Meta(max_length=COLLABORATORS, description="User names of up to 3 accounts invited as co-authors."),
    ] = ()
    alt_texts: Annotated[
        tuple[AltText, ...],
        Meta(description="Descriptions of the images, in their order; «» where there is none."),
    ] = ()
    cover_url: Annotated[
        str | None, Meta(description="A reel's cover: the public address of a JPEG image.")
    ] = None
    thumb_offset: Annotated[
        Milliseconds | None,
        Meta(description="A reel's cover from the video itself: milliseconds from its start."),
    ] = None
    share_to_feed: Annotated[
        bool | None,
        Meta(
            description="Whether a reel or carousel shows in the feed as well. Left out: Instagram decides."
        ),
    ] = None
    audio_name: Annotated[Name | None, Meta(description="What a reel's own sound is called.")] = None
    location_id: Annotated[Name | None, Meta(description="The id of a Facebook Page that has a place.")] = (
        None
    )
    is_ai_generated: Annotated[bool, Meta(description="Marks an image or carousel as made with AI.")] = False
    is_paid_partnership: Annotated[bool, Meta(description="Marks an image as a paid partnership.")] = False
    trial: Annotated[
        Literal["MANUAL", "SS_PERFORMANCE"] | None,
        Meta(
            description="Publishes a reel on trial, shown to non-followers first: it goes to the followers "
            "by hand (MANUAL) or when it does well (SS_PERFORMANCE)."
        ),
    ] = None
    upload: Annotated[
        bool,
        Meta(
            description="Sends a video's bytes. By default Instagram fetches it from its public address; "
            "images are always fetched."
        ),
    ] = False

    def addresses(self) -> dict[str, str]:
        return {COVER: self.cover_url} if self.cover_url else {}


DEFAULT = InstagramOptions()


def options_of(draft: Draft) -> InstagramOptions:
    return draft.options if isinstance(draft.options, InstagramOptions) else DEFAULT
