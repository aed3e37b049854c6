"""Processes are killed in the middle of reading: a smaller run of bench/killing.py, and what it notices."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bench.kept import Look, Row, Stored, doubled, exceeded, lost
from bench.killing import crash
from bench.running import Stage
from bench.watched import drawn_on

from sextant.store.history import NOTHING
from tests.conftest import new_database

POSTS, KILLS, SEED, APART = 120, 6, 3, 6
NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
ONE, TWO = (1, *NOTHING[1:]), (2, *NOTHING[1:])


@pytest.fixture
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    """One process on SQLite; an API and two workers on Postgres."""
    if request.param == "postgres":
        return Stage(tmp_path, new_database(request.getfixturevalue("postgres")), 1, 2)
    return Stage(tmp_path, f"sqlite:///{tmp_path / 'sextant.sqlite'}")


@pytest.mark.parametrize("stage", ["sqlite", "postgres"], indirect=True)
async def test_nothing_is_lost_doubled_exceeded_or_stuck(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    found = await crash(stage, POSTS, KILLS, SEED, APART, hurry=True)
    wrong = {name: found[name] for name in ("lost", "doubled", "exceeded", "stuck")}
    assert not any(wrong.values()), (wrong, capfd.readouterr().err)
    assert (found["posts"], found["kills"]) == (POSTS, KILLS)
    assert found["in_batch"] > 0
    assert found["windows"] > 0
    assert found["waits_for_ceilings"] > 0
    assert found["history"] == found["feed"] >= POSTS


# ---- what the checks notice ----

SOUND = Look(
    published={"d": ("p", "c")},
    readings={"d": Stored(NOW, TWO)},
    rows={1: Row("d", NOW - timedelta(hours=1), None, ONE), 2: Row("d", NOW, 0, TWO)},
    accounts=(),
    tallies={("x", "", "posts_per_day", 0.0): 9},
)
CEILINGS = {"x": {"posts_per_day": 10, "lookups_per_15_minutes": 10}}


def test_what_is_sound_is_not_complained_of() -> None:
    seen = {("x", "", "posts_per_day", 0.0): 9, ("x", "", "unlimited", 0.0): 99}
    assert [*lost(SOUND, SOUND), *doubled(SOUND), *exceeded(CEILINGS, seen, SOUND)] == []


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (replace(SOUND, readings={}), "has no reading"),
        (replace(SOUND, readings={"d": Stored(NOW - timedelta(seconds=1), TWO)}), "the reading of d was of"),
        (replace(SOUND, readings={"d": Stored(None, TWO)}), "the reading of d was of"),
        (replace(SOUND, readings={"d": Stored(NOW, ONE)}), "is not the last of its history"),
        (replace(SOUND, rows={2: SOUND.rows[2]}), "row 1 of the history"),
        (replace(SOUND, rows={**SOUND.rows, 1: replace(SOUND.rows[1], unseen_s=5)}), "row 1 of the history"),
    ],
)
def test_what_is_lost_is_noticed(after: Look, words: str) -> None:
    (said,) = lost(SOUND, after)
    assert words in said


@pytest.mark.parametrize(
    "again", [Row("d", NOW, 0, TWO), Row("d", NOW - timedelta(days=1), None, NOTHING)], ids=["last", "first"]
)
def test_what_says_nothing_new_is_noticed(again: Row) -> None:
    (said,) = doubled(replace(SOUND, rows={**SOUND.rows, 3: again}))
    assert "say the same" in said


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ({("x", "", "posts_per_day", 0.0): 10}, ["10 is the ceiling", "9 is on paper"]),
        ({("x", "", "lookups_per_15_minutes", 0.0): 1}, ["0 is on paper"]),
        (
            {("x", "", "lookups_per_15_minutes", n * 900.0): n for n in (4, 6)},
            ["0 is on paper", "0 is on paper"],
        ),
        (
            {("x", "", "lookups_per_15_minutes", n * 900.0): n for n in (4, 5, 6)},
            ["0 is on paper", "0 is on paper", "10 is the ceiling", "0 is on paper"],
        ),
    ],
    ids=["a day", "not on paper", "two windows apart", "two windows in a row"],
)
def test_what_is_spent_beyond_is_noticed(seen: dict[Any, int], words: list[str]) -> None:
    said = exceeded(CEILINGS, seen, SOUND)
    assert all(word in text for word, text in zip(words, said, strict=True))


@pytest.mark.parametrize(
    ("network", "path", "names"),
    [
        ("x", "/api.x.com/2/tweets", {"lookups_per_15_minutes", "account_lookups_per_15_minutes"}),
        ("x", "/api.x.com/2/users/me", set()),
        ("linkedin", "/api.linkedin.com/rest/posts", {"calls_per_day", "account_calls_per_day"}),
        ("facebook", "/graph.facebook.com/", {"calls_per_hour", "calls_per_day"}),
        ("tiktok", "/business-api.tiktok.com/open_api/v1.3/business/video/list/", {"business_calls_per_day"}),
        ("youtube", "/youtube.googleapis.com/youtube/v3/videos:batchGetStats", {"stats_per_day"}),
        ("youtube", "/youtube.googleapis.com/youtube/v3/videos", {"units_per_day"}),
        ("youtube", "/youtubeanalytics.googleapis.com/v2/reports", {"reports_per_day"}),
    ],
)
def test_what_a_request_counts_against(network: str, path: str, names: set[str]) -> None:
    assert {name for name, _, _ in drawn_on(network, path, NOW.timestamp())} == names


def test_a_day_of_the_pacific_begins_at_its_midnight() -> None:
    path = "/youtubeanalytics.googleapis.com/v2/reports"
    ((_, _, begin),) = drawn_on("youtube", path, NOW.timestamp())
    assert datetime.fromtimestamp(begin, UTC) == NOW.replace(hour=8)
