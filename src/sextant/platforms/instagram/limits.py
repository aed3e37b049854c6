"""Instagram: what it takes, as data, and a draft held against it (instagram.md §2.1, §2.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from sextant.platforms import graph_usage
from sextant.platforms.base import Account, Complaint, Draft, Limits
from sextant.platforms.catalogue import Kind
from sextant.platforms.freshness import DAY_S, Showing
from sextant.platforms.instagram.auth import FACEBOOK, INSTAGRAM
from sextant.platforms.instagram.forms import TAKES, form, given
from sextant.platforms.instagram.options import ALT_TEXT, COLLABORATORS, COVER, options_of
from sextant.platforms.media import MediaFacts
from sextant.platforms.rules import POST, MediaRule, Span, TextRule, counted, known, media_at

LIMITS = Limits(batch=50, text_posts=False)
"""Without rates: how many posts a day an account may publish, it tells itself (§2.8), see account.py."""
# Each sub-request of a batch counts as a call (§3.6). Insights come up to 48 h late (§3.5), likes and
# comments at once (§3.2).
SHOWING = Showing(batch=LIMITS.batch, request=0, post=1, late=0.6, late_until_s=2 * DAY_S)
ALLOWANCES = graph_usage.ALLOWANCES

MB = 1_000_000

CAPTION = (
    TextRule(2200),
    TextRule(30, lambda text: len(re.findall(r"#\w+", text)), "hashtags"),
    TextRule(20, lambda text: len(re.findall(r"(?<!\w)@\w", text)), "@-mentions"),
)
ALT = TextRule(ALT_TEXT)
CHILDREN = 10

# The width of 320 to 1440 pixels is no limit: what is outside is scaled (§2.2).
JPEG = MediaRule({"image/jpeg": "JPEG"}, size=8 * MB)
# Ratios are rounded to the two places that the document gives: 1200x628 counts as 1.91:1.
IMAGE = replace(JPEG, ratio=Span(0.795, 1.915), ratio_words="4:5 to 1.91:1")
REEL = MediaRule(
    {"video/mp4": "MP4", "video/quicktime": "MOV"},
    size=300 * MB,
    duration=Span(3, 15 * 60),
    width=Span(most=1920),
    fps=Span(23, 60),
    codecs=frozenset({"AVC", "HEVC"}),
    audio=frozenset({"AAC"}),
)
BITS_PER_S = 25_000_000
STORY = replace(REEL, size=100 * MB, duration=Span(3, 60))
"""A story's video; that it shares a reel's codecs and frames is not said, but most likely."""

RULES: Mapping[Kind, tuple[MediaRule, MediaRule]] = {
    Kind.PHOTO: (IMAGE, REEL),
    Kind.REEL: (IMAGE, REEL),
    # Of videos in a carousel nothing is said; they are held against the same as a reel.
    Kind.CAROUSEL: (IMAGE, REEL),
    # A story fills a phone's screen, 9:16: the ratio is of images in the feed.
    Kind.STORY: (JPEG, STORY),
}
"""For an image and for a video."""

SCOPES: Mapping[str, tuple[str, ...]] = {
    FACEBOOK: ("instagram_basic", "instagram_content_publish"),
    INSTAGRAM: ("instagram_business_basic", "instagram_business_content_publish"),
}
WORDS: Mapping[Kind, str] = {
    Kind.PHOTO: "an image",
    Kind.CAROUSEL: "a carousel",
    Kind.REEL: "a reel",
    Kind.STORY: "a story",
}
OPTION_OF = {"trial_params": "trial"}


def check(draft: Draft, account: Account, scopes: frozenset[str]) -> list[Complaint]:
    facts = dict(known(draft))
    kind = form(draft, facts.get(0))
    return [
        *missing_scopes(account, scopes),
        *of_text(draft, kind),
        *of_number(draft, kind),
        *of_media(facts, kind),
        *of_kind(draft, facts),
        *of_options(draft, kind, facts),
        *of_cover(draft, facts),
    ]


def missing_scopes(account: Account, scopes: frozenset[str]) -> Iterable[Complaint]:
    """No scopes at all means that they are not known."""
    for scope in SCOPES.get(account.kind, ()) if scopes else ():
        if scope not in scopes:
            yield Complaint(
                ("account",), f"The permission {scope} was not granted: connect the account again."
            )


def of_text(draft: Draft, kind: Kind) -> Iterable[Complaint]:
    if kind is Kind.STORY and draft.text:
        yield Complaint(POST, "A story carries no text: leave it out for this destination.")
        return
    for rule in CAPTION:
        yield from rule.complaints(draft.text, what="The caption")


def of_number(draft: Draft, kind: Kind) -> Iterable[Complaint]:
    if not draft.media:
        yield Complaint(
            ("media_urls",), "There are no text posts here: add an image or a video in media_urls."
        )
    elif kind is Kind.STORY:
        yield from counted(draft, 1, "media in a story")
    elif kind is Kind.CAROUSEL:
        yield from counted(draft, CHILDREN, "media")


def of_media(facts: Mapping[int, MediaFacts], kind: Kind) -> Iterable[Complaint]:
    image, video = RULES[kind]
    for place, medium in facts.items():
        rule = image if medium.is_image else video
        yield from rule.complaints(medium, media_at(place))
        yield from of_bitrate(medium, media_at(place))


def of_bitrate(medium: MediaFacts, at: tuple[str | int, ...]) -> Iterable[Complaint]:
    """The whole file's, sound included: the only one that is known."""
    bits = medium.size * 8 / medium.duration_s if medium.is_video and medium.duration_s else 0
    if bits > BITS_PER_S:
        yield Complaint(at, f"It has {bits / 1e6:.4g} Mbit a second; allowed: at most {BITS_PER_S / 1e6:g}.")


