"""Fetching media: from where, what is refused on the way, and what is kept."""

import asyncio
import gzip
import resource
import subprocess
import sys

import pytest
from aiohttp import web

from sextant.errors import FixContent, TryLater
from sextant.media.facts import sniffed
from sextant.media.fetching import MAX_REDIRECTS, Fetcher, Patience, PostMedia
from tests.internet import JPEG, VIDEO, counting
from tests.waiting import PATIENCE_S

HERE = "/_control/media/"


# ---- the one origin that is let through ----


class Origin:
    """A server of media on loopback, let through as the sandbox's own."""

    def __init__(self, tmp_path):
        self.asked = []
        self.answers = {}
        self.directory = tmp_path / "media"

    def on(self, name, body=b"", status=200, headers=None, content_type="application/octet-stream"):
        self.answers[HERE + name] = (body, status, headers, content_type)
        return self.url + HERE + name

    async def answer(self, request):
        self.asked.append(request.path)
        self.headers = request.headers
        if request.path.endswith("/drip"):
            return await self.drip(request, b"" if "late" in request.query else VIDEO[:1000])
        if request.path.endswith("/cut"):
            response = web.StreamResponse(headers={"Content-Length": str(len(VIDEO))})
            await response.prepare(request)
            await response.write(VIDEO[:100_000])
            request.transport.abort()
            return response
        body, status, headers, kind = self.answers.get(request.path, (b"", 404, None, "text/plain"))
        return web.Response(body=body, status=status, headers=headers, content_type=kind)

    async def drip(self, request, first):
        """A byte now and then, for ever; with `wait`, nothing more at all."""
        response = web.StreamResponse()
        if length := request.query.get("length"):
            response.content_length = int(length)
        if first:
            await response.prepare(request)
            await response.write(first)
        while True:
            await asyncio.sleep(3600 if "wait" in request.query else 0.005)
            await response.write(bytes(int(request.query.get("bytes", 1))))

    def kept(self):
        return [path for path in self.directory.rglob("*") if path.is_file() and path.name != "lock"]


@pytest.fixture
async def origin(tmp_path):
    origin = Origin(tmp_path)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", origin.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    origin.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    origin.fetcher = Fetcher(origin.directory, allowed=origin.url)
    yield origin
    await runner.cleanup()


async def test_the_allowed_origin_is_fetched_whole(origin):
    found = await origin.fetcher.fetch(origin.on("v.mp4", VIDEO))
    assert (found.read(), found.size, found.mime) == (VIDEO, len(VIDEO), "video/mp4")
    assert origin.directory in found.path.parents


@pytest.mark.parametrize(
    "url",
    [
        "http://x.example/v.mp4",
        "http://8.8.8.8/v.mp4",
        "{origin}/elsewhere/v.mp4",
        "{origin}/_control/media/../elsewhere/v.mp4",
        "{origin}/_control/media/%2e%2e/elsewhere/v.mp4",
        "{origin}/_control/media",
        "{origin}.x.example/_control/media/v.mp4",
        "{origin}@x.example/_control/media/v.mp4",
        "http://localhost:{port}/_control/media/v.mp4",
    ],
)
async def test_beside_the_allowed_origin_nothing_is_fetched(origin, url):
    with pytest.raises(FixContent):
        await origin.fetcher.fetch(url.format(origin=origin.url, port=origin.url.rpartition(":")[2]))
    assert origin.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_within_the_allowed_origin_is_followed(origin, status):
    origin.on("there", VIDEO)
    url = origin.on("here", status=status, headers={"Location": "there"})
    assert (await origin.fetcher.fetch(url)).size == len(VIDEO)
    assert origin.asked == [HERE + "here", HERE + "there"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "①②⑦.0.0.1", "[::1]", "localhost"])
async def test_a_redirect_to_a_private_address_is_refused(origin, host):
    async with counting() as (port, connected):
        url = origin.on("away", status=302, headers={"Location": f"http://{host}:{port}/v.mp4"})
        with pytest.raises(FixContent):
            await origin.fetcher.fetch(url)
        assert connected == []


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "http://169.254.169.254/latest/meta-data/", "http://[", "/elsewhere"]
)
async def test_a_redirect_to_somewhere_else_is_refused(origin, location):
    url = origin.on("away", status=302, headers={"Location": location})
    with pytest.raises(FixContent):
        await origin.fetcher.fetch(url)
    assert origin.asked == [HERE + "away"]


