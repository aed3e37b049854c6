"""The address guard: what is refused before anything is connected."""

import asyncio
import socket

import pytest
from aiohttp import web

from sextant.errors import FixContent, TryLater
from sextant.media.fetching import Fetcher
from sextant.media.guard import NotPublic, is_public, public_socket
from tests.internet import VIDEO, counting, internet
from tests.waiting import until

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
        with pytest.raises(FixContent, match="user name or password") as refusal:
            await fetcher.fetch(f"http://{host}:{port}/video.mp4?signature=s3cret#part")
        assert connected == []
    assert f"(http://127.0.0.1:{port}/video.mp4)" in str(refusal.value)


async def test_the_count_does_count():
    async with counting() as (port, connected):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        await until(lambda: connected, "a connection")
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


# ---- names, and where they lead at each look-up ----

SITE, OTHER = "93.184.215.14", "151.101.1.69"


@pytest.fixture
async def net(monkeypatch):
    async with internet(monkeypatch) as net:
        net.names["media.example"] = [[SITE]]
        net.pages["media.example/v.mp4"] = lambda: web.Response(body=VIDEO)
        yield net


def redirects(to):
    return lambda: web.Response(status=302, headers={"Location": to})


async def test_a_public_name_is_looked_up_once_and_that_address_connected_to(fetcher, net):
    net.names["media.example"] = [[SITE], ["127.0.0.1"]]
    assert (await fetcher.fetch("http://media.example/v.mp4")).size == len(VIDEO)
    assert (net.looked_up, net.connected) == (["media.example"], [SITE])


@pytest.mark.parametrize("address", [one for one in PRIVATE if not one.startswith("fe80::1%")])
async def test_a_name_that_leads_to_a_private_address(fetcher, net, address):
    net.names["evil.example"] = [[address]]
    with pytest.raises(FixContent, match="not a public one"):
        await fetcher.fetch("http://evil.example/v.mp4")
    assert net.connected == []


@pytest.mark.parametrize("addresses", [[SITE, "10.0.0.1"], ["169.254.169.254", SITE], [SITE, "::1"]])
async def test_a_name_that_leads_to_public_and_private_addresses(fetcher, net, addresses):
    net.names["evil.example"] = [addresses]
    with pytest.raises(FixContent, match="not a public one"):
        await fetcher.fetch("http://evil.example/v.mp4")
    assert net.connected == []


@pytest.mark.parametrize("second", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1"])
async def test_a_name_that_leads_to_a_private_address_on_the_second_look_up(fetcher, net, second):
    """DNS rebinding, by a redirect to itself."""
    net.names["evil.example"] = [[SITE], [second]]
    net.pages["evil.example/v.mp4"] = redirects("http://evil.example/again.mp4")
    with pytest.raises(FixContent, match="not a public one"):
        await fetcher.fetch("http://evil.example/v.mp4")
    assert (net.looked_up, net.connected) == (["evil.example"] * 2, [SITE])


async def test_a_second_download_is_held_against_what_the_name_says_then(fetcher, net):
    net.names["media.example"] = [[SITE], ["192.168.1.1"]]
    await fetcher.fetch("http://media.example/v.mp4")
    with pytest.raises(FixContent, match="not a public one"):
        await fetcher.fetch("http://media.example/v.mp4")
    assert net.connected == [SITE]


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.1/v.mp4",
        "http://10.0.0.1/v.mp4",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/v.mp4",
        "http://[::ffff:169.254.169.254]/v.mp4",
        "http://[fd00:ec2::254]/latest/meta-data/",
        "http://[64:ff9b::a00:1]/v.mp4",
        "http://2130706433/v.mp4",
        "http://inside.example/v.mp4",
        "//inside.example/v.mp4",
    ],
)
async def test_a_redirect_to_a_private_address(fetcher, net, to):
    net.names["inside.example"] = [["10.1.2.3"]]
    net.pages["media.example/away"] = redirects(to)
    with pytest.raises(FixContent, match="not a public one"):
        await fetcher.fetch("http://media.example/away")
    assert net.connected == [SITE]


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://media.example/v.mp4"])
async def test_a_redirect_to_what_is_no_http_address(fetcher, net, to):
    net.pages["media.example/away"] = redirects(to)
    with pytest.raises(FixContent, match="public http or https"):
        await fetcher.fetch("http://media.example/away")
    assert net.connected == [SITE]


async def test_a_redirect_to_another_public_name_is_followed(fetcher, net):
    net.names["cdn.example"] = [[OTHER]]
    net.pages["media.example/away"] = redirects("//cdn.example/v.mp4")
    net.pages["cdn.example/v.mp4"] = lambda: web.Response(body=VIDEO)
    assert (await fetcher.fetch("http://media.example/away")).size == len(VIDEO)
    assert net.connected == [SITE, OTHER]


async def test_no_cookie_goes_from_one_answer_to_the_next_question(fetcher, net):
    net.pages["media.example/away"] = lambda: web.Response(
        status=302, headers={"Location": "v.mp4", "Set-Cookie": "a=b"}
    )
    await fetcher.fetch("http://media.example/away")
    assert [request.headers.get("Cookie") for request in net.asked] == [None, None]


async def test_a_name_that_does_not_exist_is_tried_later(fetcher, net):
    with pytest.raises(TryLater):
        await fetcher.fetch("http://none.example/v.mp4")
    assert net.connected == []


@pytest.mark.parametrize("address", [one for one in PRIVATE if "%" not in one])
def test_no_socket_is_made_for_an_address_that_is_not_public(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with pytest.raises(NotPublic):
        public_socket((family, socket.SOCK_STREAM, 6, "", (address, 80)))


def test_a_socket_is_made_for_a_public_address():
    with public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", (SITE, 80))) as made:
        assert made.family == socket.AF_INET
