"""The sandbox's media address, and how its networks read what they receive."""

from __future__ import annotations

import asyncio
import struct
import tracemalloc
from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sextant.errors import FixContent, TryLater
from sextant.media.facts import facts_of
from sextant.media.fetching import Fetcher, Patience
from sextant.sandbox import control_media
from sextant.sandbox.made_media import Asked, TooSmall
from sextant.sandbox.made_pictures import gif, jpeg, png, webp
from sextant.sandbox.made_video import mov, mp4
from sextant.sandbox.pull import pulled
from sextant.sandbox.received import KEPT, Received, Shown
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World

SAMPLES = resources.files("sextant.sandbox") / "media"
MP4 = (SAMPLES / "sample.mp4").read_bytes()
MIME = {
    mp4: "video/mp4",
    mov: "video/quicktime",
    jpeg: "image/jpeg",
    png: "image/png",
    gif: "image/gif",
    webp: "image/webp",
}
VIDEOS, PICTURES = (mp4, mov), (jpeg, png, gif, webp)
GIB = 1 << 30


def content(make: Any, **asked: Any) -> bytes:
    made = make(Asked(**asked))
    return b"".join(made.pieces(0, made.size))


def read_by_both(tmp_path: Path, body: bytes) -> tuple[Any, Shown]:
    path = tmp_path / "medium"
    path.write_bytes(body)
    shown = Received(body).facts()
    assert shown is not None
    return facts_of(path), shown


# ---- made to order ----


@pytest.mark.parametrize("make", MIME)
@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(1280, 720, None), (1080, 1920, 3_000_001), (359, 641, 123_457), (1, 1, 100_002), (16383, 9, 1 << 20)],
)
def test_a_made_medium_is_as_asked_to_both_readers(tmp_path, make, width, height, size):
    body = content(make, width=width, height=height, bytes=size)
    for found in read_by_both(tmp_path, body):
        assert (found.mime, found.width, found.height) == (MIME[make], width, height)
        assert found.size == len(body)
        assert size is None or size == len(body)


@pytest.mark.parametrize("make", VIDEOS)
@pytest.mark.parametrize(
    ("seconds", "fps"),
    [(5, 30), (0.5, 24), (61, 60), (61.5, 29.97), (3, 23.976), (600.001, 30), (3600, 25), (43200, 0.1)],
)
def test_a_made_video_lasts_as_long_as_asked(tmp_path, make, seconds, fps):
    for found in read_by_both(tmp_path, content(make, seconds=seconds, fps=fps)):
        assert found.duration_s == pytest.approx(seconds, abs=0.001)
        assert found.fps == pytest.approx(fps, rel=0.01)
    assert found.frames is None


@pytest.mark.parametrize("make", VIDEOS)
@pytest.mark.parametrize("size", [{}, {"width": 720, "height": 1280}])
def test_a_turned_video_is_read_as_shown(tmp_path, make, size):
    upright, turned = content(make, **size), content(make, **size, turned=True)
    assert turned != upright
    ours, theirs = read_by_both(tmp_path, turned)
    assert (ours.width, ours.height) == (theirs.width, theirs.height)
    assert (ours.width, ours.height) == (size.get("width", 1280), size.get("height", 720))


@pytest.mark.parametrize(
    ("seconds", "fps", "frames"), [(1, 1, 1), (2, 10, 20), (35, 10, 350), (35.1, 10, 351)]
)
def test_a_made_gif_has_its_frames(tmp_path, seconds, fps, frames):
    for found in read_by_both(tmp_path, content(gif, seconds=seconds, fps=fps, bytes=200_000)):
        assert found.frames == frames


@pytest.mark.parametrize("make", MIME)
def test_every_number_of_bytes_can_be_asked_for(tmp_path, make):
    least = len(content(make))
    for extra in (*range(1, 30), 255, 256, 257, 258, 511, 512, 65533, 65534, 65536, 65537, 65538, 1 << 20):
        body = content(make, bytes=least + extra)
        assert len(body) == least + extra
        shown = Received(body).facts()
        assert shown is not None
        assert (shown.width, shown.size) == (1280, len(body))
    assert all(found.width == 1280 for found in read_by_both(tmp_path, body))


