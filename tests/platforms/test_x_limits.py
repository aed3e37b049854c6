"""X: every limit of x.md §2, at it and one past it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from sextant.platforms.base import Account, Complaint, Draft, Rate
from sextant.platforms.catalogue import Kind
from sextant.platforms.media import MediaFacts, MediaFile
from sextant.platforms.x import PLATFORM
from sextant.platforms.x.options import XOptions

MB = 1024 * 1024
PLAIN = Account("1", "n", "user", "n", facts={"subscription_type": "None"})
PREMIUM = replace(PLAIN, facts={"subscription_type": "Premium"})
ALL = frozenset({"tweet.read", "tweet.write", "users.read", "media.write", "offline.access"})

IMAGE = MediaFacts("image/png", 1000, 1200, 675)
GIF = MediaFacts("image/gif", 1000, 640, 480, 2.0, 10.0, 20)
VIDEO = MediaFacts("video/mp4", 1000, 1280, 720, 5.0, 30.0, 150, "AVC", "AAC")


class Known:
    """A medium of which only the facts are there."""

    url = "https://media.example/a"

    def __init__(self, facts: MediaFacts | None) -> None:
        self.facts = facts

    async def file(self) -> MediaFile:
        raise NotImplementedError


def draft(*facts: MediaFacts | None, text: str = "Hello", options: XOptions | None = None) -> Draft:
    return Draft("draft-1", text, tuple(Known(found) for found in facts), Kind.TEXT, options)


def like(facts: MediaFacts, **changes: Any) -> MediaFacts:
    return msgspec.structs.replace(facts, **changes)


def check(
    given: Draft, account: Account = PLAIN, scopes: frozenset[str] = frozenset()
) -> list[tuple[tuple[str | int, ...], str]]:
    return [(complaint.at, complaint.say) for complaint in PLATFORM.check(given, account, scopes)]


# ---- text ------------------------------------------------------------------------------------------

POST = ("post",)


@pytest.mark.parametrize(
    ("text", "account", "say"),
    [
        ("a" * 280, PLAIN, None),
        ("a" * 281, PLAIN, "The text is too long: 281 of 280 characters as X counts them."),
        ("日" * 140, PLAIN, None),
        ("日" * 140 + "a", PLAIN, "The text is too long: 281 of 280 characters as X counts them."),
        ("a" * 256 + " " + "https://example.com/" + "b" * 300, PLAIN, None),
        (
            "a" * 257 + " " + "https://example.com/" + "b" * 300,
            PLAIN,
            "The text is too long: 281 of 280 characters as X counts them.",
        ),
        ("a" * 25_000, PREMIUM, None),
        ("a" * 25_001, PREMIUM, "The text is too long: 25001 of 25000 characters as X counts them."),
        (
            "a" * 281,
            replace(PLAIN, facts={}),
            "The text is too long: 281 of 280 characters as X counts them.",
        ),
        ("", PLAIN, "A post without media needs a text."),
        (" \n", PLAIN, "A post without media needs a text."),
        ("a\ufeffb", PLAIN, "The text holds a character that no text may hold (U+FEFF, U+FFFE or U+FFFF)."),
        ("$AAPL at $5", PLAIN, None),
        ("$AAPL and $TSLA", PLAIN, "There are 2 cashtags; allowed: at most 1."),
    ],
)
def test_text(text: str, account: Account, say: str | None) -> None:
    assert check(draft(text=text), account) == ([] if say is None else [(POST, say)])


def test_a_medium_needs_no_text() -> None:
    assert check(draft(IMAGE, text="")) == []


# ---- number and mix --------------------------------------------------------------------------------

ALONE = "A video or an animated GIF goes alone, without other media."
STILL = like(GIF, frames=1)


@pytest.mark.parametrize(
    ("media", "say"),
    [
        ([IMAGE] * 4, None),
        ([IMAGE] * 5, "There are 5 images; allowed: at most 4."),
        ([None] * 4, None),
        ([None] * 5, "There are 5 images; allowed: at most 4."),
        ([VIDEO], None),
        ([VIDEO, VIDEO], ALONE),
        ([IMAGE, VIDEO], ALONE),
        ([GIF], None),
        ([IMAGE, GIF], ALONE),
        ([GIF, VIDEO], ALONE),
        ([IMAGE, STILL], None),
        ([VIDEO] + [IMAGE] * 4, ALONE),
    ],
)
def test_number_and_mix(media: list[MediaFacts | None], say: str | None) -> None:
    assert check(draft(*media)) == ([] if say is None else [(("media_urls",), say)])


# ---- each medium -----------------------------------------------------------------------------------

FORMATS = "allowed: MP4, MOV, MPEG-TS, WEBM."


@pytest.mark.parametrize(
    ("within", "past", "say"),
    [
        (
            like(IMAGE, size=5 * MB),
            like(IMAGE, size=5 * MB + 1),
            "The file is too large: 5,242,881 of 5,242,880 bytes.",
        ),
        *(
            (like(IMAGE, mime=f"image/{good}"), like(IMAGE, mime=f"image/{bad}"), said)
            for good, bad, said in (
                ("jpeg", "bmp", "The file is image/bmp; allowed: JPG, PNG, GIF, WEBP."),
                ("png", "tiff", "The file is image/tiff; allowed: JPG, PNG, GIF, WEBP."),
                ("webp", "heic", "The file is image/heic; allowed: JPG, PNG, GIF, WEBP."),
            )
        ),
        (
            like(STILL, size=5 * MB, width=4000),
            like(STILL, size=5 * MB + 1),
            "The file is too large: 5,242,881 of 5,242,880 bytes.",
        ),
        (
            like(GIF, size=15 * MB),
            like(GIF, size=15 * MB + 1),
            "The file is too large: 15,728,641 of 15,728,640 bytes.",
        ),
        (
            like(GIF, width=1280, height=1080),
            like(GIF, width=1281, height=1080),
            "It is wide 1281 pixels; allowed: at most 1280.",
        ),
        (
            like(GIF, width=1280, height=1080),
            like(GIF, width=1280, height=1081),
            "It is high 1081 pixels; allowed: at most 1080.",
        ),
        (
            like(GIF, frames=350, width=100, height=100),
            like(GIF, frames=351, width=100, height=100),
            "It has 351 frames; allowed: at most 350.",
        ),
        (
            like(GIF, frames=300, width=1000, height=1000),
            like(GIF, frames=300, width=1001, height=1000),
            "It has 300,300,000 pixels in all; allowed: at most 300,000,000.",
        ),
        (
            like(VIDEO, size=512 * MB),
            like(VIDEO, size=512 * MB + 1),
            "The file is too large: 536,870,913 of 536,870,912 bytes.",
        ),
        (
            like(VIDEO, duration_s=0.5),
            like(VIDEO, duration_s=0.49),
            "It lasts 0.49 seconds; allowed: 0.5 to 140.",
        ),
        (
            like(VIDEO, duration_s=140.0),
            like(VIDEO, duration_s=140.1),
            "It lasts 140.1 seconds; allowed: 0.5 to 140.",
        ),
        (
            like(VIDEO, fps=60.0),
            like(VIDEO, fps=60.1),
            "It runs at 60.1 frames a second; allowed: at most 60.",
        ),
        (
            like(VIDEO, width=32, height=32),
            like(VIDEO, width=31, height=32),
            "It is wide 31 pixels; allowed: 32 to 1024.",
        ),
        (
            like(VIDEO, width=32, height=32),
            like(VIDEO, width=32, height=31),
            "It is high 31 pixels; allowed: 32 to 1024.",
        ),
        (
            like(VIDEO, width=1280, height=1024),
            like(VIDEO, width=1281, height=1024),
            "It is wide 1281 pixels; allowed: 32 to 1280.",
        ),
        (
            like(VIDEO, width=1280, height=1024),
            like(VIDEO, width=1280, height=1025),
            "It is high 1025 pixels; allowed: 32 to 1024.",
        ),
        (
            like(VIDEO, width=1024, height=1280),
            like(VIDEO, width=1024, height=1281),
            "It is high 1281 pixels; allowed: 32 to 1280.",
        ),
        (
            like(VIDEO, width=1024, height=1280),
            like(VIDEO, width=1025, height=1280),
            "It is wide 1025 pixels; allowed: 32 to 1024.",
        ),
        (
            like(VIDEO, width=300, height=100),
            like(VIDEO, width=301, height=100),
            "Its ratio is 3.01:1; allowed: 1:3 to 3:1.",
        ),
        (
            like(VIDEO, width=100, height=300),
            like(VIDEO, width=100, height=301),
            "Its ratio is 0.332:1; allowed: 1:3 to 3:1.",
        ),
        (like(VIDEO, codec="AVC"), like(VIDEO, codec="HEVC"), "Its video is HEVC; allowed: AVC."),
        (like(VIDEO, audio=None), like(VIDEO, audio="Opus"), "Its sound is Opus; allowed: AAC."),
        (
            like(VIDEO, mime="video/quicktime"),
            like(VIDEO, mime="video/x-msvideo"),
            f"The file is video/x-msvideo; {FORMATS}",
        ),
        (
            like(VIDEO, mime="video/mp2t"),
            like(VIDEO, mime="video/x-matroska"),
            f"The file is video/x-matroska; {FORMATS}",
        ),
    ],
)
def test_a_medium(within: MediaFacts, past: MediaFacts, say: str) -> None:
    assert check(draft(within)) == []
    assert check(draft(past)) == [(("media_urls", 0), say)]


def test_video_of_a_premium_account_may_be_longer_but_not_shorter_or_larger() -> None:
    assert check(draft(like(VIDEO, duration_s=3600.0)), PREMIUM) == []
    faults = check(draft(like(VIDEO, duration_s=0.4, size=512 * MB + 1)), PREMIUM)
    assert [say.partition(":")[0] for _, say in faults] == [
        "The file is too large",
        "It lasts 0.4 seconds; allowed",
    ]


def test_the_place_of_the_medium_is_named() -> None:
    assert [at for at, _ in check(draft(IMAGE, None, like(IMAGE, size=6 * MB)))] == [("media_urls", 2)]


# ---- options ---------------------------------------------------------------------------------------


def test_alt_texts() -> None:
    at_most = XOptions(alt_texts=("a" * 1000, "b"))
    assert check(draft(IMAGE, IMAGE, options=at_most)) == []
    assert check(draft(IMAGE, options=at_most)) == [
        (("options", "alt_texts"), "There are 2 alt texts for 1 media.")
    ]
    past = XOptions(alt_texts=("", "a" * 1001))
    assert check(draft(IMAGE, IMAGE, options=past)) == [
        (("options", "alt_texts", 1), "The alt text is too long: 1001 of 1000 characters.")
    ]


@pytest.mark.parametrize("value", ["following", "mentionedUsers", "subscribers", "verified", None])
def test_reply_settings(value: str | None) -> None:
    assert msgspec.convert({"reply_settings": value}, XOptions).reply_settings == value


@pytest.mark.parametrize(
    "given",
    [
        {"reply_settings": "everyone"},
        {"made_with_ai": "yes"},
        {"alt_texts": ["a" * 1001]},
        {"alt_texts": ["a"] * 5},
        {"quote": "1"},
    ],
)
def test_options_are_typed(given: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(given, XOptions)


def test_every_option_is_described() -> None:
    schema = msgspec.json.schema(XOptions)["$defs"]["XOptions"]["properties"]
    assert {name for name, field in schema.items() if not field.get("description")} == set()


# ---- scopes, all faults at once, rates -------------------------------------------------------------


@pytest.mark.parametrize(
    ("media", "granted", "lacking"),
    [
        ([], ALL, None),
        ([IMAGE], ALL, None),
        ([IMAGE], frozenset(), None),
        ([], ALL - {"media.write"}, None),
        ([IMAGE], ALL - {"media.write"}, "media.write"),
        ([], ALL - {"tweet.write", "users.read"}, "tweet.write, users.read"),
    ],
)
def test_scopes(media: list[MediaFacts], granted: frozenset[str], lacking: str | None) -> None:
    say = f"The account did not grant {lacking}. Connect it again and allow everything asked."
    assert check(draft(*media), scopes=granted) == ([] if lacking is None else [(("account",), say)])


def test_all_faults_at_once() -> None:
    options = XOptions(alt_texts=("a" * 1001, "b", "c"))
    given = draft(like(VIDEO, duration_s=200.0, fps=120.0), IMAGE, text="$A $B " + "a" * 300, options=options)
    places = [at for at, _ in check(given, scopes=frozenset({"tweet.read", "tweet.write", "users.read"}))]
    assert places == [
        POST,
        POST,
        ("media_urls",),
        ("media_urls", 0),
        ("media_urls", 0),
        ("options", "alt_texts"),
        ("options", "alt_texts", 0),
        ("account",),
    ]


def test_a_complaint_names_no_network_in_front() -> None:
    found = PLATFORM.check(draft(text=""), PLAIN, frozenset())
    assert found == [Complaint(POST, "A post without media needs a text.")]


def test_rates() -> None:
    assert PLATFORM.limits.rates == (Rate(100, 900),)
    assert (PLATFORM.limits.batch, PLATFORM.limits.text_posts) == (100, True)
