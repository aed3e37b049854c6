"""The shapes of many posts' analytics, of the history and of the feed of changes."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from sextant.api.analytics_schema import AnalyticsView, MetricsView

Step = Literal["hour", "day"]
Numbers = dict[str, int | None]


class ManyPosts(Struct, forbid_unknown_fields=True):
    """Body of POST /social/analytics."""

    post_ids: Annotated[
        list[str], Meta(description="Sextant's ids of 1 to 100 posts.", min_length=1, max_length=100)
    ]
    social_connection_id: Annotated[
        str | None, Meta(description="Answer for this one connected account alone (UUID).")
    ] = None


class NotFoundPost(Struct):
    """An id that was asked for and names nothing."""

    post_id: Annotated[str, Meta(description="The id as it was given.")]
    error: Annotated[Literal["not_found"], Meta(description="The same code as of a single read.")]
    detail: Annotated[str, Meta(description="What was not found.")]


class ManyAnalytics(Struct):
    """Answer of POST /social/analytics."""

    posts: Annotated[
        list[AnalyticsView],
        Meta(description="The answer of GET /social/post/{post_id}/analytics for each, in the order asked."),
    ]
    not_found: Annotated[
        list[NotFoundPost],
        Meta(description="Ids that are unknown, or whose post does not target the connection."),
    ]


class IntervalView(Struct):
    """One hour or day, in UTC, of one destination."""

    start: Annotated[str, Meta(description="When it begins (ISO 8601).")]
    end: Annotated[str, Meta(description="When it ends; the last one at `to`.")]
    as_of: Annotated[str, Meta(description="When these numbers were last seen, at most `end`.")]
    since: Annotated[
        str | None,
        Meta(description="When the numbers that `deltas` counts from were last seen; null: there are none."),
    ]
    metrics: Annotated[Numbers, Meta(description="The lifetime numbers at its end.")]
    deltas: Annotated[
        Numbers,
        Meta(description="What each number gained (or lost) since the interval before; null if unknown."),
    ]


class DestinationHistory(Struct):
    """The history of one destination."""

    social_connection_id: Annotated[str, Meta(description="The connected account (UUID).")]
    platform: Annotated[str, Meta(description="The network.")]
    intervals: Annotated[
        list[IntervalView],
        Meta(description="Oldest first; only those in which the numbers are known."),
    ]


class HistoryView(Struct):
    """Answer of GET /social/post/{post_id}/analytics/history."""

    post_id: Annotated[str, Meta(description="Sextant's id of the post (UUID).")]
    interval: Annotated[Step, Meta(description="hour or day.")]
    from_: Annotated[str, Meta(description="Where the first interval begins (ISO 8601).")] = field(
        name="from"
    )
    to: Annotated[str, Meta(description="Where the last interval ends (ISO 8601).")]
    destinations: Annotated[list[DestinationHistory], Meta(description="In the order of the post's own.")]


class ChangeView(Struct):
    """A reading that changed something."""

    post_id: Annotated[str, Meta(description="Sextant's id of the post (UUID).")]
    social_connection_id: Annotated[str, Meta(description="The connected account (UUID).")]
    platform: Annotated[str, Meta(description="The network.")]
    as_of: Annotated[str, Meta(description="When it was read (ISO 8601).")]
    metrics: Annotated[MetricsView, Meta(description="The 13 keys as they were then.")]


class ChangeList(Struct):
    """A page of the feed, oldest first."""

    changes: Annotated[
        list[ChangeView],
        Meta(description="At most `limit`; there may be fewer, or none, though has_more is true."),
    ]
    next_cursor: Annotated[
        str, Meta(description="Give it as `cursor` to go on, at once or whenever you like.")
    ]
    has_more: Annotated[bool, Meta(description="Whether it is worth going on at once.")]
