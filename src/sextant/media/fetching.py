"""Media by address: fetched through a guard, once per post, to a file."""

from __future__ import annotations

import asyncio
import errno
import logging
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urljoin

import aiohttp

from sextant.errors import FixContent, TryLater
from sextant.media.facts import HEAD, facts_of, sniffed
from sextant.media.guard import NOT_HTTP, NOT_PUBLIC, NotPublic, PublicOnly, complaint, plain, public_socket
from sextant.media.room import Room
from sextant.platforms.media import MediaFacts, MediaFile

log = logging.getLogger("sextant.media")

MAX_BYTES = 4 << 30
AT_ONCE = 4
MAX_REDIRECTS = 5
PIECE = 1 << 18
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server of media may take. Seconds; `pace` in bytes a second.

    `answer`: until the headers of its answer are there. `read`: between two pieces. `total`: for one medium.
    From `grace` on, what came has to be `pace` times the seconds since: a slow drip ends.
    """

    connect: float = 10
    answer: float = 40
    read: float = 30
    total: float = 4 * 3600
    grace: float = 30
    pace: float = 64 * 1024

    def timeout(self) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(total=self.total, connect=self.connect, sock_read=self.read)

    def is_out(self, seconds: float, received: int) -> bool:
        return received < (seconds - self.grace) * self.pace


class Fetcher:
    """Downloads media. `allowed` is the one origin let through, the sandbox's own; None: public ones.

    `max_bytes`: a larger medium is refused. `at_once`: so many downloads go on side by side.
    """

    def __init__(
        self,
        directory: Path,
        allowed: str | None = None,
        *,
        max_bytes: int = MAX_BYTES,
        at_once: int = AT_ONCE,
        patience: Patience | None = None,
    ) -> None:
        self._room = Room(directory)
        self.allowed = allowed
        self.max_bytes = max_bytes
        self.patience = patience or Patience()
        self._places = asyncio.Semaphore(at_once)

    def clear_old(self) -> None:
        """Removes files that processes left behind when they died."""
        self._room.clear_dead()

    def complaint(self, url: str) -> str | None:
        """Why this address cannot be a medium, as far as the address itself tells; None when it may be."""
        return complaint(url, self.allowed)

    async def fetch(self, url: str) -> MediaFile:
        """Raises FixContent (wrong address or content) or TryLater (it did not answer)."""
        async with self._places:
            for _ in range(MAX_REDIRECTS):
                if said := self.complaint(url):
                    raise FixContent(f"{said} ({plain(url)})")
                found = await self._get(url)
                if isinstance(found, MediaFile):
                    return found
                url = _joined(url, found)
        raise FixContent("The media address redirects too often.")

    async def _get(self, url: str) -> MediaFile | str:
        """The file, or where it redirects to."""
        try:
            async with self._session() as session:
                async with asyncio.timeout(self.patience.answer):
                    answer = await session.get(url, allow_redirects=False)
                async with answer:
                    return await self._kept(answer)
        except (aiohttp.InvalidURL, UnicodeError):
            raise FixContent(f"{NOT_HTTP} ({plain(url)})") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if isinstance(error, NotPublic) or isinstance(error.__cause__, NotPublic):
                raise FixContent(f"{NOT_PUBLIC} ({plain(url)})") from None
            raise TryLater(f"The media address could not be read ({type(error).__name__}).") from None

    def _session(self) -> aiohttp.ClientSession:
        """For one request: names are looked up anew, and no answer sets a cookie for the next.

        What is compressed stays so: a small body must not become a large one.
        """
        if self.allowed is None:
            connector = aiohttp.TCPConnector(resolver=PublicOnly(), socket_factory=public_socket)
        else:
            connector = aiohttp.TCPConnector()
        return aiohttp.ClientSession(
            connector=connector,
            timeout=self.patience.timeout(),
            headers=HEADERS,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )

    async def _kept(self, answer: aiohttp.ClientResponse) -> MediaFile | str:
        if answer.status in (301, 302, 303, 307, 308):
            return answer.headers.get("Location", "")
        if answer.status >= 500 or answer.status == 429:
            raise TryLater(f"The media address answered {answer.status}.")
        if answer.status != 200:
            raise FixContent(f"The media address answered {answer.status}.")
        self._sized(answer.content_length or 0)
        try:
            return await self._filed(answer)
        except OSError as error:
            if error.errno in NO_ROOM:
                log.error("no room for media in %s: %s", self._room.directory, error.strerror)
                raise TryLater("There is no room left for media on Sextant's own disk.") from None
            raise

    def _sized(self, size: int) -> None:
        if size > self.max_bytes:
            raise FixContent(
                f"The medium is larger than {self.max_bytes:,} bytes, the most that is taken here."
            )

    async def _filed(self, answer: aiohttp.ClientResponse) -> MediaFile:
        with tempfile.NamedTemporaryFile(dir=self._room.path(), delete=False) as handle:
            path = Path(handle.name)
            try:
                await self._copied(answer, handle)
                return MediaFile(path, await asyncio.to_thread(facts_of, path))
            except BaseException:
                await asyncio.to_thread(path.unlink, missing_ok=True)
                raise

    async def _copied(self, answer: aiohttp.ClientResponse, handle: IO[bytes]) -> None:
        """Writes the body to the file; ends early when it is no medium, too large or too slow."""
        size, head, began = 0, b"", time.monotonic()
        async for chunk in answer.content.iter_chunked(PIECE):
            size += len(chunk)
            self._sized(size)
            if self.patience.is_out(time.monotonic() - began, size):
                raise TryLater(f"The medium came too slowly: {size:,} bytes, then it was given up.")
            if len(head) < HEAD:
                head = (head + chunk)[:HEAD]
                if len(head) == HEAD:
                    sniffed(head)
            await asyncio.to_thread(handle.write, chunk)
        await asyncio.to_thread(handle.flush)


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise FixContent("The media address redirects to something that is no address.") from None


class PostMedia:
    """One medium of a post: downloaded when a network first needs its bytes, shared by all of them."""

    def __init__(self, fetcher: Fetcher, url: str, facts: MediaFacts | None = None) -> None:
        self.url = url
        self.facts = facts
        self._fetcher = fetcher
        self._file: MediaFile | None = None
        self._lock = asyncio.Lock()

    async def file(self) -> MediaFile:
        async with self._lock:
            if self._file is None:
                self._file = await self._fetcher.fetch(self.url)
                self.facts = self._file.facts
            return self._file

    def discard(self) -> None:
        """Removes the downloaded file."""
        if self._file is not None:
            self._file.path.unlink(missing_ok=True)
            self._file = None
