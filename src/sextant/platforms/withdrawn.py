"""Metrics that a network has refused: remembered for a while, so that asking again costs nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

REMEMBERED = timedelta(days=1)
"""A withdrawn metric seldom comes back; a day is soon enough to notice when it does."""

Scope = tuple[str, ...]
"""What a refusal holds for: platform, account, kind of post, API version."""


class Withdrawn:
    """Which metrics not to ask for. Held in memory: a new process asks once more."""

    def __init__(self) -> None:
        self._until: dict[tuple[Scope, str], tuple[datetime, str]] = {}

    def known(self, scope: Scope, now: datetime) -> dict[str, str]:
        """The refused metrics of a scope, each with the network's words."""
        return {
            metric: words
            for (held, metric), (until, words) in self._until.items()
            if held == scope and until > now
        }

    def add(self, scope: Scope, metric: str, words: str, now: datetime) -> None:
        self._until[scope, metric] = (now + REMEMBERED, words)
