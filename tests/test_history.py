"""What the history keeps, what a period of it holds, and the feed under writers that commit late."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from bench.history import measure

from sextant.collecting.keeping import never_read
from sextant.metrics import KEYS, Metrics
from sextant.store import Store, changes, history, organizations, posts, readings
from sextant.store.changes import Look
from sextant.store.history import MOST_COUNTED, Change, State
from sextant.store.posts import Destination
from tests.test_store import connection, organization, post

NOW = datetime(2026, 11, 23, 12, 0, 0, 123000, UTC)
HOUR = timedelta(hours=1)


def numbers(**known: float) -> Metrics:
    return dict.fromkeys(KEYS) | known


def figures(**known: int) -> history.Figures:
    return tuple(numbers(**known).values())  # type: ignore[arg-type]


async def destination(store: Store, slug: str = "acme") -> Destination:
    """Of a post of its own; the organization is made when it is new."""
    async with store.read() as db:
        found = await organizations.by_slug(db, slug)
    organization_id = found.id if found else await organization(store, slug)
    post_id = await post(store, organization_id, await connection(store, organization_id, f"{NOW}"), NOW)
    async with store.read() as db:
        return (await posts.destinations_of(db, post_id))[0]


async def several(store: Store, count: int, slug: str = "acme") -> list[Destination]:
    """Posts of one account."""
    organization_id = await organization(store, slug)
    connection_id = await connection(store, organization_id)
    made = [await post(store, organization_id, connection_id, NOW) for _ in range(count)]
    async with store.read() as db:
        return await posts.destinations_of(db, *made)


async def keep(store: Store, *states: State) -> None:
    async with store.write() as db:
        await history.append(db, states)


async def all_of(store: Store, row: Destination) -> list[Change]:
    async with store.read() as db:
        found = await history.of(db, [row.id], NOW - 1000 * HOUR, NOW + 1000 * HOUR)
    return found.get(row.id, [])


async def feed(store: Store, organization_id: str, position: int = 0, limit: int = 100) -> Look:
    async with store.read() as db:
        end = await changes.settled(db)
    async with store.read() as db:
        return await changes.after(db, organization_id, position, limit, end)


async def owner(store: Store, slug: str = "acme") -> str:
    async with store.read() as db:
        found = await organizations.by_slug(db, slug)
    assert found is not None
    return found.id


async def test_only_what_changes_is_kept_and_corrections_downwards_are(store: Store) -> None:
    row = await destination(store)
    likes = [5, 5, 7, 7, 6, 0]
    seen = None
    for hour, count in enumerate(likes):
        at = NOW + hour * HOUR
        await keep(store, State(row.id, at, seen, numbers(likes=count, video_watch_time_ms=2**62)))
        seen = at
    found = await all_of(store, row)
    assert [change.figures for change in found] == [
        figures(likes=n, video_watch_time_ms=2**62) for n in (5, 7, 6, 0)
    ]
    assert [change.at for change in found] == [NOW + hour * HOUR for hour in (0, 2, 4, 5)]
    assert [change.unseen_s for change in found] == [None, 3600, 3600, 3600]
    assert [change.seen_at for change in found[1:]] == [NOW + hour * HOUR for hour in (1, 3, 4)]


async def test_a_number_that_goes_missing_is_kept_as_missing(store: Store) -> None:
    row = await destination(store)
    for hour, known in enumerate([{}, {"likes": 1, "clicks": 2}, {"likes": 1}, {}, {}]):
        await keep(store, State(row.id, NOW + hour * HOUR, None, numbers(**known)))
    found = [change.figures for change in await all_of(store, row)]
    assert found == [figures(likes=1, clicks=2), figures(likes=1), figures()]


async def test_numbers_no_column_holds_are_unknown_and_lose_no_reading(store: Store) -> None:
    row = await destination(store)
    await keep(
        store, State(row.id, NOW, None, numbers(likes=MOST_COUNTED, views=10**30, saves=2.6, quotes=3.0))
    )
    await keep(
        store, State(row.id, NOW + HOUR, NOW, numbers(likes=MOST_COUNTED, views=10**31, saves=2.7, quotes=3))
    )
    (change,) = await all_of(store, row)
    assert change.figures == figures(likes=MOST_COUNTED, saves=3, quotes=3)


async def test_rows_stay_in_order_when_a_clock_goes_back(store: Store) -> None:
    row = await destination(store)
    await keep(store, State(row.id, NOW, None, numbers(likes=1)))
    await keep(store, State(row.id, NOW - HOUR, NOW, numbers(likes=2)))
    await keep(store, State(row.id, NOW - HOUR, NOW, numbers(likes=3)))
    found = await all_of(store, row)
    assert [change.figures[0] for change in found] == [1, 2, 3]
    assert [change.at - NOW for change in found] == [timedelta(milliseconds=n) for n in range(3)]


async def test_many_destinations_at_once(store: Store) -> None:
    rows = await several(store, 5)
    await keep(store, *[State(row.id, NOW, None, numbers(likes=n)) for n, row in enumerate(rows)])
    await keep(store, *[State(row.id, NOW + HOUR, NOW, numbers(likes=2)) for row in rows])
    kept = [[change.figures[0] for change in await all_of(store, row)] for row in rows]
    assert kept == [[0, 2], [1, 2], [2], [3, 2], [4, 2]]


async def test_a_period_comes_with_its_neighbours(store: Store) -> None:
    one, other = await several(store, 2)
    for hour in range(6):
        at = NOW + hour * HOUR
        await keep(store, *[State(row.id, at, None, numbers(likes=hour)) for row in (one, other)])

    async def likes(since: datetime, until: datetime) -> list[int | None]:
        async with store.read() as db:
            found = await history.of(db, [one.id, other.id], since, until)
        assert found[one.id] == found[other.id]
        return [change.figures[0] for change in found[one.id]]

    assert await likes(NOW + 2 * HOUR, NOW + 4 * HOUR) == [1, 2, 3, 4]
    assert await likes(NOW, NOW + HOUR) == [0, 1]
    assert await likes(NOW + 5 * HOUR, NOW + 9 * HOUR) == [4, 5]
    assert await likes(NOW + 7 * HOUR, NOW + 9 * HOUR) == [5]
    assert await likes(NOW + HOUR / 2, NOW + HOUR * 2 / 3) == [0, 1]


async def test_the_history_goes_with_its_post(store: Store) -> None:
    row = await destination(store)
    await keep(store, State(row.id, NOW, None, numbers(likes=1)))
    async with store.write() as db:
        await db.exec_driver_sql("DELETE FROM posts")
    assert await all_of(store, row) == []
    async with store.read() as db:
        assert (await db.exec_driver_sql("SELECT count(*) FROM history")).scalar() == 0


async def test_positions_are_never_used_twice(store: Store) -> None:
    row, later = await several(store, 2)
    await keep(store, State(row.id, NOW, None, numbers(likes=1)))
    mine = await owner(store)
    reached = (await feed(store, mine)).reached
    async with store.write() as db:
        await db.exec_driver_sql("DELETE FROM history")
    await keep(store, State(later.id, NOW, None, numbers(likes=2)))
    assert [changed.figures[0] for changed in (await feed(store, mine, reached)).changed] == [2]


async def test_the_feed_is_complete_in_pages_of_any_size(store: Store) -> None:
    rows = await several(store, 7)
    for hour in range(3):
        await keep(store, *[State(row.id, NOW + hour * HOUR, None, numbers(likes=hour)) for row in rows])
    mine = await owner(store)
    whole = (await feed(store, mine)).changed
    assert [(c.at, c.figures[0]) for c in whole] == [(NOW + h * HOUR, h) for h in range(3) for _ in rows]
    assert {c.post_id for c in whole} == {row.post_id for row in rows}
    for limit in (1, 2, 7, 20, 21, 22):
        position, more, seen = 0, True, []
        while more:
            look = await feed(store, mine, position, limit)
            seen += look.changed
            position, more = look.reached, look.more
        assert seen == whole
        assert (await feed(store, mine, position, limit)) == Look([], position, False)


async def test_the_feed_shows_an_organization_its_own_and_passes_over_the_rest(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "WINDOW", 4)
    theirs, mine = await several(store, 10, "theirs"), await several(store, 1, "mine")
    await keep(store, *[State(row.id, NOW, None, numbers(likes=1)) for row in [*theirs, *mine]])
    me = await owner(store, "mine")
    first = await feed(store, me)
    assert (first.changed, first.more) == ([], True)
    second = await feed(store, me, first.reached)
    third = await feed(store, me, second.reached)
    assert [changed.post_id for changed in third.changed] == [mine[0].post_id]
    assert not third.more
    assert third.reached == first.reached + 7


async def test_a_row_that_commits_late_is_not_passed_over(store: Store) -> None:
    """The one that began first commits last. On SQLite the second has to wait; on Postgres the feed does."""
    early, late = await several(store, 2)
    mine = await owner(store)
    async with store.write() as db:
        await history.append(db, [State(late.id, NOW, None, numbers(likes=1))])
        other = asyncio.create_task(keep(store, State(early.id, NOW, None, numbers(likes=2))))
        await asyncio.wait([other], timeout=None if not store.is_sqlite else 0.05)
        assert other.done() != store.is_sqlite
        look = await feed(store, mine)
        assert (look.changed, look.more) == ([], False)
    await other
    found = await feed(store, mine, look.reached)
    assert [changed.post_id for changed in found.changed] == [late.post_id, early.post_id]


async def test_a_writer_that_gives_up_holds_nothing_up(store: Store) -> None:
    one, two = await several(store, 2)
    mine = await owner(store)

    async def give_up() -> None:
        async with store.write() as db:
            await history.append(db, [State(one.id, NOW, None, numbers(likes=1))])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await give_up()
    await keep(store, State(two.id, NOW, None, numbers(likes=2)))
    assert [changed.post_id for changed in (await feed(store, mine)).changed] == [two.post_id]


async def test_many_writers_and_a_reader_lose_and_double_nothing(store: Store) -> None:
    rows = await several(store, 20)
    mine = await owner(store)
    seen: list[tuple[str, int | None]] = []
    position = 0

    async def write(row: Destination) -> None:
        for count in range(10):
            await keep(store, State(row.id, NOW + count * HOUR, None, numbers(likes=count)))

    async def read() -> None:
        nonlocal position
        look = await feed(store, mine, position, 7)
        seen.extend((changed.post_id, changed.figures[0]) for changed in look.changed)
        position = look.reached

    writing = asyncio.gather(*map(write, rows))
    while not writing.done():
        await read()
        await asyncio.sleep(0)
    await writing
    while (await feed(store, mine, position)).changed:
        await read()
    assert len(seen) == len(set(seen)) == 200
    for row in rows:
        assert [count for post_id, count in seen if post_id == row.post_id] == list(range(10))


async def test_a_reading_and_its_row_are_kept_together_or_not_at_all(store: Store) -> None:
    row = await destination(store)

    async def taken(likes: int, *, fails: bool = False) -> None:
        async with store.write() as db:
            before = never_read(row.id, row.connection_id)
            await readings.save(db, [replace(before, as_of=NOW, raw={"likeCount": likes})])
            await history.append(db, [State(row.id, NOW, None, numbers(likes=likes))])
            if fails:
                raise ZeroDivisionError

    await taken(1)
    with pytest.raises(ZeroDivisionError):
        await taken(2, fails=True)
    assert [change.figures[0] for change in await all_of(store, row)] == [1]
    async with store.read() as db:
        assert (await readings.of(db, [row.id]))[row.id].raw == {"likeCount": 1}


async def test_a_year_of_daily_changes_of_ten_thousand_posts_is_well_under_a_gigabyte(
    database_url: str,
) -> None:
    """A smaller run of bench/history.py; Postgres spends 24 bytes on the head of each row."""
    found = await measure(database_url, count=100, days=40)
    assert found["rows"] == 4000
    assert found["year_mb"] < (400 if database_url.startswith("sqlite") else 1000), found
