"""A post as a read of X shows it, and the private counters it refuses (x.md §3.1, §3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sextant.sandbox.world import Post, World
from sextant.sandbox.x import errors
from sextant.sandbox.x.access import PLATFORM, Caller
from sextant.sandbox.x.fields import Wanted
from sextant.sandbox.x.numbers import truth
from sextant.sandbox.x.posts import media_url
from sextant.sandbox.x.text import shortened, shown
from sextant.sandbox.x.users import user_row

PRIVATE_S = 30 * 86400
POST_FIELDS = {
    "non_public_metrics": ("impression_count", "url_link_clicks", "user_profile_clicks", "engagements"),
    "organic_metrics": (
        "impression_count",
        "like_count",
        "reply_count",
        "retweet_count",
        "url_link_clicks",
        "user_profile_clicks",
    ),
}
PLAYBACK = tuple(f"playback_{part}_count" for part in (0, 25, 50, 75, 100))
MEDIA_FIELDS = {"non_public_metrics": PLAYBACK, "organic_metrics": (*PLAYBACK, "view_count")}
ANALYTICS_ONLY = "watch_time_ms"
REPOSTS = {True: "repost_count", False: "retweet_count"}


@dataclass(slots=True)
class Page:
    """What a read answers: posts, the objects beside them, and what was not found or refused."""

    world: World
    wanted: Wanted
    caller: Caller
    parameter: str
    data: list[dict[str, Any]] = field(default_factory=list)
    media: dict[str, dict[str, Any]] = field(default_factory=dict)
    users: dict[str, dict[str, object]] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)

    def add(self, post: Post) -> None:
        private = self._private(post)
        refused = [] if private else refusals(self.wanted.post, POST_FIELDS)
        self.errors += [errors.field_refused("tweet", self.parameter, post.id, name) for name in refused]
        # Whether data survives beside such errors is not known (x.md §3.2, §7): here it does not.
        if refused:
            return
        self.data.append(row(self.world, post, self.wanted))
        if "attachments.media_keys" in self.wanted.expansions:
            self._add_media(post, private)
        if "author_id" in self.wanted.expansions:
            self._add_author(post)

    def _private(self, post: Post) -> bool:
        """Whether the caller may read the post's private counters."""
        own = post.account_id == self.caller.account.id and self.caller.user_context
        return own and self.world.now() - post.created_at < PRIVATE_S

    def _add_media(self, post: Post, private: bool) -> None:
        refused = [] if private else refusals(self.wanted.media, MEDIA_FIELDS)
        for medium in post.facts.get("media", []):
            key = medium["media_key"]
            video = truth(self.world, post).get("video", {}) if medium["type"] == "video" else {}
            self.media[key] = media_row(medium, video, self.wanted.media, private)
            if video:
                self.errors += [errors.field_refused("media", self.parameter, key, name) for name in refused]

    def _add_author(self, post: Post) -> None:
        account = self.world.account(PLATFORM, post.account_id)
        if account is not None and account.id not in self.users:
            self.users[account.id] = user_row(self.world, account, self.wanted.user)

    def body(self) -> dict[str, Any]:
        """Without `data` when there is none (x.md §3.3)."""
        includes = {"media": list(self.media.values()), "users": list(self.users.values())}
        parts = {
            "data": self.data,
            "includes": {name: items for name, items in includes.items() if items},
            "errors": self.errors,
        }
        return {name: part for name, part in parts.items() if part}


def refusals(asked: frozenset[str], groups: dict[str, tuple[str, ...]]) -> list[str]:
    return [f"{group}.{name}" for group, names in groups.items() if group in asked for name in names]


def row(world: World, post: Post, wanted: Wanted) -> dict[str, Any]:
    """One element of `data`."""
    text, urls = shown(shortened(post.text), post.id, media_url(world, post))
    asked = {"id", "text", *wanted.post, *(name.partition(".")[0] for name in wanted.expansions)}
    if not wanted.new:
        asked.add("edit_history_tweet_ids")
    facts = {
        "id": post.id,
        "text": text,
        "edit_history_tweet_ids": [post.id],
        "edit_history_post_ids": [post.id],
        "author_id": post.account_id,
        "conversation_id": post.id,
        "created_at": stamp(post.created_at),
        "lang": "en",
        "possibly_sensitive": False,
        "reply_settings": post.facts.get("reply_settings", "everyone"),
        "note_post" if wanted.new else "note_tweet": note(post),
        "entities": {"urls": urls} if urls else None,
        "attachments": attachments(post),
        **metrics(truth(world, post), wanted.new),
    }
    return {name: value for name, value in facts.items() if name in asked and value is not None}


def note(post: Post) -> dict[str, Any] | None:
    """The whole of a text that `text` holds only the start of."""
    if shortened(post.text) == post.text:
        return None
    text, urls = shown(post.text, post.id, None)
    return {"text": text, "entities": {"urls": urls}} if urls else {"text": text}


def attachments(post: Post) -> dict[str, Any] | None:
    keys = [medium["media_key"] for medium in post.facts.get("media", [])]
    return {"media_keys": keys} if keys else None


def metrics(numbers: dict[str, Any], new: bool) -> dict[str, Any]:
    """The post's own groups, reposts named in the vocabulary of the question."""
    name = REPOSTS[new]
    return {
        group: {name if counter in REPOSTS.values() else counter: n for counter, n in counters.items()}
        for group, counters in numbers.items()
        if group != "video"
    }


def media_row(
    medium: dict[str, Any], video: dict[str, Any], asked: frozenset[str], private: bool
) -> dict[str, Any]:
    """One element of `includes.media`."""
    facts = {
        "media_key": medium["media_key"],
        "type": medium["type"],
        "duration_ms": medium["duration_ms"] or None,
        "alt_text": medium["alt_text"] or None,
        **media_metrics(video, private),
    }
    always = {"media_key", "type"}
    return {name: value for name, value in facts.items() if name in asked | always and value is not None}


def media_metrics(video: dict[str, Any], private: bool) -> dict[str, Any]:
    """Public: the view count; non-public: how far people watched; organic: both."""
    playback = {name: value for name, value in video.items() if name.startswith("playback_")}
    read = {name: value for name, value in video.items() if name != ANALYTICS_ONLY}
    groups = {"public_metrics": {name: value for name, value in read.items() if name not in playback}}
    if private:
        groups |= {"non_public_metrics": playback, "organic_metrics": read}
    return {group: counters for group, counters in groups.items() if counters}


def stamp(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


def page_of(
    world: World, wanted: Wanted, caller: Caller, parameter: str, posts: Sequence[Post | None], ids: list[str]
) -> Page:
    """A page of the posts found, with an error for each id that was not."""
    page = Page(world, wanted, caller, parameter)
    for post, native_id in zip(posts, ids, strict=True):
        if post is None:
            page.errors.append(errors.not_found(parameter, native_id))
        else:
            page.add(post)
    return page
