"""The one way out: timeouts, sandbox mapping, redaction, errors → faults, token refresh, ledger."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
from yarl import URL

from sextant import __version__
from sextant.clock import Clock
from sextant.errors import ExpiredToken, Fault, OutcomeUnknown, Reconnect, Revoked, TryLater
from sextant.noting import BROKEN_OFF, OK, Note, Noted, unheard
from sextant.platforms.base import Account, Answer, App, Grant, Platform, Request
from sextant.platforms.media import FileStream
from sextant.platforms.withdrawn import Withdrawn

log = logging.getLogger("sextant.http")

MAX_BODY = 16 * 1024 * 1024
TIMEOUT_S = 15.0


class Wire:
    """One shared HTTP client. With `upstream` every network host becomes a path below that address."""

    def __init__(self, clock: Clock, upstream: str | None = None, read_timeout_s: float = TIMEOUT_S) -> None:
        self.clock = clock
        self.read_timeout_s = read_timeout_s
        """For requests that ask for numbers: somebody may be waiting for them."""
        self.upstream = upstream.rstrip("/") if upstream else None
        self._session: aiohttp.ClientSession | None = None

    def session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, limit_per_host=0),
                headers={"User-Agent": f"sextant/{__version__}"},
                auto_decompress=True,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def address(self, url: str) -> str:
        """The address to call for a network's real one: itself, or below the sandbox."""
        if self.upstream is None or url.startswith(self.upstream + "/"):
            return url
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return f"{self.upstream}/{parts.netloc}{parts.path}{query}"

    async def send(self, platform: Platform, request: Request, note: Note = unheard) -> Answer:
        """Sends one request. Raises the Fault of the platform's table, or the one a broken wire means.

        `note` is told of it in any case, also when nobody waits for the answer any more.
        """
        at, began = self.clock.now(), time.monotonic()
        outcome, answer = BROKEN_OFF, None
        try:
            answer = await self._answer(request)
            if fault := platform.fault(answer, request):
                raise discreet(fault, request)
            outcome = OK
            return answer
        except Fault as fault:
            outcome = fault.code
            raise
        finally:
            took_ms = round((time.monotonic() - began) * 1000)
            note(Noted(request, outcome, answer, at, took_ms))

    async def _answer(self, request: Request) -> Answer:
        try:
            answer = await self._exchange(request)
        except (aiohttp.ClientError, TimeoutError, OSError) as broken:
            raise lost(request, broken) from None
        log.debug("%s %s -> %s", request.method, loggable(request.url), answer.status)
        return answer

    async def _exchange(self, request: Request) -> Answer:
        usual = self.read_timeout_s if request.posts else TIMEOUT_S
        timeout = aiohttp.ClientTimeout(total=request.timeout_s or usual)
        url = URL(with_params(self.address(request.url), request.params), encoded=True)
        options = dict(
            headers=headers_of(request), timeout=timeout, allow_redirects=False, **payload(request)
        )
        if request.commits or request.spends:
            options["middlewares"] = (once,)
        async with self.session().request(request.method, url, **options) as response:
            content = await capped(response)
            return Answer(
                status=response.status,
                headers={name.lower(): value for name, value in response.headers.items()},
                json=decoded(content),
                text=content[:4000].decode("utf-8", "replace"),
                at=self.clock.now(),
            )


async def capped(response: aiohttp.ClientResponse) -> bytes:
    """The body, up to MAX_BODY; one that goes on beyond is cut off and will not parse."""
    content = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        content += chunk
        if len(content) > MAX_BODY:
            break
    return bytes(content[:MAX_BODY])


async def once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keeps aiohttp from sending again by itself: it repeats a GET or PUT whose connection broke.

    What counts against an allowance would be counted once here, and twice at the network.
    """
    try:
        return await send(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as broken:
        raise aiohttp.ClientConnectionError(str(broken)) from broken


def with_params(url: str, params: Mapping[str, str]) -> str:
    if not params:
        return url
    return url + ("&" if "?" in url else "?") + urlencode(params, quote_via=quote)


def headers_of(request: Request) -> dict[str, str]:
    """A stream leaves with its length told, not in chunks: upload addresses do not take those."""
    length = {"Content-Length": str(request.body.length)} if isinstance(request.body, FileStream) else {}
    return {**request.headers, **length}


def payload(request: Request) -> dict[str, Any]:
    if request.json is not None:
        return {"json": request.json}
    if request.multipart is not None:
        form = aiohttp.FormData()
        for name, value in request.multipart.items():
            if isinstance(value, bytes):
                form.add_field(name, io.BytesIO(value), filename=name)
            else:
                form.add_field(name, value)
        return {"data": form}
    if request.form is not None:
        return {"data": dict(request.form)}
    if isinstance(request.body, bytes):
        # aiohttp writes a stream in pieces, and warns about raw bytes over 1 MiB.
        return {"data": io.BytesIO(request.body)}
    return {"data": request.body} if request.body is not None else {}


def decoded(content: bytes) -> Any:
    """JSON with exact integers, or None."""
    try:
        return json.loads(content)
    except ValueError:
        return None


def loggable(url: str) -> str:
    """Host and path only: queries carry tokens, codes and signatures."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"


