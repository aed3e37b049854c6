"""Posts (sections 2.1, 2.2 and 2.8): create, read one or several, delete."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sextant.sandbox.linkedin import text
from sextant.sandbox.linkedin.authors import check_author, check_readable
from sextant.sandbox.linkedin.content import Attached, attachment, shown_content
from sextant.sandbox.linkedin.errors import Refused, answer, invalid, not_found, throttled
from sextant.sandbox.linkedin.gate import DAY_S, Call
from sextant.sandbox.world import Post, World

URN = re.compile(r"urn:li:(share|ugcPost):\d+")
KEYS = {
    "author",
    "commentary",
    "visibility",
    "distribution",
    "lifecycleState",
    "isReshareDisabledByAuthor",
    "content",
}
REQUIRED = ("author", "commentary", "visibility", "distribution", "lifecycleState")
DUPLICATE_S = 3600
MEMBER_POSTS = 150
BATCH_MAX = 50
"""No number is documented for ids=List(…); clients use up to 50."""


def found(world: World, urn: str) -> Post | None:
    return world.post("linkedin", urn)


def post_urn(urn: str) -> str:
    if not URN.fullmatch(urn):
        raise invalid(f"Invalid post urn: {urn}")
    return urn


async def create(call: Call) -> web.Response:
    body = await call.body()
    call.only()
    check_fields(body)
    check_author(call, body["author"], "author")
    check_values(body)
    attached = attachment(call, body)
    kept = text.kept(body["commentary"])
    check_duplicate(call, body["author"], kept.shown, attached)
    check_day(call, body["author"])
    post = new_post(call, body, kept, attached)
    call.world.add_post(post)
    return answer(None, 201, {"x-restli-id": post.id})


def check_fields(body: dict[str, Any]) -> None:
    extra = sorted(set(body) - KEYS)
    if extra:
        text = "Unpermitted fields present in REQUEST_BODY: Data Processing Exception while processing fields"
        raise Refused(403, f"{text} [/{extra[0]}]", "ACCESS_DENIED", 100)
    for name in REQUIRED:
        if name not in body:
            raise Refused(
                422, f"ERROR :: /{name} :: field is required but not found and has no default value"
            )


def check_values(body: dict[str, Any]) -> None:
    if not isinstance(body["commentary"], str):
        raise invalid("ERROR :: /commentary :: must be a string")
    if text.too_long(body["commentary"]):
        message = f"ERROR :: /commentary :: length exceeds {text.MAX_CHARACTERS}"
        raise invalid(message, "FIELD_LENGTH_TOO_LONG")
    if body["lifecycleState"] != "PUBLISHED":
        raise invalid("ERROR :: /lifecycleState :: must be PUBLISHED at creation")
    allowed = ["PUBLIC", "LOGGED_IN", *["CONNECTIONS"] * body["author"].startswith("urn:li:person:")]
    if body["visibility"] not in allowed:
        raise invalid(f"ERROR :: /visibility :: must be one of {allowed}")
    if not isinstance(body.get("isReshareDisabledByAuthor", False), bool):
        raise invalid("ERROR :: /isReshareDisabledByAuthor :: must be true or false")
    distribution = body["distribution"]
    feed = distribution.get("feedDistribution") if isinstance(distribution, dict) else None
    if feed not in ("MAIN_FEED", "NONE"):
        raise invalid("ERROR :: /distribution/feedDistribution :: must be MAIN_FEED or NONE")


def check_day(call: Call, author: str) -> None:
    """150 posts per member and day (section 4); of pages no number is known."""
    today = call.world.now() // DAY_S
    same = [post for post in call.world.state.posts if post.facts.get("author") == author]
    if author == call.person() and sum(post.created_at // DAY_S == today for post in same) >= MEMBER_POSTS:
        raise throttled("MEMBER DAY")


def account_of(call: Call, author: str) -> str:
    """Whose posts an author's are in the world."""
    return call.account.id if author == call.person() else author


def check_duplicate(call: Call, author: str, shown: str, attached: Attached) -> None:
    """How long LinkedIn looks back is not known (section 7); hourly repeats were refused (2023-12)."""
    since = call.world.now() - DUPLICATE_S
    for post in call.world.posts_of("linkedin", account_of(call, author)):
        same = post.text == shown and post.kind == attached.kind
        if shown and same and post.created_at > since:
            raise Refused(422, f"Content is a duplicate of {post.id}", "DUPLICATE_POST")


