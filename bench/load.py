"""A small closed-loop HTTP/1.1 load: keep-alive connections, one request in flight on each."""

from __future__ import annotations

import asyncio
import time


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
    size = next(
        int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    )
    body = await reader.readexactly(size)
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


def get(path: str, **headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *[f"{k}: {v}" for k, v in headers.items()]]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