def of_kind(draft: Draft, facts: Mapping[int, MediaFacts]) -> Iterable[Complaint]:
    """A single video is always a reel, also for the feed; a reel is always a single video (§2.1)."""
    if options_of(draft).kind != "reel" or not draft.media:
        return
    if len(draft.media) > 1 or any(medium.is_image for medium in facts.values()):
        yield Complaint(("options", "kind"), "A reel is one video: use «feed» for images and several media.")


def of_options(draft: Draft, kind: Kind, facts: Mapping[int, MediaFacts]) -> Iterable[Complaint]:
    options = options_of(draft)
    if len(options.collaborators) > COLLABORATORS:
        said = f"There are {len(options.collaborators)} collaborators; allowed: at most {COLLABORATORS}."
        yield Complaint(("options", "collaborators"), said)
    for name in sorted(set(given(draft, options)) - taken(draft, kind, facts)):
        option = OPTION_OF.get(name, name)
        yield Complaint(("options", option), f"{option} is not for {WORDS[kind]}.")
    yield from of_alt_texts(draft, kind, facts)


def taken(draft: Draft, kind: Kind, facts: Mapping[int, MediaFacts]) -> frozenset[str]:
    """The fields not to complain about: text and alt texts have complaints of their own, and a single
    medium that is not known yet may be an image or a video."""
    unknown = kind is Kind.REEL and 0 not in facts
    kinds = (Kind.PHOTO, Kind.REEL) if unknown else (kind,)
    return frozenset({"caption", "alt_text"}).union(*(TAKES[each] for each in kinds))


def of_alt_texts(draft: Draft, kind: Kind, facts: Mapping[int, MediaFacts]) -> Iterable[Complaint]:
    texts = options_of(draft).alt_texts
    if len(texts) > len(draft.media):
        said = f"There are {len(texts)} alt texts for {len(draft.media)} media."
        yield Complaint(("options", "alt_texts"), said)
    for place, text in enumerate(texts[: len(draft.media)]):
        at = ("options", "alt_texts", place)
        yield from ALT.complaints(text, at, "The alt text")
        if text and (kind is Kind.STORY or (place in facts and facts[place].is_video)):
            yield Complaint(at, "Alt texts are for images in the feed only.")


def of_cover(draft: Draft, facts: Mapping[int, MediaFacts]) -> Iterable[Complaint]:
    options = options_of(draft)
    if options.cover_url and options.thumb_offset is not None:
        yield Complaint(("options", "thumb_offset"), "Give cover_url or thumb_offset, not both.")
    cover = draft.extra.get(COVER)
    if cover is not None and cover.facts is not None:
        yield from JPEG.complaints(cover.facts, ("options", COVER))
    lasts = facts[0].duration_s if 0 in facts else None
    if options.thumb_offset is not None and lasts is not None and options.thumb_offset > lasts * 1000:
        said = f"It is after the video's end, at {lasts * 1000:.0f} milliseconds."
        yield Complaint(("options", "thumb_offset"), said)
