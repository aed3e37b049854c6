"""What an author may set for TikTok (tiktok.md §2)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sextant.platforms.base import Options

Milliseconds = Annotated[int, Meta(ge=0)]
PhotoPlace = Annotated[int, Meta(ge=0, le=34)]
Privacy = Literal["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"]


class TikTokOptions(Options, frozen=True):
    """Options of a post on TikTok. What is left out is TikTok's default, unless a field says otherwise."""

    privacy: Annotated[
        Privacy | None,
        Meta(
            description="Who may see the post. Required for accounts connected through the Open API (login "
            "`display`): TikTok wants it chosen by a person, without a default. Videos through the Business "
            "API always go out as the account's own setting says. Only a public post has an address and "
            "numbers."
        ),
    ] = None
    allow_comments: Annotated[
        bool | None,
        Meta(description="Whether people may comment. Through the Open API: off unless it is switched on."),
    ] = None
    allow_duets: Annotated[
        bool | None,
        Meta(
            description="Whether people may make duets with the video. Through the Open API: off unless it "
            "is switched on."
        ),
    ] = None
    allow_stitches: Annotated[
        bool | None,
        Meta(
            description="Whether people may use parts of the video in theirs. Through the Open API: off "
            "unless it is switched on."
        ),
    ] = None
    paid_partnership: Annotated[
        bool, Meta(description="Discloses that somebody else's brand pays for the post; not with SELF_ONLY.")
    ] = False
    own_brand: Annotated[
        bool, Meta(description="Discloses that the post promotes the account's own business.")
    ] = False
    made_with_ai: Annotated[
        bool, Meta(description="Labels a video as made with artificial intelligence.")
    ] = False
    title: Annotated[
        str | None,
        Meta(description="The title of a photo post, at most 90 UTF-16 code units; videos have none."),
    ] = None
    cover_ms: Annotated[
        Milliseconds | None, Meta(description="Which moment of the video is its cover, in milliseconds.")
    ] = None
    cover_url: Annotated[
        str | None,
        Meta(
            description="The address of a picture as the video's cover, in place of a moment of it; Business "
            "API only."
        ),
    ] = None
    cover_index: Annotated[
        PhotoPlace | None, Meta(description="Which photo is the cover, counted from 0.")
    ] = None
    add_music: Annotated[
        bool | None, Meta(description="Whether TikTok adds music of its choice to photos.")
    ] = None
    transfer: Annotated[
        Literal["upload", "pull"] | None,
        Meta(
            description="How a video gets to TikTok through the Open API: `upload` (the default) sends its "
            "bytes; with `pull` TikTok fetches it from its address, whose domain has to be verified in the "
            "app. The Business API always pulls, and so do photos."
        ),
    ] = None

    def addresses(self) -> dict[str, str]:
        return {} if self.cover_url is None else {"cover_url": self.cover_url}
