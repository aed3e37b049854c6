"""Connecting an account as a person does: our page, the network's consent page, back, connected."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import parse_qs, urljoin, urlsplit

import aiohttp
import pytest

from tests.e2e.client import Client
from tests.e2e.stories import standing_clock

NETWORKS = ["x", "linkedin", "instagram", "facebook", "tiktok", "youtube"]
PKCE = {"x", "youtube"}


@pytest.fixture(autouse=True)
async def still(client: Client) -> AsyncIterator[None]:
    """X's code dies 30 seconds after the owner's yes: three real ones at the pace of these tests."""
    async with standing_clock(client):
        yield


class Browser:
    """Just enough of one: follows links, presses the first button of a form."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session, self.url, self.text, self.status = session, "", "", 0

    async def open(self, url: str) -> None:
        async with self.session.get(url) as answer:
            self.url, self.text, self.status = str(answer.url), await answer.text(), answer.status

    async def follow(self, words: str) -> None:
        found = re.search(rf'<a[^>]*href="([^"]+)"[^>]*>{words}', self.text)
        assert found, self.text
        await self.open(urljoin(self.url, unescape(found[1])))

    async def press(self, **fields: str) -> None:
        action = re.search(r'<form[^>]*action="([^"]+)"', self.text)
        target = urljoin(self.url, unescape(action[1])) if action else self.url
        async with self.session.post(target, data=fields) as answer:
            self.url, self.text, self.status = str(answer.url), await answer.text(), answer.status

    def first(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]+)"', self.text)
        assert found, self.text
        return unescape(found[1])


async def link(client: Client, platform: str, **more: str) -> str:
    status, answer = await client.call("POST", "/social/connections", json={"platform": platform, **more})
    assert status == 200
    assert answer["platform"] == platform
    url: str = answer["connect_url"]
    return url


@pytest.mark.parametrize("platform", NETWORKS)
async def test_the_whole_way(client: Client, platform: str) -> None:
    before = await client.accounts(platform)
    async with aiohttp.ClientSession() as session:
        browser = Browser(session)
        await browser.open(await link(client, platform))
        await browser.follow("Continue")
        query = parse_qs(urlsplit(browser.url).query)
        assert query["state"]
        assert ("code_challenge" in query) == (platform in PKCE)
        await browser.press(account=browser.first("account"), decision="allow")
        if "Which" in browser.text:
            await browser.press(account=browser.first("account"))
        assert "is connected" in browser.text, browser.text
        assert browser.status == 200
    assert await client.accounts(platform) == before, "connecting the same account again keeps its id"


async def test_the_owner_says_no(client: Client) -> None:
    url = await link(client, "x")
    async with aiohttp.ClientSession() as session:
        browser = Browser(session)
        await browser.open(url)
        await browser.follow("Continue")
        await browser.press(account=browser.first("account"), decision="deny")
        assert "Not connected" in browser.text
        await browser.open(url)
        assert browser.status == 200, "the link is good for another try"


async def test_a_link_is_good_once(client: Client) -> None:
    url = await link(client, "youtube")
    async with aiohttp.ClientSession() as session:
        browser = Browser(session)
        await browser.open(url)
        await browser.follow("Continue")
        await browser.press(account=browser.first("account"), decision="allow")
        assert "is connected" in browser.text
        callback = browser.url
        await browser.open(url)
        assert browser.status == 404
        await browser.open(callback)
        assert browser.status == 404


async def test_a_link_expires_and_cannot_be_made_up(client: Client) -> None:
    url = await link(client, "x")
    async with aiohttp.ClientSession() as session:
        browser = Browser(session)
        await browser.open(url[:-1] + ("a" if url[-1] != "a" else "b"))
        assert browser.status == 404
        await client.advance(31 * 60)
        await browser.open(url)
        assert browser.status == 404


async def test_a_made_up_state_connects_nothing(client: Client) -> None:
    async with aiohttp.ClientSession() as session:
        browser = Browser(session)
        await browser.open(f"{client.up.url}/connect/callback/x/?state=made-up&code=stolen")
        assert browser.status == 404


async def test_the_browser_goes_where_it_was_told(client: Client) -> None:
    async with aiohttp.ClientSession() as session:
        browser = Browser(session)
        await browser.open(await link(client, "x", redirect_url=f"{client.up.url}/healthz?from=me"))
        await browser.follow("Continue")
        await browser.press(account=browser.first("account"), decision="allow")
        query = parse_qs(urlsplit(browser.url).query)
        assert query["from"] == ["me"]
        assert query["platform"] == ["x"]
        assert query["social_connection_id"][0] in await client.accounts("x")


async def test_disconnecting_revokes_and_reconnecting_keeps_the_id(client: Client) -> None:
    view = await client.publish("x", text="before leaving", video=False)
    first = view["destinations"][0]["social_connection_id"]
    await client.clear_ledger()
    assert (await client.call("DELETE", f"/social/connections/{first}"))[0] == 204
    assert any(r["path"].endswith("revoke") for r in (await client.ledger())["requests"])
    assert first not in await client.accounts("x")
    assert (await client.call("GET", f"/social/connections/{first}"))[0] == 404
    body = {"post": "gone", "destinations": [{"social_connection_id": first}]}
    assert (await client.call("POST", "/social/post", json=body))[0] == 422
    assert (await client.get(f"/social/post/{view['post_id']}"))["status"] == "posted"
    async with aiohttp.ClientSession() as session:
        browser = Browser(session)
        await browser.open(await link(client, "x"))
        await browser.follow("Continue")
        await browser.press(account=browser.first("account"), decision="allow")
    assert first in await client.accounts("x")


async def test_one_connection_in_full(client: Client) -> None:
    for connection in await client.accounts():
        found = await client.get(f"/social/connections/{connection}")
        assert found["connected"] is True
        assert found["display_name"] == found["account_name"]
        assert found["profile_url"] is None or found["profile_url"].startswith("https://")