@pytest.mark.parametrize("headers", [{"Location": "round"}, {"Location": ""}, {}])
async def test_a_redirect_in_a_circle_ends(origin, headers):
    url = origin.on("round", status=302, headers=headers)
    with pytest.raises(FixContent, match="redirects too often"):
        await origin.fetcher.fetch(url)
    assert len(origin.asked) == MAX_REDIRECTS


# ---- answers and contents ----


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 204, 206])
async def test_a_refusal_is_the_authors_to_mend(origin, status):
    with pytest.raises(FixContent, match=str(status)):
        await origin.fetcher.fetch(origin.on("v", VIDEO if status == 206 else b"", status=status))
    assert origin.kept() == []


@pytest.mark.parametrize("status", [500, 502, 503, 429])
async def test_a_server_in_trouble_is_tried_later(origin, status):
    with pytest.raises(TryLater, match=str(status)):
        await origin.fetcher.fetch(origin.on("v", status=status))
    assert origin.kept() == []


async def test_a_medium_that_is_cut_off_is_tried_later_and_not_kept(origin):
    with pytest.raises(TryLater):
        await origin.fetcher.fetch(f"{origin.url}{HERE}cut")
    assert origin.kept() == []


async def test_an_origin_that_is_not_there_is_tried_later(tmp_path):
    async with counting() as (port, _):
        gone = f"http://127.0.0.1:{port}"
    with pytest.raises(TryLater):
        await Fetcher(tmp_path, allowed=gone).fetch(f"{gone}{HERE}v.mp4")


@pytest.mark.parametrize(
    ("body", "mime"),
    [
        (VIDEO, "video/mp4"),
        (JPEG, "image/jpeg"),
    ],
)
async def test_the_type_is_what_the_content_shows_and_not_its_name_or_header(origin, body, mime):
    found = await origin.fetcher.fetch(origin.on("notes.txt", body, content_type="text/plain"))
    assert (found.mime, found.read()) == (mime, body)


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (b"\0\0\0\x14ftypisom\0\0\0\0", "video/mp4"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0", "video/quicktime"),
        (b"\x1aE\xdf\xa3 webm", "video/webm"),
        (b"\x1aE\xdf\xa3 matroska", "video/x-matroska"),
        (b"\x89PNG\r\n\x1a\n png", "image/png"),
        (b"\xff\xd8\xff\xe0 jpeg", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
    ],
)
def test_the_first_bytes_tell_the_type(head, mime):
    assert sniffed(head) == mime


async def test_a_head_without_a_picture_behind_it_is_refused(origin):
    with pytest.raises(FixContent, match="no picture"):
        await origin.fetcher.fetch(origin.on("clip.mp4", b"GIF89a", content_type="video/mp4"))
    assert origin.kept() == []


@pytest.mark.parametrize(
    "body",
    [b"", b"\0", b"<!doctype html><html>", b"ftyp", b"#!/bin/sh\n", b"x" * 300_000],
    ids=["empty", "byte", "html", "short", "script", "long"],
)
async def test_what_is_no_medium_is_refused_whatever_it_is_called(origin, body):
    with pytest.raises(FixContent, match="video or image"):
        await origin.fetcher.fetch(origin.on("video.mp4", body, content_type="video/mp4"))
    assert origin.kept() == []


# ---- limits of size, time and room ----


def limited(origin, **limits):
    return Fetcher(origin.directory, allowed=origin.url, **limits)


async def test_the_largest_medium_that_is_taken_and_one_byte_more(origin):
    url = origin.on("v.mp4", VIDEO)
    roomy = limited(origin, max_bytes=len(VIDEO))
    assert (await roomy.fetch(url)).size == len(VIDEO)
    with pytest.raises(FixContent, match="larger than 305,260 bytes"):
        await limited(origin, max_bytes=len(VIDEO) - 1).fetch(url)
    assert len(origin.kept()) == 1


async def test_a_length_that_is_too_large_is_refused_before_the_body_comes(origin):
    with pytest.raises(FixContent, match="larger than"):
        await origin.fetcher.fetch(f"{origin.url}{HERE}drip?wait=1&length={(4 << 30) + 1}")
    assert origin.kept() == []


async def test_a_body_without_end_is_refused(origin):
    with pytest.raises(FixContent, match="larger than 5,000,000 bytes"):
        await limited(origin, max_bytes=5_000_000).fetch(f"{origin.url}{HERE}drip?bytes=1000000")
    assert origin.kept() == []


