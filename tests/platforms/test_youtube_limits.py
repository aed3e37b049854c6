"""Every limit of YouTube at its end, and one past it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from sextant.platforms.base import Account, Complaint, Draft
from sextant.platforms.catalogue import Kind
from sextant.platforms.media import MediaFacts, MediaFile
from sextant.platforms.youtube import PLATFORM
from sextant.platforms.youtube.options import YouTubeOptions

CHANNEL = Account("UC_x5XG1OV2P6uZZ5FSM9Ttw", "Google for Developers", "channel")
PREFIX = "https://www.googleapis.com/auth/"
TEXT, MEDIA, VIDEO = ("post",), ("media_urls",), ("media_urls", 0)
GIB256, MB50 = 274_877_906_944, 52_428_800
LATER = datetime(2027, 1, 1, tzinfo=UTC)


class Known:
    """A medium of which everything needed is made up."""

    def __init__(self, mime: str = "video/mp4", size: int = 1000, url: str = "clip.mp4") -> None:
        self.url = f"https://media.example/{url}"
        self.facts: MediaFacts | None = MediaFacts(mime, size)

    async def file(self) -> MediaFile:
        raise NotImplementedError


DRAFT = Draft("d", "A clip", (Known(),), Kind.VIDEO)


def text(written: str, *media: Known) -> Draft:
    return replace(DRAFT, text=written, media=media or DRAFT.media)


def media(*media: Known) -> Draft:
    return replace(DRAFT, media=media)


def options(**chosen: Any) -> Draft:
    return replace(DRAFT, options=YouTubeOptions(**chosen))


def thumbnail(mime: str, size: int) -> Draft:
    set_ = options(thumbnail_url="https://media.example/t")
    return replace(set_, extra={"thumbnail_url": Known(mime, size)})


def complaints(draft: Draft, *scopes: str) -> list[Complaint]:
    return PLATFORM.check(draft, CHANNEL, frozenset(scopes))


@pytest.mark.parametrize(
    ("good", "bad", "at"),
    [
        (text("é" * 2500), text("é" * 2500 + "x"), TEXT),
        (text("a & b"), text("a < b"), TEXT),
        (text("a & b"), text("a > b"), TEXT),
        (DRAFT, media(Known(), Known()), MEDIA),
        (DRAFT, media(), MEDIA),
        (media(Known("video/x-matroska")), media(Known("image/jpeg")), VIDEO),
        (media(Known("video/webm")), media(Known("application/pdf")), VIDEO),
        (media(Known(size=GIB256)), media(Known(size=GIB256 + 1)), VIDEO),
        (media(Known(size=1)), media(Known(size=0)), VIDEO),
        (options(title="é" * 100), options(title="é" * 101), ("options", "title")),
        (options(title="x"), options(title=""), ("options", "title")),
        (options(title="x"), options(title="  "), ("options", "title")),
        (options(title="a & b"), options(title="a > b"), ("options", "title")),
        (text("", Known(url="my%20clip.mp4")), text("", Known(url="")), ("options", "title")),
        (options(tags=("t" * 500,)), options(tags=("t" * 501,)), ("options", "tags")),
        (
            options(tags=("a" * 249, "b" * 250)),
            options(tags=("a" * 249, "b" * 251)),
            ("options", "tags"),
        ),
        (options(tags=("a b" + "c" * 495,)), options(tags=("a b" + "c" * 496,)), ("options", "tags")),
        (options(tags=("a",)), options(tags=("a>",)), ("options", "tags")),
        (options(tags=("a",)), options(tags=("a", " ")), ("options", "tags")),
        (options(category="22"), options(category="Comedy"), ("options", "category")),
        (options(category="22"), options(category=""), ("options", "category")),
        (
            options(publish_at=LATER, privacy="private"),
            options(publish_at=LATER, privacy="unlisted"),
            ("options", "publish_at"),
        ),
        (
            options(publish_at=LATER, privacy="private"),
            options(publish_at=LATER),
            ("options", "publish_at"),
        ),
        (thumbnail("image/jpeg", MB50), thumbnail("image/jpeg", MB50 + 1), ("options", "thumbnail_url")),
        (thumbnail("image/png", 1), thumbnail("image/webp", 1), ("options", "thumbnail_url")),
    ],
)
def test_a_limit_and_one_past_it(good: Draft, bad: Draft, at: tuple[str | int, ...]) -> None:
    assert complaints(good) == []
    [complaint] = complaints(bad)
    assert complaint.at == at
    assert complaint.say.endswith(".")


@pytest.mark.parametrize("writing", ["youtube.upload", "youtube", "youtube.force-ssl", "youtubepartner"])
def test_scopes_that_let_upload(writing: str) -> None:
    assert complaints(DRAFT, PREFIX + writing, PREFIX + "youtube.readonly") == []


def test_scopes_that_are_missing() -> None:
    """What is unknown is not held against anybody; to read is needed as well, to follow processing."""
    assert complaints(DRAFT) == []
    [upload] = complaints(DRAFT, PREFIX + "youtube.readonly")
    [read] = complaints(DRAFT, PREFIX + "youtube.upload")
    assert (upload.at, read.at) == (("account",), ("account",))
    assert "upload" in upload.say
    assert "read" in read.say
    assert len(complaints(DRAFT, PREFIX + "yt-analytics.readonly")) == 2


def test_all_faults_at_once() -> None:
    everything = replace(
        thumbnail("image/gif", 1),
        text="é" * 2501,
        media=(Known("image/png"), Known(size=GIB256 + 1)),
    )
    chosen = msgspec.structs.replace(
        everything.options, title="<", tags=("t" * 501,), category="x", publish_at=LATER
    )
    found = complaints(replace(everything, options=chosen), PREFIX + "youtube")
    assert [complaint.at for complaint in found] == [
        TEXT,
        MEDIA,
        VIDEO,
        ("media_urls", 1),
        ("options", "title"),
        ("options", "tags"),
        ("options", "category"),
        ("options", "publish_at"),
        ("options", "thumbnail_url"),
    ]


def test_media_that_were_not_read_yet_are_not_held_against_anything() -> None:
    unread = Known()
    unread.facts = None
    draft = replace(options(thumbnail_url="https://media.example/t"), media=(unread,))
    assert complaints(draft) == []
    assert complaints(replace(draft, extra={"thumbnail_url": unread})) == []


def test_the_rate_is_the_projects_quota() -> None:
    [rate] = PLATFORM.limits.rates
    assert (rate.posts, rate.seconds) == (100, 86_400)


# ---- options -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"privacy": "secret"},
        {"license": "mit"},
        {"made_for_kids": "no"},
        {"publish_at": "2027-01-01T00:00:00"},
        {"tags": "a,b"},
        {"titel": "a"},
    ],
)
def test_options_are_typed(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, YouTubeOptions)


def test_every_option_is_described() -> None:
    _, components = msgspec.json.schema_components([YouTubeOptions])
    fields = components["YouTubeOptions"]["properties"]
    assert [name for name, field in fields.items() if not field.get("description")] == []


def test_the_thumbnail_is_a_medium_to_fetch() -> None:
    assert YouTubeOptions().addresses() == {}
    assert YouTubeOptions(thumbnail_url="https://a/b").addresses() == {"thumbnail_url": "https://a/b"}
