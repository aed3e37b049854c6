"""The one place that wires things."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sextant.accounts import Accounts
from sextant.clock import Clock
from sextant.collecting import Collecting
from sextant.config import Settings
from sextant.crypto import Vault
from sextant.http import Wire
from sextant.keyring import Keyring
from sextant.media import Fetcher
from sextant.platforms import PLATFORMS
from sextant.platforms.base import App
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
    accounts = Accounts(store, vault, wire, PLATFORMS, apps, settings.public_url)
    collecting = Collecting(store, clock, accounts)
    fetcher = Fetcher(Path(settings.data_dir) / "media", allowed=upstream)
    return Services(
        settings=settings,
        clock=clock,
        store=store,
        wire=wire,
        keyring=Keyring(store, clock),
        accounts=accounts,
        publishing=Publishing(store, clock, accounts, fetcher),
        collecting=collecting,
        reports=Reports(store, clock, collecting, PLATFORMS, settings.read_deadline_s),
    )
