"""TikTok: every limit at the limit and one past it (tiktok.md §2.7, §2.10)."""

from __future__ import annotations

from typing import Any

import pytest

from sextant.platforms.base import Account, Draft, Rate
from sextant.platforms.catalogue import Kind
from sextant.platforms.media import MediaFacts
from sextant.platforms.tiktok import PLATFORM
from sextant.platforms.tiktok.options import TikTokOptions
from tests.platforms.tiktok_media import Shown

BUSINESS = Account("openid", "Ki", "business", "ki.official")
DISPLAY = Account("_000example", "Ki", "display", "ki.official")
BOTH = (BUSINESS, DISPLAY)
PUBLIC = {"privacy": "PUBLIC_TO_EVERYONE"}
VIDEO: dict[str, Any] = {
    "mime": "video/mp4",
    "size": 1000,
    "width": 1080,
    "height": 1920,
    "duration_s": 30.0,
    "fps": 30.0,
    "frames": 900,
    "codec": "AVC",
    "audio": "AAC",
}
PHOTO: dict[str, Any] = {"mime": "image/jpeg", "size": 1000, "width": 1080, "height": 1920}
Found = list[tuple[tuple[str | int, ...], str]]


def faults(draft: Draft, account: Account, scopes: frozenset[str] = frozenset()) -> Found:
    return [(complaint.at, complaint.say) for complaint in PLATFORM.check(draft, account, scopes)]


def options(account: Account, photos: bool, **more: Any) -> TikTokOptions:
    """With the privacy that the Open API demands, unless the case says otherwise."""
    default = PUBLIC if account is DISPLAY or photos else {}
    return TikTokOptions(**{**default, **more})


def film(account: Account, text: str = "A clip", **more: Any) -> Draft:
    chosen = more.pop("chosen", {})
    media = (Shown(MediaFacts(**{**VIDEO, **more})),)
    return Draft("d", text, media, Kind.VIDEO, options(account, False, **chosen))


def pictures(account: Account, text: str = "Pictures", count: int = 1, **more: Any) -> Draft:
    chosen = more.pop("chosen", {})
    media = (Shown(MediaFacts(**{**PHOTO, **more})),) * count
    return Draft("d", text, media, Kind.PHOTO, options(account, True, **chosen))


@pytest.mark.parametrize("account", BOTH)
def test_nothing_is_wrong_with_an_ordinary_post(account: Account) -> None:
    assert faults(film(account), account) == []
    assert faults(pictures(account), account) == []


# ---- text ----------------------------------------------------------------------------------------


TEXTS = [("x", 1), ("é", 1), ("😀", 2)]


