"""The one place that wires things."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from sextant.accounts import Accounts
from sextant.clock import Clock
from sextant.collecting.budgets import Budgets
from sextant.collecting.ceilings import ceilings_for
from sextant.collecting.loop import Collector
from sextant.collecting.progress import collector_source
from sextant.collecting.reading import Collecting
from sextant.config import Settings
from sextant.crypto import Vault
from sextant.delivering import Delivering
from sextant.engine import Engine
from sextant.exposing import Exposition, ledger_source
from sextant.http import Wire
from sextant.keyring import Keyring
from sextant.ledger import Ledger
from sextant.media.fetching import Fetcher
from sextant.media.shelf import Shelf
from sextant.platforms import PLATFORMS
from sextant.platforms.base import App
from sextant.preflight import Preflight
from sextant.publishing import Publishing
from sextant.reports import Reports
from sextant.services import Services
from sextant.store import Store


def build(
    settings: Settings,
    apps: Mapping[str, App],
    *,
    clock: Clock | None = None,
    upstream: str | None = None,
) -> Services:
    """Services on a migrated database. With `upstream`, every network is below that address (the sandbox)."""
    clock = clock or Clock()
    store = Store(settings.database)
    wire = Wire(clock, upstream, read_timeout_s=settings.read_deadline_s * 0.9)
    vault = Vault(settings.secret_key)
    ledger = Ledger(store, clock, timedelta(days=settings.ledger_days))
    exposition = Exposition(PLATFORMS)
    exposition.add(ledger_source(store, clock))
    heard_by = (ledger.note, exposition.note)
    budgets = Budgets(store, clock, {name: ceilings_for(platform) for name, platform in PLATFORMS.items()})
    accounts = Accounts(store, vault, wire, PLATFORMS, apps, settings.public_url, heard_by, budgets.counting)
    collecting = Collecting(store, clock, accounts, budgets)
    media = Path(settings.data_dir) / "media"
    shelf = Shelf(Fetcher(media, allowed=upstream, max_bytes=settings.media_max_bytes))
    late_limit = timedelta(seconds=settings.late_limit_s)
    delivering = Delivering(store, clock, accounts, shelf, late_limit)
    engine = Engine(store, clock, delivering.advance)
    collector = Collector(store, clock, collecting, engine)
    exposition.add(collector_source(store, clock, collector, budgets))
    reports = Reports(store, clock, collecting, PLATFORMS, settings.read_deadline_s)
    collecting.forget = reports.forget
    preflight = Preflight(accounts, shelf, settings.preflight_wait_s)
    return Services(
        settings=settings,
        clock=clock,
        store=store,
        wire=wire,
        ledger=ledger,
        exposition=exposition,
        keyring=Keyring(store, clock),
        accounts=accounts,
        shelf=shelf,
        engine=engine,
        publishing=Publishing(store, clock, accounts, preflight, engine),
        collecting=collecting,
        collector=collector,
        reports=reports,
    )
