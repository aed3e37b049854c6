"""Native posts of the simulated networks, made without publishing: one usual kind for each network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sextant.sandbox.world import Post, World


@dataclass(frozen=True, slots=True)
class Native:
    """`ids`: patterns that take turns, over `n` and `account` (the account's id as its network has it)."""

    kind: str
    ids: tuple[str, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    owner: str = ""
    """The fact in which the network keeps whose post it is, where that is the account and not the person."""

    def id(self, account_id: str, n: int) -> str:
        return self.ids[n % len(self.ids)].format(n=n, account=account_id)


NATIVES: Mapping[str, Native] = {
    "x": Native("text", ("185{n:016d}",)),
    "linkedin": Native("text", ("urn:li:share:71{n:017d}", "urn:li:ugcPost:71{n:017d}"), owner="author"),
    "instagram": Native("reel", ("1792{n:013d}",)),
    "facebook": Native("text", ("{account}_9{n:014d}",)),
    "tiktok": Native(
        "video",
        ("73{n:017d}",),
        {"privacy": "PUBLIC_TO_EVERYONE", "public_at": 0.0, "duration": 2.0},
    ),
    "youtube": Native(
        "video",
        ("v{n:010d}",),
        {
            "snippet": {"title": "", "description": "", "tags": [], "categoryId": "22"},
            "status": {"privacyStatus": "public"},
            "duration_s": 2,
            "invalid": False,
        },
    ),
}


def put(world: World, network: str, person_id: str, account_id: str, native_id: str, at: float) -> None:
    """Puts a post into the world: of that person, under that account, published `at` (unix seconds)."""
    native = NATIVES[network]
    facts = {"publish_id": native_id, **native.facts}
    if native.owner:
        facts[native.owner] = account_id
    owner_id = account_id if native.owner else person_id
    world.add_post(Post(network, native_id, owner_id, native.kind, at, "", facts))
