"""What a running Sextant is made of. Wired in app.py, used by the API and the commands."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from sextant.accounts import Accounts
from sextant.clock import Clock
from sextant.collecting.loop import Collector
from sextant.collecting.reading import Collecting
from sextant.config import Settings
from sextant.engine import Engine
from sextant.exposing import Exposition
from sextant.http import Wire
from sextant.keyring import Keyring
from sextant.ledger import Ledger
from sextant.media.shelf import Shelf
from sextant.publishing import Publishing
from sextant.reports import Reports
from sextant.store import Store

log = logging.getLogger("sextant.services")

RENEW_EVERY_S = 60.0


@dataclass(frozen=True)
class Services:
    settings: Settings
    clock: Clock
    store: Store
    wire: Wire
    ledger: Ledger
    exposition: Exposition
    keyring: Keyring
    accounts: Accounts
    shelf: Shelf
    engine: Engine
    publishing: Publishing
    collecting: Collecting
    collector: Collector
    reports: Reports
    _renewer: list[asyncio.Task[None]] = field(default_factory=list)

    async def open(self, *, works: bool = True) -> None:
        """Takes up unfinished work, if it `works`. The database has to be migrated before."""
        self.shelf.fetcher.clear_old()
        await self.ledger.open()
        if works:
            await self.engine.open()
            self._renewer.append(asyncio.create_task(self._renewing()))
            if self.settings.collect:
                await self.collector.open()

    async def _renewing(self) -> None:
        while True:
            try:
                await self.accounts.renewing.renew_due()
            except Exception:
                log.exception("renewing tokens failed; trying again in %s s", RENEW_EVERY_S)
            await asyncio.sleep(RENEW_EVERY_S)

    async def close(self) -> None:
        for task in self._renewer:
            task.cancel()
        await self.collector.close()
        await self.engine.close()
        await self.collecting.close()
        await self.keyring.close()
        await self.accounts.renewing.close()
        self.shelf.close()
        await self.wire.close()
        await self.ledger.close()
        await self.store.close()
