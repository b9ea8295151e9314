# Two commands for a new machine: `make demo` and `make test`. Everything they set up lives in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test check soak bench picture clean

help:
	@echo 'make demo      open the console on a built-in fleet; nothing else is needed'
	@echo 'make test      all checks and tests; those on real hosts with DOCKCON_LAB=1 or CI=1 (root)'
	@echo 'make soak      the long matrices and series on real hosts (root)'
	@echo 'make bench     the benchmarks on real hosts (root)'
	@echo 'make picture   the picture of the README, from the demo'

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'Python 3.11 or newer is needed; set PYTHON=/path/to/python3.x'; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
	  || { echo 'Python lacks its venv module: apt-get install python3-venv'; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: $(VENV)/.ready
	@$(BIN)/dockcon --demo

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The virtual environment comes first on the PATH, so that tests find the installed `dockcon`.
test: check
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/pytest -m 'not soak'

soak: $(VENV)/.ready
	PATH="$(abspath $(BIN)):$$PATH" DOCKCON_LAB=1 $(BIN)/pytest -m 'lab or soak'

bench: $(VENV)/.ready
	PATH="$(abspath $(BIN)):$$PATH" DOCKCON_LAB=1 $(BIN)/python -m tests.bench

picture: $(VENV)/.ready
	$(BIN)/python -m tests.ui.shots docs/console.svg --fleet demo --size 120x38

clean:
	rm -rf $(VENV) dist build
