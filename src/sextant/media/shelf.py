"""Downloaded media of posts under way: shared by a post's destinations in this process, gone soon after."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sextant.media.fetching import Fetcher, PostMedia
from sextant.platforms.media import MediaFacts

KEPT_S = 60.0
"""How long a file waits for the next destination, or the next try, of its post."""


@dataclass
class _Place:
    media: dict[str, PostMedia] = field(default_factory=dict)
    users: int = 0
    leaving: asyncio.TimerHandle | None = None


class Shelf:
    def __init__(self, fetcher: Fetcher) -> None:
        self.fetcher = fetcher
        self._places: dict[str, _Place] = {}

    @contextmanager
    def place(self, post_id: str) -> Iterator[None]:
        """Holds a post's media while somebody works on it."""
        place = self._places.setdefault(post_id, _Place())
        place.users += 1
        if place.leaving is not None:
            place.leaving.cancel()
            place.leaving = None
        try:
            yield
        finally:
            place.users -= 1
            if not place.users:
                loop = asyncio.get_running_loop()
                place.leaving = loop.call_later(KEPT_S, self._clear, post_id)

    def media(
        self, post_id: str, urls: Sequence[str], facts: Sequence[MediaFacts | None]
    ) -> tuple[PostMedia, ...]:
        """The media at these addresses; to be asked for while the post's place is held."""
        known = self._places[post_id].media
        for url, fact in zip(urls, facts, strict=True):
            known.setdefault(url, PostMedia(self.fetcher, url, fact))
        return tuple(known[url] for url in urls)

    def _clear(self, post_id: str) -> None:
        for medium in self._places.pop(post_id).media.values():
            medium.discard()

    def close(self) -> None:
        for post_id, place in list(self._places.items()):
            if place.leaving is not None:
                place.leaving.cancel()
            self._clear(post_id)
