"""Instagram: every limit of its document, at the limit and one past it (instagram.md §2.1, §2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from sextant.platforms.base import Account, Complaint, Draft
from sextant.platforms.catalogue import Kind
from sextant.platforms.instagram import PLATFORM
from sextant.platforms.instagram.options import InstagramOptions
from sextant.platforms.media import MediaFacts, MediaFile

ACCOUNT = Account("17841400000000001", "Mosaic", "facebook")
JPEG = MediaFacts("image/jpeg", 500_000, 1080, 1080)
MP4 = MediaFacts("video/mp4", 5_000_000, 1080, 1920, 30.0, 30.0, 900, "AVC", "AAC")
MEDIA, FIRST, POST = ("media_urls",), ("media_urls", 0), ("post",)


@dataclass
class Made:
    """A medium of made-up facts."""

    facts: MediaFacts | None
    url: str = "https://media.example/a"

    async def file(self) -> MediaFile:
        raise AssertionError("nothing is fetched to check a draft")


def image(**changes: Any) -> MediaFacts:
    return msgspec.structs.replace(JPEG, **changes)


def video(**changes: Any) -> MediaFacts:
    return msgspec.structs.replace(MP4, **changes)


def draft(
    *media: MediaFacts | None, text: str = "", cover: MediaFacts | None = None, **options: Any
) -> Draft:
    extra = {"cover_url": Made(cover)} if cover else {}
    if cover:
        options["cover_url"] = "https://media.example/cover"
    made = tuple(Made(facts) for facts in media)
    return Draft("draft-1", text, made, Kind.VIDEO, InstagramOptions(**options), extra)


def complaints(of: Draft, scopes: frozenset[str] = frozenset()) -> list[Complaint]:
    return PLATFORM.check(of, ACCOUNT, scopes)


def story(facts: MediaFacts, **more: Any) -> Draft:
    return draft(facts, kind="story", **more)


@pytest.mark.parametrize(
    ("within", "beyond", "at", "said"),
    [
        # ---- caption ----
        (
            draft(JPEG, text="x" * 2200),
            draft(JPEG, text="x" * 2201),
            POST,
            "The caption is too long: 2201 of 2200 characters.",
        ),
        (
            draft(MP4, text="#a " * 30),
            draft(MP4, text="#a " * 31),
            POST,
            "The caption is too long: 31 of 30 hashtags.",
        ),
        (
            draft(JPEG, MP4, text="@a " * 20 + "me@example.org"),
            draft(JPEG, MP4, text="@a " * 21),
            POST,
            "The caption is too long: 21 of 20 @-mentions.",
        ),
        (
            story(MP4),
            story(MP4, text="x"),
            POST,
            "A story carries no text: leave it out for this destination.",
        ),
        # ---- number ----
        (
            draft(MP4),
            draft(),
            MEDIA,
            "There are no text posts here: add an image or a video in media_urls.",
        ),
        (draft(*[JPEG] * 10), draft(*[JPEG] * 11), MEDIA, "There are 11 media; allowed: at most 10."),
        (
            story(JPEG),
            draft(JPEG, MP4, kind="story"),
            MEDIA,
            "There are 2 media in a story; allowed: at most 1.",
        ),
        # ---- images ----
        (
            draft(JPEG),
            draft(image(mime="image/png")),
            FIRST,
            "The file is image/png; allowed: JPEG.",
        ),
        (
            draft(image(size=8_000_000)),
            draft(image(size=8_000_001)),
            FIRST,
            "The file is too large: 8,000,001 of 8,000,000 bytes.",
        ),
        (
            draft(image(width=1080, height=1350)),
            draft(image(width=1080, height=1370)),
            FIRST,
            "Its ratio is 0.788:1; allowed: 4:5 to 1.91:1.",
        ),
        (
            draft(image(width=1200, height=628)),
            draft(image(width=1200, height=620)),
            FIRST,
            "Its ratio is 1.94:1; allowed: 4:5 to 1.91:1.",
        ),
        (
            draft(JPEG, image(size=8_000_000)),
            draft(JPEG, image(size=8_000_001)),
            ("media_urls", 1),
            "The file is too large: 8,000,001 of 8,000,000 bytes.",
        ),
        (
            draft(MP4, image(width=400, height=500)),
            draft(MP4, image(width=390, height=500)),
            ("media_urls", 1),
            "Its ratio is 0.78:1; allowed: 4:5 to 1.91:1.",
        ),
        (
            story(image(size=8_000_000, width=1080, height=1920)),
            story(image(size=8_000_001, width=1080, height=1920)),
            FIRST,
            "The file is too large: 8,000,001 of 8,000,000 bytes.",
        ),
        (
            story(JPEG),
            story(image(mime="image/webp")),
            FIRST,
            "The file is image/webp; allowed: JPEG.",
        ),
        # ---- reels ----
        (
            draft(video(mime="video/quicktime")),
            draft(video(mime="video/webm")),
            FIRST,
            "The file is video/webm; allowed: MP4, MOV.",
        ),
        (
            draft(video(size=300_000_000, duration_s=900.0)),
            draft(video(size=300_000_001, duration_s=900.0)),
            FIRST,
            "The file is too large: 300,000,001 of 300,000,000 bytes.",
        ),
        (
            draft(video(duration_s=3.0)),
            draft(video(duration_s=2.9)),
            FIRST,
            "It lasts 2.9 seconds; allowed: 3 to 900.",
        ),
        (
            draft(video(duration_s=900.0)),
            draft(video(duration_s=901.0)),
            FIRST,
            "It lasts 901 seconds; allowed: 3 to 900.",
        ),
        (
            draft(video(width=1920, height=1080)),
            draft(video(width=1921, height=1080)),
            FIRST,
            "It is wide 1921 pixels; allowed: at most 1920.",
        ),
        (
            draft(video(fps=23.0)),
            draft(video(fps=22.9)),
            FIRST,
            "It runs at 22.9 frames a second; allowed: 23 to 60.",
        ),
        (
            draft(video(fps=60.0)),
            draft(video(fps=60.1)),
            FIRST,
            "It runs at 60.1 frames a second; allowed: 23 to 60.",
        ),
        (
            draft(video(size=31_250_000, duration_s=10.0)),
            draft(video(size=31_260_000, duration_s=10.0)),
            FIRST,
            "It has 25.01 Mbit a second; allowed: at most 25.",
        ),
        (
            draft(video(codec="HEVC")),
            draft(video(codec="VP9")),
            FIRST,
            "Its video is VP9; allowed: AVC, HEVC.",
        ),
        (
            draft(video(audio=None)),
            draft(video(audio="Opus")),
            FIRST,
            "Its sound is Opus; allowed: AAC.",
        ),
        (
            draft(JPEG, video(duration_s=900.0)),
            draft(JPEG, video(duration_s=901.0)),
            ("media_urls", 1),
            "It lasts 901 seconds; allowed: 3 to 900.",
        ),
        # ---- stories' videos ----
        (
            story(video(size=100_000_000, duration_s=60.0)),
            story(video(size=100_000_001, duration_s=60.0)),
            FIRST,
            "The file is too large: 100,000,001 of 100,000,000 bytes.",
        ),
        (
            story(video(duration_s=3.0)),
            story(video(duration_s=2.9)),
            FIRST,
            "It lasts 2.9 seconds; allowed: 3 to 60.",
        ),
        (
            story(video(duration_s=60.0)),
            story(video(duration_s=61.0)),
            FIRST,
            "It lasts 61 seconds; allowed: 3 to 60.",
        ),
        # ---- options ----
        (
            draft(JPEG, collaborators=("a", "b", "c")),
            draft(JPEG, collaborators=("a", "b", "c", "d")),
            ("options", "collaborators"),
            "There are 4 collaborators; allowed: at most 3.",
        ),
        (
            draft(JPEG, alt_texts=("x" * 1000,)),
            draft(JPEG, alt_texts=("x" * 1001,)),
            ("options", "alt_texts", 0),
            "The alt text is too long: 1001 of 1000 characters.",
        ),
        (
            draft(JPEG, JPEG, alt_texts=("one", "x" * 1000)),
            draft(JPEG, JPEG, alt_texts=("one", "x" * 1001)),
            ("options", "alt_texts", 1),
            "The alt text is too long: 1001 of 1000 characters.",
        ),
        (
            draft(JPEG, alt_texts=("one",)),
            draft(JPEG, alt_texts=("one", "two")),
            ("options", "alt_texts"),
            "There are 2 alt texts for 1 media.",
        ),
        (
            draft(JPEG, MP4, alt_texts=("one", "")),
            draft(JPEG, MP4, alt_texts=("one", "two")),
            ("options", "alt_texts", 1),
            "Alt texts are for images in the feed only.",
        ),
        (
            draft(JPEG, alt_texts=("one",)),
            story(JPEG, alt_texts=("one",)),
            ("options", "alt_texts", 0),
            "Alt texts are for images in the feed only.",
        ),
        (
            draft(MP4, kind="reel"),
            draft(JPEG, kind="reel"),
            ("options", "kind"),
            "A reel is one video: use «feed» for images and several media.",
        ),
        (
            draft(MP4, MP4, kind="feed"),
            draft(MP4, MP4, kind="reel"),
            ("options", "kind"),
            "A reel is one video: use «feed» for images and several media.",
        ),
        (
            draft(MP4, thumb_offset=30_000),
            draft(MP4, thumb_offset=30_001),
            ("options", "thumb_offset"),
            "It is after the video's end, at 30000 milliseconds.",
        ),
        (
            draft(MP4, cover=image(size=8_000_000)),
            draft(MP4, cover=image(size=8_000_001)),
            ("options", "cover_url"),
            "The file is too large: 8,000,001 of 8,000,000 bytes.",
        ),
        (
            draft(MP4, cover=image(width=1080, height=1920)),
            draft(MP4, cover=image(mime="image/png")),
            ("options", "cover_url"),
            "The file is image/png; allowed: JPEG.",
        ),
        (
            draft(MP4, cover=JPEG),
            draft(MP4, cover=JPEG, thumb_offset=1),
            ("options", "thumb_offset"),
            "Give cover_url or thumb_offset, not both.",
        ),
    ],
)
def test_a_limit(within: Draft, beyond: Draft, at: tuple[str | int, ...], said: str) -> None:
    assert complaints(within) == []
    assert complaints(beyond) == [Complaint(at, said)]


ONE_OF_EACH = {"photo": (JPEG,), "reel": (MP4,), "carousel": (JPEG, MP4), "story": (MP4,)}
TAKEN = {
    "collaborators": (("ada",), {"photo", "reel", "carousel"}),
    "location_id": ("110", {"photo", "reel", "carousel"}),
    "is_ai_generated": (True, {"photo", "carousel"}),
    "is_paid_partnership": (True, {"photo"}),
    "share_to_feed": (False, {"reel", "carousel"}),
    "cover_url": ("https://media.example/cover", {"reel"}),
    "thumb_offset": (0, {"reel"}),
    "audio_name": ("Rain", {"reel"}),
    "trial": ("MANUAL", {"reel"}),
}


@pytest.mark.parametrize("option", TAKEN)
@pytest.mark.parametrize("form", ONE_OF_EACH)
def test_an_option_is_for_some_forms_only(option: str, form: str) -> None:
    value, forms = TAKEN[option]
    kind = {"kind": "story"} if form == "story" else {}
    found = complaints(draft(*ONE_OF_EACH[form], **{option: value}, **kind))
    words = {"photo": "an image", "carousel": "a carousel"}.get(form, f"a {form}")
    refused = Complaint(("options", option), f"{option} is not for {words}.")
    assert found == ([] if form in forms else [refused])


def test_every_option_that_depends_on_the_form_is_in_the_table() -> None:
    assert set(InstagramOptions.__struct_fields__) == {*TAKEN, "kind", "alt_texts", "upload"}


def test_all_faults_at_once() -> None:
    found = complaints(
        draft(image(size=9_000_000), video(fps=61.0), text="x" * 2201, collaborators=tuple("abcd"))
    )
    assert [complaint.at for complaint in found] == [
        POST,
        FIRST,
        ("media_urls", 1),
        ("options", "collaborators"),
    ]


@pytest.mark.parametrize(
    "unknown",
    [
        draft(None),
        draft(None, is_ai_generated=True, alt_texts=("a",)),
        draft(None, cover_url="https://media.example/cover"),
        draft(None, None, kind="feed"),
        draft(None, kind="reel"),
        draft(None, kind="story"),
    ],
)
def test_what_is_not_known_is_held_against_nothing(unknown: Draft) -> None:
    assert complaints(unknown) == []


def test_a_draft_without_options_has_the_defaults() -> None:
    assert complaints(Draft("draft-1", "Hello", (Made(MP4),), Kind.VIDEO)) == []


@pytest.mark.parametrize(
    ("kind", "scopes"),
    [
        ("facebook", ("instagram_basic", "instagram_content_publish")),
        ("instagram", ("instagram_business_basic", "instagram_business_content_publish")),
    ],
)
def test_scopes_of_each_login(kind: str, scopes: tuple[str, ...]) -> None:
    account = Account("1", "A", kind)
    one = draft(MP4)
    assert PLATFORM.check(one, account, frozenset(scopes)) == []
    assert PLATFORM.check(one, account, frozenset()) == []
    for scope in scopes:
        said = f"The permission {scope} was not granted: connect the account again."
        left = frozenset({*scopes, "other"} - {scope})
        assert PLATFORM.check(one, account, left) == [Complaint(("account",), said)]


def test_how_many_posts_a_day_is_the_accounts_own_word() -> None:
    assert PLATFORM.limits.rates == ()
