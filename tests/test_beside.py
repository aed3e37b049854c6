"""A small run of bench/beside.py: the same posts go out in both kinds of turn, and only in one is read."""

from __future__ import annotations

from pathlib import Path

from bench.beside import Wanted, beside
from bench.running import Stage


async def test_posts_go_out_while_nothing_and_while_much_is_read(tmp_path: Path) -> None:
    stage = Stage(tmp_path, f"sqlite:///{tmp_path}/sextant.sqlite")
    found = await beside(stage, Wanted(posts=6, seconds=1.0, rounds=1, destinations=60, accounts=1))
    quiet, busy = found["turns"]
    assert (quiet["turn"], busy["turn"]) == ("quiet-0", "busy-0")
    assert [turn["posts"] for turn in (quiet, busy)] == [6, 6]
    assert (quiet["read"], quiet["pause_s"]) == (0, 1.0)
    assert all(0 < found[kind]["p50_s"] <= found[kind]["max_s"] for kind in ("quiet", "busy"))
    assert found["ratio"]["p50_s"] > 0
