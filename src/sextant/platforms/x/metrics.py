"""X: numbers of up to 100 posts, the public and the private ones side by side (x.md §3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sextant.errors import ActOutside, Fault, NoValue, Reconnect, TryLater
from sextant.metrics import Reason
from sextant.platforms.answers import camel_keys
from sextant.platforms.base import Answer, Call, Json, Published, Reading, Refusal, Request, together
from sextant.platforms.negotiation import negotiated
from sextant.platforms.shape import items, mapping
from sextant.platforms.withdrawn import Scope
from sextant.platforms.x.auth import url
from sextant.platforms.x.errors import RefusedValues, entries, meaning
from sextant.platforms.x.limits import LOOKUP

PRIVATE_LIFE = timedelta(days=30)
TOO_OLD = Refusal(Reason.EXPIRED, "X gives private numbers of posts younger than 30 days only.")

PUBLIC_FIELDS = (
    "post.fields=public_metrics",
    "post.fields=created_at",
    "post.fields=attachments",
    "media.fields=public_metrics",
    "media.fields=type",
)
PRIVATE_FIELDS = (
    "post.fields=non_public_metrics",
    "post.fields=organic_metrics",
    "post.fields=attachments",
    "media.fields=non_public_metrics",
    "media.fields=organic_metrics",
    "media.fields=type",
)
VIDEO_FIELDS = frozenset({"post.fields=attachments", "media.fields=public_metrics", "media.fields=type"})
"""Without any of these the views of an attached video are not told."""

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
    refused = call.withdrawn.known(scope_of(call), call.now)
    return [
        negotiated_away(
            reading(post.id, public[post.id], private_of(post.id, private) if post.id in asked else None),
            refused,
        )
        for post in posts
    ]


async def lookup(call: Call, posts: Sequence[Published], fields: Sequence[str]) -> Rows:
    """The rows of one call, a row for every post; a field that X no longer has costs only itself."""
    rows = {post.id: Row() for post in posts}
    if not rows:
        return rows

    async def ask(names: Sequence[str]) -> Answer:
        params = {"ids": ",".join(rows), "expansions": "attachments.media_keys", **params_of(names)}
        request = Request("GET", url(call.app, "/tweets"), params=params, posts=len(posts), spends=LOOKUP)
        return await call.send(request)

    fill(rows, await negotiated(call, scope_of(call), fields, ask, blamed))
    return rows


def params_of(names: Sequence[str]) -> dict[str, str]:
    """`post.fields=a`, `post.fields=b` → `post.fields`: `a,b`."""
    params: dict[str, list[str]] = {}
    for parameter, _, value in (name.partition("=") for name in names):
        params.setdefault(parameter, []).append(value)
    return {parameter: ",".join(values) for parameter, values in params.items()}


def scope_of(call: Call) -> Scope:
    return "x", call.account.id, "posts", call.app.api_version


def blamed(fault: Fault, names: Sequence[str]) -> list[str] | None:
    """The fields that a refusal names, in either vocabulary; None when it names none of ours."""
    if not isinstance(fault, RefusedValues):
        return None
    told = {
        f"{parameter.replace('tweet.', 'post.')}={value}"
        for parameter, values in fault.values.items()
        for value in values
    }
    return [name for name in names if name in told] or None


def private_of(post_id: str, private: Rows | Fault) -> Row | Fault:
    return private if isinstance(private, Fault) else private[post_id]


# ---- from an answer to rows ------------------------------------------------------------------------


def fill(rows: dict[str, Row], answer: Answer) -> None:
    media = {
        str(item.get("media_key")): item
        for item in objects(mapping(answer.json.get("includes")).get("media"))
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
    rows = value if isinstance(value, list) else [value]
    return (row for row in rows if isinstance(row, dict))


def groups(item: Mapping[str, Json]) -> Groups:
    return {
        name: value for name, value in item.items() if name.endswith("_metrics") and isinstance(value, dict)
    }


def video_of(post: Mapping[str, Any], media: Mapping[str, dict[str, Any]]) -> Groups:
    """The metric groups of the attached video; a post has one at most (x.md §2.5)."""
    keys = map(str, items(mapping(post.get("attachments")).get("media_keys")))
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
        if not delivered(row, key)
    }


def delivered(row: Row, key: str) -> bool:
    """Whether the key's figure came all the same, under its name in the other vocabulary."""
    places = (path.partition(".") for path, fed in KEYS.items() if fed == key)
    return any(row.groups.get(group, {}).get(counter) is not None for group, _, counter in places)


def keys_under(name: str) -> set[str]:
    """The keys that a field or group of fields feeds."""
    return {key for path, key in KEYS.items() if path == name or path.startswith(f"{name}.")}


def negotiated_away(found: Reading, refused: Mapping[str, str]) -> Reading:
    """The reading, with the keys that X no longer has a field for."""
    gone = {
        key: Refusal(Reason.UNSUPPORTED, words)
        for name, words in refused.items()
        for key in keys_of_field(name, found.raw)
    }
    return replace(found, refused={**found.refused, **gone})


def keys_of_field(name: str, raw: Mapping[str, Json]) -> set[str]:
    """The keys that fall with a refused field; organic views stand in for a video's public ones."""
    if name in VIDEO_FIELDS:
        return set() if mapping(raw.get("organicMetrics")).get("video") else {"video_views"}
    parameter, _, group = name.partition("=")
    return keys_under(group) if parameter == "post.fields" else set()


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
