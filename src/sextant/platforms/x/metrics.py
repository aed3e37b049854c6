"""X: numbers of up to 100 posts, the public and the private ones side by side (x.md §3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sextant.errors import ActOutside, Fault, NoValue, Reconnect, TryLater
from sextant.metrics import Reason
from sextant.platforms.base import (
    Answer,
    Call,
    Json,
    Published,
    Reading,
    Refusal,
    Request,
    camel_keys,
    together,
)
from sextant.platforms.x.auth import url
from sextant.platforms.x.errors import entries, meaning

PRIVATE_LIFE = timedelta(days=30)
TOO_OLD = Refusal(Reason.EXPIRED, "X gives private numbers of posts younger than 30 days only.")

PUBLIC_FIELDS = {
    "post.fields": "public_metrics,created_at,attachments",
    "media.fields": "public_metrics,type",
}
PRIVATE_FIELDS = {
    "post.fields": "non_public_metrics,organic_metrics,attachments",
    "media.fields": "non_public_metrics,organic_metrics,type",
}

FLAT = ("public_metrics", "non_public_metrics")
"""Groups whose counters stand at the top level of `raw`."""

KEYS: Mapping[str, str] = {
    "public_metrics.like_count": "likes",
    "public_metrics.reply_count": "comments",
    "public_metrics.repost_count": "shares",
    "public_metrics.retweet_count": "shares",
    "public_metrics.impression_count": "impressions",
    "public_metrics.view_count": "views",
    "public_metrics.bookmark_count": "bookmarks",
    "public_metrics.quote_count": "quotes",
    "non_public_metrics.engagements": "engagement",
    "non_public_metrics.url_link_clicks": "clicks",
}
"""Which of the 13 keys falls with a refused field."""

PRIVATE_KEYS = ("engagement", "clicks")

Groups = dict[str, dict[str, Json]]
"""Metric groups by X's own names: `public_metrics` → counters."""


@dataclass(slots=True)
class Row:
    """What one call told of one post."""

    groups: Groups = field(default_factory=dict)
    video: Groups = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    present: bool = False


Rows = Mapping[str, Row]


async def read(call: Call, posts: Sequence[Published]) -> list[Reading]:
    """One Reading per post. Refused private fields never cost the public numbers (x.md §3.2)."""
    young = [post for post in posts if call.now - post.at < PRIVATE_LIFE]
    public, private = await together(
        lookup(call, posts, PUBLIC_FIELDS),
        lookup(call, young, PRIVATE_FIELDS),
    )
    if isinstance(public, Fault):
        raise public
    asked = {post.id for post in young}
    return [
        reading(post.id, public[post.id], private_of(post.id, private) if post.id in asked else None)
        for post in posts
    ]


async def lookup(call: Call, posts: Sequence[Published], fields: Mapping[str, str]) -> Rows:
    """The rows of one call, a row for every post."""
    rows = {post.id: Row() for post in posts}
    if not rows:
        return rows
    params = {"ids": ",".join(rows), "expansions": "attachments.media_keys", **fields}
    request = Request("GET", url(call.app, "/tweets"), params=params, posts=len(posts))
    fill(rows, await call.send(request))
    return rows


def private_of(post_id: str, private: Rows | Fault) -> Row | Fault:
    return private if isinstance(private, Fault) else private[post_id]


# ---- from an answer to rows ------------------------------------------------------------------------


def fill(rows: dict[str, Row], answer: Answer) -> None:
    media = {
        item.get("media_key"): item for item in objects((answer.json.get("includes") or {}).get("media"))
    }
    for post in objects(answer.json.get("data")):
        row = rows.get(str(post.get("id")))
        if row is not None:
            row.present, row.groups, row.video = True, groups(post), video_of(post, media)
    for entry in entries(answer.json):
        row = rows.get(str(entry.get("resource_id") or entry.get("value")))
        if row is not None:
            row.errors.append(entry)


