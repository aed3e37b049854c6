"""What a file says of itself; files that lie, end early or were made to harm."""

from __future__ import annotations

import random
import struct
from typing import Any

import pytest

from sextant.errors import FixContent
from sextant.media import facts as media_facts
from sextant.media.facts import facts_of
from sextant.platforms.media import MediaFacts
from sextant.sandbox.made_media import Asked
from sextant.sandbox.made_pictures import gif, jpeg, png, webp
from sextant.sandbox.made_video import mov, mp4
from tests.internet import JPEG, VIDEO

ONE_PIXEL = bytes.fromhex("2c0000000001000100000202440100")


def content(make: Any, **asked: Any) -> bytes:
    made = make(Asked(**asked))
    return b"".join(made.pieces(0, made.size))


@pytest.fixture
def read(tmp_path):
    def of(body: bytes) -> MediaFacts:
        path = tmp_path / "medium"
        path.write_bytes(body)
        return facts_of(path)

    return of


def test_a_film_with_sound(read):
    assert read(VIDEO) == MediaFacts(
        "video/mp4", len(VIDEO), 1280, 720, duration_s=5.0, fps=30.0, frames=150, codec="AVC", audio="AAC"
    )


def test_a_film_without_sound(read):
    found = read(content(mov, seconds=61, width=1080, height=1920))
    assert (found.mime, found.duration_s, found.audio) == ("video/quicktime", 61.0, None)


def test_a_photo(read):
    assert read(JPEG) == MediaFacts("image/jpeg", len(JPEG), 1080, 1080)


@pytest.mark.parametrize("frames", [1, 2, 351])
def test_a_gif_moves_when_it_has_frames(read, frames):
    found = read(content(gif, seconds=frames, fps=1))
    assert (found.frames, found.is_animated) == (frames, frames > 1)


def exif(order: str, orientation: int) -> bytes:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entries = struct.pack(order + "HHHIHH", 2, 0x010F, 2, 1, 0, 0)
    entries += struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = mark + struct.pack(order + "I", 8) + entries
    return struct.pack(">HH", 0xFFE1, 8 + len(tiff)) + b"Exif\0\0" + tiff


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("orientation", "turned"),
    [(1, False), (2, False), (3, False), (5, True), (6, True), (8, True), (99, False)],
)
def test_a_photo_is_as_wide_as_it_is_shown(read, order, orientation, turned):
    body = content(jpeg, width=640, height=480)
    found = read(body[:2] + exif(order, orientation) + body[2:])
    assert (found.width, found.height) == ((480, 640) if turned else (640, 480))


@pytest.mark.parametrize(
    "segment",
    [
        b"Exif\0\0",
        b"Exif\0\0II*\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff",
        b"XMP",
    ],
)
def test_a_photo_with_a_broken_note_is_upright(read, segment):
    body = content(jpeg, width=640, height=480)
    found = read(body[:2] + struct.pack(">HH", 0xFFE1, 2 + len(segment)) + segment + body[2:])
    assert (found.width, found.height) == (640, 480)


# ---- what is no medium, or was made to harm ----


@pytest.mark.parametrize(
    "body",
    [
        VIDEO[:32],
        b"\0\0\0\x14ftypisom\0\0\0\0",
        b"\x1aE\xdf\xa3webm",
        b"RIFF\0\0\0\0AVI ",
        b"GIF89a",
        b"GIF89a\x10\0\x10\0\0\0\0;",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\0\0",
        b"\xff\xd8" + b"\xff" * 5000,
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\0\0\0\0\1",
        b"RIFF\0\0\0\0WEBPVP8 ",
        b"RIFF\0\0\0\0WEBPnone" + bytes(20),
        b"\0\0\0\x18ftypheic\0\0\0\0",
    ],
)
def test_what_looks_like_a_medium_and_is_none(read, body):
    with pytest.raises(FixContent, match="looks like"):
        read(body)


@pytest.mark.parametrize("make", [jpeg, png, gif, webp, mp4])
def test_a_damaged_file_is_read_or_refused_and_nothing_else(read, make):
    whole, dice = content(make, seconds=1, fps=10), random.Random(4)
    for turn in range(8 if make is mp4 else 300):
        body = bytearray(whole)
        for _ in range(dice.choice((1, 3, 30))):
            body[dice.randrange(12, len(body))] = dice.randrange(256)
        try:
            found = read(bytes(body[: dice.randrange(12, len(body))] if turn % 3 == 0 else body))
        except FixContent:
            continue
        assert found.mime


@pytest.mark.parametrize(
    ("head", "readable"),
    [
        (VIDEO, True),
        (b"GIF89a\x10\0\x10\0\0\0\0" + ONE_PIXEL + b"\x21\xfe", True),
        (JPEG[:20], False),
        (b"\x1aE\xdf\xa3\x9f\x42\x82\x84webm" + bytes(50), False),
        (b"RIFF\xff\xff\xff\x7fAVI LIST" + bytes(50), False),
        (b"BM" + bytes(60), False),
    ],
    ids=["mp4", "gif", "jpeg", "webm", "avi", "bmp"],
)
def test_a_gibibyte_of_nothing_behind_a_head_is_read_or_refused(tmp_path, head, readable):
    path = tmp_path / "large"
    with path.open("wb") as handle:
        handle.write(head)
        handle.truncate(1 << 30)
    if readable:
        assert facts_of(path).size == 1 << 30
    else:
        with pytest.raises(FixContent, match="no picture"):
            facts_of(path)


def test_a_gif_made_of_the_smallest_blocks_is_given_up_in_time(read):
    head = b"GIF89a\x10\0\x10\0\0\0\0" + ONE_PIXEL
    assert read(head + b"\x21\xfe" + b"\1a" * 5_000_000).frames == 1


def test_a_file_that_takes_too_long_is_refused(read, monkeypatch):
    monkeypatch.setattr(media_facts, "PROBE_S", 0.001)
    with pytest.raises(FixContent, match="cannot be read"):
        read(VIDEO)


def test_the_reading_process_has_none_of_our_secrets(tmp_path, monkeypatch, read):
    """A stand-in for MediaInfo's process, which tells what it sees."""
    spy, told = tmp_path / "spy.py", tmp_path / "told"
    spy.write_text(f"import os, pathlib; pathlib.Path({str(told)!r}).write_text(repr(dict(os.environ)))")
    monkeypatch.setattr(media_facts, "PROBE", spy)
    monkeypatch.setenv("SEXTANT_SECRET_KEY", "very-secret")
    with pytest.raises(FixContent):
        read(VIDEO)
    assert "secret" not in told.read_text()
