"""One call of the Graph, alone or out of a batch, and who makes it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from sextant.sandbox.graph import errors
from sextant.sandbox.graph.errors import GraphError
from sextant.sandbox.graph.versions import served, split
from sextant.sandbox.world import Account, Token, World

FACEBOOK, INSTAGRAM = "graph.facebook.com", "graph.instagram.com"
VIDEO = "graph-video.facebook.com"
FACEBOOK_KINDS = ("short", "long", "page")
TOKEN_KINDS = {FACEBOOK: FACEBOOK_KINDS, VIDEO: FACEBOOK_KINDS, INSTAGRAM: ("ig_short", "ig_long")}
PLATFORMS = ("facebook", "instagram")


@dataclass(frozen=True, slots=True)
class Call:
    """`params` are those of query and body together, the token of a header as `access_token`.

    `files` are those of a multipart body. `posts` collects the ids of the posts whose numbers are asked
    for, over all calls of a batch.
    """

    world: World
    host: str
    method: str
    version: str
    path: tuple[str, ...]
    params: Mapping[str, str]
    posts: set[str] = field(default_factory=set)
    files: Mapping[str, web.FileField] = field(default_factory=dict)

    @property
    def node_id(self) -> str:
        return self.path[0] if self.path else ""

    @property
    def edge(self) -> str:
        return self.path[1] if len(self.path) > 1 else ""

    def inner(self, method: str, url: str, params: Mapping[str, str]) -> Call:
        """One call of a batch."""
        version, path = split(url)
        served_by = served(version, self.world.now()) if version else self.version
        return Call(self.world, self.host, method, served_by, path, params, self.posts)


@dataclass(frozen=True, slots=True)
class Caller:
    """The account that a token speaks for, and the scopes in force now."""

    token: Token
    account: Account
    scopes: frozenset[str]

    @property
    def platform(self) -> str:
        return self.account.platform

    @property
    def is_page(self) -> bool:
        return self.token.kind == "page"


CALL = web.RequestKey("graph call", Call)


async def call_of(world: World, request: web.Request) -> Call:
    """The call that a request is; worked out once per request."""
    if CALL not in request:
        request[CALL] = await _parsed(world, request)
    return request[CALL]


async def _parsed(world: World, request: web.Request) -> Call:
    _, host, path = (request.path + "/").split("/", 2)
    version, segments = split(path)
    sent = await _body(request)
    params = {name: value for name, value in sent.items() if isinstance(value, str)} | dict(request.query)
    files = {name: value for name, value in sent.items() if isinstance(value, web.FileField)}
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() in ("bearer", "oauth") and value.strip():
        params.setdefault("access_token", value.strip())
    return Call(world, host, request.method, served(version, world.now()), segments, params, files=files)


async def _body(request: web.Request) -> dict[str, Any]:
    """Texts and files by name."""
    if request.content_type == "application/json":
        try:
            found = msgspec.json.decode(await request.read(), type=dict[str, Any])
        except msgspec.DecodeError:
            return {}
        return {name: _text(value) for name, value in found.items()}
    return dict(await request.post())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def caller_of(call: Call) -> Caller:
    """Who calls; raises the envelope of a missing, unknown, expired or revoked token, or of a wrong proof."""
    value = call.params.get("access_token", "")
    if not value:
        raise errors.no_token()
    token = call.world.state.tokens.get(value)
    account = call.world.account(token.platform, token.account_id) if token else None
    if token is None or account is None or token.kind not in TOKEN_KINDS[call.host]:
        raise errors.unknown_token()
    check_alive(call.world, token)
    check_proof(call.world, token, call.params.get("appsecret_proof"))
    return Caller(token, account, in_force(account, token))


def in_force(account: Account, token: Token) -> frozenset[str]:
    """The account's switches hold for tokens already issued."""
    granted = frozenset(token.scopes)
    return granted if account.scopes is None else granted & frozenset(account.scopes)


def check_alive(world: World, token: Token) -> None:
    if token.dead:
        text = "Error validating access token: The user has not authorized the application."
        raise GraphError(190, text, 458)
    if token.expires_at is not None and token.expires_at <= world.now():
        end = datetime.fromtimestamp(token.expires_at, UTC).strftime("%A, %d-%b-%y %H:%M:%S UTC")
        raise GraphError(190, f"Error validating access token: Session has expired on {end}.", 463)


def check_proof(world: World, token: Token, proof: str | None) -> None:
    """`appsecret_proof` (§1.4) may be left out here, but must be right when it is sent."""
    if proof is None:
        return
    secret = world.app(token.platform).client_secret
    right = hmac.new(secret.encode(), token.value.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right.encode(), proof.encode()):
        raise errors.wrong_proof()
