# The contributor's menu. `make demo` and `make test` set everything up on a machine that has
# Python 3.11+, make and git; nothing else is needed beforehand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo ui browser test test-fast check format bench fields notebooks mlflow lock hooks clean

help:
	@echo "make demo       a whole working restaurant in ./demo (CUSTOMERS=10000 SEED=0)"
	@echo "make ui         build the page (nothing is done while its sources are unchanged)"
	@echo "make test       make check, then every test"
	@echo "make test-fast  the tests without the long suites"
	@echo "make check      format, lint, types, import floors"
	@echo "make format     rewrite the code as make check wants it"
	@echo "make bench      speed and memory beside the peers (SIZE=100000)"
	@echo "make fields     write segml.fields anew from the library"
	@echo "make notebooks  open the notebooks in JupyterLab"
	@echo "make mlflow     the models of ./demo in MLflow's pages, on this machine only"
	@echo "make lock       renew requirements.lock (names and versions only)"
	@echo "make hooks      run make check's parts before every commit"
	@echo "make clean      remove what was built here"

demo: $(READY) ui
	$(BIN)/segml demo --workspace demo --customers $(or $(CUSTOMERS),10000) --seed $(or $(SEED),0)

ui: $(READY)
	$(BIN)/python ui/build.py

# Debian's Chromium, where it is missing and we may install it; without one the page's tests skip.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
	  { echo "Chromium is missing; installing it"; \
	    SUDO=$$([ "$$(id -u)" = 0 ] || echo "sudo -n"); \
	    { $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq chromium; } >/dev/null 2>&1 || \
	    echo "NO BROWSER, SO THE PAGE IS NOT TESTED: apt-get install chromium" >&2; }

test: check ui browser
	$(BIN)/python ui/build.py test
	$(BIN)/python -m pytest -n auto --dist worksteal --hypothesis-profile thorough

test-fast: $(READY)
	POLARS_MAX_THREADS=1 $(BIN)/python -m pytest -m "not slow" -n auto --dist worksteal

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)
	$(BIN)/python -m benchmarks $(or $(SIZE),100000)

fields: $(READY)
	$(BIN)/python tests/fields_source.py
	$(BIN)/ruff format src/segml/fields.py

notebooks: $(READY)
	@test -x $(BIN)/jupyter-lab || \
	  { echo "JupyterLab is missing. Install it: $(BIN)/python -m pip install -e '.[notebooks]'" >&2; exit 1; }
	$(BIN)/jupyter-lab --notebook-dir notebooks

mlflow: $(READY)
	@test -f demo/mlflow.db || \
	  { echo "No model of ./demo was trained yet: make demo" >&2; exit 1; }
	MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=true $(BIN)/mlflow ui \
	  --backend-store-uri sqlite:///demo/mlflow.db --host 127.0.0.1

lock: | $(BIN)/python
	$(BIN)/python -m pip install --quiet "uv>=0.9"
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 \
	  --upgrade --no-header --no-annotate --quiet --output-file requirements.lock

hooks: $(READY)
	$(BIN)/pre-commit install

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

$(READY): pyproject.toml requirements.lock | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --constraint requirements.lock --editable ".[postgres,sqlite]" --group dev
	@touch $(READY)

# Debian splits venv off its Python: where it is missing and we may, install it; else say how to.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "segml needs Python 3.11 or later; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv is missing; installing it"; \
	    SUDO=$$([ "$$(id -u)" = 0 ] || echo "sudo -n"); \
	    { $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq python3-venv; } >/dev/null || \
	    { echo "Install Python's venv first: apt-get install python3-venv" >&2; exit 1; }; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
