"""The tier of the operator's app, which no call tells, and what calls count against (linkedin.md §4)."""

from __future__ import annotations

from dataclasses import replace

from sextant.platforms.base import Call, Request
from sextant.platforms.linkedin.limits import COUNTED, DEVELOPMENT
from sextant.platforms.withdrawn import Scope

BATCH_GET = "BATCH_GET"


def counted(call: Call, request: Request) -> Request:
    """The request, naming what it spends: on the Development tier its numbers as well."""
    return replace(request, spends=COUNTED | (DEVELOPMENT if lacks_batches(call) else {}))


def lacks_batches(call: Call) -> bool:
    """Whether the app is known to be on the Development tier."""
    return BATCH_GET in call.withdrawn.known(_scope(call), call.now)


def learn(call: Call, words: str) -> None:
    """LinkedIn refused a batch in these words, where it answered of a post alone."""
    call.withdrawn.add(_scope(call), BATCH_GET, words, call.now)


def _scope(call: Call) -> Scope:
    """A tier is the app's, whichever account found it out."""
    return "linkedin", call.app.client_id, "tier", call.app.api_version