def new_post(call: Call, body: dict[str, Any], kept: text.Kept, attached: Attached) -> Post:
    author, now = body["author"], call.world.now()
    number = (int(now * 1000) << 22) + call.world.serial() % (1 << 22)
    return Post(
        platform="linkedin",
        id=f"urn:li:{'ugcPost' if attached.kind == 'video' else 'share'}:{number}",
        account_id=account_of(call, author),
        kind=attached.kind,
        created_at=now,
        text=kept.shown,
        facts={
            "author": author,
            "commentary": kept.commentary,
            "visibility": body["visibility"],
            "isReshareDisabledByAuthor": body.get("isReshareDisabledByAuthor", False),
            **attached.facts,
        },
    )


async def show(call: Call) -> web.Response:
    call.only("viewContext", "fields")
    call.need("r_organization_social")
    return answer(described(readable(call, post_urn(call.key()))))


def readable(call: Call, urn: str) -> Post:
    post = found(call.world, urn)
    if post is None:
        raise not_found()
    check_readable(call, post)
    return post


async def batch(call: Call) -> web.Response:
    call.only("ids", "viewContext", "fields")
    call.need("r_organization_social")
    urns = [post_urn(urn) for urn in call.texts("ids", BATCH_MAX)]
    return answer(batched(urns, lambda urn: described(readable(call, urn))))


def batched(urns: list[str], look: Callable[[str], Any]) -> dict[str, Any]:
    """The BATCH_GET answer: one entry per id, under `results` or `errors`, each with its status."""
    answers: dict[str, Any] = {"results": {}, "errors": {}, "statuses": {}}
    for urn in urns:
        try:
            answers["results"][urn], answers["statuses"][urn] = look(urn), 200
        except Refused as refused:
            answers["errors"][urn] = {"status": refused.status, "message": refused.message}
            answers["statuses"][urn] = refused.status
    return answers


async def by_author(call: Call) -> web.Response:
    """The finder `author`, newest first. The document is silent on it; LinkedIn's posts API has had it.

    A new post is listed a moment after it can be read by its urn.
    """
    call.only("q", "author", "count", "start", "sortBy", "viewContext", "fields")
    call.need("r_organization_social")
    author, start, count = call.text("author"), call.text("start", "0"), call.text("count", "10")
    if call.role_at(author) == "":
        raise call.denied()
    if not start.isdigit() or not count.isdigit() or int(count) > 100:
        raise invalid("Parameters 'start' and 'count' must be numbers, 'count' at most 100")
    if call.text("sortBy", "LAST_MODIFIED") not in ("LAST_MODIFIED", "CREATED"):
        raise invalid("Parameter 'sortBy' must be LAST_MODIFIED or CREATED")
    listed = call.world.now() - call.world.processing_s
    own = [*call.world.posts_of("linkedin", account_of(call, author))][::-1]
    own = [post for post in own if post.created_at <= listed]
    paging = {"start": int(start), "count": int(count), "links": [], "total": len(own)}
    page = own[int(start) : int(start) + int(count)]
    return answer({"paging": paging, "elements": [described(post) for post in page]})


def described(post: Post) -> dict[str, Any]:
    at_ms = int(post.created_at * 1000)
    body = {
        "id": post.id,
        "author": post.facts["author"],
        "commentary": post.facts["commentary"],
        "visibility": post.facts["visibility"],
        "lifecycleState": "PUBLISHED",
        "lifecycleStateInfo": {"isEditedByAuthor": False},
        "isReshareDisabledByAuthor": post.facts["isReshareDisabledByAuthor"],
        "distribution": {"feedDistribution": "MAIN_FEED", "thirdPartyDistributionChannels": []},
        "createdAt": at_ms,
        "publishedAt": at_ms,
        "lastModifiedAt": at_ms,
    }
    if content := shown_content(post.facts):
        body["content"] = content
    return body


async def delete(call: Call) -> web.Response:
    """Idempotent: what is not there is deleted as well."""
    call.need("w_member_social", "w_organization_social")
    post = found(call.world, post_urn(call.key()))
    if post is not None:
        check_author(call, post.facts["author"], "author")
        post.deleted_at = call.world.now()
        call.world.save()
    return answer(None, 204)