SECRET_HEADERS = ("Authorization", "Access-Token")
SECRET_FIELDS = (
    "access_token",
    "appsecret_proof",
    "auth_code",
    "client_secret",
    "code",
    "code_verifier",
    "fb_exchange_token",
    "refresh_token",
    "token",
)
SECRET_LENGTH = 8
"""Anything shorter is no secret, and might be a word of the message."""


def discreet(fault: Fault, request: Request) -> Fault:
    """The fault without the request's credentials: a network may repeat them in its message."""
    for secret in credentials(request):
        fault.message = fault.message.replace(secret, "…")
    fault.args = (fault.message or fault.advice,)
    return fault


def credentials(request: Request) -> list[str]:
    body = request.json if isinstance(request.json, dict) else {}
    fields = {**body, **request.params, **(request.form or {})}
    signed = [request.headers.get(name, "").rpartition(" ")[2] for name in SECRET_HEADERS]
    named = [str(fields.get(name, "")) for name in SECRET_FIELDS]
    return [secret for secret in signed + named if len(secret) >= SECRET_LENGTH]


def lost(request: Request, broken: BaseException) -> Fault:
    """What a missing answer means: unknown where the request made a post visible, else try later."""
    words = "no answer in time" if isinstance(broken, TimeoutError) else "the connection broke"
    words = f"{words} ({urlsplit(request.url).netloc})"
    return OutcomeUnknown(words) if request.commits else TryLater(words)


Renew = Callable[[Grant], Awaitable[Grant]]
Spend = Callable[[Request], Awaitable[None]]


@dataclass
class AccountCall:
    """`platforms.base.Call` for one connected account.

    `renew` is given the grant that was refused and returns a newer one (renewing.py sees to it that only
    one renewal runs per account); from `renew_from` on `renew_early` is asked first, once, for one that lasts
    longer. `disown` is told when the network says that the authorization has ended. `note` is told of each
    request that left; `spend` is asked before each, and raises a Fault where a budget does not allow it.
    """

    wire: Wire
    platform: Platform
    app: App
    account: Account
    grant: Grant
    renew: Renew
    note: Note = unheard
    spend: Spend | None = None
    withdrawn: Withdrawn = field(default_factory=Withdrawn)
    renew_early: Renew | None = None
    disown: Callable[[Grant, Reconnect], Awaitable[None]] | None = None
    renew_from: datetime | None = None

    @property
    def scopes(self) -> frozenset[str]:
        return self.grant.scopes

    @property
    def now(self) -> datetime:
        return self.wire.clock.now()

    async def send(self, request: Request) -> Answer:
        try:
            return await self._sent(request)
        except Revoked as dead:
            if self.disown is not None:
                await self.disown(self.grant, dead)
            raise

    async def _sent(self, request: Request) -> Answer:
        await self._fresh()
        used = self.grant
        try:
            return await self._signed(request, used)
        except ExpiredToken:
            if self.grant is used:
                self.grant = await self.renew(used)
        try:
            return await self._signed(request, self.grant)
        except ExpiredToken as still:
            # A fresh token that is refused as well is the network's trouble, not the owner's (x.md §5).
            raise TryLater(still.message, request_id=still.request_id) from None

    async def send_unsigned(self, request: Request) -> Answer:
        return await self._noted(request, request)

    async def pause(self, seconds: float) -> None:
        await self.wire.clock.sleep(seconds)

    async def _fresh(self) -> None:
        if self.grant.expires_at is not None and self.grant.expires_at <= self.now:
            self.grant = await self.renew(self.grant)
        elif self.renew_early and self.renew_from is not None and self.renew_from <= self.now:
            self.renew_from = None
            self.grant = await self.renew_early(self.grant)

    async def _signed(self, request: Request, grant: Grant) -> Answer:
        return await self._noted(request, self.platform.sign(request, grant.access_token, self.app))

    async def _noted(self, request: Request, signed: Request) -> Answer:
        def note(noted: Noted) -> None:
            self.note(replace(noted, request=request))

        if self.spend is not None:
            await self.spend(request)
        return await self.wire.send(self.platform, signed, note)
