"""What an author may set for TikTok."""

from __future__ import annotations

from sextant.platforms.base import Options


class TikTokOptions(Options, frozen=True):
    """Options of a post on TikTok."""
