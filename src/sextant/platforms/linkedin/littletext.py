"""LinkedIn's «little text format» (linkedin.md §2.3)."""

from __future__ import annotations

import re

RESERVED = re.compile(r"[|{}@\[\]()<>\\*_~]|(?<=\w)#|#(?![^\W_])")
HASHTAG = re.compile(r"\{hashtag\|\\?#\|([^}]*)\}")
ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def little_text(text: str) -> str:
    """Escaped; hashtags stay bare. Unescaped reserved characters cut the post off silently."""
    return RESERVED.sub(lambda found: "\\" + found.group(), text)


def same_text(commentary: str, text: str) -> bool:
    """Whether a commentary as it reads back is this text; blanks and line ends do not count."""
    shown = ESCAPED.sub(r"\1", HASHTAG.sub(r"#\1", commentary))
    return shown.split() == text.split()
