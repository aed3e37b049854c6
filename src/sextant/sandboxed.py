"""What `--sandbox` adds: the simulated networks, and an organization with accounts connected on each."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.accounts import Accounts, Choice
from sextant.config import Settings, login_of, read
from sextant.errors import SetupError
from sextant.keyring import SHAPE
from sextant.platforms import PLATFORMS
from sextant.platforms.base import App
from sextant.sandbox.clock import SandboxClock
from sextant.sandbox.networks import networks
from sextant.sandbox.server import Sandbox
from sextant.sandbox.visitor import say_yes
from sextant.sandbox.world import World
from sextant.serve import Address, alone, free_address, listening, services_on, stop_signal
from sextant.services import Services
from sextant.store import connections, organizations

SLUG = "sandbox"
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Running:
    """A running Sextant with its simulated networks. `api_key` is good for the sandbox organization."""

    services: Services
    sandbox: Sandbox
    url: str
    api_key: str


@asynccontextmanager
async def running(
    settings: Settings, host: str, port: int, sandbox_port: int, tell: Tell
) -> AsyncIterator[Running]:
    """Everything in one process; the accounts are connected before the API listens."""
    address, near = free_address(host, port), free_address("127.0.0.1", sandbox_port)
    settings = prepared(settings, address)
    with alone(settings):
        world = World(SandboxClock(), settings.data_dir / "sandbox.json")
        async with (
            Sandbox(world, networks(), near.host, near.port) as sandbox,
            services_on(settings, sandbox_apps(world), world.clock, sandbox.url) as services,
        ):
            tell(f"The six simulated networks answer on {sandbox.url}.")
            api_key = await settled_in(services, world, tell)
            async with listening(services, address):
                yield Running(services, sandbox, address.url, api_key)


def prepared(settings: Settings, address: Address) -> Settings:
    """Settings with an address and a secret: the sandbox keeps one of its own beside its data."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    key_file = settings.data_dir / "sandbox.key"
    if not settings.secret_key and not key_file.exists():
        key_file.touch(mode=0o600)
        key_file.write_text(secrets.token_urlsafe(32))
    return settings.model_copy(
        update={
            "secret_key": settings.secret_key or key_file.read_text(),
            "public_url": settings.public_url or address.url,
        }
    )


def sandbox_apps(world: World) -> dict[str, App]:
    """The apps that the simulated networks know; SEXTANT_<PLATFORM>_LOGIN chooses the login as ever."""
    apps = {}
    for name, platform in PLATFORMS.items():
        app = world.app(name)
        login = login_of(platform, os.environ)
        version = read(os.environ, f"{name}_API_VERSION") or platform.api_version
        apps[name] = App(app.client_id, app.client_secret, login, version)
    return apps


async def settled_in(services: Services, world: World, tell: Tell) -> str:
    """The sandbox organization with its key and, at the first start, an account on every network."""
    now = services.clock.now()
    async with services.store.write() as db:
        organization = await organizations.by_slug(db, SLUG)
        if organization is None:
            organization = await organizations.create(db, "Sandbox", SLUG, now)
        api_key = await _key(services, db, organization.id)
        known = await connections.of_organization(db, organization.id)
    if not known:
        await connect_all(services.accounts, world, organization.id, tell)
    return api_key


async def _key(services: Services, db: AsyncConnection, organization_id: str) -> str:
    """The key of SEXTANT_SANDBOX_API_KEY, made known; else a new one."""
    given = services.settings.sandbox_api_key
    if given and not SHAPE.fullmatch(given):
        raise SetupError("SEXTANT_SANDBOX_API_KEY has to start with mk_ and hold no spaces.")
    if given and (known := await organizations.key_by_secret(db, given)):
        if known.organization_id != organization_id or known.revoked_at is not None:
            raise SetupError(
                "SEXTANT_SANDBOX_API_KEY is another organization's, or was revoked. Set another."
            )
        return given
    secret = given or organizations.new_key()
    await organizations.add_key(db, organization_id, "sandbox", "full", secret, services.clock.now())
    return secret


async def connect_all(accounts: Accounts, world: World, organization_id: str, tell: Tell) -> None:
    """Every account of the simulated networks, each through the real OAuth flow; first ones first."""
    ranked = [
        (place, name, account.id) for name in PLATFORMS for place, account in enumerate(world.accounts(name))
    ]
    for _, name, account_id in sorted(ranked, key=lambda entry: entry[0]):
        connected = await connect_one(accounts, organization_id, name, account_id)
        tell(f"Connected {PLATFORMS[name].title}: {connected}.")


async def connect_one(accounts: Accounts, organization_id: str, platform: str, account_id: str) -> str:
    """The flow a person goes through, without a browser. Returns the account's name."""
    link = (await accounts.begin(organization_id, platform, None, None)).rpartition("/")[2]
    query = parse_qs(urlsplit(await say_yes(await accounts.authorize(link), account_id)).query)
    outcome = await accounts.complete(platform, query["state"][0], query["code"][0])
    if isinstance(outcome, Choice):
        outcome = await accounts.choose(outcome.link, outcome.accounts[0].id)
    return outcome.account_name


async def serve_sandboxed(settings: Settings, host: str, port: int, sandbox_port: int, tell: Tell) -> None:
    """Until a signal comes."""
    async with running(settings, host, port, sandbox_port, tell) as up:
        stop = stop_signal()
        if not settings.sandbox_api_key:
            tell(f"API key: {up.api_key}")
        tell(f"Media to publish with: {up.sandbox.url}/_control/media/sample.mp4")
        tell(f"Sextant serves on {up.url}. API pages: {up.url}/docs. Stop with Ctrl-C.")
        await stop.wait()
