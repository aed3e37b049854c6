"""From the bodies of requests about posts to what publishing.py is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from sextant.api.schema import ChangePost, CreatePost
from sextant.api.times import moment
from sextant.errors import Invalid, fault_at
from sextant.publishing import Change, NewPost
from sextant.targets import Wanted


def new_post(body: CreatePost, raw: dict[str, Any], *, proposed: bool) -> NewPost:
    """`raw` is the same body undecoded: what was left out of options is not the same as its default."""
    return NewPost(
        text=body.post,
        media_urls=body.media_urls,
        destinations=_wanted(body, raw),
        platforms=body.platforms,
        options=_given(raw),
        scheduled_at=scheduled(body.schedule_date),
        needs_approval=proposed or body.needs_approval,
    )


def _wanted(body: CreatePost, raw: dict[str, Any]) -> list[Wanted]:
    ids = [entry.social_connection_id.lower() for entry in body.destinations]
    faults = [
        fault_at(["body", "destinations", place, "social_connection_id"], "This connection is named twice.")
        for place, wanted in enumerate(ids)
        if wanted in ids[:place]
    ]
    if faults:
        raise Invalid(*faults)
    entries = zip(ids, body.destinations, raw.get("destinations", []), strict=True)
    return [Wanted(wanted, entry.post, _given(given) or None) for wanted, entry, given in entries]


def _given(raw: dict[str, Any]) -> dict[str, dict[str, Any]]:
    options = raw.get("options") or {}
    return {name: fields for name, fields in options.items() if fields is not None}


def change(body: ChangePost) -> Change:
    at = body.schedule_date
    return Change(
        scheduled_at=at if at is msgspec.UNSET else scheduled(at),
        paused=body.scheduled_pause,
        notes=body.notes,
        approve=body.approve,
        text=body.post,
        media_urls=body.media_urls,
    )


def scheduled(value: str | None) -> datetime | None:
    """The time of a `schedule_date`, in UTC; Invalid when it is none."""
    if value is None:
        return None
    at: list[str | int] = ["body", "schedule_date"]
    return moment(value, at)
