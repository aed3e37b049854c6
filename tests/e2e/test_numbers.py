"""Numbers set at the networks come back under the right keys, in the right units; every null has a reason."""

from __future__ import annotations

import math
from typing import Any

import pytest

from sextant.metrics import KEYS, Reason
from tests.e2e.client import Client, by_platform, entry

REASONS = {reason.value for reason in Reason}
Truth = dict[str, Any]

FULL: dict[str, tuple[Truth, dict[str, float]]] = {
    "x": (
        {
            "public_metrics": {
                "repost_count": 11,
                "reply_count": 12,
                "like_count": 13,
                "quote_count": 14,
                "bookmark_count": 15,
                "impression_count": 1600,
            },
            "non_public_metrics": {"impression_count": 1600, "url_link_clicks": 17, "engagements": 18},
            "video": {"view_count": 19},
        },
        {
            "likes": 13,
            "comments": 12,
            "shares": 11,
            "impressions": 1600,
            "views": 1600,
            "video_views": 19,
            "engagement": 18,
            "clicks": 17,
            "bookmarks": 15,
            "quotes": 14,
        },
    ),
    "linkedin": (
        {
            "totalShareStatistics": {
                "uniqueImpressionsCount": 410,
                "impressionCount": 500,
                "clickCount": 12,
                "likeCount": 30,
                "commentCount": 4,
                "shareCount": 2,
                "engagement": 0.096,
            },
            "reactions": {"LIKE": 30, "PRAISE": 5},
            "video": {"VIDEO_VIEW": 77, "VIEWER": 55, "TIME_WATCHED": 123456},
        },
        {
            "likes": 35,
            "comments": 4,
            "shares": 2,
            "impressions": 500,
            "video_views": 77,
            "video_viewers": 55,
            "video_watch_time_ms": 123456,
            "clicks": 12,
        },
    ),
    "instagram": (
        {
            "like_count": 76,
            "comments_count": 23,
            "insights": {
                "views": 2257,
                "reach": 1408,
                "likes": 76,
                "comments": 23,
                "saved": 2,
                "shares": 15,
                "total_interactions": 119,
                "ig_reels_avg_watch_time": 11768,
                "ig_reels_video_view_total_time": 18547084,
            },
        },
        {
            "likes": 76,
            "comments": 23,
            "shares": 15,
            "views": 2257,
            "video_views": 2257,
            "video_watch_time_ms": 18547084,
            "engagement": 119,
            "saves": 2,
        },
    ),
    "facebook": (
        {
            "insights": {
                "post_media_view": 420,
                "post_clicks": 21,
                "post_activity_by_action_type": {"like": 15, "comment": 1, "share": 2},
                "post_reactions_by_type_total": {"like": 10, "love": 5},
                "post_video_views": 193,
                "post_video_view_time": 2149995,
            },
            "video_insights": {"total_video_views": 193},
            "shares": 2,
        },
        {
            "likes": 15,
            "comments": 1,
            "shares": 2,
            "views": 420,
            "video_views": 193,
            "video_watch_time_ms": 2149995,
            "clicks": 21,
        },
    ),
    "tiktok": (
        {
            "like_count": 10,
            "comment_count": 2,
            "share_count": 1,
            "view_count": 1234,
            "business": {"favorites": 3, "reach": 90, "total_time_watched": 999.5},
        },
        {
            "likes": 10,
            "comments": 2,
            "shares": 1,
            "views": 1234,
            "video_views": 1234,
            "video_viewers": 90,
            "video_watch_time_ms": 999500,
            "saves": 3,
        },
    ),
    "youtube": (
        {
            "viewCount": 7920,
            "likeCount": 190,
            "commentCount": 32,
            "shares": 14,
            "estimatedMinutesWatched": 18342,
        },
        {
            "likes": 190,
            "comments": 32,
            "shares": 14,
            "views": 7920,
            "video_views": 7920,
            "video_watch_time_ms": 1_100_520_000,
        },
    ),
}

TEXT_ONLY = {
    "x": {"video_views"},
    "linkedin": {"video_views", "video_viewers", "video_watch_time_ms"},
    "facebook": {"video_views", "video_watch_time_ms"},
}
POSTS = [(platform, "video") for platform in FULL] + [(platform, "text") for platform in TEXT_ONLY]


def zeros(truth: Any) -> Any:
    if isinstance(truth, dict):
        return {name: zeros(value) for name, value in truth.items()}
    return 0


