"""TikTok: how a post on its way is getting on, by its publish_id (tiktok.md §2.6, §2.10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sextant.errors import Fault, FixContent, TryLater
from sextant.platforms.base import Call, Draft, Request
from sextant.platforms.shape import iso_time, items, whole
from sextant.platforms.tiktok.auth import OPEN_API, business_url, data_of, is_business
from sextant.platforms.tiktok.errors import REASONS
from sextant.platforms.tiktok.limits import BUSINESS_CALL, is_photos, options_of

PUBLIC = "PUBLIC_TO_EVERYONE"
PATIENCE_S = 90.0
"""How long one go waits for a post's id; the Open API allows 30 status calls a minute."""
LONGEST_PAUSE_S = 10.0
REVIEWED = timedelta(days=1)
"""The id comes with the end of the review: within a minute as a rule, sometimes after hours (§2.6)."""


class Failed(TryLater):
    """This attempt is over for good. `meaning`: what its reason asks for; a TryLater may be made anew."""

    def __init__(self, meaning: Fault) -> None:
        super().__init__(meaning.message)
        self.meaning = meaning

    @property
    def passing(self) -> bool:
        return isinstance(self.meaning, TryLater)

    @property
    def of_content(self) -> bool:
        return isinstance(self.meaning, FixContent)


@dataclass(frozen=True, slots=True)
class State:
    """`post_id` is exact, and None until the post is public and reviewed; `stored` counts bytes."""

    word: str
    post_id: str | None
    stored: int | None

    @property
    def is_complete(self) -> bool:
        return self.word == "PUBLISH_COMPLETE"

    @property
    def wants_bytes(self) -> bool:
        return self.word == "PROCESSING_UPLOAD"


async def state_of(call: Call, publish_id: str) -> State:
    """Raises Failed where TikTok has given the attempt up."""
    data = data_of(await call.send(state_request(call, publish_id)))
    if data.get("status") == "FAILED":
        raise Failed(meaning(data))
    # The Open API really spells it so; both send numbers above 2^53, or strings (tiktok.md §2.6, §2.10).
    ids = items(data.get("post_ids")) or items(data.get("publicaly_available_post_id"))
    return State(str(data.get("status")), str(ids[0]) if ids else None, whole(data.get("uploaded_bytes")))


def state_request(call: Call, publish_id: str) -> Request:
    if is_business(call.app):
        params = {"business_id": call.account.id, "publish_id": publish_id}
        url = business_url(call.app, "business/publish/status")
        return Request("GET", url, params=params, spends=BUSINESS_CALL)
    url = f"{OPEN_API}/post/publish/status/fetch/"
    return Request("POST", url, json={"publish_id": publish_id})


def meaning(data: Mapping[str, Any]) -> Fault:
    reason = str(data.get("fail_reason") or data.get("reason") or "no reason given")
    return REASONS.get(reason, TryLater)(reason)


async def native_id(call: Call, draft: Draft, state: Mapping[str, str]) -> str:
    """The post's id. A post that is not public never gets one: it keeps its publish_id as its name."""
    publish_id, waited, pause = state["publish_id"], 0.0, 0.5
    while (found := await state_of(call, publish_id)).post_id is None:
        if found.is_complete and stays_unnamed(call, draft, state):
            return publish_id
        if waited >= PATIENCE_S:
            raise TryLater("TikTok took the post but has not given it an id yet.")
        await call.pause(pause)
        waited, pause = waited + pause, min(pause * 1.5, LONGEST_PAUSE_S)
    return found.post_id


def stays_unnamed(call: Call, draft: Draft, state: Mapping[str, str]) -> bool:
    """Not public by its own setting; or without an id for so long that the account's must be to blame."""
    at = iso_time(state.get("at"))
    return not is_public(call, draft) or (at is not None and call.now - at > REVIEWED)


def is_public(call: Call, draft: Draft) -> bool:
    """As far as the post says: videos of the Business API take the account's own setting."""
    if is_business(call.app) and not is_photos(draft):
        return True
    return options_of(draft).privacy in (None, PUBLIC)
