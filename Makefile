# The front door. `make demo` and `make test` do all their own set-up, quietly, and again in seconds:
# a stamp file stands for each finished step. Needs Python 3.11+ and Node 20+; nothing else.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMPS := $(VENV)/stamps
DIST   := src/aralyk/console/static/console/dist
ARGS   ?=

# A file of requirements carries the hash of every package, so a changed package is refused.
UV      := $(BIN)/uv --quiet
INSTALL := $(UV) pip install --python $(BIN)/python --require-hashes

export UV_LINK_MODE := copy
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export NO_UPDATE_NOTIFIER := 1

.DEFAULT_GOAL := help
# Two steps at a time: the engine compiles while the pages are built.
MAKEFLAGS += --jobs=2
.PHONY: help demo up test check format install engine engine-wheel build-frontend chromium lock clean

help:
	@echo "make demo    the synthetic pilot on this machine; prints where to look (ARGS='--speed 10 --port 8080')"
	@echo "make test    every test"
	@echo "make check   format, lint, types, import layers"
	@echo "make engine-wheel    the pure engine by itself, into dist/"
	@echo "make up      an empty installation in var/live"
	@echo "make clean   what was built, and the demo's data"

demo: install engine build-frontend
	@$(BIN)/aralyk demo $(ARGS)

up: install engine build-frontend
	@$(BIN)/aralyk up $(ARGS)

test: $(STAMPS)/test engine build-frontend chromium
	@echo "· tests"
	@$(BIN)/python -m pytest -q -n 2 --dist loadgroup $(ARGS)

check: $(STAMPS)/test $(STAMPS)/frontend-packages
	@echo "· format and lint"
	@$(BIN)/ruff format --quiet --check . || { $(BIN)/ruff format --check .; exit 1; }
	@$(BIN)/ruff check --quiet .
	@echo "· types"
	@$(BIN)/mypy --no-error-summary
	@cd frontend && npm run --silent check
	@echo "· import layers"
	@$(BIN)/lint-imports --no-cache > $(STAMPS)/layers.txt || { cat $(STAMPS)/layers.txt; exit 1; }
	@echo "· all checks hold"

format: $(STAMPS)/test
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .
	@$(BIN)/python -m aralyk.conf.reference > docs/reference/settings.md

install: $(STAMPS)/run

$(STAMPS)/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else f"needs Python 3.11 or newer, found {sys.version.split()[0]} (make PYTHON=…)")'
	@echo "· Python environment"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --quiet --require-hashes --requirement requirements/uv.txt
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/run: $(STAMPS)/uv requirements/run.txt requirements/build.txt pyproject.toml
	@echo "· packages"
	@$(INSTALL) --requirement requirements/run.txt --requirement requirements/build.txt
	@$(UV) pip install --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(STAMPS)/test: $(STAMPS)/run requirements/test.txt
	@echo "· packages for tests"
	@$(INSTALL) --requirement requirements/test.txt
	@touch $@

$(STAMPS)/frontend-packages: $(STAMPS)/uv frontend/package-lock.json
	@node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' || { echo "needs Node 20 or newer"; exit 1; }
	@echo "· packages for pages"
	@cd frontend && npm ci --silent --no-audit --no-fund
	@touch $@

# Compiled once for each change of the engine, while the pages are built.
engine: $(STAMPS)/engine

$(STAMPS)/engine: $(STAMPS)/run $(shell find src/aralyk/engine -name '*.py' -o -name '*.toml' -o -name '*.json')
	@echo "· engine"
	@$(BIN)/aralyk warm > $(STAMPS)/engine.txt || { cat $(STAMPS)/engine.txt; exit 1; }
	@touch $@

# What an expert keeps beside a bundle; its version is the engine's own.
engine-wheel: $(STAMPS)/run
	@cd packaging/engine && $(CURDIR)/$(BIN)/python -m hatchling build --target wheel --directory $(CURDIR)/dist

build-frontend: $(STAMPS)/frontend $(STAMPS)/texts

$(STAMPS)/texts: $(STAMPS)/run $(wildcard src/aralyk/locale/*/LC_MESSAGES/*.po)
	@$(BIN)/python -m aralyk.console.catalogue
	@touch $@

$(STAMPS)/frontend: $(STAMPS)/frontend-packages $(shell find frontend -path frontend/node_modules -prune -o -type f -print)
	@echo "· pages"
	@cd frontend && npm run --silent build -- --logLevel warn
	@touch $@

# Browser tests drive Debian's Chromium. Where it can't be installed they are skipped, and say so.
chromium:
	@if ! command -v chromium > /dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	  echo "· Chromium"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -qq --no-install-recommends chromium fonts-noto-core > $(STAMPS)/chromium.txt 2>&1 \
	  || tail -3 $(STAMPS)/chromium.txt; \
	fi

# Newer versions of everything, within pyproject.toml: hashes yes, registry addresses no.
COMPILE := pip compile --quiet --generate-hashes --no-emit-index-url --no-header --no-annotate --universal --upgrade --python-version 3.11
lock: $(STAMPS)/uv
	@$(UV) $(COMPILE) pyproject.toml --output-file requirements/run.txt
	@$(UV) $(COMPILE) pyproject.toml --extra dev --constraint requirements/run.txt --output-file requirements/test.txt
	@$(UV) $(COMPILE) requirements/build.in --output-file requirements/build.txt
	@$(UV) $(COMPILE) requirements/uv.in --output-file requirements/uv.txt

clean:
	@test ! -x $(BIN)/python || PYTHONPATH=src $(BIN)/python -m aralyk.database.remove var/demo
	@rm -rf $(VENV) $(DIST) frontend/node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
