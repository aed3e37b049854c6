"""How a simulated post earns its numbers: a power law in age, with each post's own size and taste."""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache

HALF_LIFE_S = 3 * 3600
EXPONENT = 0.9


def chance(*seed: object) -> float:
    """A number in [0, 1) that is always the same for the same seed."""
    digest = hashlib.sha256("\x1f".join(map(str, seed)).encode()).digest()
    return int.from_bytes(digest[:7], "big") / float(1 << 56)


@lru_cache(maxsize=20_000)
def audience(post_id: str) -> float:
    """How many times a post will have been shown in the end: log-normal around 4,000."""
    normal = math.sqrt(-2 * math.log(1 - chance(post_id, "r"))) * math.cos(2 * math.pi * chance(post_id, "a"))
    return 4000.0 * math.exp(0.8 * normal)


def earned(age_s: float) -> float:
    """The part of its final audience that a post of this age has met, 0 to 1."""
    return 1.0 - math.pow(1.0 + max(0.0, age_s) / HALF_LIFE_S, -EXPONENT)


def grown(post_id: str, name: str, share: float, age_s: float) -> int:
    """A counter at this age: `share` of the shown times, varied by ±30 % per post and counter.

    Never falls as the post ages.
    """
    taste = 0.7 + 0.6 * chance(post_id, name)
    return int(audience(post_id) * earned(age_s) * share * taste)
