"""The pages on which an account's owner connects it. No key: the signed link is the permission."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from litestar import MediaType, Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery, QueryParameter, URLEncodedBody
from litestar.response import Redirect

from sextant.accounts import Choice, Connected, LinkInvalid
from sextant.api import pages
from sextant.errors import Fault, SextantError
from sextant.services import Services
from sextant.store import organizations

BrowserRequest = Request[None, None, Any]
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def html(text: str, status: int = 200) -> Response[str]:
    return Response(text, status_code=status, media_type=MediaType.HTML, headers=PAGE_HEADERS)


@get("/{link:str}")
async def start_page(request: BrowserRequest, link: FromPath[str]) -> Response[str]:
    """Says what is about to happen."""
    services: Services = request.app.state.services
    session = await services.accounts.session(link)
    async with services.store.read() as db:
        organization = await organizations.by_id(db, session.organization_id)
    title = services.accounts.platforms[session.platform].title
    return html(pages.start(title, organization.name if organization else "", f"/connect/{link}/start"))


@get("/{link:str}/start")
async def start(request: BrowserRequest, link: FromPath[str]) -> Redirect:
    """On to the network's consent page."""
    services: Services = request.app.state.services
    return Redirect(await services.accounts.authorize(link), status_code=302, headers=PAGE_HEADERS)


@get("/callback/{platform:str}")
async def callback(
    request: BrowserRequest,
    platform: FromPath[str],
    oauth_state: Annotated[str, QueryParameter(name="state")] = "",
    code: FromQuery[str] = "",
    error: FromQuery[str] = "",
) -> Response[Any]:
    """Back from the network, with a code or a refusal."""
    services: Services = request.app.state.services
    if platform not in services.accounts.platforms:
        raise LinkInvalid
    if error or not code:
        await services.accounts.refused(platform, oauth_state)
        title = services.accounts.platforms[platform].title
        return html(pages.refused(title, error), 400)
    return ended(await services.accounts.complete(platform, oauth_state, code), services)


@post("/{link:str}/choose", status_code=200)
async def choose(
    request: BrowserRequest,
    link: FromPath[str],
    data: URLEncodedBody[dict[str, str]],
) -> Response[Any]:
    """The account a person picked."""
    services: Services = request.app.state.services
    return ended(await services.accounts.choose(link, data.get("account", "")), services)


def ended(outcome: Connected | Choice, services: Services) -> Response[Any]:
    title = services.accounts.platforms[outcome.platform].title
    if isinstance(outcome, Choice):
        return html(pages.choice(title, outcome.accounts, f"/connect/{outcome.link}/choose"))
    if outcome.redirect_url is None:
        return html(pages.connected(title, outcome.account_name))
    query = {"social_connection_id": outcome.connection_id, "platform": outcome.platform}
    joint = "&" if urlsplit(outcome.redirect_url).query else "?"
    location = f"{outcome.redirect_url}{joint}{urlencode(query)}"
    return Redirect(location, status_code=302, headers=PAGE_HEADERS)


def link_invalid(_: BrowserRequest, error: SextantError) -> Response[str]:
    return html(pages.failed(str(error)), 404)


def network_refused(_: BrowserRequest, error: Fault) -> Response[str]:
    return html(pages.failed(error.sentence()), 502)


def connect_routes() -> Router:
    handlers: dict[Any, Callable[..., Any]] = {LinkInvalid: link_invalid, Fault: network_refused}
    return Router(
        path="/connect",
        route_handlers=[start_page, start, callback, choose],
        include_in_schema=False,
        exception_handlers=handlers,
    )
