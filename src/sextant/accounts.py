"""Connected accounts: connect, speak for them, renew their tokens one at a time, disconnect."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import msgspec

from sextant.config import missing_app
from sextant.crypto import Vault, fingerprint
from sextant.errors import (
    ApiError,
    Fault,
    Invalid,
    NotFound,
    Reconnect,
    fault_at,
)
from sextant.http import AccountCall, Spend, Wire
from sextant.noting import Listener, Note, all_of
from sextant.platforms import oauth
from sextant.platforms.base import Account, Answer, App, Grant, Platform, Request, Send
from sextant.platforms.withdrawn import Withdrawn
from sextant.renewing import Grants, Renewing, renew_at, renew_from
from sextant.store import Store, connections, rounds
from sextant.store.connections import Connection, ConnectSession
from sextant.store.rows import new_id

log = logging.getLogger("sextant.accounts")

LINK_LIFE = timedelta(minutes=30)


class LinkInvalid(ApiError):
    """A connect link that is unknown, forged, used or expired: one answer for all four."""

    status, code = 404, "not_found"

    def __init__(self) -> None:
        super().__init__("This link is no longer good. Ask for a new one with POST /social/connections.")


@dataclass(frozen=True, slots=True)
class Choice:
    """The accounts a consent offered, when it offered several and a person has to pick."""

    link: str
    platform: str
    accounts: list[Account]


@dataclass(frozen=True, slots=True)
class Connected:
    """The end of a connect flow."""

    connection_id: str
    platform: str
    account_name: str
    redirect_url: str | None


class _Consented(msgspec.Struct):
    """What waits, sealed, while a person picks an account."""

    grant: Grant
    accounts: list[Account]


class Accounts:
    def __init__(
        self,
        store: Store,
        vault: Vault,
        wire: Wire,
        platforms: Mapping[str, Platform],
        apps: Mapping[str, App],
        public_url: str,
        heard_by: Sequence[Listener] = (),
        counting: Callable[[str, str], Spend] | None = None,
    ) -> None:
        """`heard_by`: who is told of every request to a network. `counting`: what it spends."""
        self.store, self.vault, self.wire = store, vault, wire
        self.platforms, self.apps = platforms, apps
        self.public_url = public_url.rstrip("/")
        self.heard_by, self.counting = heard_by, counting
        self.withdrawn = Withdrawn()
        self.grants = Grants(vault)
        self.renewing = Renewing(store, wire, self.grants, self._refreshed)

    # ---- connecting ----

    async def begin(
        self, organization_id: str, platform: str, name: str | None, redirect_url: str | None
    ) -> str:
        """A signed, single-use, expiring link to the page where the account's owner starts."""
        if platform not in self.platforms:
            known = ", ".join(self.platforms)
            raise Invalid(fault_at(["body", "platform"], f"Unknown platform; use one of: {known}."))
        if platform not in self.apps:
            raise Invalid(fault_at(["body", "platform"], missing_app(self.platforms[platform])))
        if redirect_url is not None and urlsplit(redirect_url).scheme not in ("http", "https"):
            raise Invalid(fault_at(["body", "redirect_url"], "Use an absolute http or https address."))
        now = self.wire.clock.now()
        async with self.store.write() as db:
            await connections.drop_expired_sessions(db, now)
            session_id = await connections.open_session(
                db,
                now,
                now + LINK_LIFE,
                organization_id=organization_id,
                platform=platform,
                connection_name=name,
                redirect_url=redirect_url,
            )
        return f"{self.public_url}/connect/{self.vault.sign(session_id)}"

    async def session(self, link: str) -> ConnectSession:
        """The open session behind a link; LinkInvalid otherwise."""
        session_id = self.vault.signed(link)
        async with self.store.read() as db:
            found = await connections.session(db, session_id) if session_id else None
        if found is None or found.used_at is not None or found.expires_at <= self.wire.clock.now():
            raise LinkInvalid
        return found

    async def authorize(self, link: str) -> str:
        """Where to send the browser: the network's consent page, with a fresh state and PKCE challenge."""
        session = await self.session(link)
        platform, app = self.platforms[session.platform], self.apps[session.platform]
        spec = platform.logins[app.login]
        state, verifier = secrets.token_urlsafe(32), oauth.new_verifier(spec)
        sealed = self.vault.seal(verifier, session.id) if verifier else None
        async with self.store.write() as db:
            await connections.set_state(db, session.id, fingerprint(state), sealed)
        url = oauth.authorize_url(spec, app, self.callback_url(session.platform), state, verifier)
        return self.wire.address(url)

    def callback_url(self, platform: str) -> str:
        """The redirect address to register at the network. TikTok's business portal wants the slash."""
        return f"{self.public_url}/connect/callback/{platform}/"

    async def complete(self, platform: str, state: str, code: str) -> Connected | Choice:
        """The callback: trades the code, and connects the one account, or offers the several."""
        session = await self._session_of(platform, state)
        verifier = self.vault.open(session.sealed_verifier, session.id) if session.sealed_verifier else None
        consented = await self._consented(session, code, verifier)
        if len(consented.accounts) == 1:
            return await self._connect(session, consented.grant, consented.accounts[0])
        sealed = self.vault.seal(msgspec.json.encode(consented).decode(), session.id)
        async with self.store.write() as db:
            await connections.set_choices(db, session.id, sealed)
        return Choice(self.vault.sign(session.id), platform, consented.accounts)

    async def refused(self, platform: str, state: str) -> ConnectSession:
        """The owner said no: the state is used up, the link stays good for another try."""
        return await self._session_of(platform, state)

    async def choose(self, link: str, native_id: str) -> Connected:
        """Connects one of the accounts that were offered."""
        session = await self.session(link)
        if session.sealed_choices is None:
            raise LinkInvalid
        opened = self.vault.open(session.sealed_choices, session.id)
        consented = msgspec.json.decode(opened, type=_Consented)
        account = next((a for a in consented.accounts if a.id == native_id), None)
        if account is None:
            raise LinkInvalid
        return await self._connect(session, consented.grant, account)

    async def _session_of(self, platform: str, state: str) -> ConnectSession:
        async with self.store.write() as db:
            session = await connections.session_by_state(db, fingerprint(state))
            good = session is not None and session.platform == platform and session.used_at is None
            if session is None or not good or session.expires_at <= self.wire.clock.now():
                raise LinkInvalid
            if not await connections.use_state(db, session.id, fingerprint(state)):
                raise LinkInvalid
        return session

    async def _consented(self, session: ConnectSession, code: str, verifier: str | None) -> _Consented:
        platform, app = self.platforms[session.platform], self.apps[session.platform]
        send, now = self._sender(platform), self.wire.clock.now()
        callback = self.callback_url(session.platform)
        grant = await platform.exchange(send, app, code, callback, verifier, now)
        accounts = await platform.identify(send, app, grant)
        if not accounts:
            raise Reconnect(f"This login has no account that {platform.title} lets an app post to.")
        return _Consented(grant, accounts)

    def _sender(self, platform: Platform, connection_id: str | None = None) -> Send:
        note = self._note(platform.name, connection_id)

        async def send(request: Request) -> Answer:
            return await self.wire.send(platform, request, note)

        return send

    def _note(self, platform: str, connection_id: str | None) -> Note:
        return all_of([listener(platform, connection_id) for listener in self.heard_by])

    async def _connect(self, session: ConnectSession, grant: Grant, account: Account) -> Connected:
        now, own = self.wire.clock.now(), account.grant or grant
        async with self.store.write() as db:
            if not await connections.close_session(db, session.id, now):
                raise LinkInvalid
            known = await connections.id_of_account(db, session.organization_id, session.platform, account.id)
            connection_id = known or new_id()
            await connections.save(
                db,
                connection_id,
                now,
                new=known is None,
                organization_id=session.organization_id,
                platform=session.platform,
                login=self.apps[session.platform].login,
                kind=account.kind,
                native_id=account.id,
                account_name=account.name,
                account_username=account.username,
                profile_url=account.profile_url,
                avatar_url=account.avatar_url,
                connection_name=session.connection_name,
                facts=dict(account.facts),
                sealed_grant=self.grants.sealed(own, connection_id),
                renew_at=renew_at(own, now, connection_id),
            )
            await rounds.let_go(db, connection_id, now)
        return Connected(connection_id, session.platform, account.name, session.redirect_url)

    # ---- speaking for an account ----

    def account(self, connection: Connection) -> Account:
        return Account(
            connection.native_id,
            connection.account_name,
            connection.kind,
            connection.account_username,
            facts=connection.facts or {},
        )

    def scopes(self, connection: Connection) -> frozenset[str]:
        """What the owner really granted; empty when the network does not tell."""
        return self.grants.opened(connection).scopes if connection.sealed_grant else frozenset()

    def call(self, connection: Connection) -> AccountCall:
        """A caller for a connected account; raises Reconnect when it has no tokens."""
        if connection.sealed_grant is None:
            raise Reconnect("The account was disconnected.")
        grant = self.grants.opened(connection)

        async def renew(old: Grant) -> Grant:
            return await self.renewing.renew(connection.id, old)

        async def renew_early(old: Grant) -> Grant:
            return await self.renewing.renew_early(connection.id, old)

        async def disown(used: Grant, dead: Reconnect) -> None:
            await self.renewing.mark(connection.id, used, dead)

        return AccountCall(
            self.wire,
            self.platforms[connection.platform],
            self._app_of(connection),
            self.account(connection),
            grant,
            renew,
            note=self._note(connection.platform, connection.id),
            spend=self.counting(connection.platform, connection.id) if self.counting else None,
            withdrawn=self.withdrawn,
            renew_early=renew_early,
            disown=disown,
            renew_from=renew_from(grant, connection.granted_at, connection.id),
        )

    async def _refreshed(self, connection: Connection, grant: Grant) -> Grant:
        platform = self.platforms[connection.platform]
        app, now = self._app_of(connection), self.wire.clock.now()
        return await platform.refresh(self._sender(platform, connection.id), app, grant, now)

    def _app_of(self, connection: Connection) -> App:
        app = self.apps.get(connection.platform)
        if app is None:
            raise Reconnect(missing_app(self.platforms[connection.platform]))
        return App(app.client_id, app.client_secret, connection.login, app.api_version)

    # ---- disconnecting ----

    async def disconnect(self, organization_id: str, connection_id: str) -> None:
        """Revokes at the network as far as it answers, and forgets the tokens in any case."""
        async with self.store.read() as db:
            connection = await connections.by_id(db, connection_id)
        if connection is None or connection.organization_id != organization_id:
            raise NotFound("No such connection.")
        await self.renewing.settled(connection_id)  # one under way would bring the tokens back
        async with self.store.read() as db:
            connection = await connections.by_id(db, connection_id)
        if connection is not None and connection.sealed_grant is not None:
            await self._revoke(connection)
        async with self.store.write() as db:
            await connections.forget(db, connection_id, self.wire.clock.now())

    async def _revoke(self, connection: Connection) -> None:
        platform = self.platforms[connection.platform]
        try:
            grant = self.grants.opened(connection)
            await platform.revoke(self._sender(platform, connection.id), self._app_of(connection), grant)
        except Fault as fault:
            log.warning("revoking a %s connection failed: %s", connection.platform, fault.code)
