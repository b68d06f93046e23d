# Only python3 (3.11 or later, with venv and pip) and make are assumed; the rest comes from PyPI and npm.
SHELL := /bin/sh
VENV  := .venv
BIN   := $(VENV)/bin
UV    := $(BIN)/uv
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench bench-trace format lock clean

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: $(VENV)/.python-ready $(VENV)/.web-ready ## everything into .venv, the web pages built

$(VENV)/.python-ready: requirements/uv.txt requirements/runtime.txt requirements/dev.txt pyproject.toml
	test -x $(BIN)/python || python3 -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/uv.txt requirements/runtime.txt requirements/dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.web-ready: $(VENV)/.python-ready $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
	scripts/build-web
	touch $@

demo: setup ## a simulated brand, live, in a fresh folder; Ctrl-C ends it
	$(BIN)/wuma demo

test: setup ## all tests
	scripts/test

check: setup ## format, lint, types, import contracts, docs, migrations
	scripts/check

bench-trace: setup ## a brand's history: captured, kept, found again, beside peers
	$(BIN)/python -m benchmarks.trace_life

bench: setup ## measure against the limits and the peers; results in benchmarks/results/
	$(BIN)/wuma bench

format: setup ## put the code into shape
	$(BIN)/ruff check --fix --quiet . && $(BIN)/ruff format --quiet .

lock: $(VENV)/.python-ready ## pin every dependency anew, with hashes
	scripts/lock

clean: ## remove what was installed and built
	rm -rf $(VENV) src/wuma/_assets web/node_modules web/apps/*/dist
