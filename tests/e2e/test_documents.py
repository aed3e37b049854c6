"""The example answers of the platform documents, as they stand, through the whole read path to the API."""

# ruff: noqa: E501 - the examples stand as they are written in the documents

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest
from aiohttp import web

from sextant.config import Settings
from sextant.platforms import PLATFORMS
from sextant.platforms.base import App, Grant
from sextant.serve import free_address, listening, services_on
from sextant.services import Services
from sextant.store import connections, organizations, posts
from sextant.store.rows import new_id

KEY = "mk_documents"
Answers = Callable[[web.Request, bytes], Any]


@dataclass(frozen=True)
class Example:
    """A document's answers, by request, and the numbers they mean. `native_id` is the document's."""

    name: str
    platform: str
    kind: str
    native_id: str
    answers: Answers
    metrics: dict[str, float]
    account: str = "1"
    account_kind: str = "-"
    video_id: str | None = None


# ---- x.md §3.1 -------------------------------------------------------------------------------------

X_PUBLIC = """{"data":{"id":"1234567890","text":"Hello world!",
 "public_metrics":{"retweet_count":50,"reply_count":12,"like_count":234,"quote_count":5,"bookmark_count":8,"impression_count":5432}}}"""
X_NEW = """{"data":[{"id":"1234567890","text":"Hello world!",
 "public_metrics":{"repost_count":50,"reply_count":12,"like_count":234,"quote_count":5,"bookmark_count":8,"impression_count":5432}}],
 "meta":{"result_count":1}}"""
X_PRIVATE = """{"data":{"id":"1263145271946551300","text":"test","attachments":{"media_keys":["13_1204080851740315648"]},
 "non_public_metrics":{"impression_count":956,"url_link_clicks":9,"user_profile_clicks":34,"engagements":345},
 "organic_metrics":{"impression_count":956,"like_count":49,"reply_count":2,"retweet_count":9,"url_link_clicks":9,"user_profile_clicks":34}},
 "includes":{"media":[{"media_key":"13_1204080851740315648","type":"video",
  "non_public_metrics":{"playback_0_count":0,"playback_25_count":2,"playback_50_count":1,"playback_75_count":1,"playback_100_count":1},
  "organic_metrics":{"playback_0_count":0,"playback_25_count":2,"playback_50_count":1,"playback_75_count":1,"playback_100_count":1,"view_count":1}}]}}"""
X_VIDEO = """{"data":{"id":"1234567890","text":"Check out this video!","attachments":{"media_keys":["13_9876543210"]}},
 "includes":{"media":[{"media_key":"13_9876543210","type":"video","public_metrics":{"view_count":12543},
  "non_public_metrics":{"playback_0_count":12543,"playback_25_count":9876,"playback_50_count":7654,"playback_75_count":5432,"playback_100_count":3210}}]}}"""
X_NUMBERS = {
    "likes": 234,
    "comments": 12,
    "shares": 50,
    "impressions": 5432,
    "views": 5432,
    "bookmarks": 8,
    "quotes": 5,
}

# ---- linkedin.md §3.1, §3.2, §3.3, §3.4 ------------------------------------------------------------

LI_SHARES = """{"paging":{"start":0,"count":10,"links":[],"total":1},
 "elements":[{"organizationalEntity":"urn:li:organization:1337","share":"urn:li:share:1",
  "totalShareStatistics":{"uniqueImpressionsCount":410,"impressionCount":500,"clickCount":12,"likeCount":30,"commentCount":4,
   "shareCount":2,"engagement":0.096,"commentMentionsCount":0,"shareMentionsCount":0}}]}"""
LI_SOCIAL = """{"results":{"urn:li:share:1":{"entity":"urn:li:share:1","reactionSummaries":{},"commentSummary":{"count":0,"topLevelCount":0},"commentsState":"OPEN"}},
 "errors":{"urn:li:share:2":{"status":404,"message":"Not Found"}},
 "statuses":{"urn:li:share:1":200,"urn:li:share:2":404}}"""
LI_ENTITY = """{"entity":"urn:li:share:1","reactionSummaries":{"LIKE":{"reactionType":"LIKE","count":50},"PRAISE":{"reactionType":"PRAISE","count":30},
 "EMPATHY":{"reactionType":"EMPATHY","count":3}},"commentSummary":{"count":6,"topLevelCount":4},"commentsState":"OPEN"}"""
