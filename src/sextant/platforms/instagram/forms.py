"""What a draft becomes on Instagram, and the containers it takes (instagram.md §2.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sextant.platforms.base import Draft
from sextant.platforms.catalogue import Kind
from sextant.platforms.instagram.options import COVER, InstagramOptions, options_of
from sextant.platforms.media import Media, MediaFacts

Fields = dict[str, str]

CAPTIONED = frozenset({"caption", "collaborators", "location_id"})
TAKES: Mapping[Kind, frozenset[str]] = {
    Kind.PHOTO: CAPTIONED | {"alt_text", "is_ai_generated", "is_paid_partnership"},
    Kind.CAROUSEL: CAPTIONED | {"share_to_feed", "is_ai_generated"},
    Kind.REEL: CAPTIONED | {"share_to_feed", "cover_url", "thumb_offset", "audio_name", "trial_params"},
    Kind.STORY: frozenset(),
}
"""The optional fields of each form's own container."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A container to make. `sent`: the video whose bytes are sent to it; None where Instagram fetches."""

    fields: Mapping[str, str]
    sent: Media | None = None


def form(draft: Draft, first: MediaFacts | None) -> Kind:
    """`first` is the first medium's facts; a single one that is not known counts as a video."""
    if options_of(draft).kind == "story":
        return Kind.STORY
    if len(draft.media) > 1:
        return Kind.CAROUSEL
    return Kind.PHOTO if first is not None and first.is_image else Kind.REEL


async def kind_of(draft: Draft) -> Kind:
    return form(draft, await facts_of(draft.media[0]))


async def facts_of(medium: Media) -> MediaFacts:
    return medium.facts or (await medium.file()).facts


async def wanted(draft: Draft, kind: Kind) -> Sequence[Wanted]:
    """The containers of a draft; the last one is published, the others are its children."""
    options = options_of(draft)
    if kind is not Kind.CAROUSEL:
        return [await _single(draft, kind, options)]
    children = [await _child(medium, place, options) for place, medium in enumerate(draft.media)]
    return [*children, Wanted({"media_type": "CAROUSEL"} | optional(draft, kind, options))]


async def _single(draft: Draft, kind: Kind, options: InstagramOptions) -> Wanted:
    medium = draft.media[0]
    is_video = (await facts_of(medium)).is_video
    named = {Kind.REEL: {"media_type": "REELS"}, Kind.STORY: {"media_type": "STORIES"}}.get(kind, {})
    fields = named | source(medium, is_video, options) | optional(draft, kind, options)
    if kind is Kind.REEL and options.kind == "feed":
        # A single video is always a reel (§2.1); this one is meant for the feed.
        fields = {"share_to_feed": "true"} | fields
    return Wanted(fields, medium if is_video and options.upload else None)


async def _child(medium: Media, place: int, options: InstagramOptions) -> Wanted:
    is_video = (await facts_of(medium)).is_video
    fields = {"is_carousel_item": "true"} | source(medium, is_video, options)
    if is_video:
        return Wanted(fields | {"media_type": "VIDEO"}, medium if options.upload else None)
    return Wanted(fields | alt_text(place, options))


def source(medium: Media, is_video: bool, options: InstagramOptions) -> Fields:
    """Where the bytes come from; images always have to be fetched (§2.3)."""
    if not is_video:
        return {"image_url": medium.url}
    return {"upload_type": "resumable"} if options.upload else {"video_url": medium.url}


def alt_text(place: int, options: InstagramOptions) -> Fields:
    text = options.alt_texts[place] if place < len(options.alt_texts) else ""
    return {"alt_text": text} if text else {}


def optional(draft: Draft, kind: Kind, options: InstagramOptions) -> Fields:
    """The fields beside media that this form takes and the author set."""
    return {name: value for name, value in given(draft, options).items() if name in TAKES[kind]}


def given(draft: Draft, options: InstagramOptions) -> Fields:
    """All that the author set, in the network's own names and spelling."""
    trial = {"graduation_strategy": options.trial}
    found = {
        "caption": draft.text,
        "collaborators": json.dumps(options.collaborators) if options.collaborators else "",
        "location_id": options.location_id,
        "is_ai_generated": "true" if options.is_ai_generated else "",
        "is_paid_partnership": "true" if options.is_paid_partnership else "",
        "share_to_feed": _flag(options.share_to_feed),
        COVER: options.cover_url,
        "thumb_offset": None if options.thumb_offset is None else str(options.thumb_offset),
        "audio_name": options.audio_name,
        "trial_params": json.dumps(trial, separators=(",", ":")) if options.trial else "",
        **alt_text(0, options),
    }
    return {name: value for name, value in found.items() if value}


def _flag(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()
