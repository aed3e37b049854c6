"""TikTok: what it takes, as data, and a draft held against it (tiktok.md §2.7, §2.10)."""

from __future__ import annotations

from collections.abc import Iterable

from sextant.platforms.allowances import DAY, MINUTE, Allowance, Window, spending
from sextant.platforms.base import Account, Complaint, Draft, Limits, Rate
from sextant.platforms.catalogue import Kind
from sextant.platforms.freshness import Showing
from sextant.platforms.media import MediaFacts
from sextant.platforms.rules import MediaRule, Span, TextRule, counted, known, media_at
from sextant.platforms.tiktok.options import TikTokOptions

BATCH = 20
"""Most videos in one question for numbers, and on one page of a list (§3)."""
MIB, GIB, DAY_S = 1 << 20, 1 << 30, 86400.0

# «About 15 posts per creator and 24 h» over all apps together; 6 a minute in both APIs (§4).
LIMITS = Limits(batch=BATCH, text_posts=False, rates=(Rate(6, 60.0), Rate(15, DAY_S)))
# Requests are counted (§4). Insights lag 24 to 48 h (§3.2), the plain counters do not.
SHOWING = Showing(batch=BATCH, request=1, post=0, late=0.4, late_from_s=DAY_S, late_until_s=2 * DAY_S)

# §4. The Business API counts every call of the app; what is given here is its tier Basic.
QUERIES = Allowance("queries_per_minute", "app", MINUTE, 600)
BUSINESS = (
    Allowance("business_calls_per_second", "app", Window(1, rolling=True), 10),
    Allowance("business_calls_per_minute", "app", MINUTE, 600),
    Allowance("business_calls_per_day", "app", DAY, 864_000),
)
ALLOWANCES = (QUERIES, *BUSINESS)
QUERY, BUSINESS_CALL = spending(QUERIES), spending(*BUSINESS)


def utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


UNIT = "UTF-16 code units"
CAPTION = TextRule(2200, utf16_units, UNIT)
# The document names no unit for photos; it is UTF-16 code units wherever it names one (§2.7).
DESCRIPTION = TextRule(4000, utf16_units, UNIT)
TITLE = TextRule(90, utf16_units, UNIT)

MOST_PHOTOS = 35
LONGEST_S = 600
# MB and GB are read as the larger of their two meanings: what lies between them is TikTok's to refuse.
VIDEO_TYPES = {"video/mp4": "MP4", "video/quicktime": "MOV", "video/webm": "WebM"}
OPEN_VIDEO = MediaRule(
    VIDEO_TYPES,
    size=4 * GIB,
    duration=Span(most=LONGEST_S),
    width=Span(360, 4096),
    height=Span(360, 4096),
    fps=Span(23, 60),
    codecs=frozenset({"AVC", "HEVC", "VP8", "VP9"}),
)
BUSINESS_VIDEO = MediaRule(
    VIDEO_TYPES,
    size=GIB,
    duration=Span(3, LONGEST_S),
    width=Span(360),
    height=Span(360),
    fps=Span(23, 60),
)
PHOTO = MediaRule({"image/jpeg": "JPEG", "image/webp": "WebP"}, size=20 * MIB)
PHOTO_SIDES = (1080, 1920)
"""«At most 1080p»: the shorter and the longer side, whichever way the picture is held."""


def options_of(draft: Draft) -> TikTokOptions:
    return draft.options if isinstance(draft.options, TikTokOptions) else TikTokOptions()


def is_photos(draft: Draft) -> bool:
    """By content where it is known, else by the kind the draft was given."""
    if facts := known(draft):
        return facts[0][1].is_image
    return draft.kind in (Kind.PHOTO, Kind.CAROUSEL)


def check(draft: Draft, account: Account, scopes: frozenset[str]) -> list[Complaint]:
    """`account.kind` is the login: the two APIs take different things."""
    business = account.kind == "business"
    options, photos = options_of(draft), is_photos(draft)
    return [
        *scope_complaints(scopes),
        *(DESCRIPTION if photos else CAPTION).complaints(draft.text),
        *media_complaints(draft, business=business, photos=photos),
        *privacy_complaints(options, business=business, photos=photos),
        *(photo_option_complaints(options, len(draft.media)) if photos else video_option_complaints(options)),
        *(business_option_complaints(options) if business else open_option_complaints(options)),
        *cover_complaints(draft, options),
    ]


