"""Reactions and comments of any post (section 3.2): socialMetadata and socialActions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web

from sextant.sandbox.linkedin import numbers, posts
from sextant.sandbox.linkedin.errors import Refused, answer, not_found
from sextant.sandbox.linkedin.gate import Call
from sextant.sandbox.network import count_items
from sextant.sandbox.world import Post

FEED_SCOPES = (
    "r_organization_social_feed",
    "w_organization_social_feed",
    "r_member_social_feed",
    "w_member_social_feed",
)

Shape = Callable[[Call, Post], dict[str, Any]]


def one(shape: Shape) -> Callable[[Call], Any]:
    async def respond(call: Call) -> web.Response:
        call.only()
        urn = posts.post_urn(call.key())
        count_items(call.request, 1)
        call.need(*FEED_SCOPES)
        return answer(look(call, urn, shape))

    return respond


def several(shape: Shape) -> Callable[[Call], Any]:
    async def respond(call: Call) -> web.Response:
        call.only("ids")
        urns = [posts.post_urn(urn) for urn in call.texts("ids", posts.BATCH_MAX)]
        count_items(call.request, len(urns))
        call.need(*FEED_SCOPES)
        return answer(posts.batched(urns, lambda urn: look(call, urn, shape)))

    return respond


def look(call: Call, urn: str, shape: Shape) -> dict[str, Any]:
    post = posts.found(call.world, urn)
    if post is None:
        raise not_found()
    if post.facts["author"] != call.person() and not call.role_at(post.facts["author"]):
        raise Refused(403, call.denied().message, "ACCESS_DENIED", 100)
    return shape(call, post)


def metadata(call: Call, post: Post) -> dict[str, Any]:
    reading = numbers.now(call.world, post)
    body: dict[str, Any] = {"entity": post.id}
    if "reactions" in reading:
        counts = reading["reactions"].items()
        body["reactionSummaries"] = {kind: {"reactionType": kind, "count": count} for kind, count in counts}
    if "commentSummary" in reading:
        body["commentSummary"] = reading["commentSummary"]
    return {**body, "commentsState": "OPEN"}


def actions(call: Call, post: Post) -> dict[str, Any]:
    reading = numbers.now(call.world, post)
    body: dict[str, Any] = {"target": post.id, "commentsState": "OPEN"}
    if "reactions" in reading:
        total = sum(reading["reactions"].values())
        body["likesSummary"] = {
            "selectedLikes": [],
            "aggregatedTotalLikes": total,
            "likedByCurrentUser": False,
            "totalLikes": total,
        }
    if "commentSummary" in reading:
        body["commentsSummary"] = comments_summary(reading["commentSummary"])
    return body


def comments_summary(summary: dict[str, Any]) -> dict[str, Any]:
    names = {"totalFirstLevelComments": "topLevelCount", "aggregatedTotalComments": "count"}
    counts = {name: summary[source] for name, source in names.items() if source in summary}
    return {"selectedComments": [], **counts}
