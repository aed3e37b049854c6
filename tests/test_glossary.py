"""docs/metrics.md is what the catalogues say."""

from __future__ import annotations

from pathlib import Path

from sextant.glossary import REASONS, page
from sextant.metrics import KEYS, Reason
from sextant.platforms import PLATFORMS

PAGE = Path(__file__).parent.parent / "docs" / "metrics.md"


def test_the_committed_page_is_the_generated_one() -> None:
    assert PAGE.read_text() == page(PLATFORMS), "a catalogue has changed: run `make docs`"


def test_the_page_has_every_network_key_and_reason() -> None:
    text = page(PLATFORMS)
    assert set(REASONS) == set(Reason)
    for platform in PLATFORMS.values():
        section = text.partition(f"\n## {platform.title}\n")[2].partition("\n## ")[0]
        rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
        assert [row[1].strip(" `") for row in rows] == list(KEYS)
        assert all(len(row) == 7 and all(cell.strip() for cell in row[1:6]) for row in rows)
