"""Which accounts a post is meant for, and what differs at each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from sextant.errors import Invalid, fault_at
from sextant.platforms.base import Options, Platform
from sextant.preflight import Target
from sextant.store.connections import Connection

Given = Mapping[str, Mapping[str, Any]]
"""Options by platform, as they were given."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One entry of `destinations`."""

    connection_id: str
    text: str | None = None
    options: dict[str, dict[str, Any]] | None = None


def targets_of(
    destinations: Sequence[Wanted],
    platforms: Sequence[str],
    options: Given,
    known: Sequence[Connection],
    adapters: Mapping[str, Platform],
) -> list[Target]:
    """The accounts meant, in the order given; Invalid with the candidates when it is unclear."""
    found = [_named(known, place, wanted, options, adapters) for place, wanted in enumerate(destinations)]
    for place, name in enumerate(platforms):
        connection = _only(known, place, name, adapters)
        if all(target.connection.id != connection.id for target in found):
            found.append(Target(connection, None, _merged(adapters[name], options.get(name))))
    if not found:
        raise Invalid(fault_at(["body", "destinations"], "Name at least one destination or platform."))
    meant = {target.connection.platform for target in found}
    for name in options:
        if name not in meant:
            said = "There are options for this platform, but the post does not go there."
            raise Invalid(fault_at(["body", "options", name], said))
    return found


def _named(
    known: Sequence[Connection],
    place: int,
    wanted: Wanted,
    options: Given,
    adapters: Mapping[str, Platform],
) -> Target:
    at: list[str | int] = ["body", "destinations", place]
    found = next((connection for connection in known if connection.id == wanted.connection_id), None)
    if found is None:
        said = "No such connection. See GET /social/connections."
        raise Invalid(fault_at([*at, "social_connection_id"], said))
    own = wanted.options or {}
    for name in own:
        if name != found.platform:
            said = "These options are for another platform than this account's."
            raise Invalid(fault_at([*at, "options", name], said))
    name = found.platform
    return Target(found, wanted.text, _merged(adapters[name], options.get(name), own.get(name)))


def _only(
    known: Sequence[Connection], place: int, platform: str, adapters: Mapping[str, Platform]
) -> Connection:
    """The organization's one connection on a platform."""
    at: list[str | int] = ["body", "platforms", place]
    if platform not in adapters:
        raise Invalid(fault_at(at, f"Unknown platform; use one of: {', '.join(adapters)}."))
    found = [connection for connection in known if connection.platform == platform]
    if not found:
        raise Invalid(fault_at(at, f"No account is connected on {platform}. See POST /social/connections."))
    if len(found) > 1:
        candidates = ", ".join(f"{c.id} ({c.account_username or c.account_name})" for c in found)
        raise Invalid(
            fault_at(at, f"Several accounts are connected; name one in destinations: {candidates}.")
        )
    return found[0]


def _merged(platform: Platform, *given: Mapping[str, Any] | None) -> Options | None:
    """The post's options with the destination's own over them; None when there are none at all."""
    fields: dict[str, Any] = {}
    for options in given:
        fields |= options or {}
    return msgspec.convert(fields, platform.options) if fields else None
