"""Fetching media: what the address guard refuses before anything is connected, and what is kept."""

import asyncio
import os
import time
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib import resources

import pytest
from aiohttp import web

from sextant.errors import FixContent, TryLater
from sextant.media import MAX_REDIRECTS, Fetcher, PostMedia, is_public
from sextant.media_facts import sniffed

VIDEO = (resources.files("sextant.sandbox") / "media" / "sample.mp4").read_bytes()
JPEG = (resources.files("sextant.sandbox") / "media" / "sample.jpg").read_bytes()
HERE = "/_control/media/"


# ---- addresses ----

PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.255",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "0.0.0.0",
    "0.1.2.3",
    "192.0.2.1",
    "198.18.0.1",
    "::",
    "::1",
    "::127.0.0.1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "2001:0:7f00:1::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:224.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
]
PUBLIC = [
    "8.8.8.8",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_of_the_public_internet(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_public_internet(address):
    assert is_public(address)


@pytest.mark.parametrize("text", ["", "localhost", "0177.0.0.1", "2130706433", "127.1", "example.org"])
def test_what_is_no_plain_address_is_not_public(text):
    assert not is_public(text)


# ---- the guard, with a server that counts who comes ----


@asynccontextmanager
async def counting():
    """A port on both loopbacks (where there are both), and who connected to it."""
    connected = []

    async def note(reader, writer):
        connected.append(writer.get_extra_info("peername"))
        writer.close()

    four = await asyncio.start_server(note, "127.0.0.1", 0)
    port = four.sockets[0].getsockname()[1]
    async with AsyncExitStack() as servers:
        await servers.enter_async_context(four)
        with suppress(OSError):
            await servers.enter_async_context(await asyncio.start_server(note, "::1", port))
        yield port, connected


@pytest.fixture
def fetcher(tmp_path):
    return Fetcher(tmp_path / "media")


LOOPBACK = [
    "127.0.0.1",
    "127.0.0.2",
    "127.1",
    "127.0.1",
    "0177.0.0.1",
    "017700000001",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0",
    "0.0.0.0",
    "127.0.0.1.",
    "①②⑦.0.0.1",
    "１２７.0.0.1",
    "127。0。0。1",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::1%25lo]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "localhost",
    "LOCALHOST",
]


@pytest.mark.parametrize("host", LOOPBACK)
async def test_no_spelling_of_loopback_is_connected_to(fetcher, host):
    async with counting() as (port, connected):
        with pytest.raises(FixContent, match="not a public one"):
            await fetcher.fetch(f"http://{host}:{port}/video.mp4")
        assert connected == []


@pytest.mark.parametrize("host", ["user@127.0.0.1", "user:word@127.0.0.1"])
async def test_an_address_with_a_user_is_not_connected_to(fetcher, host):
    async with counting() as (port, connected):
        with pytest.raises(FixContent, match="user name or password"):
            await fetcher.fetch(f"http://{host}:{port}/video.mp4")
        assert connected == []


async def test_the_count_does_count():
    async with counting() as (port, connected):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        await asyncio.sleep(0.05)
        assert len(connected) == 1


@pytest.mark.parametrize(
    "url",
    [
        "",
        "video.mp4",
        "//x.example/v.mp4",
        "ftp://x.example/v.mp4",
        "file:///etc/passwd",
        "data:video/mp4;base64,AAAA",
        "gopher://x.example/",
        "javascript:alert(1)",
        "http://",
        "http:///v.mp4",
        "http://[",
        "http://[::1/",
        "http://x.example:99999/",
        "http://x.example:port/",
        "http://a..b/",
        "http://127.0.0.1\\@x.example/",
        f"http://{'x' * 70}/",
    ],
)
async def test_what_is_no_http_address_is_refused(fetcher, url):
    with pytest.raises(FixContent, match="public http or https address"):
        await fetcher.fetch(url)


@pytest.mark.parametrize(
    "url", ["http://x.example/v.mp4", "https://8.8.8.8/v", "HTTPS://[2606:4700::1]:8443/v"]
)
def test_a_public_address_has_no_complaint(fetcher, url):
    assert fetcher.complaint(url) is None


@pytest.mark.parametrize("url", ["http://[", "http://127.1/v", "http://①②⑦.0.0.1/", "http://10.0.0.1/v"])
def test_a_wrong_address_is_complained_of_before_anything_is_sent(fetcher, url):
    assert fetcher.complaint(url)


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
        if request.path.endswith("/cut"):
            response = web.StreamResponse(headers={"Content-Length": str(len(VIDEO))})
            await response.prepare(request)
            await response.write(VIDEO[:100_000])
            request.transport.abort()
            return response
        body, status, headers, kind = self.answers.get(request.path, (b"", 404, None, "text/plain"))
        return web.Response(body=body, status=status, headers=headers, content_type=kind)

    def kept(self):
        return sorted(os.listdir(self.directory)) if self.directory.exists() else []


@pytest.fixture
async def origin(tmp_path):
    origin = Origin(tmp_path)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", origin.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    origin.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    origin.fetcher = Fetcher(origin.directory, allowed=origin.url)
    yield origin
    await runner.cleanup()


async def test_the_allowed_origin_is_fetched_whole(origin):
    found = await origin.fetcher.fetch(origin.on("v.mp4", VIDEO))
    assert (found.read(), found.size, found.mime) == (VIDEO, len(VIDEO), "video/mp4")
    assert found.path.parent == origin.directory


@pytest.mark.parametrize(
    "url",
    [
        "http://x.example/v.mp4",
        "http://8.8.8.8/v.mp4",
        "{origin}/elsewhere/v.mp4",
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


def test_what_a_dead_process_left_is_removed_after_a_day(tmp_path):
    old, young = tmp_path / "old", tmp_path / "young"
    old.write_bytes(b"x")
    young.write_bytes(b"x")
    os.utime(old, (time.time() - 2 * 86400,) * 2)
    Fetcher(tmp_path).clear_old()
    assert [path.name for path in tmp_path.iterdir()] == ["young"]
    Fetcher(tmp_path / "none").clear_old()
