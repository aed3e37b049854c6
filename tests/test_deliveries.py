"""Who may work on what: claims, the dead, cancellations, accounts that have to wait. On both databases."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from sextant.app import build
from sextant.config import Settings
from sextant.store import Store, connections, deliveries, organizations, posts, workers
from sextant.store.deliveries import Worker
from sextant.store.rows import new_id
from sextant.store.tables import destinations

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PATIENCE_S = 60.0


class Books:
    """A store with accounts and posts, and workers that ask for work."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def open(self) -> None:
        async with self.store.write() as db:
            self.organization = (await organizations.create(db, "Acme", "acme", NOW)).id

    async def account(self, native_id: str = "1") -> str:
        connection_id = new_id()
        values = {"organization_id": self.organization, "platform": "x", "login": "x", "kind": "user"}
        async with self.store.write() as db:
            await connections.save(
                db,
                connection_id,
                NOW,
                new=True,
                native_id=native_id,
                account_name="Acme",
                sealed_grant="sealed",
                **values,
            )
        return connection_id

    async def post(self, *accounts: str, due: datetime | None = NOW, status: str = posts.PROCESSING) -> str:
        post_id = new_id()
        post = {
            "id": post_id,
            "organization_id": self.organization,
            "text": "hello",
            "media_urls": [],
            "status": status,
            "created_at": NOW,
            "body_hash": "h",
        }
        rows = [
            {
                "id": new_id(),
                "post_id": post_id,
                "connection_id": account,
                "position": place,
                "platform": "x",
                "kind": "text",
                "status": status,
                "attempts": 0,
                "next_attempt_at": due,
                "updated_at": NOW,
            }
            for place, account in enumerate(accounts)
        ]
        async with self.store.write() as db:
            await posts.add(db, post, rows)
        return post_id

    async def worker(self, name: str = "w") -> str:
        worker_id = new_id()
        async with self.store.write() as db:
            await workers.enter(db, worker_id, name, NOW)
        return worker_id

    async def claim(
        self, worker_id: str, *running: str, now: datetime = NOW, most: int = 32, per_account: int = 3
    ) -> list[str]:
        async with self.store.write() as db:
            worker = Worker(worker_id, running, now)
            return await deliveries.claim(db, worker, now, most, per_account)

    async def rows(self, post_id: str) -> list[Any]:
        async with self.store.read() as db:
            return await posts.destinations_of(db, post_id)


@pytest.fixture
async def books(store: Store) -> Books:
    books = Books(store)
    await books.open()
    return books


async def test_many_workers_at_once_never_share_a_destination_nor_crowd_an_account(books: Books) -> None:
    accounts = [await books.account(str(n)) for n in range(4)]
    for _ in range(6):
        await books.post(*accounts)
    people = [await books.worker() for _ in range(5)]
    claimed = [c for found in await asyncio.gather(*(books.claim(w) for w in people)) for c in found]
    assert len(claimed) == len(set(claimed))
    async with books.store.read() as db:
        query = destinations.select().where(destinations.c.holder.is_not(None))
        held = Counter(row.connection_id for row in await db.execute(query))
    assert set(held.values()) <= {1, 2, 3}
    assert sum(held.values()) == len(claimed)


async def test_a_busy_account_does_not_stand_in_the_way_of_the_others(books: Books) -> None:
    busy, quiet = await books.account("1"), await books.account("2")
    for _ in range(40):
        await books.post(busy)
    late = await books.post(quiet, due=NOW - timedelta(seconds=1))
    claimed = await books.claim(await books.worker(), most=4)
    assert (await books.rows(late))[0].id in claimed
    assert len(claimed) == 4


async def test_what_is_due_first_is_taken_first(books: Books) -> None:
    accounts = [await books.account(str(n)) for n in range(3)]
    ids = [
        (await books.rows(await books.post(account, due=NOW - n * MINUTE)))[0].id
        for n, account in enumerate(accounts)
    ]
    assert await books.claim(await books.worker(), most=1) == [ids[2]]


async def test_nothing_is_taken_before_its_time(books: Books) -> None:
    account, worker = await books.account(), await books.worker()
    await books.post(account, due=NOW + MINUTE)
    await books.post(account, due=None)
    assert await books.claim(worker) == []
    async with books.store.read() as db:
        assert await deliveries.next_due(db, NOW) == NOW + MINUTE


async def test_the_work_of_a_silent_worker_is_taken_over_and_of_a_living_one_is_not(books: Books) -> None:
    await books.post(await books.account())
    dead, heir = await books.worker("dead"), await books.worker("heir")
    [held] = await books.claim(dead)
    later = NOW + workers.SILENT_AFTER
    async with books.store.write() as db:
        assert await workers.beat(db, heir, later)
    assert await books.claim(heir, now=later - timedelta(seconds=1)) == []
    assert await books.claim(heir, now=later) == [held]
    async with books.store.write() as db:
        assert not await deliveries.save(db, held, dead, later, status=posts.POSTED)
        assert await deliveries.save(db, held, heir, later, status=posts.POSTED)


