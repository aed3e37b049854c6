"""The simulated TikTok over plain HTTP, both APIs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from importlib import resources
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import aiohttp
import msgspec
import pytest
from yarl import URL

from sextant.sandbox.server import Sandbox
from sextant.sandbox.tiktok import NETWORK
from sextant.sandbox.visitor import say_yes
from sextant.sandbox.world import World

ME = "_000mosaic"
API, UPLOADS, WEB = "/open.tiktokapis.com/v2", "/open-upload.tiktokapis.com", "/www.tiktok.com"
BUSINESS = "/business-api.tiktok.com/open_api/v1.3"
CALLBACK = "https://sextant.example/callback/"
OPEN_SCOPES = "user.info.basic,user.info.profile,video.list,video.publish"
BUSINESS_SCOPES = "user.info.basic,user.info.username,video.list,video.insights,video.publish"
KEYS = {"client_key": "sandbox-tiktok", "client_secret": "sandbox-tiktok-secret"}
IDS = {"client_id": "sandbox-tiktok", "client_secret": "sandbox-tiktok-secret"}
MP4 = (resources.files("sextant.sandbox") / "media" / "sample.mp4").read_bytes()
COUNTERS = "id,like_count,comment_count,share_count,view_count"


class Answer:
    def __init__(self, status: int, body: Any, headers: Any) -> None:
        self.status, self.body, self.headers = status, body, headers

    @property
    def code(self) -> Any:
        """The Open API's code, or the Business API's."""
        return self.body["error"]["code"] if "error" in self.body else self.body["code"]


class Client:
    """Somebody with a token for each API."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox, self.session, self.world = sandbox, session, sandbox.world
        self.open, self.business = "", ""

    async def ask(self, method: str, path: str, **kw: Any) -> Answer:
        url = URL(path if path.startswith("http") else self.sandbox.url + path, encoded=True)
        async with self.session.request(method, url, **kw) as response:
            is_json = response.content_type == "application/json"
            body = json.loads(await response.read()) if is_json else await response.read()
            return Answer(response.status, body, response.headers)

    async def post(self, path: str, body: Any = None) -> Answer:
        headers = {"Authorization": f"Bearer {self.open}"}
        return await self.ask("POST", f"{API}/{path}", headers=headers, json=body or {})

    async def user(self, fields: str) -> Answer:
        headers = {"Authorization": f"Bearer {self.open}"}
        return await self.ask("GET", f"{API}/user/info/?fields={fields}", headers=headers)

    async def biz(self, method: str, path: str, body: Any = None, **query: Any) -> Answer:
        texts = {k: v if isinstance(v, str | int) else json.dumps(v) for k, v in query.items()}
        url = f"{BUSINESS}/{path}" + (f"?{urlencode(texts)}" if texts else "")
        return await self.ask(method, url, headers={"Access-Token": self.business}, json=body)

    async def listed(self, *ids: str, fields: list[str], **more: Any) -> Answer:
        filters = {"filters": {"video_ids": list(ids)}} if ids else {}
        return await self.biz("GET", "business/video/list/", business_id=ME, fields=fields, **filters, **more)

    async def code(self, scopes: str) -> str:
        page = f"{self.sandbox.url}{authorize_path(scope=scopes)}"
        query = parse_qs(urlsplit(await say_yes(page, ME)).query)
        assert query["scopes"] == [scopes]
        return query["code"][0]

    async def trade(self, **form: str) -> Answer:
        return await self.ask("POST", f"{API}/oauth/token/", data={**KEYS, **form})

    async def connect(self) -> Answer:
        code = await self.code(OPEN_SCOPES)
        answer = await self.trade(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
        self.open = answer.body["access_token"]
        return answer

    async def connect_business(self) -> Answer:
        body = {"grant_type": "authorization_code", "auth_code": await self.code(BUSINESS_SCOPES)}
        body = {**IDS, **body, "redirect_uri": CALLBACK}
        answer = await self.ask("POST", f"{BUSINESS}/tt_user/oauth2/token/", json=body)
        self.business = answer.body["data"]["access_token"]
        return answer

    async def control(self, method: str, path: str, body: Any) -> None:
        answer = await self.ask(method, f"/_control/{path}", json=body)
        assert answer.status < 300, answer.body

    async def truth(self, post_id: str, truth: dict[str, Any]) -> None:
        await self.control("PUT", f"tiktok/posts/{post_id}", truth)

    async def switch(self, **switches: Any) -> None:
        await self.control("PUT", f"tiktok/accounts/{ME}", switches)

    async def init(self, size: int = len(MP4), chunk: int = 0, count: int = 1, **info: Any) -> Answer:
        source = {
            "source": "FILE_UPLOAD",
            "video_size": size,
            "chunk_size": chunk or size,
            "total_chunk_count": count,
        }
        post_info = {"title": "A film", "privacy_level": "PUBLIC_TO_EVERYONE", **info}
        return await self.post("post/publish/video/init/", {"post_info": post_info, "source_info": source})

    async def put(
        self, url: str, content: bytes, start: int = 0, total: int | None = None, kind: str = "video/mp4"
    ) -> Answer:
        span = f"bytes {start}-{start + len(content) - 1}/{total or len(content)}"
        headers = {"Content-Type": kind, "Content-Range": span}
        return await self.ask("PUT", url, headers=headers, data=BytesIO(content))

    async def status(self, publish_id: str) -> dict[str, Any]:
        answer = await self.post("post/publish/status/fetch/", {"publish_id": publish_id})
        assert answer.code == "ok", answer.body
        return dict(answer.body["data"])

    async def film(self, **info: Any) -> str:
        """The id of a public post, published with bytes."""
        data = (await self.init(**info)).body["data"]
        assert (await self.put(data["upload_url"], MP4)).status == 201
        self.world.clock.advance(2 * self.world.processing_s)
        return str((await self.status(data["publish_id"]))["publicaly_available_post_id"][0])

    async def business_publish(self, **changes: Any) -> Answer:
        body = {
            "business_id": ME,
            "video_url": f"{self.sandbox.url}/_control/media/sample.mp4",
            "post_info": {"caption": "A film"},
            **changes,
        }
        return await self.biz("POST", "business/video/publish/", body)

    async def query(self, *ids: str, fields: str = COUNTERS) -> Answer:
        return await self.post(f"video/query/?fields={fields}", {"filters": {"video_ids": list(ids)}})


def authorize_path(**changes: str) -> str:
    query = {
        "client_key": "sandbox-tiktok",
        "scope": OPEN_SCOPES,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "state": "s",
    }
    return f"{WEB}/v2/auth/authorize/?{urlencode({**query, **changes}, quote_via=quote)}"


@pytest.fixture
async def anybody() -> AsyncIterator[Client]:
    async with Sandbox(World(), [NETWORK]) as sandbox, aiohttp.ClientSession() as session:
        yield Client(sandbox, session)


@pytest.fixture
async def mosaic(anybody: Client) -> Client:
    await anybody.connect()
    await anybody.connect_business()
    return anybody


# ---- OAuth, Open API -------------------------------------------------------------------------------


async def test_open_token_answer_and_rotation(anybody: Client) -> None:
    first = (await anybody.connect()).body
    assert (first["expires_in"], first["refresh_expires_in"]) == (7200, 180 * 86400)
    assert (first["open_id"], first["scope"]) == (ME, OPEN_SCOPES)
    again = (await anybody.trade(grant_type="refresh_token", refresh_token=first["refresh_token"])).body
    assert again["refresh_token"] != first["refresh_token"]
    used = await anybody.trade(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (used.status, used.body["error"]) == (200, "invalid_grant")
    anybody.world.clock.advance(7201)
    late = await anybody.user("open_id")
    assert (late.status, late.code) == (401, "access_token_invalid")


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"redirect_uri": "https://other.example/"}, 400, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"code": "made-up"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"code_verifier": "x"}, 400, "invalid_request"),
    ],
)
async def test_open_exchange_refuses(
    anybody: Client, change: dict[str, str], status: int, error: str
) -> None:
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    answer = await anybody.trade(**{**form, "code": await anybody.code(OPEN_SCOPES), **change})
    assert (answer.status, answer.body["error"]) == (status, error)
    assert "log_id" in answer.body


