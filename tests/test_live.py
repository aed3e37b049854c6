"""A small run of bench/live.py: what it reads is read live, from every network, and completely."""

from __future__ import annotations

from pathlib import Path

from bench.live import PARTS, live
from bench.running import NETWORKS, Stage


async def test_posts_that_nobody_has_read_are_read_live(tmp_path: Path) -> None:
    stage = Stage(tmp_path, f"sqlite:///{tmp_path}/sextant.sqlite", apart=1)
    found = await live(stage, 1, 2.0)
    assert found["rounds"] == 1
    assert set(found["alone_ms"]) == set(NETWORKS)
    assert found["delay_ms"] == {network: 2.0 * part for network, part in PARTS.items()}
    assert all(found["alone_ms"][network] >= ms for network, ms in found["delay_ms"].items())
    assert found["slowest_ms"] == max(found["alone_ms"].values())
    said = (tmp_path / "api-0.log").read_text()
    assert "Connected" not in said, "the seeded organization is taken for the sandbox's"
