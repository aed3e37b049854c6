"""Google's own client, from its bundled discovery documents, against the simulated YouTube."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httplib2
import pytest
from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import Resource, build
from googleapiclient.errors import HttpError, ResumableUploadError
from googleapiclient.http import MediaInMemoryUpload

from sextant.sandbox.faults import Fault
from sextant.sandbox.made_media import Asked
from sextant.sandbox.made_pictures import jpeg
from sextant.sandbox.made_video import mp4
from sextant.sandbox.server import Sandbox
from sextant.sandbox.world import World
from sextant.sandbox.youtube import NETWORK
from sextant.sandbox.youtube.channels import CHANNEL_PARTS, ITEM_PARTS
from sextant.sandbox.youtube.videos import PARTS, STATS_PARTS
from tests.judges.conftest import MP4
from tests.judges.discovery import faults, schemas_of

CHANNEL = NETWORK.accounts()[0].id
PREFIX = "https://www.googleapis.com/auth/"
SCOPES = [
    PREFIX + name
    for name in ("youtube.upload", "youtube.readonly", "youtube.force-ssl", "yt-analytics.readonly")
]
CHUNK = 256 * 1024
# A file of several chunks: what follows the boxes of an MP4 file is no fault in it.
LONG_MP4 = MP4 + bytes(max(0, 2 * CHUNK + 1000 - len(MP4)))


def made(maker: Any, **asked: Any) -> bytes:
    medium = maker(Asked(**asked))
    return b"".join(medium.pieces(0, medium.size))


SHORT = made(mp4, seconds=20, width=1080, height=1920)
LONG_VIDEO = made(mp4, seconds=901, fps=1)
PICTURE = made(jpeg)


class Detour(httplib2.Http):
    """`https://host/path` goes to the sandbox's `/host/path`."""

    def __init__(self, sandbox_url: str) -> None:
        super().__init__()
        self.sandbox_url = sandbox_url
        # As googleapiclient.http.build_http does: 308 is no redirect in a resumable upload.
        self.redirect_codes = self.redirect_codes - {308}

    def request(self, uri: str, *args: Any, **options: Any) -> Any:
        return super().request(uri.replace("https://", f"{self.sandbox_url}/"), *args, **options)


class Google:
    """The client's two services, with one account's tokens."""

    def __init__(self, sandbox: Sandbox, scopes: list[str]) -> None:
        world = sandbox.world
        access = world.issue("youtube", CHANNEL, "access", scopes, 3600)
        lasting = world.issue("youtube", CHANNEL, "refresh", scopes, None, family=access.family)
        app = world.app("youtube")
        self.credentials = Credentials(
            access.value,
            refresh_token=lasting.value,
            token_uri="https://oauth2.googleapis.com/token",
            client_id=app.client_id,
            client_secret=app.client_secret,
        )
        self.http = AuthorizedHttp(self.credentials, http=Detour(sandbox.url))
        self.data = self.service("youtube", "v3")
        self.analytics = self.service("youtubeAnalytics", "v2")

    def service(self, name: str, version: str) -> Resource:
        return build(name, version, http=self.http, static_discovery=True)

    def insert(self, title: str, content: bytes = MP4, **status: Any) -> Any:
        body = {"snippet": {"title": title}, "status": {"privacyStatus": "public", **status}}
        media = MediaInMemoryUpload(content, mimetype="video/mp4", chunksize=CHUNK, resumable=True)
        return self.data.videos().insert(part="snippet,status", body=body, media_body=media)

    def upload(self, title: str) -> str:
        video = self.insert(title).execute()
        return str(video["id"])

    def thumbnail(self, video_id: str, content: bytes) -> Any:
        media = MediaInMemoryUpload(content, mimetype="image/jpeg")
        return self.data.thumbnails().set(videoId=video_id, media_body=media)

    def report(self, **changes: Any) -> dict[str, Any]:
        asked = {
            "ids": "channel==MINE",
            "startDate": "2020-01-01",
            "endDate": "2040-01-01",
            "metrics": "views,estimatedMinutesWatched,shares",
            "dimensions": "video",
        } | changes
        answer: dict[str, Any] = self.analytics.reports().query(**asked).execute()
        return answer


