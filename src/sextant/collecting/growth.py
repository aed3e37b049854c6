"""How the numbers of a post grow, and what its readings tell of that. Pure. Ages and spans are in seconds.

The model, its parameters and their reasons are in docs/planning.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from sextant.platforms.freshness import Showing

TURN_S = 8 * 3600.0
"""The age at which a typical post begins to slow down."""
BEND = 0.8
"""A typical post's relative growth falls with age ** -(1 + BEND) once it slows down."""
REVIVAL = 0.015
"""Relative growth while the age grows e times, whatever the pace: posts of any age are found again."""
NOISE = 0.06
"""Relative growth too small to learn a post's pace from."""
SPREAD = 1.5
"""How far paces differ beside how far a clear observation errs, both as variances of the logarithm."""
PACE_LEAST, PACE_MOST = 0.05, 30.0
FOUND = 0.25
"""How much a post that is found again grows by that, in the logarithm."""
FOUND_TURN_S = 4 * 3600.0
"""The time in which half of that comes."""
FOUND_TIMES, FOUND_LEAST = 4.0, 0.06
"""Found again is what grew, in the logarithm, by so many times what was expected and so much more."""
FOUND_PAST = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""The times since then that are tried for the one that explains best what was seen, in FOUND_TURN_S."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What a post's own readings have told, and before them those of its account (`newborn`).

    `pace`: how fast it grows beside a typical post of its age (1: the same). `lag_s`: the age at which its
    late numbers came, None while that is not known. `hour_s`: the second of the UTC day at which the
    account's late numbers use to be renewed, None when not known. `found_s`: the age at which the post was
    found again, None when it is not the case now.
    """

    pace: float = 1.0
    lag_s: float | None = None
    hour_s: float | None = None
    found_s: float | None = None

    def after(
        self, change: float, young_s: float, old_s: float, showing: Showing, late_out: bool = True
    ) -> Growth:
        """With one more pair of readings, at these two ages: the numbers changed by `change` (`changed`).

        `late_out`: the earlier one had the late numbers too.
        """
        if young_s <= 0 or old_s <= young_s:
            return self
        span = (young_s, old_s, showing, late_out)
        seen = -math.log1p(-min(abs(change), 0.999))
        usual = replace(self, found_s=None)._expected(*span)
        if self.found_s is None and seen <= FOUND_TIMES * usual + FOUND_LEAST:
            return self._paced(seen, usual, young_s, old_s)
        if self.found_s is not None and self._expected(*span) < 2 * usual:
            return replace(self, found_s=None)._paced(seen, usual, young_s, old_s)
        return self._found(seen, *span)

    def arrived(self, young_s: float, old_s: float, showing: Showing) -> Growth:
        """The late numbers lacked at the younger age and were there at the older.

        Where they are renewed at an hour of the network's own, that hour is surely past at the older.
        """
        return replace(self, lag_s=old_s if showing.renewed_s else (young_s + old_s) / 2)

    def _paced(self, seen: float, usual: float, young_s: float, old_s: float) -> Growth:
        """The less the pace shows at these ages, the less is learned of it."""
        clear = max(seen, usual)
        share = _share(young_s, self.pace) - _share(old_s, self.pace)
        shows = min(1.0, share / BEND / usual) if usual > 0 else 1.0
        gain = SPREAD * shows / (1 + SPREAD * shows * shows) * clear / (clear + NOISE)
        ratio = (seen + NOISE / 10) / (usual + NOISE / 10)
        return replace(self, pace=min(max(self.pace * math.pow(ratio, gain), PACE_LEAST), PACE_MOST))

    def _found(self, seen: float, young_s: float, old_s: float, showing: Showing, late_out: bool) -> Growth:
        """The beginning that explains best what was seen; None is the best when it is over."""
        able = [replace(self, found_s=old_s - FOUND_TURN_S * past) for past in FOUND_PAST]
        able.append(replace(self, found_s=None))
        return min(able, key=lambda g: abs(g._expected(young_s, old_s, showing, late_out) - seen))

    def _expected(self, young_s: float, old_s: float, showing: Showing, late_out: bool) -> float:
        late = showing.late if late_out else 0.0
        part = (1 - late) * part_grown(young_s, old_s, self)
        if late:
            part += late * late_part_grown(young_s, old_s, self, showing)
        return -math.log1p(-min(part, 0.999))


def late_part_grown(young_s: float, old_s: float, growth: Growth, showing: Showing) -> float:
    """The growth of late numbers that were there at the younger age."""
    lag_s, every = growth.lag_s, showing.renewed_s
    if lag_s is None:
        # The mean of the lags that are still possible.
        lag_s, every = (showing.late_from_s + min(young_s, showing.late_until_s)) / 2, 0.0
    young, old = (_counted(age_s - lag_s, every) for age_s in (young_s, old_s))
    return part_grown(young, old, growth)


def _counted(since_s: float, every: float) -> float:
    """The age up to which late numbers count, so long after they came; half a renewal's worth came first."""
    return (since_s // every + 0.5) * every if every else since_s


def part_grown(young_s: float, old_s: float, growth: Growth) -> float:
    """The part of a number at the older age that it did not have at the younger."""
    if old_s <= max(young_s, 0.0):
        return 0.0
    if young_s <= 0.0:
        return 1.0
    rise = _size(old_s, growth.pace) - _size(young_s, growth.pace) + REVIVAL * math.log(old_s / young_s)
    if growth.found_s is not None:
        rise += FOUND * (_again(old_s - growth.found_s) - _again(young_s - growth.found_s))
    return -math.expm1(-rise)


def _share(age_s: float, pace: float) -> float:
    """How much of what a post has yet to come depends on its pace: BEND times the slope of `_size` to it."""
    left = pace * math.pow(TURN_S / age_s, BEND)
    return left / (1 + left)


def _size(age_s: float, pace: float) -> float:
    """The logarithm of the part of its final numbers that a post has at this age."""
    return -math.log1p(pace * math.pow(TURN_S / age_s, BEND)) / BEND


def _again(since_s: float) -> float:
    """The part that has come, so long after a post was found again."""
    return since_s / (since_s + FOUND_TURN_S) if since_s > 0 else 0.0
