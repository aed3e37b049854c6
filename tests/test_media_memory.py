"""Publishing a large video takes little memory: a smaller run of bench/memory.py."""

from __future__ import annotations

from pathlib import Path

from bench.memory import MIB, measure

SIZE = 200 * MIB


async def test_a_large_video_is_published_without_being_held(tmp_path: Path) -> None:
    found = await measure(SIZE, ["youtube", "linkedin", "x"], tmp_path)
    assert {row["status"] for row in found.values()} == {"posted"}, found
    assert {row["bytes"] for row in found.values()} == {SIZE}
    assert max(row["grew"] for row in found.values()) < 48 * MIB, found