@pytest.mark.parametrize("make", MIME)
def test_too_few_bytes_are_refused_with_the_least(make):
    least = len(content(make))
    with pytest.raises(TooSmall, match=str(least)):
        make(Asked(bytes=least - 1))


@pytest.mark.parametrize("make", MIME)
def test_any_piece_of_a_made_medium_is_that_of_the_whole(make):
    made = make(Asked(bytes=300_000))
    body = b"".join(made.pieces(0, made.size))
    for start, stop in [
        (0, 1),
        (0, 299_999),
        (299_999, 300_000),
        (1000, 200_001),
        (5, 5),
        (140_000, 280_000),
    ]:
        assert b"".join(made.pieces(start, stop)) == body[start:stop]


# ---- over HTTP ----


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    async with Sandbox(world, []):
        yield world


@pytest.fixture
async def http(world: World) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(world.base_url) as session:
        yield session


async def got(http: aiohttp.ClientSession, path: str, **options: Any) -> tuple[int, bytes, Any]:
    async with http.get(f"/_control/media/{path}", allow_redirects=False, **options) as answer:
        return answer.status, await answer.read(), answer.headers


@pytest.mark.parametrize("kind", control_media.MAKERS)
async def test_made_media_come_with_type_and_length(http, kind):
    status, body, headers = await got(http, f"made.{kind}?seconds=7&width=640&height=360&bytes=400000&fps=10")
    shown = Received(body).facts()
    assert status == 200
    assert shown is not None
    assert headers["Content-Length"] == "400000"
    assert len(body) == 400_000
    assert headers["Content-Type"] == shown.mime == control_media.TYPES[kind]
    assert (shown.width, shown.height) == (640, 360)


@pytest.mark.parametrize("name", ["made.mp4?bytes=500000", "sample.mp4"])
async def test_ranges(http, name):
    _, body, _ = await got(http, name)
    for asked, start, part in [
        ("bytes=0-99", 0, body[:100]),
        ("bytes=1000-", 1000, body[1000:]),
        ("bytes=-10", len(body) - 10, body[-10:]),
        ("bytes=100000-199999", 100_000, body[100_000:200_000]),
        ("bytes=100-99999999", 100, body[100:]),
    ]:
        status, found, headers = await got(http, name, headers={"Range": asked})
        assert (status, found) == (206, part)
        assert headers["Content-Range"] == f"bytes {start}-{start + len(part) - 1}/{len(body)}"
        assert headers["Content-Length"] == str(len(part))


@pytest.mark.parametrize("name", ["made.mp4?bytes=500000", "sample.mp4"])
async def test_a_range_past_the_end(http, name):
    status, _, headers = await got(http, name, headers={"Range": "bytes=9999999-"})
    assert status == 416
    assert headers["Content-Range"].startswith("bytes */")


async def test_a_head_says_the_length(http):
    async with http.head("/_control/media/made.mp4?bytes=1073741824") as answer:
        assert (answer.status, answer.headers["Content-Length"]) == (200, str(GIB))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("made.mp4?length=5", "unknown: length"),
        ("made.mp4?seconds=0", "seconds"),
        ("made.mp4?seconds=soon", "seconds"),
        ("made.mp4?width=0", "width"),
        ("made.mp4?bytes=100", "at least"),
        ("made.webp?bytes=5000000000", "at most"),
    ],
)
async def test_what_cannot_be_made_is_said(http, query, said):
    status, body, _ = await got(http, query)
    assert status == 400
    assert said in body.decode()


@pytest.mark.parametrize("name", ["made.avi", "none.mp4", "..%2Fworld.py", ".hidden"])
async def test_what_is_not_there(http, name):
    assert (await got(http, name))[0] == 404


# ---- files of one's own ----


async def put(http: aiohttp.ClientSession, name: str, body: bytes) -> int:
    async with http.put(f"/_control/media/{name}", data=body) as answer:
        return answer.status


