"""What `--sandbox` adds: the simulated networks, and an organization with accounts connected on each."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
from sqlalchemy.ext.asyncio import AsyncConnection

from sextant.accounts import Accounts, Choice
from sextant.clock import Clock
from sextant.config import Settings, login_of, read
from sextant.errors import SetupError
from sextant.keyring import SHAPE
from sextant.platforms import PLATFORMS
from sextant.platforms.base import App
from sextant.sandbox.clock import SandboxClock
from sextant.sandbox.networks import networks
from sextant.sandbox.outside import followed
from sextant.sandbox.server import Sandbox
from sextant.sandbox.visitor import say_yes
from sextant.sandbox.world import World, app_at
from sextant.serve import (
    Address,
    Progress,
    alone,
    collect,
    free_address,
    listening,
    services_on,
    stop_signal,
    work,
)
from sextant.services import Services
from sextant.store import connections, organizations
from sextant.store.turns import turn

SLUG = "sandbox"
SETTLING = 7246116
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Networks:
    """The simulated networks and the time they live by; `world` is theirs when they run in this process."""

    url: str
    clock: Clock
    world: World | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """A running Sextant with its simulated networks. `api_key` is good for the sandbox organization."""

    services: Services
    sandbox: Networks
    url: str
    api_key: str


@asynccontextmanager
async def running(
    settings: Settings, host: str, port: int, sandbox_port: int, tell: Tell, *, works: bool = True
) -> AsyncIterator[Running]:
    """Sextant with the networks it is given; the accounts are connected before the API listens."""
    address = free_address(host, port)
    settings = prepared(settings, address)
    with alone(settings):
        async with (
            networks_for(settings, sandbox_port) as near,
            services_on(settings, sandbox_apps(), near.clock, near.url, works=works) as services,
        ):
            tell(f"The six simulated networks answer on {near.url}.")
            api_key = await settled_in(services, near, tell)
            async with listening(services, address):
                yield Running(services, near, address.url, api_key)


@asynccontextmanager
async def networks_for(settings: Settings, port: int) -> AsyncIterator[Networks]:
    """Those that SEXTANT_SANDBOX_URL names, else six of our own on this port."""
    if settings.sandbox_url:
        async with followed(settings.sandbox_url) as clock:
            yield Networks(settings.sandbox_url, clock)
        return
    near = free_address("127.0.0.1", port)
    world = World(SandboxClock(), settings.data_dir / "sandbox.json")
    async with Sandbox(world, networks(), near.host, near.port) as sandbox:
        yield Networks(sandbox.url, world.clock, world)


async def serve_networks(settings: Settings, host: str, port: int, tell: Tell) -> None:
    """The six simulated networks alone, until a signal comes."""
    address = free_address(host, port)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    world = World(SandboxClock(), settings.data_dir / "sandbox.json")
    url = settings.public_url or address.url
    async with Sandbox(world, networks(), address.host, address.port, url):
        stop = stop_signal()
        tell(f"The six simulated networks answer on {url}. Stop with Ctrl-C.")
        await stop.wait()


def prepared(settings: Settings, address: Address) -> Settings:
    """Settings with an address and a secret: the sandbox keeps one of its own beside its data."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return settings.model_copy(
        update={
            "secret_key": settings.secret_key or kept_secret(settings.data_dir / "sandbox.key"),
            "public_url": settings.public_url or address.url,
        }
    )


def kept_secret(path: Path) -> str:
    """The secret in this file; of several processes that find none, the first one's is kept."""
    if not path.exists():
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name) as fresh:
            fresh.write(secrets.token_urlsafe(32))
            fresh.flush()
            with suppress(FileExistsError):
                os.link(fresh.name, path)
    return path.read_text()


def sandbox_apps() -> dict[str, App]:
    """The apps that the simulated networks know; SEXTANT_<PLATFORM>_LOGIN chooses the login as ever."""
    apps = {}
    for name, platform in PLATFORMS.items():
        app = app_at(name)
        login = login_of(platform, os.environ)
        version = read(os.environ, f"{name}_API_VERSION") or platform.api_version
        apps[name] = App(app.client_id, app.client_secret, login, version)
    return apps