@pytest.fixture
async def google(sandbox: Sandbox) -> AsyncIterator[Google]:
    google = await asyncio.to_thread(Google, sandbox, SCOPES)
    yield google
    google.http.close()


async def refused(act: Callable[[], Any]) -> HttpError:
    with pytest.raises(HttpError) as caught:
        await asyncio.to_thread(act)
    return caught.value


async def test_a_video_goes_up_in_chunks_and_comes_back_with_its_metadata(google: Google) -> None:
    def flow() -> tuple[list[int], Any, Any]:
        request, seen, video = google.insert("In chunks", LONG_MP4), [], None
        while video is None:
            progress, video = request.next_chunk()
            if progress is not None:
                seen.append(progress.resumable_progress)
        parts = "snippet,status,statistics,processingDetails"
        return seen, video, google.data.videos().list(part=parts, id=video["id"]).execute()

    seen, video, listed = await asyncio.to_thread(flow)
    assert seen == [CHUNK, 2 * CHUNK]
    assert video["kind"] == "youtube#video"
    assert listed["pageInfo"]["totalResults"] == 1
    (item,) = listed["items"]
    assert (item["id"], item["snippet"]["title"]) == (video["id"], "In chunks")
    assert item["snippet"]["channelId"] == CHANNEL
    assert (item["status"]["uploadStatus"], item["status"]["privacyStatus"]) == ("processed", "public")
    assert item["processingDetails"]["processingStatus"] == "succeeded"
    assert item["statistics"]["viewCount"].isdecimal()


async def test_an_interrupted_upload_goes_on_where_it_stood(google: Google, world: World) -> None:
    """After an error the client asks how far the upload is, and sends only the rest."""

    def flow() -> tuple[int, Any]:
        request, video = google.insert("Interrupted", LONG_MP4), None
        request.next_chunk()
        world.faults.order(Fault(kind="status", platform="youtube", on="publish", status=503))
        with pytest.raises(HttpError) as caught:
            request.next_chunk()
        while video is None:
            _, video = request.next_chunk()
        return caught.value.status_code, video

    status, video = await asyncio.to_thread(flow)
    assert status == 503
    assert video["snippet"]["title"] == "Interrupted"
    assert [post.text for post in world.posts("youtube")] == ["Interrupted"]


async def test_an_upload_with_an_empty_title_is_refused_when_it_is_opened(google: Google) -> None:
    with pytest.raises(ResumableUploadError) as caught:
        await asyncio.to_thread(google.insert("").next_chunk)
    assert caught.value.status_code == 400
    assert caught.value.error_details[0]["reason"] == "invalidTitle"


async def test_the_channel_and_its_uploads(google: Google) -> None:
    def flow() -> tuple[Any, list[str], str]:
        ids = [google.upload(f"Video {n}") for n in range(3)]
        (channel,) = google.data.channels().list(part="snippet,contentDetails", mine=True).execute()["items"]
        playlist = channel["contentDetails"]["relatedPlaylists"]["uploads"]
        items = google.data.playlistItems()
        request, found = items.list(part="contentDetails", playlistId=playlist, maxResults=2), []
        while request is not None:
            page = request.execute()
            found += [item["contentDetails"]["videoId"] for item in page["items"]]
            request = items.list_next(request, page)
        return channel, found, ids

    channel, found, ids = await asyncio.to_thread(flow)
    assert channel["id"] == CHANNEL
    assert channel["snippet"]["title"] == "Mosaic"
    assert sorted(found) == sorted(ids)


async def test_numbers_in_one_call_and_an_unknown_id_is_left_out(google: Google, world: World) -> None:
    def flow() -> tuple[str, Any]:
        video_id = google.upload("Counted")
        next(world.posts("youtube")).truth = {"viewCount": 9007199254740993, "likeCount": 0}
        asked = google.data.videos().batchGetStats(part="statistics", id=f"{video_id},aaaaaaaaaaa")
        return video_id, asked.execute()

    video_id, answer = await asyncio.to_thread(flow)
    (item,) = answer["items"]
    assert item["id"] == video_id
    assert {name: int(item["statistics"][name]) for name in ("viewCount", "likeCount")} == {
        "viewCount": 9007199254740993,
        "likeCount": 0,
    }


