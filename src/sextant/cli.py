"""The commands. What they do is elsewhere; here are only words, options and exits."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import OperationalError

from sextant import config
from sextant.clock import iso
from sextant.errors import SetupError
from sextant.store import Store, organizations
from sextant.store.migrate import migrate as migrate_store

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Publish to six social networks, measure them as one.",
)
keys = typer.Typer(no_args_is_help=True, help="API keys: make, list, revoke.")
app.add_typer(keys, name="keys")
out, err = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False, soft_wrap=True)

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")]


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs a command; a fault in the set-up becomes a sentence and exit status 1."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(work())
    except SetupError as error:
        err.print(f"sextant: {error}", markup=False)
        raise typer.Exit(1) from None
    except (OperationalError, OSError) as error:
        words = " ".join(str(error.orig if isinstance(error, OperationalError) else error).split())
        err.print(f"sextant: Check SEXTANT_DATABASE_URL and SEXTANT_DATA_DIR: {words}", markup=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


@app.command()
def demo(
    host: Host = "127.0.0.1",
    port: Port = 0,
    once: Annotated[bool, typer.Option("--once", help="End after showing.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the analytics body alone on stdout, all else on stderr.")
    ] = False,
) -> None:
    """Connect, publish and measure once, on simulated networks, and show it."""
    from sextant.demo import demo as show

    run(lambda: show(config.load(), host, port, once=once, as_json=as_json))


@app.command()
def serve(
    host: Host = "127.0.0.1",
    port: Port = 8400,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Add simulated networks with accounts connected.")
    ] = False,
    sandbox_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the simulated networks; 0 takes a free one.")
    ] = 8401,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Serve the API alone; 'sextant worker' does the work.")
    ] = False,
) -> None:
    """Serve the API and work, in one process."""
    works = not no_worker
    if sandbox:
        from sextant.sandboxed import serve_sandboxed

        run(lambda: serve_sandboxed(config.load(), host, port, sandbox_port, say, works=works))
    else:
        from sextant.serve import serve as serve_real

        run(lambda: serve_real(config.load(), host, port, say, works=works))


@app.command()
def worker(
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Work on the simulated networks of SEXTANT_SANDBOX_URL.")
    ] = False,
) -> None:
    """Work without an API, beside any number of others on the same Postgres."""
    if sandbox:
        from sextant.sandboxed import work_sandboxed

        run(lambda: work_sandboxed(config.load(), say))
    else:
        from sextant.platforms import PLATFORMS
        from sextant.serve import work

        run(lambda: work(config.load(), config.apps_for(PLATFORMS), say))


@app.command()
def collect(
    once: Annotated[bool, typer.Option("--once", help="Needed: going on and on is a worker's work.")] = False,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Read from the simulated networks of SEXTANT_SANDBOX_URL.")
    ] = False,
) -> None:
    """Read the numbers of all posts that are due, within their budgets, and end."""
    from sextant.bar import Bar

    if not once:
        err.print("sextant: Say --once. A server or worker reads by itself as long as it runs.")
        raise typer.Exit(2)
    if sandbox:
        from sextant.sandboxed import collect_sandboxed

        run(lambda: collect_sandboxed(config.load(), Bar(out)))
    else:
        from sextant.platforms import PLATFORMS
        from sextant.serve import collect as collect_real

        run(lambda: collect_real(config.load(), config.apps_for(PLATFORMS), Bar(out)))


@app.command()
def forecast(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what reading the posts of now will cost until the month ends."""
    from sextant.collecting.ceilings import ceilings_for
    from sextant.forecasting.command import forecast_of, show
    from sextant.platforms import PLATFORMS

    async def work(store: Store) -> None:
        allowances = {name: ceilings_for(platform) for name, platform in PLATFORMS.items()}
        found = await forecast_of(store, PLATFORMS, allowances, datetime.now(UTC))
        show(found, {name: platform.title for name, platform in PLATFORMS.items()}, out, as_json=as_json)

    run(lambda: on_store(work))


@app.command()
def sandbox(host: Host = "127.0.0.1", port: Port = 8401) -> None:
    """Serve the simulated networks alone, for others to use by SEXTANT_SANDBOX_URL."""
    from sextant.sandboxed import serve_networks

    run(lambda: serve_networks(config.load(), host, port, say))


def say(text: str) -> None:
    out.print(text, markup=False)
    sys.stdout.flush()


@app.command()
def migrate() -> None:
    """Bring the database to the present schema. Safe to run again."""

    async def work(store: Store) -> None:
        say("The database is up to date.")

    run(lambda: on_store(work))


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for.")] = "default",
    organization: Annotated[str, typer.Option(help="The organization's slug; made when new.")] = "default",
    scope: Annotated[
        str, typer.Option(help="full, propose (its posts wait for approval), or read.")
    ] = "full",
) -> None:
    """Make a key and print it: it is shown this once."""
    if scope not in organizations.SCOPES:
        err.print(f"sextant: --scope has to be one of: {', '.join(organizations.SCOPES)}.")
        raise typer.Exit(2)

    async def work(store: Store) -> None:
        secret, now = organizations.new_key(), datetime.now(UTC)
        async with store.write() as db:
            found = await organizations.by_slug(db, organization)
            found = found or await organizations.create(db, organization.title(), organization, now)
            await organizations.add_key(db, found.id, name, scope, secret, now)
        say(secret)

    run(lambda: on_store(work))


@keys.command("list")
def list_keys() -> None:
    """Show all keys, by their prefix."""

    async def work(store: Store) -> None:
        async with store.read() as db:
            found = await organizations.keys(db)
        table = Table("id", "prefix", "name", "organization", "scope", "created", "last used", "revoked")
        for key, slug in found:
            times = (key.created_at, key.last_used_at, key.revoked_at)
            shown = [iso(moment) or "–" for moment in times]
            table.add_row(key.id, f"{key.prefix}…", key.name, slug, key.scope, *shown)
        Console(width=max(out.width, 180)).print(table)

    run(lambda: on_store(work))


@keys.command("revoke")
def revoke_key(key: Annotated[str, typer.Argument(help="The key's id, or its prefix as listed.")]) -> None:
    """Revoke a key. It is refused from then on."""

    async def work(store: Store) -> None:
        async with store.write() as db:
            count = await organizations.revoke_key(db, key.rstrip("…"), datetime.now(UTC))
        if not count:
            raise SetupError(f"No living key has the id or prefix {key!r}. See 'sextant keys list'.")
        say(f"Revoked {count} key{'s' * (count > 1)}.")

    run(lambda: on_store(work))


async def on_store(work: Callable[[Store], Coroutine[Any, Any, None]]) -> None:
    """Runs `work` on the configured database, migrated."""
    store = Store(config.load().database)
    try:
        await migrate_store(store)
        await work(store)
    finally:
        await store.close()
