"""The store, on both databases."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, update

from sextant.collecting.keeping import never_read
from sextant.store import Store, connections, organizations, posts, readings
from sextant.store.migrate import migrate
from sextant.store.rows import new_id
from sextant.store.tables import metadata
from sextant.store.tables import organizations as organizations_table

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, UTC)


async def test_migrations_make_exactly_the_tables(store: Store) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with store.read() as db:
        assert await db.run_sync(differences) == []


async def test_migrating_again_changes_nothing(store: Store) -> None:
    await asyncio.gather(migrate(store), migrate(store))


async def organization(store: Store, slug: str = "acme") -> str:
    async with store.write() as db:
        return (await organizations.create(db, slug.title(), slug, NOW)).id


async def connection(store: Store, organization_id: str, native_id: str = "1") -> str:
    connection_id = new_id()
    async with store.write() as db:
        await connections.save(
            db,
            connection_id,
            NOW,
            new=True,
            organization_id=organization_id,
            platform="x",
            login="x",
            kind="user",
            native_id=native_id,
            account_name="Acme",
            sealed_grant="sealed",
        )
    return connection_id


async def post(
    store: Store, organization_id: str, connection_id: str, at: datetime, key: str | None = None
) -> str:
    post_id = new_id()
    values = {
        "id": post_id,
        "organization_id": organization_id,
        "text": "hé 🙂",
        "media_urls": ["https://example.org/a.mp4"],
        "status": "processing",
        "created_at": at,
        "idempotency_key": key,
        "body_hash": "h",
    }
    row = {
        "id": new_id(),
        "post_id": post_id,
        "connection_id": connection_id,
        "position": 0,
        "platform": "x",
        "kind": "text",
        "status": "processing",
        "attempts": 0,
        "updated_at": at,
    }
    async with store.write() as db:
        await posts.add(db, values, [row])
    return post_id


async def test_what_is_stored_comes_back(store: Store) -> None:
    organization_id = await organization(store)
    connection_id = await connection(store, organization_id)
    post_id = await post(store, organization_id, connection_id, NOW)
    async with store.read() as db:
        found = await posts.by_id(db, organization_id, post_id)
        (destination,) = await posts.destinations_of(db, post_id)
    assert found is not None
    assert (found.text, found.created_at, found.media_urls) == ("hé 🙂", NOW, ["https://example.org/a.mp4"])
    assert destination.connection_id == connection_id


async def test_another_organization_sees_nothing(store: Store) -> None:
    mine, other = await organization(store), await organization(store, "other")
    connection_id = await connection(store, mine)
    post_id = await post(store, mine, connection_id, NOW)
    async with store.read() as db:
        assert await posts.by_id(db, other, post_id) is None
        assert await connections.of_organization(db, other) == []
        assert await posts.page(db, other, 10, None, None, None, None) == []


async def test_raw_readings_keep_order_and_big_integers(store: Store) -> None:
    organization_id = await organization(store)
    post_id = await post(store, organization_id, await connection(store, organization_id), NOW)
    async with store.read() as db:
        (destination,) = await posts.destinations_of(db, post_id)
    raw = {"zeta": 2**64 + 1, "alpha": 0, "text": "ü", "rate": 0.1}
    reading = replace(never_read(destination.id, destination.connection_id), as_of=NOW, raw=raw)
    async with store.write() as db:
        await readings.save(db, [replace(reading, raw={"old": 1})])
        await readings.save(db, [reading])
    async with store.read() as db:
        stored = (await readings.of(db, [destination.id]))[destination.id]
    assert stored == reading
    assert list(stored.raw) == ["zeta", "alpha", "text", "rate"]


async def test_pages_are_newest_first_and_complete(store: Store) -> None:
    organization_id = await organization(store)
    connection_id = await connection(store, organization_id)
    made = [
        await post(store, organization_id, connection_id, NOW + timedelta(seconds=n // 3)) for n in range(9)
    ]
    seen: list[str] = []
    after = None
    while True:
        async with store.read() as db:
            rows = await posts.page(db, organization_id, 4, after, None, None, None)
        if not rows:
            break
        seen += [row.id for row in rows]
        after = (rows[-1].created_at, rows[-1].id)
    assert sorted(seen) == sorted(made)
    assert len(set(seen)) == 9


async def renamed(store: Store, slug: str, quiet: bool) -> None:
    async with store.write(quiet=quiet) as db:
        await db.execute(
            update(organizations_table).where(organizations_table.c.slug == slug).values(name="!")
        )


async def test_the_generation_tells_of_every_write(still: Store) -> None:
    before = still.generation()
    await organization(still)
    assert still.generation() != before


async def test_a_quiet_write_is_kept_and_not_told_of(still: Store) -> None:
    await organization(still)
    before = still.generation()
    await renamed(still, "acme", quiet=True)
    assert still.generation() == before
    async with still.read() as db:
        found = await organizations.by_slug(db, "acme")
    assert found is not None
    assert found.name == "!"
    await renamed(still, "acme", quiet=False)
    assert still.generation() != before


async def test_what_is_not_committed_is_not_told_of(still: Store) -> None:
    before = still.generation()

    async def broken_off() -> None:
        async with still.write() as db:
            await organizations.create(db, "Acme", "acme", NOW)
            assert still.generation() == before
            raise LookupError

    with pytest.raises(LookupError):
        await broken_off()
    assert still.generation() == before


async def test_a_write_of_another_store_shows(seconds: list[float], still: Store) -> None:
    other = Store(still.url.render_as_string(hide_password=False), lambda: 0.0)
    before = still.generation()
    await organization(other)
    seconds.append(1.0)
    assert still.generation() != before
    await other.close()


ANOTHER_PROCESS = """
import asyncio, sys
from datetime import UTC, datetime
from sextant.store import Store, organizations

