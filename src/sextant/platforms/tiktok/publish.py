"""TikTok: it pulls the video from its address; the post's id comes after moderation (tiktok.md §2)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sextant.errors import ActOutside, OutcomeUnknown, TryLater
from sextant.platforms.base import Account, Answer, Call, Checkpoint, Draft, Published, Request
from sextant.platforms.shape import items, mapping, objects, unix_time
from sextant.platforms.tiktok.auth import OPEN_API, WEB, business_url, compact, data_of, is_business
from sextant.platforms.tiktok.errors import REASONS
from sextant.platforms.tiktok.metrics import BATCH, public_url

TEXT_MAX = 2200
SHOWN_TEXT_MAX = 150
"""The Open API shows that much of a video's text."""
PUBLIC = "PUBLIC_TO_EVERYONE"
PATIENCE_S = 90.0
"""How long one go waits for a post's id; the Open API allows 30 status calls a minute."""
LONGEST_PAUSE_S = 10.0


def utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def post_url(account: Account, post_id: str) -> str | None:
    return f"{WEB}/@{account.username}/video/{post_id}" if account.username else None


# ---- publishing ----------------------------------------------------------------------------------


async def publish(call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
    """Steps: ready, submitted, posted; and failed, from which a new attempt starts at the beginning."""
    if done is None or done.step != "submitted":
        if done is None or not done.announces:
            done = Checkpoint("ready", await settings(call), announces=True)
            yield done
        done = Checkpoint("submitted", {"publish_id": await submitted(call, draft, done.state)})
        yield done
    try:
        post_id = await awaited(call, done.state["publish_id"])
    except Failed as failed:
        yield Checkpoint("failed")
        raise TryLater(failed.message) from None
    yield Checkpoint(
        "posted", published=Published(post_id, draft.kind, post_url(call.account, post_id), call.now)
    )


class Failed(TryLater):
    """This attempt is over for good; a new one is safe."""


async def settings(call: Call) -> dict[str, str]:
    """What has to be known before a post: the Open API wants its privacy named (tiktok.md §2.1)."""
    if is_business(call.app):
        return {}
    data = data_of(await call.send(Request("POST", f"{OPEN_API}/post/publish/creator_info/query/")))
    if PUBLIC not in items(data.get("privacy_level_options")):
        raise ActOutside("The TikTok account is private; make it public, posts get no id otherwise.")
    return {"privacy_level": PUBLIC}


async def submitted(call: Call, draft: Draft, state: Mapping[str, str]) -> str:
    """Asks TikTok to pull and publish; from here on the post appears by itself."""
    business = is_business(call.app)
    answer = await call.send(business_post(call, draft) if business else open_post(draft, state))
    publish_id = mapping(answer.json.get("data")).get("share_id" if business else "publish_id")
    if not publish_id:
        raise OutcomeUnknown("the answer names no post")
    return str(publish_id)


def business_post(call: Call, draft: Draft) -> Request:
    body = {
        "business_id": call.account.id,
        "video_url": draft.media[0].url,
        "post_info": {"caption": draft.text},
    }
    return Request("POST", business_url(call.app, "business/video/publish"), json=body, commits=True)


def open_post(draft: Draft, state: Mapping[str, str]) -> Request:
    body = {
        "post_info": {"title": draft.text, "privacy_level": state["privacy_level"]},
        "source_info": {"source": "PULL_FROM_URL", "video_url": draft.media[0].url},
    }
    return Request("POST", f"{OPEN_API}/post/publish/video/init/", json=body, commits=True)


# ---- waiting for the id --------------------------------------------------------------------------


async def awaited(call: Call, publish_id: str) -> str:
    """The post's id, once it is public and moderated: usually within a minute, sometimes hours."""
    waited, pause = 0.0, 0.5
    while (post_id := id_of(await call.send(status_request(call, publish_id)))) is None:
        if waited >= PATIENCE_S:
            raise TryLater("TikTok took the video but has not given the post an id yet.")
        await call.pause(pause)
        waited, pause = waited + pause, min(pause * 1.5, LONGEST_PAUSE_S)
    return post_id


def status_request(call: Call, publish_id: str) -> Request:
    if is_business(call.app):
        params = {"business_id": call.account.id, "publish_id": publish_id}
        return Request("GET", business_url(call.app, "business/publish/status"), params=params)
    url = f"{OPEN_API}/post/publish/status/fetch/"
    return Request("POST", url, json={"publish_id": publish_id})


def id_of(answer: Answer) -> str | None:
    """The id of the public post, exact; None as long as there is none. Raises what a failure means."""
    data = data_of(answer)
    if data.get("status") == "FAILED":
        reason = str(data.get("fail_reason") or data.get("reason") or "no reason given")
        kind = REASONS.get(reason, TryLater)
        raise Failed(reason) if kind is TryLater else kind(reason)
    # The Open API really spells it so; both send numbers above 2^53, or strings (tiktok.md §2.6, §2.10).
    ids = items(data.get("post_ids")) or items(data.get("publicaly_available_post_id"))
    return str(ids[0]) if ids else None


# ---- after a lost answer ---------------------------------------------------------------------------


async def find_published(call: Call, draft: Draft, done: Checkpoint, since: datetime) -> Published | None:
    """Looks among the newest videos for a while. Never None: a pull may still be under way unseen."""
    since = since.astimezone(UTC).replace(microsecond=0)  # TikTok's times have whole seconds
    waited, pause = 0.0, 1.0
    while not (found := candidates(await newest(call), draft, since)) and waited < PATIENCE_S:
        await call.pause(pause)
        waited, pause = waited + pause, min(pause * 1.5, LONGEST_PAUSE_S)
    if len(found) != 1:
        raise OutcomeUnknown(
            "no video like this one yet" if not found else "several videos are like this one"
        )
    video = found[0]
    post_id = str(video.get("item_id") or video.get("id"))
    url = public_url(video) or post_url(call.account, post_id)
    return Published(post_id, draft.kind, url, created_at(video))


async def newest(call: Call) -> list[dict[str, Any]]:
    """The account's newest videos, at most 20."""
    if is_business(call.app):
        fields = compact(["item_id", "create_time", "caption", "share_url"])
        params = {"business_id": call.account.id, "fields": fields, "max_count": str(BATCH)}
        request = Request("GET", business_url(call.app, "business/video/list"), params=params)
    else:
        fields = "id,create_time,video_description,share_url"
        url = f"{OPEN_API}/video/list/"
        request = Request("POST", url, params={"fields": fields}, json={"max_count": BATCH})
    return objects(data_of(await call.send(request)).get("videos"))


def candidates(videos: list[dict[str, Any]], draft: Draft, since: datetime) -> list[dict[str, Any]]:
    return [video for video in videos if created_at(video) >= since and same_text(video, draft.text)]


def created_at(video: Mapping[str, Any]) -> datetime:
    return unix_time(video.get("create_time")) or datetime.min.replace(tzinfo=UTC)


def same_text(video: Mapping[str, Any], text: str) -> bool:
    if "caption" in video:
        return str(video["caption"] or "").strip() == text.strip()
    shown = str(video.get("video_description") or "").strip()
    return text.strip().startswith(shown) if len(shown) >= SHOWN_TEXT_MAX else shown == text.strip()
