"""The truth table: what Sextant answers about each kind of post in each situation, against what it should.

    make truth                      python -m tests.truth [--json] [--network x]

A cell is what was got; a wrong one reads `expected ≠ got`. The expected values are data, written down from
shared/metrics.md and shared/platforms/*.md; the adapters' catalogues are not looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.truth import facebook, instagram, linkedin, tiktok, x, youtube
from tests.truth.stage import Got, started
from tests.truth.table import KEYS, Line, Wrong, counted, faults

NETWORKS = {
    "x": x,
    "linkedin": linkedin,
    "instagram": instagram,
    "facebook": facebook,
    "tiktok": tiktok,
    "youtube": youtube,
}
SHORT = {
    "unsupported": "uns",
    "not_applicable": "n/a",
    "not_authorized": "auth",
    "not_yet_available": "late",
    "expired": "old",
    "hidden": "hid",
    "withheld": "held",
    "not_published": "unp",
    "upstream_error": "err",
    "null": "null",
    None: "?",
}


async def run(lines: Sequence[Line]) -> list[Got]:
    with tempfile.TemporaryDirectory() as directory:
        async with started(Path(directory)) as stage:
            return await stage.got(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.truth", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--network", choices=NETWORKS, help="this one alone")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    chosen = {options.network: NETWORKS[options.network]} if options.network else NETWORKS
    lines = [line for module in chosen.values() for line in module.LINES]
    got = asyncio.run(run(lines))
    wrong = [fault for line, row in zip(lines, got, strict=True) for fault in faults(line, row)]
    print(json.dumps(report(lines, got, wrong)) if options.json else printed(lines, got, wrong))
    sys.exit(1 if wrong else 0)


# ---- for programs ----------------------------------------------------------------------------------


def report(lines: Sequence[Line], got: Sequence[Got], wrong: Sequence[Wrong]) -> dict[str, Any]:
    rows = [
        {**names(line), "expected": line.expected, "got": row} for line, row in zip(lines, got, strict=True)
    ]
    return {
        "cells": len(lines) * len(KEYS),
        "wrong": len(wrong),
        "faults": counted(wrong),
        "wrong_cells": [
            {**names(w.line), "key": w.key, "expected": w.expected, "got": w.got, "fault": w.fault}
            for w in wrong
        ],
        "left_out": {name: module.LEFT_OUT for name, module in NETWORKS.items()},
        "lines": rows,
    }


def names(line: Line) -> dict[str, str]:
    subject = line.subject
    return {
        "network": subject.network,
        "account": subject.account,
        "kind": subject.kind,
        "situation": line.situation.name,
    }


# ---- for people ------------------------------------------------------------------------------------


def printed(lines: Sequence[Line], got: Sequence[Got], wrong: Sequence[Wrong]) -> str:
    legend = ", ".join(f"{short} {reason}" for reason, short in SHORT.items() if reason)
    found = [legend, ""]
    heading = ""
    for line, row in zip(lines, got, strict=True):
        subject = line.subject
        title = f"{subject.network} · {subject.account} · {subject.kind}"
        if title != heading:
            heading = title
            found += ["", columns(title, [key.replace("video_", "v_") for key in KEYS])]
        bad = {w.key: f"{cell(w.expected)}≠{cell(w.got)}" for w in wrong if w.line is line}
        found.append(columns(f"  {line.situation.name}", [bad.get(key, cell(row[key])) for key in KEYS]))
    found += ["", *left_out(dict.fromkeys(line.subject.network for line in lines)), ""]
    found += [f"{name} {count}" for name, count in counted(wrong).items()]
    return "\n".join([*found, f"cells {len(lines) * len(KEYS)}, wrong {len(wrong)}"])


def columns(first: str, rest: Sequence[str]) -> str:
    return f"{first:<52}" + " ".join(f"{text[:15]:>11}" for text in rest)


def cell(value: Any) -> str:
    return SHORT[value] if isinstance(value, str | None) else str(value)


def left_out(networks: Iterable[str]) -> list[str]:
    return [
        f"left out: {name}, {situation}: {why}"
        for name in networks
        for situation, why in NETWORKS[name].LEFT_OUT.items()
    ]


if __name__ == "__main__":
    main()
