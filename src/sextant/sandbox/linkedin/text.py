"""Little text format (section 2.3): what LinkedIn keeps of a commentary, and what people see of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

RESERVED = r"|{}@\[\]()<>#\\*_~"
TOKEN = re.compile(
    rf"""\\(?P<escaped>[{RESERVED}])
    | @\[(?P<mention>(?:\\.|[^\]\\])+)\]\(urn:li:(?:organization|person):[\w-]+\)
    | \{{hashtag\|\\?\#\|(?P<template>\w+)\}}
    | \#(?P<tag>\w+)
    | (?P<plain>[^{RESERVED}]+)""",
    re.VERBOSE,
)
MAX_CHARACTERS = 3000


@dataclass(frozen=True, slots=True)
class Kept:
    """`shown`: what people see. `commentary`: what the API reads back."""

    shown: str
    commentary: str


def kept(commentary: str) -> Kept:
    """A reserved character that is neither escaped nor part of a mention or hashtag cuts the text off."""
    shown, stored, at = [], [], 0
    while token := TOKEN.match(commentary, at):
        at = token.end()
        shown.append(seen(token))
        tag = token["tag"]
        stored.append(f"{{hashtag|\\#|{tag}}}" if tag else token[0])
    return Kept("".join(shown), "".join(stored))


def seen(token: re.Match[str]) -> str:
    if token["tag"] or token["template"]:
        return f"#{token['tag'] or token['template']}"
    return token["escaped"] or token["mention"] or token["plain"]


def too_long(commentary: str) -> bool:
    """The escaping's own backslashes are taken not to count (section 2.3, unconfirmed)."""
    return len(re.sub(rf"\\([{RESERVED}])", r"\1", commentary)) > MAX_CHARACTERS
