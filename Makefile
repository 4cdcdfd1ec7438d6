# Needs python3 (3.11 or newer) and make, nothing else. `make` lists the targets.

VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
FIND_PYTHON := for python in python3 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; \
	done
PYTHON ?= $(shell $(FIND_PYTHON))
PYTEST_ARGS ?= -n 2
DEMO_ARGS ?=
SOAK_MINUTES ?= 10
BENCH_ARGS ?=
LOCK_ARGS ?=

# The environment is our own: what points Python or pip elsewhere stays outside, mirrors and certificates come along.
unexport PYTHONHOME PYTHONPATH PYTHONSTARTUP VIRTUAL_ENV
unexport PIP_BUILD_CONSTRAINT PIP_CONSTRAINT PIP_DRY_RUN PIP_EDITABLE PIP_PREFIX PIP_PYTHON PIP_REQUIREMENT PIP_ROOT PIP_TARGET
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_DEPS := 0
export PIP_NO_INPUT := 1
export PIP_REQUIRE_HASHES := 0
export PIP_USER := 0

INSTALL = -m pip install --quiet --require-hashes --only-binary :all: --requirement
LOCK = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header $(LOCK_ARGS)

# $(call step,name,command): run one check, or stop and say which one failed.
step = printf '\n[%s] %s\n' '$(1)' '$(2)'; $(BIN)/$(2) || { printf '\nmake test: %s failed\n' '$(1)' >&2; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help setup demo test soak bench format lock build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(VENV)/.installed ## make .venv from the hashed requirements, with petiole in it (editable)

demo: setup ## run the main job against the sandbox on this machine (DEMO_ARGS="--profiles 500")
	@$(BIN)/petiole demo $(DEMO_ARGS)

test: setup ## run every check: format, lint, types, import contracts, tests (PYTEST_ARGS="-n 2")
	@$(call step,format,ruff format --check .)
	@$(call step,lint,ruff check .)
	@$(call step,types,mypy)
	@$(call step,imports,lint-imports --no-logo)
	@$(call step,tests,pytest $(PYTEST_ARGS))
	@printf '\nmake test: everything passed\n'

soak: setup ## simulate worlds with new seeds until one fails or time is up (SOAK_MINUTES=10)
	@$(BIN)/python -m tests.simulation --minutes $(SOAK_MINUTES)

bench: setup $(PEERS)/.requirements ## measure beside peers in .venv-peers, in minutes (BENCH_ARGS="--quick bench_sync")
	@$(BIN)/python -m tests.benchmarks $(BENCH_ARGS)

format: setup ## format the code and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: setup ## resolve requirements/*.txt again (LOCK_ARGS=--upgrade takes newer versions)
	$(LOCK) pyproject.toml --group dev --output-file requirements/dev.txt
	$(LOCK) pyproject.toml --constraint requirements/dev.txt --output-file requirements/runtime.txt
	$(LOCK) --group peers --output-file requirements/peers.txt

build: setup ## build the sdist, and the wheel from it, into dist/
	$(BIN)/python -m build --no-isolation

clean: ## remove what builds and checks leave behind; the environments stay
	rm -rf build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv*/*' -type d -prune -exec rm -rf {} +

$(VENV)/.requirements: requirements/dev.txt
	@test -n "$(PYTHON)" || { echo 'petiole needs Python 3.11 or newer: install one, or name it: make PYTHON=/path/to/python3' >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'petiole needs Python 3.11 or newer, and $(PYTHON) is not: make PYTHON=/path/to/python3' >&2; exit 1; }
	@"$(BIN)/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || "$(PYTHON)" -m venv --clear $(VENV)
	$(BIN)/python $(INSTALL) requirements/dev.txt
	@touch $@

$(PEERS)/.requirements: requirements/peers.txt | $(VENV)/.requirements
	@"$(PEERS)/bin/python" -c 'import pip' 2>/dev/null || $(BIN)/python -m venv --clear $(PEERS)
	$(PEERS)/bin/python $(INSTALL) requirements/peers.txt
	@touch $@

# The entry points and the manifest are copied when petiole is installed, also in an editable install.
$(VENV)/.installed: $(VENV)/.requirements pyproject.toml plugin.toml
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
