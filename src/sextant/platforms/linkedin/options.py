"""What an author may set for LinkedIn."""

from __future__ import annotations

from sextant.platforms.base import Options


class LinkedInOptions(Options, frozen=True):
    """Options of a post on LinkedIn."""