@pytest.mark.parametrize("account", BOTH)
@pytest.mark.parametrize(("letter", "units"), TEXTS)
def test_captions(account: Account, letter: str, units: int) -> None:
    longest = letter * (2200 // units)
    assert faults(film(account, longest), account) == []
    said = f"The text is too long: {2200 + units} of 2200 UTF-16 code units."
    assert faults(film(account, longest + letter), account) == [(("post",), said)]


@pytest.mark.parametrize("account", BOTH)
@pytest.mark.parametrize(("letter", "units"), TEXTS)
def test_descriptions_and_titles_of_photos(account: Account, letter: str, units: int) -> None:
    longest, title = letter * (4000 // units), letter * (90 // units)
    assert faults(pictures(account, longest, chosen={"title": title}), account) == []
    assert faults(pictures(account, longest + letter, chosen={"title": title + letter}), account) == [
        (("post",), f"The text is too long: {4000 + units} of 4000 UTF-16 code units."),
        (("options", "title"), f"The title is too long: {90 + units} of 90 UTF-16 code units."),
    ]


# ---- number and mix --------------------------------------------------------------------------------


@pytest.mark.parametrize("account", BOTH)
def test_number_of_media(account: Account) -> None:
    nothing = Draft("d", "words", (), Kind.TEXT, options(account, False))
    said = "There are no text posts here: add a video, or photos, in media_urls."
    assert faults(nothing, account) == [(("media_urls",), said)]
    assert faults(pictures(account, count=35), account) == []
    said = "There are 36 photos; allowed: at most 35."
    assert faults(pictures(account, count=36), account) == [(("media_urls",), said)]
    two = Draft("d", "", film(account).media * 2, Kind.VIDEO, options(account, False))
    assert faults(two, account) == [(("media_urls",), "There are 2 videos; allowed: at most 1.")]


@pytest.mark.parametrize("account", BOTH)
def test_photos_and_video_do_not_mix(account: Account) -> None:
    media = (*pictures(account).media, *film(account).media)
    mixed = Draft("d", "", media, Kind.CAROUSEL, options(account, True))
    assert faults(mixed, account) == [(("media_urls", 1), "Photos and a video cannot be in one post.")]


@pytest.mark.parametrize("account", BOTH)
def test_what_is_not_known_is_not_held_against_a_medium(account: Account) -> None:
    for kind, chosen in ((Kind.VIDEO, options(account, False)), (Kind.PHOTO, options(account, True))):
        assert faults(Draft("d", "", (Shown(None),), kind, chosen), account) == []
    bare = {name: None for name in VIDEO if name not in ("mime", "size")}
    assert faults(film(account, **bare), account) == []


# ---- a video ---------------------------------------------------------------------------------------


GIB = 1 << 30
GOOD_VIDEOS: list[tuple[Account, dict[str, Any]]] = [
    *((account, {"mime": f"video/{kind}"}) for account in BOTH for kind in ("mp4", "quicktime", "webm")),
    *((account, {"fps": fps}) for account in BOTH for fps in (23.0, 23.976, 60.0)),
    *((account, {"width": 360, "height": 360}) for account in BOTH),
    *((account, {"duration_s": 600.0}) for account in BOTH),
    *((DISPLAY, {"codec": codec}) for codec in ("AVC", "HEVC", "VP8", "VP9")),
    (DISPLAY, {"width": 4096, "height": 4096}),
    (DISPLAY, {"duration_s": 0.5}),
    (DISPLAY, {"size": 4 * GIB}),
    (BUSINESS, {"size": GIB}),
    (BUSINESS, {"duration_s": 3.0}),
    (BUSINESS, {"width": 8000, "height": 8000}),
    (BUSINESS, {"codec": "ProRes"}),
]
BAD_VIDEOS: list[tuple[Account, dict[str, Any], str]] = [
    *(
        (account, {"mime": "video/x-matroska"}, "The file is video/x-matroska; allowed: MP4, MOV, WebM.")
        for account in BOTH
    ),
    *(
        (account, {"fps": fps}, f"It runs at {fps:g} frames a second; allowed: 23 to 60.")
        for account in BOTH
        for fps in (22.9, 60.1)
    ),
    *((account, {"duration_s": 600.5}, "It lasts 600.5 seconds") for account in BOTH),
    (DISPLAY, {"width": 359}, "It is wide 359 pixels; allowed: 360 to 4096."),
    (DISPLAY, {"width": 4097}, "It is wide 4097 pixels; allowed: 360 to 4096."),
    (DISPLAY, {"height": 359}, "It is high 359 pixels; allowed: 360 to 4096."),
    (DISPLAY, {"height": 4097}, "It is high 4097 pixels; allowed: 360 to 4096."),
    (BUSINESS, {"width": 359}, "It is wide 359 pixels; allowed: at least 360."),
    (BUSINESS, {"height": 359}, "It is high 359 pixels; allowed: at least 360."),
    (DISPLAY, {"size": 4 * GIB + 1}, "The file is too large: 4,294,967,297 of 4,294,967,296 bytes."),
    (BUSINESS, {"size": GIB + 1}, "The file is too large: 1,073,741,825 of 1,073,741,824 bytes."),
    (BUSINESS, {"duration_s": 2.9}, "It lasts 2.9 seconds; allowed: 3 to 600."),
    (DISPLAY, {"codec": "ProRes"}, "Its video is ProRes; allowed: AVC, HEVC, VP8, VP9."),
]


@pytest.mark.parametrize(("account", "facts"), GOOD_VIDEOS)
def test_a_video_at_a_limit(account: Account, facts: dict[str, Any]) -> None:
    assert faults(film(account, **facts), account) == []


@pytest.mark.parametrize(("account", "facts", "said"), BAD_VIDEOS)
def test_a_video_past_a_limit(account: Account, facts: dict[str, Any], said: str) -> None:
    [(at, told)] = faults(film(account, **facts), account)
    assert at == ("media_urls", 0)
    assert told.startswith(said)


# ---- photos ----------------------------------------------------------------------------------------


MIB = 1 << 20


@pytest.mark.parametrize("account", BOTH)
@pytest.mark.parametrize(
    "facts",
    [
        {"mime": "image/webp"},
        {"size": 20 * MIB},
        {"width": 1920, "height": 1080},
        {"width": 1, "height": 1},
        {"width": None, "height": None},
    ],
)
def test_a_photo_at_a_limit(account: Account, facts: dict[str, Any]) -> None:
    assert faults(pictures(account, **facts), account) == []


@pytest.mark.parametrize("account", BOTH)
@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"mime": "image/png"}, "The file is image/png; allowed: JPEG, WebP."),
        ({"mime": "image/gif"}, "The file is image/gif; allowed: JPEG, WebP."),
        ({"size": 20 * MIB + 1}, "The file is too large: 20,971,521 of 20,971,520 bytes."),
        *(
            (
                {"width": width, "height": height},
                f"It is {width}x{height} pixels; allowed: at most 1080x1920 or 1920x1080.",
            )
            for width, height in ((1081, 1920), (1080, 1921), (1921, 1080), (1920, 1081))
        ),
    ],
)
def test_a_photo_past_a_limit(account: Account, facts: dict[str, Any], said: str) -> None:
    assert faults(pictures(account, **facts), account) == [(("media_urls", 0), said)]