@pytest.mark.parametrize(
    ("query", "patience", "said"),
    [
        ("wait=1&late=1", Patience(answer=0.1), "TimeoutError"),
        ("wait=1", Patience(read=0.1), "Timeout"),
        ("bytes=1", Patience(grace=0.1, pace=100_000), "too slowly"),
        ("bytes=1", Patience(total=0.3), "Timeout"),
    ],
    ids=["no answer", "stalled", "drip", "total"],
)
async def test_a_slow_server_is_given_up(origin, query, patience, said):
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(TryLater, match=said):
            await limited(origin, patience=patience).fetch(f"{origin.url}{HERE}drip?{query}")
    assert origin.kept() == []


@pytest.mark.parametrize(
    ("seconds", "received", "out"),
    [(0, 0, False), (30, 0, False), (30.1, 0, True), (31, 64 * 1024, False), (31, 64 * 1024 - 1, True)],
)
def test_the_pace_is_asked_for_after_the_grace(seconds, received, out):
    assert Patience().is_out(seconds, received) is out


async def test_what_is_compressed_is_not_asked_for_nor_unpacked(origin):
    url = origin.on("v.mp4", gzip.compress(VIDEO), headers={"Content-Encoding": "gzip"})
    with pytest.raises(FixContent, match="video or image"):
        await origin.fetcher.fetch(url)
    assert origin.headers["Accept-Encoding"] == "identity"


async def test_a_full_disk_is_tried_later_and_said(origin):
    url = origin.on("v.mp4", VIDEO)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(TryLater, match="no room left"):
            await origin.fetcher.fetch(url)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert origin.kept() == []
    assert (await origin.fetcher.fetch(url)).size == len(VIDEO)


async def test_so_many_downloads_go_on_at_once_and_no_more(tmp_path):
    now, most, full = 0, 0, asyncio.Event()

    async def answer(request):
        nonlocal now, most
        now += 1
        most = max(most, now)
        if now == 3:
            full.set()
        await full.wait()
        await asyncio.sleep(0.02)  # for a fourth one, were it let through
        now -= 1
        return web.Response(body=JPEG)

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    fetcher = Fetcher(tmp_path, allowed=url, at_once=3)
    found = await asyncio.gather(*(fetcher.fetch(f"{url}{HERE}{number}") for number in range(10)))
    await runner.cleanup()
    assert (len(found), most) == (10, 3)


# ---- one medium of a post ----


async def test_a_medium_is_downloaded_once_for_all_who_ask_at_once(origin):
    media = PostMedia(origin.fetcher, origin.on("v.mp4", VIDEO))
    found = await asyncio.gather(*(media.file() for _ in range(20)))
    assert len({file.path for file in found}) == 1
    assert len(origin.asked) == len(origin.kept()) == 1


async def test_a_failed_download_is_tried_again_by_the_next_who_asks(origin):
    media = PostMedia(origin.fetcher, origin.on("v.mp4", status=503))
    with pytest.raises(TryLater):
        await media.file()
    origin.on("v.mp4", VIDEO)
    assert (await media.file()).size == len(VIDEO)


async def test_discard_removes_the_file_and_may_be_called_again(origin):
    media = PostMedia(origin.fetcher, origin.on("v.mp4", VIDEO))
    await media.file()
    assert len(origin.kept()) == 1
    media.discard()
    assert origin.kept() == []
    media.discard()


async def test_discard_without_a_download_does_nothing(origin):
    PostMedia(origin.fetcher, origin.on("v.mp4", VIDEO)).discard()
    assert origin.asked == []


HOLDER = """
import sys
from pathlib import Path
from sextant.media.room import Room
room = Room(Path(sys.argv[1]))
(room.path() / "film").write_bytes(b"film")
print(room.path(), flush=True)
sys.stdin.read()
"""


def holder(directory):
    """A process that has a file there."""
    command = [sys.executable, "-c", HOLDER, str(directory)]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert running.stdout.readline()
    return running


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_has_is_not(tmp_path):
    with holder(tmp_path) as killed, holder(tmp_path) as living:
        killed.kill()
        killed.wait()
        assert len(list(tmp_path.glob("*/film"))) == 2
        fetcher = Fetcher(tmp_path)
        fetcher.clear_old()
        assert len(list(tmp_path.glob("*/film"))) == 1
        living.communicate("")
    assert list(tmp_path.iterdir()) == []
    Fetcher(tmp_path / "none").clear_old()


async def test_a_process_does_not_clear_its_own(origin):
    found = await origin.fetcher.fetch(origin.on("v.mp4", VIDEO))
    origin.fetcher.clear_old()
    Fetcher(origin.directory).clear_old()
    assert found.size == len(found.read())
