# Every target prepares what it needs; `make` alone lists them.

VENV := .venv
BIN := $(VENV)/bin

# The Python to build the environment with: PYTHON=python3.12 make test. Otherwise the environment's own, or the newest on
# the PATH that fits; none at all is fine where uv is installed, which then fetches one.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
CANDIDATES := $(BIN)/python python3.13 python3.12 python3.11 python3 python
PYTHON ?= $(shell for p in $(CANDIDATES); do if $$p -c '$(FITS)' 2>/dev/null; then echo $$p; break; fi; done)
VERSION := $(if $(PYTHON),$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null))
UV := $(shell if uv --version >/dev/null 2>&1; then echo uv; fi)

comma := ,

# One stamp for each Python version, newer than both files that say what to install.
READY := $(VENV)/.ready-$(VERSION)
SYNC := sync --locked --quiet --extra demo --extra sentry

# What a dependency's licence may be; LGPL is fine to import, GPL, AGPL and SSPL are not.
# promql-parser is MIT, and says so only in its licence file.
LICENCES := MIT;BSD;Apache;ISC;MPL;Mozilla;PSF;Python Software Foundation;Lesser;LGPL

ARGS ?=

export UV_PROJECT_ENVIRONMENT := $(VENV)
unexport VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-tour docs test check bench

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## Install everything into .venv, exactly as locked; repeated only when the lock changes.

demo: $(READY) ## Start the bot with a local Telegram and a library to try it on; nothing else is needed.
	$(BIN)/python bot.py --demo $(ARGS)

demo-tour: $(READY) ## Play a conversation with the bot on a local Telegram and print it.
	$(BIN)/python -m sandbox.tour

docs: $(READY) ## Write docs/settings.md and docs/metrics.md from the declarations of settings and metrics.
	$(BIN)/python -m config.settings_page
	$(BIN)/python -m core.observability.metrics_page > docs/metrics.md

test: $(READY) ## Run every test, also those on a real MongoDB, a real Valkey and the local Telegram.
	$(BIN)/python -m pytest -n 2 --dist loadfile --max-worker-restart 0 $(ARGS)

check: $(READY) ## Check style, types, imports, dependencies, licences and deployment files.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/vulture
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/pip-licenses --summary --partial-match --allow-only '$(LICENCES)' --ignore-packages promql-parser

bench: $(READY) ## Measure start, main path, indexing, back-fill, searching, several databases, chaos, deafness and broadcasts; about half an hour, fails when a target is missed.
	$(BIN)/python -m benchmarks.footprint
	$(BIN)/python -m benchmarks.main_path
	$(BIN)/python -m benchmarks.indexing
	$(BIN)/python -m benchmarks.backfill
	$(BIN)/python -m benchmarks.search --peers
	$(BIN)/python -m benchmarks.relevance
	$(BIN)/python -m benchmarks.cross_search
	$(BIN)/python -m benchmarks.chaos
	$(BIN)/python -m benchmarks.deafness
	$(BIN)/python -m benchmarks.broadcast

$(READY): pyproject.toml uv.lock
ifneq ($(UV),)
	$(UV) $(SYNC) --python '$(or $(PYTHON),>=3.11$(comma)<3.14)'
else ifeq ($(VERSION),)
	@echo "Python 3.11, 3.12 or 3.13 is needed (or uv, which fetches one); found: PYTHON='$(PYTHON)'." >&2; exit 1
else
	@if ! $(BIN)/python -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "$(VERSION)")' 2>/dev/null; then \
		echo "$(PYTHON) -m venv --clear $(VENV)"; $(PYTHON) -m venv --clear $(VENV); fi
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/python -m uv $(SYNC) --inexact --python $(BIN)/python
endif
	@rm -f $(VENV)/.ready-*
	@touch $@
