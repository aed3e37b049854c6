"""Waiting for what has to come, however long the machine takes for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE_S = 120.0
HELD_MS = 3_600_000.0
"""For a fault: the network's answer is held until the faults are cleared."""


async def until(true: Callable[[], object], what: str) -> None:
    ends = asyncio.get_running_loop().time() + PATIENCE_S
    while not true():
        assert asyncio.get_running_loop().time() < ends, f"never came: {what}"
        await asyncio.sleep(0.01)
