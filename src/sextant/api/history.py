"""GET /social/post/{post_id}/analytics/history."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from litestar import get
from litestar.params import PathParameter, QueryParameter

from sextant import intervals
from sextant.api.auth import ApiRequest
from sextant.api.history_schema import DestinationHistory, HistoryView, IntervalView, Step
from sextant.api.ids import in_path, in_query
from sextant.api.openapi import described
from sextant.api.posts import targets
from sextant.api.times import moment
from sextant.clock import iso
from sextant.errors import Invalid, fault_at
from sextant.intervals import Interval
from sextant.metrics import KEYS
from sextant.services import Services
from sextant.store import history, readings
from sextant.store.history import Figures

STEPS: dict[Step, timedelta] = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
LONGEST: dict[Step, timedelta] = {"hour": timedelta(days=31), "day": timedelta(days=366)}
USUAL = timedelta(days=30)


@get(
    "/social/post/{post_id:str}/analytics/history",
    summary="How a post did over time",
    tags=["analytics"],
    operation_id="get_history",
    responses=described(400, 401, 404, 422, 429),
)
async def get_history(
    request: ApiRequest,
    post_id: Annotated[str, PathParameter(description="Sextant's id of the post (UUID).")],
    from_: Annotated[
        str | None,
        QueryParameter(name="from", description="ISO 8601; rounded down to its hour or day. 30 days ago."),
    ] = None,
    to: Annotated[str | None, QueryParameter(description="ISO 8601, later than `from`. Now.")] = None,
    interval: Annotated[
        Step, QueryParameter(description="hour (at most 31 days of them) or day (at most 366), in UTC.")
    ] = "day",
    metrics: Annotated[
        str | None, QueryParameter(description="Only these of the 13 keys, separated by commas.")
    ] = None,
    social_connection_id: Annotated[
        str | None, QueryParameter(description="Answer for this one connected account alone (UUID).")
    ] = None,
) -> HistoryView:
    """Lifetime numbers at the end of each hour or day, and what each gained.

    From stored readings alone. An interval without a reading is left out, unless the numbers were the same
    before and after it; `deltas` of the next one then count from `since`.
    """
    services: Services = request.app.state.services
    begin, end = period(from_, to, interval, services.clock.now())
    keys = chosen(metrics)
    connection_id = in_query(social_connection_id, "social_connection_id")
    wanted = in_path(post_id, "post")
    rows = await targets(services, request.auth.organization_id, wanted, connection_id)
    ids = [row.id for row in rows]
    async with services.store.read() as db:
        # In this order: a change that comes between the two is later than what was seen.
        read = await readings.of(db, ids)
        changes = await history.of(db, ids, begin, end)
    shown = []
    for row in rows:
        seen_at = read[row.id].as_of if row.id in read else None
        found = intervals.spans(changes.get(row.id, []), seen_at)
        views = [view(entry, keys) for entry in intervals.intervals(found, begin, end, STEPS[interval])]
        shown.append(DestinationHistory(row.connection_id, row.platform, views))
    return HistoryView(wanted, interval, iso(begin) or "", iso(end) or "", shown)


def period(begin: str | None, end: str | None, step: Step, now: datetime) -> tuple[datetime, datetime]:
    """What is asked for, `begin` at a whole step; Invalid when it is the wrong way round or too long."""
    until = now if end is None else moment(end, ["query", "to"])
    since = until - USUAL if begin is None else moment(begin, ["query", "from"])
    if since >= until:
        raise Invalid(fault_at(["query", "from"], f"Give a time before `to`, which is {iso(until)}."))
    if until - since > LONGEST[step]:
        said = f"Ask for at most {LONGEST[step].days} days at a time where the interval is {step}."
        raise Invalid(fault_at(["query", "from"], said))
    return intervals.floor(since, STEPS[step]), until


def chosen(metrics: str | None) -> tuple[str, ...]:
    """The keys asked for, in their own order; Invalid for one that there is not."""
    if metrics is None:
        return KEYS
    asked = {name.strip() for name in metrics.split(",")}
    if unknown := sorted(asked - set(KEYS)):
        said = f"Unknown: {', '.join(map(repr, unknown))}. Use any of: {', '.join(KEYS)}."
        raise Invalid(fault_at(["query", "metrics"], said))
    return tuple(key for key in KEYS if key in asked)


def view(entry: Interval, keys: tuple[str, ...]) -> IntervalView:
    return IntervalView(
        iso(entry.start) or "",
        iso(entry.end) or "",
        iso(entry.as_of) or "",
        iso(entry.since),
        named(entry.figures, keys),
        named(entry.deltas, keys),
    )


def named(figures: Figures, keys: tuple[str, ...]) -> dict[str, int | None]:
    return {key: value for key, value in zip(KEYS, figures, strict=True) if key in keys}