@pytest.mark.parametrize(
    "change",
    [
        {"client_key": "other"},
        {"scope": "video.query"},
        {"code_challenge": "x"},
        {"redirect_uri": "http://sextant.example/callback/"},
        {"redirect_uri": "https://sextant.example/callback/?a=1"},
        {"redirect_uri": "https://sextant.example/callback", "scope": "video.insights"},
    ],
)
async def test_the_consent_page_is_not_shown_for_wrong_requests(
    anybody: Client, change: dict[str, str]
) -> None:
    assert (await anybody.ask("GET", authorize_path(**change))).status == 400
    assert (await anybody.ask("GET", authorize_path())).status == 200


async def test_people_may_grant_less_than_asked(anybody: Client) -> None:
    await anybody.switch(scopes=["user.info.basic"])
    location = await say_yes(f"{anybody.sandbox.url}{authorize_path()}", ME)
    assert parse_qs(urlsplit(location).query)["scopes"] == ["user.info.basic"]


async def test_revoking_ends_the_whole_grant(anybody: Client) -> None:
    refresh = (await anybody.connect()).body["refresh_token"]
    answer = await anybody.ask("POST", f"{API}/oauth/revoke/", data={**KEYS, "token": anybody.open})
    assert (answer.status, answer.body) == (200, b"")
    assert (await anybody.user("open_id")).code == "access_token_invalid"
    again = await anybody.trade(grant_type="refresh_token", refresh_token=refresh)
    assert again.body["error"] == "invalid_grant"


