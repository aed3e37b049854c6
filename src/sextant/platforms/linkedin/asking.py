"""Asking LinkedIn for numbers: batches where it takes them, one metric or post a call elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import quote

from sextant.errors import Fault, Gone, NoValue, OurBug, TryLater
from sextant.metrics import Reason
from sextant.platforms.base import Answer, Call, Json, Published, Refusal, Request, together
from sextant.platforms.linkedin.auth import API
from sextant.platforms.linkedin.tier import BATCH_GET, counted, lacks_batches, learn
from sextant.platforms.shape import mapping
from sextant.platforms.waves import wave
from sextant.platforms.withdrawn import Scope

SIX_MONTHS = timedelta(days=182)


class Figure(NamedTuple):
    """One metric that LinkedIn is asked for by `type`, under its name in raw, for one of our keys."""

    type: str
    name: str
    key: str
    kept: timedelta | None = None
    """How long after publishing LinkedIn reports it (§3.3)."""
    since: str = ""
    """The version that brought it (§3.4)."""


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
    Figure("POST_SAVE", "saveCount", "saves", since="202604"),
    Figure("LINK_CLICKS", "clickCount", "clicks", since="202604"),
)
MEMBER_VIDEO = (
    Figure("VIDEO_PLAY", "videoViews", "video_views"),
    Figure("VIDEO_VIEWER", "videoViewers", "video_viewers"),
    Figure("VIDEO_WATCH_TIME", "videoWatchTimeMs", "video_watch_time_ms"),
)

TYPES = frozenset(figure.type for figure in (*PAGE_VIDEO, *MEMBER_POST, *MEMBER_VIDEO))

Asked = tuple[str, str]
"""What was asked for, and of which post ("" for a batch)."""

SOCIAL = "socialMetadata"
STATISTICS = "organizationalEntityShareStatistics"
TOGETHER = "shares and ugcPosts in one call"
Answers = Mapping[Asked, Answer | Fault]


async def page_answers(call: Call, posts: Sequence[Published]) -> Answers:
    """One wave for posts of a Page; SOCIAL is there for each post."""
    ids = [post.id for post in posts]
    told: list[Answers] = await together(
        social_answers(call, ids),
        statistics_answers(call, ids),
        answers_to(call, video_requests(call, posts)),
    )
    return heard(call, {asked: answer for answers in told for asked, answer in answers.items()})


async def member_answers(call: Call, posts: Sequence[Published]) -> Answers:
    """One wave for posts of a member."""
    return heard(call, await answers_to(call, member_requests(call, posts)))


async def answers_to(call: Call, requests: Mapping[Asked, Request]) -> Answers:
    return dict(zip(requests, await asked(call, requests.values()), strict=True))


async def asked(call: Call, requests: Iterable[Request]) -> list[Answer | Fault]:
    return await wave(call, (counted(call, request) for request in requests))


def heard(call: Call, answers: Answers) -> Answers:
    """Raises when nothing was answered, unless permissions or deletion say it all."""
    told = answers.values()
    troubles = [answer for answer in told if isinstance(answer, Fault) and not isinstance(answer, NoValue)]
    if troubles and not any(isinstance(answer, Answer | Gone) for answer in told):
        raise troubles[0]
    remember(call, answers)
    return answers


# ---- what a version does not have --------------------------------------------------------------------


def remember(call: Call, answers: Answers) -> None:
    """A type refused as a wrong request, while another of that post is answered, is not in this version."""
    figures = {asked: answer for asked, answer in answers.items() if asked[0] in TYPES}
    answered = {urn for (_, urn), answer in figures.items() if isinstance(answer, Answer)}
    for (kind, urn), answer in figures.items():
        if isinstance(answer, OurBug) and urn in answered:
            call.withdrawn.add(scope_of(call, group_of(urn)), kind, answer.message, call.now)


def lacking(call: Call, urn: str, figure: Figure) -> Refusal | None:
    """Why the operator's version does not have this figure; None when it does."""
    if call.app.api_version < figure.since:
        return Refusal(Reason.UNSUPPORTED, f"LinkedIn reports this from version {figure.since} on.")
    words = call.withdrawn.known(scope_of(call, group_of(urn)), call.now).get(figure.type)
    return None if words is None else Refusal(Reason.UNSUPPORTED, words)


def scope_of(call: Call, kind: str) -> Scope:
    return "linkedin", call.account.id, kind, call.app.api_version


# ---- reactions and comments --------------------------------------------------------------------------


