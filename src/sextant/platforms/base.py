"""The seam between Sextant and a network: what an adapter is given, and what it gives back.

An adapter never touches the store and never retries: it makes requests through a `Call`, which signs them,
refreshes the token, writes the ledger and raises the `Fault` that the adapter's own table names.
URLs are always the network's real ones; in the sandbox the HTTP client maps them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import msgspec

from sextant.errors import Fault
from sextant.metrics import Reason
from sextant.platforms.catalogue import Catalogue, Kind
from sextant.platforms.media import FileStream, Media
from sextant.platforms.withdrawn import Withdrawn

Json = Any
"""Decoded JSON: dict, list, str, int (exact, any size), float, bool, None."""


# ---- requests and answers ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request to a network.

    `url` is absolute, on the network's real host, already percent-encoded; `params` are appended encoded.
    At most one of `json`, `form`, `multipart` and `body` is set. A `FileStream` as `body` leaves with its
    length known; give its Content-Type in `headers`.
    `commits`: this request makes a post visible, so a lost answer means OutcomeUnknown and not TryLater.
    `posts`: how many posts' numbers are asked for, `weight`: how many calls it is for the network; both for
    the ledger. `spends`: what it counts against which allowance, by name (`allowances.py`).
    `follow`: extra statuses below 400 that are answers and not redirects (YouTube's 308).
    """

    method: str
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Json = None
    form: Mapping[str, str] | None = None
    multipart: Mapping[str, str | bytes] | None = None
    body: bytes | FileStream | None = None
    commits: bool = False
    posts: int = 0
    weight: int = 1
    spends: Mapping[str, int] = field(default_factory=dict)
    timeout_s: float | None = None

    @property
    def writes(self) -> bool:
        return self.method not in ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `json` is None when the body is not JSON; header names are lower case.

    `at` is when it came, by Sextant's clock.
    """

    status: int
    headers: Mapping[str, str]
    json: Json
    text: str
    at: datetime

    @property
    def is_json(self) -> bool:
        return self.json is not None


# ---- apps, tokens, accounts ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class App:
    """The operator's registered app at a network. `login` names one of the platform's `logins`."""

    client_id: str
    client_secret: str = field(repr=False)
    login: str
    api_version: str


@dataclass(frozen=True, slots=True)
class Grant:
    """Tokens as a network gave them. Times are absolute; None = does not expire, or not told.

    `scopes` is what was really granted, which may be less than was asked.
    `subject` is the account id some networks name in the token answer (TikTok's open_id).
    """

    access_token: str = field(repr=False)
    expires_at: datetime | None = None
    refresh_token: str | None = field(default=None, repr=False)
    refresh_expires_at: datetime | None = None
    scopes: frozenset[str] = frozenset()
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One account a consent lets us speak for.

    `id` is the network's own id. `kind` is the network's form of account (LinkedIn `member` or
    `organization`); `grant` is set where the account has tokens of its own (a Facebook Page).
    `facts`: what else preflight needs to know and the network told at connecting (X's subscription).
    """

    id: str
    name: str
    kind: str
    username: str | None = None
    profile_url: str | None = None
    avatar_url: str | None = None
    grant: Grant | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


class Send(Protocol):
    """Sends one request as it stands (nothing signed) and raises the platform's Fault."""

    async def __call__(self, request: Request) -> Answer: ...


class Call(Protocol):
    """An authenticated caller for one account."""

    app: App
    account: Account
    withdrawn: Withdrawn
    """Metrics that the network has refused before."""

    @property
    def scopes(self) -> frozenset[str]:
        """What the account's owner really granted."""
        ...

    @property
    def now(self) -> datetime:
        """Sextant's time at the moment of asking."""
        ...

    async def send(self, request: Request) -> Answer:
        """Signs, sends, refreshes the token once when it was refused; raises a Fault."""
        ...

    async def send_unsigned(self, request: Request) -> Answer:
        """Sends without credentials (an upload address must never see the token); raises a Fault."""
        ...

    async def pause(self, seconds: float) -> None:
        """Waits, by the clock of the world the call lives in."""
        ...


# ---- publishing ----------------------------------------------------------------------------------


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an author may set for one network; each platform's `options.py` derives its own from it."""

    def addresses(self) -> dict[str, str]:
        """The media that the options name, by field; they are fetched and found in `Draft.extra`."""
        return {}


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be published at one destination. `id` is ours, stable over restarts.

    `options` is an instance of the platform's own `options` class (None: all defaults).
    `extra`: the media of `options.addresses()`, by field (`thumbnail_url`), fetched like any other.
    `taken`: native ids on this account that are other posts of ours, and so never this one.
    """

    id: str
    text: str
    media: tuple[Media, ...]
    kind: Kind
    options: Any = None
    extra: Mapping[str, Media] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Complaint:
    """One reason why a network would not take a draft.

    `at`: the field below the post: ("post",), ("media_urls", 1), ("options", "title"), ("account",).
    `say`: a sentence that says what is wrong and what is allowed, without the network's name in front.
    """

    at: tuple[str | int, ...]
    say: str


@dataclass(frozen=True, slots=True)
class Published:
    """A native post. `id` is what the network calls it; `at` is when it became visible.

    `video_id`: the attached video's own id where the network counts it apart (Facebook).
    `note`: what did not come along (a thumbnail that was refused), said to the author of a post that is out.
    """

    id: str
    kind: Kind
    url: str | None
    at: datetime
    video_id: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A step that is behind us, saved before the next is taken. `state` is what the next one needs.

    `announces`: the next outside step makes the post visible. The last checkpoint carries `published`.
    """

    step: str
    state: Mapping[str, str] = field(default_factory=dict)
    announces: bool = False
    published: Published | None = None


# ---- reading -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one key has no number this time. Overrides a number that is known to be false."""

    reason: Reason
    message: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a network reported of one post.

    `raw`: its own names in lowerCamelCase (see `camel`), metric groups flattened, nothing dropped.
    `refused`: keys among the 13 that this reading cannot have, and why.
    `fault`: set when the network did not (fully) answer for this post; `raw` then holds what did come.
    `url`: the public address, when the network itself reports it.
    """

    id: str
    raw: Mapping[str, Json] = field(default_factory=dict)
    url: str | None = None
    refused: Mapping[str, Refusal] = field(default_factory=dict)
    fault: Fault | None = None


# ---- limits --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `posts` posts of one account in `seconds`, as the network allows it."""

    posts: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """`batch`: most posts in one `read`. `text_posts`: a post without media exists here.

    `rates`: how fast one account may publish; the engine keeps below it by itself.
    """

    batch: int
    text_posts: bool
    rates: tuple[Rate, ...] = ()


# ---- the platform --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OAuthSpec:
    """A network's authorization code flow, as data (driven by platforms/oauth.py).

    `client_id_name`: TikTok calls it `client_key`. `basic`: the secret goes into the Authorization header,
    never the form. `token_json`: the token endpoint takes JSON. `authorize` are fixed extra parameters.
    """

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    revoke_url: str | None = None
    scope_separator: str = " "
    client_id_name: str = "client_id"
    pkce: bool = False
    basic: bool = False
    token_json: bool = False
    authorize: Mapping[str, str] = field(default_factory=dict)


class Platform(Protocol):
    """One network. A new ability is a new small protocol, never a field on this one."""

    name: str
    title: str
    """As people write it: «LinkedIn»."""
    logins: Mapping[str, OAuthSpec]
    """The ways to connect an account; the first is the default."""
    api_version: str
    """The default; the operator may set another."""
    limits: Limits
    catalogue: Catalogue

    @property
    def options(self) -> type[Options]:
        """What an author may set here: a struct of its own."""
        ...

    def check(self, draft: Draft, account: Account, scopes: frozenset[str]) -> list[Complaint]:
        """Holds a draft against what is known without asking: text, media, options, scopes. Pure.

        A medium whose `facts` are None is not held against anything.
        """
        ...

    def sign(self, request: Request, token: str, app: App) -> Request:
        """The request with the account's credentials on it."""
        ...

    def fault(self, answer: Answer, request: Request) -> Fault | None:
        """What an answer means by the platform's table; None when it is good. Never raises."""
        ...

    async def exchange(
        self, send: Send, app: App, code: str, redirect_uri: str, verifier: str | None, now: datetime
    ) -> Grant: ...

    async def refresh(self, send: Send, app: App, grant: Grant, now: datetime) -> Grant: ...

    async def revoke(self, send: Send, app: App, grant: Grant) -> None: ...

    async def identify(self, send: Send, app: App, grant: Grant) -> list[Account]:
        """The accounts this grant may speak for; `send` does not sign, so sign with `self.sign`."""
        ...

    def publish(self, call: Call, draft: Draft, done: Checkpoint | None) -> AsyncIterator[Checkpoint]:
        """Goes on after `done`, yielding a checkpoint after each outside step."""
        ...

    async def find_published(
        self, call: Call, draft: Draft, done: Checkpoint, since: datetime
    ) -> Published | None:
        """After a lost answer: the post, None when it is surely not there; OutcomeUnknown when unsure."""
        ...

    async def read(self, call: Call, posts: Sequence[Published]) -> list[Reading]:
        """At most limits.batch posts; one Reading each, matched by id. Raises when nothing was answered."""
        ...


@runtime_checkable
class Asks(Protocol):
    """A network whose account has a state to ask for before posting (quota left, what a creator may)."""

    async def ask(self, call: Call, draft: Draft) -> list[Complaint]:
        """Costs requests; raises a Fault when the network does not say."""
        ...


@runtime_checkable
class Deletes(Protocol):
    """A network that can take a post down."""

    async def delete(self, call: Call, post: Published) -> None:
        """Returns as well when the post is gone already; ActOutside where this login cannot."""
        ...


# ---- calls side by side ----------------------------------------------------------------------------


async def together(*awaitables: Awaitable[Any]) -> list[Any]:
    """Runs independent calls side by side; each result is a value or the Fault it raised.

    Anything that is not a Fault is a defect and is raised.
    """
    results = await asyncio.gather(*awaitables, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, Fault):
            raise result
    return results
