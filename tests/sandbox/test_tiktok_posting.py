"""The simulated TikTok over plain HTTP: photos, options, content, and accounts that may not post."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.test_tiktok import ME, MP4, Answer, Client, anybody, mosaic

__all__ = ["anybody", "mosaic"]

PUBLIC = {"privacy_level": "PUBLIC_TO_EVERYONE"}


def medium(client: Client, name: str) -> str:
    return f"{client.sandbox.url}/_control/media/{name}"


async def open_photos(client: Client, *names: str, **changes: Any) -> Answer:
    urls = [medium(client, name) for name in names]
    body = {
        "media_type": "PHOTO",
        "post_mode": "DIRECT_POST",
        "post_info": {"title": "T", "description": "Pictures", **PUBLIC},
        "source_info": {"source": "PULL_FROM_URL", "photo_cover_index": 0, "photo_images": urls},
    }
    return await client.post("post/publish/content/init/", {**body, **changes})


async def business_photos(client: Client, *names: str, **changes: Any) -> Answer:
    urls = [medium(client, name) for name in names]
    body = {"business_id": ME, "photo_images": urls, "post_info": {"caption": "Pictures"}, **changes}
    return await client.biz("POST", "business/photo/publish/", body)


async def open_state(client: Client, answer: Answer) -> dict[str, Any]:
    client.world.clock.advance(2)
    return await client.status(answer.body["data"]["publish_id"])


async def business_state(client: Client, answer: Answer) -> dict[str, Any]:
    client.world.clock.advance(2)
    share_id = answer.body["data"]["share_id"]
    found = await client.biz("GET", "business/publish/status/", business_id=ME, publish_id=share_id)
    return dict(found.body["data"])


# ---- photos ------------------------------------------------------------------------------------------


async def test_photos_become_one_post_in_either_api(mosaic: Client) -> None:
    first = await open_state(mosaic, await open_photos(mosaic, "sample.jpg", "sample.jpg"))
    second = await business_state(mosaic, await business_photos(mosaic, "sample.jpg"))
    ids = [str(first["publicaly_available_post_id"][0]), second["post_ids"][0]]
    posts = list(mosaic.world.posts("tiktok"))
    assert [(post.id, post.kind, post.text) for post in posts] == [(i, "photo", "Pictures") for i in ids]
    assert [post.facts["photos"] for post in posts] == [2, 1]
    fields = ["item_id", "media_type", "share_url", "reach", "total_time_watched", "favorites"]
    for row in (await mosaic.listed(*ids, fields=fields)).body["data"]["videos"]:
        assert row["media_type"] == "PHOTO"
        assert f"/photo/{row['item_id']}?" in row["share_url"]
        assert (row["reach"], row["total_time_watched"]) == (None, None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"media_type": "VIDEO"}, "invalid_param"),
        ({"post_mode": "MEDIA_UPLOAD"}, "invalid_param"),
        ({"post_info": {"description": "x"}}, "invalid_param"),
        ({"post_info": {"title": "x" * 91, **PUBLIC}}, "invalid_param"),
        ({"post_info": {"description": "x" * 4001, **PUBLIC}}, "invalid_param"),
        ({"post_info": {"is_aigc": True, **PUBLIC}}, "invalid_param"),
        ({"post_info": {"privacy_level": "FOLLOWER_OF_CREATOR"}}, "privacy_level_option_mismatch"),
        ({"source_info": {"source": "FILE_UPLOAD", "photo_images": ["x"]}}, "invalid_param"),
        ({"source_info": {"source": "PULL_FROM_URL", "photo_images": []}}, "invalid_param"),
        ({"source_info": {"source": "PULL_FROM_URL", "photo_images": ["x"] * 36}}, "invalid_param"),
        (
            {"source_info": {"source": "PULL_FROM_URL", "photo_images": ["x"], "photo_cover_index": 1}},
            "invalid_param",
        ),
        (
            {"source_info": {"source": "PULL_FROM_URL", "photo_images": ["https://elsewhere.example/1.jpg"]}},
            "url_ownership_unverified",
        ),
        ({"surprise": 1}, "invalid_param"),
    ],
)
async def test_photos_refused(mosaic: Client, changes: dict[str, Any], code: str) -> None:
    assert (await open_photos(mosaic, "sample.jpg", **changes)).code == code
    assert list(mosaic.world.posts("tiktok")) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"photo_images": []}, 40002),
        ({"photo_images": ["x"] * 36}, 40002),
        ({"photo_cover_index": 1}, 40002),
        ({"post_info": {"caption": "x" * 4001}}, 40002),
        ({"post_info": {"title": "x" * 91}}, 40002),
        ({"post_info": {"disable_duet": True}}, 40002),
        ({"post_info": {"privacy_level": "SELF_ONLY", "is_branded_content": True}}, 40002),
        ({"post_info": {"privacy_level": "FOLLOWER_OF_CREATOR"}}, 40002),
        ({"photo_images": ["https://elsewhere.example/1.jpg"]}, 40902),
        ({"surprise": 1}, 40002),
    ],
)
async def test_business_photos_refused(mosaic: Client, changes: dict[str, Any], code: int) -> None:
    assert (await business_photos(mosaic, "sample.jpg", **changes)).code == code
    assert list(mosaic.world.posts("tiktok")) == []


# ---- content -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("made.jpg?width=1080&height=1920", None),
        ("made.webp?width=1920&height=1080", None),
        ("made.jpg?width=1081&height=1920", "picture_size_check_failed"),
        ("made.jpg?width=1080&height=1921", "picture_size_check_failed"),
        ("made.png?width=100&height=100", "file_format_check_failed"),
        ("sample.mp4", "file_format_check_failed"),
        ("made.jpg?width=100&height=100&bytes=20971521", "file_format_check_failed"),
        ("none.jpg", "photo_pull_failed"),
    ],
)
async def test_photos_are_judged_by_content(mosaic: Client, name: str, reason: str | None) -> None:
    state = await open_state(mosaic, await open_photos(mosaic, name))
    assert state.get("fail_reason") == reason
    assert len(list(mosaic.world.posts("tiktok"))) == (reason is None)


@pytest.mark.parametrize(
    ("query", "open_reason", "business_reason"),
    [
        ("seconds=600&width=360&height=360", None, None),
        ("seconds=601&width=720&height=1280", "duration_check_failed", "duration_check_failed"),
        ("seconds=2&width=720&height=1280", None, "duration_check_failed"),
        ("seconds=5&width=359&height=720", "picture_size_check_failed", "picture_size_check_failed"),
        ("seconds=5&width=720&height=4098", "picture_size_check_failed", None),
    ],
)
async def test_videos_are_judged_by_content(
    mosaic: Client, query: str, open_reason: str | None, business_reason: str | None
) -> None:
    url = medium(mosaic, f"made.mp4?{query}")
    source = {"source": "PULL_FROM_URL", "video_url": url}
    pulled = await mosaic.post("post/publish/video/init/", {"post_info": PUBLIC, "source_info": source})
    assert (await open_state(mosaic, pulled)).get("fail_reason") == open_reason
    shared = await mosaic.business_publish(video_url=url)
    assert (await business_state(mosaic, shared)).get("reason") == business_reason


# ---- options -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "info", [{"surprise": 1}, {"disable_duet": "yes"}, {"video_cover_timestamp_ms": -1}, {"description": "x"}]
)
async def test_open_options_are_held_to_the_document(mosaic: Client, info: dict[str, Any]) -> None:
    assert (await mosaic.init(**info)).code == "invalid_param"


@pytest.mark.parametrize(
    "changes",
    [
        {"post_info": {"privacy_level": "SELF_ONLY"}},
        {"post_info": {"surprise": 1}},
        {"post_info": {"thumbnail_offset": 1}, "custom_thumbnail_url": "x"},
        {"surprise": 1},
    ],
)
async def test_business_options_are_held_to_the_document(mosaic: Client, changes: dict[str, Any]) -> None:
    assert (await mosaic.business_publish(**changes)).code == 40002


# ---- accounts that may not -------------------------------------------------------------------------------


async def test_what_forbids_posting_comes_with_http_200_when_the_creator_is_asked(mosaic: Client) -> None:
    await mosaic.switch(role="banned")
    asked = await mosaic.post("post/publish/creator_info/query/")
    assert (asked.status, asked.code) == (200, "spam_risk_user_banned_from_posting")
    refused = await mosaic.init()
    assert (refused.status, refused.code) == (403, "spam_risk_user_banned_from_posting")
    assert (await mosaic.business_publish()).code == 40001


async def test_fifteen_posts_a_day_where_that_is_switched_on(mosaic: Client) -> None:
    await mosaic.switch(tier="capped")
    for _ in range(15):
        await mosaic.film()
    assert (await mosaic.post("post/publish/creator_info/query/")).code == "spam_risk_too_many_posts"
    refused = await mosaic.init()
    assert (refused.status, refused.code) == (403, "spam_risk_too_many_posts")
    assert (await mosaic.business_publish()).code == 40133


async def test_a_private_account_has_no_public_posts(mosaic: Client) -> None:
    await mosaic.switch(role="private")
    settings = await mosaic.biz("GET", "business/video/settings/", business_id=ME)
    assert "PUBLIC_TO_EVERYONE" not in settings.body["data"]["privacy_level_options"]
    assert (await mosaic.init()).code == "privacy_level_option_mismatch"
    state = await business_state(mosaic, await mosaic.business_publish())
    assert (state["status"], state["post_ids"]) == ("PUBLISH_COMPLETE", [])


async def test_an_app_that_was_not_audited(mosaic: Client) -> None:
    await mosaic.switch(tier="unaudited")
    code = "unaudited_client_can_only_post_to_private_accounts"
    assert (await mosaic.init()).code == code
    assert (await mosaic.init(privacy_level="SELF_ONLY")).code == code
    await mosaic.switch(role="private")
    assert (await mosaic.init(privacy_level="SELF_ONLY")).code == "ok"


async def test_what_the_creator_has_switched_off_stays_off(mosaic: Client) -> None:
    await mosaic.switch(role="quiet")
    assert (await mosaic.init(disable_comment=False)).code == "invalid_param"
    assert (await mosaic.init(disable_comment=True)).code == "ok"


# ---- a chunk that breaks off ------------------------------------------------------------------------------


async def test_a_chunk_counts_only_when_all_of_it_came(mosaic: Client) -> None:
    data = (await mosaic.init()).body["data"]
    short = {"Content-Type": "video/mp4", "Content-Range": f"bytes 0-{len(MP4) - 1}/{len(MP4)}"}
    assert (await mosaic.ask("PUT", data["upload_url"], headers=short, data=MP4[:-1])).status == 400
    assert (await mosaic.status(data["publish_id"]))["uploaded_bytes"] == 0
    assert (await mosaic.put(data["upload_url"], MP4)).status == 201