# ---- OAuth, API for Business -----------------------------------------------------------------------


async def test_business_tokens_count_the_year_from_the_first_grant(anybody: Client) -> None:
    first = (await anybody.connect_business()).body["data"]
    assert (first["expires_in"], first["refresh_token_expires_in"]) == (86400, 365 * 86400)
    anybody.world.clock.advance(86401)
    assert (await anybody.biz("GET", "business/get/", business_id=ME)).code == 40102
    body = {**IDS, "grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    again = (await anybody.ask("POST", f"{BUSINESS}/tt_user/oauth2/refresh_token/", json=body)).body["data"]
    assert again["refresh_token"] == first["refresh_token"]
    assert again["refresh_token_expires_in"] == pytest.approx(364 * 86400, abs=3)
    anybody.world.clock.advance(364 * 86400)
    late = await anybody.ask("POST", f"{BUSINESS}/tt_user/oauth2/refresh_token/", json=body)
    assert (late.status, late.code) == (200, 40103)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"client_secret": "wrong"}, 40101),
        ({"grant_type": "password"}, 40108),
        ({"auth_code": "made-up"}, 40110),
        ({"redirect_uri": "https://other.example/"}, 40002),
    ],
)
async def test_business_exchange_refuses_with_http_200(
    anybody: Client, change: dict[str, str], code: int
) -> None:
    body = {**IDS, "grant_type": "authorization_code", "redirect_uri": CALLBACK}
    body = {**body, "auth_code": await anybody.code(BUSINESS_SCOPES), **change}
    answer = await anybody.ask("POST", f"{BUSINESS}/tt_user/oauth2/token/", json=body)
    assert (answer.status, answer.code) == (200, code)