def check(answer: dict[str, Any], platform: str, expected: dict[str, float]) -> None:
    """Exactly these numbers, and one reason for every key beside them."""
    reading, facts = entry(answer, platform)
    assert list(reading["metrics"]) == list(KEYS)
    for key, value in reading["metrics"].items():
        assert value == expected.get(key), (
            platform,
            key,
            value,
            expected.get(key),
            facts["missing"].get(key),
        )
        assert (value is None) == (key in facts["missing"]), (platform, key)
        assert value is None or math.isfinite(value)
    assert set(facts["missing"].values()) <= REASONS
    assert facts["status"] == "success"
    assert facts["error"] is None
    assert answer["analytics"]["status"] == "success"


async def published(client: Client, platform: str, kind: str, text: str) -> tuple[str, str]:
    """The post's id and its native id; of two accounts the first is meant, and the only one."""
    first = (await client.accounts(platform))[0]
    media = [client.video] if kind == "video" else []
    body = {"post": text, "destinations": [{"social_connection_id": first}], "media_urls": media}
    status, made = await client.call("POST", "/social/post", json=body)
    assert status == 200, made
    view = await client.settled(made["post_id"])
    assert view["status"] == "posted", view
    return view["post_id"], by_platform(view)[platform]["platform_post_id"]


@pytest.mark.parametrize(("platform", "kind"), POSTS)
async def test_every_number_in_its_key_and_unit(client: Client, platform: str, kind: str) -> None:
    truth, expected = FULL[platform]
    if kind == "text":
        truth = {name: group for name, group in truth.items() if name not in ("video", "video_insights")}
        expected = {key: value for key, value in expected.items() if key not in TEXT_ONLY[platform]}
    post_id, native = await published(client, platform, kind, f"numbers {platform} {kind}")
    await client.truth(platform, native, truth)
    answer = await client.analytics(post_id)
    check(answer, platform, expected)
    missing = entry(answer, platform)[1]["missing"]
    if kind == "text":
        assert {missing[key] for key in TEXT_ONLY[platform]} == {"not_applicable"}


@pytest.mark.parametrize(("platform", "kind"), POSTS)
async def test_zero_is_zero_and_a_fall_to_zero_is_kept(client: Client, platform: str, kind: str) -> None:
    truth, expected = FULL[platform]
    if kind == "text":
        truth = {name: group for name, group in truth.items() if name not in ("video", "video_insights")}
        expected = {key: value for key, value in expected.items() if key not in TEXT_ONLY[platform]}
    post_id, native = await published(client, platform, kind, f"zeros {platform} {kind}")
    await client.truth(platform, native, truth)
    check(await client.analytics(post_id), platform, expected)
    await client.truth(platform, native, zeros(truth))
    nothing = dict.fromkeys(expected, 0)
    check(await client.analytics(post_id, refresh="true"), platform, nothing)
    check(await client.analytics(post_id), platform, nothing)


LEAVES = [
    (platform, group, name)
    for platform, (truth, _) in FULL.items()
    for group, value in truth.items()
    for name in (value if isinstance(value, dict) else [None])
]


@pytest.mark.parametrize("platform", list(FULL))
async def test_an_absent_field_is_null_and_takes_no_other_with_it(client: Client, platform: str) -> None:
    """Leaves every field of the truth out in turn: no other key changes, none becomes a made-up 0."""
    truth, expected = FULL[platform]
    post_id, native = await published(client, platform, "video", f"absent {platform}")
    for _, group, name in [leaf for leaf in LEAVES if leaf[0] == platform]:
        left = {key: dict(value) if isinstance(value, dict) else value for key, value in truth.items()}
        if name is None:
            del left[group]
        else:
            del left[group][name]
        await client.truth(platform, native, left)
        await client.advance(61)
        answer = await client.analytics(post_id, refresh="true")
        reading, facts = entry(answer, platform)
        for key, value in reading["metrics"].items():
            assert value is None or value != 0, (group, name, key)
            assert (value is None) == (key in facts["missing"]), (group, name, key)
        changed = {key for key in expected if reading["metrics"][key] != expected[key]}
        assert len(changed) <= 2, (group, name, changed)


async def test_a_post_nobody_has_read_grows_with_time(client: Client) -> None:
    post_id, _ = await published(client, "x", "text", "growing")
    first = entry(await client.analytics(post_id), "x")[0]["metrics"]["impressions"]
    await client.advance(6 * 3600)
    later = entry(await client.analytics(post_id, refresh="true"), "x")[0]["metrics"]["impressions"]
    assert later > first >= 0
