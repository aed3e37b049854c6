"""The ledger: what a row says, when rows are written, and how long they stay; on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select, text

from sextant import ledger as writing
from sextant.errors import TryLater
from sextant.ledger import FULL, PRUNED_AT_ONCE, Ledger, called, endpoint
from sextant.noting import OK, Noted
from sextant.platforms.base import Request
from sextant.sandbox.clock import SandboxClock
from sextant.store import Store, ledger
from sextant.store.ledger import Called, Total
from sextant.store.migrate import migrate
from sextant.store.tables import calls

NOW = datetime(2026, 11, 25, 12, 0, 0, 5000, UTC)
KEEP = timedelta(days=30)
READ = Request("GET", "https://api.x.com/2/tweets?ids=1", {"ids": "1,2"}, posts=2)
TOLD = Noted(READ, OK, None, NOW, 12)
ROW = Called(NOW, "x", "c1", "GET", "api.x.com/2/tweets", 2, 1, "ok", 12)


async def rows(store: Store) -> list[Called]:
    """In the order in which they were written."""
    columns = [calls.c[name] for name in Called.__slots__]
    async with store.read() as db:
        found = await db.execute(select(*columns).order_by(calls.c.id))
        return [Called(*row) for row in found]


async def written(store: Store, count: int) -> list[Called]:
    """The rows once there are so many."""
    for _ in range(2000):
        if len(found := await rows(store)) >= count:
            return found
        await asyncio.sleep(0.01)
    raise AssertionError(f"{len(found)} rows, not {count}")


async def logged(caplog: pytest.LogCaptureFixture, said: str) -> None:
    for _ in range(2000):
        if said in caplog.text:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(caplog.text)


async def keep(store: Store, *found: Called) -> None:
    async with store.write() as db:
        await ledger.append(db, found)


# ---- endpoints ----


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://api.x.com/2/tweets?ids=1,2&token=sesame", "api.x.com/2/tweets"),
        ("https://api.x.com/2/tweets/1901625213503277588", "api.x.com/2/tweets/{id}"),
        (
            "https://api.x.com/2/media/upload/1901625213503277588/append",
            "api.x.com/2/media/upload/{id}/append",
        ),
        ("https://graph.facebook.com/v26.0/", "graph.facebook.com/v26.0/"),
        ("https://graph.facebook.com/v26.0/123_456/photos", "graph.facebook.com/v26.0/{id}/photos"),
        ("https://api.linkedin.com/rest/posts/urn%3Ali%3Ashare%3A1", "api.linkedin.com/rest/posts/{id}"),
        (
            "https://api.linkedin.com/rest/organizationalEntityShareStatistics?q=x",
            "api.linkedin.com/rest/organizationalEntityShareStatistics",
        ),
        (
            "https://www.linkedin.com/dms-uploads/sp/C4D22AQ/uploadedVideo/1/B_xYz-a?ca=v&sync=0",
            "www.linkedin.com/dms-uploads/sp/{id}/uploadedVideo/1/{id}",
        ),
        (
            "https://business-api.tiktok.com/open_api/v1.3/business/video/list/",
            "business-api.tiktok.com/open_api/v1.3/business/video/list/",
        ),
        (
            "https://youtube.googleapis.com/youtube/v3/videos:batchGetStats",
            "youtube.googleapis.com/youtube/v3/videos:batchGetStats",
        ),
        ("https://user:sesame@host.example:8443/oauth2/token#sesame", "host.example/oauth2/token"),
        ("https://host.example/abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", "host.example/{id}"),
        ("https://host.example", "host.example"),
    ],
)
def test_an_endpoint_names_no_post_and_no_secret(url: str, said: str) -> None:
    assert endpoint(url) == said


def test_an_endpoint_is_bounded() -> None:
    assert len(endpoint("https://host.example" + "/word" * 100)) == ledger.ENDPOINT_LENGTH


def test_a_row_says_what_was_asked_and_how_it_ended() -> None:
    assert called("x", "c1", TOLD) == ROW
    batch = replace(TOLD, request=replace(READ, weight=50), outcome=TryLater.code)
    assert called("x", None, batch) == replace(ROW, connection_id=None, weight=50, outcome="try_later")


# ---- the table ----


async def test_totals_are_of_a_platform_and_an_outcome(store: Store) -> None:
    await keep(
        store,
        replace(ROW, at=NOW - timedelta(milliseconds=1)),
        ROW,
        replace(ROW, posts=100, weight=50, connection_id=None),
        replace(ROW, outcome="wait_until"),
        replace(ROW, platform="tiktok"),
    )
    async with store.read() as db:
        assert await ledger.totals(db, NOW) == [
            Total("tiktok", "ok", 1, 2, 1),
            Total("x", "ok", 2, 102, 51),
            Total("x", "wait_until", 1, 2, 1),
        ]


async def test_the_oldest_rows_go_first_and_no_more_than_wanted(store: Store) -> None:
    old = [replace(ROW, at=NOW + timedelta(hours=n)) for n in (3, 1, 2, 4)]
    await keep(store, *old)
    async with store.write() as db:
        assert await ledger.prune(db, NOW + timedelta(hours=4), 2) == 2
    assert await rows(store) == [old[0], old[3]]
    async with store.write() as db:
        assert await ledger.prune(db, NOW + timedelta(hours=4), 2) == 1
        assert await ledger.prune(db, NOW + timedelta(hours=4), 2) == 0
    assert await rows(store) == [old[3]]


async def test_the_question_in_the_documents_is_answered(store: Store) -> None:
    page = (Path(__file__).parent.parent / "docs" / "operations.md").read_text()
    question = page.partition("```sql\n")[2].partition("```")[0]
    await keep(store, replace(ROW, at=NOW - timedelta(days=2)), replace(ROW, weight=50), ROW)
    await keep(store, replace(ROW, platform="tiktok", weight=60))
    async with store.read() as db:
        found = [tuple(row) for row in await db.execute(text(question))]
    assert found == [
        ("tiktok", "api.x.com/2/tweets", "ok", 1, 2, 60, 12),
        ("x", "api.x.com/2/tweets", "ok", 2, 4, 51, 12),
    ]


# ---- writing ----


@pytest.fixture
async def kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ledger]:
    """An open ledger that writes by itself only when it is full."""
    monkeypatch.setattr(writing, "WRITE_EVERY_S", 3600.0)
    kept = Ledger(store, SandboxClock(), KEEP)
    await kept.open()
    yield kept
    await kept.close()


def now(kept: Ledger, **changes: object) -> Noted:
    return replace(TOLD, at=kept.clock.now(), **changes)  # type: ignore[arg-type]


async def test_what_is_told_is_written_by_itself(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "WRITE_EVERY_S", 0.01)
    kept = Ledger(store, SandboxClock(), KEEP)
    await kept.open()
    for count in (1, 2):
        kept.note("x", "c1")(now(kept))
        assert len(await written(store, count)) == count
    await kept.close()


async def test_a_full_buffer_does_not_wait_for_its_time(store: Store, kept: Ledger) -> None:
    note = kept.note("x", None)
    for _ in range(2):
        for n in range(FULL):
            note(now(kept, took_ms=n))
        found = await written(store, FULL)
    assert [row.took_ms for row in await written(store, 2 * FULL)] == [*range(FULL)] * 2
    assert found[0].connection_id is None


async def test_closing_writes_the_rest(store: Store, kept: Ledger) -> None:
    kept.note("x", "c1")(now(kept))
    await kept.close()
    (row,) = await rows(store)
    assert (row.connection_id, row.endpoint, row.outcome) == ("c1", "api.x.com/2/tweets", "ok")


async def test_the_database_is_left_alone_when_nothing_was_told(store: Store, kept: Ledger) -> None:
    begun: list[object] = []
    event.listen(store.engine.sync_engine, "begin", begun.append)
    await kept.flush()
    assert not begun
    kept.note("x", None)(now(kept))
    await kept.flush()
    assert len(begun) == 1


async def test_what_is_written_drops_no_kept_answer(database_url: str) -> None:
    store = Store(database_url, seconds=lambda: 0.0)
    await migrate(store)
    kept = Ledger(store, SandboxClock(), KEEP)
    before = store.generation()
    kept.note("x", None)(now(kept))
    await kept.flush()
    assert len(await rows(store)) == 1
    assert store.generation() == before
    await store.close()


async def test_what_cannot_be_written_waits(
    database_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the tables are missing at first."""
    monkeypatch.setattr(writing, "WRITE_EVERY_S", 0.01)
    store = Store(database_url)
    kept = Ledger(store, SandboxClock(), KEEP)
    for n in range(3):
        kept.note("x", None)(now(kept, took_ms=n))
    with pytest.raises(Exception, match="calls"):
        await kept.flush()
    await kept.open()
    await logged(caplog, "writing the ledger failed; 3 rows wait")
    await migrate(store)
    assert [row.took_ms for row in await written(store, 3)] == [0, 1, 2]
    await kept.close()
    await store.close()


