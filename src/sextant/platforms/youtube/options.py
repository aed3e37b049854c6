"""What an author may set for YouTube."""

from __future__ import annotations

from sextant.platforms.base import Options


class YouTubeOptions(Options, frozen=True):
    """Options of a post on YouTube."""
