"""What many posts cost: a smaller run of bench/cost.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.cost import SCENARIOS, Scenario, collected, cost
from bench.parallel import collect

from sextant.platforms import PLATFORMS

POSTS = 100


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
async def test_reading_many_posts_costs_no_more_than_documented(scenario: Scenario) -> None:
    found = await cost(scenario, POSTS)
    assert found["items"] >= POSTS
    assert found["requests"] <= found["floor"], found


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
async def test_reads_through_the_product_cost_what_the_adapter_costs(
    scenario: Scenario, tmp_path: Path
) -> None:
    """Two full batches and a bit, read by plan."""
    posts = 2 * PLATFORMS[scenario.network].limits.batch + 1
    assert await collected(scenario, posts, tmp_path, collect) == {
        name: count for name, count in (await cost(scenario, posts)).items() if name != "counted"
    }


def test_the_documented_floors_for_a_thousand_posts() -> None:
    floors = {scenario.name: scenario.floor(1000) for scenario in SCENARIOS}
    assert floors == {
        "x": 20,
        "x, older than 30 days": 10,
        "linkedin": 40,
        "instagram": 20,
        "facebook": 20,
        "tiktok": 50,
        "youtube": 25,
    }
