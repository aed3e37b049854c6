"""Reading posts from Meta's Graph API: what is asked in which wave, and a Reading from the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sextant.errors import ActOutside, Fault, Gone, NoValue, Reconnect, TryLater, WaitUntil
from sextant.metrics import Reason
from sextant.platforms.answers import camel
from sextant.platforms.base import Answer, Call, Json, Published, Reading, Refusal
from sextant.platforms.catalogue import Catalogue, Kind, Never, Source
from sextant.platforms.graph import member, permalink, rows
from sextant.platforms.graph_asking import BATCH, Manner, Outcome, Part, living, negotiated, softly

KEPT = timedelta(days=730)
"""How long insights are kept (facebook.md §3.1, instagram.md §3.5: two years)."""

Answered = list[tuple[Part, Outcome]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked about one post.

    `spare` parts are asked when one of their keys is still without a number; `early` ones at once, where
    the batch has room: the others' answers may be empty yet. `silence`: why insights would answer without
    a row, when that is known.
    """

    post: Published
    parts: Sequence[Part]
    spare: Sequence[Part] = ()
    early: bool = False
    silence: Refusal | None = None


async def read_plans(
    call: Call, manner: Manner, plans: Sequence[Plan], catalogue: Catalogue
) -> list[Reading]:
    """One Reading each: everything in one wave of requests, and a second for what was refused or lacking."""
    wanted = first_parts(plans)
    found = by_post(wanted, await negotiated(call, manner, flat(wanted)))
    lacking = [further(plan, first, catalogue) for plan, first in zip(plans, found, strict=True)]
    asked = flat(lacking)
    more = by_post(lacking, await softly(negotiated(call, manner, asked), len(asked)))
    return answered(
        [
            reading(call, plan, [*settled(first), *second], catalogue)
            for plan, first, second in zip(plans, found, more, strict=True)
        ]
    )


def flat(wanted: Sequence[Sequence[Part]]) -> list[Part]:
    return [part for parts in wanted for part in parts]


def by_post(wanted: Sequence[Sequence[Part]], outcomes: Sequence[Outcome]) -> list[Answered]:
    left = iter(outcomes)
    return [[(part, next(left)) for part in parts] for parts in wanted]


def first_parts(plans: Sequence[Plan]) -> list[list[Part]]:
    """The parts of each post, and spare ones of the youngest posts in the room that the last batch has."""
    room = -sum(len(plan.parts) for plan in plans) % BATCH
    wanted = [list(plan.parts) for plan in plans]
    for place in sorted(range(len(plans)), key=lambda place: plans[place].post.at, reverse=True):
        plan = plans[place]
        if plan.early and len(plan.spare) <= room:
            wanted[place] = [*plan.spare, *plan.parts]
            room -= len(plan.spare)
    return wanted


def further(plan: Plan, first: Answered, catalogue: Catalogue) -> list[Part]:
    """What to ask after the first wave: refused parts in pieces, and spare parts whose keys are lacking."""
    if all(passing(found) for _, found in first):
        return []
    pieces = [piece for part, found in first for piece in pieces_of(part, found)]
    asked = [part for part, _ in first]
    raw = raw_of(first)
    lacking = {key for key in catalogue if lacks(catalogue[key], raw, plan.post.kind)}
    spare = [
        part
        for part in plan.spare
        if part not in asked and part.all_keys() & lacking and not (part.insights and plan.silence)
    ]
    return pieces + spare


def passing(outcome: Outcome) -> bool:
    """Not the moment to ask on."""
    return isinstance(outcome, TryLater | WaitUntil)


def pieces_of(part: Part, outcome: Outcome) -> list[Part]:
    """What a refused part is asked in; insights no more when it was for them that it was refused."""
    if isinstance(outcome, Answer) or passing(outcome):
        return []
    return [piece for piece in part.pieces if not (piece.insights and isinstance(outcome, NoValue))]


def settled(first: Answered) -> Answered:
    """The answers without those that have been asked for again in all their pieces."""
    return [
        (part, found)
        for part, found in first
        if not part.pieces or isinstance(found, Answer | NoValue) or passing(found)
    ]


# ---- numbers ---------------------------------------------------------------------------------------


def insight_rows(body: Json) -> dict[str, Json]:
    """Insights by lowerCamelCase name; rows come in any order, and broken-down objects keep their keys."""
    return {
        camel(str(row.get("name"))): value
        for row in rows(body)
        if row.get("period", "lifetime") == "lifetime" and (value := _row_value(row)) is not None
    }


