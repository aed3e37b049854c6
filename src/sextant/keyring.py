"""API keys as the API meets them: looked up once, kept until something is written."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

from sextant.clock import Clock
from sextant.errors import InvalidApiKey
from sextant.store import Store, organizations
from sextant.store.organizations import USE_NOTED_EVERY, ApiKey

SHAPE = re.compile(r"mk_[\x21-\x7e]{1,200}")


class Keyring:
    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self._known: dict[str, ApiKey] = {}
        self._generation: object = None
        self._noting: set[asyncio.Task[None]] = set()

    async def key(self, header: str) -> ApiKey:
        """The living key of an Authorization header; InvalidApiKey for anything else."""
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer" or not SHAPE.fullmatch(secret):
            raise InvalidApiKey
        generation = self.store.generation()
        if generation != self._generation:
            self._known.clear()
            self._generation = generation
        key = self._known.get(secret) or await self._looked_up(secret)
        if key.last_used_at is None or key.last_used_at + USE_NOTED_EVERY <= self.clock.now():
            self._note(secret, key)
        return key

    async def _looked_up(self, secret: str) -> ApiKey:
        generation = self._generation
        async with self.store.read() as db:
            key = await organizations.key_by_secret(db, secret)
        if key is None or key.revoked_at is not None:
            raise InvalidApiKey
        if generation == self._generation:  # else it may have been revoked while it was looked up
            self._known[secret] = key
        return key

    def _note(self, secret: str, key: ApiKey) -> None:
        """Writes the use down, to the minute and behind the request's back."""
        if any(task.get_name() == key.id for task in self._noting):
            return

        async def note() -> None:
            now = self.clock.now()
            async with self.store.write(quiet=True) as db:
                await organizations.note_use(db, key.id, now)
            if self._known.get(secret) == key:
                self._known[secret] = replace(key, last_used_at=now)

        task = asyncio.create_task(note(), name=key.id)
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def close(self) -> None:
        await asyncio.gather(*self._noting, return_exceptions=True)