async def test_a_file_of_ones_own_is_kept_and_replaced(http):
    assert await put(http, "clip.mp4", MP4) == 204
    assert (await got(http, "clip.mp4"))[1] == MP4
    assert await put(http, "clip.mp4", b"other") == 204
    status, body, headers = await got(http, "clip.mp4")
    assert (status, body, headers["Content-Type"]) == (200, b"other", "video/mp4")


@pytest.mark.parametrize("name", ["made.mp4", ".hidden", "a%2Fb", "..%2Fa"])
async def test_a_name_that_no_file_can_have(http, name):
    assert await put(http, name, MP4) == 400


async def test_files_of_ones_own_have_a_limit_together(http, monkeypatch):
    monkeypatch.setattr(control_media, "MAX_OWN", 1000)
    assert await put(http, "a.bin", bytes(600)) == 204
    assert await put(http, "b.bin", bytes(401)) == 400
    assert (await got(http, "b.bin"))[0] == 404
    assert await put(http, "b.bin", bytes(400)) == 204
    assert await put(http, "a.bin", bytes(600)) == 204


# ---- trouble on the way ----


async def test_a_redirect_and_a_status_that_were_asked_for(http):
    status, _, headers = await got(http, "made.mp4?redirect=http://10.0.0.1/v.mp4")
    assert (status, headers["Location"]) == (302, "http://10.0.0.1/v.mp4")
    assert (await got(http, "sample.mp4?status=503"))[0] == 503


async def test_a_lie(http):
    status, body, headers = await got(http, "made.mp4?lie=1")
    assert (status, headers["Content-Type"]) == (200, "video/mp4")
    assert body.startswith(b"<!doctype html>")
    assert Received(body).facts() is None


async def test_a_body_without_end(http):
    async with http.get("/_control/media/made.mp4?bytes=300000&endless=1") as answer:
        assert "Content-Length" not in answer.headers
        assert len(await answer.content.readexactly(5_000_000)) == 5_000_000


async def test_a_slow_body(http):
    async with http.get("/_control/media/made.mp4?bytes=300000&slow=3600") as answer:
        assert answer.headers["Content-Length"] == "300000"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(answer.content.read(1), 0.2)


# ---- what is received ----


def box(kind: bytes, inside: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(inside), kind) + inside


def moov_last(body: bytes, between: int) -> bytes:
    at = body.index(b"moov") - 4
    length = int.from_bytes(body[at : at + 4])
    return body[:at] + box(b"free", bytes(between)) + body[at : at + length]


@pytest.mark.parametrize("between", [0, 1000, KEPT, 5 * KEPT])
def test_the_movie_box_may_be_at_the_end(between):
    shown = Received(moov_last(MP4, between)).facts()
    assert shown is not None
    assert (shown.width, shown.height, shown.duration_s, shown.fps) == (1280, 720, 5.0, 30.0)


@pytest.mark.parametrize("step", [1, 7, 4096, 1_000_003])
def test_it_does_not_matter_in_what_pieces_it_comes(step):
    body = moov_last(MP4, 3 * KEPT) if step > 7 else MP4[:20_000]
    received = Received()
    for at in range(0, len(body), step):
        received.add(body[at : at + step])
    assert received.size == len(body)
    assert received.facts() == Received(body).facts() is not None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0",
        b"<html>",
        MP4[:1000],
        b"GIF89a",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\0\0\0\0WEBPVP8L",
        MP4[:32] + box(b"moov", b""),
        MP4[:32] + box(b"moov", box(b"mvhd", bytes(100)))[:-1],
        MP4[:32] + struct.pack(">I4sQ", 1, b"mdat", 3),
        MP4[:32] + struct.pack(">I4s", 4, b"mdat"),
    ],
)
def test_what_is_no_whole_medium(body):
    assert Received(body).facts() is None


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (b"\x1aE\xdf\xa3\x9f\x42\x82\x84webm", "video/webm"),
        (b"\x1aE\xdf\xa3\x9f\x42\x82\x88matroska", "video/x-matroska"),
        (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "image/heic"),
        (b"BM\0\0", "image/bmp"),
    ],
)
def test_what_is_known_by_its_first_bytes(head, mime):
    assert Received(head).facts() == Shown(mime, len(head))


