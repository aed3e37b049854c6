"""What X does with a post's text: weighted length, and links behind t.co (x.md §2.1, §2.3)."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from twitter_text import parse_tweet

LINK = re.compile(r"https?://\S+")
LIMIT, PREMIUM_LIMIT = 280, 25_000
CASHTAG = re.compile(r"(?:^|(?<=\s))\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?![A-Za-z0-9_$])")


def weight(text: str) -> int:
    return int(parse_tweet(text).weightedLength)


def cashtags(text: str) -> int:
    return len(CASHTAG.findall(text))


def shown(text: str, post_id: str, media_url: str | None) -> tuple[str, list[dict[str, Any]]]:
    """The text as the API returns it, and `entities.urls` of its links; the medium's link comes last."""
    whole = f"{text} {media_url}".strip() if media_url else text
    out, urls, at = "", [], 0
    for link in LINK.finditer(whole):
        out += whole[at : link.start()]
        short = "https://t.co/" + hashlib.sha256(f"{post_id} {link[0]}".encode()).hexdigest()[:10]
        urls.append({"start": len(out), "end": len(out) + len(short), "url": short, "expanded_url": link[0]})
        out, at = out + short, link.end()
    return out + whole[at:], urls


def shortened(text: str) -> str:
    """The start of a text over everybody's limit: the whole is in the note (x.md «Two vocabularies»)."""
    return text if weight(text) <= LIMIT else text[: LIMIT // 2].rstrip() + "…"
