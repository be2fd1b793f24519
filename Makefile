# Two commands do everything on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= out/toulouse_2021_2026
CHECK_PATHS := kernels sim experiments scenarios tests

.PHONY: run test install bench lint clean help

help:
	@echo "make run      run the shipped roadmap and its baseline, print the path of report.html"
	@echo "make test     lint, types, layer rules, all tests"
	@echo "make install  create $(VENV) with all that run, test and bench need"
	@echo "make bench    measure the promises (BENCH=\"--peers ... --tntp ... --real ...\")"

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	@touch $@

install: $(VENV)/.installed

run: install
	$(BIN)/rebond run scenarios/toulouse_2021_2026.yaml --out $(OUT) --force

lint: install
	$(BIN)/ruff check $(CHECK_PATHS)
	$(BIN)/ruff format --check $(CHECK_PATHS)
	$(BIN)/mypy

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile

bench: install
	$(BIN)/python -m experiments.benchmarks $(BENCH)

clean:
	rm -rf $(VENV) out build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