async def main(url: str, quiet: bool) -> None:
    store = Store(url)
    async with store.write(quiet=quiet) as db:
        await organizations.create(db, "Other", f"other-{quiet}", datetime.now(UTC))
    await store.close()

asyncio.run(main(sys.argv[1], sys.argv[2] == "quiet"))
"""


async def written_by_another_process(store: Store, how: str) -> None:
    url = store.url.render_as_string(hide_password=False)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", ANOTHER_PROCESS, url, how)
    assert await process.wait() == 0


async def test_a_write_of_another_process_shows(seconds: list[float], still: Store) -> None:
    before = still.generation()
    await written_by_another_process(still, "loud")
    seconds.append(1.0)
    assert still.generation() != before


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'sextant.sqlite'}")
    await migrate(store)
    yield store
    await store.close()


async def test_a_quiet_write_of_another_process_is_not_told_of_on_sqlite(sqlite: Store) -> None:
    before = sqlite.generation()
    await written_by_another_process(sqlite, "quiet")
    assert sqlite.generation() == before
    async with sqlite.read() as db:
        assert await organizations.by_slug(db, "other-True") is not None


async def test_a_write_that_changes_no_row_is_not_told_of_on_sqlite(sqlite: Store) -> None:
    before = sqlite.generation()
    await renamed(sqlite, "nobody", quiet=False)
    assert sqlite.generation() == before


def in_the_file(store: Store) -> int:
    """`user_version` as the file's header has it (https://sqlite.org/fileformat.html#user_version_number)."""
    assert store.url.database is not None
    return int.from_bytes(Path(store.url.database).read_bytes()[60:64], "big")


async def test_the_generation_is_read_from_the_log_before_the_file_has_it(sqlite: Store) -> None:
    await organization(sqlite)
    async with sqlite.engine.connect() as db:
        await db.exec_driver_sql("ROLLBACK")
        assert (await db.exec_driver_sql("PRAGMA journal_mode")).scalar_one() == "wal"
        await db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert sqlite.generation() == in_the_file(sqlite)
    await organization(sqlite, "more")
    assert sqlite.generation() == in_the_file(sqlite) + 1


async def test_the_number_of_the_file_begins_again_at_its_end(sqlite: Store) -> None:
    async with sqlite.write(quiet=True) as db:
        await db.exec_driver_sql(f"PRAGMA user_version = {2**31 - 1}")
    before = sqlite.generation()
    await organization(sqlite)
    assert (before, sqlite.generation()) == (2**31 - 1, 0)


async def test_many_writers_at_once_all_succeed(store: Store) -> None:
    slugs = [f"org-{n}" for n in range(40)]
    await asyncio.gather(*[organization(store, slug) for slug in slugs])
    async with store.read() as db:
        assert all([await organizations.by_slug(db, slug) for slug in slugs])
