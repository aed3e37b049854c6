"""Simulated YouTube (shared/platforms/youtube.md): Data API, resumable upload, Analytics API.

There are no tiers; what a channel is let do is its role (roles.py). `scopes` of an account are Google's
(with or without the address before them): without `yt-analytics.readonly` reports are refused. Truth is
flat: names that end in `Count` are the Data API's counters, all others are columns of `reports.query`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiohttp import web

from sextant.sandbox.network import Route
from sextant.sandbox.world import Account, Post, World
from sextant.sandbox.youtube import auth, channels, errors, numbers, reports, thumbnails, upload, videos
from sextant.sandbox.youtube.access import (
    BUCKETS,
    INSERTS,
    PLATFORM,
    REPORTS,
    STATS,
    UNITS,
    metered,
    settling,
)

AUTH, TOKEN = "accounts.google.com", "oauth2.googleapis.com"
DATA, UPLOAD = "youtube.googleapis.com", "www.googleapis.com"
ANALYTICS = "youtubeanalytics.googleapis.com"
NOT_FOUND = (
    "<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title>"
    "<p><b>404.</b> <ins>That’s an error.</ins><p>The requested URL was not found on this server."
)


def both_hosts() -> Iterator[Route]:
    """The Data API answers on two hosts, and so do its uploads."""
    for host in (DATA, UPLOAD):
        yield Route("GET", host, "/youtube/v3/channels", metered(UNITS, 1, channels.channels))
        yield Route("GET", host, "/youtube/v3/playlistItems", metered(UNITS, 1, channels.playlist_items))
        yield Route("GET", host, "/youtube/v3/videos", metered(UNITS, 1, videos.listing), "read")
        stats = metered(STATS, 1, videos.batch_stats)
        yield Route("GET", host, "/youtube/v3/videos:batchGetStats", stats, "read")
        yield Route("DELETE", host, "/youtube/v3/videos", metered(UNITS, 50, videos.delete), "publish")
        picture = metered(UNITS, 50, thumbnails.set_thumbnail)
        yield Route("POST", host, "/upload/youtube/v3/thumbnails/set", picture, "publish")
        path = "/upload/youtube/v3/videos"
        yield Route("POST", host, path, metered(INSERTS, 1, upload.open_session), "publish")
        yield Route("PUT", host, path, settling(upload.put), "publish", commits=upload.completes)


class YouTube:
    name = PLATFORM
    buckets = BUCKETS
    routes = (
        Route("GET", AUTH, "/o/oauth2/v2/auth", auth.authorize, "page"),
        Route("POST", AUTH, "/o/oauth2/v2/auth", auth.authorize, "page"),
        Route("POST", TOKEN, "/token", settling(auth.token), "token", failure=errors.token_failure),
        Route("POST", TOKEN, "/revoke", settling(auth.revoke), "token", failure=errors.token_failure),
        *both_hosts(),
        Route("GET", ANALYTICS, "/v2/reports", metered(REPORTS, 1, reports.query), "read"),
    )

    def accounts(self) -> list[Account]:
        return [Account(PLATFORM, "UCMosaicSo0000000000001A", "@mosaic_so", "Mosaic")]

    def failure(self, status: int) -> web.Response:
        return errors.failure(status)

    def unknown_path(self, request: web.Request) -> web.Response:
        return web.Response(text=NOT_FOUND, status=404, content_type="text/html")

    def truth(self, world: World, post: Post) -> dict[str, Any]:
        return numbers.truth(world, post)

    def complaint(self, truth: dict[str, Any]) -> str | None:
        return numbers.complaint(truth)

    def find(self, world: World, native_id: str) -> Post | None:
        return videos.find(world, native_id)


NETWORK = YouTube()
