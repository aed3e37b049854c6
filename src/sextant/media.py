"""Media by address: fetched through a guard, once per post, to a file."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import tempfile
import time
from pathlib import Path
from socket import AddressFamily
from typing import Any
from urllib.parse import urljoin

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from sextant.errors import FixContent, TryLater
from sextant.media_facts import HEAD, facts_of, sniffed
from sextant.platforms.media import MediaFacts, MediaFile

log = logging.getLogger("sextant.media")

MAX_BYTES = 1 << 30
MAX_REDIRECTS = 5
KEPT_S = 24 * 3600.0
TIMEOUT = aiohttp.ClientTimeout(total=1800, connect=10, sock_read=30)


UNICAST = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether this IP address is one of the public Internet; an IPv4 address inside an IPv6 one decides."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip not in UNICAST:
            return False
    return ip.is_global and not ip.is_multicast


class NotPublic(OSError):
    """A name that leads to an address which is not public."""


class PublicOnly(AbstractResolver):
    """Resolves names to public addresses only; aiohttp connects to exactly what is returned here."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if not found or not all(is_public(entry["host"]) for entry in found):
            raise NotPublic(f"{host} is not a public address")
        return found

    async def close(self) -> None:
        await self._resolver.close()


class Fetcher:
    """Downloads media. `allowed` is the one origin let through beside public ones (the sandbox's own)."""

    def __init__(self, directory: Path, allowed: str | None = None) -> None:
        self.directory = directory
        self.allowed = allowed

    def clear_old(self) -> None:
        """Removes files that a process left behind when it died."""
        if self.directory.is_dir():
            for path in self.directory.iterdir():
                if path.stat().st_mtime < time.time() - KEPT_S:
                    path.unlink(missing_ok=True)

    def complaint(self, url: str) -> str | None:
        """Why this address cannot be a medium, as far as the address itself tells; None when it may be."""
        if self._is_allowed(url):
            return None
        try:
            # As the HTTP client reads it: full-width digits, for one, are plain ones here.
            parts = URL(url)
        except ValueError:
            return "Use a public http or https address."
        if parts.scheme not in ("http", "https") or not parts.host:
            return "Use a public http or https address."
        if parts.user or parts.password:
            return "The address must not carry a user name or password."
        if self.allowed is not None:
            return f"In the sandbox media come from {self.allowed}/_control/media/ only."
        if _is_literal(parts.host) and not is_public(parts.host):
            return "The address is not a public one."
        return None

    def _is_allowed(self, url: str) -> bool:
        return self.allowed is not None and url.startswith(self.allowed + "/_control/media/")

    async def fetch(self, url: str) -> MediaFile:
        """Raises FixContent (wrong address or content) or TryLater (it did not answer)."""
        for _ in range(MAX_REDIRECTS):
            if complaint := self.complaint(url):
                raise FixContent(f"{complaint} ({url})")
            found = await self._get(url)
            if isinstance(found, MediaFile):
                return found
            url = _joined(url, found)
        raise FixContent("The media address redirects too often.")

    async def _get(self, url: str) -> MediaFile | str:
        """The file, or where it redirects to."""
        resolver = None if self._is_allowed(url) else PublicOnly()
        connector = aiohttp.TCPConnector(resolver=resolver, limit=4)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=TIMEOUT, trust_env=False) as session,
                session.get(url, allow_redirects=False) as answer,
            ):
                return await self._kept(answer)
        except (aiohttp.InvalidURL, UnicodeError):
            raise FixContent(f"Use a public http or https address. ({url})") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if isinstance(error.__cause__, NotPublic):
                raise FixContent(f"The address is not a public one. ({url})") from None
            raise TryLater(f"The media address could not be read ({type(error).__name__}).") from None

    async def _kept(self, answer: aiohttp.ClientResponse) -> MediaFile | str:
        if answer.status in (301, 302, 303, 307, 308):
            return answer.headers.get("Location", "")
        if answer.status >= 500 or answer.status == 429:
            raise TryLater(f"The media address answered {answer.status}.")
        if answer.status != 200:
            raise FixContent(f"The media address answered {answer.status}.")
        self.directory.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.directory, delete=False) as handle:
            path = Path(handle.name)
            try:
                await _copied(answer, handle)
                return MediaFile(path, await asyncio.to_thread(facts_of, path))
            except BaseException:
                await asyncio.to_thread(path.unlink, missing_ok=True)
                raise


async def _copied(answer: aiohttp.ClientResponse, handle: Any) -> None:
    """Writes the body to the file; ends early when its first bytes are no medium's, or it is too large."""
    size, head = 0, b""
    async for chunk in answer.content.iter_chunked(1 << 18):
        size += len(chunk)
        if size > MAX_BYTES:
            raise FixContent(f"The medium is larger than {MAX_BYTES} bytes.")
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


def _is_literal(host: str) -> bool:
    """What the HTTP client does not ask the resolver for; `127.1` and `2130706433` are among it."""
    return ":" in host or host.replace(".", "").isdigit()


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
