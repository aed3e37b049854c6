"""Rest.li query syntax, read from the raw query: structure is bare `( ) : ,`, everything else is encoded."""

from __future__ import annotations

from urllib.parse import unquote_plus

from sextant.sandbox.linkedin.errors import Refused, invalid

Value = str | list["Value"] | dict[str, "Value"]

STRUCTURE = "(),:'"


def parsed(raw_query: str, protocol: str) -> dict[str, Value]:
    """The query's parameters. Protocol 1 knows no `List(…)`: there every value is a text."""
    pairs = [pair.partition("=") for pair in raw_query.split("&") if pair]
    if protocol != "2.0.0":
        return {unquote_plus(name): unquote_plus(value) for name, _, value in pairs}
    return {unquote_plus(name): Reader(value).whole() for name, _, value in pairs}


class Reader:
    """Reads one parameter's value, left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def whole(self) -> Value:
        value = self.value()
        if self.at != len(self.text):
            raise wrong()
        return value

    def value(self) -> Value:
        if self.took("List("):
            return self.items()
        return self.record() if self.took("(") else self.word()

    def items(self) -> list[Value]:
        if self.took(")"):
            return []
        found = [self.value()]
        while self.took(","):
            found.append(self.value())
        self.must(")")
        return found

    def record(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while not found or self.took(","):
            name = self.word()
            self.must(":")
            found[name] = self.value()
        self.must(")")
        return found

    def word(self) -> str:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in STRUCTURE:
            self.at += 1
        return unquote_plus(self.text[start : self.at])

    def took(self, token: str) -> bool:
        found = self.text.startswith(token, self.at)
        self.at += len(token) * found
        return found

    def must(self, token: str) -> None:
        if not self.took(token):
            raise wrong()


def wrong() -> Refused:
    return invalid("Invalid query parameters passed to request", "ILLEGAL_ARGUMENT")