def scope_complaints(scopes: frozenset[str]) -> Iterable[Complaint]:
    if scopes and "video.publish" not in scopes:
        said = "The account was connected without the right to publish (video.publish): connect it again."
        yield Complaint(("account",), said)


# ---- media -----------------------------------------------------------------------------------------


def media_complaints(draft: Draft, *, business: bool, photos: bool) -> Iterable[Complaint]:
    if not draft.media:
        said = "There are no text posts here: add a video, or photos, in media_urls."
        yield Complaint(("media_urls",), said)
    yield from counted(draft, MOST_PHOTOS, "photos") if photos else counted(draft, 1, "videos")
    rule = PHOTO if photos else BUSINESS_VIDEO if business else OPEN_VIDEO
    for place, facts in known(draft):
        if photos and facts.is_video:
            yield Complaint(media_at(place), "Photos and a video cannot be in one post.")
            continue
        yield from rule.complaints(facts, media_at(place))
        if photos and facts.mime in PHOTO.types:
            yield from side_complaints(place, facts)


def side_complaints(place: int, facts: MediaFacts) -> Iterable[Complaint]:
    if not facts.width or not facts.height:
        return
    shorter, longer = sorted((facts.width, facts.height))
    if shorter > PHOTO_SIDES[0] or longer > PHOTO_SIDES[1]:
        said = f"It is {facts.width}x{facts.height} pixels; allowed: at most 1080x1920 or 1920x1080."
        yield Complaint(media_at(place), said)


# ---- options ---------------------------------------------------------------------------------------


def privacy_complaints(options: TikTokOptions, *, business: bool, photos: bool) -> Iterable[Complaint]:
    at = ("options", "privacy")
    if options.privacy is None and not business:
        # §1.4: «privacy picked by the user with no default».
        yield Complaint(at, "Say who may see the post: TikTok wants this chosen for each post.")
    if options.privacy is not None and business and not photos:
        yield Complaint(at, "Videos through the Business API take the account's own setting: leave it out.")
    if options.paid_partnership and options.privacy == "SELF_ONLY":
        said = "A paid partnership cannot be disclosed on a post that only the account itself sees."
        yield Complaint(("options", "paid_partnership"), said)


def given(options: TikTokOptions, names: Iterable[str], said: str) -> Iterable[Complaint]:
    """A complaint for each of these options that is set; `False` asks for nothing."""
    values = ((name, getattr(options, name)) for name in names)
    return [
        Complaint(("options", name), said)
        for name, value in values
        if value is not None and value is not False
    ]


def photo_option_complaints(options: TikTokOptions, photos: int) -> Iterable[Complaint]:
    yield from TITLE.complaints(options.title or "", ("options", "title"), "The title")
    if options.cover_index is not None and options.cover_index >= max(photos, 1):
        said = f"There is no photo {options.cover_index}: they are counted from 0, and there are {photos}."
        yield Complaint(("options", "cover_index"), said)
    only = ("allow_duets", "allow_stitches", "made_with_ai", "cover_ms", "cover_url", "transfer")
    yield from given(options, only, "This is for videos only: leave it out.")


def video_option_complaints(options: TikTokOptions) -> Iterable[Complaint]:
    only = ("title", "cover_index", "add_music")
    return given(options, only, "This is for photos only: leave it out.")


def business_option_complaints(options: TikTokOptions) -> Iterable[Complaint]:
    return given(options, ("transfer",), "The Business API always fetches from the address: leave it out.")


def open_option_complaints(options: TikTokOptions) -> Iterable[Complaint]:
    return given(options, ("cover_url",), "Only the Business API takes a picture as cover: use cover_ms.")


def cover_complaints(draft: Draft, options: TikTokOptions) -> Iterable[Complaint]:
    if options.cover_url is not None and options.cover_ms is not None:
        said = "Give a picture or a moment of the video as cover, not both."
        yield Complaint(("options", "cover_url"), said)
    cover = draft.extra.get("cover_url")
    if cover is not None and cover.facts is not None and not cover.facts.is_image:
        yield Complaint(("options", "cover_url"), f"The file is {cover.facts.mime}; a cover is a picture.")
    lasts = next((facts.duration_s for _, facts in known(draft)), None)
    if options.cover_ms is not None and lasts is not None and options.cover_ms > lasts * 1000:
        said = f"The video lasts {lasts:g} seconds; the cover is a moment of it."
        yield Complaint(("options", "cover_ms"), said)