async def test_business_codes_expire_and_tokens_are_revoked(mosaic: Client) -> None:
    body = {**IDS, "grant_type": "authorization_code", "redirect_uri": CALLBACK}
    body["auth_code"] = await mosaic.code(BUSINESS_SCOPES)
    mosaic.world.clock.advance(601)
    assert (await mosaic.ask("POST", f"{BUSINESS}/tt_user/oauth2/token/", json=body)).code == 40115
    info = {"app_id": "sandbox-tiktok", "access_token": mosaic.business}
    known = await mosaic.ask("POST", f"{BUSINESS}/tt_user/token_info/get/", json=info)
    assert known.body["data"]["creator_id"] == ME
    revoked = {**IDS, "access_token": mosaic.business}
    assert (await mosaic.ask("POST", f"{BUSINESS}/tt_user/oauth2/revoke/", json=revoked)).code == 0
    assert (await mosaic.biz("GET", "business/get/", business_id=ME)).code == 40105


async def test_tokens_belong_to_one_api(mosaic: Client) -> None:
    mosaic.open, mosaic.business = mosaic.business, mosaic.open
    assert (await mosaic.user("open_id")).code == "access_token_invalid"
    assert (await mosaic.biz("GET", "business/get/", business_id=ME)).code == 40105
    nothing = await mosaic.ask("GET", f"{BUSINESS}/business/get/?business_id={ME}")
    assert (nothing.status, nothing.code) == (200, 40104)


# ---- identity --------------------------------------------------------------------------------------


async def test_user_info_gives_the_fields_asked_for(mosaic: Client) -> None:
    answer = await mosaic.user("open_id,display_name,username")
    assert answer.body["data"]["user"] == {
        "open_id": ME,
        "display_name": "Mosaic",
        "username": "mosaic_so",
    }
    assert (await mosaic.user("open_id,follower_count")).code == "scope_permission_missed"
    assert (await mosaic.user("open_id,email")).code == "invalid_params"
    assert (await mosaic.user("")).code == "invalid_params"


async def test_business_account(mosaic: Client) -> None:
    default = await mosaic.biz("GET", "business/get/", business_id=ME)
    assert set(default.body["data"]) == {"display_name", "profile_image"}
    named = await mosaic.biz("GET", "business/get/", business_id=ME, fields=["username", "is_verified"])
    assert named.body["data"] == {"username": "mosaic_so", "is_verified": None}
    assert (await mosaic.biz("GET", "business/get/", business_id="other")).code == 40001
    assert (await mosaic.biz("GET", "business/get/", business_id=ME, fields=["email"])).code == 40002


async def test_paths_end_with_a_slash(mosaic: Client) -> None:
    assert (await mosaic.biz("GET", "business/get", business_id=ME)).status == 404
    assert (await mosaic.post("video/query?fields=id")).status == 404
    assert (await mosaic.biz("POST", "business/video/list/", {})).status == 404


# ---- publishing, Open API --------------------------------------------------------------------------


async def test_a_video_goes_up_and_becomes_public(mosaic: Client) -> None:
    options = (await mosaic.post("post/publish/creator_info/query/")).body["data"]
    assert "PUBLIC_TO_EVERYONE" in options["privacy_level_options"]
    data = (await mosaic.init()).body["data"]
    waiting = await mosaic.status(data["publish_id"])
    assert (waiting["status"], waiting["uploaded_bytes"]) == ("PROCESSING_UPLOAD", 0)
    assert (await mosaic.put(data["upload_url"], MP4)).status == 201
    assert (await mosaic.status(data["publish_id"]))["status"] == "PROCESSING_UPLOAD"
    mosaic.world.clock.advance(0.6)
    unseen = await mosaic.status(data["publish_id"])
    assert (unseen["status"], unseen["publicaly_available_post_id"]) == ("PUBLISH_COMPLETE", [])
    mosaic.world.clock.advance(0.6)
    (post_id,) = (await mosaic.status(data["publish_id"]))["publicaly_available_post_id"]
    assert type(post_id) is int
    assert post_id > 2**53
    assert len(str(post_id)) == 19
    (video,) = (await mosaic.query(str(post_id), fields="id,title,share_url,duration")).body["data"]["videos"]
    assert (video["id"], video["title"]) == (str(post_id), "A film")
    assert video["share_url"].startswith(f"https://www.tiktok.com/@mosaic_so/video/{post_id}?utm_")
    assert NETWORK.find(mosaic.world, data["publish_id"]) is NETWORK.find(mosaic.world, str(post_id))