LI_VIDEO = """{"elements":[{"entity":"urn:li:ugcPost:3","statisticsType":"VIDEO_VIEW","value":1234,"timeRange":{"start":1770000000000,"end":1770500000000}}],"paging":{}}"""
LI_MEMBER = """{"paging":{"count":10,"start":0,"links":[]},
 "elements":[{"count":1204,"metricType":"IMPRESSION","targetEntity":{"share":"urn:li:share:123"}}]}"""
LI_MEMBER_OLD = """{"paging":{"count":10,"start":0,"links":[]},
 "elements":[{"count":1204,"metricType":{"com.linkedin.adsexternalapi.memberanalytics.v1.CreatorPostAnalyticsMetricTypeV1":"IMPRESSION"},
  "targetEntity":{"share":"urn:li:share:123"}}]}"""
LI_NOTHING = """{"elements":[],"paging":{}}"""


def linkedin_page(social: str) -> Answers:
    def answer(request: web.Request, body: bytes) -> Any:
        if "ShareStatistics" in request.path:
            return LI_SHARES
        if "socialMetadata" in request.path:
            return social
        return LI_VIDEO if request.query.get("type") == "VIDEO_VIEW" else LI_NOTHING

    return answer


def linkedin_member(example: str) -> Answers:
    def answer(request: web.Request, body: bytes) -> Any:
        return example if request.query.get("queryType") == "IMPRESSION" else LI_NOTHING

    return answer


ENTITY_IN_A_BATCH = json.dumps(
    {"results": {"urn:li:share:1": json.loads(LI_ENTITY)}, "errors": {}, "statuses": {"urn:li:share:1": 200}}
)

# ---- tiktok.md §3.1, §3.2 --------------------------------------------------------------------------

TT_DISPLAY = """{"data":{"videos":[{"id":"7106753891953347842","create_time":1654670085,"duration":5,
 "share_url":"https://www.tiktok.com/@user/video/7106753891953347842?utm_campaign=tt4d_open_api&utm_source=aw46example",
 "like_count":10,"comment_count":2,"share_count":1,"view_count":1234}]},
 "error":{"code":"ok","message":"","log_id":"20220829194722CBE87ED59D524E727021"}}"""
TT_BUSINESS = """{"code":0,"message":"OK","request_id":"2022070107152301000200300500600300009C51712",
 "data":{"has_more":false,"cursor":1655118106000,"videos":[{"item_id":"7109065174526479622","create_time":"1655118106",
  "video_views":100,"likes":10,"comments":2,"shares":1,"favorites":3,"reach":90,"total_time_watched":999.5,
  "average_time_watched":8.5,"full_video_watched_rate":0.42,
  "impression_sources":[{"impression_source":"For You","percentage":0.9}]}]}}"""

# ---- youtube.md §3.3, §3.4 -------------------------------------------------------------------------

YT_STATS = """{"kind":"youtube#batchGetStatsResponse","etag":"e",
 "items":[{"kind":"youtube#videoStats","etag":"e","id":"D-lhorsDlUQ",
   "snippet":{"publishTime":"2019-08-19T16:00:00Z"},
   "statistics":{"viewCount":"7920","likeCount":"190","commentCount":"32"},
   "contentDetails":{"duration":"361s"}}]}"""
YT_REPORT = """{"kind":"youtubeAnalytics#resultTable",
 "columnHeaders":[{"name":"video","columnType":"DIMENSION","dataType":"STRING"},
  {"name":"views","columnType":"METRIC","dataType":"INTEGER"},
  {"name":"engagedViews","columnType":"METRIC","dataType":"INTEGER"},
  {"name":"likes","columnType":"METRIC","dataType":"INTEGER"},
  {"name":"comments","columnType":"METRIC","dataType":"INTEGER"},
  {"name":"shares","columnType":"METRIC","dataType":"INTEGER"},
  {"name":"estimatedMinutesWatched","columnType":"METRIC","dataType":"INTEGER"},
  {"name":"averageViewDuration","columnType":"METRIC","dataType":"INTEGER"},
  {"name":"averageViewPercentage","columnType":"METRIC","dataType":"FLOAT"}],
 "rows":[["D-lhorsDlUQ",7920,6100,190,32,14,18342,138,38.4]]}"""

