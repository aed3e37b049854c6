"""Reading LinkedIn's numbers: Pages in batches, members one metric and post a call (linkedin.md §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import quote

from sextant.errors import Fault, Gone, NoValue
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
    count,
    together,
)
from sextant.platforms.linkedin.auth import API
from sextant.platforms.shape import mapping, objects

THREE_MONTHS = timedelta(days=90)
SIX_MONTHS = timedelta(days=182)


class Figure(NamedTuple):
    """One metric that LinkedIn is asked for by `type`, under its name in raw, for one of our keys."""

    type: str
    name: str
    key: str
    kept: timedelta | None = None
    """How long after publishing LinkedIn reports it (§3.3)."""


PAGE_VIDEO = (
    Figure("VIDEO_VIEW", "videoViews", "video_views", SIX_MONTHS),
    Figure("VIEWER", "videoViewers", "video_viewers", SIX_MONTHS),
    Figure("TIME_WATCHED", "videoWatchTimeMs", "video_watch_time_ms"),
)
MEMBER_POST = (
    Figure("IMPRESSION", "impressionCount", "impressions"),
    Figure("RESHARE", "shareCount", "shares"),
    Figure("REACTION", "reactionCount", "likes"),
    Figure("COMMENT", "commentCount", "comments"),
    Figure("POST_SAVE", "saveCount", "saves"),
    Figure("LINK_CLICKS", "clickCount", "clicks"),
)
MEMBER_VIDEO = (
    Figure("VIDEO_PLAY", "videoViews", "video_views"),
    Figure("VIDEO_VIEWER", "videoViewers", "video_viewers"),
    Figure("VIDEO_WATCH_TIME", "videoWatchTimeMs", "video_watch_time_ms"),
)

STATISTICS_KEYS = ("comments", "shares", "impressions", "clicks")
NO_ACTIVITY = {
    "uniqueImpressionsCount": 0,
    "impressionCount": 0,
    "clickCount": 0,
    "likeCount": 0,
    "commentCount": 0,
    "shareCount": 0,
}
"""What a Page post without activity is to be counted as: it is left out of the answer (§3.1)."""

NO_SAVES = Refusal(Reason.UNSUPPORTED, "LinkedIn reports saves of members' posts only.")
LEFT_OUT = Refusal(
    Reason.EXPIRED, "LinkedIn's page statistics leave out posts of this age even when they had activity."
)
NO_LONGER = Refusal(Reason.EXPIRED, "LinkedIn reports this for six months.")

Asked = tuple[str, str]
"""What was asked for, and of which post ("" for a batch)."""

SOCIAL: Asked = ("socialMetadata", "")
Answers = Mapping[Asked, Answer | Fault]


@dataclass
class Gathered:
    """What the answers of one wave say about one post."""

    post: Published
    raw: dict[str, Json] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)
    fault: Fault | None = None

    def refuse(self, keys: Sequence[str], why: Fault) -> None:
        reason = why.reason if isinstance(why, NoValue) else Reason.UPSTREAM_ERROR
        self.refused.update({key: Refusal(reason, why.message) for key in keys})
        if not isinstance(why, NoValue):
            self.fault = self.fault or why

    def reading(self) -> Reading:
        if isinstance(self.fault, Gone):
            return Reading(self.post.id, fault=self.fault)
        return Reading(self.post.id, self.raw, refused=self.refused, fault=self.fault)


async def read(call: Call, posts: Sequence[Published]) -> list[Reading]:
    """One wave of calls, whichever kind of account it is."""
    if call.account.id.startswith("urn:li:organization:"):
        answers = await wave(call, page_requests(call.account.id, posts))
        return [page_reading(call.now, post, answers) for post in posts]
    answers = await wave(call, member_requests(posts))
    return [member_reading(post, answers) for post in posts]


async def wave(call: Call, requests: Mapping[Asked, Request]) -> Answers:
    """All at once. Raises when nothing was answered, unless permissions or deletion say it all."""
    results = await together(*(call.send(request) for request in requests.values()))
    faults = [result for result in results if isinstance(result, Fault)]
    troubles = [fault for fault in faults if not isinstance(fault, NoValue | Gone)]
    if troubles and len(faults) == len(results):
        raise troubles[0]
    return dict(zip(requests, results, strict=True))


# ---- requests: Rest.li queries are built by hand («Read first») ----------------------------------------


def page_requests(page: str, posts: Sequence[Published]) -> dict[Asked, Request]:
    """Shares and ugcPosts apart: some apps are refused `ugcPosts=` alone (§3.1)."""
    ids = [post.id for post in posts]
    groups = {group: [urn for urn in ids if group_of(urn) == group] for group in ("shares", "ugcPosts")}
    requests = {(group, ""): statistics_request(page, group, urns) for group, urns in groups.items() if urns}
    requests[SOCIAL] = get(f"/rest/socialMetadata?ids={listed(ids)}", "BATCH_GET", posts=len(ids))
    for post in posts:
        for figure in PAGE_VIDEO if post.kind.is_video else ():
            requests[figure.type, post.id] = video_request(figure, post.id)
    return requests


def statistics_request(page: str, group: str, urns: Sequence[str]) -> Request:
    query = f"q=organizationalEntity&organizationalEntity={encoded(page)}&{group}={listed(urns)}"
    return get(f"/rest/organizationalEntityShareStatistics?{query}", "FINDER", posts=len(urns))


def video_request(figure: Figure, urn: str) -> Request:
    query = f"q=entity&entity={encoded(urn)}&type={figure.type}&aggregation=ALL"
    return get(f"/rest/videoAnalytics?{query}", "FINDER", posts=1)


def member_requests(posts: Sequence[Published]) -> dict[Asked, Request]:
    requests = {}
    for post in posts:
        for figure in MEMBER_POST:
            requests[figure.type, post.id] = member_request("memberCreatorPostAnalytics", figure, post.id)
        for figure in MEMBER_VIDEO if post.kind.is_video else ():
            requests[figure.type, post.id] = member_request("memberCreatorVideoAnalytics", figure, post.id)
    return requests


def member_request(resource: str, figure: Figure, urn: str) -> Request:
    """The key is `ugc` here, not `ugcPost` (§3.4)."""
    key = "ugc" if group_of(urn) == "ugcPosts" else "share"
    query = f"q=entity&entity=({key}:{encoded(urn)})&queryType={figure.type}&aggregation=TOTAL"
    return get(f"/rest/{resource}?{query}", "FINDER", posts=1)


def get(path: str, method: str, posts: int) -> Request:
    return Request("GET", f"{API}{path}", headers={"X-RestLi-Method": method}, posts=posts)


def group_of(urn: str) -> str:
    return "ugcPosts" if urn.startswith("urn:li:ugcPost:") else "shares"


def encoded(urn: str) -> str:
    return quote(urn, safe="")


def listed(urns: Sequence[str]) -> str:
    return f"List({','.join(encoded(urn) for urn in urns)})"


# ---- Pages -------------------------------------------------------------------------------------------


def page_reading(now: datetime, post: Published, answers: Answers) -> Reading:
    if is_gone(post, answers):
        return Reading(post.id, fault=Gone("LinkedIn no longer finds the post."))
    found = Gathered(post, refused={"saves": NO_SAVES})
    take_social(found, answers[SOCIAL])
    take_statistics(found, answers, now)
    take_likes(found, answers[SOCIAL])
    for figure in PAGE_VIDEO if post.kind.is_video else ():
        take_video(found, figure, answers, now)
    return found.reading()


def is_gone(post: Published, answers: Answers) -> bool:
    social, statistics = answers[SOCIAL], answers[group_of(post.id), ""]
    counted = not isinstance(statistics, Fault) and element_of(statistics, post.id) is not None
    return not counted and not isinstance(social, Fault) and status_of(social, post.id) in (404, 410)


def take_social(found: Gathered, answer: Answer | Fault) -> None:
    """The reaction kinds with their counts, and the comment summary as LinkedIn sends it (§3.2)."""
    results = {} if isinstance(answer, Fault) else mapping(answer.json.get("results"))
    entry = mapping(results.get(found.post.id))
    if isinstance(summaries := entry.get("reactionSummaries"), dict):
        found.raw["reactions"] = {kind: mapping(told).get("count") for kind, told in summaries.items()}
    if "commentSummary" in entry:
        found.raw["commentSummary"] = camel_keys(entry["commentSummary"])


def take_statistics(found: Gathered, answers: Answers, now: datetime) -> None:
    answer = answers[group_of(found.post.id), ""]
    if isinstance(answer, Fault):
        found.refuse(STATISTICS_KEYS, answer)
        return
    element = element_of(answer, found.post.id)
    if element is not None:
        found.raw.update(mapping(element.get("totalShareStatistics")))
    elif complete(answer):
        take_silence(found, answers[SOCIAL], now)


def element_of(answer: Answer, urn: str) -> dict[str, Json] | None:
    """An element without share and ugcPost is the whole Page's: never one post's (§3.1)."""
    elements = objects(answer.json.get("elements"))
    return next((row for row in elements if urn in (row.get("share"), row.get("ugcPost"))), None)


def complete(answer: Answer) -> bool:
    """Whether no further elements were held back on another page of the answer."""
    total = count(mapping(answer.json.get("paging")).get("total"))
    return total is None or total <= len(objects(answer.json.get("elements")))


def take_silence(found: Gathered, social: Answer | Fault, now: datetime) -> None:
    """A post left out is 0 only when it is young, still there, and nothing else shows activity (§3.6)."""
    if now - found.post.at > THREE_MONTHS:
        found.refused.update(dict.fromkeys(STATISTICS_KEYS, LEFT_OUT))
    elif isinstance(social, Fault):
        found.refuse(STATISTICS_KEYS, social)
    elif status_of(social, found.post.id) == 200 and is_quiet(found.raw):
        found.raw.update(NO_ACTIVITY)


def status_of(social: Answer, urn: str) -> int | None:
    """200, or what the batch says of this id; None when it says nothing."""
    errors, results, statuses = (mapping(social.json.get(name)) for name in ("errors", "results", "statuses"))
    if error := mapping(errors.get(urn)):
        return error.get("status")
    return 200 if urn in results else statuses.get(urn)


def is_quiet(raw: Mapping[str, Json]) -> bool:
    reactions, comments = mapping(raw.get("reactions")), mapping(raw.get("commentSummary"))
    return not any(reactions.values()) and not comments.get("count")


def take_likes(found: Gathered, social: Answer | Fault) -> None:
    """Where reactions may not be read, likeCount stands in; a passing failure does not change the meaning."""
    if not isinstance(social, Fault):
        return
    if not isinstance(social, NoValue) or count(found.raw.get("likeCount")) is None:
        found.refuse(("likes",), social)


def take_video(found: Gathered, figure: Figure, answers: Answers, now: datetime) -> None:
    answer = answers[figure.type, found.post.id]
    if isinstance(answer, Fault):
        found.refuse((figure.key,), answer)
        return
    value = next((row.get("value") for row in objects(answer.json.get("elements"))), None)
    doubt = role_doubt(answers)
    if value is not None:
        found.raw[figure.name] = value
    elif figure.kept and now - found.post.at > figure.kept:
        found.refused[figure.key] = NO_LONGER
    if doubt is not None and count(value) == 0:
        found.refuse((figure.key,), doubt)


def role_doubt(answers: Answers) -> NoValue | None:
    """Share statistics refused: below ADMINISTRATOR, and then a video's 0 may be false (§3.3)."""
    told = [answers[group, ""] for group in ("shares", "ugcPosts") if (group, "") in answers]
    refusals = [answer for answer in told if isinstance(answer, NoValue)]
    return refusals[0] if len(refusals) == len(told) else None


# ---- members -----------------------------------------------------------------------------------------


def member_reading(post: Published, answers: Answers) -> Reading:
    found = Gathered(post)
    for figure in (*MEMBER_POST, *(MEMBER_VIDEO if post.kind.is_video else ())):
        answer = answers[figure.type, post.id]
        if isinstance(answer, Fault):
            found.refuse((figure.key,), answer)
        elif (value := member_count(answer, figure)) is not None:
            found.raw[figure.name] = value
    return found.reading()


def member_count(answer: Answer, figure: Figure) -> Json:
    """None for empty `elements`: no data, not 0 (§3.4)."""
    elements = objects(answer.json.get("elements"))
    return next((row.get("count") for row in elements if metric_of(row) == figure.type), None)


def metric_of(element: Mapping[str, Json]) -> Json:
    """A plain text from version 202605 on, before that wrapped in an object with one member (§3.4)."""
    metric = element.get("metricType")
    return next(iter(metric.values()), None) if isinstance(metric, dict) else metric