async def test_chunks_round_down_and_the_last_takes_the_rest(mosaic: Client) -> None:
    content = MP4 + bytes(11_000_000 - len(MP4))
    data = (await mosaic.init(len(content), 5_000_000, 2)).body["data"]
    url = data["upload_url"]
    first = await mosaic.put(url, content[:5_000_000], 0, len(content))
    assert (first.status, first.headers["Content-Range"]) == (206, "bytes 0-5000000/11000000")
    again = await mosaic.put(url, content[:5_000_000], 0, len(content))
    assert again.status == 416, "chunks come one after the other"
    assert (await mosaic.put(url, content[5_000_000:10_000_000], 5_000_000, len(content))).status == 416
    assert (await mosaic.put(url, content[5_000_000:], 5_000_000, len(content))).status == 201


@pytest.mark.parametrize(
    ("size", "chunk", "count"),
    [
        (11_000_000, 5_000_000, 3),
        (1_000_000, 500_000, 2),
        (70_000_000, 70_000_000, 1),
        (1_000_000, 10_000_000, 1),
        (0, 5_000_000, 1),
    ],
)
async def test_wrong_chunk_arithmetic(mosaic: Client, size: int, chunk: int, count: int) -> None:
    answer = await mosaic.init(size, chunk, count)
    assert answer.status == 400
    assert answer.code == "invalid_file_upload"


async def test_upload_address_checks(mosaic: Client) -> None:
    url = (await mosaic.init()).body["data"]["upload_url"]
    assert (await mosaic.put(url, MP4, kind="application/json")).status == 400
    assert (await mosaic.ask("PUT", url, headers={"Content-Type": "video/mp4"}, data=MP4)).status == 400
    assert (await mosaic.put(url.replace("upload_id=", "upload_id=9"), MP4)).status == 404
    assert (await mosaic.put(url + "x", MP4)).status == 403
    mosaic.world.clock.advance(3601)
    assert (await mosaic.put(url, MP4)).status == 403


@pytest.mark.parametrize(
    ("info", "status", "code"),
    [
        ({"privacy_level": None}, 400, "invalid_param"),
        ({"privacy_level": "FOLLOWER_OF_CREATOR"}, 403, "privacy_level_option_mismatch"),
        ({"title": "😀" * 1101}, 400, "invalid_param"),
        ({"privacy_level": "SELF_ONLY", "brand_content_toggle": True}, 400, "invalid_param"),
    ],
)
async def test_init_refuses(mosaic: Client, info: dict[str, Any], status: int, code: str) -> None:
    answer = await mosaic.init(**info)
    assert (answer.status, answer.code) == (status, code)
    assert (await mosaic.init(title="😀" * 1100)).code == "ok"


async def test_what_is_no_film_fails(mosaic: Client) -> None:
    data = (await mosaic.init(1000)).body["data"]
    assert (await mosaic.put(data["upload_url"], bytes(1000))).status == 201
    mosaic.world.clock.advance(1)
    status = await mosaic.status(data["publish_id"])
    assert (status["status"], status["fail_reason"]) == ("FAILED", "file_format_check_failed")
    assert list(mosaic.world.posts("tiktok")) == []


async def test_pulling_needs_a_verified_address(mosaic: Client) -> None:
    async def pulled(url: str) -> Answer:
        info = {"title": "Pulled", "privacy_level": "PUBLIC_TO_EVERYONE"}
        body = {"post_info": info, "source_info": {"source": "PULL_FROM_URL", "video_url": url}}
        return await mosaic.post("post/publish/video/init/", body)

    refused = await pulled("https://elsewhere.example/film.mp4")
    assert (refused.status, refused.code) == (403, "url_ownership_unverified")
    missing = await pulled(f"{mosaic.sandbox.url}/_control/media/none.mp4")
    good = await pulled(f"{mosaic.sandbox.url}/_control/media/sample.mp4")
    assert "upload_url" not in good.body["data"]
    mosaic.world.clock.advance(2)
    assert (await mosaic.status(missing.body["data"]["publish_id"]))["fail_reason"] == "video_pull_failed"
    assert (await mosaic.status(good.body["data"]["publish_id"]))["publicaly_available_post_id"]


