"""API keys as the API meets them, on both databases."""

from __future__ import annotations

import asyncio

import pytest

from sextant.errors import InvalidApiKey
from sextant.keyring import Keyring
from sextant.store import Store, organizations
from tests.gates import gates
from tests.platforms.adapters import NOW, StillClock
from tests.test_store import organization

SECRET = "mk_of_a_test"
HEADER = f"Bearer {SECRET}"


@pytest.fixture
async def key_id(still: Store) -> str:
    organization_id = await organization(still)
    async with still.write() as db:
        return await organizations.add_key(db, organization_id, "test", "full", SECRET, NOW)


async def revoke(store: Store, key_id: str) -> None:
    async with store.write() as db:
        await organizations.revoke_key(db, key_id, NOW)


async def test_a_revoked_key_is_refused_at_once(still: Store, key_id: str) -> None:
    keyring = Keyring(still, StillClock())
    assert (await keyring.key(HEADER)).id == key_id
    await revoke(still, key_id)
    with pytest.raises(InvalidApiKey):
        await keyring.key(HEADER)
    await keyring.close()


async def test_a_key_that_is_revoked_while_it_is_looked_up_is_not_kept(still: Store, key_id: str) -> None:
    keyring = Keyring(still, StillClock())
    (gate,) = gates(still, "api_keys", 1)
    first = asyncio.create_task(keyring.key(HEADER))
    await gate.reached.wait()
    await revoke(still, key_id)
    with pytest.raises(InvalidApiKey):
        await keyring.key(HEADER)
    gate.opened.set()
    assert (await first).id == key_id
    with pytest.raises(InvalidApiKey):
        await keyring.key(HEADER)
    await keyring.close()


async def test_a_use_is_noted_once_a_minute_and_drops_nothing(still: Store, key_id: str) -> None:
    clock = StillClock()
    keyring = Keyring(still, clock)
    before = still.generation()
    assert (await keyring.key(HEADER)).last_used_at is None
    await keyring.close()
    used = clock.now()
    assert (await keyring.key(HEADER)).last_used_at == used
    await clock.sleep(59)
    assert (await keyring.key(HEADER)).last_used_at == used
    await keyring.close()
    async with still.read() as db:
        stored = await organizations.key_by_secret(db, SECRET)
    assert stored is not None
    assert stored.last_used_at == used
    await clock.sleep(1)
    await keyring.key(HEADER)
    await keyring.close()
    assert (await keyring.key(HEADER)).last_used_at == clock.now()
    assert still.generation() == before
