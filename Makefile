PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
READY  := $(VENV)/.ready

# Tests side by side, a process for each core; whoever is done takes over from the others.
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal

.PHONY: run test slow docker fast lint types bench clean

run: $(READY)            ## serve Cortex and print where: sign in, send a message, look at its waterfall
	$(BIN)/edge dev cortex

test: $(STAMP)           ## the tests; what a test needs and cannot find is skipped with the reason
	$(PYTEST) -m "not slow"

slow: $(STAMP)           ## the slow ones: many seeds, hundreds of kills, days of an app, recorded answers
	$(PYTEST) -m slow

docker: $(STAMP)         ## the tests of the docker engine, on a daemon of their own; needs root and dockerd
	tests/sandbox/engines/docker/dockerd.sh run $(BIN)/python -m pytest -m docker -n 3

fast: $(STAMP)           ## tests that take no more than a moment
	$(PYTEST) -m "not slow and not browser and not peers and not docker"

lint: $(STAMP)           ## style, banned APIs, types
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(STAMP)          ## measure, beside the peers that are installed
	$(BIN)/python -m benchmarks

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "cortex-edge needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "this Python has no venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(READY): pyproject.toml | $(BIN)/python  # what serving needs; compiled when it is imported: most of it never is
	@echo "Installing what serving needs into $(VENV); only the first time"
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -e .
	@touch $@

$(STAMP): pyproject.toml | $(BIN)/python
	@echo "Installing what tests need into $(VENV); only the first time"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@ $(READY)

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache
