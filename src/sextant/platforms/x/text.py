"""X: a text as X counts it, and as it comes back (x.md §2.1, §2.3)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import unquote

from twitter_text import parse_tweet

from sextant.platforms.shape import mapping, objects
from sextant.platforms.shape import text as text_of

TEXT_MAX = 280
SCHEME = re.compile(r"https?://", re.IGNORECASE)
NAME = re.compile(r"(?:[\w-]+\.)+[\w-]+")
SWALLOWED = re.compile(r"(\.[a-z0-9-]{2,})[^\x00-\x7f][^\s/]*(?=/)")
LAST_SLASH = re.compile(r"/+(?=\s|$)")
A_LINK = r"\S*\w\.\w\S*"
SHORTENED = re.compile(r"\bt\.co/\w+")
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


def same_text(mine: str, post: Mapping[str, Any]) -> bool | None:
    """Whether a post as the API gives it has this text; None: nobody can tell, for it is nothing but a link
    that X does not show.

    Links are told by what X shows behind them and not looked for in the text: which names are links depends
    on a list of top level domains that X renews.
    """
    wanted, found = plain(mine), plain(whole_text(post))
    parts = SHORTENED.split(found)
    if wanted == found or len(parts) == 1:
        return wanted == found
    fits = re.fullmatch(A_LINK.join(map(re.escape, parts)), wanted) is not None
    return None if fits and not "".join(parts).strip() else fits


def whole_text(post: Mapping[str, Any]) -> str:
    """A post's text as its author wrote it: links and signs put back, the link to its own media taken out.

    Text over 280 is whole only in `note_post`, called `note_tweet` until 2026-08-07.
    """
    note = mapping(post.get("note_post")) or mapping(post.get("note_tweet"))
    whole = note or post
    text = unescape(text_of(whole.get("text")) or "")
    own = f"/status/{post.get('id')}/"
    for link in objects(mapping(whole.get("entities")).get("urls")):
        short, behind = text_of(link.get("url")), text_of(link.get("expanded_url"))
        if short and behind:
            text = text.replace(short, "" if own in behind else behind)
    return text


def plain(text: str) -> str:
    """A text without what X may change of links: schemes, last slashes, escapes, capitals in names.

    Schemes go first: X puts one before a link, which may begin in the midst of a word (`a.com` in `Üa.com`)
    or of an escape. What other scripts follow a name without a scheme before its path X takes for a part of
    the link and then loses: twitter-text makes `foo.com/x` of `foo.comと日本.jp/x`.
    """
    text = unquote(SCHEME.sub("", unicodedata.normalize("NFC", text)))
    text = NAME.sub(lambda found: found[0].lower(), text)
    text = SWALLOWED.sub(r"\1", text)
    return " ".join(LAST_SLASH.sub("", text).split())
