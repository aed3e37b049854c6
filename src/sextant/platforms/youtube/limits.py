"""YouTube: what it takes, as data, and a draft held against it (youtube.md §2, §4)."""

from __future__ import annotations

from collections.abc import Iterator

from sextant.platforms.base import Account, Complaint, Draft, Limits, Rate
from sextant.platforms.freshness import DAY_S, Showing
from sextant.platforms.media import MediaFacts
from sextant.platforms.rules import POST, At, MediaRule, TextRule, counted, known, media_at
from sextant.platforms.youtube import metrics, quota
from sextant.platforms.youtube.auth import SCOPE
from sextant.platforms.youtube.metadata import TITLE_MAX, tags_length, title
from sextant.platforms.youtube.options import THUMBNAIL, YouTubeOptions, options_of

# 100 uploads a day are the whole project's (§4); no account can have more. What one channel may upload in a
# day is not published: the network says so when it is reached.
LIMITS = Limits(batch=metrics.BATCH, text_posts=False, rates=(Rate(100, 86_400),))
# A request is one unit whatever the number of videos (§3.2). Analytics are of whole days and come 48 to
# 72 h late (§3.4); what is stored must be refreshed within 30 days (§3.7).
SHOWING = Showing(
    batch=LIMITS.batch,
    request=1,
    post=0,
    late=0.4,
    late_from_s=2 * DAY_S,
    late_until_s=3 * DAY_S,
    renewed_s=DAY_S,
)

ALLOWANCES = quota.ALLOWANCES

TEXT = TextRule(5000, lambda text: len(text.encode()), "bytes")
TITLE = TextRule(TITLE_MAX)
TAGS_MAX = 500
VIDEO_BYTES = 274_877_906_944
PICTURE = MediaRule({"image/jpeg": "JPEG", "image/png": "PNG"}, size=52_428_800)

UPLOADING = frozenset({"youtube.upload", "youtube", "youtube.force-ssl", "youtubepartner"})
READING = frozenset({"youtube.readonly", "youtube", "youtube.force-ssl", "youtubepartner"})
TITLE_AT: At = ("options", "title")


def check(draft: Draft, account: Account, scopes: frozenset[str]) -> list[Complaint]:
    options = options_of(draft)
    return [
        *TEXT.complaints(draft.text),
        *angled(draft.text, POST, "The text"),
        *of_media(draft),
        *of_title(draft, options),
        *of_tags(options),
        *of_options(options),
        *of_thumbnail(draft),
        *of_scopes(scopes),
    ]


def angled(text: str, at: At, what: str) -> list[Complaint]:
    return [Complaint(at, f"{what} must not hold < or >.")] if "<" in text or ">" in text else []


def of_media(draft: Draft) -> Iterator[Complaint]:
    if not draft.media:
        yield Complaint(("media_urls",), "There are no text posts here: add a video in media_urls.")
    yield from counted(draft, 1, "media")
    for place, facts in known(draft):
        yield from of_video(facts, media_at(place))


def of_video(facts: MediaFacts, at: At) -> list[Complaint]:
    """Any type of video is taken (§2.1); what cannot be decoded fails in processing."""
    if not facts.is_video:
        return [Complaint(at, f"The file is {facts.mime}; allowed: one video.")]
    if facts.size < 1:
        return [Complaint(at, "The file is empty.")]
    return MediaRule({facts.mime: "video"}, size=VIDEO_BYTES).complaints(facts, at)


def of_title(draft: Draft, options: YouTubeOptions) -> list[Complaint]:
    found, what = title(draft), "The title"
    if found.strip():
        return TITLE.complaints(found, TITLE_AT, what) + angled(found, TITLE_AT, what)
    if options.title is None and not draft.media:
        return []
    return [Complaint(TITLE_AT, "A video needs a title: write one, or begin the text with a line.")]


def of_tags(options: YouTubeOptions) -> Iterator[Complaint]:
    at: At = ("options", "tags")
    length = tags_length(options.tags)
    if length > TAGS_MAX:
        yield Complaint(at, f"The tags are too long: {length} of {TAGS_MAX} characters in all.")
    yield from angled("".join(options.tags), at, "A tag")
    if not all(tag.strip() for tag in options.tags):
        yield Complaint(at, "A tag must not be empty.")


def of_options(options: YouTubeOptions) -> Iterator[Complaint]:
    category = options.category
    if category is not None and not (category.isascii() and category.isdigit()):
        yield Complaint(("options", "category"), "A category is a number, such as «22».")
    if options.publish_at is not None and options.privacy != "private":
        yield Complaint(
            ("options", "publish_at"), "Only a private video can be made public later: set privacy."
        )


def of_thumbnail(draft: Draft) -> list[Complaint]:
    picture = draft.extra.get(THUMBNAIL)
    if picture is None or picture.facts is None:
        return []
    return PICTURE.complaints(picture.facts, ("options", THUMBNAIL))


def of_scopes(scopes: frozenset[str]) -> Iterator[Complaint]:
    """Users may untick scopes (§1.2). Without reading, processing could not be followed."""
    held = {scope.removeprefix(SCOPE) for scope in scopes}
    for needed, what in ((UPLOADING, "upload videos"), (READING, "read its videos")):
        if held and held.isdisjoint(needed):
            said = f"Sextant was not allowed to {what}: connect the account again and tick every box."
            yield Complaint(("account",), said)
