"""What stands before every call: the token, the account's switches, and the shape of the request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from sextant.sandbox.network import Handler, bearer
from sextant.sandbox.tiktok import errors, quotas
from sextant.sandbox.tiktok.errors import BusinessRefused, Refused
from sextant.sandbox.world import Account, World

HOST = "open.tiktokapis.com"


@dataclass
class Call:
    """One admitted Open API request; `scopes` are those in force now."""

    world: World
    request: web.Request
    account: Account
    scopes: set[str]

    def need(self, *scopes: str) -> None:
        """Any one of these scopes."""
        if not self.scopes & set(scopes):
            raise errors.scope_missing()

    def fields(self, known: Iterable[str]) -> list[str]:
        """The `fields` of the query, which must all exist."""
        names = [name.strip() for name in self.request.query.get("fields", "").split(",") if name.strip()]
        unknown = sorted(set(names) - set(known))
        if unknown or not names:
            raise Refused(400, "invalid_params", f"Invalid fields: {', '.join(unknown) or 'none given'}")
        return names

    async def body(self) -> dict[str, Any]:
        return await json_object(
            self.request, Refused(400, "invalid_params", "The body is not a JSON object.")
        )


@dataclass
class BusinessCall:
    """One admitted Business API request; `scopes` are those in force now."""

    world: World
    request: web.Request
    account: Account
    scopes: set[str]

    def need(self, scope: str) -> None:
        if scope not in self.scopes:
            raise errors.no_permission(f"The access token lacks the scope {scope}.")

    def check_account(self, business_id: Any) -> None:
        if not isinstance(business_id, str) or not business_id:
            raise errors.wrong("business_id: Missing data for required field.")
        if business_id != self.account.id or self.account.tier == "display":
            raise errors.no_permission("No permission to operate this account.")

    def fields(self, known: Iterable[str], default: list[str]) -> list[str]:
        """`fields` is a JSON list as text; one unknown name refuses the whole list."""
        names = self.decoded("fields", list[str]) if "fields" in self.request.query else default
        unknown = sorted(set(names) - set(known))
        if unknown:
            raise errors.wrong(f"fields: Invalid value {unknown}.")
        return names

    def decoded(self, name: str, type_: Any) -> Any:
        """A query parameter that holds JSON as text."""
        try:
            return msgspec.json.decode(self.request.query[name], type=type_)
        except msgspec.DecodeError as error:
            raise errors.wrong(f"{name}: {error}") from None

    def number(self, name: str, default: int, least: int, most: int) -> int:
        text = self.request.query.get(name, str(default))
        if not text.isdigit() or not least <= int(text) <= most:
            raise errors.wrong(f"{name}: Must be between {least} and {most}.")
        return int(text)

    async def body(self) -> dict[str, Any]:
        return await json_object(self.request, errors.wrong("The body is not a JSON object."))


async def json_object(request: web.Request, otherwise: Exception) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise otherwise
    try:
        return msgspec.json.decode(await request.read(), type=dict[str, Any])
    except msgspec.DecodeError:
        raise otherwise from None


def open_api(respond: Callable[[Call], Awaitable[web.Response]]) -> Handler:
    async def handle(world: World, request: web.Request) -> web.StreamResponse:
        try:
            call = admitted(world, request)
            quotas.count_open(world, request.path.removeprefix(f"/{HOST}"), call.account)
            return await respond(call)
        except Refused as refused:
            return errors.refusal(refused)

    return handle


def admitted(world: World, request: web.Request) -> Call:
    token = world.token(bearer(request), "open")
    account = world.account("tiktok", token.account_id) if token else None
    if token is None or account is None:
        raise errors.token_invalid()
    return Call(world, request, account, effective(account, token.scopes))


def effective(account: Account, granted: list[str]) -> set[str]:
    """The account's switch holds for tokens already issued."""
    return set(granted) if account.scopes is None else set(granted) & set(account.scopes)


def business_api(respond: Callable[[BusinessCall], Awaitable[web.Response]]) -> Handler:
    async def handle(world: World, request: web.Request) -> web.StreamResponse:
        try:
            quotas.count_business(world)
            return await respond(business_admitted(world, request))
        except BusinessRefused as refused:
            return errors.business_refusal(refused)

    return handle


def business_admitted(world: World, request: web.Request) -> BusinessCall:
    value = request.headers.get("Access-Token", "")
    if not value:
        text = "Access token is null, you should set it in http header with key Access-Token."
        raise BusinessRefused(40104, text)
    known = world.state.tokens.get(value)
    account = world.account("tiktok", known.account_id) if known and known.kind == "business" else None
    if known is None or account is None or known.dead:
        raise BusinessRefused(40105, "Access token is incorrect or has been revoked.")
    if world.token(value) is None:
        raise BusinessRefused(40102, "Access token is expired.")
    return BusinessCall(world, request, account, effective(account, known.scopes))
