"""Taking a post back: what is not out is cancelled for certain, what is out is deleted where it can be."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from sextant.accounts import Accounts
from sextant.clock import Clock
from sextant.collecting.reading import published
from sextant.errors import ActOutside, Fault, Gone, OurBug
from sextant.platforms.base import Deletes, Platform
from sextant.store import Store, connections, deliveries, posts, readings
from sextant.store.posts import DELETED, POSTED, REJECTED, Destination

log = logging.getLogger("sextant.removing")


class Removing:
    def __init__(self, store: Store, clock: Clock, accounts: Accounts) -> None:
        self.store, self.clock, self.accounts = store, clock, accounts

    async def remove(self, post_id: str) -> list[Destination]:
        """The destinations as they stand afterwards; whatever could not be taken back says why."""
        async with self.store.write() as db:
            await posts.lock(db, post_id)
            await deliveries.reject(db, post_id, self.clock.now())
            await posts.update_post(db, post_id, status=REJECTED)
            rows = await posts.destinations_of(db, post_id)
        out = [row for row in rows if row.status == POSTED]
        await asyncio.gather(*(self._take_down(row) for row in out))
        async with self.store.read() as db:
            return await posts.destinations_of(db, post_id)

    async def _take_down(self, row: Destination) -> None:
        values: dict[str, Any] = {"error_code": None, "error_message": None}
        try:
            await self._deleted(row)
            values["status"] = DELETED
        except Fault as fault:
            values |= {"error_code": fault.code, "error_message": fault.sentence()}
        except Exception:
            log.exception("deleting destination %s failed", row.id)
            values |= {"error_code": OurBug.code, "error_message": OurBug.advice}
        async with self.store.write() as db:
            await posts.update_destination(db, row.id, self.clock.now(), **values)
            if values.get("status") == DELETED:
                await readings.never_again(db, row.id)

    async def _deleted(self, row: Destination) -> None:
        platform: Platform | Deletes = self.accounts.platforms[row.platform]
        if not isinstance(platform, Deletes):
            title = self.accounts.platforms[row.platform].title
            raise ActOutside(f"{title} lets no app delete a post: delete it there by hand")
        async with self.store.read() as db:
            connection = await connections.by_id(db, row.connection_id)
        assert connection is not None  # noqa: S101 - the foreign key holds it
        try:
            await platform.delete(self.accounts.call(connection), published(row))
        except Gone:
            return
