"""What the adapters' tests share: a clock that stands still, a call against a scripted peer, its numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sextant.clock import Clock
from sextant.http import AccountCall
from sextant.metrics import Number, Reason
from sextant.normalize import normalize
from sextant.platforms.base import (
    Account,
    Answer,
    Checkpoint,
    Draft,
    Grant,
    Platform,
    Published,
    Reading,
    Request,
    Send,
)
from sextant.platforms.catalogue import Kind
from sextant.platforms.media import MediaFacts, MediaFile
from tests.calls import call_for
from tests.wire import Scripted

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


class StillClock(Clock):
    """Stands at NOW; pausing moves it at once."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def timestamp(self) -> float:
        return NOW.timestamp() + sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@asynccontextmanager
async def calling(
    platform: Platform, peer: Scripted, account: Account, grant: Grant, login: str | None = None
) -> AsyncIterator[AccountCall]:
    call = call_for(platform, peer.url, account, grant, StillClock(), login)
    yield call
    await call.wire.close()


def sender(call: AccountCall) -> Send:
    """Sends unsigned, as the connect flow does."""

    async def send(request: Request) -> Answer:
        return await call.wire.send(call.platform, request)

    return send


def post(post_id: str, kind: Kind = Kind.TEXT, days: float = 1) -> Published:
    return Published(post_id, kind, None, NOW - timedelta(days=days))


async def numbers(
    call: AccountCall, *posts: Published
) -> list[tuple[Reading, dict[str, Number], dict[str, Reason]]]:
    """Per post: the reading, the numbers that are there, and the reasons of the others."""
    found = []
    readings = await call.platform.read(call, posts)
    for asked, reading in zip(posts, readings, strict=True):
        assert reading.id == asked.id
        metrics, missing = normalize(call.platform.catalogue, reading.raw, asked.kind, reading.refused)
        present = {key: value for key, value in metrics.items() if value is not None}
        found.append((reading, present, missing))
    return found


class LocalMedia:
    """A video on disk, with a public address."""

    url = "https://media.example/clip.mp4"

    def __init__(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        self.facts = MediaFacts("video/mp4", len(content))
        self._file = MediaFile(path, self.facts)

    async def file(self) -> MediaFile:
        return self._file


def text_draft(text: str) -> Draft:
    return Draft("draft-1", text, (), Kind.TEXT)


def video_draft(text: str, media: LocalMedia) -> Draft:
    return Draft("draft-1", text, (media,), Kind.VIDEO)


async def steps(call: AccountCall, draft: Draft, done: Checkpoint | None = None) -> list[Checkpoint]:
    return [step async for step in call.platform.publish(call, draft, done)]


async def steps_until_fault(
    call: AccountCall, draft: Draft, fault: type[Exception], done: Checkpoint | None = None
) -> tuple[list[Checkpoint], Any]:
    """The checkpoints reached, and the fault that ended it."""
    reached: list[Checkpoint] = []
    try:
        async for step in call.platform.publish(call, draft, done):
            reached.append(step)
    except fault as raised:
        return reached, raised
    raise AssertionError(f"no {fault.__name__}; reached {[step.step for step in reached]}")
