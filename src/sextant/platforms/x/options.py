"""What an author may set for X (x.md §2.1, §2.4)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sextant.platforms.base import Draft, Options

ALT_TEXT_MAX = 1000


class XOptions(Options, frozen=True):
    """Options of a post on X."""

    reply_settings: Annotated[
        Literal["following", "mentionedUsers", "subscribers", "verified"] | None,
        Meta(
            description="Who may reply: accounts the author follows, those mentioned, subscribers, or "
            "verified accounts. Left out: everyone."
        ),
    ] = None
    made_with_ai: Annotated[bool, Meta(description="Labels the post's media as made with AI.")] = False
    paid_partnership: Annotated[bool, Meta(description="Discloses a paid partnership.")] = False
    alt_texts: Annotated[
        tuple[Annotated[str, Meta(max_length=ALT_TEXT_MAX)], ...],
        Meta(
            max_length=4,
            description="Descriptions for people who do not see the media, in the order of media_urls; "
            "each up to 1,000 characters, an empty one for a medium without.",
        ),
    ] = ()


def options_of(draft: Draft) -> XOptions:
    return draft.options if isinstance(draft.options, XOptions) else XOptions()


def alt_text(draft: Draft, place: int) -> str:
    """Of one medium; empty without."""
    texts = options_of(draft).alt_texts
    return texts[place] if place < len(texts) else ""
