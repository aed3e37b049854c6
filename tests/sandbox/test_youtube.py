"""The simulated YouTube, asked with a plain HTTP client."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest

from sextant.sandbox.server import Sandbox
from sextant.sandbox.visitor import say_yes
from sextant.sandbox.world import World
from sextant.sandbox.youtube import NETWORK

MP4 = (resources.files("sextant.sandbox") / "media" / "sample.mp4").read_bytes()
CHUNK = 262_144
PREFIX = "https://www.googleapis.com/auth/"
NAMES = ("youtube.upload", "youtube.readonly", "yt-analytics.readonly", "youtube.force-ssl")
SCOPE = " ".join(PREFIX + name for name in NAMES)
CHANNEL = NETWORK.accounts()[0].id
CALLBACK = "https://sextant.example/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
DATA = "youtube.googleapis.com/youtube/v3"
UPLOAD = "www.googleapis.com/upload/youtube/v3/videos"
REPORTS = "youtubeanalytics.googleapis.com/v2/reports"
RESOURCE = {"snippet": {"title": "My video"}, "status": {"privacyStatus": "public"}}
METRICS = "views,shares,estimatedMinutesWatched"


@dataclass
class Answer:
    status: int
    headers: Any
    body: Any

    @property
    def reason(self) -> str:
        return str(self.body["error"]["errors"][0]["reason"])


class Client:
    """Requests to the sandbox's Google hosts, with a token or without."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox, self.session, self.world = sandbox, session, sandbox.world
        self.token = ""

    async def ask(self, method: str, path: str, **options: Any) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= options.pop("headers", {})
        url = path if path.startswith("http") else f"{self.sandbox.url}/{path}"
        async with self.session.request(
            method, url, headers=headers, allow_redirects=False, **options
        ) as answer:
            text = await answer.text()
            is_json = answer.content_type == "application/json" and text
            return Answer(answer.status, answer.headers, await answer.json() if is_json else text)

    async def code(self, **changes: str) -> str:
        asked = {
            "response_type": "code",
            "client_id": "sandbox-youtube",
            "redirect_uri": CALLBACK,
            "scope": SCOPE,
            "state": "s",
            "access_type": "offline",
            "prompt": "consent",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | changes
        page = f"{self.sandbox.url}/accounts.google.com/o/oauth2/v2/auth?{urlencode(asked)}"
        return parse_qs(urlsplit(await say_yes(page, CHANNEL)).query)["code"][0]

    async def exchange(self, code: str, /, **changes: str) -> Answer:
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return await self.tokens(**fields | {"code_verifier": VERIFIER} | changes)

    async def tokens(self, **fields: str) -> Answer:
        app = {"client_id": "sandbox-youtube", "client_secret": "sandbox-youtube-secret"}
        return await self.ask("POST", "oauth2.googleapis.com/token", data=app | fields)

    async def connect(self, **changes: str) -> dict[str, Any]:
        answer = await self.exchange(await self.code(**changes))
        self.token = answer.body["access_token"]
        return answer.body

    async def open(
        self, body: Any = RESOURCE, size: int = len(MP4), part: str = "snippet,status", **query: str
    ) -> Answer:
        return await self.ask(
            "POST",
            UPLOAD,
            params={"uploadType": "resumable", "part": part} | query,
            json=body,
            headers={"X-Upload-Content-Length": str(size), "X-Upload-Content-Type": "video/mp4"},
        )

    async def put(self, address: str, content: Any, content_range: str | None = None) -> Answer:
        headers = {"Content-Range": content_range} if content_range else {}
        return await self.ask("PUT", address, data=content, headers=headers)

    async def video(self, content: bytes = MP4, **status: Any) -> str:
        body = RESOURCE | {"status": {"privacyStatus": "public"} | status}
        opened = await self.open(body, len(content))
        return (await self.put(opened.headers["Location"], content)).body["id"]

    async def videos(self, *ids: str, part: str = "statistics,status") -> Answer:
        return await self.ask("GET", f"{DATA}/videos", params={"part": part, "id": ",".join(ids)})

    async def statistics(self, video_id: str) -> dict[str, str]:
        return (await self.videos(video_id)).body["items"][0]["statistics"]

    async def report(self, *ids: str, **changes: str) -> Answer:
        today = datetime.fromtimestamp(self.world.now(), UTC).date()
        query = {
            "ids": "channel==MINE",
            "startDate": "2005-02-14",
            "endDate": str(today),
            "metrics": METRICS,
            "dimensions": "video",
            "filters": f"video=={','.join(ids)}",
        } | changes
        return await self.ask("GET", REPORTS, params={n: v for n, v in query.items() if v})

    async def set_truth(self, video_id: str, **numbers: Any) -> None:
        assert (await self.ask("PUT", f"_control/youtube/posts/{video_id}", json=numbers)).status == 200

    async def switch(self, *scopes: str) -> None:
        body = {"scopes": [PREFIX + scope for scope in scopes]}
        assert (await self.ask("PUT", f"_control/youtube/accounts/{CHANNEL}", json=body)).status == 200


@pytest.fixture
async def google() -> AsyncIterator[Client]:
    async with Sandbox(World(), [NETWORK]) as sandbox, aiohttp.ClientSession(middlewares=[once]) as session:
        yield Client(sandbox, session)


async def once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """aiohttp repeats a PUT by itself when its connection breaks; a test wants to see it broken."""
    try:
        return await send(request)
    except aiohttp.ServerDisconnectedError as broken:
        raise aiohttp.ClientConnectionError from broken


@pytest.fixture
async def owner(google: Client) -> Client:
    await google.connect()
    return google


# ---- OAuth ---------------------------------------------------------------------------------------


async def test_connecting_gives_tokens_and_the_channel(google: Client) -> None:
    tokens = await google.connect()
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 3599
    assert set(tokens["scope"].split()) == set(SCOPE.split())
    query = {"part": "snippet,statistics,contentDetails", "mine": "true"}
    item = (await google.ask("GET", f"{DATA}/channels", params=query)).body["items"][0]
    assert item["id"] == CHANNEL
    assert len(CHANNEL) == 24
    assert item["snippet"]["customUrl"] == "@mosaic_so"
    assert item["statistics"]["videoCount"] == "0"
    assert item["contentDetails"]["relatedPlaylists"]["uploads"] == "UU" + CHANNEL[2:]


async def test_a_refresh_token_comes_when_it_is_asked_for(google: Client) -> None:
    assert "refresh_token" not in await google.connect(access_type="online")
    assert "refresh_token" in await google.connect(prompt="")
    assert "refresh_token" not in await google.connect(prompt="")
    assert "refresh_token" in await google.connect()


async def test_refreshing_keeps_the_refresh_token(google: Client) -> None:
    first = await google.connect()
    for _ in range(2):
        fresh = await google.tokens(grant_type="refresh_token", refresh_token=first["refresh_token"])
        assert fresh.status == 200
        assert "refresh_token" not in fresh.body
    google.world.clock.advance(3600)
    assert (await google.videos("a")).reason == "authError"
    google.world.clock.advance(184 * 86400)
    dead = await google.tokens(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (dead.status, dead.body["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "guess"}, 401, "invalid_client"),
        ({"client_id": "guess"}, 401, "invalid_client"),
        ({"redirect_uri": CALLBACK + "/"}, 400, "redirect_uri_mismatch"),
        ({"code_verifier": "w" * 64}, 400, "invalid_grant"),
        ({"code_verifier": ""}, 400, "invalid_grant"),
        ({"code": "unknown"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
async def test_wrong_exchanges(google: Client, change: dict[str, str], status: int, error: str) -> None:
    answer = await google.exchange(await google.code(), **change)
    assert (answer.status, answer.body["error"]) == (status, error)


async def test_a_code_is_good_once(google: Client) -> None:
    code = await google.code()
    assert (await google.exchange(code)).status == 200
    assert (await google.exchange(code)).body["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "change", [{"client_id": "x"}, {"scope": "youtube.readonly"}, {"response_type": "token"}]
)
async def test_the_consent_page_refuses_a_wrong_request(google: Client, change: dict[str, str]) -> None:
    with pytest.raises(RuntimeError, match="400"):
        await google.code(**change)


async def test_revoking_kills_the_pair(google: Client) -> None:
    tokens = await google.connect()
    revoke = {"token": tokens["refresh_token"]}
    assert (await google.ask("POST", "oauth2.googleapis.com/revoke", data=revoke)).status == 200
    assert (await google.ask("POST", "oauth2.googleapis.com/revoke", data=revoke)).status == 400
    assert (await google.videos("a")).status == 401


# ---- publishing ----------------------------------------------------------------------------------


async def test_a_video_is_uploaded_in_chunks_and_processed(owner: Client) -> None:
    total = len(MP4)
    address = (await owner.open()).headers["Location"]
    assert address.startswith(owner.sandbox.url + "/www.googleapis.com/upload/")
    nothing = await owner.put(address, b"", f"bytes */{total}")
    assert nothing.status == 308
    assert "Range" not in nothing.headers
    first = await owner.put(address, MP4[:CHUNK], f"bytes 0-{CHUNK - 1}/{total}")
    assert (first.status, first.headers["Range"]) == (308, f"bytes=0-{CHUNK - 1}")
    assert not list(owner.world.posts("youtube"))
    last = await owner.put(address, MP4[CHUNK:], f"bytes {CHUNK}-{total - 1}/{total}")
    assert last.status == 200
    assert last.body["snippet"]["title"] == "My video"
    assert last.body["status"]["uploadStatus"] == "uploaded"
    assert len(last.body["id"]) == 11
    assert (await owner.put(address, b"", f"bytes */{total}")).body["id"] == last.body["id"]
    state = (await owner.videos(last.body["id"], part="status,processingDetails")).body["items"][0]
    assert state["processingDetails"]["processingStatus"] == "processing"
    owner.world.clock.advance(1)
    state = (await owner.videos(last.body["id"], part="status,processingDetails")).body["items"][0]
    assert (state["status"]["uploadStatus"], state["processingDetails"]) == (
        "processed",
        {"processingStatus": "succeeded"},
    )


@pytest.mark.parametrize(
    ("content", "content_range"),
    [
        (b"a" * 1000, "bytes 0-999/{total}"),
        (b"a" * CHUNK, "bytes 0-99/{total}"),
        (b"a" * CHUNK, "bytes 262144-524287/{total}"),
        (b"a" * CHUNK, "bytes 0-262143/5"),
        (b"a" * CHUNK, "0-262143"),
    ],
)
async def test_wrong_chunks_store_nothing(owner: Client, content: bytes, content_range: str) -> None:
    address = (await owner.open()).headers["Location"]
    answer = await owner.put(address, content, content_range.format(total=len(MP4)))
    assert answer.status == 400
    probe = await owner.put(address, b"", f"bytes */{len(MP4)}")
    assert (probe.status, probe.headers.get("Range")) == (308, None)


async def test_upload_addresses_expire(owner: Client) -> None:
    address = (await owner.open()).headers["Location"]
    owner.world.clock.advance(8 * 86400)
    assert (await owner.put(address, MP4)).status == 404
    assert (await owner.put(address.replace("upload_id=", "upload_id=x"), MP4)).status == 404


async def test_bytes_that_are_no_video_fail_in_processing(owner: Client) -> None:
    video_id = await owner.video(b"no video at all")
    owner.world.clock.advance(1)
    status = (await owner.videos(video_id)).body["items"][0]["status"]
    assert (status["uploadStatus"], status["failureReason"]) == ("failed", "invalidFile")


@pytest.mark.parametrize(
    ("snippet", "status", "reason"),
    [
        ({"title": ""}, {}, "invalidTitle"),
        ({"title": "a" * 101}, {}, "invalidTitle"),
        ({"title": "a > b"}, {}, "invalidTitle"),
        ({"title": "a", "description": "é" * 2501}, {}, "invalidDescription"),
        ({"title": "a", "tags": ["t" * 501]}, {}, "invalidTags"),
        ({"title": "a", "categoryId": "Comedy"}, {}, "invalidCategoryId"),
        ({"title": "a"}, {"privacyStatus": "secret"}, "invalidVideoMetadata"),
        ({"title": "a"}, {"publishAt": "2030-01-01T00:00:00Z"}, "invalidPublishAt"),
        ({"title": "a", "name": "b"}, {}, "badRequest"),
        ({"title": 5}, {}, "badRequest"),
    ],
)
async def test_wrong_metadata_is_refused(
    owner: Client, snippet: dict[str, Any], status: dict[str, Any], reason: str
) -> None:
    answer = await owner.open({"snippet": snippet, "status": status})
    assert (answer.status, answer.reason) == (400, reason)


async def test_opening_wants_its_parameters(owner: Client) -> None:
    assert (await owner.open(part="")).status == 400
    assert (await owner.open(part="snippets")).reason == "unknownPart"
    assert (await owner.open(uploadType="media")).status == 400
    assert (await owner.open(notify="true")).status == 400


async def test_privacy_is_public_when_left_out(owner: Client) -> None:
    address = (await owner.open({"snippet": {"title": "a"}})).headers["Location"]
    assert (await owner.put(address, MP4)).body["status"]["privacyStatus"] == "public"


async def test_a_dropped_final_answer_is_found_by_probing(owner: Client) -> None:
    fault = {"platform": "youtube", "on": "publish", "kind": "drop_after_commit"}
    await owner.ask("POST", "_control/faults", json=fault)
    total = len(MP4)
    address = (await owner.open()).headers["Location"]
    assert (await owner.put(address, MP4[:CHUNK], f"bytes 0-{CHUNK - 1}/{total}")).status == 308
    with pytest.raises(aiohttp.ClientError):
        await owner.put(address, MP4[CHUNK:], f"bytes {CHUNK}-{total - 1}/{total}")
    found = await owner.put(address, b"", f"bytes */{total}")
    assert found.status == 200
    listed = await owner.ask(
        "GET", f"{DATA}/playlistItems", params={"part": "contentDetails", "playlistId": "UU" + CHANNEL[2:]}
    )
    ids = [item["contentDetails"]["videoId"] for item in listed.body["items"]]
    assert ids == [found.body["id"]]


async def test_a_hundred_uploads_a_day(owner: Client) -> None:
    for _ in range(100):
        assert (await owner.open()).status == 200
    over = await owner.open()
    assert (over.status, over.reason) == (403, "quotaExceeded")
    assert over.body["error"]["errors"][0]["domain"] == "youtube.quota"
    owner.world.clock.advance(86400)
    await owner.connect()
    assert (await owner.open()).status == 200


async def test_deleting_needs_more_than_the_upload_scope(owner: Client) -> None:
    video_id = await owner.video()
    await owner.switch("youtube.upload", "youtube.readonly")
    refused = await owner.ask("DELETE", f"{DATA}/videos", params={"id": video_id})
    assert (refused.status, refused.reason) == (403, "insufficientPermissions")
    await owner.switch("youtube.force-ssl")
    assert (await owner.ask("DELETE", f"{DATA}/videos", params={"id": video_id})).status == 204
    again = await owner.ask("DELETE", f"{DATA}/videos", params={"id": video_id})
    assert (again.status, again.reason) == (404, "videoNotFound")


# ---- reading -------------------------------------------------------------------------------------


async def test_truth_comes_back_on_both_clocks_at_once(owner: Client) -> None:
    video_id = await owner.video()
    await owner.set_truth(
        video_id,
        viewCount=7920,
        likeCount="190",
        commentCount=0,
        shares=14,
        estimatedMinutesWatched=18342,
        views=0,
    )
    counters = {"favoriteCount": "0", "viewCount": "7920", "likeCount": "190", "commentCount": "0"}
    assert await owner.statistics(video_id) == counters
    table = (await owner.report(video_id)).body
    assert [column["name"] for column in table["columnHeaders"]] == ["video", *METRICS.split(",")]
    assert table["rows"] == [[video_id, 0, 14, 18342]]


async def test_what_is_left_out_is_absent(owner: Client) -> None:
    video_id = await owner.video()
    await owner.set_truth(video_id, viewCount=5)
    assert await owner.statistics(video_id) == {"favoriteCount": "0", "viewCount": "5"}
    owner.world.clock.advance(50 * 3600)
    await owner.connect()
    assert "rows" not in (await owner.report(video_id)).body
    await owner.set_truth(video_id, shares=3)
    assert await owner.statistics(video_id) == {"favoriteCount": "0"}
    assert (await owner.report(video_id)).body["rows"] == [[video_id, None, 3, None]]


async def test_unknown_truth_is_a_complaint(owner: Client) -> None:
    video_id = await owner.video()
    answer = await owner.ask("PUT", f"_control/youtube/posts/{video_id}", json={"likes_total": 1})
    assert answer.status == 400


async def test_analytics_come_two_days_late(owner: Client) -> None:
    video_id = await owner.video()
    owner.world.clock.advance(47 * 3600)
    await owner.connect()
    assert "rows" not in (await owner.report(video_id)).body
    assert int((await owner.statistics(video_id))["viewCount"]) > 0
    owner.world.clock.advance(24 * 3600)
    await owner.connect()
    row = (await owner.report(video_id)).body["rows"][0]
    assert 0 < row[1] < int((await owner.statistics(video_id))["viewCount"])


async def test_reports_by_day_and_in_all(owner: Client) -> None:
    one, two = await owner.video(), await owner.video()
    owner.world.clock.advance(5 * 86400)
    await owner.connect()
    per_video = (await owner.report(one, two, sort="-views", maxResults="200")).body["rows"]
    assert per_video[0][1] >= per_video[1][1]
    whole = (await owner.report(one, two, dimensions="")).body["rows"]
    assert whole == [[per_video[0][at] + per_video[1][at] for at in (1, 2, 3)]]
    start = str(datetime.fromtimestamp(owner.world.now(), UTC).date() - timedelta(7))
    days = (await owner.report(one, two, dimensions="day", startDate=start)).body["rows"]
    assert len(days) in (3, 4)
    assert sum(day[1] for day in days) == whole[0][0]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"ids": ""}, 400),
        ({"ids": "MINE"}, 400),
        ({"ids": "channel==UCother"}, 403),
        ({"startDate": ""}, 400),
        ({"startDate": "2026-13-01"}, 400),
        ({"startDate": "20260101"}, 400),
        ({"endDate": "2004-01-01"}, 400),
        ({"metrics": ""}, 400),
        ({"metrics": "views,saves"}, 400),
        ({"metrics": "views,estimatedRevenue"}, 403),
        ({"dimensions": "videos"}, 400),
        ({"dimensions": "video,country"}, 400),
        ({"filters": "videoId==a"}, 400),
        ({"filters": ""}, 400),
        ({"sort": "-likes"}, 400),
        ({"maxResults": "201"}, 400),
        ({"start-date": "2026-01-01"}, 400),
    ],
)
async def test_wrong_reports_are_refused(owner: Client, change: dict[str, str], status: int) -> None:
    assert (await owner.report("a", **change)).status == status
    assert (await owner.report("a")).status == 200


async def test_without_the_analytics_scope_counters_still_come(owner: Client) -> None:
    video_id = await owner.video()
    await owner.switch("youtube.upload", "youtube.readonly", "youtube.force-ssl")
    refused = await owner.report(video_id)
    assert (refused.status, refused.reason) == (403, "insufficientPermissions")
    assert (await owner.videos(video_id)).status == 200


async def test_missing_videos_are_silently_left_out(owner: Client) -> None:
    video_id = await owner.video()
    both = (await owner.videos(video_id, "AAAAAAAAAAA")).body
    assert [item["id"] for item in both["items"]] == [video_id]
    await owner.ask("DELETE", f"_control/youtube/posts/{video_id}")
    gone = await owner.videos(video_id)
    assert gone.status == 200
    assert gone.body["items"] == []
    assert gone.body["pageInfo"]["totalResults"] == 0


async def test_fifty_ids_and_no_more(owner: Client) -> None:
    ids = [f"{n:011}" for n in range(51)]
    assert (await owner.videos(*ids[:50])).status == 200
    assert (await owner.videos(*ids)).status == 400
    assert (await owner.videos(*ids[:2], part="stats")).reason == "unknownPart"


async def test_batch_stats_have_their_own_names(owner: Client) -> None:
    video_id = await owner.video()
    await owner.set_truth(video_id, viewCount=7920, likeCount=190)
    query = {"part": "id,snippet,statistics,contentDetails", "id": video_id}
    item = (await owner.ask("GET", f"{DATA}/videos:batchGetStats", params=query)).body["items"][0]
    assert item["kind"] == "youtube#videoStats"
    assert item["statistics"] == {"viewCount": "7920", "likeCount": "190"}
    assert item["contentDetails"] == {"duration": "5s"}
    assert item["snippet"]["publishTime"].endswith("Z")


async def test_both_hosts_answer_and_etags_save_bytes(owner: Client) -> None:
    video_id = await owner.video()
    await owner.set_truth(video_id, viewCount=1)
    query = {"part": "statistics", "id": video_id}
    first = await owner.ask("GET", "www.googleapis.com/youtube/v3/videos", params=query)
    same = {"If-None-Match": first.body["etag"]}
    assert (await owner.ask("GET", f"{DATA}/videos", params=query, headers=same)).status == 304


async def test_the_ledger_counts_videos_whose_numbers_were_asked_for(owner: Client) -> None:
    one, two = await owner.video(), await owner.video()
    await owner.ask("DELETE", "_control/ledger")
    await owner.videos(one, two)
    await owner.videos(one, part="status")
    await owner.report(one, two)
    ledger = (await owner.ask("GET", "_control/ledger")).body
    assert ledger["totals"]["youtube"] == {"requests": 3, "items": 4}


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, "authError"), (403, "SERVICE_UNAVAILABLE"), (429, "rateLimitExceeded"), (503, "backendError")],
)
async def test_ordered_failures_wear_googles_envelope(owner: Client, status: int, reason: str) -> None:
    fault = {"platform": "youtube", "on": "read", "kind": "status", "status": status}
    await owner.ask("POST", "_control/faults", json=fault)
    answer = await owner.videos("a")
    assert (answer.status, answer.reason) == (status, reason)


async def test_the_token_host_fails_in_its_own_shape(owner: Client) -> None:
    fault = {"platform": "youtube", "on": "token", "kind": "status", "status": 400}
    await owner.ask("POST", "_control/faults", json=fault)
    answer = await owner.tokens(grant_type="refresh_token", refresh_token="a")
    assert answer.body["error"] == "invalid_grant"


async def test_paths_that_do_not_exist_answer_html(owner: Client) -> None:
    answer = await owner.ask("GET", f"{DATA}/videoss")
    assert answer.status == 404
    assert answer.headers["Content-Type"].startswith("text/html")
