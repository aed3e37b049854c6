"""Rules of the house that a reader should not have to check by eye."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sextant.api.failures import CODES
from sextant.config import Settings
from sextant.metrics import KEYS, Reason
from sextant.platforms import PLATFORMS
from sextant.platforms.catalogue import Never, Source

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "sextant"
NAMES = re.compile(r"\b(twitter|linkedin|instagram|facebook|tiktok|youtube)\b", re.IGNORECASE)


def modules(*rooms: str) -> Iterator[Path]:
    for path in sorted(SOURCE.rglob("*.py")):
        if not rooms or path.relative_to(SOURCE).parts[0] in rooms:
            yield path


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_a_platforms_name_appears_only_in_its_rooms() -> None:
    for path in modules():
        if path.relative_to(SOURCE).parts[0] in ("platforms", "sandbox"):
            continue
        tree = ast.parse(path.read_text())
        texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        names = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name)]
        docstrings = {
            ast.get_docstring(n, clean=False)
            for n in ast.walk(tree)
            if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        }
        for text in [t for t in texts if t not in docstrings] + names:
            assert not NAMES.search(text), f"{path}: {text!r}"


def test_adapters_and_simulated_networks_do_not_know_each_other() -> None:
    for path in modules("sandbox"):
        assert not {m for m in imported(path) if m.startswith(("sextant.platforms", "sextant.http"))}, path
    for path in modules("platforms"):
        assert not {m for m in imported(path) if m.startswith(("sextant.sandbox", "sextant.store"))}, path


def test_sql_is_in_the_store_and_the_api_talks_to_no_network() -> None:
    for path in modules():
        if path.relative_to(SOURCE).parts[0] != "store":
            known = {"sqlalchemy.exc", "sqlalchemy.ext.asyncio"}
            assert not {m for m in imported(path) if m.startswith("sqlalchemy")} - known, path
    for path in modules("api"):
        assert not {m for m in imported(path) if m in ("sextant.http", "aiohttp")}, path


def test_functions_and_files_stay_small() -> None:
    lengths = []
    for path in modules():
        text = path.read_text()
        assert text.count("\n") <= 400, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                assert length <= 60, f"{path}: {node.name}"
                lengths.append(length)
    assert sorted(lengths)[len(lengths) // 2] < 10


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    for name in Settings.model_fields:
        assert f"`SEXTANT_{name.upper()}`" in text, name
    for platform in PLATFORMS.values():
        if len(platform.logins) > 1:
            assert ", ".join(f"`{login}`" for login in platform.logins) in text, platform.name


def test_every_reason_and_refusal_is_documented() -> None:
    text = (ROOT / "docs" / "api.md").read_text()
    for reason in Reason:
        assert f"| `{reason.value}` |" in text
    for status, code in CODES.items():
        assert f"| {status} | `{code}` |" in text


@pytest.mark.parametrize("name", list(PLATFORMS))
def test_each_catalogue_has_the_thirteen_keys_with_a_note(name: str) -> None:
    catalogue = PLATFORMS[name].catalogue
    assert list(catalogue) == list(KEYS)
    for key, entry in catalogue.items():
        assert entry.note, key
        assert isinstance(entry, Never) or (isinstance(entry, Source) and entry.paths), key


def test_lock_files_name_no_address() -> None:
    for path in (ROOT / "requirements").iterdir():
        text = path.read_text()
        assert not re.search(r"https?://|file://|--index|--find-links", text), path
        assert text.count("--hash=sha256:") > text.count("=="), path
