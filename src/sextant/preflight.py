"""Holding a post against what every destination takes, before anything goes out: all faults at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from sextant.accounts import Accounts
from sextant.errors import Fault, FixContent, TryLater, fault_at
from sextant.media.fetching import PostMedia
from sextant.media.shelf import Shelf
from sextant.platforms.base import Asks, Complaint, Draft, Options, Platform
from sextant.platforms.catalogue import Kind
from sextant.platforms.media import MediaFacts
from sextant.store.connections import CONNECTED, Connection

Place = list[str | int]
Complaints = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Target:
    """One destination of a post: the account, and what differs there from the post."""

    connection: Connection
    text: str | None = None
    options: Options | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A post as it would go out. `id` names its place on the shelf."""

    id: str
    text: str
    media_urls: list[str]
    targets: Sequence[Target]


@dataclass(frozen=True, slots=True)
class Findings:
    """`complaints` empty: it may go out. `facts`: one per medium, None where it did not arrive in time."""

    complaints: Complaints
    facts: list[MediaFacts | None]

    def stored(self) -> list[Any]:
        return [msgspec.to_builtins(fact) for fact in self.facts]

    @property
    def kind(self) -> Kind:
        return kind_of(self.facts)


class Preflight:
    """`wait_s`: how long media are waited for; what takes longer is checked before sending."""

    def __init__(self, accounts: Accounts, shelf: Shelf, wait_s: float) -> None:
        self.accounts, self.shelf, self.wait_s = accounts, shelf, wait_s

    async def check(self, proposal: Proposal, *, ask: bool) -> Findings:
        """`ask`: also ask the networks for the state of the accounts (it goes out soon)."""
        with self.shelf.place(proposal.id):
            found = self._addresses(proposal)
            if not found:
                found = await self._fetched(proposal)
            drafts = [self._draft(proposal, target) for target in proposal.targets]
            for place, (target, draft) in enumerate(zip(proposal.targets, drafts, strict=True)):
                found += self._of(place, target, draft)
            if ask:
                told = await self._asked(proposal.targets, drafts)
                found += [complaint for complaint in told if complaint not in found]
            return Findings(found, [medium.facts for medium in self._media(proposal)])

    # ---- media ----

    def _addresses(self, proposal: Proposal) -> Complaints:
        found: Complaints = []
        for at, url in self._urls(proposal):
            if complaint := self.shelf.fetcher.complaint(url):
                found.append(fault_at(at, complaint))
        return found

    def _urls(self, proposal: Proposal) -> list[tuple[Place, str]]:
        """Every address a post names, with its place in the body."""
        urls: list[tuple[Place, str]] = [
            (["body", "media_urls", place], url) for place, url in enumerate(proposal.media_urls)
        ]
        for place, target in enumerate(proposal.targets):
            if target.options is not None:
                named = target.options.addresses()
                urls += [
                    (located(place, target, Complaint(("options", name), "")), url)
                    for name, url in named.items()
                ]
        return urls

    def _media(self, proposal: Proposal) -> tuple[PostMedia, ...]:
        urls = proposal.media_urls
        return self.shelf.media(proposal.id, urls, [None] * len(urls))

    async def _fetched(self, proposal: Proposal) -> Complaints:
        """Waits for the media; complains of what cannot be fetched or is none."""
        urls = self._urls(proposal)
        media = self.shelf.media(proposal.id, [url for _, url in urls], [None] * len(urls))
        if not media:
            return []
        fetching = [asyncio.ensure_future(medium.file()) for medium in dict.fromkeys(media)]
        by_medium = dict(zip(dict.fromkeys(media), fetching, strict=True))
        _, late = await asyncio.wait(fetching, timeout=self.wait_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        found = []
        for (at, _), medium in zip(urls, media, strict=True):
            task = by_medium[medium]
            if not task.cancelled() and (error := task.exception()):
                if not isinstance(error, FixContent | TryLater):
                    raise error
                found.append(fault_at(at, error.message))
        return found

    # ---- destinations ----

    def _draft(self, proposal: Proposal, target: Target) -> Draft:
        platform = self.accounts.platforms[target.connection.platform]
        options = target.options or platform.options()
        named = options.addresses()
        extra = self.shelf.media(proposal.id, list(named.values()), [None] * len(named))
        media = self._media(proposal)
        return Draft(
            id=proposal.id,
            text=proposal.text if target.text is None else target.text,
            media=media,
            kind=kind_of([medium.facts for medium in media]),
            options=options,
            extra=dict(zip(named, extra, strict=True)),
        )

    def _of(self, place: int, target: Target, draft: Draft) -> Complaints:
        connection = target.connection
        platform = self.accounts.platforms[connection.platform]
        if connection.status != CONNECTED:
            said = connection.status_message or "The account has to be connected again."
            return [self._fault(place, target, Complaint(("social_connection_id",), said))]
        scopes = self.accounts.scopes(connection)
        complaints = platform.check(draft, self.accounts.account(connection), scopes)
        return [self._fault(place, target, complaint) for complaint in complaints]

    async def _asked(self, targets: Sequence[Target], drafts: Sequence[Draft]) -> Complaints:
        """What the accounts' states forbid. A network that does not say holds nothing up."""
        answers = await asyncio.gather(
            *(self._state(target, draft) for target, draft in zip(targets, drafts, strict=True))
        )
        return [
            self._fault(place, target, complaint)
            for place, (target, complaints) in enumerate(zip(targets, answers, strict=True))
            for complaint in complaints
        ]

    async def _state(self, target: Target, draft: Draft) -> list[Complaint]:
        platform: Platform | Asks = self.accounts.platforms[target.connection.platform]
        if not isinstance(platform, Asks) or target.connection.status != CONNECTED:
            return []
        try:
            call = self.accounts.call(target.connection)
            return await asyncio.wait_for(platform.ask(call, draft), self.wait_s)
        except (Fault, TimeoutError):
            return []

    def _fault(self, place: int, target: Target, complaint: Complaint) -> dict[str, Any]:
        title = self.accounts.platforms[target.connection.platform].title
        name = target.connection.account_username or target.connection.account_name
        return fault_at(located(place, target, complaint), f"{title} ({name}): {complaint.say}")


def located(place: int, target: Target, complaint: Complaint) -> Place:
    """`options.title` of the second destination → body, destinations, 1, options, <platform>, title."""
    first, *rest = complaint.at
    platform: Place = [target.connection.platform] if first == "options" else []
    return ["body", "destinations", place, first, *platform, *rest]


def kind_of(facts: Sequence[MediaFacts | None]) -> Kind:
    """What kind of post this will most likely be; the adapter knows when it is out."""
    if not facts:
        return Kind.TEXT
    if len(facts) > 1:
        return Kind.CAROUSEL
    return Kind.PHOTO if facts[0] is not None and facts[0].is_image else Kind.VIDEO
