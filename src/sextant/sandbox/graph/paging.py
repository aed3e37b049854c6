"""Edges that list: limit, cursors, since and until."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from sextant.sandbox.graph.call import Call
from sextant.sandbox.graph.errors import invalid

MOST, USUAL = 100, 25


def page(call: Call, ids: Sequence[str], row: Callable[[int], Any]) -> dict[str, Any]:
    """One page of an edge. `ids` are all its nodes in order; `row` shows the node at a place."""
    start, limit = after(call, ids), limit_of(call)
    places = range(start, min(start + limit, len(ids)))
    body: dict[str, Any] = {"data": [row(place) for place in places]}
    if not places:
        return body
    cursors = {"before": cursor(ids[places[0]]), "after": cursor(ids[places[-1]])}
    body["paging"] = {"cursors": cursors}
    if places[-1] + 1 < len(ids):
        body["paging"]["next"] = next_page(call, cursors["after"])
    return body


def next_page(call: Call, after_cursor: str) -> str:
    """The real host's address, with the token in it, as the network gives it."""
    query = urlencode({**call.params, "after": after_cursor})
    return f"https://{call.host}/{call.version}/{'/'.join(call.path)}?{query}"


def limit_of(call: Call) -> int:
    text = call.params.get("limit", str(USUAL))
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        # The documents give the most (facebook.md §3.2), not the words.
        raise invalid(f"(#100) Param limit must be a number from 1 to {MOST}")
    return int(text)


def after(call: Call, ids: Sequence[str]) -> int:
    known = {cursor(native_id): place for place, native_id in enumerate(ids)}
    asked = call.params.get("after")
    if asked and asked not in known:
        raise invalid("(#100) Invalid cursors values, after cursor specified is invalid")
    return known[asked] + 1 if asked else 0


def cursor(native_id: str) -> str:
    return base64.urlsafe_b64encode(native_id.encode()).decode()


def within(call: Call, moment: float) -> bool:
    """Whether a moment lies in the asked `since` and `until` (unix seconds)."""
    since, until = call.params.get("since", ""), call.params.get("until", "")
    for text in (since, until):
        if text and not text.isdecimal():
            raise invalid("(#100) since and until take unix timestamps")
    return (not since or moment >= int(since)) and (not until or moment <= int(until))
