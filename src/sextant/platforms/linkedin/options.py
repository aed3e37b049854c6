"""What an author may set for LinkedIn (linkedin.md §2.1)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sextant.platforms.base import Options

Visibility = Literal["PUBLIC", "CONNECTIONS", "LOGGED_IN"]

ALT_TEXT_MAX = 4086
"""The document names no length; LinkedIn's schema of the posts API has had this one."""

AltText = Annotated[str, Meta(max_length=ALT_TEXT_MAX)]
Title = Annotated[str, Meta(min_length=1)]


class LinkedInOptions(Options, frozen=True):
    """Options of a post on LinkedIn."""

    visibility: Annotated[
        Visibility | None,
        Meta(
            description="Who sees the post: everybody (PUBLIC, the default), everybody who is logged in "
            "(LOGGED_IN), or a member's own connections (CONNECTIONS, not for a Page)."
        ),
    ] = None
    alt_texts: Annotated[
        tuple[AltText, ...] | None,
        Meta(
            description="What each image shows, for people who cannot see it, in the order of media_urls; "
            f'"" for none. At most {ALT_TEXT_MAX} characters each.'
        ),
    ] = None
    title: Annotated[Title | None, Meta(description="The title shown with a video.")] = None
    disable_reshare: Annotated[
        bool | None, Meta(description="True: others cannot repost the post. Default: they can.")
    ] = None
