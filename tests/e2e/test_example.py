"""The contract's own example, key for key and in order."""

from __future__ import annotations

import json

from tests.e2e.client import Client

EXAMPLE = """
{
  "post_id": "POST",
  "platform": "x",
  "social_connection_id": "CONNECTION",
  "analytics": {
    "status": "success",
    "totals": {"likes": 42, "comments": 7, "shares": 5, "impressions": 18420, "views": 9120, "video_views": null, "video_viewers": null, "video_watch_time_ms": null, "engagement": null, "clicks": null, "saves": null, "bookmarks": 18, "quotes": 3},
    "platforms": [
      {"platform": "x", "platform_post_id": "NATIVE", "post_url": "https://x.com/mosaic_so/status/NATIVE",
       "metrics": {"likes": 42, "comments": 7, "shares": 5, "impressions": 18420, "views": 9120, "video_views": null, "video_viewers": null, "video_watch_time_ms": null, "engagement": null, "clicks": null, "saves": null, "bookmarks": 18, "quotes": 3},
       "raw_metrics": {"likeCount": 42, "replyCount": 7, "repostCount": 5, "impressionCount": 18420, "viewCount": 9120, "bookmarkCount": 18, "quoteCount": 3}}
    ],
    "metadata": {}
  },
  "stats": {"status": "success", "x": {"id": "NATIVE", "analytics": {"likeCount": 42, "replyCount": 7, "repostCount": 5, "impressionCount": 18420, "viewCount": 9120, "bookmarkCount": 18, "quoteCount": 3}}}
}
"""  # noqa: E501

NUMBERS = {
    "quote_count": 3,
    "repost_count": 5,
    "reply_count": 7,
    "like_count": 42,
    "bookmark_count": 18,
    "impression_count": 18420,
    "view_count": 9120,
}


async def test_the_answer_equals_the_example(client: Client) -> None:
    first = (await client.accounts("x"))[0]
    for text, media in (("the example", []), ("the example, with a video", [client.video])):
        body = {"post": text, "destinations": [{"social_connection_id": first}], "media_urls": media}
        _, made = await client.call("POST", "/social/post", json=body)
        view = await client.settled(made["post_id"])
        (destination,) = view["destinations"]
        native = destination["platform_post_id"]
        await client.truth("x", native, {"public_metrics": NUMBERS})
        answer = await client.analytics(view["post_id"])
        answer["analytics"]["metadata"].pop("destinations")
        expected = EXAMPLE.replace("POST", view["post_id"]).replace("NATIVE", native)
        expected = expected.replace("CONNECTION", first)
        assert json.dumps(answer) == json.dumps(json.loads(expected))
