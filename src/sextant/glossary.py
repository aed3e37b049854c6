"""docs/metrics.md, written from the catalogues: `python -m sextant.glossary` prints it.

In the package and not beside the documents, so that it is typed, tested and at hand wherever the catalogues
are. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sextant.metrics import Reason
from sextant.platforms import PLATFORMS
from sextant.platforms.base import Platform
from sextant.platforms.catalogue import Kind, MemberAt, Never, RawPath, Source, SumAt

HEAD = """# What each number is, network by network

Written from the catalogues by `make docs`; do not edit by hand. One key has one meaning on every network, and
a number is given only where the network itself reports that very thing. The date in a definition is the date
of the knowledge; without one it is 2026-11-23, the state of what is known of the networks. A null says why in
`missing`:

"""
REASONS: Mapping[Reason, str] = {
    Reason.UNSUPPORTED: "this network has no such number for posts",
    Reason.NOT_APPLICABLE: "not for this kind of post",
    Reason.NOT_AUTHORIZED: "a scope, role, tier or app review is missing",
    Reason.NOT_YET_AVAILABLE: "the network publishes it later",
    Reason.EXPIRED: "the network no longer reports it for a post of this age",
    Reason.HIDDEN: "the owner hides it",
    Reason.WITHHELD: "held back by the network for privacy (too few people)",
    Reason.NOT_PUBLISHED: "the destination has no native post yet",
    Reason.UPSTREAM_ERROR: "the network did not answer properly; see `error`",
}
NOTICE = """
Beside what the tables name, every number can be null with `not_authorized`, `expired` or `upstream_error`
when the network says so of this account, this post or this moment.
"""
COLUMNS = ("key", "raw field, first present wins", "unit", "definition, delay, date", "null")


def page(platforms: Mapping[str, Platform]) -> str:
    """The whole document, in Markdown."""
    reasons = table(("reason", "meaning"), [(f"`{reason}`", text) for reason, text in REASONS.items()])
    sections = [section(platform) for platform in platforms.values()]
    return HEAD + reasons + NOTICE + "".join(sections)


def section(platform: Platform) -> str:
    rows = [row(key, entry) for key, entry in platform.catalogue.items()]
    return f"\n## {platform.title}\n\n{table(COLUMNS, rows)}"


def row(key: str, entry: Source | Never) -> tuple[str, ...]:
    if isinstance(entry, Never):
        return f"`{key}`", "–", "–", entry.note, f"always: `{entry.reason}`"
    paths = ", ".join(map(named, entry.paths))
    return f"`{key}`", paths, unit(entry), entry.note, "; ".join(nulls(entry))


def named(path: RawPath) -> str:
    """A path as a reader finds it in `raw_metrics`."""
    kinds = "" if path.kinds is None else f" ({listed(path.kinds)})"
    match path:
        case SumAt():
            return f"sum of `{path.path}`{kinds}"
        case MemberAt():
            return f"`{path.path}.{path.member}`{kinds}"
        case _:
            return f"`{path.path}`{kinds}"


def unit(entry: Source) -> str:
    return entry.unit if entry.factor is None else f"{entry.unit}, raw × {entry.factor}"


def nulls(entry: Source) -> Iterator[str]:
    yield f"`{entry.absent}` where the answer lacks it"
    if entry.kinds is not None:
        yield f"`{Reason.NOT_APPLICABLE}` but for {listed(entry.kinds)}"


def listed(kinds: frozenset[Kind]) -> str:
    """In the order of Kind: a set has none of its own."""
    return ", ".join(kind for kind in Kind if kind in kinds)


def table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)


if __name__ == "__main__":
    print(page(PLATFORMS), end="")
