"""Reading posts and accounts of X (x.md §1 «Account fields», §3.1, §3.3)."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from sextant.sandbox.network import count_items, json
from sextant.sandbox.world import Account, Post, World
from sextant.sandbox.x import errors, quotas
from sextant.sandbox.x.access import PLATFORM, Caller, caller
from sextant.sandbox.x.fields import Wanted, wanted
from sextant.sandbox.x.ids import ID
from sextant.sandbox.x.posts import by_id
from sextant.sandbox.x.show import Page, page_of
from sextant.sandbox.x.users import user_row

SCOPES = ("tweet.read", "users.read")
MOST_IDS = 100


async def lookup(world: World, request: web.Request) -> web.Response:
    """GET /2/tweets?ids= (1 to 100)."""
    reader = reading(world, request)
    asked = wanted(request, "ids")
    ids = ids_of(request)
    count(request, asked, len(set(ids)))
    page = page_of(world, asked, reader, "ids", [by_id(world, id_) for id_ in ids], ids)
    return json(billed(page).body())


async def lookup_one(world: World, request: web.Request) -> web.Response:
    """GET /2/tweets/{id}."""
    reader = reading(world, request)
    asked = wanted(request)
    native_id = request.match_info["id"]
    check_id("id", native_id)
    post = by_id(world, native_id)
    if post is None:
        raise errors.gone("id", native_id)
    count(request, asked, 1)
    body = billed(page_of(world, asked, reader, "id", [post], [native_id])).body()
    return json({**body, **({"data": body["data"][0]} if "data" in body else {})})


async def timeline(world: World, request: web.Request) -> web.Response:
    """GET /2/users/{id}/tweets, newest first."""
    reader = reading(world, request)
    asked = wanted(request, *TIMELINE)
    owner = world.account(PLATFORM, request.match_info["id"])
    if owner is None:
        return json({"errors": [errors.not_found("id", request.match_info["id"], "user")]})
    posts = within(world, request, owner)
    size, start = page_size(request), offset(request)
    page = Page(world, asked, reader, "id")
    for post in posts[start : start + size]:
        page.add(post)
    count(request, asked, len(posts[start : start + size]))
    own = owner.id == reader.account.id and bool(owner.facts.get("owns_app"))
    billed(page, quotas.OWNED_READ if own else quotas.READ_POST)
    return json({**page.body(), "meta": meta(posts, start, size)})


TIMELINE = (
    "max_results",
    "pagination_token",
    "start_time",
    "end_time",
    "since_id",
    "until_id",
    "exclude",
)


async def me(world: World, request: web.Request) -> web.Response:
    """GET /2/users/me."""
    account = caller(world, request, *SCOPES).account
    row = user_row(world, account, wanted(request).user)
    quotas.bill(world, quotas.READ_USER, [account.id])
    return json({"data": row})


# ---- what it costs -------------------------------------------------------------------------------


def reading(world: World, request: web.Request) -> Caller:
    """The caller, while there are post reads left."""
    reader = caller(world, request, *SCOPES)
    quotas.check_reads(world)
    return reader


def billed(page: Page, action: str = quotas.READ_POST) -> Page:
    """Charges what is returned: posts, and the users beside them."""
    quotas.bill(page.world, action, [row["id"] for row in page.data])
    quotas.bill(page.world, quotas.READ_USER, page.users)
    return page


# ---- parameters ----------------------------------------------------------------------------------


def count(request: web.Request, asked: Wanted, posts: int) -> None:
    if asked.numbers:
        count_items(request, posts)


def ids_of(request: web.Request) -> list[str]:
    ids = request.query.get("ids", "").split(",")
    if ids == [""]:
        raise errors.invalid("ids", [], "The `ids` query parameter can not be empty")
    if len(ids) > MOST_IDS:
        raise errors.invalid("ids", ids, f"size of the `ids` query parameter list [{len(ids)}] is over 100")
    for native_id in ids:
        check_id("ids", native_id)
    return ids


def check_id(parameter: str, value: str) -> None:
    if not ID.fullmatch(value):
        words = f"The `{parameter}` query parameter value [{value}] does not match ^[0-9]{{1,19}}$"
        raise errors.invalid(parameter, [value], words)


def within(world: World, request: web.Request, owner: Account) -> list[Post]:
    """The owner's posts between the asked times and ids, newest first."""
    since, until = moment(request, "start_time"), moment(request, "end_time")
    after, before = number(request, "since_id"), number(request, "until_id")
    posts = [
        post
        for post in world.posts_of(PLATFORM, owner.id)
        if (since is None or post.created_at >= since)
        and (until is None or post.created_at < until)
        and (after is None or int(post.id) > after)
        and (before is None or int(post.id) < before)
    ]
    return posts[::-1]


def moment(request: web.Request, name: str) -> float | None:
    text = request.query.get(name)
    if text is None:
        return None
    try:
        return datetime.strptime(text.replace(".000Z", "Z"), "%Y-%m-%dT%H:%M:%S%z").timestamp()
    except ValueError:
        words = f"The `{name}` query parameter value [{text}] is not YYYY-MM-DDTHH:mm:ssZ"
        raise errors.invalid(name, [text], words) from None


def number(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    check_id(name, text)
    return int(text)


def page_size(request: web.Request) -> int:
    text = request.query.get("max_results", "10")
    if not text.isdecimal() or not 5 <= int(text) <= 100:
        words = f"The `max_results` query parameter value [{text}] is not between 5 and 100"
        raise errors.invalid("max_results", [text], words)
    return int(text)


def offset(request: web.Request) -> int:
    text = request.query.get("pagination_token", "s0")
    if text[:1] != "s" or not text[1:].isdecimal():
        raise errors.invalid("pagination_token", [text], "The pagination token is not valid.")
    return int(text[1:])


def meta(posts: list[Post], start: int, size: int) -> dict[str, object]:
    page = posts[start : start + size]
    facts: dict[str, object] = {"result_count": len(page)}
    if page:
        facts |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
    if start + size < len(posts):
        facts["next_token"] = f"s{start + size}"
    if start:
        facts["previous_token"] = f"s{max(0, start - size)}"
    return facts
