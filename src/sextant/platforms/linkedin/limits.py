"""LinkedIn: what it takes, as data, and a draft held against it (linkedin.md §2, §4)."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from sextant.platforms.allowances import DAY, Allowance, spending
from sextant.platforms.base import Account, Complaint, Draft, Limits, Rate
from sextant.platforms.freshness import DAY_S, Showing
from sextant.platforms.linkedin.options import LinkedInOptions
from sextant.platforms.media import MediaFacts
from sextant.platforms.rules import POST, At, MediaRule, Span, TextRule, counted, has_video, known, media_at

# 150 posts per member and day is said of members' posts (§4); nothing is said of Pages.
LIMITS = Limits(batch=50, text_posts=True, rates=(Rate(150, 86400.0),))
# Calls are counted, posts are not (§4). No delay is documented: up to two days are reckoned
# with for statistics, as issue 5 has it.
SHOWING = Showing(batch=LIMITS.batch, request=1, post=0, late=0.5, late_until_s=2 * DAY_S)

# Days are UTC; what the Standard tier allows is not published (§4). Every call counts against CALLS. The
# Development tier's are counted from the moment on at which the app is seen to be on it: no call tells the
# tier, but it refuses batches. The 100 are a member's, whose Pages are taken one by one here.
CALLS = (
    Allowance("calls_per_day", "app", DAY, None),
    Allowance("account_calls_per_day", "account", DAY, None),
)
DEVELOPMENT_CALLS = (
    Allowance("development_calls_per_day", "app", DAY, 500),
    Allowance("development_account_calls_per_day", "account", DAY, 100),
)
ALLOWANCES = CALLS + DEVELOPMENT_CALLS
COUNTED, DEVELOPMENT = spending(*CALLS), spending(*DEVELOPMENT_CALLS)

# The unit of the 3000 is not known, nor whether escapes count (§2.3): characters before escaping.
TEXT = TextRule(3000)

# §2.7: fewer than 36,152,320 pixels; a size in bytes was not found.
IMAGE = MediaRule({"image/jpeg": "JPG", "image/png": "PNG", "image/gif": "GIF"}, pixels=36_152_319)
IMAGES_MOST = 20

VIDEO = MediaRule({"video/mp4": "MP4"}, size=500_000_000, duration=Span(3, 1800))
VIDEO_LEAST = 75_000
"""§2.7: 75 KB."""

WRITING = {"member": "w_member_social", "organization": "w_organization_social"}
"""The scope that publishes, by kind of account (§1.4)."""


def check(draft: Draft, account: Account, scopes: frozenset[str]) -> list[Complaint]:
    options = draft.options or LinkedInOptions()
    return [
        *text_complaints(draft),
        *media_complaints(draft),
        *options_complaints(options, draft, account),
        *scope_complaints(account, scopes),
    ]


def text_complaints(draft: Draft) -> Iterable[Complaint]:
    if not draft.media and not draft.text.strip():
        yield Complaint(POST, "A post without media needs a text.")
    yield from TEXT.complaints(draft.text)


def media_complaints(draft: Draft) -> Iterable[Complaint]:
    """One video, or one image, or 2 to 20 images (§2.7)."""
    if not has_video(draft):
        yield from counted(draft, IMAGES_MOST, "images")
    elif len(draft.media) > 1:
        yield Complaint(("media_urls",), "A video stands alone: no second video and no image beside it.")
    for place, facts in known(draft):
        yield from (video_complaints if facts.is_video else image_complaints)(facts, media_at(place))


def video_complaints(facts: MediaFacts, at: At) -> Iterable[Complaint]:
    yield from VIDEO.complaints(facts, at)
    if facts.size < VIDEO_LEAST:
        yield Complaint(
            at, f"The video is too small: {facts.size:,} bytes; allowed: {VIDEO_LEAST:,} or more."
        )


def image_complaints(facts: MediaFacts, at: At) -> Iterable[Complaint]:
    """The pixels meant are those of the image (§2.7), whatever number of frames a GIF has."""
    yield from IMAGE.complaints(replace(facts, frames=None), at)


def options_complaints(options: LinkedInOptions, draft: Draft, account: Account) -> Iterable[Complaint]:
    if options.visibility == "CONNECTIONS" and account.kind == "organization":
        said = "A Page has no connections; allowed: PUBLIC, LOGGED_IN."
        yield Complaint(("options", "visibility"), said)
    if options.title and draft.media and not has_video(draft) and len(known(draft)) == len(draft.media):
        yield Complaint(("options", "title"), "Only a video has a title.")
    if options.title and not draft.media:
        yield Complaint(("options", "title"), "Only a video has a title, and the post has none.")
    yield from alt_complaints(options.alt_texts or (), draft)


def alt_complaints(texts: tuple[str, ...], draft: Draft) -> Iterable[Complaint]:
    at: At = ("options", "alt_texts")
    if texts and has_video(draft):
        yield Complaint(at, "Alternative texts are for images; a video has none.")
    elif len(texts) > len(draft.media):
        yield Complaint(at, f"There are {len(texts)} alternative texts for {len(draft.media)} images.")


def scope_complaints(account: Account, scopes: frozenset[str]) -> Iterable[Complaint]:
    needed = WRITING.get(account.kind)
    if scopes and needed is not None and needed not in scopes:
        said = f"The connection lacks the permission {needed}: connect the account again and allow it."
        yield Complaint(("account",), said)
