"""Reading LinkedIn's numbers: Pages in batches, members one metric and post a call (linkedin.md §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sextant.errors import Fault, Gone, NoValue
from sextant.metrics import Reason
from sextant.platforms.answers import camel_keys, count
from sextant.platforms.base import Answer, Call, Json, Published, Reading, Refusal
from sextant.platforms.linkedin.asking import (
    MEMBER_POST,
    MEMBER_VIDEO,
    PAGE_VIDEO,
    SOCIAL,
    Answers,
    Figure,
    group_of,
    lacking,
    member_answers,
    page_answers,
)
from sextant.platforms.shape import mapping, objects

THREE_MONTHS = timedelta(days=90)


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
        if isinstance(why, Gone):
            self.fault = why
        elif not isinstance(why, NoValue):
            self.fault = self.fault or why

    def reading(self) -> Reading:
        if isinstance(self.fault, Gone):
            return Reading(self.post.id, fault=self.fault)
        return Reading(self.post.id, self.raw, refused=self.refused, fault=self.fault)


async def read(call: Call, posts: Sequence[Published]) -> list[Reading]:
    """One wave of calls, whichever kind of account it is."""
    if call.account.id.startswith("urn:li:organization:"):
        answers = await page_answers(call, posts)
        return [page_reading(call, post, answers) for post in posts]
    answers = await member_answers(call, posts)
    return [member_reading(call, post, answers) for post in posts]


# ---- Pages -------------------------------------------------------------------------------------------


def page_reading(call: Call, post: Published, answers: Answers) -> Reading:
    if is_gone(post, answers):
        return Reading(post.id, fault=Gone("LinkedIn no longer finds the post."))
    found = Gathered(post, refused={"saves": NO_SAVES})
    social = answers[SOCIAL, post.id]
    take_social(found, social)
    take_statistics(found, answers, call.now)
    take_likes(found, social)
    for figure in PAGE_VIDEO if post.kind.is_video else ():
        if why := lacking(call, post.id, figure):
            found.refused[figure.key] = why
        else:
            take_video(found, figure, answers, call.now)
    return found.reading()


def is_gone(post: Published, answers: Answers) -> bool:
    statistics = answers[group_of(post.id), ""]
    counted = not isinstance(statistics, Fault) and element_of(statistics, post.id) is not None
    return not counted and isinstance(answers[SOCIAL, post.id], Gone)


def take_social(found: Gathered, answer: Answer | Fault) -> None:
    """The reaction kinds with their counts, and the comment summary as LinkedIn sends it (§3.2)."""
    entry = {} if isinstance(answer, Fault) else mapping(answer.json)
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
        take_silence(found, answers[SOCIAL, found.post.id], now)


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
    elif is_quiet(found.raw):
        found.raw.update(NO_ACTIVITY)


def is_quiet(raw: Mapping[str, Json]) -> bool:
    reactions, comments = mapping(raw.get("reactions")), mapping(raw.get("commentSummary"))
    return not any(reactions.values()) and not comments.get("count")


def take_likes(found: Gathered, social: Answer | Fault) -> None:
    """Where reactions may not be read, likeCount stands in; a passing failure does not change the meaning."""
    if not isinstance(social, Fault) or isinstance(social, Gone):
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


def member_reading(call: Call, post: Published, answers: Answers) -> Reading:
    found = Gathered(post)
    for figure in (*MEMBER_POST, *(MEMBER_VIDEO if post.kind.is_video else ())):
        if why := lacking(call, post.id, figure):
            found.refused[figure.key] = why
            continue
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
