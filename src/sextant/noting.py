"""What is told of every request that went to a network, and to whom."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sextant.platforms.base import Answer, Request

log = logging.getLogger("sextant.noting")

OK = "ok"
BROKEN_OFF = "broken_off"
"""We did not wait for the answer: the process ends, or whoever asked is gone."""


@dataclass(frozen=True, slots=True)
class Noted:
    """One request that left, once.

    `request`: without the account's credentials. One for tokens holds secrets, and so does its `answer`: keep
    addresses and headers at most. `answer` is None when none came.
    `outcome`: OK, BROKEN_OFF, or the code of the Fault it ended in.
    `at`: when it left, by Sextant's clock. `took_ms`: until its end, in the machine's own time.
    """

    request: Request
    outcome: str
    answer: Answer | None
    at: datetime
    took_ms: int


Note = Callable[[Noted], None]
"""Told after each request, at once and in the event loop: it keeps count and returns."""
Listener = Callable[[str, str | None], Note]
"""The Note for calls to a platform for a connection; without one they are the app's own."""


def unheard(noted: Noted) -> None:
    """The Note of those who keep no count."""


def all_of(notes: Sequence[Note]) -> Note:
    """Tells each. One that fails is logged: what was sent is sent, and the others count it nevertheless."""

    def note(noted: Noted) -> None:
        for one in notes:
            try:
                one(noted)
            except Exception:
                log.exception("a request to a network was not counted")

    return note
