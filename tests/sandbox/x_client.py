"""A plain HTTP client of the simulated X."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib import resources
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp

from sextant.sandbox.server import Sandbox
from sextant.sandbox.visitor import say_yes

MP4 = (resources.files("sextant.sandbox") / "media" / "sample.mp4").read_bytes()
JPG = (resources.files("sextant.sandbox") / "media" / "sample.jpg").read_bytes()
SCOPES = "tweet.read tweet.write users.read media.write offline.access"
CALLBACK = "https://sextant.example/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
BASIC = aiohttp.encode_basic_auth("sandbox-x", "sandbox-x-secret")
MOSAIC, LABS = "2244994945", "2244994946"
METRICS = "public_metrics,non_public_metrics,organic_metrics"


@dataclass
class Answer:
    status: int
    headers: Any
    body: Any


class Client:
    """Requests to the sandbox's api.x.com, with a token or without."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox, self.session, self.world = sandbox, session, sandbox.world
        self.token = ""

    async def ask(self, method: str, path: str, **options: Any) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= options.pop("headers", {})
        url = f"{self.sandbox.url}/{path if path.startswith('_') else 'api.x.com' + path}"
        async with self.session.request(method, url, headers=headers, **options) as answer:
            body = await answer.json(content_type=None) if answer.status != 204 else None
            return Answer(answer.status, answer.headers, body)

    async def code(self, account: str = MOSAIC, scope: str = SCOPES, **changes: str) -> str:
        asked = {
            "response_type": "code",
            "client_id": "sandbox-x",
            "redirect_uri": CALLBACK,
            "scope": scope,
            "state": "s",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | changes
        page = f"{self.sandbox.url}/x.com/i/oauth2/authorize?{urlencode(asked)}"
        return parse_qs(urlsplit(await say_yes(page, account)).query)["code"][0]

    async def form(self, path: str, basic: str = BASIC, **fields: str) -> Answer:
        return await self.ask("POST", path, data=fields, headers={"Authorization": basic})

    async def exchange(self, code: str, /, **changes: str) -> Answer:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        } | changes
        return await self.form("/2/oauth2/token", **fields)

    async def refresh(self, token: str) -> Answer:
        return await self.form("/2/oauth2/token", grant_type="refresh_token", refresh_token=token)

    async def connect(self, account: str = MOSAIC, scope: str = SCOPES) -> dict[str, Any]:
        answer = await self.exchange(await self.code(account, scope))
        self.token = answer.body["access_token"]
        return answer.body

    async def upload(self, content: bytes = MP4, pieces: int = 2) -> str:
        size = {"media_type": "video/mp4", "total_bytes": len(content), "media_category": "tweet_video"}
        opened = await self.ask("POST", "/2/media/upload/initialize", json=size)
        media_id = opened.body["data"]["id"]
        step = -(-len(content) // pieces)
        for index in range(pieces):
            await self.append(media_id, index, content[index * step : (index + 1) * step])
        await self.ask("POST", f"/2/media/upload/{media_id}/finalize")
        return media_id

    async def append(self, media_id: str, index: int, content: bytes) -> Answer:
        form = aiohttp.FormData({"segment_index": str(index)})
        form.add_field("media", BytesIO(content), filename="media")
        return await self.ask("POST", f"/2/media/upload/{media_id}/append", data=form)

    async def media_state(self, media_id: str) -> dict[str, Any]:
        query = {"command": "STATUS", "media_id": media_id}
        answer = await self.ask("GET", "/2/media/upload", params=query)
        return answer.body["data"]["processing_info"]

    async def post(self, text: str = "Hello", **body: Any) -> Answer:
        return await self.ask("POST", "/2/tweets", json={"text": text, **body})

    async def video(self, text: str = "Hello") -> str:
        media_id = await self.upload()
        self.world.clock.advance(1)
        answer = await self.post(text, media={"media_ids": [media_id]})
        return answer.body["data"]["id"]

    async def read(self, *ids: str, words: str = "post.fields", fields: str = METRICS) -> Answer:
        query = {
            "ids": ",".join(ids),
            words: fields,
            "expansions": "attachments.media_keys",
            "media.fields": METRICS,
        }
        return await self.ask("GET", "/2/tweets", params=query)

    async def set_truth(self, post_id: str, **groups: Any) -> None:
        assert (await self.ask("PUT", f"_control/x/posts/{post_id}", json=groups)).status == 200

    async def switch(self, **switches: Any) -> None:
        assert (await self.ask("PUT", f"_control/x/accounts/{MOSAIC}", json=switches)).status == 200