# ---- facebook.md §3.2, §3.3; instagram.md §3.4 -----------------------------------------------------

FB_INSIGHTS = """{"data":[
 {"name":"post_media_view","period":"lifetime","values":[{"value":420}],"title":"...","description":"...","id":"123_456/insights/post_media_view/lifetime"},
 {"name":"post_reactions_by_type_total","period":"lifetime","values":[{"value":{"like":4,"love":1}}],"title":"...","description":"...","id":"123_456/insights/post_reactions_by_type_total/lifetime"},
 {"name":"post_activity_by_action_type","period":"lifetime","values":[{"value":{"comment":2,"share":1,"like":5}}],"title":"Lifetime Post Stories by action type","description":"...","id":"123_456/insights/post_activity_by_action_type/lifetime"}],
 "paging":{"previous":"...","next":"..."}}"""
FB_FIELDS = """{"shares":{"count":1},"reactions":{"data":[],"summary":{"total_count":9}},
 "comments":{"data":[],"summary":{"order":"chronological","total_count":2,"can_comment":true}},"id":"123_456"}"""
IG_INSIGHTS = """{"data":[
 {"name":"views","period":"lifetime","values":[{"value":2257}],"title":"...","description":"...","id":"18087356288285735/insights/views/lifetime"},
 {"name":"ig_reels_avg_watch_time","period":"lifetime","values":[{"value":11768}],"title":"...","description":"...","id":"18087356288285735/insights/ig_reels_avg_watch_time/lifetime"}]}"""
IG_FIELDS = """{"id":"17920238422030506","permalink":"https://www.instagram.com/reel/Abc123/","shortcode":"Abc123",
 "timestamp":"2026-09-05T10:00:00+0000","media_type":"VIDEO","media_product_type":"REELS","username":"example"}"""


def graph(fields: str, insights: str) -> Answers:
    """A batch answered part by part: each gets the example of what it asks for, nested where it nests."""

    def part(url: str) -> dict[str, Any]:
        if "/insights" in url:
            body = json.loads(insights)
        elif "video_insights" in url:
            body = {"data": []}
        else:
            body = json.loads(fields) | ({"insights": json.loads(insights)} if "insights" in url else {})
        return {"code": 200, "headers": [], "body": json.dumps(body)}

    def answer(request: web.Request, body: bytes) -> Any:
        asked = dict(parse_qsl(body.decode()))
        return json.dumps([part(entry["relative_url"]) for entry in json.loads(asked["batch"])])

    return answer


def always(text: str) -> Answers:
    return lambda request, body: text


EXAMPLES = [
    Example("public, old names", "x", "text", "1234567890", always(X_PUBLIC), X_NUMBERS),
    Example("public, new names", "x", "text", "1234567890", always(X_NEW), X_NUMBERS),
    Example(
        "private with video",
        "x",
        "video",
        "1263145271946551300",
        always(X_PRIVATE),
        {"impressions": 956, "views": 956, "engagement": 345, "clicks": 9, "video_views": 1},
    ),
    Example("video alone", "x", "video", "1234567890", always(X_VIDEO), {"video_views": 12543}),
    Example(
        "share statistics",
        "linkedin",
        "video",
        "urn:li:share:1",
        linkedin_page(LI_SOCIAL),
        {"likes": 0, "comments": 4, "shares": 2, "impressions": 500, "clicks": 12, "video_views": 1234},
        account="urn:li:organization:1337",
        account_kind="organization",
    ),
    Example(
        "reactions",
        "linkedin",
        "text",
        "urn:li:share:1",
        linkedin_page(ENTITY_IN_A_BATCH),
        {"likes": 83, "comments": 4, "shares": 2, "impressions": 500, "clicks": 12},
        account="urn:li:organization:1337",
        account_kind="organization",
    ),
    *[
        Example(
            f"member, {name}",
            "linkedin",
            "text",
            "urn:li:share:123",
            linkedin_member(example),
            {"impressions": 1204},
            account="urn:li:person:782bbtaQ",
            account_kind="member",
        )
        for name, example in (("from 202605", LI_MEMBER), ("up to 202604", LI_MEMBER_OLD))
    ],
    Example(
        "business",
        "tiktok",
        "video",
        "7109065174526479622",
        always(TT_BUSINESS),
        {
            "likes": 10,
            "comments": 2,
            "shares": 1,
            "views": 100,
            "video_views": 100,
            "video_viewers": 90,
            "video_watch_time_ms": 999500,
            "saves": 3,
        },
        account_kind="business",
    ),
    Example(
        "display",
        "tiktok",
        "video",
        "7106753891953347842",
        always(TT_DISPLAY),
        {"likes": 10, "comments": 2, "shares": 1, "views": 1234, "video_views": 1234},
        account_kind="display",
    ),
    Example(
        "counts and report",
        "youtube",
        "video",
        "D-lhorsDlUQ",
        lambda request, body: YT_REPORT if "reports" in request.path else YT_STATS,
        {
            "likes": 190,
            "comments": 32,
            "shares": 14,
            "views": 7920,
            "video_views": 7920,
            "video_watch_time_ms": 1_100_520_000,
        },
    ),
    Example(
        "page post",
        "facebook",
        "text",
        "123_456",
        graph(FB_FIELDS, FB_INSIGHTS),
        {"likes": 5, "comments": 2, "shares": 1, "views": 420},
        account="123",
        account_kind="page",
    ),
    Example(
        "reel",
        "instagram",
        "reel",
        "17920238422030506",
        graph(IG_FIELDS, IG_INSIGHTS),
        {"views": 2257, "video_views": 2257},
        account="17841400000000001",
        account_kind="facebook",
    ),
]


