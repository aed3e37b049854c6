"""Processes are killed and answers dropped: a smaller run of bench/crash.py, and what it leaves behind."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from bench.crash import crash, judged
from bench.running import Server, Stage, staged

from tests.conftest import new_database

POSTS, KILLS, SEED, PATIENCE_S = 40, 6, 5, 600.0


def gone(stage: Stage) -> bool:
    """Every process group that ever was is reaped, and nobody listens any more."""
    for process in stage.everything:
        assert process.groups
        for group in process.groups:
            with pytest.raises(ProcessLookupError):
                os.killpg(group, 0)
        if isinstance(process, Server):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", process.port), timeout=5)
    return True


@pytest.fixture
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    """One process on SQLite; two API processes and three workers on Postgres."""
    if request.param == "postgres":
        return Stage(tmp_path, new_database(request.getfixturevalue("postgres")), 2, 3)
    return Stage(tmp_path, f"sqlite:///{tmp_path / 'sextant.sqlite'}")


@pytest.mark.parametrize("stage", ["sqlite", "postgres"], indirect=True)
async def test_nothing_is_lost_twice_or_unknown(stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    found = await crash(stage, POSTS, KILLS, SEED, patience_s=PATIENCE_S)
    assert gone(stage)
    wrong = {name: found[name] for name in ("lost", "twice", "unknown")}
    assert wrong == {"lost": 0, "twice": 0, "unknown": 0}, capfd.readouterr().err
    assert found["posts"] == POSTS
    assert found["kills"] == KILLS
    assert found["dropped_answers"] > 0


@pytest.mark.parametrize(
    ("status", "there", "verdict"),
    [
        ("posted", 1, None),
        ("posted", 0, "lost"),
        ("failed", 0, "lost"),
        ("failed", 1, "unknown"),
        ("processing", 0, "unknown"),
        ("unknown", 1, "unknown"),
        ("posted", 2, "twice"),
        ("failed", 2, "twice"),
        ("unknown", 2, "twice"),
    ],
)
def test_the_verdict_on_a_destination(status: str, there: int, verdict: str | None) -> None:
    assert judged(status, there) == verdict


async def test_nothing_is_left_of_a_run_that_breaks_off(tmp_path: Path) -> None:
    stage = Stage(tmp_path, f"sqlite:///{tmp_path / 'sextant.sqlite'}")
    with pytest.raises(ZeroDivisionError):
        async with staged(stage, {}):
            raise ZeroDivisionError
    assert gone(stage)
