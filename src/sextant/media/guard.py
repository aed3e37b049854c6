"""What of the Internet media may come from: public addresses, and nothing else."""

from __future__ import annotations

import ipaddress
import re
import socket
from socket import AddressFamily
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

UNICAST = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
NOT_HTTP = "Use a public http or https address."
NOT_PUBLIC = "The address is not a public one."
MEDIA_PATH = "/_control/media/"


class NotPublic(OSError):
    """A name that leads to an address which is not public."""


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


def public_socket(address: tuple[Any, ...]) -> socket.socket:
    """A socket for this address, the last thing before it is connected: whatever led here, it is public."""
    family, kind, protocol, _, where = address
    if not is_public(where[0]):
        raise NotPublic(f"{where[0]} is not a public address")
    return socket.socket(family, kind, protocol)


def complaint(url: str, allowed: str | None) -> str | None:
    """Why this address cannot be a medium, as far as the address itself tells; None when it may be.

    `allowed`: the sandbox's origin, which is the only one then.
    """
    try:
        # As the HTTP client reads it: full-width digits, for one, are plain ones here.
        parts = URL(url)
    except ValueError:
        return NOT_HTTP
    if parts.scheme not in ("http", "https") or not parts.host:
        return NOT_HTTP
    if parts.user or parts.password:
        return "The address must not carry a user name or password."
    if allowed is not None:
        if is_allowed(parts, allowed):
            return None
        return f"In the sandbox media come from {allowed}{MEDIA_PATH} only."
    return NOT_PUBLIC if _is_literal(parts.host) and not is_public(parts.host) else None


def plain(url: str) -> str:
    """An address as it may be shown: without user, password and what follows «?», where signatures are."""
    return re.sub(r"[?#].*", "", re.sub(r"//[^/?#]*@", "//", url))


def is_allowed(url: URL, allowed: str) -> bool:
    return url.origin() == URL(allowed).origin() and url.path.startswith(MEDIA_PATH)


def _is_literal(host: str) -> bool:
    """What the HTTP client does not ask the resolver for; `127.1` and `2130706433` are among it."""
    return ":" in host or host.replace(".", "").isdigit()
