"""What a line of the truth table is made of, and how expected and got are compared."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

KEYS = (
    "likes",
    "comments",
    "shares",
    "impressions",
    "views",
    "video_views",
    "video_viewers",
    "video_watch_time_ms",
    "engagement",
    "clicks",
    "saves",
    "bookmarks",
    "quotes",
)
NULL = "null"
"""A cell that has to be null, with any reason: the documents do not say why the network is silent."""

WHOLE = ("upstream_error", "not_authorized", "hidden")
"""Reasons that, given for every number, mean that nothing was told of the post or its account."""

Cell = int | float | str
"""A number, or the reason of a null."""
Row = dict[str, Cell]
Truth = dict[str, Any]
Change = Callable[[Truth], Truth | None]

HOUR, DAY = 3600.0, 86400.0


@dataclass(frozen=True)
class Subject:
    """A post of one kind in one form of account, with the numbers that the network is told to have.

    `full`: what Sextant has to answer with all rights. `id`, `facts`: how the simulated world holds a kind
    that the API does not publish yet; without `id` it is published through the API. `by_account`: keys that
    are null by the form of account, not by the network; a reason for the whole post goes before.
    """

    network: str
    account: str
    kind: str
    truth: Truth
    full: Row
    id: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    age_s: float = 3 * DAY
    by_account: tuple[str, ...] = ()


@dataclass(frozen=True)
class Situation:
    """What is different, and what that makes of the numbers; nulls of `full` stay as they are.

    `every`: what becomes of each number that `changes` does not name.
    `withheld`: scopes that the network does not honour. `reconnect`: the owner never granted them.
    `withdrawn`: names of the network's metrics that it no longer has. `read_first`: there is an earlier
    reading. `facts`: of the native post.
    """

    name: str
    changes: Row = field(default_factory=dict)
    every: Cell | None = None
    truth: Change = lambda truth: truth
    age_s: float | None = None
    withheld: tuple[str, ...] = ()
    reconnect: bool = False
    role: str | None = None
    tier: str | None = None
    version: str | None = None
    withdrawn: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    deleted: bool = False
    down: bool = False
    read_first: bool = False
    accounts: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    def fits(self, subject: Subject) -> bool:
        account = not self.accounts or subject.account in self.accounts
        return account and (not self.kinds or subject.kind in self.kinds)

    def expected(self, subject: Subject) -> Row:
        return {key: self._cell(subject, key, cell) for key, cell in subject.full.items()}

    def _cell(self, subject: Subject, key: str, cell: Cell) -> Cell:
        if isinstance(cell, str):
            whole = self.every in WHOLE and key in subject.by_account
            return self.every if whole and self.every is not None else cell
        return self.changes.get(key, cell if self.every is None else self.every)


@dataclass(frozen=True)
class Line:
    """One situation of one subject: 13 cells."""

    subject: Subject
    situation: Situation

    @property
    def expected(self) -> Row:
        return self.situation.expected(self.subject)


def lines(subjects: Iterable[Subject], situations: Sequence[Situation]) -> list[Line]:
    return [
        Line(subject, situation)
        for subject in subjects
        for situation in situations
        if situation.fits(subject)
    ]


def row(*, unsupported: str = "", not_applicable: str = "", not_authorized: str = "", **numbers: int) -> Row:
    """All 13 cells: the numbers, and which keys are null and why."""
    reasons = {"unsupported": unsupported, "not_applicable": not_applicable, "not_authorized": not_authorized}
    nulls = {key: reason for reason, keys in reasons.items() for key in keys.split()}
    cells = {**numbers, **nulls}
    assert set(cells) == set(KEYS), sorted(set(KEYS) ^ set(cells))
    assert len(cells) == len(numbers) + len(nulls), sorted(set(numbers) & set(nulls))
    return {key: cells[key] for key in KEYS}


def every(reason: str, keys: str) -> Row:
    return dict.fromkeys(keys.split(), reason)


# ---- changes of the truth --------------------------------------------------------------------------


def zeros(truth: Truth) -> Truth:
    """The same numbers, all 0."""
    return {name: zeros(value) if isinstance(value, dict) else 0 for name, value in truth.items()}


def without(*paths: str) -> Change:
    """The same without these, by dotted path."""

    def change(truth: Truth) -> Truth:
        left = copy.deepcopy(truth)
        for path in paths:
            *groups, name = path.split(".")
            here = left
            for group in groups:
                here = here.get(group, {})
            here.pop(name, None)
        return left

    return change


def only(truth: Truth) -> Change:
    return lambda _: copy.deepcopy(truth)


def grown(_: Truth) -> None:
    """Nothing set: the numbers that the simulated world lets grow."""


# ---- situations that every network has -------------------------------------------------------------

EVERYWHERE = (
    Situation("full rights"),
    Situation("full rights, true zeros", every=0, truth=zeros),
    Situation("network down, never read", every="upstream_error", down=True),
    Situation("network down, read before", down=True, read_first=True),
)
GONE = (
    # The reading from before is kept (metrics.md, «Reading numbers»); without one, `error` tells.
    Situation("deleted, read before", deleted=True, read_first=True),
    Situation("deleted, never read", every="upstream_error", deleted=True),
)


# ---- comparing -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wrong:
    line: Line
    key: str
    expected: Cell
    got: Cell | None
    fault: str


def got_row(metrics: Mapping[str, Any], missing: Mapping[str, str]) -> dict[str, Cell | None]:
    """Numbers and reasons in one row; None where the answer has both or neither."""
    return {
        key: None if (metrics.get(key) is None) != (key in missing) else missing.get(key, metrics.get(key))
        for key in KEYS
    }


def faults(line: Line, got: Mapping[str, Cell | None]) -> Iterator[Wrong]:
    for key, expected in line.expected.items():
        fault = fault_of(expected, got[key])
        if fault:
            yield Wrong(line, key, expected, got[key], fault)


def fault_of(expected: Cell, got: Cell | None) -> str | None:
    if expected == got or (expected == NULL and isinstance(got, str)):
        return None
    if isinstance(expected, str):
        if isinstance(got, str) or got is None:
            return "wrong reason"
        return "fake zero" if got == 0 else "wrong number"
    return "lost zero" if expected == 0 and not isinstance(got, int | float) else "wrong number"


def counted(wrong: Sequence[Wrong]) -> dict[str, int]:
    found = Counter(entry.fault for entry in wrong)
    return {name: found[name] for name in ("fake zero", "lost zero", "wrong reason", "wrong number")}
