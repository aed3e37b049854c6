"""What a running Sextant is made of. Wired in app.py, used by the API and the commands."""

from __future__ import annotations

from dataclasses import dataclass

from sextant.accounts import Accounts
from sextant.clock import Clock
from sextant.collecting import Collecting
from sextant.config import Settings
from sextant.http import Wire
from sextant.keyring import Keyring
from sextant.publishing import Publishing
from sextant.reports import Reports
from sextant.store import Store


@dataclass(frozen=True)
class Services:
    settings: Settings
    clock: Clock
    store: Store
    wire: Wire
    keyring: Keyring
    accounts: Accounts
    publishing: Publishing
    collecting: Collecting
    reports: Reports

    async def open(self) -> None:
        """Takes up unfinished work. The database has to be migrated before."""
        if self.store.is_sqlite:
            await self.publishing.free_leases()
        self.publishing.fetcher.clear_old()
        await self.publishing.engine.open()

    async def close(self) -> None:
        await self.publishing.engine.close()
        await self.collecting.close()
        await self.keyring.close()
        await self.accounts.close()
        await self.wire.close()
        await self.store.close()
