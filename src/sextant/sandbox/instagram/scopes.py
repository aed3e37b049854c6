"""Scopes by login path (instagram.md §1.1, §1.2)."""

from __future__ import annotations

from sextant.sandbox.graph import errors
from sextant.sandbox.graph.call import Caller

INSTAGRAM_LOGIN = {
    "basic": "instagram_business_basic",
    "content_publish": "instagram_business_content_publish",
    "manage_insights": "instagram_business_manage_insights",
    "manage_comments": "instagram_business_manage_comments",
    "manage_messages": "instagram_business_manage_messages",
}


def need(caller: Caller, *duties: str) -> None:
    """`basic` and these duties, by the names of the caller's login path; else code 10."""
    if not all(scope_of(caller, duty) in caller.scopes for duty in ("basic", *duties)):
        raise errors.not_permitted()


def scope_of(caller: Caller, duty: str) -> str:
    return INSTAGRAM_LOGIN[duty] if caller.token.kind.startswith("ig_") else f"instagram_{duty}"
