"""Ids as X makes them: 64-bit snowflakes, written as text."""

from __future__ import annotations

import re

from sextant.sandbox.world import World

EPOCH_MS = 1_288_834_974_657
ID = re.compile(r"[0-9]{1,19}")


def new_id(world: World) -> str:
    """Newer ids are greater, as long as the clock does not run back."""
    return str((int(world.now() * 1000) - EPOCH_MS) << 22 | world.serial() & 0x3FFFFF)
