# Two commands for people: `make run` and `make test`. Everything is made inside the checkout: .venv and .runtime.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check --no-input

.PHONY: run test test-bluez check faults bench lock clean

run: .venv/ready
	@$(BIN)/maixun up

# Most tests wait for real servers and browsers, so a few at a time are faster than the cores are many. A file stays together.
test: .venv/ready
	@$(BIN)/python -m pytest -n 3 --dist loadfile

check: .venv/ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest tests/test_architecture.py

# The radio's stories against the real bluetoothd in a virtual machine: docs/bluez.md. Not part of `test`: it takes minutes.
test-bluez: .venv/ready
	@$(BIN)/python -m tests.bluez

faults: .venv/ready
	@$(BIN)/python -m tests.faults

bench: .venv/ready
	@$(BIN)/python -m tests.bench

# The last line makes the stamp, so an installation that failed half-way is done again.
.venv/ready: .venv/requirements .venv/assets pyproject.toml
	@echo "maixun: linking the checkout into .venv"
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/requirements: requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11 ...")'
	@echo "maixun: installing Python packages into .venv (once, a minute or two)"
	@$(PYTHON) -m venv .venv || { echo "the venv module is missing: apt-get install python3-venv" >&2; exit 1; }
	@$(PIP) install --require-hashes --requirement requirements/dev.txt
	@touch $@

.venv/assets: .venv/requirements $(wildcard assets/*.* assets/src/*/*.py)
	@echo "maixun: building the pages' JavaScript from its npm packages"
	@$(PIP) install --no-deps --no-build-isolation --force-reinstall ./assets
	@touch $@

# Written anew from pyproject.toml; needed only when a dependency changes.
lock: .venv/ready
	@requirements/lock

clean:
	rm -rf .venv .runtime assets/node_modules assets/src/maixun_assets/vendor