async def social_answers(call: Call, urns: Sequence[str]) -> Answers:
    """SOCIAL of each post, in one call; one by one where the app's tier forbids BATCH_GET (§4)."""
    if lacks_batches(call):
        return await social_apart(call, urns)
    batch = get(f"/rest/{SOCIAL}?ids={listed(urns)}", BATCH_GET, posts=len(urns))
    [whole] = await asked(call, [batch])
    if not isinstance(whole, NoValue):
        return {(SOCIAL, urn): social_of(whole, urn) for urn in urns}
    first = await social_apart(call, urns[:1])
    alone = first[SOCIAL, urns[0]]
    if not isinstance(alone, Answer | Gone):
        # The refusals of tier and scope read alike: it is the scope when one post is refused as well.
        return {(SOCIAL, urn): alone for urn in urns}
    learn(call, whole.message)
    return {**first, **await social_apart(call, urns[1:])}


async def social_apart(call: Call, urns: Sequence[str]) -> Answers:
    requests = {(SOCIAL, urn): get(f"/rest/{SOCIAL}/{encoded(urn)}", "GET", posts=1) for urn in urns}
    return await answers_to(call, requests)


def social_of(whole: Answer | Fault, urn: str) -> Answer | Fault:
    """One post's part of a batch answer, as if it had been asked for alone."""
    if isinstance(whole, Fault):
        return whole
    errors, results, statuses = (mapping(whole.json.get(name)) for name in ("errors", "results", "statuses"))
    if urn in results and not errors.get(urn):
        return replace(whole, json=mapping(results[urn]))
    error = mapping(errors.get(urn))
    return refused_part(error.get("status", statuses.get(urn)), str(error.get("message") or ""))


def refused_part(status: Json, words: str) -> Fault:
    match status:
        case 404 | 410:
            return Gone(words)
        case 403:
            return NoValue(Reason.NOT_AUTHORIZED, words)
        case None | 200:
            return NoValue(Reason.NOT_YET_AVAILABLE, "LinkedIn's batch answer says nothing of this post.")
        case _:
            return TryLater(words)


# ---- share statistics --------------------------------------------------------------------------------


async def statistics_answers(call: Call, urns: Sequence[str]) -> Answers:
    """Each group's, in one call; apart where the app is refused `ugcPosts=` alone (§3.1)."""
    page, scope = call.account.id, scope_of(call, STATISTICS)
    groups = {group: [urn for urn in urns if group_of(urn) == group] for group in ("shares", "ugcPosts")}
    groups = {group: those for group, those in groups.items() if those}
    if len(groups) < 2 or TOGETHER in call.withdrawn.known(scope, call.now):
        return await answers_to(
            call, {(group, ""): statistics_request(page, {group: those}) for group, those in groups.items()}
        )
    [whole] = await asked(call, [statistics_request(page, groups)])
    if not isinstance(whole, NoValue):
        return {(group, ""): whole for group in groups}
    [shares] = await asked(call, [statistics_request(page, {"shares": groups["shares"]})])
    if not isinstance(shares, Answer):
        # The refusals of role and kind read alike: it is the role when shares are refused as well.
        return {(group, ""): shares for group in groups}
    call.withdrawn.add(scope, TOGETHER, whole.message, call.now)
    return {("shares", ""): shares, ("ugcPosts", ""): whole}


# ---- requests: Rest.li queries are built by hand («Read first») ----------------------------------------


def video_requests(call: Call, posts: Sequence[Published]) -> dict[Asked, Request]:
    return {
        (figure.type, post.id): video_request(figure, post.id)
        for post in posts
        for figure in asked_of(call, post, PAGE_VIDEO if post.kind.is_video else ())
    }


def statistics_request(page: str, groups: Mapping[str, Sequence[str]]) -> Request:
    query = f"q=organizationalEntity&organizationalEntity={encoded(page)}"
    query += "".join(f"&{group}={listed(urns)}" for group, urns in groups.items())
    return get(f"/rest/{STATISTICS}?{query}", "FINDER", posts=sum(map(len, groups.values())))


def video_request(figure: Figure, urn: str) -> Request:
    query = f"q=entity&entity={encoded(urn)}&type={figure.type}&aggregation=ALL"
    return get(f"/rest/videoAnalytics?{query}", "FINDER", posts=1)


def member_requests(call: Call, posts: Sequence[Published]) -> dict[Asked, Request]:
    requests = {}
    for post in posts:
        for figure in asked_of(call, post, MEMBER_POST):
            requests[figure.type, post.id] = member_request("memberCreatorPostAnalytics", figure, post.id)
        for figure in asked_of(call, post, MEMBER_VIDEO if post.kind.is_video else ()):
            requests[figure.type, post.id] = member_request("memberCreatorVideoAnalytics", figure, post.id)
    return requests


def asked_of(call: Call, post: Published, figures: Iterable[Figure]) -> list[Figure]:
    return [figure for figure in figures if lacking(call, post.id, figure) is None]


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
