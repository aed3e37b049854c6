"""Asking Meta's Graph API about many posts: batches, and what is done when it refuses a metric.

Source: shared/platforms/facebook.md §3.5 (refused metrics) and §3.6 (batch), instagram.md §3.5.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sextant.errors import Fault, NoValue, TryLater
from sextant.metrics import Reason
from sextant.platforms.base import Answer, Call, Json, Request, together
from sextant.platforms.graph import GRAPH, integer, url
from sextant.platforms.graph_usage import calls, headers_of
from sextant.platforms.withdrawn import Scope

log = logging.getLogger("sextant.platforms")

BATCH = 50
"""Most sub-requests in one batch call."""
ROUNDS = 3
"""After a metric was dropped, the next answer may name another one (instagram.md §3.5)."""
Outcome = Answer | Fault
FaultOf = Callable[[Answer, Request], Fault | None]


@dataclass(frozen=True, slots=True)
class Part:
    """One question about one post (`post` is its id).

    `path` is relative to the version; `metrics`, each with the keys among the 13 that hang on it, are put
    between `path` and `end`. `keys` hang on the rest of the answer; `raw` takes the figures out of it.
    `scope`: what the refusal of a metric holds for. `is_post`: answers for the post itself, so that Gone
    means gone. `pieces`: the same question in parts that can be refused one by one.
    """

    post: str
    path: str
    keys: tuple[str, ...]
    raw: Callable[[Json], Mapping[str, Json]]
    metrics: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    end: str = ""
    scope: Scope = ()
    insights: bool = False
    is_post: bool = False
    pieces: tuple[Part, ...] = ()

    @property
    def address(self) -> str:
        return f"{self.path}{','.join(self.metrics)}{self.end}"

    def all_keys(self) -> set[str]:
        return {*self.keys, *(key for keys in self.metrics.values() for key in keys)}

    def without(self, refused: Mapping[str, str]) -> Part:
        return replace(self, metrics={m: keys for m, keys in self.metrics.items() if m not in refused})


Ask = Callable[[Call, Sequence[Part]], Awaitable[list[Outcome]]]
Named = Callable[[Fault, Sequence[str]], Sequence[str] | None]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a network is asked. `named`: the metrics that a fault names, () when it means one of those asked
    but does not say which, None when it is about something else."""

    ask: Ask
    named: Named


# ---- batches ---------------------------------------------------------------------------------------


async def ask_batched(call: Call, fault: FaultOf, parts: Sequence[Part]) -> list[Outcome]:
    """The outcomes in order, in as few batch calls as they take, side by side.

    A part that was not executed is asked once more (§3.6). Raises when no call was answered at all.
    """
    outcomes = await _batches(call, fault, parts)
    left = [place for place, found in enumerate(outcomes) if isinstance(found, NotExecuted)]
    again = await softly(_batches(call, fault, [parts[place] for place in left]), len(left))
    for place, found in zip(left, again, strict=True):
        outcomes[place] = found
    return outcomes


class NotExecuted(TryLater):
    """A null element of a batch answer."""


async def softly(asking: Awaitable[list[Outcome]], parts: int) -> list[Outcome]:
    """For what is asked after something has come already: a failed call is the outcome of its parts."""
    try:
        return await asking
    except Fault as fault:
        return [fault] * parts


async def _batches(call: Call, fault: FaultOf, parts: Sequence[Part]) -> list[Outcome]:
    groups = [parts[start : start + BATCH] for start in range(0, len(parts), BATCH)]
    answers = await together(*(_batch(call, fault, group) for group in groups))
    if answers and all(isinstance(found, Fault) for found in answers):
        raise answers[0]
    return [
        outcome
        for group, found in zip(groups, answers, strict=True)
        for outcome in ([found] * len(group) if isinstance(found, Fault) else found)
    ]


async def _batch(call: Call, fault: FaultOf, group: Sequence[Part]) -> list[Outcome]:
    asked = [{"method": "GET", "relative_url": part.address} for part in group]
    form = {"include_headers": "true", "batch": json.dumps(asked, separators=(",", ":"))}
    posts, weight = len({part.post for part in group}), len(group)
    request = Request("POST", url(call.app, ""), form=form, posts=posts, weight=weight, spends=calls(weight))
    answer = await call.send(request)
    if not isinstance(answer.json, list) or len(answer.json) != len(asked):
        raise TryLater("The batch answer has not one element for each request.")
    return [_outcome(element, answer, fault) for element in answer.json]