@asynccontextmanager
async def answering(answers: Answers) -> AsyncIterator[str]:
    """A network that answers like the document."""

    async def handle(request: web.Request) -> web.StreamResponse:
        text = answers(request, await request.read())
        return web.Response(text=text, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def stored(services: Services, example: Example) -> str:
    """A connected account with the document's post, published a day ago."""
    now = datetime.now(UTC)
    connection_id, post_id = new_id(), new_id()
    grant = Grant("token", scopes=frozenset(PLATFORMS[example.platform].logins[login_of(example)].scopes))
    async with services.store.write() as db:
        owner = await organizations.create(db, "Documents", "documents", now)
        await organizations.add_key(db, owner.id, "documents", "full", KEY, now)
        await connections.save(
            db,
            connection_id,
            now,
            new=True,
            organization_id=owner.id,
            platform=example.platform,
            login=login_of(example),
            kind=example.account_kind,
            native_id=example.account,
            account_name="Documents",
            sealed_grant=services.accounts.grants.sealed(grant, connection_id),
        )
        post = {"id": post_id, "organization_id": owner.id, "text": "", "media_urls": [], "status": "posted"}
        row = {"id": new_id(), "post_id": post_id, "connection_id": connection_id, "position": 0}
        state = {"platform": example.platform, "kind": example.kind, "status": "posted", "attempts": 0}
        native = {"native_id": example.native_id, "published_at": now - timedelta(days=1), "updated_at": now}
        await posts.add(db, {**post, "created_at": now, "body_hash": ""}, [row | state | native])
    return post_id


def login_of(example: Example) -> str:
    logins = PLATFORMS[example.platform].logins
    return example.account_kind if example.account_kind in logins else next(iter(logins))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.platform}: {e.name}")
async def test_the_document_example_through_the_api(example: Example, tmp_path: Path) -> None:
    platform = PLATFORMS[example.platform]
    apps = {example.platform: App("id", "secret", login_of(example), platform.api_version)}
    address = free_address("127.0.0.1", 0)
    settings = Settings(data_dir=tmp_path, secret_key="documents-documents", public_url=address.url)
    async with (
        answering(example.answers) as upstream,
        services_on(settings, apps, upstream=upstream) as services,
        listening(services, address),
        aiohttp.ClientSession(address.url, headers={"Authorization": f"Bearer {KEY}"}) as session,
        session.get(f"/social/post/{await stored(services, example)}/analytics") as answer,
    ):
        found = (await answer.json())["analytics"]
    (facts,) = found["metadata"]["destinations"]
    assert found["status"] == "success", facts
    numbers = {key: value for key, value in found["totals"].items() if value is not None}
    assert numbers == example.metrics, facts["missing"]
    assert set(facts["missing"]) == {key for key, value in found["totals"].items() if value is None}
