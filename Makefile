# Everything a developer or the CI runs. `make` without a target lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# The interpreter of .venv: the first of these that is 3.11 or newer. `make setup PYTHON=python3.13` names one.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11

# Test processes side by side. Each that needs one starts a control plane of its own, of about 320 MB.
WORKERS ?= $(shell cpus=$$(nproc 2>/dev/null || echo 2); echo $$((cpus < 4 ? cpus : 4)))

# Given to pytest as it is, e.g. `make unit PYTEST_ARGS="-k dmarc -x"`.
PYTEST_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed-dependencies
READY := $(VENV)/installed-mailseal
GSS := $(VENV)/installed-gss
UNIT_TESTS := tests/records tests/domain tests/planning
CRD_DIRS := crds charts/mailseal/crds

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: setup
setup: $(READY) servers $(GSS) programs ## Install all that the tests need: .venv, name servers, the control plane

.PHONY: test
test: setup lint crd-drift ## Set up, then run every check and every test
	$(BIN)/pytest -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

# Given to the demo as it is: `make demo DEMO_ARGS=--keep` leaves everything running until Ctrl-C.
DEMO_ARGS ?=

.PHONY: demo
demo: setup ## Show mailseal at work, on a real API server and a real BIND
	@PYTHONPATH=examples:tests $(BIN)/python -m demo $(DEMO_ARGS)

.PHONY: unit
unit: $(READY) ## Run the tests of pure code only: no server, no control plane
	$(BIN)/pytest -n $(WORKERS) $(wildcard $(UNIT_TESTS)) $(PYTEST_ARGS)

.PHONY: lint
lint: $(READY) ## Check style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: $(READY) ## Rewrite the sources in the project's style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Given to the benchmark as it is, e.g. `make bench BENCH_ARGS="--domains 3000 --algorithm Ed25519"`.
BENCH_ARGS ?=

.PHONY: bench
bench: setup ## Measure what N mail domains cost, on a real API server and BIND
	PYTHONPATH=tests $(BIN)/python -m bench $(BENCH_ARGS)

.PHONY: crds
crds: $(READY) ## Generate the CRDs from the models in operator/mailseal/domain
	for directory in $(CRD_DIRS); do $(BIN)/python -m mailseal.domain.crds "$$directory"; done

.PHONY: crd-drift
crd-drift: $(READY)
	@generated=$$(mktemp -d); trap 'rm -rf "$$generated"' EXIT; \
	$(BIN)/python -m mailseal.domain.crds "$$generated"; \
	for directory in $(CRD_DIRS); do \
	  diff -ru "$$directory" "$$generated" || \
	    { echo "$$directory is not what the models say: run make crds and commit the result." >&2; exit 1; }; \
	done

# The versions in requirements/ stay as they are unless pyproject.toml no longer allows them;
# `make lock LOCK_ARGS=--upgrade` moves all of them to the newest.
LOCK_ARGS ?=
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(LOCK_ARGS)

.PHONY: lock
lock: $(READY) ## Write requirements/*.txt, the pinned and hashed dependencies, from pyproject.toml
	$(BIN)/python -m pip install --quiet uv==0.13.9
	$(LOCK) --extra all --extra dev --output-file requirements/dev.txt pyproject.toml
	$(LOCK) --extra all --constraint requirements/dev.txt --output-file requirements/base.txt pyproject.toml
	echo hatchling | $(LOCK) --constraint requirements/dev.txt --output-file requirements/build.txt -
	echo 'gssapi<2' | $(LOCK) --constraint requirements/dev.txt --output-file requirements/gss.txt -

.PHONY: clean
clean: ## Remove .venv and everything generated; the built control plane stays in the user's cache
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find operator tests -type d -name __pycache__ -prune -exec rm -rf {} +

.PHONY: servers
servers:
	@tests/support/setup/servers.sh

.PHONY: programs
programs: $(READY)
	@PYTHONPATH=tests $(BIN)/python -m support.binaries >/dev/null

$(INSTALLED): requirements/dev.txt
	python=$$(tests/support/setup/python.sh $(PYTHON)); "$$python" -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	touch $@

$(READY): $(INSTALLED) pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# Apart from the others, since it is compiled against the Kerberos library that `servers` installs.
$(GSS): requirements/gss.txt $(INSTALLED) | servers
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	touch $@
