"""Facebook: what it takes, as data, and a draft held against it (facebook.md §2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from sextant.platforms import graph_usage
from sextant.platforms.base import Account, Complaint, Draft, Limits
from sextant.platforms.facebook.options import FacebookOptions
from sextant.platforms.freshness import DAY_S, Showing
from sextant.platforms.media import MediaFacts
from sextant.platforms.rules import POST, MediaRule, Span, TextRule, counted, has_video, known, media_at

# 30 reels a day (§2.7) are no rate of the whole Page; the network says when they are used up.
LIMITS = Limits(batch=50, text_posts=True)
# Each sub-request of a batch counts as a call (§3.6). Most insights are renewed once in 24 h
# (§3.1), the post's own counts are of the moment.
SHOWING = Showing(batch=LIMITS.batch, request=0, post=1, late=0.5, late_until_s=DAY_S, renewed_s=DAY_S)
ALLOWANCES = graph_usage.ALLOWANCES
# The documents give no length for a post; 63,206 characters is what the composer takes.
TEXT = TextRule(63_206)
# The documents give no number of photos; 10 is what publishing tools agree on.
MOST_PHOTOS = 10
SCOPES = ("pages_show_list", "pages_manage_posts", "pages_read_engagement")

PHOTO = MediaRule(
    {
        "image/jpeg": "JPEG",
        "image/png": "PNG",
        "image/gif": "GIF",
        "image/bmp": "BMP",
        "image/tiff": "TIFF",
    },
    size=4_000_000,
)
CONTAINERS = {
    "video/mp4": "MP4",
    "video/quicktime": "MOV",
    "video/webm": "WebM",
    "video/x-matroska": "MKV",
    "video/x-msvideo": "AVI",
}
# The documents give neither types nor limits for /videos: these are of Meta's Video API guide (undated).
VIDEO = MediaRule(CONTAINERS, size=10_000_000_000, duration=Span(None, 4 * 3600))
REEL = MediaRule(
    CONTAINERS,
    size=10_000_000_000,
    duration=Span(3, 90),
    width=Span(540),
    height=Span(960),
    # 9:16 within a hundredth: encoders round to multiples of 16 pixels (544 x 960).
    ratio=Span(0.557, 0.568),
    ratio_words="9:16",
    fps=Span(24, 60),
)


def check(draft: Draft, account: Account, scopes: frozenset[str]) -> list[Complaint]:
    options = draft.options or FacebookOptions()
    return [
        *TEXT.complaints(draft.text),
        *_empty(draft, options),
        *_permitted(scopes),
        *_media(draft, options),
        *_link(draft, options),
        *_titles(draft, options),
    ]


def _empty(draft: Draft, options: FacebookOptions) -> Iterator[Complaint]:
    if not draft.text.strip() and not draft.media and not options.link:
        yield Complaint(POST, "There is nothing to publish: give a text, a link, photos or a video.")


def _permitted(scopes: frozenset[str]) -> Iterator[Complaint]:
    """Without any scope known, nothing is held against it (§1.3)."""
    missing = [scope for scope in SCOPES if scope not in scopes] if scopes else []
    if missing:
        said = f"The Page's owner has not allowed {', '.join(missing)}. Connect it again and allow it."
        yield Complaint(("account",), said)


def _media(draft: Draft, options: FacebookOptions) -> Iterable[Complaint]:
    """One video, or photos."""
    seen = known(draft)
    videos = [place for place, facts in seen if facts.is_video]
    reel = options.kind == "reel"
    if reel and (len(draft.media) != 1 or len(videos) < len(seen)):
        yield Complaint(("options", "kind"), "A reel is made of exactly one video.")
    elif videos and len(draft.media) > 1:
        yield Complaint(("media_urls",), "A video goes out alone: give one video, or photos only.")
    elif not videos:
        yield from counted(draft, MOST_PHOTOS, "photos")
    for place, facts in seen:
        yield from _rule(facts, reel).complaints(facts, media_at(place))


def _rule(facts: MediaFacts, reel: bool) -> MediaRule:
    if not facts.is_video:
        return PHOTO
    return REEL if reel else VIDEO


def _link(draft: Draft, options: FacebookOptions) -> Iterator[Complaint]:
    if options.link is None:
        return
    at = ("options", "link")
    if draft.media:
        yield Complaint(at, "A link is shared by a post without media: leave out the one or the other.")
    host = _host(options.link)
    if host is None:
        yield Complaint(at, "Give a full http or https address.")
    elif f".{host}".endswith(".facebook.com"):
        yield Complaint(at, "Addresses of facebook.com cannot be shared.")


def _host(link: str) -> str | None:
    try:
        parts = urlsplit(link)
        return parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        return None


def _titles(draft: Draft, options: FacebookOptions) -> Iterator[Complaint]:
    """A title belongs to a video, descriptions for the blind to photos."""
    photos_only = len(known(draft)) == len(draft.media) and not has_video(draft)
    if options.title is not None and photos_only:
        yield Complaint(("options", "title"), "Only a video or a reel has a title.")
    if options.alt_texts and has_video(draft):
        yield Complaint(("options", "alt_texts"), "Only photos take an alternative text.")
    elif len(options.alt_texts) > len(draft.media):
        said = f"There are {len(options.alt_texts)} texts for {len(draft.media)} photos."
        yield Complaint(("options", "alt_texts"), said)
