"""Calls of an adapter without the rest of Sextant: the real HTTP client, a token, an account."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from sextant.clock import Clock
from sextant.http import AccountCall, Wire
from sextant.platforms import oauth
from sextant.platforms.base import Account, App, Grant, Platform
from sextant.sandbox.server import Sandbox
from sextant.sandbox.visitor import say_yes

CALLBACK = "https://sextant.example/connect/callback/"


def app_for(platform: Platform, login: str | None = None) -> App:
    """The app that the sandbox knows."""
    name = platform.name
    return App(
        f"sandbox-{name}",
        f"sandbox-{name}-secret",
        login or next(iter(platform.logins)),
        platform.api_version,
    )


def call_for(
    platform: Platform,
    upstream: str,
    account: Account,
    grant: Grant | None = None,
    clock: Clock | None = None,
    login: str | None = None,
) -> AccountCall:
    """A call against `upstream` (a Scripted peer or a Sandbox); renewals go through platform.refresh."""
    wire = Wire(clock or Clock(), upstream)
    app = app_for(platform, login)

    async def renew(old: Grant) -> Grant:
        return await platform.refresh(
            lambda request: wire.send(platform, request), app, old, wire.clock.now()
        )

    return AccountCall(wire, platform, app, account, grant or account.grant or Grant("token"), renew)


async def connect(
    platform: Platform, sandbox: Sandbox, account_id: str, login: str | None = None
) -> tuple[list[Account], Grant]:
    """The whole OAuth flow against the sandbox as the owner of `account_id`.

    At the pace of life: X's code is dead 30 seconds after the yes.
    """
    clock = sandbox.world.clock
    pace = clock.rate
    clock.run_at(1)
    wire = Wire(sandbox.world.clock, sandbox.url)
    app = app_for(platform, login)
    spec = platform.logins[app.login]
    verifier = oauth.new_verifier(spec)
    page = wire.address(oauth.authorize_url(spec, app, CALLBACK, "state-1", verifier))
    query = parse_qs(urlsplit(await say_yes(page, account_id)).query)
    assert query["state"] == ["state-1"]

    async def send(request):  # type: ignore[no-untyped-def]
        return await wire.send(platform, request)

    now = datetime.fromtimestamp(sandbox.world.now(), UTC)
    grant = await platform.exchange(send, app, query["code"][0], CALLBACK, verifier, now)
    accounts = await platform.identify(send, app, grant)
    await wire.close()
    clock.run_at(pace)
    return accounts, grant
