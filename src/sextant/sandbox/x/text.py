"""What X does with a post's text: weighted length, and links behind t.co (x.md §2.1, §2.3)."""

from __future__ import annotations

import hashlib
import re
from html import escape
from typing import Any

from twitter_text import extract_urls_with_indices, parse_tweet

LIMIT, PREMIUM_LIMIT = 280, 25_000
CASHTAG = re.compile(r"(?:^|(?<=\s))\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?![A-Za-z0-9_$])")


def weight(text: str) -> int:
    return int(parse_tweet(text).weightedLength)


def cashtags(text: str) -> int:
    return len(CASHTAG.findall(text))


def has_link(text: str) -> bool:
    return bool(extract_urls_with_indices(text))


def shown(text: str, post_id: str, media_url: str | None) -> tuple[str, list[dict[str, Any]]]:
    """The text as the API returns it, and `entities.urls` of its links; the medium's link comes last."""
    whole = f"{text} {media_url}".strip() if media_url else text
    out, urls, at = "", [], 0
    for link in extract_urls_with_indices(whole):
        first, end = link["indices"]
        out += escaped(whole[at:first])
        expanded = link["url"] if "://" in link["url"] else f"http://{link['url']}"
        short = "https://t.co/" + hashlib.sha256(f"{post_id} {expanded}".encode()).hexdigest()[:10]
        urls.append({"start": len(out), "end": len(out) + len(short), "url": short, "expanded_url": expanded})
        out, at = out + short, end
    return out + escaped(whole[at:]), urls


def escaped(text: str) -> str:
    # Not in x.md, but what X's API has always done with these three signs.
    return escape(text, quote=False)


def shortened(text: str) -> str:
    """The start of a text over everybody's limit: the whole is in the note (x.md «Two vocabularies»)."""
    return text if weight(text) <= LIMIT else text[: LIMIT // 2].rstrip() + "…"
