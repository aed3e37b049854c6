"""How each of the 13 keys is found in a network's raw numbers: data, read by normalize.py and the docs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sextant.metrics import Reason


class Kind(StrEnum):
    """What kind of post it is, as far as its numbers are concerned."""

    TEXT = "text"
    PHOTO = "photo"
    CAROUSEL = "carousel"
    VIDEO = "video"
    REEL = "reel"
    STORY = "story"

    @property
    def is_video(self) -> bool:
        return self in (Kind.VIDEO, Kind.REEL)


@dataclass(frozen=True, slots=True)
class At:
    """The value at a dotted path. `kinds` limits it to some kinds of post."""

    path: str
    kinds: frozenset[Kind] | None = None


@dataclass(frozen=True, slots=True)
class SumAt:
    """The sum of the numbers in the object at a dotted path; an empty object is 0."""

    path: str
    kinds: frozenset[Kind] | None = None


@dataclass(frozen=True, slots=True)
class MemberAt:
    """A member of a breakdown object of which the network sends only non-zero keys: absent there is 0."""

    path: str
    member: str
    kinds: frozenset[Kind] | None = None


RawPath = At | SumAt | MemberAt


@dataclass(frozen=True, slots=True)
class Source:
    """Where one key comes from: the first path that is present wins.

    `factor` turns the network's unit into ours (minutes × 60000), rounded to a whole number when set.
    `kinds`: other kinds of post give `not_applicable`.
    `absent`: the reason when the network answered without it.
    `note`: definition, delay and date of the knowledge, for the generated documentation.
    """

    paths: tuple[RawPath, ...]
    absent: Reason = Reason.NOT_YET_AVAILABLE
    unit: str = "count"
    factor: int | None = None
    kinds: frozenset[Kind] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Never:
    """The network has no such number: always null."""

    note: str
    reason: Reason = Reason.UNSUPPORTED


Catalogue = Mapping[str, Source | Never]
"""Exactly the 13 keys."""
