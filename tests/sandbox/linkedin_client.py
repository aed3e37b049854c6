"""The simulated LinkedIn's client: somebody with a token, over plain HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import resources
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import aiohttp
import pytest
from yarl import URL

from sextant.sandbox.linkedin import NETWORK
from sextant.sandbox.server import Sandbox
from sextant.sandbox.visitor import say_yes
from sextant.sandbox.world import World

API, WEB = "/api.linkedin.com", "/www.linkedin.com"
CALLBACK = "https://sextant.example/callback/"
PERSON, PAGE = "urn:li:person:782bbtaQ", "urn:li:organization:1337"
SCOPES = (
    "openid profile w_member_social r_member_postAnalytics rw_organization_admin w_organization_social "
    "r_organization_social r_organization_social_feed w_member_social_feed"
)
HEADERS = {"LinkedIn-Version": "202609", "X-Restli-Protocol-Version": "2.0.0"}
APP = {"client_id": "sandbox-linkedin", "client_secret": "sandbox-linkedin-secret"}
MP4 = (resources.files("sextant.sandbox") / "media" / "sample.mp4").read_bytes()


class Answer:
    def __init__(self, status: int, body: Any, headers: Any) -> None:
        self.status, self.body, self.headers = status, body, headers


class Client:
    """Somebody with a token; addresses are sent exactly as written."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox, self.session, self.world = sandbox, session, sandbox.world
        self.token = ""
        self.headers = dict(HEADERS)

    async def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **kw: Any) -> Answer:
        sent = {**self.headers, "Authorization": f"Bearer {self.token}"} if headers is None else headers
        url = URL(path if path.startswith("http") else self.sandbox.url + path, encoded=True)
        async with self.session.request(method, url, headers=sent, **kw) as response:
            json = response.content_type == "application/json"
            body = await response.json() if json else await response.read()
            return Answer(response.status, body, response.headers)

    async def get(self, path: str) -> Answer:
        return await self.ask("GET", f"{API}/rest/{path}")

    async def post(self, path: str, body: Any) -> Answer:
        return await self.ask("POST", f"{API}/rest/{path}", json=body)

    async def control(self, method: str, path: str, body: Any) -> Answer:
        answer = await self.ask(method, f"/_control/{path}", json=body)
        assert answer.status < 300, answer.body
        return answer

    async def truth(self, urn: str, truth: dict[str, Any]) -> None:
        await self.control("PUT", f"linkedin/posts/{quote(urn, safe='')}", truth)

    async def switch(self, **switches: Any) -> None:
        await self.control("PUT", "linkedin/accounts/782bbtaQ", switches)

    async def code(self, scopes: str = SCOPES) -> str:
        query = {
            "response_type": "code",
            "scope": scopes,
            "state": "s",
            "redirect_uri": CALLBACK,
            "client_id": "sandbox-linkedin",
        }
        page = f"{self.sandbox.url}{WEB}/oauth/v2/authorization?{urlencode(query)}"
        return parse_qs(urlsplit(await say_yes(page, "782bbtaQ")).query)["code"][0]

    async def trade(self, **form: str) -> Answer:
        return await self.ask("POST", f"{WEB}/oauth/v2/accessToken", {}, data={**APP, **form})

    async def connect(self, scopes: str = SCOPES) -> Answer:
        code = await self.code(scopes)
        answer = await self.trade(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
        assert answer.status == 200, answer.body
        self.token = answer.body["access_token"]
        return answer

    async def text(self, commentary: str, author: str = PAGE) -> str:
        answer = await self.post("posts", draft(commentary, author))
        assert answer.status == 201, answer.body
        return str(answer.headers["x-restli-id"])

    async def uploaded(self, owner: str = PAGE, content: bytes = MP4) -> str:
        """The urn of a video whose parts are all there, not yet finalized into PROCESSING."""
        request = {"owner": owner, "fileSizeBytes": len(content)}
        started = await self.post("videos?action=initializeUpload", {"initializeUploadRequest": request})
        assert started.status == 200, started.body
        value, etags = started.body["value"], []
        for part in value["uploadInstructions"]:
            chunk = content[part["firstByte"] : part["lastByte"] + 1]
            etags.append((await self.ask("PUT", part["uploadUrl"], {}, data=BytesIO(chunk))).headers["ETag"])
        final = {"video": value["video"], "uploadToken": value["uploadToken"], "uploadedPartIds": etags}
        done = await self.post("videos?action=finalizeUpload", {"finalizeUploadRequest": final})
        assert done.status == 200, done.body
        return str(value["video"])

    async def film(self, commentary: str = "A film", author: str = PAGE) -> str:
        """The urn of a published video post."""
        urn = await self.uploaded(author)
        self.world.clock.advance(self.world.processing_s)
        answer = await self.post("posts", draft(commentary, author, {"media": {"id": urn, "title": "t"}}))
        assert answer.status == 201, answer.body
        return str(answer.headers["x-restli-id"])


def draft(commentary: str, author: str = PAGE, content: Any = None) -> dict[str, Any]:
    return {
        "author": author,
        "commentary": commentary,
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
        **({"content": content} if content else {}),
    }


def enc(*urns: str) -> str:
    return ",".join(quote(urn, safe="") for urn in urns)


@pytest.fixture
async def anybody() -> AsyncIterator[Client]:
    async with Sandbox(World(), [NETWORK]) as sandbox, aiohttp.ClientSession() as session:
        yield Client(sandbox, session)


@pytest.fixture
async def ada(anybody: Client) -> Client:
    await anybody.connect()
    return anybody
