"""Publishing: once, or looked for; passing failures are tried again, real ones are said."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sextant.sandboxed import Running
from sextant.serve import services_on
from tests.e2e.client import Client, by_platform
from tests.e2e.stories import held
from tests.waiting import HELD_MS

NETWORKS = ["x", "linkedin", "instagram", "facebook", "tiktok", "youtube"]
TEXT = ["x", "linkedin", "facebook"]


async def send(client: Client, platform: str, text: str, video: bool) -> dict[str, Any]:
    """Posts to the first account of a platform and waits until it rests."""
    first = (await client.accounts(platform))[0]
    media = [client.video] if video else []
    body = {"post": text, "destinations": [{"social_connection_id": first}], "media_urls": media}
    status, made = await client.call("POST", "/social/post", json=body)
    assert status == 200, made
    return await client.settled(made["post_id"])


async def test_one_video_everywhere(client: Client) -> None:
    view = await client.publish(*NETWORKS, text="everywhere")
    assert view["status"] == "posted", view
    assert len(view["destinations"]) == 7
    for row in view["destinations"]:
        assert row["status"] == "posted"
        assert row["error"] is None
        natives = [post["id"] for post in await client.native_posts(row["platform"])]
        assert row["platform_post_id"] in natives
        assert row["post_url"].startswith("https://")
    assert len(view["links"]) == 7
    assert view["platforms"] == NETWORKS
    assert view["published_at"] is not None


@pytest.mark.parametrize("platform", TEXT)
async def test_text_where_there_are_text_posts(client: Client, platform: str) -> None:
    text = f"Text on {platform} (with brackets) #tag 100% & <more> 🙂"
    view = await send(client, platform, text, video=False)
    assert view["status"] == "posted", view
    native = view["destinations"][0]["platform_post_id"]
    (post,) = [p for p in await client.native_posts(platform) if p["id"] == native]
    assert post["text"].replace("\\", "") == text


@pytest.mark.parametrize("platform", NETWORKS)
async def test_a_lost_answer_is_looked_for_and_nothing_goes_out_twice(client: Client, platform: str) -> None:
    before = len(await client.native_posts(platform))
    await client.fault(platform, "publish", "drop_after_commit")
    view = await send(client, platform, f"lost answer on {platform}", video=True)
    assert view["status"] == "posted", view
    natives = await client.native_posts(platform)
    assert len(natives) == before + 1
    assert by_platform(view)[platform]["platform_post_id"] == natives[-1]["id"]


@pytest.mark.parametrize("platform", NETWORKS)
async def test_a_passing_refusal_is_tried_again(client: Client, platform: str) -> None:
    before = len(await client.native_posts(platform))
    await client.fault(platform, "publish", "status", status=429, headers={"Retry-After": "1"})
    made = await taken(client, platform, f"passing refusal on {platform}")
    await client.advance(301)  # Meta's answer names five minutes beside the header.
    view = await client.settled(made)
    assert view["status"] == "posted", view
    assert len(await client.native_posts(platform)) == before + 1


@pytest.mark.parametrize("platform", NETWORKS)
async def test_a_failure_on_the_way_is_sent_again_only_when_that_is_safe(
    client: Client, platform: str
) -> None:
    """Where one request uploads and publishes, a 503 leaves it open whether the post is out."""
    before = len(await client.native_posts(platform))
    await client.fault(platform, "publish", "status", status=503)
    row = await rested(client, platform, f"503 on {platform}")
    natives = await client.native_posts(platform)
    assert row["status"] in ("posted", "unknown")
    assert len(natives) == before + (row["status"] == "posted")
    if row["status"] == "unknown":
        assert "may be out" in row["error"]


async def taken(client: Client, platform: str, text: str) -> str:
    """The id of a post with a video to the first account of a platform."""
    first = (await client.accounts(platform))[0]
    body = {"post": text, "destinations": [{"social_connection_id": first}], "media_urls": [client.video]}
    status, made = await client.call("POST", "/social/post", json=body)
    assert status == 200, made
    post_id: str = made["post_id"]
    return post_id


async def rested(client: Client, platform: str, text: str) -> dict[str, Any]:
    """The destination once it is no longer `processing`."""
    post_id = await taken(client, platform, text)
    for _ in range(1200):
        row = (await client.get(f"/social/post/{post_id}"))["destinations"][0]
        if row["status"] != "processing":
            return dict(row)
        await asyncio.sleep(0.1)
    raise AssertionError(row)


async def test_a_real_refusal_is_said(client: Client) -> None:
    await send(client, "x", "twice the same", video=False)
    view = await send(client, "x", "twice the same", video=False)
    assert view["status"] == "failed"
    assert "duplicate" in view["destinations"][0]["error"]


async def test_one_failing_does_not_hold_the_others(client: Client) -> None:
    first = [(await client.accounts(name))[0] for name in ("x", "linkedin")]
    body = {"post": "half of it", "destinations": [{"social_connection_id": c} for c in first]}
    made = (await client.call("POST", "/social/post", json=body))[1]
    await client.settled(made["post_id"])
    body["post"] = "half of it"
    again = (await client.call("POST", "/social/post", json=body))[1]
    view = await client.settled(again["post_id"])
    assert view["status"] == "failed"
    assert {row["status"] for row in view["destinations"]} == {"failed"}


async def test_a_video_that_cannot_be_read_is_refused_with_a_sentence(client: Client) -> None:
    first = [(await client.accounts(name))[0] for name in NETWORKS]
    body = {
        "post": "no such video",
        "destinations": [{"social_connection_id": c} for c in first],
        "media_urls": [f"{client.up.sandbox.url}/_control/media/none.mp4"],
    }
    status, answer = await client.call("POST", "/social/post", json=body)
    assert (status, answer["error"]) == (422, "validation_error")
    [fault] = answer["detail"]
    assert fault["loc"] == ["body", "media_urls", 0]
    assert "404" in fault["msg"]


async def test_what_a_process_left_is_taken_up_by_the_next(up: Running, client: Client) -> None:
    """A second set of services on the same database finds the unfinished post and publishes it once."""
    before = len(await client.native_posts("linkedin"))
    await client.fault("linkedin", "publish", "slow", delay_ms=HELD_MS, times=None)
    body = {"post": "left behind", "platforms": ["linkedin"], "media_urls": [client.video]}
    waiting = asyncio.create_task(client.call("POST", "/social/post", json=body))
    await held(client, "linkedin")
    engine = up.services.publishing.engine
    for task in list(engine._running.values()):
        task.cancel()
    await client.no_faults()
    await client.advance(61)
    settings, apps = up.services.settings, dict(up.services.accounts.apps)
    async with services_on(settings, apps, up.services.clock, up.sandbox.url) as second:
        _, made = await waiting
        view = await client.settled(made["post_id"])
        assert second.publishing.engine is not engine
    assert view["status"] == "posted", view
    assert len(await client.native_posts("linkedin")) == before + 1