async def test_a_report_has_rows_under_its_headers_and_no_rows_when_there_is_nothing(
    google: Google, world: World
) -> None:
    def flow() -> tuple[str, dict[str, Any], dict[str, Any]]:
        video_id = google.upload("Watched")
        empty = google.report(filters=f"video=={video_id}")
        next(world.posts("youtube")).truth = {"views": 12, "estimatedMinutesWatched": 3, "shares": 0}
        return video_id, empty, google.report(filters=f"video=={video_id}")

    video_id, empty, full = await asyncio.to_thread(flow)
    assert "rows" not in empty
    names = [header["name"] for header in full["columnHeaders"]]
    assert names == ["video", "views", "estimatedMinutesWatched", "shares"]
    assert full["rows"] == [[video_id, 12, 3, 0]]


async def test_a_deleted_video_is_gone(google: Google) -> None:
    def flow() -> tuple[Any, Any, str]:
        video_id = google.upload("Short-lived")
        answer = google.data.videos().delete(id=video_id).execute()
        return answer, google.data.videos().list(part="id", id=video_id).execute(), video_id

    answer, listed, video_id = await asyncio.to_thread(flow)
    assert not answer
    assert listed["items"] == []
    error = await refused(google.data.videos().delete(id=video_id).execute)
    assert error.status_code == 404
    assert error.error_details[0]["reason"] == "videoNotFound"


async def test_a_thumbnail_is_set_and_refused(google: Google, world: World) -> None:
    def flow() -> tuple[Any, Any]:
        video_id = google.upload("With a picture")
        return google.thumbnail(video_id, PICTURE).execute(), google.data.videos().list(
            part="snippet", id=video_id
        ).execute()

    answer, listed = await asyncio.to_thread(flow)
    schemas = schemas_of("youtube", "v3")
    assert list(faults(schemas, {"$ref": "ThumbnailSetResponse"}, answer)) == []
    assert answer["items"][0] == listed["items"][0]["snippet"]["thumbnails"]
    (post,) = world.posts("youtube")
    assert post.facts["thumbnail"] == len(PICTURE)
    error = await refused(google.thumbnail(post.id, b"no picture").execute)
    assert (error.status_code, error.error_details[0]["reason"]) == (400, "invalidImage")
    error = await refused(google.thumbnail("aaaaaaaaaaa", PICTURE).execute)
    assert (error.status_code, error.error_details[0]["reason"]) == (404, "videoNotFound")
    world.accounts("youtube")[0].role = "unverified"
    error = await refused(google.thumbnail(post.id, PICTURE).execute)
    assert (error.status_code, error.error_details[0]["reason"]) == (403, "forbidden")


async def test_a_shorts_thumbnail_is_what_the_discovery_document_says(google: Google) -> None:
    def flow() -> tuple[Any, Any]:
        video_id = google.insert("Short", SHORT).execute()["id"]
        whole = google.data.videos().list(part=",".join(PARTS), id=video_id)
        return google.thumbnail(video_id, PICTURE).execute(), whole.execute()

    answer, listed = await asyncio.to_thread(flow)
    schemas = schemas_of("youtube", "v3")
    assert list(faults(schemas, {"$ref": "ThumbnailSetResponse"}, answer)) == []
    assert list(faults(schemas, {"$ref": "VideoListResponse"}, listed)) == []
    assert "shortsAspectRatio" in answer["items"][0]
    assert listed["items"][0]["contentDetails"]["duration"] == "PT20S"


async def test_a_video_that_somebody_else_may_not_delete(google: Google, world: World) -> None:
    video_id = await asyncio.to_thread(google.upload, "Not yours")
    (post,) = world.posts("youtube")
    post.account_id = "UCsomebodyelse0000000000"
    error = await refused(google.data.videos().delete(id=video_id).execute)
    assert (error.status_code, error.error_details[0]["reason"]) == (403, "forbidden")
    post.account_id = CHANNEL
    world.state.tokens[google.credentials.token].scopes = [PREFIX + "youtube.upload"]
    error = await refused(google.data.videos().delete(id=video_id).execute)
    assert (error.status_code, error.error_details[0]["reason"]) == (
        403,
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    )
    assert [post.id for post in world.posts("youtube")] == [video_id]


