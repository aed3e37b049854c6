"""Every limit of Facebook at its end, and one past it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from sextant.platforms.base import Account, Complaint, Draft
from sextant.platforms.catalogue import Kind
from sextant.platforms.facebook import PLATFORM
from sextant.platforms.facebook.options import FacebookOptions
from sextant.platforms.media import MediaFacts, MediaFile

PAGE = Account("422575694827569", "Page", "page")
TEXT, MEDIA, FIRST = ("post",), ("media_urls",), ("media_urls", 0)
LINK, KIND = ("options", "link"), ("options", "kind")
PHOTO = MediaFacts("image/jpeg", 1000, 100, 100)
VIDEO = MediaFacts("video/mp4", 1000, 1280, 720, 5.0, 30.0, 150, "AVC", "AAC")
UPRIGHT = MediaFacts("video/mp4", 1000, 1080, 1920, 10.0, 30.0, 300, "AVC", "AAC")


class Known:
    """A medium of which only what is held against it is made up."""

    url = "https://media.example/1"

    def __init__(self, facts: MediaFacts | None) -> None:
        self.facts = facts

    async def file(self) -> MediaFile:
        raise NotImplementedError


def draft(text: str, *facts: MediaFacts | None, **options: Any) -> Draft:
    media = tuple(map(Known, facts))
    return Draft("d", text, media, Kind.TEXT, FacebookOptions(**options) if options else None)


def photo(**changes: Any) -> Draft:
    return draft("", msgspec.structs.replace(PHOTO, **changes))


def video(**changes: Any) -> Draft:
    return draft("", msgspec.structs.replace(VIDEO, **changes))


def reel(**changes: Any) -> Draft:
    return draft("", msgspec.structs.replace(UPRIGHT, **changes), kind="reel")


def complaints(held: Draft, *scopes: str) -> list[Complaint]:
    return PLATFORM.check(held, PAGE, frozenset(scopes))


CASES = [
    (draft("x" * 63_206), draft("x" * 63_207), TEXT, "63207 of 63206"),
    (draft("x"), draft(" \n"), TEXT, "nothing to publish"),
    (draft("", link="https://example.org/"), draft(""), TEXT, "nothing to publish"),
    # ---- how many media, and which go together
    (draft("", *[PHOTO] * 10), draft("", *[PHOTO] * 11), MEDIA, "11 photos; allowed: at most 10"),
    (draft("", PHOTO, PHOTO), draft("", PHOTO, VIDEO), MEDIA, "one video, or photos only"),
    (video(), draft("", VIDEO, VIDEO), MEDIA, "one video, or photos only"),
    (reel(), draft("", UPRIGHT, UPRIGHT, kind="reel"), KIND, "exactly one video"),
    (reel(), draft("", PHOTO, kind="reel"), KIND, "exactly one video"),
    (reel(), draft("Only words", kind="reel"), KIND, "exactly one video"),
    # ---- photos
    (photo(size=4_000_000), photo(size=4_000_001), FIRST, "4,000,001 of 4,000,000 bytes"),
    *[
        (photo(mime=f"image/{kind}"), photo(mime="image/webp"), FIRST, "image/webp; allowed: JPEG, PNG")
        for kind in ("jpeg", "png", "gif", "bmp", "tiff")
    ],
    (photo(), photo(mime="image/heic"), FIRST, "image/heic"),
    # ---- videos
    *[
        (video(mime=f"video/{kind}"), video(mime="video/x-flv"), FIRST, "video/x-flv; allowed: MP4, MOV")
        for kind in ("mp4", "quicktime", "webm", "x-matroska", "x-msvideo")
    ],
    (video(size=10**10), video(size=10**10 + 1), FIRST, "10,000,000,000 bytes"),
    (
        video(duration_s=14_400),
        video(duration_s=14_401),
        FIRST,
        "lasts 14401 seconds; allowed: at most 14400",
    ),
    (video(duration_s=0.5), reel(duration_s=0.5), FIRST, "lasts 0.5 seconds"),
    # ---- reels
    (reel(duration_s=3), reel(duration_s=2.99), FIRST, "lasts 2.99 seconds; allowed: 3 to 90"),
    (reel(duration_s=90), reel(duration_s=90.1), FIRST, "lasts 90.1 seconds; allowed: 3 to 90"),
    (reel(fps=24), reel(fps=23.976), FIRST, "23.976 frames a second; allowed: 24 to 60"),
    (reel(fps=60), reel(fps=60.1), FIRST, "60.1 frames a second; allowed: 24 to 60"),
    (reel(width=540, height=960), reel(width=539, height=960), FIRST, "539 pixels; allowed: at least 540"),
    (reel(width=540, height=960), reel(width=540, height=959), FIRST, "959 pixels; allowed: at least 960"),
    (reel(width=1080, height=1938), reel(width=1080, height=1940), FIRST, "0.557:1; allowed: 9:16"),
    (reel(width=544, height=960), reel(width=546, height=960), FIRST, "0.569:1; allowed: 9:16"),
    (reel(width=1080, height=1918), reel(width=1920, height=1080), FIRST, "1.78:1; allowed: 9:16"),
    (reel(size=10**10), reel(size=10**10 + 1), FIRST, "10,000,000,000 bytes"),
    (reel(mime="video/quicktime"), reel(mime="video/x-flv"), FIRST, "video/x-flv"),
    # ---- options
    (draft("x", link="http://example.org"), draft("x", link="example.org"), LINK, "full http"),
    (draft("x", link="https://example.org"), draft("x", link="ftp://example.org"), LINK, "full http"),
    (draft("x", link="https://example.org"), draft("x", link="http://["), LINK, "full http"),
    (
        draft("x", link="https://notfacebook.com/a"),
        draft("x", link="https://facebook.com/a"),
        LINK,
        "facebook.com cannot",
    ),
    (
        draft("x", link="https://facebook.com.example"),
        draft("x", link="https://m.Facebook.com"),
        LINK,
        "facebook.com cannot",
    ),
    (
        draft("x", link="https://example.org"),
        draft("x", PHOTO, link="https://example.org"),
        LINK,
        "without media",
    ),
    (draft("x", VIDEO, title="A"), draft("x", PHOTO, title="A"), ("options", "title"), "Only a video"),
    (draft("x", VIDEO, title="A"), draft("x", title="A"), ("options", "title"), "Only a video"),
    (
        draft("x", PHOTO, alt_texts=("A",)),
        draft("x", PHOTO, alt_texts=("A", "B")),
        ("options", "alt_texts"),
        "2 texts for 1 photos",
    ),
    (
        draft("x", PHOTO, PHOTO, alt_texts=("A", "B")),
        draft("x", VIDEO, alt_texts=("A",)),
        ("options", "alt_texts"),
        "Only photos",
    ),
]


@pytest.mark.parametrize(("within", "past", "at", "says"), CASES)
def test_a_limit_at_its_end_and_one_past_it(
    within: Draft, past: Draft, at: tuple[str | int, ...], says: str
) -> None:
    assert complaints(within) == []
    [complaint] = complaints(past)
    assert complaint.at == at
    assert says in complaint.say


def test_each_video_of_a_reel_is_wrong_in_all_ways_at_once() -> None:
    wrong = reel(duration_s=91, fps=10, width=500, height=500, size=10**11)
    words = [complaint.say.split()[1] for complaint in complaints(wrong)]
    assert len(words) == 6
    assert {complaint.at for complaint in complaints(wrong)} == {FIRST}


def test_all_faults_come_at_once_each_at_its_place() -> None:
    wrong = draft("x" * 63_207, PHOTO, msgspec.structs.replace(PHOTO, size=10**7), link="ftp://x", title="A")
    found = [complaint.at for complaint in complaints(wrong, "pages_show_list")]
    places: list[tuple[str | int, ...]] = [
        TEXT,
        ("account",),
        ("media_urls", 1),
        LINK,
        LINK,
        ("options", "title"),
    ]
    assert found == places


@pytest.mark.parametrize("lacking", ["pages_show_list", "pages_manage_posts", "pages_read_engagement"])
def test_the_scopes_that_publishing_takes(lacking: str) -> None:
    needed = {"pages_show_list", "pages_manage_posts", "pages_read_engagement"}
    assert complaints(draft("x"), *needed) == []
    [complaint] = complaints(draft("x"), *(needed - {lacking}))
    assert complaint.at == ("account",)
    assert lacking in complaint.say


def test_unknown_scopes_and_media_are_not_held_against_anything() -> None:
    assert complaints(draft("x", None)) == []
    assert complaints(draft("x", None, kind="reel")) == []
    assert complaints(replace(draft("x", None), options=FacebookOptions(title="A", alt_texts=("B",)))) == []


def test_rates_hold_for_reels_alone_and_so_for_no_account() -> None:
    assert PLATFORM.limits.rates == ()


def test_options_are_named_in_the_api_document() -> None:
    schema = msgspec.json.schema(FacebookOptions)["$defs"]["FacebookOptions"]
    assert set(schema["properties"]) == {"kind", "link", "title", "alt_texts"}
    assert all(property_["description"] for property_ in schema["properties"].values())
    assert "required" not in schema or not schema["required"]
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"kind": "story"}, FacebookOptions)
