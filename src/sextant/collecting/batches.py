"""Which posts of an account go into the next read: the due ones, and others where that costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sextant.collecting import planning
from sextant.collecting.keeping import moment, planned
from sextant.collecting.planning import FIRST_PRICE, Candidate, Subject
from sextant.platforms.freshness import Showing
from sextant.store.readings import Plan

AHEAD = 2
"""So many batches' worth of an account's posts are looked at for one."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """`ids`: the most worth first, at most a batch. `charged`: those of them whose reading is charged.

    `worth`: error-seconds for all of them; `cost` in the unit in which the network is short. `postponed`: not
    worth it any more at the present price, and when they will be.
    """

    ids: tuple[str, ...]
    charged: frozenset[str]
    worth: float
    cost: float
    postponed: tuple[tuple[str, datetime], ...]

    @property
    def rank(self) -> float:
        """What a unit of cost is good for."""
        return self.worth / self.cost if self.cost else float("inf")


def choose(plans: Sequence[Plan], showing: Showing, price: float, now: datetime) -> Chosen:
    """`plans`: an account's next ones, `AHEAD` batches of them if there are so many."""
    at = now.timestamp()
    subjects = {plan.destination_id: planned(plan) for plan in plans}
    due = [plan for plan in plans if plan.next_refresh_at <= now]
    postponed = _too_dear(due, subjects, showing, price, at) if price > FIRST_PRICE else {}
    candidates = [
        _candidate(plan, subjects[plan.destination_id], showing, now, plan.destination_id in postponed)
        for plan in plans
        if plan.next_refresh_at <= now or at - subjects[plan.destination_id].since >= showing.least_s
    ]
    picked = planning.choose(candidates, showing.batch, showing)
    charged = frozenset(c.id for c in picked if not c.free)
    return Chosen(
        ids=tuple(candidate.id for candidate in picked),
        charged=charged,
        worth=sum(candidate.worth for candidate in picked),
        cost=showing.request + showing.post * len(charged) if picked else 0.0,
        postponed=tuple((name, moment(when)) for name, when in postponed.items()),
    )


def _too_dear(
    due: Sequence[Plan], subjects: dict[str, Subject], showing: Showing, price: float, at: float
) -> dict[str, float]:
    """Those due that are not worth the present price, and when they will be.

    A failure is made good at any price.
    """
    judged = [plan.destination_id for plan in due if plan.as_of is not None and not plan.failures]
    times = {name: planning.due_at(subjects[name], showing, price) for name in judged}
    return {name: when for name, when in times.items() if when > at + 1.0}


def _candidate(plan: Plan, subject: Subject, showing: Showing, now: datetime, postponed: bool) -> Candidate:
    at = now.timestamp()
    return Candidate(
        plan.destination_id,
        planning.worth(subject, showing, at),
        due=plan.next_refresh_at <= now and not postponed,
        free=planning.is_free(subject, showing, at),
    )
