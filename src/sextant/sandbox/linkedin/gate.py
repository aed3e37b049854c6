"""What stands before every API call: token, version, Rest.li method, daily quota."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from sextant.sandbox.linkedin import quotas, restli
from sextant.sandbox.linkedin.errors import Refused, answer, denied, invalid
from sextant.sandbox.network import Handler, bearer
from sextant.sandbox.world import Account, World

# Section 6: what is still active, with its last day; the last two have no known end.
VERSION_ENDS = {
    "202601": "2027-01-15",
    "202602": "2027-02-15",
    "202603": "2027-03-16",
    "202604": "2027-04-15",
    "202605": "2027-05-15",
    "202606": "2027-06-15",
    "202607": "2027-07-15",
    "202608": "9999",
    "202609": "9999",
}
SELF_SERVE_SCOPES = {"openid", "profile", "email", "w_member_social"}
DAY_S = 86400


@dataclass
class Call:
    """One admitted request. `scopes` are those in force now, `version` is `202609`."""

    world: World
    request: web.Request
    account: Account
    scopes: set[str]
    resource: str
    method: str
    version: str
    query: dict[str, restli.Value]

    def need(self, *scopes: str) -> None:
        """Any one of these scopes, else 403."""
        if not self.scopes & set(scopes):
            raise self.denied()

    def denied(self) -> Refused:
        version = f"{self.version}01" if self.version else "NO_VERSION"
        return denied(self.resource, self.method, version)

    def only(self, *names: str) -> None:
        """Refuses query parameters that this method does not have."""
        extra = sorted(set(self.query) - set(names))
        if extra:
            raise invalid(f"Unpermitted query parameters: {extra}", "QUERY_PARAM_NOT_ALLOWED")

    def text(self, name: str, default: str | None = None) -> str:
        value = self.query.get(name, default)
        if not isinstance(value, str):
            raise invalid(f"Parameter '{name}' is required and must be a single value")
        return value

    def texts(self, name: str, most: int) -> list[str]:
        """A `List(…)` of at most `most` different values; empty when the parameter is absent."""
        values = self.query.get(name, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise restli.wrong()
        distinct = list(dict.fromkeys(str(value) for value in values))
        if len(distinct) > most:
            raise invalid(f"Parameter '{name}' has more than {most} elements")
        return distinct

    def key(self) -> str:
        """The path's own key, decoded; Rest.li 2 wants its colons encoded."""
        if ":" in self.request.rel_url.raw_path:
            raise invalid("Syntax exception in path variables", "ILLEGAL_ARGUMENT")
        return self.request.match_info["key"]

    async def body(self) -> dict[str, Any]:
        try:
            return msgspec.json.decode(await self.request.read(), type=dict[str, Any])
        except msgspec.DecodeError:
            raise invalid("Could not parse the request body as a JSON object") from None

    def person(self) -> str:
        return f"urn:li:person:{self.account.id}"

    def role_at(self, organization: str) -> str:
        """The member's role at a page, empty when there is none."""
        own = f"urn:li:organization:{self.account.facts['organization']['id']}"
        return self.account.role if organization == own else ""


Answer = Callable[[Call], Awaitable[web.Response]]


def rest(resource: str, methods: Mapping[str, Answer]) -> Handler:
    """A handler for one path of `/rest`; the keys are Rest.li methods as the error texts name them."""

    async def handle(world: World, request: web.Request) -> web.StreamResponse:
        try:
            call = admitted(world, request, resource)
            if call.method not in methods:
                raise invalid(f"Method {call.method} is not supported by resource {resource}")
            return await methods[call.method](call)
        except Refused as refused:
            return answer(refused.body(), refused.status)

    return handle


def unversioned(resource: str, method: str, respond: Answer) -> Handler:
    """A handler for one path of `/v2`."""

    async def handle(world: World, request: web.Request) -> web.StreamResponse:
        try:
            account, scopes = authenticated(world, request)
            quotas.count_call(world, account, resource)
            return await respond(Call(world, request, account, scopes, resource, method, "", {}))
        except Refused as refused:
            return answer(refused.body(with_code=False), refused.status)

    return handle


def admitted(world: World, request: web.Request, resource: str) -> Call:
    account, scopes = authenticated(world, request)
    quotas.count_call(world, account, resource)
    version = active_version(world, request)
    protocol = request.headers.get("X-Restli-Protocol-Version", "1.0.0")
    query = restli.parsed(request.rel_url.raw_query_string, protocol)
    method = method_of(request, query)
    if method == "BATCH_GET" and account.tier == "development":
        raise denied(resource, method, f"{version}01")
    return Call(world, request, account, scopes, resource, method, version, query)


def authenticated(world: World, request: web.Request) -> tuple[Account, set[str]]:
    value = bearer(request)
    if not value:
        raise Refused(401, "Empty oauth2_access_token", service=401)
    token = world.state.tokens.get(value)
    account = world.account("linkedin", token.account_id) if token and token.kind == "access" else None
    if token is None or account is None:
        raise Refused(401, "Invalid access token", "INVALID_ACCESS_TOKEN", 65600)
    if token.dead:
        text = "The token used in the request has been revoked by the user"
        raise Refused(401, text, "REVOKED_ACCESS_TOKEN", 65601)
    if world.token(value) is None:
        text = "The token used in the request has expired"
        raise Refused(401, text, "EXPIRED_ACCESS_TOKEN", 65602)
    return account, effective(account, set(token.scopes))


def effective(account: Account, granted: set[str]) -> set[str]:
    """The account's switches hold for tokens already issued."""
    if account.scopes is not None:
        granted &= set(account.scopes)
    return granted & SELF_SERVE_SCOPES if account.tier == "self_serve" else granted


def active_version(world: World, request: web.Request) -> str:
    version = request.headers.get("LinkedIn-Version", "")
    if not version:
        text = "A version must be present. Please specify a version by adding the LinkedIn-Version header."
        raise Refused(400, text, "VERSION_MISSING")
    today = datetime.fromtimestamp(world.now(), UTC).date().isoformat()
    if VERSION_ENDS.get(version, "") < today:
        raise Refused(426, f"Requested version {version}01 is not active", "NONEXISTENT_VERSION")
    return version


def method_of(request: web.Request, query: Mapping[str, restli.Value]) -> str:
    """The Rest.li method; the X-RestLi-Method header is needed for none of these but must not contradict."""
    method = implied_method(request, query)
    named = request.headers.get("X-RestLi-Method", "").upper()
    if named and named != method.partition("-")[0]:
        raise invalid(f"X-RestLi-Method {named} does not fit a request that means {method}")
    return method


def implied_method(request: web.Request, query: Mapping[str, restli.Value]) -> str:
    if request.method == "POST":
        return f"ACTION-{query['action']}" if "action" in query else "CREATE"
    if request.method == "DELETE" or "key" in request.match_info:
        return request.method
    if "ids" in query:
        return "BATCH_GET"
    return f"FINDER-{query['q']}" if "q" in query else "GET_ALL"
