"""A raw reading → the 13 numbers, and a reason for every one that is missing. Pure; knows no network."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sextant.metrics import KEYS, Number, Reason
from sextant.platforms.answers import count
from sextant.platforms.base import Json, Refusal
from sextant.platforms.catalogue import At, Catalogue, Kind, MemberAt, Never, RawPath, Source, SumAt


def normalize(
    catalogue: Catalogue, raw: Mapping[str, Json], kind: Kind, refused: Mapping[str, Refusal]
) -> tuple[dict[str, Number | None], dict[str, Reason]]:
    """Metrics (exactly KEYS, in order) and `missing` (a reason for each null, none for a number)."""
    metrics: dict[str, Number | None] = {}
    missing: dict[str, Reason] = {}
    for key in KEYS:
        found = figure(catalogue[key], raw, kind, refused.get(key))
        if isinstance(found, Reason):
            metrics[key], missing[key] = None, found
        else:
            metrics[key] = found
    return metrics, missing


def figure(
    entry: Source | Never, raw: Mapping[str, Json], kind: Kind, refusal: Refusal | None
) -> Number | Reason:
    """One key's number, or why it has none."""
    if isinstance(entry, Never):
        return entry.reason
    if entry.kinds is not None and kind not in entry.kinds:
        return Reason.NOT_APPLICABLE
    if refusal is not None:
        return refusal.reason
    value = first(entry.paths, raw, kind)
    return entry.absent if value is None else scaled(value, entry.factor)


def first(paths: tuple[RawPath, ...], raw: Mapping[str, Json], kind: Kind) -> Number | None:
    applicable = (path for path in paths if path.kinds is None or kind in path.kinds)
    return next((value for path in applicable if (value := value_at(path, raw)) is not None), None)


def value_at(path: RawPath, raw: Mapping[str, Json]) -> Number | None:
    found = walk(raw, path.path)
    match path:
        case At():
            return count(found)
        case MemberAt(member=member) if isinstance(found, dict):
            return count(found.get(member, 0))
        case SumAt() if isinstance(found, dict):
            return sum_of(found)
        case _:
            return None


def sum_of(members: dict[str, Json]) -> Number | None:
    """The sum, or None when a member is no usable figure: a part is not the whole."""
    values = [count(value) for value in members.values()]
    return None if None in values else count(sum(value for value in values if value is not None))


def walk(raw: Mapping[str, Json], path: str) -> Json:
    here: Any = raw
    for name in path.split("."):
        if not isinstance(here, Mapping) or name not in here:
            return None
        here = here[name]
    return here


def scaled(value: Number, factor: int | None) -> Number:
    if factor is None:
        return value
    return int((Decimal(str(value)) * factor).to_integral_value(ROUND_HALF_UP))


def canonical(catalogue: Catalogue, raw: Mapping[str, Json]) -> dict[str, Json]:
    """`raw` with the names of the catalogue first, in its order, so that equal readings give equal bytes."""
    known = [name for entry in catalogue.values() if isinstance(entry, Source) for name in names(entry)]
    order = {name: place for place, name in enumerate(dict.fromkeys(known))}
    return {name: raw[name] for name in sorted(raw, key=lambda name: (order.get(name, len(order)), name))}


def names(source: Source) -> list[str]:
    return [path.path.partition(".")[0] for path in source.paths]
