"""A small HTTP/1.1 load: keep-alive connections, one request in flight on each; in a loop, or all at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence


class _Caller(asyncio.Protocol):
    """Sends the same request again as soon as the whole answer is there (all answers are equally long)."""

    def __init__(self, request: bytes, length: int, until: float) -> None:
        self.request, self.length, self.until = request, length, until
        self.missing = length
        self.answers = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.missing -= len(data)
        if self.missing > 0:
            return
        assert self.missing == 0, "an answer of another length"
        self.answers += 1
        self.missing = self.length
        if time.perf_counter() < self.until:
            self.transport.write(self.request)
        else:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(self.answers)


async def one_answer(port: int, request: bytes) -> bytes:
    """The whole answer to a request, for its length and for a look at it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(content_length(head))
    writer.close()
    return head + body


async def throughput(port: int, request: bytes, seconds: float, connections: int = 32) -> float:
    """Answers per second over this many connections."""
    answer = await one_answer(port, request)
    assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
    loop, start = asyncio.get_running_loop(), time.perf_counter()
    callers = []
    for _ in range(connections):
        _, caller = await loop.create_connection(
            lambda: _Caller(request, len(answer), start + seconds), "127.0.0.1", port
        )
        callers.append(caller)
    answers = sum([await caller.done for caller in callers])
    return answers / (time.perf_counter() - start)


class _One(asyncio.Protocol):
    """One request at a time, and how long its answer took."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.answer: asyncio.Future[float] | None = None

    def ask(self, request: bytes) -> asyncio.Future[float]:
        """Seconds until the whole answer was there; it has to be a 200."""
        self.answer = asyncio.get_running_loop().create_future()
        self.came = bytearray()
        self.began = time.perf_counter()
        self.transport.write(request)
        return self.answer

    def data_received(self, data: bytes) -> None:
        self.came += data
        head, end, body = self.came.partition(b"\r\n\r\n")
        if not end or len(body) < content_length(head) or self.answer is None:
            return
        took = time.perf_counter() - self.began
        if head.startswith(b"HTTP/1.1 200"):
            self.answer.set_result(took)
        else:
            self.answer.set_exception(AssertionError(bytes(self.came[:300])))

    def connection_lost(self, error: Exception | None) -> None:
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(ConnectionError("closed in the middle of an answer"))


class Crowd:
    """Many readers, each with a connection that stays open, who ask all at once."""

    def __init__(self, readers: list[_One]) -> None:
        self._readers = readers

    @classmethod
    async def of(cls, port: int, size: int) -> Crowd:
        loop = asyncio.get_running_loop()
        made = [await loop.create_connection(_One, "127.0.0.1", port) for _ in range(size)]
        return cls([reader for _, reader in made])

    async def ask(self, requests: Sequence[bytes]) -> list[float]:
        """The requests go round among the readers; seconds until each had its answer."""
        answers = [reader.ask(requests[n % len(requests)]) for n, reader in enumerate(self._readers)]
        return await asyncio.gather(*answers)

    def leave(self) -> None:
        for reader in self._readers:
            reader.transport.close()


def content_length(head: bytes) -> int:
    lines = (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    return int(next(lines).split(b":")[1])


def get(path: str, **headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *[f"{k}: {v}" for k, v in headers.items()]]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
