"""Reading posts from Meta's Graph API: questions in batches, and a Reading from their answers.

Source: shared/platforms/facebook.md §3.6 (batch), which Instagram shares on the Facebook host.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sextant.errors import ActOutside, Fault, Gone, NoValue, Reconnect, TryLater
from sextant.metrics import Reason
from sextant.platforms.base import Answer, Call, Json, Published, Reading, Refusal, Request, camel, together
from sextant.platforms.catalogue import Catalogue, Kind, Never, Source
from sextant.platforms.graph import GRAPH, integer, member, permalink, rows, url

BATCH = 50
"""Most sub-requests in one batch call."""
KEPT = timedelta(days=730)
"""How long insights are kept (facebook.md §3.1, instagram.md §3.5: two years)."""
Outcome = Answer | Fault


@dataclass(frozen=True, slots=True)
class Part:
    """One question about one post.

    `path` is relative to the version; `keys` are those among the 13 that hang on its answer; `raw` takes
    the metrics out of it. `insights`: rows may be missing although the call succeeded.
    """

    path: str
    keys: tuple[str, ...]
    raw: Callable[[Json], Mapping[str, Json]]
    insights: bool = False


FaultOf = Callable[[Answer, Request], Fault | None]


async def ask_batched(call: Call, fault: FaultOf, wanted: Sequence[Sequence[Part]]) -> list[list[Outcome]]:
    """The outcomes of each post's parts, in order, in as few batch calls as they take, side by side."""
    groups = packed(wanted)
    answers = await together(*(_batch(call, fault, group) for group in groups))
    return [
        [found] * len(parts) if isinstance(found, Fault) else [found.pop(0) for _ in parts]
        for group, found in zip(groups, answers, strict=True)
        for parts in group
    ]


def packed(wanted: Sequence[Sequence[Part]]) -> list[list[Sequence[Part]]]:
    """Posts in groups of at most BATCH parts; a post is never split, so each is asked for once."""
    groups: list[list[Sequence[Part]]] = []
    room = 0
    for parts in wanted:
        if len(parts) > room:
            groups.append([])
            room = BATCH
        groups[-1].append(parts)
        room -= len(parts)
    return groups


async def _batch(call: Call, fault: FaultOf, group: Sequence[Sequence[Part]]) -> list[Outcome]:
    asked = [{"method": "GET", "relative_url": part.path} for parts in group for part in parts]
    form = {"include_headers": "true", "batch": json.dumps(asked, separators=(",", ":"))}
    answer = await call.send(Request("POST", url(call.app, ""), form=form, posts=len(group)))
    if not isinstance(answer.json, list) or len(answer.json) != len(asked):
        raise TryLater("The batch answer has not one element for each request.")
    return [_outcome(element, answer, fault) for element in answer.json]


def _outcome(element: Json, batch: Answer, fault: FaultOf) -> Outcome:
    """One element of a batch answer; its body is a JSON text, and null means that it was not executed."""
    if not isinstance(element, dict) or not isinstance(element.get("body"), str):
        return TryLater("This part of the batch was not executed.")
    headers = {str(h.get("name", "")).lower(): str(h.get("value", "")) for h in element.get("headers") or []}
    try:
        body = json.loads(element["body"])
    except ValueError:
        body = None
    answer = Answer(integer(element.get("code")) or 0, headers, body, element["body"][:4000], batch.at)
    return fault(answer, Request("GET", GRAPH)) or answer


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


def reading(
    post: Published,
    parts: Sequence[Part],
    outcomes: Sequence[Outcome],
    catalogue: Catalogue,
    silence: Refusal | None,
) -> Reading:
    """One post's Reading from its parts, the first of which is the post itself.

    `silence`: why insights answered without a row, when that is known.
    """
    main = outcomes[0]
    if isinstance(main, Fault) and (isinstance(main, Gone) or all(isinstance(o, Fault) for o in outcomes)):
        return Reading(post.id, fault=main)
    asked = list(zip(parts, outcomes, strict=True))
    raw = {
        n: v for part, found in asked if isinstance(found, Answer) for n, v in part.raw(found.json).items()
    }
    refused: dict[str, Refusal] = {}
    for part, found in asked:
        why = refusal(found) if isinstance(found, Fault) else silence if part.insights else None
        if why is not None:
            lacking = {key: why for key in part.keys if not present(catalogue[key], raw, post.kind)}
            refused = lacking | refused
    link = permalink(main.json) if isinstance(main, Answer) else None
    return Reading(post.id, raw, link, refused, failure(outcomes, refused))


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
