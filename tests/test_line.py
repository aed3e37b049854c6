"""Writers in line: who can wait does, but not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from sextant.store import Store
from sextant.store.line import PASSED_MOST, Line

Begin = Callable[[str, bool], asyncio.Task[None]]


async def in_line(line: Line, done: list[str], begin: Callable[[Begin], Awaitable[None]]) -> None:
    """Has those stand in line that `begin` begins, while somebody has the turn; then lets all go."""

    async def stand(name: str, behind: bool) -> None:
        async with line.turn(behind):
            await asyncio.sleep(0)  # whoever is let in meanwhile shows
            done.append(name)

    tasks: list[asyncio.Task[None]] = []

    def one(name: str, behind: bool) -> asyncio.Task[None]:
        tasks.append(asyncio.create_task(stand(name, behind)))
        return tasks[-1]

    async with line.turn():
        await begin(one)
        assert done == []
    await asyncio.gather(*tasks, return_exceptions=True)


async def all_waiting() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_those_behind_let_others_go_first_and_each_kind_keeps_its_order() -> None:
    done: list[str] = []

    async def begin(one: Begin) -> None:
        for name, behind in (("plan 1", True), ("post 1", False), ("plan 2", True), ("post 2", False)):
            one(name, behind)
            await all_waiting()

    await in_line(Line(), done, begin)
    assert done == ["post 1", "post 2", "plan 1", "plan 2"]


async def test_whoever_lets_many_go_first_has_a_turn_then() -> None:
    done: list[str] = []

    async def begin(one: Begin) -> None:
        for name, behind in [("plan", True), *((f"{n}", False) for n in range(PASSED_MOST + 5))]:
            one(name, behind)
            await all_waiting()

    await in_line(Line(), done, begin)
    assert done.index("plan") == PASSED_MOST


async def test_who_gives_up_waiting_is_not_waited_for() -> None:
    done: list[str] = []

    async def begin(one: Begin) -> None:
        gone = one("gone", False)
        one("there", False)
        await all_waiting()
        gone.cancel()
        await all_waiting()

    await in_line(Line(), done, begin)
    assert done == ["there"]


async def test_who_is_called_and_gives_up_calls_the_next() -> None:
    line, done = Line(), list[str]()

    async def stand(name: str) -> None:
        async with line.turn():
            done.append(name)

    async with line.turn():
        first, second = (asyncio.create_task(stand(name)) for name in ("first", "second"))
        await all_waiting()
    first.cancel()  # it has its turn, and has not yet heard of it
    await second
    assert done == ["second"]
    await stand("later")


async def test_a_failure_ends_a_turn() -> None:
    line = Line()
    try:
        async with line.turn():
            raise ValueError
    except ValueError:
        pass
    async with line.turn():
        pass


async def test_writes_behind_wait_for_those_who_came_later(tmp_path: Path) -> None:
    store, done = Store(f"sqlite:///{tmp_path}/line.sqlite"), list[str]()

    async def write(name: str, behind: bool) -> None:
        async with store.write(quiet=True, behind=behind):
            done.append(name)

    async with store.write(quiet=True):
        tasks = []
        for name, behind in (("plan", True), ("post", False)):
            tasks.append(asyncio.create_task(write(name, behind)))
            await all_waiting()
    await asyncio.gather(*tasks)
    assert done == ["post", "plan"]
    await store.close()