def _row_value(row: Mapping[str, Any]) -> Json:
    values = row.get("values")
    if isinstance(values, list) and values:
        return member(values[0], "value")
    return member(row, "total_value", "value")


def raw_of(found: Answered) -> dict[str, Json]:
    return {n: v for part, a in found if isinstance(a, Answer) for n, v in part.raw(a.json).items()}


def reading(call: Call, plan: Plan, found: Answered, catalogue: Catalogue) -> Reading:
    """One post's Reading from all that was asked about it."""
    post = plan.post
    if fault := verdict(found):
        return Reading(post.id, fault=fault)
    raw = raw_of(found)
    refused: dict[str, Refusal] = {}
    for part, outcome in found:
        for key, why in refusals(call, part, outcome, plan.silence).items():
            if not present(catalogue[key], raw, post.kind):
                refused.setdefault(key, why)
    links = (permalink(a.json) for part, a in found if part.is_post and isinstance(a, Answer))
    outcomes = [outcome for _, outcome in found]
    return Reading(post.id, raw, next(filter(None, links), None), refused, failure(outcomes, refused))


def verdict(found: Answered) -> Fault | None:
    """Why there is no reading: the post is gone, or every part failed."""
    own = [outcome for part, outcome in found if part.is_post and isinstance(outcome, Fault)]
    gone = next((fault for fault in own if isinstance(fault, Gone)), None)
    failed = [outcome for _, outcome in found if isinstance(outcome, Fault)]
    if gone or len(failed) < len(found):
        return gone
    return (own or failed)[0]


def refusals(call: Call, part: Part, outcome: Outcome, silence: Refusal | None) -> dict[str, Refusal]:
    """Why the keys of a part would have no number: metrics withdrawn, the part refused, rows missing."""
    alive = living(call, part)
    known = call.withdrawn.known(part.scope, call.now)
    found = {
        key: Refusal(Reason.UNSUPPORTED, known[metric])
        for metric, keys in part.metrics.items()
        if metric in known
        for key in keys
        if key not in alive.all_keys()
    }
    why = refusal(outcome) if isinstance(outcome, Fault) else silence if part.insights else None
    return found if why is None else dict.fromkeys(alive.all_keys(), why) | found


def failure(outcomes: Sequence[Outcome], refused: Mapping[str, Refusal]) -> Fault | None:
    """The first passing failure, where it cost a number."""
    if all(why.reason is not Reason.UPSTREAM_ERROR for why in refused.values()):
        return None
    faults = (found for found in outcomes if isinstance(found, Fault))
    return next(fault for fault in faults if refusal(fault).reason is Reason.UPSTREAM_ERROR)


def refusal(fault: Fault) -> Refusal:
    """Why the keys of a refused part have no number.

    Gone, while the post itself answered, is Graph's other way to say that a permission is missing (§3.3).
    """
    match fault:
        case NoValue(reason=reason):
            return Refusal(reason, fault.message)
        case ActOutside() | Reconnect() | Gone():
            return Refusal(Reason.NOT_AUTHORIZED, fault.message)
        case _:
            return Refusal(Reason.UPSTREAM_ERROR, fault.message)


def present(entry: Source | Never, raw: Mapping[str, Json], kind: Kind) -> bool:
    """Whether `raw` holds one of the key's names."""
    paths = entry.paths if isinstance(entry, Source) else ()
    return any(
        path.path.partition(".")[0] in raw for path in paths if path.kinds is None or kind in path.kinds
    )


def lacks(entry: Source | Never, raw: Mapping[str, Json], kind: Kind) -> bool:
    """Whether a key that this kind of post can have is without a number."""
    has = isinstance(entry, Source) and (entry.kinds is None or kind in entry.kinds)
    return has and not present(entry, raw, kind)


def silence(call: Call, post: Published, scope: str, kept: timedelta) -> Refusal | None:
    """What a missing insights row means by scope and age; None: the network has not computed it yet."""
    if call.scopes and scope not in call.scopes:
        return Refusal(Reason.NOT_AUTHORIZED, f"The scope {scope} was not granted.")
    if call.now - post.at > kept:
        return Refusal(Reason.EXPIRED, "The network no longer keeps this figure for a post of this age.")
    return None


def answered(readings: list[Reading]) -> list[Reading]:
    """The readings, or the Fault when nothing came and no post is itself the cause."""
    faults = [reading.fault for reading in readings if reading.fault is not None and not reading.raw]
    own = any(isinstance(fault, Gone | NoValue) for fault in faults)
    if faults and len(faults) == len(readings) and not own:
        raise faults[0]
    return readings
