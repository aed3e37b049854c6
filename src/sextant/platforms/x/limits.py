"""X: what it takes, as data, and a draft held against it (x.md §2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sextant.platforms.allowances import DAY, MONTH, Allowance, Window, spending
from sextant.platforms.base import Account, Complaint, Draft, Limits, Rate
from sextant.platforms.freshness import Showing
from sextant.platforms.media import MediaFacts
from sextant.platforms.rules import POST, MediaRule, Span, TextRule, counted, known, media_at
from sextant.platforms.x.options import ALT_TEXT_MAX, options_of
from sextant.platforms.x.text import TEXT_MAX, cashtags, unprintable, weighted_length

MB = 1024 * 1024
WORDS = "characters as X counts them"

LIMITS = Limits(batch=100, text_posts=True, rates=(Rate(100, 900),))
# Numbers are those of the moment (§3.1). A post returned is what costs, once per UTC day (§4).
SHOWING = Showing(batch=LIMITS.batch, request=0, post=1, billed_daily=True)
# When a quarter of an hour begins is X's to say (§4).
QUARTER = Window(900, rolling=True)
APP_LOOKUPS = Allowance("lookups_per_15_minutes", "app", QUARTER, 3_500)
USER_LOOKUPS = Allowance("account_lookups_per_15_minutes", "account", QUARTER, 5_000)
READ_USD = 0.005
"""A look-up by ids is never an owned read (§4)."""
# When a billing cycle begins, the console tells and no call does: reckoned by calendar month.
ALLOWANCES = (
    APP_LOOKUPS,
    USER_LOOKUPS,
    Allowance("posts_per_day", "app", DAY, None, READ_USD, charged_posts=True),
    Allowance("posts_per_month", "app", MONTH, 3_000_000, READ_USD, charged_posts=True),
)
# Private numbers come from the same look-up: the 300 analytics calls (§4) are not used.
LOOKUP = spending(APP_LOOKUPS, USER_LOOKUPS)
TEXT = TextRule(TEXT_MAX, weighted_length, WORDS)
PREMIUM_TEXT = TextRule(25_000, weighted_length, WORDS)
ALT_TEXT = TextRule(ALT_TEXT_MAX)
CASHTAGS = 1
"""For self-serve apps since 2026-02-23 (x.md §2.1)."""

IMAGES = 4
IMAGE = MediaRule(
    {"image/jpeg": "JPG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}, size=5 * MB
)
GIF = MediaRule(
    {"image/gif": "GIF"},
    size=15 * MB,
    width=Span(most=1280),
    height=Span(most=1080),
    frames=350,
    pixels=300_000_000,
)
VIDEO = MediaRule(
    {"video/mp4": "MP4", "video/quicktime": "MOV", "video/mp2t": "MPEG-TS", "video/webm": "WEBM"},
    size=512 * MB,
    duration=Span(0.5, 140),
    width=Span(32, 1280),
    height=Span(32, 1024),
    ratio=Span(1 / 3, 3),
    ratio_words="1:3 to 3:1",
    fps=Span(most=60),
    codecs=frozenset({"AVC"}),
    audio=frozenset({"AAC"}),
)

TEXT_SCOPES = frozenset({"tweet.read", "tweet.write", "users.read"})
MEDIA_SCOPE = "media.write"
NO_SUBSCRIPTION = ("", "none")


def check(draft: Draft, account: Account, scopes: frozenset[str]) -> list[Complaint]:
    return [
        *of_text(draft, account),
        *of_media(draft, account),
        *of_options(draft),
        *of_scopes(draft, scopes),
    ]


def has_premium(account: Account) -> bool:
    """X's words for the subscriptions are not documented; «None» is what an account without shows."""
    return account.facts.get("subscription_type", "").lower() not in NO_SUBSCRIPTION


# ---- text ------------------------------------------------------------------------------------------


def of_text(draft: Draft, account: Account) -> Iterator[Complaint]:
    yield from (PREMIUM_TEXT if has_premium(account) else TEXT).complaints(draft.text)
    if not draft.text.strip() and not draft.media:
        yield Complaint(POST, "A post without media needs a text.")
    if unprintable(draft.text):
        yield Complaint(POST, "The text holds a character that no text may hold (U+FEFF, U+FFFE or U+FFFF).")
    if (found := cashtags(draft.text)) > CASHTAGS:
        yield Complaint(POST, f"There are {found} cashtags; allowed: at most {CASHTAGS}.")


# ---- media -----------------------------------------------------------------------------------------


def of_media(draft: Draft, account: Account) -> Iterator[Complaint]:
    facts = known(draft)
    if len(draft.media) > 1 and any(stands_alone(found) for _, found in facts):
        yield Complaint(("media_urls",), "A video or an animated GIF goes alone, without other media.")
    else:
        yield from counted(draft, IMAGES, "images")
    for place, found in facts:
        yield from rule_for(found, account).complaints(found, media_at(place))


def is_gif(facts: MediaFacts) -> bool:
    """Animated; one whose frames are not known counts as such, for that way X takes both."""
    return facts.mime == "image/gif" and facts.frames != 1


def stands_alone(facts: MediaFacts) -> bool:
    return facts.is_video or is_gif(facts)


def rule_for(facts: MediaFacts, account: Account) -> MediaRule:
    if not facts.is_video:
        return GIF if is_gif(facts) else IMAGE
    rule = VIDEO
    if has_premium(account):
        # How long is not documented, by level or at all (x.md §2.5, §7).
        rule = replace(rule, duration=Span(rule.duration.least))
    if (facts.ratio or 1) < 1:
        # X writes its frame lying; it takes upright video as well, turned (its ratio is 1:3 to 3:1).
        rule = replace(rule, width=rule.height, height=rule.width)
    return rule


# ---- options and scopes ----------------------------------------------------------------------------


def of_options(draft: Draft) -> Iterator[Complaint]:
    texts = options_of(draft).alt_texts
    if len(texts) > len(draft.media):
        said = f"There are {len(texts)} alt texts for {len(draft.media)} media."
        yield Complaint(("options", "alt_texts"), said)
    for place, text in enumerate(texts):
        yield from ALT_TEXT.complaints(text, ("options", "alt_texts", place), "The alt text")


def of_scopes(draft: Draft, scopes: frozenset[str]) -> Iterator[Complaint]:
    needed = TEXT_SCOPES | {MEDIA_SCOPE} if draft.media else TEXT_SCOPES
    if scopes and (lacking := sorted(needed - scopes)):
        said = f"The account did not grant {', '.join(lacking)}. Connect it again and allow everything asked."
        yield Complaint(("account",), said)
