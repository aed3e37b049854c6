"""LinkedIn: every limit of linkedin.md §2, at it and one past it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sextant.platforms.base import Account, Draft, Rate
from sextant.platforms.catalogue import Kind
from sextant.platforms.linkedin import PLATFORM
from sextant.platforms.linkedin.options import LinkedInOptions
from sextant.platforms.media import MediaFacts, MediaFile

MEMBER = Account("urn:li:person:782bbtaQ", "Ada Example", "member")
PAGE = Account("urn:li:organization:1337", "Mosaic", "organization")
IMAGE = MediaFacts("image/png", 1000, 1200, 675)
GIF = MediaFacts("image/gif", 1000, 640, 480, 9.0, 25.0, 225)
VIDEO = MediaFacts("video/mp4", 1_000_000, 1280, 720, 5.0, 30.0, 150, "AVC", "AAC")
POST, MEDIA, ALT = ("post",), ("media_urls",), ("options", "alt_texts")
FIRST = ("media_urls", 0)
TITLE, VISIBILITY = ("options", "title"), ("options", "visibility")

Complaints = list[tuple[tuple[str | int, ...], str]]


class Known:
    """A medium of which only the facts are there."""

    url = "https://media.example/a"

    def __init__(self, facts: MediaFacts | None) -> None:
        self.facts = facts

    async def file(self) -> MediaFile:
        raise NotImplementedError


def draft(*facts: MediaFacts | None, text: str = "Hello", **options: Any) -> Draft:
    media = tuple(Known(found) for found in facts)
    return Draft("draft-1", text, media, Kind.TEXT, LinkedInOptions(**options) if options else None)


def like(facts: MediaFacts, **changes: Any) -> MediaFacts:
    return msgspec.structs.replace(facts, **changes)


def check(given: Draft, account: Account = PAGE, *scopes: str) -> Complaints:
    return [(complaint.at, complaint.say) for complaint in PLATFORM.check(given, account, frozenset(scopes))]


@pytest.mark.parametrize(
    "given",
    [
        draft(text="x" * 3000),
        draft(text="(" * 3000),
        draft(text="🚀" * 3000),
        draft(IMAGE, text=""),
        draft(VIDEO, text="  "),
        draft(*[IMAGE] * 20),
        draft(like(IMAGE, mime="image/jpeg"), like(IMAGE, mime="image/gif")),
        draft(like(IMAGE, width=36_152_319, height=1)),
        draft(GIF),
        draft(like(VIDEO, size=75_000)),
        draft(like(VIDEO, size=500_000_000)),
        draft(like(VIDEO, duration_s=3.0)),
        draft(like(VIDEO, duration_s=1800.0)),
        draft(None, alt_texts=("unknown",), title="unknown"),
        draft(IMAGE, IMAGE, alt_texts=("one", "two")),
        draft(IMAGE, alt_texts=("x" * 4086,)),
        draft(VIDEO, title="A title"),
        draft(visibility="PUBLIC"),
        draft(visibility="LOGGED_IN", disable_reshare=True),
    ],
)
def test_at_a_limit_nothing_is_said(given: Draft) -> None:
    assert check(given) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (draft(text="x" * 3001), (POST, "The text is too long: 3001 of 3000 characters.")),
        (draft(text=" \n"), (POST, "A post without media needs a text.")),
        (draft(*[IMAGE] * 21), (MEDIA, "There are 21 images; allowed: at most 20.")),
        (draft(*[None] * 21), (MEDIA, "There are 21 images; allowed: at most 20.")),
        (draft(VIDEO, IMAGE), (MEDIA, "A video stands alone: no second video and no image beside it.")),
        (draft(VIDEO, VIDEO), (MEDIA, "A video stands alone: no second video and no image beside it.")),
        (
            draft(like(IMAGE, mime="image/webp")),
            (FIRST, "The file is image/webp; allowed: JPG, PNG, GIF."),
        ),
        (
            draft(like(IMAGE, width=36_152_320, height=1)),
            (FIRST, "It has 36,152,320 pixels in all; allowed: at most 36,152,319."),
        ),
        (
            draft(like(VIDEO, mime="video/quicktime")),
            (FIRST, "The file is video/quicktime; allowed: MP4."),
        ),
        (
            draft(like(VIDEO, size=74_999)),
            (FIRST, "The video is too small: 74,999 bytes; allowed: 75,000 or more."),
        ),
        (
            draft(like(VIDEO, size=500_000_001)),
            (FIRST, "The file is too large: 500,000,001 of 500,000,000 bytes."),
        ),
        (draft(like(VIDEO, duration_s=2.9)), (FIRST, "It lasts 2.9 seconds; allowed: 3 to 1800.")),
        (draft(like(VIDEO, duration_s=1800.5)), (FIRST, "It lasts 1800.5 seconds; allowed: 3 to 1800.")),
        (
            draft(IMAGE, alt_texts=("one", "two")),
            (ALT, "There are 2 alternative texts for 1 images."),
        ),
        (
            draft(VIDEO, alt_texts=("one",)),
            (ALT, "Alternative texts are for images; a video has none."),
        ),
        (draft(IMAGE, title="A title"), (TITLE, "Only a video has a title.")),
        (draft(title="A title"), (TITLE, "Only a video has a title, and the post has none.")),
        (
            draft(visibility="CONNECTIONS"),
            (VISIBILITY, "A Page has no connections; allowed: PUBLIC, LOGGED_IN."),
        ),
    ],
)
def test_past_a_limit(given: Draft, said: Any) -> None:
    assert check(given) == [said]


def test_a_member_may_post_to_connections() -> None:
    assert check(draft(visibility="CONNECTIONS"), MEMBER) == []


def test_all_faults_are_told_at_once() -> None:
    given = draft(
        like(VIDEO, size=1, duration_s=1.0),
        IMAGE,
        text="x" * 3001,
        alt_texts=("a",),
        visibility="CONNECTIONS",
    )
    assert [at for at, _ in check(given, PAGE, "openid")] == [
        POST, MEDIA, FIRST, FIRST, VISIBILITY, ALT, ("account",),
    ]  # fmt: skip


@pytest.mark.parametrize(("account", "scope"), [(MEMBER, "w_member_social"), (PAGE, "w_organization_social")])
def test_the_scope_that_publishes(account: Account, scope: str) -> None:
    assert check(draft(), account) == [], "unknown scopes are not held against it"
    assert check(draft(), account, scope) == []
    said = f"The connection lacks the permission {scope}: connect the account again and allow it."
    assert check(draft(), account, "openid") == [(("account",), said)]


@pytest.mark.parametrize(
    "options",
    [{"visibility": "FRIENDS"}, {"alt_texts": ["x" * 4087]}, {"title": ""}, {"alt": []}, {"title": 1}],
)
def test_options_of_another_shape_are_refused(options: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(options, LinkedInOptions)


def test_every_option_is_described() -> None:
    told = msgspec.json.schema(LinkedInOptions)["$defs"]["LinkedInOptions"]["properties"]
    assert set(told) == {"visibility", "alt_texts", "title", "disable_reshare"}
    assert all("description" in field for field in told.values())


def test_rates() -> None:
    assert PLATFORM.limits.rates == (Rate(150, 86400),)
