"""HTTP clients for the simulated Instagram on both login paths, and media to read."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from sextant.sandbox.graph.people import USER_ID
from sextant.sandbox.instagram import ACCOUNT_ID as IG
from sextant.sandbox.visitor import say_yes
from sextant.sandbox.world import Post
from tests.sandbox.graph_client import CALLBACK, Answer, Client

SCOPES = (
    "pages_show_list,pages_read_engagement,instagram_basic,instagram_content_publish,"
    "instagram_manage_insights,instagram_manage_contents"
)
OWN_SCOPES = "instagram_business_basic,instagram_business_content_publish,instagram_business_manage_insights"


class OwnLogin(Client):
    """The same by Instagram Login."""

    host = "graph.instagram.com"

    async def code(self, scope: str = OWN_SCOPES) -> str:
        asked = {**self.app(), "redirect_uri": CALLBACK, "response_type": "code", "scope": scope}
        del asked["client_secret"]
        page = f"{self.sandbox.url}/www.instagram.com/oauth/authorize?{urlencode(asked)}"
        back = urlsplit(await say_yes(page, USER_ID))
        assert back.fragment == "_"
        return parse_qs(back.query)["code"][0]

    async def short(self, code: str, **changes: str) -> Answer:
        form = {
            **self.app(),
            "grant_type": "authorization_code",
            "redirect_uri": CALLBACK,
            "code": code,
            **changes,
        }
        return await self.send("POST", "api.instagram.com/oauth/access_token", data=form)

    async def long(self, short: str, **changes: str) -> Answer:
        secret = self.app()["client_secret"]
        query = {"grant_type": "ig_exchange_token", "client_secret": secret, "access_token": short, **changes}
        return await self.send("GET", "graph.instagram.com/access_token", params=query)

    async def refresh(self) -> Answer:
        query = {"grant_type": "ig_refresh_token", "access_token": self.token}
        return await self.send("GET", "graph.instagram.com/refresh_access_token", params=query)

    async def connect(self, scope: str = OWN_SCOPES) -> None:
        short = (await self.short(await self.code(scope))).body["access_token"]
        self.token = (await self.long(short)).body["access_token"]


async def container(client: Client, name: str = "sample.mp4", **params: str) -> Answer:
    url = f"{client.sandbox.url}/_control/media/{name}"
    return await client.post(f"{IG}/media", **{"media_type": "REELS", "video_url": url, **params})


async def status_of(client: Client, container_id: str) -> str:
    status: str = (await client.get(container_id, fields="status_code")).body["status_code"]
    return status


async def reel(client: Client, caption: str = "Moving") -> str:
    made = await container(client, caption=caption)
    client.world.clock.advance(61)
    media_id: str = (await client.post(f"{IG}/media_publish", creation_id=made.body["id"])).body["id"]
    return media_id


def placed(client: Client, kind: str, truth: dict[str, Any] | None = None, **facts: Any) -> str:
    """A medium that the sandbox does not publish itself."""
    native_id = f"1793{len(client.world.state.posts):013d}"
    post = Post("instagram", native_id, USER_ID, kind, client.world.now(), facts=facts, truth=truth)
    client.world.add_post(post)
    return native_id
