"""Puts each line of the truth table on stage: a running Sextant, its simulated networks, their switches."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sextant.accounts import Choice
from sextant.config import Settings
from sextant.platforms.withdrawn import Withdrawn
from sextant.sandbox.faults import Fault
from sextant.sandbox.tiktok import videos as tiktok_videos
from sextant.sandbox.visitor import say_yes
from sextant.sandbox.world import Account, Post
from sextant.sandbox.x import fields as x_fields
from sextant.sandbox.youtube import reports as youtube_reports
from sextant.sandboxed import Running, running
from sextant.store import organizations, posts
from sextant.store.posts import Destination
from sextant.store.rows import new_id
from tests.e2e.client import Client, entry
from tests.truth.table import Cell, Line, Situation, Subject, got_row

Got = dict[str, Cell | None]
"""The 13 cells of an answer."""

LOGINS = {
    ("instagram", "facebook login"): "facebook",
    ("instagram", "instagram login"): "instagram",
    ("tiktok", "business"): "business",
    ("tiktok", "lower tier: open api"): "display",
}
NAMES = {
    "x": [(x_fields, "PARAMETERS")],
    "tiktok": [(tiktok_videos, "BUSINESS_FIELDS")],
    "youtube": [(youtube_reports, "FIGURES")],
}
"""Where the simulated networks without a switch for it keep the names of the metrics that they know."""


@dataclass
class Seat:
    """One form of account, connected in an organization of its own: a network may have several forms."""

    organization_id: str
    client: Client
    connection_id: str = ""
    shown: dict[str, Destination] = field(default_factory=dict)
    """A published post of each kind."""


@asynccontextmanager
async def started(directory: Path) -> AsyncIterator[Stage]:
    """Thirty simulated seconds in a real one, so that publishing is short."""
    settings = Settings(data_dir=directory, read_deadline_s=5, publish_wait_s=5, collect=False)
    async with running(settings, "127.0.0.1", 0, 0, lambda text: None) as up, AsyncExitStack() as stack:
        up.sandbox.world.clock.run_at(30)
        yield Stage(up, stack)


class Stage:
    def __init__(self, up: Running, stack: AsyncExitStack) -> None:
        self.up, self.world, self.stack = up, up.sandbox.world, stack
        self.seats: dict[tuple[str, str], Seat] = {}
        self.holders: dict[str | None, str] = {}

    async def got(self, lines: Sequence[Line]) -> list[Got]:
        """What Sextant answered to each line: networks side by side, the lines of one after another."""
        networks = dict.fromkeys(line.subject.network for line in lines)
        runs = [self._network([line for line in lines if line.subject.network == name]) for name in networks]
        answered = dict(pair for run in await asyncio.gather(*runs) for pair in run)
        return [answered[id(line)] for line in lines]

    async def _network(self, lines: Sequence[Line]) -> list[tuple[int, Got]]:
        return [(id(line), await self._line(line)) for line in lines]

    async def _line(self, line: Line) -> Got:
        subject, situation = line.subject, line.situation
        seat = await self.seat(subject)
        native = await self.native(seat, subject)
        post = self.post(subject, native)
        self.set(post, subject, situation)
        post_id = await self.stored(seat, native, post)
        async with self.switched(seat, subject, situation):
            if not situation.read_first:
                self.break_off(post, situation)
            with self.outage(subject.network, situation.down and not situation.read_first):
                answer = await seat.client.analytics(post_id)
            if situation.read_first:
                self.break_off(post, situation)
                with self.outage(subject.network, situation.down):
                    answer = await seat.client.analytics(post_id, refresh="true")
        post.deleted_at = None
        reading, facts = entry(answer, subject.network)
        return got_row(reading["metrics"], facts["missing"])

    # ---- accounts ----

    async def seat(self, subject: Subject) -> Seat:
        key = subject.network, subject.account
        if key not in self.seats:
            self.seats[key] = await self._seated(subject)
        return self.seats[key]

    async def _seated(self, subject: Subject) -> Seat:
        services, secret = self.up.services, organizations.new_key()
        slug = f"{subject.network} {subject.account}"
        async with services.store.write() as db:
            now = services.clock.now()
            organization = await organizations.create(db, slug, slug, now)
            await organizations.add_key(db, organization.id, "truth", "full", secret, now)
        client = await self.stack.enter_async_context(Client(self.up, secret))
        seat = Seat(organization.id, client)
        await self.connect(seat, subject)
        return seat

    async def connect(self, seat: Seat, subject: Subject) -> None:
        """The OAuth flow, as the owner of the network's first account."""
        accounts, name = self.up.services.accounts, subject.network
        app = accounts.apps[name]
        login = LOGINS.get((name, subject.account), app.login)
        apps = {**accounts.apps, name: type(app)(app.client_id, app.client_secret, login, app.api_version)}
        flow = type(accounts)(
            accounts.store, accounts.vault, accounts.wire, accounts.platforms, apps, accounts.public_url
        )
        link = (await flow.begin(seat.organization_id, name, None, None)).rpartition("/")[2]
        location = await say_yes(await flow.authorize(link), self.account(name).id)
        query = parse_qs(urlsplit(location).query)
        outcome = await flow.complete(name, query["state"][0], query["code"][0])
        if isinstance(outcome, Choice):
            chosen = next(
                a for a in outcome.accounts if (a.kind == "member") == (subject.account == "member")
            )
            outcome = await flow.choose(outcome.link, chosen.id)
        seat.connection_id = outcome.connection_id

    def account(self, network: str) -> Account:
        return self.world.accounts(network)[0]

    # ---- posts ----

    async def native(self, seat: Seat, subject: Subject) -> Destination:
        """The post on its network: published through the API, or put into the world."""
        if subject.kind not in seat.shown:
            made = await (self._added if subject.id else self._published)(seat, subject)
            seat.shown[subject.kind] = made
        return seat.shown[subject.kind]

    async def _published(self, seat: Seat, subject: Subject) -> Destination:
        video = subject.kind in ("video", "reel")
        body = {
            "post": f"Truth of {subject.network} {subject.account} {subject.kind}",
            "destinations": [{"social_connection_id": seat.connection_id}],
            "media_urls": [seat.client.video] if video else [],
        }
        status, made = await seat.client.call("POST", "/social/post", json=body)
        assert status == 200, made
        view = await seat.client.settled(made["post_id"])
        assert view["status"] == "posted", view
        async with self.up.services.store.read() as db:
            [destination] = await posts.destinations_of(db, view["post_id"])
        assert destination.kind == subject.kind, destination
        self.holders[destination.native_id] = destination.id
        return destination

    async def _added(self, seat: Seat, subject: Subject) -> Destination:
        account_id = subject.facts.get("author", self.account(subject.network).id)
        facts = dict(subject.facts)
        self.world.add_post(
            Post(subject.network, subject.id, account_id, subject.kind, self.world.now(), "", facts)
        )
        return Destination(
            "", "", seat.connection_id, 0, subject.network, subject.kind, "posted", subject.id,
            subject.facts.get("video_id"), None, None, None, 0, None, None, None,
        )  # fmt: skip

    def post(self, subject: Subject, native: Destination) -> Post:
        mine = (post for post in self.world.state.posts if post.platform == subject.network)
        return next(post for post in mine if post.id == native.native_id)

    def set(self, post: Post, subject: Subject, situation: Situation) -> None:
        age_s = subject.age_s if situation.age_s is None else situation.age_s
        post.created_at = self.world.now() - age_s
        post.truth = situation.truth(copy.deepcopy(subject.truth))

    def break_off(self, post: Post, situation: Situation) -> None:
        post.deleted_at = self.world.now() if situation.deleted else None

    async def stored(self, seat: Seat, native: Destination, post: Post) -> str:
        """A post of Sextant's that was never read, with the same native post."""
        now, post_id = self.up.services.clock.now(), new_id()
        row = {
            "id": new_id(),
            "post_id": post_id,
            "connection_id": seat.connection_id,
            "position": 0,
            "platform": native.platform,
            "kind": native.kind,
            "status": "posted",
            "native_id": native.native_id,
            "native_video_id": native.native_video_id,
            "published_at": datetime.fromtimestamp(post.created_at, UTC),
            "attempts": 0,
            "updated_at": now,
        }
        columns = {"organization_id": seat.organization_id, "text": "", "media_urls": [], "body_hash": ""}
        async with self.up.services.store.write() as db:
            # A native post belongs to one destination: whoever had it before lets it go.
            if native.native_id in self.holders:
                holder = self.holders[native.native_id]
                await posts.update_destination(db, holder, now, native_id=None)
            made = {"id": post_id, "status": "posted", "created_at": now, **columns}
            await posts.add(db, made, [row])
        self.holders[native.native_id] = row["id"]
        return post_id

    # ---- situations ----

    @asynccontextmanager
    async def switched(self, seat: Seat, subject: Subject, situation: Situation) -> AsyncIterator[None]:
        """The account as the situation has it, and afterwards as it was."""
        account = self.account(subject.network)
        before = account.scopes, account.role, account.tier
        self.up.services.accounts.withdrawn = Withdrawn()
        account.scopes = self.left(account, situation.withheld) if situation.withheld else account.scopes
        account.role = account.role if situation.role is None else situation.role
        account.tier = account.tier if situation.tier is None else situation.tier
        native = self.post(subject, seat.shown[subject.kind])
        facts, native.facts = native.facts, {**native.facts, **situation.facts}
        if situation.reconnect:
            await self.connect(seat, subject)
        with (
            self.version(subject.network, situation.version),
            self.withdrawn(subject.network, situation.withdrawn),
        ):
            yield
        native.facts = facts
        account.scopes, account.role, account.tier = before
        if situation.reconnect:
            await self.connect(seat, subject)

    def left(self, account: Account, withheld: Sequence[str]) -> list[str]:
        """Every scope that the owner has granted so far, without these."""
        granted = {
            scope
            for token in self.world.state.tokens.values()
            if token.platform == account.platform and token.account_id == account.id
            for scope in token.scopes
        }
        return sorted(scope for scope in granted if scope.rpartition("/")[2] not in withheld)

    @contextmanager
    def version(self, network: str, version: str | None) -> Iterator[None]:
        """The operator has set another API version."""
        accounts = self.up.services.accounts
        app = accounts.apps[network]
        if version is not None:
            other = type(app)(app.client_id, app.client_secret, app.login, version)
            accounts.apps = {**accounts.apps, network: other}
        yield
        accounts.apps = {**accounts.apps, network: app}

    @contextmanager
    def withdrawn(self, network: str, names: Sequence[str]) -> Iterator[None]:
        """The network no longer knows these names."""
        places = NAMES.get(network, []) if names else []
        before = [getattr(module, place) for module, place in places]
        self.world.withdrawn_metrics[network] = set(names)
        for (module, place), known in zip(places, before, strict=True):
            setattr(module, place, less(known, names))
        yield
        self.world.withdrawn_metrics[network] = set()
        for (module, place), known in zip(places, before, strict=True):
            setattr(module, place, known)

    @contextmanager
    def outage(self, network: str, down: bool) -> Iterator[None]:
        if not down:
            yield
            return
        fault = Fault(kind="status", platform=network, times=None)
        self.world.faults.order(fault)
        yield
        self.world.faults.ordered.remove(fault)


def less(known: Any, names: Sequence[str]) -> Any:
    """The same names, or the same groups of names, without these."""
    if isinstance(known, dict):
        return {group: less(members, names) for group, members in known.items()}
    return type(known)(name for name in known if name not in names)
