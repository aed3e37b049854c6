"""What a network can show of a post and what a look costs there, as data: what the planner reckons with."""

from __future__ import annotations

from dataclasses import dataclass

MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86400.0


@dataclass(frozen=True, slots=True)
class Showing:
    """How soon a number moves in the network's answers, and the cost of asking.

    `batch`: most posts in one reading. `request` and `post`: what a reading costs, in the unit in which the
    network is short (calls, quota units, billed posts), per request and per post in it.
    `billed_daily`: a post is charged once per UTC day; a further reading on that day is free.
    `least_s`: no two readings of a post are closer. `most_s`: none are further apart.
    `late`: the part of the 13 numbers, 0 to 1, that comes between `late_from_s` and `late_until_s` after the
    event; when a post is younger than that these are not there at all. `renewed_s`: they are renewed only
    that often, at an hour of the network's own.
    """

    batch: int
    request: float
    post: float
    billed_daily: bool = False
    least_s: float = 5 * MINUTE_S
    most_s: float = 28 * DAY_S
    late: float = 0.0
    late_from_s: float = 0.0
    late_until_s: float = 0.0
    renewed_s: float = 0.0

    @property
    def room_is_free(self) -> bool:
        """One more post in a request that is made anyway costs nothing."""
        return self.post == 0