def _outcome(element: Json, batch: Answer, fault: FaultOf) -> Outcome:
    """One element of a batch answer; its body is a JSON text, and null means that it was not executed."""
    if not isinstance(element, dict) or not isinstance(element.get("body"), str):
        return NotExecuted("This part of the batch was not executed.")
    try:
        body = json.loads(element["body"])
    except ValueError:
        body = None
    text = element["body"][:4000]
    answer = Answer(integer(element.get("code")) or 0, headers_of(element), body, text, batch.at)
    return fault(answer, Request("GET", GRAPH)) or answer


# ---- refused metrics -------------------------------------------------------------------------------


async def negotiated(call: Call, manner: Manner, parts: Sequence[Part]) -> list[Outcome]:
    """The outcomes in order. Metrics that the network refuses are found, remembered, and left out."""
    asked = [living(call, part) for part in parts]
    outcomes = await _askable(call, manner, asked)
    for _ in range(ROUNDS):
        refused = [place for place, found in enumerate(outcomes) if _about(manner, asked[place], found)]
        if not await learnt(call, manner, [(asked[place], outcomes[place]) for place in refused]):
            break
        for place in refused:
            asked[place] = living(call, asked[place])
        again = await softly(_askable(call, manner, [asked[place] for place in refused]), len(refused))
        for place, found in zip(refused, again, strict=True):
            outcomes[place] = found
    return outcomes


def living(call: Call, part: Part) -> Part:
    """The part without the metrics that are known to be refused."""
    return part.without(call.withdrawn.known(part.scope, call.now)) if part.metrics else part


async def _askable(call: Call, manner: Manner, parts: Sequence[Part]) -> list[Outcome]:
    """Asks what is left to ask: insights without a metric are an error (facebook.md §5.2, 3001)."""
    places = [place for place, part in enumerate(parts) if part.metrics or not part.insights]
    outcomes: list[Outcome] = [NoValue(Reason.UNSUPPORTED, "No metric of this is left.") for _ in parts]
    found = await manner.ask(call, [parts[place] for place in places]) if places else []
    for place, outcome in zip(places, found, strict=True):
        outcomes[place] = outcome
    return outcomes


def _about(manner: Manner, part: Part, outcome: Outcome) -> bool:
    """Whether it was refused for its metrics."""
    named = isinstance(outcome, Fault) and manner.named(outcome, list(part.metrics)) is not None
    return named and bool(part.metrics)


async def learnt(call: Call, manner: Manner, refused: Sequence[tuple[Part, Outcome]]) -> bool:
    """Remembers the metrics behind these refusals; False when none was found."""
    found: dict[tuple[Scope, str], str] = {}
    unnamed: dict[Scope, Part] = {}
    for part, fault in refused:
        if not isinstance(fault, NoValue):
            continue
        names = manner.named(fault, list(part.metrics)) or _only_one(part, fault)
        found |= {(part.scope, name): fault.message for name in names}
        if not names and len(part.metrics) > 1:
            unnamed.setdefault(part.scope, part)
    found |= await singled_out(call, manner, list(unnamed.values()))
    for (scope, metric), words in found.items():
        log.warning("%s refuses the metric %s (%s posts): %s", scope[0], metric, scope[2], words)
        call.withdrawn.add(scope, metric, words, call.now)
    return bool(found)


def _only_one(part: Part, fault: NoValue) -> Sequence[str]:
    alone = len(part.metrics) == 1 and fault.reason is Reason.UNSUPPORTED
    return tuple(part.metrics) if alone else ()


async def singled_out(call: Call, manner: Manner, parts: Sequence[Part]) -> dict[tuple[Scope, str], str]:
    """The refused metrics of each part, by asking for every one alone (facebook.md §3.5).

    Side by side that is one HTTP request, where halving would take log2(n). When all are refused alike,
    it is not for their names.
    """
    singles = [(part, metric) for part in parts for metric in part.metrics]
    asked = [replace(part, metrics={metric: part.metrics[metric]}) for part, metric in singles]
    outcomes = await softly(manner.ask(call, asked), len(asked)) if asked else []
    told = list(zip(singles, outcomes, strict=True))
    answering = {part.scope for (part, _), found in told if isinstance(found, Answer)}
    return {
        (part.scope, metric): found.message
        for (part, metric), found in told
        if isinstance(found, Fault) and part.scope in answering and manner.named(found, [metric]) is not None
    }
