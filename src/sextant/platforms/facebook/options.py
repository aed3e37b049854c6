"""What an author may set for Facebook (facebook.md §2)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sextant.platforms.base import Options


class FacebookOptions(Options, frozen=True):
    """Options of a post on Facebook."""

    kind: Annotated[
        Literal["post", "reel"],
        Meta(
            description="`reel` publishes the one video as a reel (9:16, at least 540 x 960, 24 to 60 frames "
            "a second, 3 to 90 seconds); `post` as a video on the Page. Facebook may turn it into a reel "
            "nevertheless."
        ),
    ] = "post"
    link: Annotated[
        str | None,
        Meta(
            description="A full http or https address to share, shown as a preview below the text. "
            "Only on a post without media; addresses of facebook.com are refused."
        ),
    ] = None
    title: Annotated[str | None, Meta(description="The title of the video or reel.")] = None
    alt_texts: Annotated[
        tuple[str, ...],
        Meta(
            description="What each photo shows, for people who cannot see it, in the order of `media_urls`. "
            "An empty text leaves a photo without."
        ),
    ] = ()
