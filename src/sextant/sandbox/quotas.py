"""What the simulated networks allow, how much of it is used up, and what they have charged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from sextant.sandbox.windows import Count, Number, Window


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a network counts together. `scope`: whose it is (app, user, page …), in the network's own word.

    `limit` None: the network's document names none. `pause_s`: so long after a refusal all is refused.
    """

    name: str
    scope: str
    window: Window
    limit: Number | None = None
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Charge:
    """`cost` of a bucket, for the account or app `who`."""

    bucket: Bucket
    who: str
    cost: Number = 1


@dataclass(frozen=True, slots=True)
class Standing:
    """A bucket as it is now. `resets_at`: when its window ends, or when a full one is free (unix seconds)."""

    bucket: Bucket
    limit: Number | None
    used: Number
    resets_at: float

    @property
    def left(self) -> Number:
        return float("inf") if self.limit is None else max(0, self.limit - self.used)


class Meter(msgspec.Struct, omit_defaults=True):
    """One bucket of one account or app. `total`, `refused` and `peak` are over all windows."""

    platform: str
    bucket: str
    scope: str
    who: str
    window: Window
    count: Count = msgspec.field(default_factory=Count)
    limit: Number | None = None
    paused_until: float = 0.0
    total: Number = 0
    peak: Number = 0
    refused: int = 0


class Cost(msgspec.Struct):
    """What was charged for one kind of thing. `again`: given again on the same day, for nothing."""

    count: int = 0
    usd: float = 0.0
    again: int = 0


class Spent(msgspec.Struct):
    """What is kept over a restart. `costs`: by platform, UTC day and action; `billed`: things paid for on
    `billed_on`, as `platform|action|id`.
    """

    meters: dict[str, Meter] = {}
    limits: dict[str, Number | None] = {}
    costs: dict[str, dict[str, dict[str, Cost]]] = {}
    billed_on: str = ""
    billed: set[str] = set()


class Quotas:
    """All of them. One event loop: no locks; `path`: where it survives a restart."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.unsaved = False
        known = path is not None and path.exists()
        self.spent = msgspec.json.decode(path.read_bytes(), type=Spent) if path and known else Spent()

    # ---- counting ----

    def take(self, platform: str, now: float, *charges: Charge) -> Standing | None:
        """Counts them all, or none of them: then the one that has no room is told."""
        self.unsaved = True
        meters = [self._meter(platform, charge, now) for charge in charges]
        for meter, charge in zip(meters, charges, strict=True):
            if not fits(meter, charge, now):
                meter.refused += 1
                if charge.bucket.pause_s and meter.paused_until <= now:
                    meter.paused_until = now + charge.bucket.pause_s
                return standing(meter, charge.bucket, now)
        for meter, charge in zip(meters, charges, strict=True):
            add(meter, charge, now)
        return None

    def count(self, platform: str, now: float, charge: Charge) -> Standing:
        """Counts it whether or not there is room, as networks do where calling on makes it worse."""
        self.unsaved = True
        meter = self._meter(platform, charge, now)
        meter.refused += not fits(meter, charge, now)
        add(meter, charge, now)
        return standing(meter, charge.bucket, now)

    def look(self, platform: str, now: float, charge: Charge) -> Standing:
        """The bucket as it is, nothing counted."""
        return standing(self._meter(platform, charge, now), charge.bucket, now)

    def _meter(self, platform: str, charge: Charge, now: float) -> Meter:
        bucket = charge.bucket
        key = f"{platform}|{bucket.name}|{bucket.scope}|{charge.who}"
        meter = self.spent.meters.get(key)
        if meter is None:
            meter = Meter(platform, bucket.name, bucket.scope, charge.who, bucket.window)
            self.spent.meters[key] = meter
        meter.limit = self.limit(platform, bucket)
        meter.count.settle(bucket.window, now)
        return meter

    # ---- limits ----

    def limit(self, platform: str, bucket: Bucket) -> Number | None:
        """What was set, else the network's own."""
        limits = self.spent.limits
        return (
            limits.get(f"{platform}|{bucket.name}|{bucket.scope}", bucket.limit) if limits else bucket.limit
        )

    def set_limit(self, platform: str, bucket: Bucket, limit: Number | None) -> None:
        """None: there is none."""
        self.spent.limits[f"{platform}|{bucket.name}|{bucket.scope}"] = limit
        self.unsaved = True

    # ---- money ----

    def bill(self, platform: str, now: float, action: str, usd: float, things: Sequence[str]) -> list[str]:
        """Charges for each thing once per UTC day; returns those that were charged now."""
        day = datetime.fromtimestamp(now, UTC).date().isoformat()
        if day != self.spent.billed_on:
            self.spent.billed_on, self.spent.billed = day, set()
        fresh = [t for t in dict.fromkeys(things) if f"{platform}|{action}|{t}" not in self.spent.billed]
        self.spent.billed.update(f"{platform}|{action}|{thing}" for thing in fresh)
        cost = self.spent.costs.setdefault(platform, {}).setdefault(day, {}).setdefault(action, Cost())
        cost.count += len(fresh)
        cost.usd = round(cost.usd + usd * len(fresh), 6)
        cost.again += len(things) - len(fresh)
        self.unsaved = True
        return fresh

    # ---- being looked at, and kept ----

    def meters(self, now: float) -> list[dict[str, Any]]:
        """Every bucket that was ever used, with what is used of it now."""
        return [shown(meter, now) for meter in self.spent.meters.values()]

    def charges(self) -> list[dict[str, Any]]:
        """Per network and UTC day, in all and by action."""
        return [
            {
                "platform": platform,
                "day": day,
                "usd": round(sum(cost.usd for cost in actions.values()), 6),
                "actions": msgspec.to_builtins(actions),
            }
            for platform, days in self.spent.costs.items()
            for day, actions in days.items()
        ]

    def clear(self) -> None:
        """Nothing is used up or charged, and the limits are the networks' own."""
        self.spent = Spent()
        self.unsaved = True

    def write(self) -> None:
        if self.path is None or not self.unsaved:
            return
        self.unsaved = False
        fresh = self.path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(self.spent))
        fresh.replace(self.path)


def shown(meter: Meter, now: float) -> dict[str, Any]:
    meter.count.settle(meter.window, now)
    names = ("platform", "bucket", "scope", "who", "limit", "total", "peak", "refused")
    row = {name: getattr(meter, name) for name in names}
    return {**row, "window": meter.window.words, "used": meter.count.used, "ends_at": meter.count.ends_at}


def fits(meter: Meter, charge: Charge, now: float) -> bool:
    if meter.limit is None:
        return True
    return meter.paused_until <= now and meter.count.used + charge.cost <= meter.limit


def add(meter: Meter, charge: Charge, now: float) -> None:
    meter.count.add(charge.bucket.window, charge.cost, now)
    meter.total += charge.cost
    meter.peak = max(meter.peak, meter.count.used)


def standing(meter: Meter, bucket: Bucket, now: float) -> Standing:
    count, window = meter.count, bucket.window
    if window.kind != "rolling":
        resets_at = window.end(now) if count.ends_at is None else count.ends_at
    else:
        resets_at = now if meter.limit is None else count.free_at(window, meter.limit, now)
    return Standing(bucket, meter.limit, count.used, max(resets_at, meter.paused_until))