# ---- options ---------------------------------------------------------------------------------------


VIDEO_ONLY = {
    "allow_duets": True,
    "allow_stitches": True,
    "made_with_ai": True,
    "cover_ms": 0,
}


@pytest.mark.parametrize("account", BOTH)
def test_options_that_fit(account: Account) -> None:
    assert faults(film(account, chosen=VIDEO_ONLY | {"allow_comments": True}), account) == []
    fitting = {"title": "x", "cover_index": 0, "add_music": True, "allow_comments": True, "own_brand": True}
    assert faults(pictures(account, chosen=fitting), account) == []


@pytest.mark.parametrize("account", BOTH)
@pytest.mark.parametrize("name", VIDEO_ONLY)
def test_options_of_videos_on_photos(account: Account, name: str) -> None:
    found = faults(pictures(account, chosen={name: VIDEO_ONLY[name]}), account)
    assert found == [(("options", name), "This is for videos only: leave it out.")]


@pytest.mark.parametrize("account", BOTH)
@pytest.mark.parametrize(("name", "value"), [("title", "x"), ("cover_index", 0), ("add_music", True)])
def test_options_of_photos_on_a_video(account: Account, name: str, value: Any) -> None:
    found = faults(film(account, chosen={name: value}), account)
    assert found == [(("options", name), "This is for photos only: leave it out.")]


def test_privacy() -> None:
    at = ("options", "privacy")
    [(place, _)] = faults(film(DISPLAY, chosen={"privacy": None}), DISPLAY)
    assert place == at
    [(place, _)] = faults(pictures(DISPLAY, chosen={"privacy": None}), DISPLAY)
    assert place == at
    [(place, _)] = faults(film(BUSINESS, chosen={"privacy": "PUBLIC_TO_EVERYONE"}), BUSINESS)
    assert place == at
    assert faults(pictures(BUSINESS, chosen={"privacy": None}), BUSINESS) == []
    assert faults(Draft("d", "", film(BUSINESS).media, Kind.VIDEO), BUSINESS) == []


