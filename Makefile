# Two commands: `make demo` shows the product, `make test` proves it. Both set up what they need.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready
# Tests side by side: they wait for clocks and processes as much as they compute.
JOBS ?= 3

.PHONY: setup demo test lint format docs truth bench lock clean

setup: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Sextant needs Python 3.11 or newer.")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python lacks venv: install it with 'apt-get install python3-venv'." >&2; exit 1; }
	@echo "Setting up .venv (once) …" >&2
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . >&2
	@touch $@

demo: setup
	@$(BIN)/sextant demo $(ARGS)

test: setup
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

docs: setup
	$(BIN)/python -m sextant.glossary > docs/metrics.md

# Network × post kind × situation × 13 keys: what is answered against what should be. ARGS=--json for programs.
truth: setup
	$(BIN)/python -m tests.truth $(ARGS)

# Minutes on end. Each takes --json as well.
bench: setup
	$(BIN)/python bench/read.py
	$(BIN)/python bench/cost.py
	$(BIN)/python bench/live.py
	$(BIN)/python bench/freshness.py
	$(BIN)/python bench/scale.py
	$(BIN)/python bench/scale.py --postgres
	$(BIN)/python bench/history.py
	$(BIN)/python bench/memory.py
	$(BIN)/python bench/lateness.py
	$(BIN)/python bench/lateness.py --postgres
	$(BIN)/python bench/beside.py
	$(BIN)/python bench/beside.py --postgres
	$(BIN)/python bench/crash.py
	$(BIN)/python bench/crash.py --postgres
	$(BIN)/python bench/killing.py
	$(BIN)/python bench/killing.py --postgres

# The lock files name versions and hashes, never an index. What runs is what was tested: run.txt follows dev.txt.
PIN := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate -q
lock:
	$(PIN) --group dev -o requirements/dev.txt
	$(PIN) -c requirements/dev.txt -o requirements/run.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