async def test_what_is_not_public_never_gets_an_id(mosaic: Client) -> None:
    data = (await mosaic.init(privacy_level="SELF_ONLY")).body["data"]
    await mosaic.put(data["upload_url"], MP4)
    mosaic.world.clock.advance(60)
    status = await mosaic.status(data["publish_id"])
    assert (status["status"], status["publicaly_available_post_id"]) == ("PUBLISH_COMPLETE", [])
    (post,) = mosaic.world.posts("tiktok")
    assert (await mosaic.query(post.id)).body["data"]["videos"] == []
    unknown = await mosaic.post("post/publish/status/fetch/", {"publish_id": "v_pub_file~v2-1.1"})
    assert (unknown.status, unknown.code) == (400, "invalid_publish_id")


# ---- publishing, API for Business ------------------------------------------------------------------


async def test_business_publishing_pulls_and_gives_ids_as_strings(mosaic: Client) -> None:
    settings = await mosaic.biz("GET", "business/video/settings/", business_id=ME)
    assert settings.body["data"]["max_video_post_duration_sec"] == 600
    share_id = (await mosaic.business_publish()).body["data"]["share_id"]

    async def status() -> dict[str, Any]:
        answer = await mosaic.biz("GET", "business/publish/status/", business_id=ME, publish_id=share_id)
        return dict(answer.body["data"])

    assert await status() == {"status": "PROCESSING_DOWNLOAD", "post_ids": []}
    mosaic.world.clock.advance(0.6)
    assert await status() == {"status": "PUBLISH_COMPLETE", "post_ids": []}
    mosaic.world.clock.advance(0.6)
    (post_id,) = (await status())["post_ids"]
    assert isinstance(post_id, str)
    (video,) = (await mosaic.listed(post_id, fields=["item_id", "caption"])).body["data"]["videos"]
    assert video == {"item_id": post_id, "caption": "A film"}


async def test_business_publishing_refuses(mosaic: Client) -> None:
    for changes, code in (
        ({"video_url": "https://elsewhere.example/film.mp4"}, 40902),
        ({"video_url": None}, 40002),
        ({"business_id": "other"}, 40001),
        ({"post_info": {"caption": "x" * 2201}}, 40002),
    ):
        answer = await mosaic.business_publish(**changes)
        assert (answer.status, answer.code) == (200, code)
    picture = {"video_url": f"{mosaic.sandbox.url}/_control/media/sample.jpg"}
    share_id = (await mosaic.business_publish(**picture)).body["data"]["share_id"]
    mosaic.world.clock.advance(1)
    status = await mosaic.biz("GET", "business/publish/status/", business_id=ME, publish_id=share_id)
    assert status.body["data"]["reason"] == "file_format_check_failed"


# ---- numbers ---------------------------------------------------------------------------------------


async def test_numbers_grow_and_agree_in_both_apis(mosaic: Client) -> None:
    post_id = await mosaic.film()
    mosaic.world.clock.advance(3000)
    (video,) = (await mosaic.query(post_id)).body["data"]["videos"]
    fields = ["item_id", "create_time", "likes", "video_views", "reach", "average_time_watched"]
    (insights,) = (await mosaic.listed(post_id, fields=fields)).body["data"]["videos"]
    assert 0 < video["like_count"] < video["view_count"]
    assert insights["video_views"] == video["view_count"]
    assert 0 < insights["reach"] <= insights["video_views"]
    assert isinstance(insights["create_time"], str)
    mosaic.world.clock.advance(3000)
    (later,) = (await mosaic.query(post_id)).body["data"]["videos"]
    assert later["view_count"] > video["view_count"]


