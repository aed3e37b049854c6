"""Refusals of X after which the adapter itself knows what to do."""

from __future__ import annotations

from sextant.errors import FixContent, TryLater


class Duplicate(FixContent):
    """The account has the same text already. X does not say in which post (x.md §2.1)."""


class LostUpload(TryLater):
    """X does not have the upload any more, or not all of it: the media are uploaded anew."""


class RefusedMedia(LostUpload):
    """The post is refused for its uploads: too old, or not what X takes."""
