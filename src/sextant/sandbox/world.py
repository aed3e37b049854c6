"""The state of the simulated networks: accounts, tokens, posts, and the clock they live by."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from sextant.sandbox.clock import SandboxClock
from sextant.sandbox.faults import Faults
from sextant.sandbox.ledger import Ledger
from sextant.sandbox.quotas import Quotas


class Account(msgspec.Struct):
    """Somebody with an account. `scopes` None: whatever an app asks for is granted.

    `tier` and `role` are the network's own words (see each network's accounts); `facts` is what its API
    shows of the account beside id and names.
    """

    platform: str
    id: str
    username: str
    name: str
    tier: str = ""
    role: str = ""
    scopes: list[str] | None = None
    facts: dict[str, Any] = {}


class App(msgspec.Struct):
    """A registered app; the sandbox knows one per network."""

    platform: str
    client_id: str
    client_secret: str


def app_at(platform: str) -> App:
    return App(platform, f"sandbox-{platform}", f"sandbox-{platform}-secret")


class Code(msgspec.Struct):
    """An authorization code: single use, bound to app, redirect address and PKCE challenge."""

    value: str
    platform: str
    account_id: str
    client_id: str
    redirect_uri: str
    scopes: list[str]
    expires_at: float
    challenge: str | None = None
    challenge_method: str | None = None
    facts: dict[str, str] = {}


class Token(msgspec.Struct):
    """A token of any kind (`access`, `refresh`, `user`, `page`, …: the network's choice)."""

    value: str
    platform: str
    account_id: str
    kind: str
    scopes: list[str]
    issued_at: float
    expires_at: float | None = None
    family: str = ""
    """Tokens of one consent, so that revoking one can end them all."""
    dead: bool = False


class Post(msgspec.Struct):
    """A native post. `truth` None: its numbers grow; else they are exactly these (see control.py).

    `facts` is the network's own: ids of attached video, permalink, product type …
    """

    platform: str
    id: str
    account_id: str
    kind: str
    created_at: float
    text: str = ""
    facts: dict[str, Any] = {}
    truth: dict[str, Any] | None = None
    deleted_at: float | None = None


ALIASES = ("video_id", "video", "container_id", "publish_id")
"""Facts that name a post too; they are there when it is added and never change."""


class State(msgspec.Struct):
    """What is kept over a restart."""

    advanced_s: float = 0.0
    accounts: list[Account] = []
    tokens: dict[str, Token] = {}
    posts: list[Post] = []
    serial: int = 0


class World:
    """Everything the simulated networks know. One process, one event loop: no locks."""

    def __init__(self, clock: SandboxClock | None = None, path: Path | None = None) -> None:
        self.clock = clock or SandboxClock()
        self.path = path
        self.unsaved = False
        self.state = self._loaded()
        self.clock.advance(self.state.advanced_s)
        self.codes: dict[str, Code] = {}
        self.uploads: dict[str, Any] = {}
        self._accounts = {(account.platform, account.id): account for account in self.state.accounts}
        self._posts: dict[str, dict[str, Post]] = {}
        self._by_account: dict[tuple[str, str], list[Post]] = {}
        self._aliases: dict[tuple[str, str], Post] = {}
        for post in self.state.posts:
            self._index(post)
        self.ledger = Ledger()
        self.quotas = Quotas(path.with_name(f"{path.stem}.quotas.json") if path else None)
        self.faults = Faults()
        self.withdrawn_metrics: dict[str, set[str]] = {}
        """By platform: metrics that it has withdrawn, and refuses from now on."""
        self.base_url = ""
        self.processing_s = 0.5
        """How long a network takes to process a video, in simulated seconds."""

    # ---- people and apps ----

    def app(self, platform: str) -> App:
        return app_at(platform)

    def account(self, platform: str, account_id: str) -> Account | None:
        return self._accounts.get((platform, account_id))

    def accounts(self, platform: str) -> list[Account]:
        return [account for account in self.state.accounts if account.platform == platform]

    def add_account(self, account: Account) -> None:
        if self.account(account.platform, account.id) is None:
            self.state.accounts.append(account)
            self._accounts[account.platform, account.id] = account
            self.save()

    # ---- codes and tokens ----

    def add_code(self, code: Code) -> None:
        self.codes[code.value] = code

    def take_code(self, value: str) -> Code | None:
        """The code, once; None when unknown, used or expired."""
        code = self.codes.pop(value, None)
        return code if code is not None and code.expires_at > self.now() else None

    def issue(
        self,
        platform: str,
        account_id: str,
        kind: str,
        scopes: list[str],
        life_s: float | None,
        *,
        prefix: str = "",
        family: str = "",
    ) -> Token:
        """A new token, known from now on."""
        now = self.now()
        value = prefix + secrets.token_urlsafe(24).replace("-", "a").replace("_", "b")
        token = Token(
            value=value,
            platform=platform,
            account_id=account_id,
            kind=kind,
            scopes=scopes,
            issued_at=now,
            expires_at=None if life_s is None else now + life_s,
            family=family or value,
        )
        self.state.tokens[value] = token
        self.save()
        return token

    def token(self, value: str, *kinds: str) -> Token | None:
        """A live token of one of these kinds; None when unknown, dead, expired or of another kind."""
        token = self.state.tokens.get(value)
        if token is None or token.dead or (kinds and token.kind not in kinds):
            return None
        alive = token.expires_at is None or token.expires_at > self.now()
        return token if alive else None

    def kill_family(self, family: str) -> None:
        for token in self.state.tokens.values():
            if token.family == family:
                token.dead = True
        self.save()

    # ---- posts ----

    def posts(self, platform: str) -> Iterator[Post]:
        """Live posts, oldest first."""
        return (post for post in self._posts.get(platform, {}).values() if post.deleted_at is None)

    def posts_of(self, platform: str, account_id: str) -> Iterator[Post]:
        """Live posts of one account, oldest first."""
        return (p for p in self._by_account.get((platform, account_id), ()) if p.deleted_at is None)

    def post(self, platform: str, post_id: str) -> Post | None:
        """The live post of this id."""
        post = self._posts.get(platform, {}).get(post_id)
        return None if post is None or post.deleted_at is not None else post

    def named(self, platform: str, name: str) -> Post | None:
        """The live post of this id or alias."""
        post = self._aliases.get((platform, name))
        return self.post(platform, name) if post is None or post.deleted_at is not None else post

    def add_post(self, post: Post) -> None:
        self.state.posts.append(post)
        self._index(post)
        self.save()

    def _index(self, post: Post) -> None:
        self._posts.setdefault(post.platform, {})[post.id] = post
        self._by_account.setdefault((post.platform, post.account_id), []).append(post)
        for alias in map(post.facts.get, ALIASES):
            if isinstance(alias, str) and alias != post.id:
                self._aliases[post.platform, alias] = post

    # ---- metrics ----

    def alive(self, platform: str, metrics: Iterable[str]) -> list[str]:
        """Those of its metrics that a network has not withdrawn, in their order."""
        withdrawn = self.withdrawn_metrics.get(platform, set())
        return [metric for metric in metrics if metric not in withdrawn]

    # ---- small things ----

    def now(self) -> float:
        """Simulated unix seconds."""
        return self.clock.timestamp()

    def serial(self) -> int:
        """1, 2, 3 …, for making ids."""
        self.state.serial += 1
        return self.state.serial

    def _loaded(self) -> State:
        if self.path is not None and self.path.exists():
            return msgspec.json.decode(self.path.read_bytes(), type=State)
        return State()

    def save(self) -> None:
        """Notes that the state has changed; the server writes many changes at once, and at its end."""
        self.unsaved = True

    def write(self) -> None:
        """Writes what has changed where it is to survive a restart."""
        self.quotas.write()
        if self.path is None or not self.unsaved:
            return
        self.unsaved = False
        self.state.advanced_s = self.clock.ahead_s()
        fresh = self.path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(self.state))
        fresh.replace(self.path)