async def test_while_nothing_can_be_written_the_newest_are_kept(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MOST_WAITING", 2)
    store = Store(database_url)
    kept = Ledger(store, SandboxClock(), KEEP)
    for n in range(3):
        kept.note("x", None)(now(kept, took_ms=n))
        with pytest.raises(Exception, match="calls"):
            await kept.flush()
    await migrate(store)
    await kept.flush()
    assert [row.took_ms for row in await rows(store)] == [1, 2]
    await store.close()


async def test_what_is_too_old_goes_when_something_is_written(store: Store, kept: Ledger) -> None:
    old = kept.clock.now() - KEEP - timedelta(days=1)
    await keep(store, *[replace(ROW, at=old)] * (PRUNED_AT_ONCE + 5))
    for left in (6, 2):
        kept.note("x", "c1")(now(kept))
        await kept.flush()
        assert len(await rows(store)) == left
    assert isinstance(kept.clock, SandboxClock)
    kept.clock.advance(KEEP.total_seconds() + 60)
    kept.note("x", "c1")(now(kept))
    await kept.flush()
    assert len(await rows(store)) == 1


async def test_rows_of_many_flushes_at_once_are_written_once(store: Store, kept: Ledger) -> None:
    for n in range(20):
        kept.note("x", None)(now(kept, took_ms=n))
    await asyncio.gather(*(kept.flush() for _ in range(5)))
    assert [row.took_ms for row in await rows(store)] == [*range(20)]
