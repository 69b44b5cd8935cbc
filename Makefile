# Every habit is a recipe; `make` lists them. The only needs are Python 3.11, make, and a way to reach the package
# registries once.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
# The programs of the environment first: its Python, and the pinned Node.js and npm.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
BIN := $(VENV)/bin
PYTHON := $(shell for p in /usr/bin/python3.11 python3.11 python3; do command -v $$p 2>/dev/null && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --no-input
BUNDLE := errata/web/static/dist/.built
SOURCES := $(shell find errata/web/static_src package.json package-lock.json -type f 2>/dev/null)
# What reads and writes records: these tests run on each database.
ON_BOTH := $(wildcard tests/apps tests/digest tests/web tests/api)
ARGS ?=

.PHONY: help
help: ## List the recipes
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---------------------------------------------------------------------------------------------------- set up and run

.PHONY: setup
setup: $(VENV)/.project $(BUNDLE) ## Make the virtual environment, the pinned packages and the browser bundle

.PHONY: run
run: setup ## Start Errata on http://127.0.0.1:8000 with its data under ./data
	@exec $(BIN)/errata serve $(ARGS)

.PHONY: dev
dev: setup ## Start with automatic reload, readable logs and mail on screen
	@ERRATA_DEV_MODE=1 exec $(BIN)/errata serve $(ARGS)

.PHONY: demo
demo: setup ## Send a believable shop's errors to a running server, through the real SDK
	@exec $(BIN)/errata demo $(ARGS)

$(BIN)/python:
	@scripts/make-venv "$(PYTHON)" $(VENV)

$(VENV)/.build: requirements/build.txt | $(BIN)/python
	@echo "Installing the build tools (pinned) …"
	@$(PIP) install --require-hashes -r $<
	@scripts/link-node $(VENV)
	@touch $@

$(VENV)/.run: requirements/run.txt $(VENV)/.build
	@echo "Installing the packages Errata runs on (pinned; a minute or two the first time) …"
	@$(PIP) install --require-hashes -r $<
	@touch $@

$(VENV)/.project: pyproject.toml $(VENV)/.run
	@$(PIP) --quiet install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.project
	@echo "Installing the packages the tests and checks need (pinned) …"
	@$(PIP) install --require-hashes -r $<
	@touch $@

$(BUNDLE): $(SOURCES) $(VENV)/.build
	@scripts/bundle
	@mkdir -p $(@D) && touch $@

# ------------------------------------------------------------------------------------------------------------- tests

.PHONY: test
test: $(VENV)/.dev $(BUNDLE) ## Set up what the tests need and run them all
	@scripts/test-needs
	@if scripts/need pg_ctl 2>/dev/null; then echo "On PostgreSQL:"; TEST_DATABASE=postgresql \
		$(BIN)/pytest -q -n auto -m "not slow and not browser and not node" $(ON_BOTH) $(ARGS); \
	else echo "PostgreSQL isn't installed: the suite runs on SQLite only."; fi
	@$(BIN)/pytest -n auto --dist loadgroup $(ARGS)

.PHONY: test-fast
test-fast: $(VENV)/.dev ## Run the everyday subset, under a minute (ARGS="-k word" narrows it)
	@EVERYDAY=1 $(BIN)/pytest -n auto -m "not slow and not browser and not node and not postgresql and not nats" \
		$(or $(TESTS),tests/core tests/apps tests/digest tests/conformance tests/tidy) $(ARGS)

.PHONY: bench
bench: $(VENV)/.dev $(BUNDLE) ## Measure, and write BENCHMARKS.md
	@scripts/need gcc gcc libc6-dev zlib1g-dev
	@$(BIN)/python -m bench $(ARGS)

# ------------------------------------------------------------------------------------------------------------ checks

.PHONY: check
check: lint types arch tidy ## All checks that are not behaviour: what a reviewer needn't look for

.PHONY: lint
lint: $(VENV)/.dev
	@$(BIN)/ruff format --check --quiet . || (echo "Not formatted: run \`make fix\`."; exit 1)
	@$(BIN)/ruff check --quiet .
	@find errata -name '*.html' -print0 | xargs -0 --no-run-if-empty $(BIN)/djade --check --target-version 5.2

.PHONY: types
types: $(VENV)/.dev
	@$(BIN)/mypy

.PHONY: arch
arch: $(VENV)/.dev
	@$(BIN)/lint-imports

.PHONY: tidy
tidy: $(VENV)/.dev
	@$(BIN)/pytest -q tests/tidy
	@data=$$(mktemp -d); trap 'rm -r "$$data"' EXIT; \
		ERRATA_DATA=$$data $(BIN)/python -m django makemigrations --check --dry-run --settings errata.ops.django_settings

.PHONY: fix
fix: $(VENV)/.dev ## Format, and mend what a tool can mend
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .
	@find errata -name '*.html' -print0 | xargs -0 --no-run-if-empty $(BIN)/djade --target-version 5.2 || true

# ------------------------------------------------------------------------------------------------------------ upkeep

.PHONY: docs
docs: $(VENV)/.project ## Write the generated reference pages
	@$(BIN)/python -m errata.ops.reference

.PHONY: pins
pins: ## Pin the packages anew (needs uv)
	@for name in run build dev; do \
		uv pip compile --quiet --python $(PYTHON) --universal --generate-hashes --no-header --upgrade \
			--no-emit-index-url --no-emit-find-links requirements/$$name.in -o requirements/$$name.txt; \
	done

.PHONY: change
change: $(VENV)/.dev ## Begin a changelog fragment: make change NAME=slug.added
	@$(BIN)/towncrier create --no-edit "$(NAME).md" && echo "changes/$(NAME).md"

.PHONY: clean
clean: ## Remove the virtual environment and the bundle (never the data)
	rm -rf $(VENV) node_modules errata/web/static/dist
