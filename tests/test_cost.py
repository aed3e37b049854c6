"""What many posts cost: a smaller run of bench/cost.py."""

from __future__ import annotations

import pytest
from bench.cost import SCENARIOS, Scenario, cost

POSTS = 100


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
async def test_reading_many_posts_costs_no_more_than_documented(scenario: Scenario) -> None:
    found = await cost(scenario, POSTS)
    assert found["items"] >= POSTS
    assert found["requests"] <= found["floor"], found


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
