"""What an author may set for Instagram."""

from __future__ import annotations

from sextant.platforms.base import Options


class InstagramOptions(Options, frozen=True):
    """Options of a post on Instagram."""
