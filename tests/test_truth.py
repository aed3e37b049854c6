"""A small part of the truth table runs here, so that it cannot rot; `make truth` runs the whole."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from sextant import reporting
from sextant.metrics import KEYS, Reason
from sextant.normalize import normalize
from tests.truth.__main__ import NETWORKS, printed, report, run
from tests.truth.table import KEYS as COLUMNS
from tests.truth.table import NULL, counted, fault_of, faults, got_row

SITUATIONS = (
    "full rights",
    "missing scope",
    "wrong role",
    "lower tier",
    "too old",
    "hidden by owner",
    "deleted",
    "just published",
    "metric withdrawn",
    "network down",
)


async def test_the_first_subject_of_each_network_in_every_situation() -> None:
    lines = [
        line
        for module in NETWORKS.values()
        for line in module.LINES
        if line.subject is module.LINES[0].subject
    ]
    got = await run(lines)
    wrong = [fault for line, row in zip(lines, got, strict=True) for fault in faults(line, row)]
    assert report(lines, got, wrong)["wrong_cells"] == []
    assert printed(lines, got, wrong).endswith(f"cells {len(lines) * 13}, wrong 0")


async def test_the_table_sees_made_up_zeros_and_lost_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*asked: Any) -> Any:
        metrics, _ = normalize(*asked)
        lost = {key: Reason.EXPIRED for key, value in metrics.items() if value == 0}
        made_up = {key: None if key in lost else value or 0 for key, value in metrics.items()}
        return made_up, lost

    monkeypatch.setattr(reporting, "normalize", wrong)
    lines = [line for line in NETWORKS["youtube"].LINES if line.situation.name == "full rights, true zeros"]
    [got] = await run(lines)
    found = counted(list(faults(lines[0], got)))
    assert found == {"fake zero": 7, "lost zero": 6, "wrong reason": 0, "wrong number": 0}


@pytest.mark.parametrize("name", list(NETWORKS))
def test_every_situation_is_in_the_table_or_left_out_with_a_reason(name: str) -> None:
    module = NETWORKS[name]
    told = [line.situation.name for line in module.LINES] + [line.subject.account for line in module.LINES]
    for situation in SITUATIONS:
        assert any(text.startswith(situation) for text in [*told, *module.LEFT_OUT]), situation


def test_every_expected_cell_is_a_number_or_a_reason() -> None:
    assert COLUMNS == KEYS
    for module in NETWORKS.values():
        for line in module.LINES:
            assert tuple(line.expected) == KEYS
            assert {c for c in line.expected.values() if isinstance(c, str)} <= {*Reason, NULL}
            assert set(line.situation.changes) <= set(KEYS)


@pytest.mark.parametrize("name", ["table", *NETWORKS])
def test_what_is_expected_is_written_down_without_looking_at_sextant(name: str) -> None:
    tree = ast.parse((Path(__file__).parent / "truth" / f"{name}.py").read_text())
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not [module for module in imported if module.startswith("sextant")]


@pytest.mark.parametrize(
    ("expected", "got", "fault"),
    [
        (0, 0, None),
        (7, 7, None),
        ("expired", "expired", None),
        (NULL, "expired", None),
        ("expired", 0, "fake zero"),
        (NULL, 0, "fake zero"),
        (0, "expired", "lost zero"),
        (0, None, "lost zero"),
        ("expired", "hidden", "wrong reason"),
        ("expired", None, "wrong reason"),
        ("expired", 7, "wrong number"),
        (7, 0, "wrong number"),
        (7, "hidden", "wrong number"),
    ],
)
def test_each_fault_has_its_name(expected: int | str, got: int | str | None, fault: str | None) -> None:
    assert fault_of(expected, got) == fault


def test_a_number_with_a_reason_or_a_null_without_one_counts_as_neither() -> None:
    row = got_row({"likes": 1, "comments": None, "shares": 0}, {"likes": "hidden"})
    assert (row["likes"], row["comments"], row["shares"]) == (None, None, 0)
