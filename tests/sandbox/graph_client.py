"""A plain HTTP client for the simulated Graph hosts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp

from sextant.sandbox.graph.people import USER_ID
from sextant.sandbox.server import Sandbox
from sextant.sandbox.visitor import say_yes

CALLBACK = "https://sextant.example/callback"
PAGE = "100000000000001"
FACEBOOK_SCOPES = "pages_show_list,pages_manage_posts,pages_read_engagement,read_insights"


def values(body: dict[str, Any]) -> dict[str, Any]:
    """The rows of an insights answer by name."""
    return {row["name"]: row["values"][0]["value"] for row in body["data"]}


@dataclass
class Answer:
    status: int
    headers: Any
    body: Any

    @property
    def code(self) -> tuple[int, int | None]:
        """Code and subcode of an error."""
        error = self.body["error"]
        return error["code"], error.get("error_subcode")


class Client:
    """Requests to graph.facebook.com (or to `host`), with a token or without."""

    host = "graph.facebook.com"
    version = "v26.0"

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession, platform: str) -> None:
        self.sandbox, self.session, self.world, self.platform = sandbox, session, sandbox.world, platform
        self.token = ""

    async def send(self, method: str, url: str, **options: Any) -> Answer:
        address = url if url.startswith("http") else f"{self.sandbox.url}/{url}"
        async with self.session.request(method, address, **options) as answer:
            body = await answer.json(content_type=None) if answer.status != 204 else None
            return Answer(answer.status, answer.headers, body)

    async def ask(self, method: str, path: str, **params: str) -> Answer:
        params = {"access_token": self.token, **params} if self.token else params
        return await self.send(method, f"{self.host}/{self.version}/{path}", params=params)

    async def get(self, path: str, **params: str) -> Answer:
        return await self.ask("GET", path, **params)

    async def post(self, path: str, **params: str) -> Answer:
        form = {"access_token": self.token, **params}
        return await self.send("POST", f"{self.host}/{self.version}/{path}", data=form)

    async def control(self, method: str, path: str, **options: Any) -> Answer:
        return await self.send(method, f"_control/{path}", **options)

    async def batch(self, *urls: str, **form: str) -> Answer:
        parts = [{"method": "GET", "relative_url": url} for url in urls]
        return await self.post("", batch=json.dumps(parts), **form)

    async def set_truth(self, native_id: str, truth: dict[str, Any]) -> Answer:
        return await self.control("PUT", f"{self.platform}/posts/{native_id}", json=truth)

    async def switch(self, **switches: Any) -> None:
        answer = await self.control("PUT", f"{self.platform}/accounts/{USER_ID}", json=switches)
        assert answer.status == 200

    async def fault(self, kind: str, on: str, **more: Any) -> None:
        order = {"platform": self.platform, "kind": kind, "on": on, **more}
        assert (await self.control("POST", "faults", json=order)).status == 201

    async def text_post(self, text: str = "Hello") -> str:
        native_id: str = (await self.post(f"{PAGE}/feed", message=text)).body["id"]
        return native_id

    # ---- connecting ----

    async def redirect(self, scope: str, decision: str = "allow") -> dict[str, str]:
        """What the consent page hands back."""
        asked = {
            "client_id": f"sandbox-{self.platform}",
            "redirect_uri": CALLBACK,
            "state": "s",
            "response_type": "code",
            "scope": scope,
        }
        page = f"{self.sandbox.url}/www.facebook.com/v26.0/dialog/oauth?{urlencode(asked)}"
        query = parse_qs(urlsplit(await say_yes(page, USER_ID, decision)).query)
        return {name: values[0] for name, values in query.items()}

    async def exchange(self, code: str, **changes: str) -> Answer:
        params = {**self.app(), "redirect_uri": CALLBACK, "code": code, **changes}
        return await self.send("GET", "graph.facebook.com/v26.0/oauth/access_token", params=params)

    async def lengthen(self, short: str) -> Answer:
        params = {**self.app(), "grant_type": "fb_exchange_token", "fb_exchange_token": short}
        return await self.send("GET", "graph.facebook.com/v26.0/oauth/access_token", params=params)

    def app(self) -> dict[str, str]:
        name = f"sandbox-{self.platform}"
        return {"client_id": name, "client_secret": f"{name}-secret"}

    async def user_token(self, scope: str) -> str:
        short = await self.exchange((await self.redirect(scope))["code"])
        long: str = (await self.lengthen(short.body["access_token"])).body["access_token"]
        return long

    async def connect(self, scope: str) -> None:
        """From here on the client holds the Page's token."""
        self.token = await self.user_token(scope)
        self.token = (await self.get("me/accounts", fields="access_token")).body["data"][0]["access_token"]
