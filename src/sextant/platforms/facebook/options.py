"""What an author may set for Facebook."""

from __future__ import annotations

from sextant.platforms.base import Options


class FacebookOptions(Options, frozen=True):
    """Options of a post on Facebook."""
