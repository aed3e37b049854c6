"""The shape of the analytics answer, for the OpenAPI document; reporting.py renders the body itself."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from sextant.metrics import Reason

Count = Annotated[float | None, Meta(description="A number the network itself reported; null otherwise.")]
Figures = Literal["success", "partial", "error", "pending"]


class MetricsView(Struct):
    """The 13 keys, always all present and in this order."""

    likes: Annotated[float | None, Meta(description="Likes, or reactions of any kind.")]
    comments: Annotated[float | None, Meta(description="Comments or replies.")]
    shares: Annotated[float | None, Meta(description="Reshares or reposts without added text.")]
    impressions: Annotated[float | None, Meta(description="Times shown, where reported under that name.")]
    views: Annotated[float | None, Meta(description="Times displayed or played, where reported as views.")]
    video_views: Annotated[float | None, Meta(description="Plays of the post's video.")]
    video_viewers: Annotated[float | None, Meta(description="Distinct people who played the video.")]
    video_watch_time_ms: Annotated[float | None, Meta(description="Total time watched, in milliseconds.")]
    engagement: Annotated[float | None, Meta(description="The network's own count of engagements.")]
    clicks: Annotated[float | None, Meta(description="Clicks on the post.")]
    saves: Annotated[float | None, Meta(description="Saves by people.")]
    bookmarks: Annotated[float | None, Meta(description="Bookmarks.")]
    quotes: Annotated[float | None, Meta(description="Quote posts.")]


class PlatformEntry(Struct):
    """The reading of one destination."""

    platform: Annotated[str, Meta(description="The network.")]
    platform_post_id: Annotated[str | None, Meta(description="The network's own id; null when not known.")]
    post_url: Annotated[str | None, Meta(description="The public address; null when not known.")]
    metrics: Annotated[MetricsView, Meta(description="The 13 keys.")]
    raw_metrics: Annotated[
        dict[str, Any],
        Meta(description="What the network itself reported, its own names in lowerCamelCase; {} if nothing."),
    ]


class ReadError(Struct):
    """Why the last attempt to read a destination failed."""

    code: Annotated[str, Meta(description="A stable code, e.g. try_later, wait_until, reconnect, gone.")]
    message: Annotated[str, Meta(description="What to do, and the network's own words.")]
    retry_at: Annotated[
        str | None, Meta(description="When it is tried again (ISO 8601); null: not by itself.")
    ]


class DestinationFacts(Struct):
    """How fresh and how complete one destination's reading is."""

    social_connection_id: Annotated[str, Meta(description="The connected account (UUID).")]
    platform: Annotated[str, Meta(description="The network.")]
    status: Annotated[Figures, Meta(description="partial: some of the network's calls failed.")]
    as_of: Annotated[str | None, Meta(description="When the numbers were read (ISO 8601); null if never.")]
    next_refresh_at: Annotated[str | None, Meta(description="When they are next worth reading again.")]
    stale: Annotated[bool, Meta(description="Older than next_refresh_at, or the last attempt failed.")]
    missing: Annotated[dict[str, Reason], Meta(description="For each null key, why it is null.")]
    error: Annotated[ReadError | None, Meta(description="Set when the last attempt failed.")]


class Metadata(Struct):
    """Facts about the answer."""

    destinations: Annotated[
        list[DestinationFacts], Meta(description="One per entry of platforms, in the same order.")
    ]


class AnalyticsBody(Struct):
    """Totals and readings."""

    status: Annotated[Figures, Meta(description="success: every network answered; pending: none published.")]
    totals: Annotated[MetricsView, Meta(description="Key by key the sum of the numbers that are there.")]
    platforms: Annotated[list[PlatformEntry], Meta(description="One per destination, in their order.")]
    metadata: Annotated[Metadata, Meta(description="Facts about the answer.")]


class AnalyticsView(Struct):
    """Answer of GET /social/post/{post_id}/analytics."""

    post_id: Annotated[str, Meta(description="Sextant's id of the post (UUID).")]
    platform: Annotated[str | None, Meta(description="Set when the answer covers exactly one destination.")]
    social_connection_id: Annotated[
        str | None, Meta(description="Set when the answer covers exactly one destination.")
    ]
    analytics: Annotated[AnalyticsBody, Meta(description="The readings.")]
    stats: Annotated[
        dict[str, Any],
        Meta(description="The same readings in the older shape: status, then {id, postUrl?, analytics}."),
    ]
