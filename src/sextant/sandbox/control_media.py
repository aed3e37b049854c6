"""The sandbox's media address: samples, media made to order, files of one's own, and trouble on the way."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import IO, Annotated

import msgspec
from aiohttp import StreamReader, web

from sextant.sandbox.made_media import PIECE, Asked, Made, TooSmall, whole
from sextant.sandbox.made_pictures import gif, jpeg, png, webp
from sextant.sandbox.made_video import mov, mp4
from sextant.sandbox.refusals import missing, wrong

MAKERS: dict[str, Callable[[Asked], Made]] = {
    "mp4": mp4,
    "mov": mov,
    "jpg": jpeg,
    "png": png,
    "gif": gif,
    "webp": webp,
}
TYPES = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
}
MAX_OWN = 1 << 30
"""Bytes of all files that were put here, together."""

LIE = b"<!doctype html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"


class Order(Asked, frozen=True, kw_only=True):
    """The query of a medium: what it is to be, and what goes wrong on its way.

    `slow`: seconds before each piece of 256 KiB. `endless`: no length is said, and zeros follow for ever.
    `lie`: a page under the medium's type. `status`, `redirect`: answered instead.
    """

    slow: Annotated[float, msgspec.Meta(ge=0)] = 0
    endless: bool = False
    lie: bool = False
    status: Annotated[int, msgspec.Meta(ge=200, le=599)] = 200
    redirect: str | None = None


class Shelf:
    """Files that users put here, in a directory of its own that goes with the sandbox."""

    def __init__(self) -> None:
        self._directory: Path | None = None

    def find(self, name: str) -> Path | None:
        found = self._directory / name if self._directory else None
        return found if found and found.is_file() else None

    async def keep(self, name: str, content: StreamReader) -> None:
        """Raises HTTPBadRequest when there is no room for it."""
        fresh, left = await asyncio.to_thread(self._begun, name)
        try:
            with fresh:
                async for chunk in content.iter_chunked(PIECE):
                    left -= len(chunk)
                    if left < 0:
                        raise wrong(f"the files put here may have {MAX_OWN} bytes together")
                    fresh.write(chunk)
            await asyncio.to_thread(shutil.move, fresh.name, Path(fresh.name).with_name(name))
        finally:
            await asyncio.to_thread(Path(fresh.name).unlink, missing_ok=True)

    def _begun(self, name: str) -> tuple[IO[bytes], int]:
        """A file to write to, and the bytes there is room for."""
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="sextant-sandbox-media-"))
            weakref.finalize(self, shutil.rmtree, self._directory, ignore_errors=True)
        kept = sum(file.stat().st_size for file in self._directory.iterdir() if file.name != name)
        return tempfile.NamedTemporaryFile(dir=self._directory, prefix=".", delete=False), MAX_OWN - kept


class MediaControl:
    """GET and PUT /_control/media/{name}."""

    def __init__(self) -> None:
        self.shelf = Shelf()

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/_control/media/{name}", self.show), web.put("/_control/media/{name}", self.keep)]

    async def show(self, request: web.Request) -> web.StreamResponse:
        order = _order(request)
        if order.redirect is not None:
            return web.Response(status=302, headers={"Location": order.redirect})
        if order.status != 200:
            return web.Response(status=order.status)
        name = request.match_info["name"]
        kind = TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        if order.lie:
            return await _sent(request, Made([whole(LIE)]), kind, order)
        if name.startswith("made."):
            return await _sent(request, await asyncio.to_thread(_made, name, order), kind, order)
        return web.FileResponse(self._file(name), headers={"Content-Type": kind})

    def _file(self, name: str) -> Path:
        sample = Path(str(resources.files("sextant.sandbox"))) / "media" / name
        found = self.shelf.find(name) or sample
        if _is_unsafe(name) or not found.is_file():
            raise missing(
                f"no medium {name!r}; there are sample.mp4, sample.jpg, "
                f"made.{', made.'.join(MAKERS)}, and what was put here"
            )
        return found

    async def keep(self, request: web.Request) -> web.StreamResponse:
        """Keeps the body under this name until the sandbox ends."""
        name = request.match_info["name"]
        if _is_unsafe(name) or name.startswith("made."):
            raise wrong(f"not a name for a file: {name!r}")
        await self.shelf.keep(name, request.content)
        return web.Response(status=204)


def _is_unsafe(name: str) -> bool:
    return "/" in name or "\0" in name or name.startswith(".")


def _order(request: web.Request) -> Order:
    known = {field.name for field in msgspec.structs.fields(Order)}
    if unknown := sorted(set(request.query) - known):
        raise wrong(f"unknown: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    try:
        return msgspec.convert(dict(request.query), Order, strict=False)
    except msgspec.ValidationError as error:
        raise wrong(str(error)) from None


def _made(name: str, order: Order) -> Made:
    make = MAKERS.get(name.removeprefix("made."))
    if make is None:
        raise missing(f"no medium {name!r}; there are made.{', made.'.join(MAKERS)}")
    try:
        return make(order)
    except TooSmall as error:
        raise wrong(str(error)) from None


async def _sent(request: web.Request, made: Made, kind: str, order: Order) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": kind, "Accept-Ranges": "bytes"})
    if order.endless:
        pieces: Iterable[bytes] = _for_ever(made)
    else:
        start, stop = _range(request, answer, made.size)
        answer.content_length = stop - start
        pieces = made.pieces(start, stop)
    await answer.prepare(request)
    if request.method != "HEAD":
        for piece in pieces:
            if order.slow:
                await asyncio.sleep(order.slow)
            await answer.write(piece)
    return answer


def _for_ever(made: Made) -> Iterator[bytes]:
    yield from made.pieces(0, made.size)
    while True:
        yield bytes(PIECE)


def _range(request: web.Request, answer: web.StreamResponse, size: int) -> tuple[int, int]:
    """What of the file was asked for. A Range that cannot be read is as none (RFC 9110, 14.2)."""
    try:
        asked = request.http_range
    except ValueError:
        return 0, size
    if asked.start is None and asked.stop is None:
        return 0, size
    start, stop, _ = asked.indices(size)
    if start >= stop:
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{size}"})
    answer.set_status(206)
    answer.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return start, stop