async def settled_in(services: Services, near: Networks, tell: Tell) -> str:
    """The sandbox organization with an account on every network, and its key.

    Several processes may start at once, and one may be killed at it: they take turns, and the key is made
    last, so that an organization without one is known to be half set up.
    """
    async with turn(services.store, SETTLING):
        organization_id, whole = await _organization(services)
        if not whole:
            await connect_all(services.accounts, near.url, organization_id, tell)
        async with services.store.write() as db:
            return await _key(services, db, organization_id)


async def _organization(services: Services) -> tuple[str, bool]:
    """Its id, and whether it was set up to the end before."""
    async with services.store.write() as db:
        found = await organizations.by_slug(db, SLUG)
        if found is None:
            return (await organizations.create(db, "Sandbox", SLUG, services.clock.now())).id, False
        known = await connections.of_organization(db, found.id)
        keyed = any(slug == SLUG for _, slug in await organizations.keys(db))
    return found.id, bool(known) and keyed


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


async def connect_all(accounts: Accounts, sandbox_url: str, organization_id: str, tell: Tell) -> None:
    """Every account of the simulated networks, each through the real OAuth flow; first ones first."""
    for name, account_id in await everybody(sandbox_url):
        connected = await connect_one(accounts, organization_id, name, account_id)
        tell(f"Connected {PLATFORMS[name].title}: {connected}.")


async def everybody(sandbox_url: str) -> list[tuple[str, str]]:
    """Platform and id of every simulated account: the first of each platform, then the second ones …"""
    ranked = []
    try:
        async with aiohttp.ClientSession(sandbox_url) as session:
            for name in PLATFORMS:
                async with session.get(f"/_control/{name}/accounts", raise_for_status=True) as answer:
                    people = (await answer.json())["accounts"]
                ranked += [(place, name, person["id"]) for place, person in enumerate(people)]
    except (aiohttp.ClientError, TimeoutError):
        said = f"No simulated networks answer on {sandbox_url}. Start 'sextant sandbox' first."
        raise SetupError(said) from None
    return [(name, account_id) for _, name, account_id in sorted(ranked, key=lambda entry: entry[0])]


async def connect_one(accounts: Accounts, organization_id: str, platform: str, account_id: str) -> str:
    """The flow a person goes through, without a browser. Returns the account's name."""
    link = (await accounts.begin(organization_id, platform, None, None)).rpartition("/")[2]
    query = parse_qs(urlsplit(await say_yes(await accounts.authorize(link), account_id)).query)
    outcome = await accounts.complete(platform, query["state"][0], query["code"][0])
    if isinstance(outcome, Choice):
        outcome = await accounts.choose(outcome.link, outcome.accounts[0].id)
    return outcome.account_name


async def work_sandboxed(settings: Settings, tell: Tell) -> None:
    """A worker on the simulated networks of another process, until a signal comes."""
    settings = following(settings)
    async with networks_for(settings, 0) as near:
        await work(settings, sandbox_apps(), tell, near.clock, near.url)


async def collect_sandboxed(settings: Settings, progress: Progress) -> None:
    """Reads once what is due, on the simulated networks of another process."""
    settings = following(settings)
    async with networks_for(settings, 0) as near:
        await collect(settings, sandbox_apps(), progress, near.clock, near.url)


def following(settings: Settings) -> Settings:
    """Settings that name the simulated networks of another process; SetupError when they do not."""
    if not settings.sandbox_url:
        raise SetupError("Set SEXTANT_SANDBOX_URL to the address of a running 'sextant sandbox'.")
    return prepared(settings, Address("127.0.0.1", 0))


async def serve_sandboxed(
    settings: Settings, host: str, port: int, sandbox_port: int, tell: Tell, *, works: bool
) -> None:
    """Until a signal comes."""
    async with running(settings, host, port, sandbox_port, tell, works=works) as up:
        stop = stop_signal()
        if not settings.sandbox_api_key:
            tell(f"API key: {up.api_key}")
        tell(f"Media to publish with: {up.sandbox.url}/_control/media/sample.mp4")
        tell(f"Sextant serves on {up.url}. API pages: {up.url}/docs. Stop with Ctrl-C.")
        await stop.wait()
