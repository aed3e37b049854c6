"""What a network takes, as data, and how a draft is held against it: shared by the platforms' `check`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sextant.platforms.base import Complaint, Draft
from sextant.platforms.media import MediaFacts

At = tuple[str | int, ...]
POST: At = ("post",)


@dataclass(frozen=True, slots=True)
class TextRule:
    """`most` is held against `measure(text)`; `unit` names what is counted, for the person who reads it."""

    most: int
    measure: Callable[[str], int] = len
    unit: str = "characters"

    def complaints(self, text: str, at: At = POST, what: str = "The text") -> list[Complaint]:
        length = self.measure(text)
        if length <= self.most:
            return []
        return [Complaint(at, f"{what} is too long: {length} of {self.most} {self.unit}.")]


@dataclass(frozen=True, slots=True)
class Span:
    """From `least` to `most`, both taken; None: no limit on that side."""

    least: float | None = None
    most: float | None = None

    def holds(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        if self.least is None:
            return f"at most {self.most:g}"
        return f"at least {self.least:g}" if self.most is None else f"{self.least:g} to {self.most:g}"


ANY = Span()


@dataclass(frozen=True, slots=True)
class MediaRule:
    """What one kind of medium may be. `types`: MIME type → the name people know. Sizes in bytes, times in
    seconds, pictures in pixels; `ratio` is width by height, `ratio_words` how people write that span."""

    types: Mapping[str, str]
    size: int | None = None
    duration: Span = ANY
    width: Span = ANY
    height: Span = ANY
    ratio: Span = ANY
    ratio_words: str = ""
    fps: Span = ANY
    frames: int | None = None
    pixels: int | None = None
    codecs: frozenset[str] | None = None
    audio: frozenset[str] | None = None

    def complaints(self, facts: MediaFacts, at: At) -> list[Complaint]:
        """Every fault of one medium. What its content does not say is not held against it."""
        if facts.mime not in self.types:
            known = ", ".join(dict.fromkeys(self.types.values()))
            return [Complaint(at, f"The file is {facts.mime}; allowed: {known}.")]
        return [Complaint(at, said) for said in self._of(facts)]

    def _of(self, facts: MediaFacts) -> Iterable[str]:
        if self.size is not None and facts.size > self.size:
            yield f"The file is too large: {facts.size:,} of {self.size:,} bytes."
        measured = (
            ("lasts", facts.duration_s, self.duration, "seconds"),
            ("is wide", facts.width, self.width, "pixels"),
            ("is high", facts.height, self.height, "pixels"),
            ("runs at", facts.fps, self.fps, "frames a second"),
        )
        for words, value, span, unit in measured:
            if value is not None and not span.holds(value):
                yield f"It {words} {value:g} {unit}; allowed: {span}."
        if facts.ratio is not None and not self.ratio.holds(facts.ratio):
            yield f"Its ratio is {facts.ratio:.3g}:1; allowed: {self.ratio_words or self.ratio}."
        yield from self._within(facts)

    def _within(self, facts: MediaFacts) -> Iterable[str]:
        if self.frames is not None and (facts.frames or 0) > self.frames:
            yield f"It has {facts.frames} frames; allowed: at most {self.frames}."
        area = (facts.width or 0) * (facts.height or 0) * (facts.frames or 1)
        if self.pixels is not None and area > self.pixels:
            yield f"It has {area:,} pixels in all; allowed: at most {self.pixels:,}."
        if self.codecs is not None and facts.codec is not None and facts.codec not in self.codecs:
            yield f"Its video is {facts.codec}; allowed: {', '.join(sorted(self.codecs))}."
        if self.audio is not None and facts.audio is not None and facts.audio not in self.audio:
            yield f"Its sound is {facts.audio}; allowed: {', '.join(sorted(self.audio))}."


def media_at(place: int) -> At:
    return ("media_urls", place)


def known(draft: Draft) -> list[tuple[int, MediaFacts]]:
    """The media whose facts are known, with their places."""
    return [(place, medium.facts) for place, medium in enumerate(draft.media) if medium.facts is not None]


def counted(draft: Draft, most: int, what: str) -> list[Complaint]:
    """A complaint when there are more media than `most`; `what` names them («images»)."""
    if len(draft.media) <= most:
        return []
    return [Complaint(("media_urls",), f"There are {len(draft.media)} {what}; allowed: at most {most}.")]


def has_video(draft: Draft) -> bool:
    return any(facts.is_video for _, facts in known(draft))