def test_a_paid_partnership_is_not_for_oneself() -> None:
    paid = {"paid_partnership": True, "privacy": "FOLLOWER_OF_CREATOR"}
    assert faults(film(DISPLAY, chosen=paid), DISPLAY) == []
    for draft, account in (
        (film(DISPLAY, chosen={**paid, "privacy": "SELF_ONLY"}), DISPLAY),
        (pictures(BUSINESS, chosen={**paid, "privacy": "SELF_ONLY"}), BUSINESS),
    ):
        assert [at for at, _ in faults(draft, account)] == [("options", "paid_partnership")]


@pytest.mark.parametrize(("index", "wrong"), [(2, False), (3, True)])
def test_the_cover_is_one_of_the_photos(index: int, wrong: bool) -> None:
    found = faults(pictures(DISPLAY, count=3, chosen={"cover_index": index}), DISPLAY)
    assert [at for at, _ in found] == [("options", "cover_index")] * wrong


@pytest.mark.parametrize("account", BOTH)
@pytest.mark.parametrize(("millis", "wrong"), [(30_000, False), (30_001, True)])
def test_the_cover_is_a_moment_of_the_video(account: Account, millis: int, wrong: bool) -> None:
    found = faults(film(account, chosen={"cover_ms": millis}), account)
    assert [at for at, _ in found] == [("options", "cover_ms")] * wrong


COVER = {"cover_url": "https://media.example/cover"}


def test_a_picture_as_cover() -> None:
    at = ("options", "cover_url")
    assert faults(film(BUSINESS, chosen=COVER), BUSINESS) == []
    assert [place for place, _ in faults(film(DISPLAY, chosen=COVER), DISPLAY)] == [at]
    both = film(BUSINESS, chosen={**COVER, "cover_ms": 1})
    assert [place for place, _ in faults(both, BUSINESS)] == [at]
    for mime, wrong in (("image/jpeg", False), ("video/mp4", True)):
        cover = {"cover_url": Shown(MediaFacts(mime, 5))}
        draft = Draft("d", "", film(BUSINESS).media, Kind.VIDEO, TikTokOptions(**COVER), cover)
        assert [place for place, _ in faults(draft, BUSINESS)] == [at] * wrong


def test_how_it_is_transferred() -> None:
    for transfer in ("upload", "pull"):
        assert faults(film(DISPLAY, chosen={"transfer": transfer}), DISPLAY) == []
        for draft, account in (
            (film(BUSINESS, chosen={"transfer": transfer}), BUSINESS),
            (pictures(DISPLAY, chosen={"transfer": transfer}), DISPLAY),
        ):
            assert [at for at, _ in faults(draft, account)] == [("options", "transfer")]


# ---- scopes, rates, all at once ----------------------------------------------------------------------


@pytest.mark.parametrize("account", BOTH)
def test_scopes(account: Account) -> None:
    assert faults(film(account), account, frozenset({"video.publish"})) == []
    [(at, said)] = faults(film(account), account, frozenset({"video.list"}))
    assert at == ("account",)
    assert "video.publish" in said


def test_all_faults_at_once() -> None:
    draft = film(DISPLAY, "x" * 2201, fps=10.0, duration_s=601.0, chosen={"privacy": None, "title": "x"})
    assert [at for at, _ in faults(draft, DISPLAY, frozenset({"video.list"}))] == [
        ("account",),
        ("post",),
        ("media_urls", 0),
        ("media_urls", 0),
        ("options", "privacy"),
        ("options", "title"),
    ]


def test_rates_and_batch() -> None:
    assert PLATFORM.limits.rates == (Rate(6, 60.0), Rate(15, 86400.0))
    assert PLATFORM.limits.batch == 20
    assert not PLATFORM.limits.text_posts