async def test_a_truth_is_answered_to_the_letter(mosaic: Client) -> None:
    post_id = await mosaic.film()
    insights = {"favorites": 0, "total_time_watched": 999.5, "brand_new": 5}
    await mosaic.truth(post_id, {"like_count": 0, "view_count": 1234, "business": insights})
    mosaic.world.clock.advance(500 * 86400)
    await mosaic.connect()
    await mosaic.connect_business()
    assert (await mosaic.query(post_id)).body["data"]["videos"] == [
        {"id": post_id, "like_count": 0, "view_count": 1234}
    ]
    fields = ["likes", "comments", "video_views", "favorites", "reach", "total_time_watched"]
    assert (await mosaic.listed(post_id, fields=fields)).body["data"]["videos"] == [
        {"likes": 0, "video_views": 1234, **insights}
    ]


async def test_unknown_truth_names_are_refused(mosaic: Client) -> None:
    post_id = await mosaic.film()
    for truth in ({"likes": 3}, {"business": 3}):
        assert (await mosaic.ask("PUT", f"/_control/tiktok/posts/{post_id}", json=truth)).status == 400


async def test_query_limits_fields_and_foreign_ids(mosaic: Client) -> None:
    post_id = await mosaic.film()
    ids = [str(number) for number in range(19)]
    assert [v["id"] for v in (await mosaic.query(post_id, *ids)).body["data"]["videos"]] == [post_id]
    assert (await mosaic.query(post_id, *ids, "21")).code == "invalid_params"
    assert (await mosaic.query(post_id, fields="id,favorites")).code == "invalid_params"
    assert (await mosaic.query(int(post_id))).code == "invalid_params"  # type: ignore[arg-type]
    assert (await mosaic.listed(post_id, *ids, "21", fields=["likes"])).code == 40011
    assert (await mosaic.listed(post_id, fields=["likes", "impressions"])).code == 40002
    default = await mosaic.biz("GET", "business/video/list/", business_id=ME)
    assert default.body["data"]["videos"] == [{"item_id": post_id}]


async def test_deleted_posts_are_simply_absent(mosaic: Client) -> None:
    post_id = await mosaic.film()
    await mosaic.ask("DELETE", f"/_control/tiktok/posts/{post_id}")
    answer = await mosaic.query(post_id)
    assert (answer.code, answer.body["data"]["videos"]) == ("ok", [])
    assert (await mosaic.listed(post_id, fields=["likes"])).body["data"]["videos"] == []


async def test_pages_follow_the_cursor_in_milliseconds(mosaic: Client) -> None:
    newest_first = [await mosaic.film() for _ in range(3)][::-1]
    first = (await mosaic.post("video/list/?fields=id", {"max_count": 2})).body["data"]
    assert [v["id"] for v in first["videos"]] == newest_first[:2]
    assert first["has_more"]
    assert first["cursor"] > 10**12
    rest = (await mosaic.post("video/list/?fields=id", {"max_count": 2, "cursor": first["cursor"]})).body[
        "data"
    ]
    assert ([v["id"] for v in rest["videos"]], rest["has_more"]) == (newest_first[2:], False)
    assert (await mosaic.post("video/list/?fields=id", {"max_count": 21})).code == "invalid_params"
    page = (await mosaic.listed(fields=["item_id"], max_count=2, cursor=first["cursor"])).body["data"]
    assert [v["item_id"] for v in page["videos"]] == newest_first[2:]
    assert (await mosaic.listed(fields=["item_id"], max_count=21)).code == 40002


async def test_quiet_and_old_posts(mosaic: Client) -> None:
    await mosaic.film()
    (film,) = mosaic.world.posts("tiktok")
    post_id = "7300000000000000001"  # numbers follow from the id, and this one falls quiet
    mosaic.world.add_post(msgspec.structs.replace(film, id=post_id))
    fields = ["video_views", "favorites", "reach", "total_time_watched"]
    readings = []
    for days in (1, 365, 400):
        mosaic.world.clock.advance(days * 86400)
        await mosaic.connect_business()
        readings += (await mosaic.listed(post_id, fields=fields)).body["data"]["videos"]
    fresh, quiet, old = readings
    assert fresh["reach"] > 0
    assert (quiet["reach"], quiet["total_time_watched"]) == (None, None)
    assert quiet["favorites"] > 0
    assert old["video_views"] == quiet["video_views"]