async def test_what_a_worker_dropped_on_the_way_it_may_take_up_again(books: Books) -> None:
    await books.post(await books.account())
    worker = await books.worker()
    [held] = await books.claim(worker)
    assert await books.claim(worker, held) == []
    assert await books.claim(worker) == [held]


async def test_an_orderly_end_frees_at_once(books: Books) -> None:
    await books.post(await books.account())
    first, second = await books.worker(), await books.worker()
    [held] = await books.claim(first)
    async with books.store.write() as db:
        await workers.leave(db, first)
    assert await books.claim(second) == [held]


async def test_a_network_that_asks_to_wait_delays_that_account_alone(books: Books) -> None:
    waiting, other = await books.account("1"), await books.account("2")
    held_back, free = await books.post(waiting), await books.post(other)
    async with books.store.write() as db:
        await connections.hold_back(db, waiting, NOW + MINUTE)
    worker = await books.worker()
    running = (await books.rows(free))[0].id
    assert await books.claim(worker) == [running]
    assert await books.claim(worker, running, now=NOW + MINUTE) == [(await books.rows(held_back))[0].id]


async def test_cancelling_and_claiming_at_once_have_one_winner(books: Books) -> None:
    worker = await books.worker()
    account = await books.account()
    for _ in range(10):
        post_id = await books.post(account, status=posts.SCHEDULED)

        async def cancel(post_id: str = post_id) -> None:
            async with books.store.write() as db:
                await posts.lock(db, post_id)
                await deliveries.reject(db, post_id, NOW)

        await asyncio.gather(books.claim(worker), cancel())
        [row] = await books.rows(post_id)
        assert row.status == posts.REJECTED
        async with books.store.write() as db:
            assert not await deliveries.save(db, row.id, worker, NOW, announced=True)
            assert await deliveries.held(db, row.id, worker) is None


async def test_what_is_just_going_out_cannot_be_taken_back(books: Books) -> None:
    post_id = await books.post(await books.account())
    worker = await books.worker()
    [held] = await books.claim(worker)
    async with books.store.write() as db:
        assert await deliveries.save(db, held, worker, NOW, announced=True)
        await deliveries.reject(db, post_id, NOW)
    assert (await books.rows(post_id))[0].status == posts.PROCESSING


async def test_a_post_that_somebody_has_begun_is_not_moved(books: Books) -> None:
    accounts = [await books.account(str(n)) for n in range(2)]
    post_id = await books.post(*accounts, status=posts.SCHEDULED)
    later = NOW + MINUTE
    async with books.store.write() as db:
        assert await deliveries.reschedule(db, post_id, next_attempt_at=later)
    await books.claim(await books.worker(), now=later, most=1)
    async with books.store.write() as db:
        assert not await deliveries.reschedule(db, post_id, next_attempt_at=NOW)


async def test_a_native_post_belongs_to_one_destination(books: Books) -> None:
    account, worker = await books.account(), await books.worker()
    for _ in range(2):
        await books.post(account)
    first, second = await books.claim(worker)
    async with books.store.write() as db:
        await deliveries.save(db, first, worker, NOW, native_id="7", published_at=NOW)
        assert await deliveries.taken(db, account, second, NOW - MINUTE) == {"7"}
        assert await deliveries.taken(db, account, first, NOW - MINUTE) == frozenset()
    with pytest.raises(Exception, match=r"(?i)unique"):
        async with books.store.write() as db:
            await deliveries.save(db, second, worker, NOW, native_id="7")


async def test_claiming_waits_for_no_cancellation(books: Books) -> None:
    """Else the two could wait for each other, and Postgres would break one of them off."""
    account, worker = await books.account(), await books.worker()
    cancelled, other = await books.post(account), await books.post(account)
    async with books.store.write() as db:
        await posts.lock(db, cancelled)
        await deliveries.reject(db, cancelled, NOW)
        claiming = asyncio.create_task(books.claim(worker))
        if not books.store.is_sqlite:  # there the claim has to wait, and holds nothing yet
            await asyncio.wait_for(asyncio.shield(claiming), PATIENCE_S)
    assert await claiming == [row.id for row in await books.rows(other)]


async def test_beginning_and_cancelling_at_once_do_not_wait_for_each_other(
    books: Books, database_url: str, tmp_path: Path
) -> None:
    services = build(Settings(database_url=database_url, data_dir=tmp_path, secret_key="s" * 32), {})
    post_id = await books.post(await books.account(), status=posts.SCHEDULED)
    worker = await books.worker()
    [held] = await books.claim(worker)
    async with books.store.write() as db:
        await posts.lock(db, post_id)
        beginning = asyncio.create_task(services.engine._advance(held, worker))
        while not (books.store.is_sqlite or await somebody_waits(books.store)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await deliveries.reject(db, post_id, NOW)
    await beginning
    await services.close()
    assert [row.status for row in await books.rows(post_id)] == [posts.REJECTED]


async def somebody_waits(store: Store) -> bool:
    """For a lock that another transaction on Postgres holds."""
    async with store.read() as db:
        return bool((await db.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))).scalar_one())