async def test_a_video_that_was_rejected(google: Google, world: World) -> None:
    world.accounts("youtube")[0].role = "unverified"

    def flow() -> Any:
        video_id = google.insert("Too long", LONG_VIDEO).execute()["id"]
        return google.data.videos().list(part="status,processingDetails", id=video_id).execute()

    listed = await asyncio.to_thread(flow)
    assert list(faults(schemas_of("youtube", "v3"), {"$ref": "VideoListResponse"}, listed)) == []
    (item,) = listed["items"]
    assert (item["status"]["uploadStatus"], item["status"]["rejectionReason"]) == ("rejected", "length")


async def test_a_missing_scope_is_told_in_the_details(google: Google, world: World) -> None:
    world.state.tokens[google.credentials.token].scopes = [PREFIX + "youtube.upload"]
    error = await refused(google.data.channels().list(part="id", mine=True).execute)
    assert error.status_code == 403
    assert error.reason == "Request had insufficient authentication scopes."
    assert error.error_details[0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


async def test_a_spent_quota(google: Google) -> None:
    """Deleting costs 50 of the day's 10,000 units, also in vain."""

    def spend() -> None:
        for _ in range(201):
            try:
                google.data.videos().delete(id="aaaaaaaaaaa").execute()
            except HttpError as error:
                if error.status_code != 404:
                    raise

    error = await refused(spend)
    assert error.status_code == 403
    assert error.error_details[0]["reason"] == "quotaExceeded"
    assert error.error_details[0]["domain"] == "youtube.quota"


async def test_an_unknown_metric_and_another_channel(google: Google) -> None:
    unknown = await refused(lambda: google.report(metrics="views,likability"))
    assert unknown.status_code == 400
    assert "likability" in unknown.reason
    foreign = await refused(lambda: google.report(ids="channel==UCsomebodyelse"))
    assert foreign.status_code == 403


async def test_an_expired_token_is_renewed_behind_the_caller(google: Google, world: World) -> None:
    old = google.credentials.token
    world.state.tokens[old].expires_at = world.now() - 1
    answer = await asyncio.to_thread(google.data.channels().list(part="id", mine=True).execute)
    assert answer["items"][0]["id"] == CHANNEL
    assert google.credentials.token != old
    assert google.credentials.valid


async def test_a_revoked_grant_ends_with_invalid_grant(google: Google, world: World) -> None:
    world.kill_family(google.credentials.token)
    with pytest.raises(RefreshError, match="invalid_grant"):
        await asyncio.to_thread(google.data.channels().list(part="id", mine=True).execute)


async def test_answers_are_what_the_discovery_documents_say(google: Google, world: World) -> None:
    """All parts of everything, with nothing that the documents do not know."""

    def flow() -> dict[str, Any]:
        inserted = google.insert("Everything", selfDeclaredMadeForKids=False).execute()
        (post,) = world.posts("youtube")
        whole = {
            "Video": inserted,
            "VideoListResponse": google.data.videos().list(part=",".join(PARTS), id=post.id).execute(),
            "BatchGetStatsResponse": google.data.videos()
            .batchGetStats(part=",".join(STATS_PARTS), id=post.id)
            .execute(),
            "ChannelListResponse": google.data.channels()
            .list(part=",".join(CHANNEL_PARTS), mine=True)
            .execute(),
        }
        (channel,) = whole["ChannelListResponse"]["items"]
        uploads = channel["contentDetails"]["relatedPlaylists"]["uploads"]
        asked = google.data.playlistItems().list(part=",".join(ITEM_PARTS), playlistId=uploads)
        return whole | {"PlaylistItemListResponse": asked.execute()}

    schemas = schemas_of("youtube", "v3")
    for name, answer in (await asyncio.to_thread(flow)).items():
        assert list(faults(schemas, {"$ref": name}, answer, name)) == []
        assert answer.get("items", [answer])


async def test_reports_are_what_the_discovery_document_says(google: Google, world: World) -> None:
    def flow() -> dict[str, Any]:
        google.upload("Reported")
        next(world.posts("youtube")).truth = {"views": 12, "averageViewPercentage": 61.5}
        return google.report(
            metrics="views,averageViewPercentage", dimensions="video", sort="-views", maxResults=10
        )

    answer = await asyncio.to_thread(flow)
    assert list(faults(schemas_of("youtubeAnalytics", "v2"), {"$ref": "QueryResponse"}, answer)) == []
    assert answer["rows"][0][1:] == [12, 61.5]
