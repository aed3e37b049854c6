"""X: a text as X counts it, and as it comes back (x.md §2.1, §2.3)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from html import unescape
from typing import Any, NamedTuple
from urllib.parse import unquote

from twitter_text import extract_urls_with_indices, parse_tweet

from sextant.platforms.shape import mapping, objects
from sextant.platforms.shape import text as text_of

TEXT_MAX = 280
FORBIDDEN = frozenset("\ufeff\ufffe\uffff")

# The rule of X's own twitter-text: up to six letters, and one or two more after a dot or an underscore.
CASHTAG = re.compile(r"(?<!\S)\$[a-z]{1,6}(?:[._][a-z]{1,2})?(?=$|[\s!-/:-@\[-`{-~])", re.IGNORECASE)


def weighted_length(text: str) -> int:
    """Characters as X counts them: links 23, emoji and most scripts outside Latin 2 (x.md §2.3)."""
    return int(parse_tweet(text).weightedLength)


def cashtags(text: str) -> int:
    return len(CASHTAG.findall(text))


def unprintable(text: str) -> bool:
    """Whether it holds a character that X takes in no text (twitter-text: U+FEFF and non-characters)."""
    return not FORBIDDEN.isdisjoint(text)


class Words(NamedTuple):
    """A text taken apart. A link is None where X does not tell what is behind its t.co address."""

    words: str
    links: tuple[str | None, ...]

    def same(self, other: Words) -> bool | None:
        """None: nobody can tell, for there is nothing but a link that X does not show."""
        if self.words != other.words or len(self.links) != len(other.links):
            return False
        if None in (*self.links, *other.links):
            return True if self.words else None
        return self.links == other.links


def written(text: str) -> Words:
    """A text as its author wrote it."""
    return taken_apart(text, {})


def shown(post: Mapping[str, Any]) -> Words:
    """The text of a post as the API gives it: shortened links, escaped signs, the link to its own media.

    Text over 280 is whole only in `note_post`, called `note_tweet` until 2026-08-07.
    """
    note = mapping(post.get("note_post")) or mapping(post.get("note_tweet"))
    whole = note or post
    expanded = {
        str(url.get("url")): str(url["expanded_url"])
        for url in objects(mapping(whole.get("entities")).get("urls"))
        if text_of(url.get("expanded_url"))
    }
    own = f"/status/{post.get('id')}/"
    found = taken_apart(unescape(text_of(whole.get("text")) or ""), expanded, known_only=True)
    return Words(found.words, tuple(link for link in found.links if link is None or own not in link))


def taken_apart(text: str, expanded: Mapping[str, str], known_only: bool = False) -> Words:
    links: list[str | None] = []
    for link in reversed(extract_urls_with_indices(text)):
        first, end = link["indices"]
        text = f"{text[:first]} {text[end:]}"
        behind = expanded.get(link["url"]) if known_only else link["url"]
        links.append(None if behind is None else plain(behind))
    return Words(" ".join(unicodedata.normalize("NFC", text).split()), tuple(reversed(links)))


def plain(link: str) -> str:
    """A link without what X may add to it or take away: scheme, last slash, escapes, capitals in the host."""
    rest = unquote(link.partition("://")[2] or link)
    host, slash, path = rest.partition("/")
    return (host.lower() + slash + path).rstrip("/")