def test_a_vp8_webp_and_a_jpeg_with_much_before_its_size():
    vp8 = (
        b"RIFF\x1e\0\0\0WEBPVP8 \x12\0\0\0" + b"\0\0\0\x9d\x01\x2a" + struct.pack("<2H", 321, 123) + bytes(8)
    )
    assert Received(vp8).facts() == Shown("image/webp", len(vp8), 321, 123)
    exif = b"\xff\xe1\xff\xff" + bytes(65533)
    found = Received(content(jpeg).replace(b"\xff\xd8", b"\xff\xd8" + exif * 3, 1)).facts()
    assert found is not None
    assert (found.width, found.height) == (1280, 720)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("orientation", "turned"), [(1, False), (3, False), (6, True), (8, True), (9, False)]
)
def test_a_photo_is_as_wide_as_it_is_shown(order, orientation, turned):
    tiff = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, 1)
    note = b"Exif\0\0" + tiff + struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    plain = content(jpeg, width=640, height=480)
    found = Received(plain[:2] + struct.pack(">HH", 0xFFE1, 2 + len(note)) + note + plain[2:]).facts()
    assert found is not None
    assert (found.width, found.height) == ((480, 640) if turned else (640, 480))


def test_a_movie_box_that_was_not_kept_says_nothing():
    body = MP4[:32] + box(b"free", bytes(2 * KEPT)) + box(b"moov", bytes(3 * KEPT))
    assert Received(body).facts() == Shown("video/mp4", len(body))


# ---- pulled by a network ----


async def test_a_network_pulls_from_the_sandbox_alone(world):
    own = f"{world.base_url}/_control/media/"
    received = await pulled(world, own + "made.mp4?bytes=5000000&seconds=61")
    assert received is not None
    assert received.facts() == Shown("video/mp4", 5_000_000, 1280, 720, 61.0, 30.0)
    for url in (
        own + "none.mp4",
        own + "sample.mp4?redirect=sample.jpg",
        "http://[",
        "",
        "http://127.0.0.1:1/sample.mp4",
        "https://example.org/sample.mp4",
    ):
        assert await pulled(world, url) is None


async def test_a_gibibyte_is_pulled_without_being_held(world):
    tracemalloc.start()
    try:
        received = await pulled(world, f"{world.base_url}/_control/media/made.mp4?bytes={GIB}")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert received is not None
    assert received.size == GIB
    assert peak < 32 << 20


# ---- Sextant's guard, on the trouble that can be asked for ----


@pytest.mark.parametrize(
    ("query", "refusal", "said"),
    [
        ("lie=1", FixContent, "video or image"),
        ("endless=1", FixContent, "larger than 10,000,000 bytes"),
        ("bytes=10000001", FixContent, "larger than 10,000,000 bytes"),
        ("redirect=http://169.254.169.254/latest/meta-data/", FixContent, "media come from"),
        ("redirect=/api.x.com/2/tweets", FixContent, "media come from"),
        ("redirect=../../api.x.com/2/tweets", FixContent, "media come from"),
        ("status=404", FixContent, "404"),
        ("status=503", TryLater, "503"),
        ("slow=3600", TryLater, "could not be read"),
    ],
)
async def test_sextant_refuses_what_goes_wrong_on_the_way(world, tmp_path, query, refusal, said):
    patience = Patience(answer=5, read=0.2)
    fetcher = Fetcher(tmp_path, allowed=world.base_url, max_bytes=10_000_000, patience=patience)
    with pytest.raises(refusal, match=said):
        await fetcher.fetch(f"{world.base_url}/_control/media/made.mp4?{query}")
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "lock"] == []


async def test_sextant_takes_what_goes_right_on_the_way(world, tmp_path):
    fetcher = Fetcher(tmp_path, allowed=world.base_url)
    own = f"{world.base_url}/_control/media/made"
    for url in (f"{own}.mov?seconds=61&width=1080&height=1920", f"{own}.jpg?redirect=made.mov%3Fseconds=61"):
        assert (await fetcher.fetch(url)).facts.duration_s == 61