def objects(value: Json) -> Iterator[dict[str, Any]]:
    """The objects of a list, or the one object that the lookup of a single id gives."""
    items = value if isinstance(value, list) else [value]
    return (item for item in items if isinstance(item, dict))


def groups(item: Mapping[str, Json]) -> Groups:
    return {
        name: value for name, value in item.items() if name.endswith("_metrics") and isinstance(value, dict)
    }


def video_of(post: Mapping[str, Any], media: Mapping[str | None, dict[str, Any]]) -> Groups:
    """The metric groups of the attached video; a post has one at most (x.md §2.5)."""
    keys = (post.get("attachments") or {}).get("media_keys") or []
    videos = (media[key] for key in keys if media.get(key, {}).get("type") == "video")
    return groups(next(videos, {}))


# ---- from rows to a reading ------------------------------------------------------------------------


def reading(post_id: str, public: Row, private: Row | Fault | None) -> Reading:
    """`private` None: the post is too old for private numbers."""
    if not public.present:
        return Reading(post_id, fault=absence(public))
    found = Reading(post_id, raw=raw_of(public, private), refused=refusals(public), fault=broken(public))
    if private is None:
        return replace(found, refused={**found.refused, **dict.fromkeys(PRIVATE_KEYS, TOO_OLD)})
    if isinstance(private, Fault):
        return without_private(found, private)
    return replace(
        found, refused={**found.refused, **refusals(private)}, fault=found.fault or broken(private)
    )


def absence(row: Row) -> Fault:
    """Why a post is not in `data`."""
    said = [meaning(entry) for entry in row.errors]
    return next(iter(said), TryLater("X left this post out of its answer."))


def broken(row: Row) -> Fault | None:
    """The fault of a row that X could not fill for a passing reason."""
    return next((fault for fault in map(meaning, row.errors) if isinstance(fault, TryLater)), None)


def refusals(row: Row) -> dict[str, Refusal]:
    return {
        key: refusal(meaning(entry))
        for entry in row.errors
        for key in keys_under(str(entry.get("field", "")))
    }


def keys_under(name: str) -> set[str]:
    """The keys that a field or group of fields feeds."""
    return {key for path, key in KEYS.items() if path == name or path.startswith(f"{name}.")}


def refusal(fault: Fault) -> Refusal:
    missing_right = isinstance(fault, NoValue | ActOutside | Reconnect)
    return Refusal(Reason.NOT_AUTHORIZED if missing_right else Reason.UPSTREAM_ERROR, fault.message)


def without_private(found: Reading, fault: Fault) -> Reading:
    """The public numbers alone, after the private call failed as a whole."""
    why = refusal(fault)
    refused = {**found.refused, **dict.fromkeys(PRIVATE_KEYS, why)}
    unanswered = fault if why.reason is Reason.UPSTREAM_ERROR else None
    return replace(found, refused=refused, fault=found.fault or unanswered)


def raw_of(public: Row, private: Row | Fault | None) -> dict[str, Json]:
    """Public counters at the top; private ones too where the name is free; the video's under `video`."""
    post, video = public.groups, public.video
    if isinstance(private, Row):
        post, video = {**post, **private.groups}, {**video, **private.video}
    raw = flattened(post)
    for name, counters in video.items():
        if name not in FLAT:
            raw.setdefault(name, {})["video"] = counters
    if flat := flattened({name: video[name] for name in FLAT if name in video}):
        raw["video"] = flat
    named: dict[str, Json] = camel_keys(raw)
    return named


def flattened(metric_groups: Groups) -> dict[str, Any]:
    """The counters of the FLAT groups at the top; one whose name is taken stays under its group's name."""
    raw: dict[str, Any] = {name: dict(group) for name, group in metric_groups.items() if name not in FLAT}
    for name in FLAT:
        counters = metric_groups.get(name, {})
        if taken := {counter: value for counter, value in counters.items() if counter in raw}:
            raw[name] = taken
        raw |= {counter: value for counter, value in counters.items() if counter not in taken}
    return raw
