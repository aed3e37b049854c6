"""What an author may set for X."""

from __future__ import annotations

from sextant.platforms.base import Options


class XOptions(Options, frozen=True):
    """Options of a post on X."""
