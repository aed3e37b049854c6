"""Graph's field syntax, `shares,insights.metric(a,b),likes.limit(0).summary(true),picture{url}`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sextant.sandbox.graph.errors import GraphError

TOKEN = re.compile(r"\s*(?:(?P<name>\w+)|(?P<sign>[.,{}])|(?P<args>\([^()]*\)))")


@dataclass(slots=True)
class Field:
    """One asked field, its modifiers (`limit` → `0`) and what is asked of it in turn."""

    name: str
    args: dict[str, str] = field(default_factory=dict)
    fields: list[Field] = field(default_factory=list)


class Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._tokens()
        self.place = 0

    def _tokens(self) -> list[str]:
        tokens, at = [], 0
        while at < len(self.text.rstrip()):
            found = TOKEN.match(self.text, at)
            if found is None:
                raise syntax_error(self.text[at:])
            tokens.append(found.group().strip())
            at = found.end()
        return tokens

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise syntax_error(token)
        self.place += 1
        return token

    def name(self) -> str:
        token = self.take()
        if not token[0].isalnum() and token[0] != "_":
            raise syntax_error(token)
        return token

    def several(self) -> list[Field]:
        found = [self.one()]
        while self.peek() == ",":
            self.take()
            found.append(self.one())
        return found

    def one(self) -> Field:
        asked = Field(self.name())
        while self.peek() == ".":
            self.take()
            modifier, args = self.name(), self.take()
            if not args.startswith("("):
                raise syntax_error(args)
            asked.args[modifier] = args[1:-1].strip()
        if self.peek() == "{":
            self.take()
            asked.fields = self.several()
            self.take("}")
        return asked


def syntax_error(rest: str) -> GraphError:
    return GraphError(2500, f'Syntax error "Expected end of string instead of "{rest[:20]}"." in fields')


@lru_cache(maxsize=512)
def parsed(text: str) -> Sequence[Field]:
    """The asked fields; an empty text asks for none. Raises code 2500 when it cannot be read."""
    reader = Reader(text)
    if not reader.tokens:
        return ()
    found = reader.several()
    if reader.peek():
        raise syntax_error(reader.peek())
    return tuple(found)


def names(params: Mapping[str, str]) -> set[str]:
    """The names in `fields` at the top level; empty when they cannot be read."""
    try:
        return {asked.name for asked in parsed(params.get("fields", ""))}
    except GraphError:
        return set()


def only(value: dict[str, Any], asked: Field) -> dict[str, Any]:
    """`value`, or the members asked for in braces."""
    if not asked.fields:
        return value
    wanted = {member.name for member in asked.fields}
    return {name: item for name, item in value.items() if name in wanted}