# ---- switches --------------------------------------------------------------------------------------


async def test_without_insights_only_the_plain_counters_remain(mosaic: Client) -> None:
    post_id = await mosaic.film()
    await mosaic.truth(post_id, {"like_count": 3, "business": {"favorites": 4}})
    await mosaic.switch(scopes=["video.list"])
    (video,) = (await mosaic.listed(post_id, fields=["likes", "favorites"])).body["data"]["videos"]
    assert video == {"likes": 3, "favorites": None}
    await mosaic.switch(scopes=["video.insights"])
    assert (await mosaic.listed(post_id, fields=["likes"])).code == 40001
    refused = await mosaic.query(post_id)
    assert (refused.status, refused.code) == (401, "scope_not_authorized")


async def test_display_tier_closes_the_business_api(mosaic: Client) -> None:
    post_id = await mosaic.film()
    await mosaic.switch(tier="display")
    answer = await mosaic.listed(post_id, fields=["likes"])
    assert (answer.status, answer.code) == (200, 40001)
    assert (await mosaic.query(post_id)).code == "ok"


# ---- ledger and faults -----------------------------------------------------------------------------


async def test_the_ledger_counts_posts_asked_for(mosaic: Client) -> None:
    post_id = await mosaic.film()
    await mosaic.ask("DELETE", "/_control/ledger")
    await mosaic.query(post_id, "1", "2", "1")
    await mosaic.listed(post_id, "1", fields=["likes"])
    await mosaic.post("video/list/?fields=id")
    ledger = (await mosaic.ask("GET", "/_control/ledger")).body
    assert ledger["totals"]["tiktok"] == {"requests": 3, "items": 6}


async def test_drop_after_commit_belongs_to_the_last_chunk(mosaic: Client) -> None:
    fault = {"platform": "tiktok", "on": "publish", "kind": "drop_after_commit"}
    await mosaic.control("POST", "faults", fault)
    url = (await mosaic.init()).body["data"]["upload_url"]
    assert list(mosaic.world.posts("tiktok")) == []
    repeated = await mosaic.put(url, MP4)
    assert repeated.status == 416, "aiohttp itself repeats a PUT whose connection broke"
    assert len(list(mosaic.world.posts("tiktok"))) == 1


async def test_drop_after_commit_of_a_business_publish(mosaic: Client) -> None:
    await mosaic.control(
        "POST", "faults", {"platform": "tiktok", "on": "publish", "kind": "drop_after_commit"}
    )
    with pytest.raises(aiohttp.ClientError):
        await mosaic.business_publish()
    mosaic.world.clock.advance(2)
    (video,) = (await mosaic.listed(fields=["caption"])).body["data"]["videos"]
    assert video == {"caption": "A film"}


async def test_each_api_fails_in_its_own_envelope(mosaic: Client) -> None:
    async def order(status: int, on: str = "read") -> None:
        fault = {"platform": "tiktok", "on": on, "kind": "status", "status": status}
        await mosaic.control("POST", "faults", fault)

    for status, code in (
        (401, "access_token_invalid"),
        (429, "rate_limit_exceeded"),
        (500, "internal_error"),
    ):
        await order(status)
        answer = await mosaic.query("1")
        assert (answer.status, answer.code) == (status, code)
    for status, http, number in ((401, 200, 40105), (429, 200, 40100), (503, 503, 50000)):
        await order(status)
        answer = await mosaic.listed(fields=["likes"])
        assert (answer.status, answer.code) == (http, number)
    await order(400, "token")
    assert (await mosaic.trade(grant_type="refresh_token")).body["error"] == "invalid_grant"
